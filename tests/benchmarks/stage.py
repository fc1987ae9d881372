"""The real window on a real screen for measurements: where no display is there, on an Xvfb of its own."""

from __future__ import annotations

import itertools
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from types import TracebackType

import numpy as np
from PySide6.QtCore import QEventLoop, QObject, Qt, QTimer
from PySide6.QtWidgets import QApplication, QDockWidget

from flux_studio.data.columns import Column
from flux_studio.data.table import Table
from flux_studio.gui.app import make_application, stay_smooth
from flux_studio.gui.main_window import MainWindow
from flux_studio.gui.picture import NoSettings
from flux_studio.gui.theme import LIGHT, look
from flux_studio.gui.trainer import FRAME_MS
from flux_studio.project.defaults import new_project
from flux_studio.project.notation import read_layers, read_optimizer
from flux_studio.project.project import Project
from flux_studio.training.events import Frame
from tests.benchmarks.workloads import Floats

SIZE = (1600, 1000)
TICK_SECONDS = 0.016
_SCREEN = "1600x1000x24"
_LEVELS = tuple(f"{step / 100:g}" for step in range(-999, 1000))
"""Cells that many columns share: a table of millions of different texts would take gigabytes."""


def screen() -> str:
    """See to a display and the application on it; the name of Qt's platform, ``offscreen`` where there is no Xvfb."""
    made_already = QApplication.instance() is not None or "QT_QPA_PLATFORM" in os.environ
    if sys.platform.startswith("linux") and not made_already and not os.environ.get("DISPLAY"):
        _start_server()
    application = make_application()
    look.apply(LIGHT)
    return application.platformName()


def _start_server() -> None:
    """Start an Xvfb, if there is one, that ends with the application's connection to it."""
    program = shutil.which("Xvfb")
    if program is None:
        return
    reading, writing = os.pipe()
    command = [program, "-displayfd", str(writing), "-screen", "0", _SCREEN, "-nolisten", "tcp", "-terminate"]
    quiet = subprocess.DEVNULL
    subprocess.Popen(command, pass_fds=[writing], stdin=quiet, stdout=quiet, stderr=quiet)
    os.close(writing)
    with os.fdopen(reading) as told:
        if number := told.readline().strip():
            os.environ["DISPLAY"] = f":{number}"


def made_project(
    inputs: Floats, targets: Floats, layers: str, *, loss: str = "mse", optimizer: str = "sgd:0.01"
) -> Project:
    """A project of these rows (N×I and N×O), none of them kept to validate."""
    texts = {
        **{f"x{place + 1}": _cells(column) for place, column in enumerate(inputs.T)},
        **{f"y{place + 1}": _cells(column) for place, column in enumerate(targets.T)},
    }
    table = Table("rows.csv", tuple(texts), tuple(texts.values()), tuple(range(2, len(inputs) + 2)))
    columns = [
        Column(name, "target" if name.startswith("y") else "input", "number", "none") for name in table.names
    ]
    project = new_project(table, columns=columns, layers=read_layers(layers), validation=0.0)
    made = project.specification
    made = made.replace(loss=loss, optimizer=read_optimizer(optimizer, made.optimizer), iterations=10**9)
    return project.with_specification(made)


def _cells(column: Floats) -> tuple[str, ...]:
    steps = np.clip(np.rint(column * 100).astype(int) + 999, 0, len(_LEVELS) - 1)
    return tuple(_LEVELS[step] for step in steps.tolist())


class Stage:
    """A window that shows a project; leaving it closes the window."""

    def __init__(self, project: Project) -> None:
        begin = time.perf_counter()
        self.window = MainWindow(project, settings=NoSettings())
        self.window.resize(*SIZE)
        self.window.show()
        self.window.reset_layout()
        stay_smooth(self.window)
        self.window.begin()
        wait(self.window.frame_shown)
        QApplication.processEvents()
        self.opened_in = time.perf_counter() - begin
        """Seconds from nothing to the first matrices on screen."""

    def __enter__(self) -> Stage:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.window.trainer.close()
        self.window.hide()
        self.window.deleteLater()
        QApplication.sendPostedEvents()
        QApplication.processEvents()

    def train(self) -> None:
        """Let training go on, and wait until frames come at their usual pace."""
        self.window.workbench.toggle_training()
        pause(0.7)

    def rest(self) -> None:
        """Stop training and wait until it has stopped."""
        if self.window.trainer.running:
            self.window.workbench.toggle_training()
        while self.window.trainer.running:
            pause(0.02)
        pause(0.2)

    def seconds_an_iteration(self, seconds: float) -> float:
        """How long an iteration takes while the window shows what is trained."""
        told: list[tuple[float, int]] = []
        trainer = self.window.trainer

        def note() -> None:
            if trainer.progress is not None:
                told.append((time.perf_counter(), trainer.progress.iteration))

        self.train()
        trainer.progress_changed.connect(note)
        pause(seconds)
        trainer.progress_changed.disconnect(note)
        self.rest()
        (begin, first), (end, last) = told[0], told[-1]
        return (end - begin) / (last - first)

    def hide_panels(self, hidden: bool) -> None:
        """Close all panels, or put them back in their first places."""
        if not hidden:
            self.window.reset_layout()
        for dock in self.window.findChildren(QDockWidget):
            dock.setVisible(not hidden)
        pause(0.2)

    def record(self, seconds: float) -> list[Frame]:
        """The frames of so much training."""
        frames: list[Frame] = []
        self.window.trainer.frame_arrived.connect(frames.append)
        self.train()
        pause(seconds)
        self.window.trainer.frame_arrived.disconnect(frames.append)
        self.rest()
        return frames

    def play(self, frames: Sequence[Frame], seconds: float) -> None:
        """Feed the window with frames, thirty a second, while nothing is trained."""
        trainer, waiting = self.window.trainer, itertools.cycle(frames)

        def feed() -> None:
            frame = next(waiting)
            trainer.progress = frame.progress
            trainer.progress_changed.emit()
            trainer.frame_arrived.emit(frame)

        timer = QTimer(self.window, timerType=Qt.TimerType.PreciseTimer, interval=FRAME_MS)
        timer.timeout.connect(feed)
        timer.start()
        pause(seconds)
        timer.stop()
        timer.deleteLater()


class Ticks(QObject):
    """A timer of 16 ms on the window's thread, and how far apart its ticks came."""

    def __init__(self) -> None:
        super().__init__()
        self.times: list[float] = []
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.setInterval(round(TICK_SECONDS * 1000))
        self._timer.timeout.connect(lambda: self.times.append(time.perf_counter()))

    def __enter__(self) -> Ticks:
        self._timer.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._timer.stop()

    @property
    def gaps(self) -> Floats:
        """Seconds between each tick and the next."""
        return np.diff(self.times)


def pause(seconds: float) -> None:
    """Let the window live for a while."""
    loop = QEventLoop()
    QTimer.singleShot(round(seconds * 1000), loop.quit)
    loop.exec()


def wait(signal: object, seconds: float = 120.0) -> None:
    """Let the window live until a signal comes."""
    loop = QEventLoop()
    signal.connect(loop.quit)  # type: ignore[attr-defined]
    watch = QTimer(loop, singleShot=True, interval=round(seconds * 1000))
    watch.timeout.connect(loop.quit)
    watch.start()
    loop.exec()
    signal.disconnect(loop.quit)  # type: ignore[attr-defined]
    if not watch.isActive():
        raise RuntimeError(f"the window did not answer within {seconds:g} seconds")
