"""What an open window costs: training with all matrices and the curve on screen beside training without one."""

from __future__ import annotations

import os
import sys

from PySide6.QtCore import QEventLoop

from flux_studio import locations
from flux_studio.gui.app import make_application
from flux_studio.gui.main_window import MainWindow
from flux_studio.gui.picture import NoSettings
from flux_studio.gui.theme import LIGHT, look
from flux_studio.project import files
from flux_studio.project.project import Project
from flux_studio.training.events import Finished
from flux_studio.training.session import Session
from tests.benchmarks.harness import Row, Side, compare

ITERATIONS = 6_000_000
FLOOR = 0.95
"""Training with the window open, as a share of the speed without one."""


def measure() -> list[Row]:
    """W1 in a window of 1600×1000 that shows every matrix, and without one."""
    if sys.platform.startswith("linux") and not os.environ.get("DISPLAY"):
        os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    application = make_application()
    look.apply(LIGHT)
    title = f"W1 with the window open ({application.platformName()}), all matrices and the curve shown"
    rows = compare(title, Side("window", _in_window), [Side("no window", _headless, FLOOR)], rounds=5)
    return rows


def _project() -> Project:
    project = files.load(locations.sample("parity-4.flux"))
    return project.with_specification(project.specification.replace(pace=None, iterations=ITERATIONS))


def _headless() -> float:
    session = Session(_project())
    for event in session.train(ITERATIONS):
        if isinstance(event, Finished):
            return event.seconds / ITERATIONS
    raise RuntimeError("training without a window did not finish")


def _in_window() -> float:
    window = MainWindow(_project(), settings=NoSettings())
    window.resize(1600, 1000)
    window.show()
    window.reset_layout()
    loop = QEventLoop()
    window.frame_shown.connect(loop.quit)
    window.begin()
    loop.exec()
    window.frame_shown.disconnect(loop.quit)
    kinds = {key for key in window.trainer.ready.shapes if key[0]}
    assert kinds <= set(window.wall.visible_keys()), "not every matrix is visible"
    taken: list[float] = []
    window.trainer.finished.connect(lambda event: (taken.append(event.seconds), loop.quit()))
    window.workbench.toggle_training()
    loop.exec()
    window.trainer.close()
    window.deleteLater()
    return taken[0] / ITERATIONS
