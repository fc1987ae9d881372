"""Kills the application at random instants while somebody works with it, and looks at what is left."""

from __future__ import annotations

import json
import os
import random
import signal
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from flux_studio.errors import FluxError
from flux_studio.project import files, recovery
from flux_studio.project.project import Project
from tests.soak.person import MARKS

MOST_LOST = 10.0
_LARGE = 1500
State = tuple[int, int]
"""Mark and iteration."""


@dataclass
class Life:
    """One start of the application, up to its end."""

    told: list[tuple[float, State]] = field(default_factory=list)
    killed: float = 0.0
    lost: float = 0.0
    kept: str = "nothing"
    unreadable: list[str] = field(default_factory=list)
    writing: bool = False
    """Whether it was killed while it wrote a file."""

    @property
    def fine(self) -> bool:
        return not self.unreadable and self.lost <= MOST_LOST


def run(folder: Path, kills: int, longest: float, seed: int) -> Iterator[Life]:
    """So many lives, one after the other, on the same file and recovery folder."""
    chance = random.Random(seed)
    file, data = folder / "mine.flux", folder / "data"
    mark, parts = 0, set[Path]()
    for number in range(kills):
        # Every fourth has weights enough for writing to take its time.
        units = _LARGE if number % 4 == 3 else 8
        # Many saves are killed in the middle of one; without them, all rests on the recovery folder.
        saves = chance.choice((0.2, 0.02, 0.0))
        words = ["--seed", str(chance.randrange(2**31)), "--mark", str(mark + 1)]
        words += ["--units", str(units), "--saves", str(saves)]
        life = _live(file, data, words, chance.uniform(0.5, longest))
        mark = max([mark, *(state[0] - MARKS for _, state in life.told)])
        begun = {*folder.rglob(".*.part")}
        life.writing, parts = bool(begun - parts), parts | begun
        _judge(life, file, data / "flux-studio" / "recovery", discard=chance.random() < 0.5)
        yield life


def report(lives: list[Life]) -> str:
    """What came of it, in a few lines."""
    worked = [life for life in lives if life.told]
    lost = [life.lost for life in worked] or [0.0]
    kept = {what: sum(life.kept == what for life in worked) for what in ("file", "recovery", "nothing")}
    lines = [
        f"{len(lives)} kills, {len(worked)} of them at work, {sum(life.writing for life in lives)} while a file "
        "was being written",
        f"unreadable files: {sum(len(life.unreadable) for life in lives)}",
        f"work lost: median {statistics.median(lost):.1f} s, most {max(lost):.1f} s (at most {MOST_LOST:.0f} s)",
        f"the newest was in the file {kept['file']} times, in the recovery folder {kept['recovery']} times, "
        f"nowhere {kept['nothing']} times",
    ]
    return "\n".join([*lines, *(problem for life in lives for problem in life.unreadable)])


def _live(file: Path, data: Path, words: list[str], seconds: float) -> Life:
    """Start the application and kill it ``seconds`` after its work began, or might have begun."""
    life = Life()
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen", "XDG_DATA_HOME": str(data)}
    environment["XDG_CONFIG_HOME"] = str(data)
    child = subprocess.Popen(
        [sys.executable, "-m", "tests.soak.person", str(file), *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
        cwd=Path(__file__).parents[2],
    )
    begun = threading.Event()
    errors: list[str] = []

    def listen() -> None:
        assert child.stdout is not None
        for line in child.stdout:
            if line.endswith("}\n"):
                said = json.loads(line)
                life.told.append((said["time"], (said["mark"], said["iteration"])))
                begun.set()

    def hear_errors() -> None:
        assert child.stderr is not None
        errors.extend(child.stderr)

    listeners = [threading.Thread(target=each) for each in (listen, hear_errors)]
    for each in listeners:
        each.start()
    begun.wait(timeout=120.0 if seconds > 1.0 else seconds)  # the shortest lives end while the window opens
    time.sleep(seconds)
    alive = child.poll() is None
    child.send_signal(signal.SIGKILL)
    child.wait()
    life.killed = time.monotonic()
    for each in listeners:
        each.join()
    child.stdout.close()
    child.stderr.close()
    if not alive:
        life.unreadable.append(f"the application ended by itself: {''.join(errors)[-2000:]}")
    return life


def _judge(life: Life, file: Path, root: Path, discard: bool) -> None:
    """Read everything that is left; what was done after the newest of it is lost."""
    found: list[tuple[State, str]] = []
    if file.exists():
        _read(lambda: files.load(file), "file", found, life)
    for slot in recovery.claim_left(root):
        _read(slot.load, "recovery", found, life)
        if discard:
            slot.close()
        else:
            slot.give_back()
    if not life.told:
        return
    newest, life.kept = max(found, default=((0, 0), "nothing"))
    missing = [moment for moment, state in life.told if state > newest and state[0] > MARKS]
    life.lost = life.killed - missing[0] if missing else 0.0


def _read(load: object, what: str, found: list[tuple[State, str]], life: Life) -> None:
    try:
        project = load()  # type: ignore[operator]
    except FluxError as error:
        life.unreadable.append(str(error))
        return
    assert isinstance(project, Project)
    project.network("reference")  # its weights and its optimizer's state fit
    iteration = project.run.iteration if project.run else 0
    found.append(((project.specification.iterations, iteration), what))
