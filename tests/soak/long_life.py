"""A long life in one process: windows are opened, worked with in every way and closed, round after round."""

from __future__ import annotations

import gc
import random
import statistics
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from PySide6.QtCore import QCoreApplication, QEvent, QThread
from PySide6.QtWidgets import QApplication

from flux_studio import locations
from flux_studio.engine.memory import give_back
from flux_studio.gui.app import make_application
from flux_studio.gui.autosave import Autosave
from flux_studio.gui.main_window import MainWindow
from flux_studio.gui.theme import DARK, LIGHT, look
from flux_studio.project import files
from flux_studio.project.project import Project
from flux_studio.training.events import GoTo
from tests.gui.windows import Answers

MOST_GROWTH = 20.0
"""Megabytes, once the budget for rewinding is full."""
_WARM = 0.2
"""Of all rounds, which fill caches and the budget."""
_LARGE = 1500
_PATIENCE_SECONDS = 60.0


@dataclass
class Result:
    """What stood after each round, with its window closed."""

    megabytes: list[float] = field(default_factory=list)
    """Resident memory, without what was freed and is only kept for later."""
    threads: list[int] = field(default_factory=list)
    """Of the system, Qt's and the libraries' own among them."""
    left: list[str] = field(default_factory=list)
    """Names of threads of ours that were still there."""
    seconds: float = 0.0
    troubles: list[str] = field(default_factory=list)

    @property
    def growth(self) -> float:
        """Megabytes between what is usual after the warm-up and at the end."""
        warm = self.megabytes[max(1, int(len(self.megabytes) * _WARM)) :]
        part = max(1, len(warm) // 4)
        return statistics.median(warm[-part:]) - statistics.median(warm[:part]) if warm else 0.0

    @property
    def fine(self) -> bool:
        """Whether nothing grew and nothing was left."""
        return self.growth < MOST_GROWTH and not self.left and not self.troubles and self.threads_left <= 0

    @property
    def threads_left(self) -> int:
        """How many more threads there are at the end than after the first round."""
        return self.threads[-1] - self.threads[0] if self.threads else 0


def report(result: Result) -> str:
    """What came of it, in a few lines."""
    megabytes = result.megabytes
    lines = [
        f"{len(megabytes)} rounds in {result.seconds / 60:.1f} minutes",
        f"memory: {megabytes[0]:.0f} MB after the first round, {megabytes[-1]:.0f} at last",
        f"growth after the warm-up: {result.growth:+.1f} MB (less than {MOST_GROWTH:.0f} is asked)",
        f"threads: {result.threads[0]} after the first round, {result.threads[-1]} at the end",
        *(f"left: {name}" for name in result.left),
        *(f"trouble: {text}" for text in result.troubles),
    ]
    return "\n".join(lines)


def live(
    folder: Path,
    seconds: float,
    seed: int,
    tell: Callable[[str], None],
    *,
    moment: float = 1.5,
    most: int | None = None,
    into: Result | None = None,
) -> Result:
    """Rounds for so long, ``moment`` seconds a deed; ``most`` is how many samples there are in each.

    Without it, they are all, and a network of two million weights.
    """
    make_application()
    look.apply(LIGHT)
    result, chance = into or Result(), random.Random(seed)
    begun = time.monotonic()
    while True:
        _round(folder, chance, moment, most, result)
        result.seconds = time.monotonic() - begun
        _look(result)
        tell(
            f"round {len(result.megabytes):3} at {result.seconds / 60:5.1f} min: {result.megabytes[-1]:6.1f} MB, "
            f"{result.threads[-1]} threads"
        )
        if result.seconds >= seconds:
            look.apply(LIGHT)
            return result


def _round(folder: Path, chance: random.Random, moment: float, most: int | None, result: Result) -> None:
    """A window, all samples and a large network in it, and its end."""
    projects = [_endless(files.load(path)) for path in locations.samples()[:most]]
    window = MainWindow(projects[0], dialogs=Answers())
    window.workbench.troubled.connect(lambda text: result.troubles.append(text) if text else None)
    window.autosave = Autosave(window, folder / "recovery")
    window.resize(1280, 800)
    window.show()
    window.begin()
    try:
        for project in projects:
            window.document.open(project, None)
            _work(window, folder, chance, moment)
        if most is None:
            window.document.open(_widened(_endless(files.load(locations.sample("parity-4.flux")))), None)
            _work(window, folder, chance, moment)
        window.welcome.show()
        _pass(0.1)
    finally:
        window.close()
        window.autosave.close()
        window.deleteLater()
        _pass(0.1)


def _work(window: MainWindow, folder: Path, chance: random.Random, moment: float) -> None:
    """Everything that people do all day."""
    bench = window.workbench
    _until(lambda: window.trainer.ready is not None)
    bench.toggle_training()
    _pass(moment)
    window.resize(chance.randint(1200, 1900), chance.randint(700, 1100))
    look.apply(DARK if look.theme is LIGHT else LIGHT)
    _pass(moment / 4)
    for name in ("dock.predictions", "dock.network_picture", "dock.health", "dock.matrices"):
        dock = next((each for each in window.docks._docks.values() if each.objectName() == name), None)
        if dock is not None:
            dock.raise_()
            _pass(moment / 4)
    bench.set_learning_rate(bench.specification.optimizer.learning_rate * 0.9)
    window.saving.save(folder / "mine.flux")
    _pass(moment / 4)
    first = bench.specification.layers[0]
    bench.change_layer(first.identity, "units", first.settings["units"] + 1)
    _until(lambda: window.trainer.ready is not None)
    bench.toggle_training()
    _pass(moment)
    window.document.undo_stack.undo()
    _until(lambda: window.trainer.ready is not None)
    window.document.undo_stack.redo()
    window.document.undo_stack.undo()
    _until(lambda: window.trainer.ready is not None)
    _pass(moment / 4)
    window.trainer._send(GoTo(max(0, window.trainer.iteration // 2)))
    _pass(moment / 4)
    window.trainer.return_to_now()
    _pass(moment / 4)
    bench.start_over(True)
    _pass(moment / 4)
    window.saving.wait()


def _endless(project: Project) -> Project:
    return project.with_specification(project.specification.replace(pace=None, iterations=2**40))


def _widened(project: Project) -> Project:
    """With layers so wide that a few seconds fill the budget for rewinding."""
    wide = project.specification
    for layer in wide.layers[:2]:
        wide = wide.change_layer(layer.identity, units=_LARGE)
    return project.with_specification(wide)


def _look(result: Result) -> None:
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
    gc.collect()
    give_back()  # what the C library keeps of freed memory goes up and down by more than is asked
    status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text("ascii").splitlines())
    result.megabytes.append(int(status["VmRSS"].split()[0]) / 1024)
    result.threads.append(int(status["Threads"]))
    ours = [each for each in gc.get_objects() if issubclass(type(each), QThread)]
    result.left = [each.objectName() for each in ours if _runs(each)]
    # A dummy stands for a thread that Python did not start, and outlives it.
    ours = [each for each in threading.enumerate() if not isinstance(each, threading._DummyThread)]
    result.left += [each.name for each in ours if each is not threading.main_thread()]
    result.left += [
        f"a window of {each.objectName()}"
        for each in QApplication.topLevelWidgets()
        if isinstance(each, MainWindow)
    ]


def _runs(thread: QThread) -> bool:
    from shiboken6 import isValid

    return isValid(thread) and thread.isRunning()


def _pass(seconds: float) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        QApplication.processEvents()
        time.sleep(0.002)


def _until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + _PATIENCE_SECONDS
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError("the window did not become ready")
        QApplication.processEvents()
        time.sleep(0.001)
