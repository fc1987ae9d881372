"""A window that trains without an end, and how tests make sure that it still does."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PySide6.QtCore import QMimeData, QPoint, QUrl
from pytestqt.qtbot import QtBot

from flux_studio.gui.main_window import MainWindow
from flux_studio.project.project import Project
from tests.gui.drag import drag_drop
from tests.gui.shown import settle
from tests.gui.windows import sample, until

ENDLESS = 2_000_000_000


def endless(name: str = "parity-4") -> Project:
    """A sample that trains on and on."""
    project = sample(name)
    return project.with_specification(project.specification.replace(iterations=ENDLESS))


def train(qtbot: QtBot, window: MainWindow) -> None:
    """Train at full speed, and see that it does."""
    if not window.trainer.running:
        window.workbench.toggle_training()
    before = window.trainer.iteration
    until(qtbot, lambda: window.trainer.running and window.trainer.iteration > before)


def rest(qtbot: QtBot, window: MainWindow) -> None:
    """Let training rest."""
    if window.trainer.running:
        window.workbench.toggle_training()
    until(qtbot, lambda: not window.trainer.running)


def assert_alive(qtbot: QtBot, window: MainWindow) -> None:
    """It can be trained, shows what it trains, and says no trouble."""
    until(qtbot, lambda: window.trainer.ready is not None)
    rest(qtbot, window)
    before = window.trainer.iteration
    window.workbench.toggle_training()
    until(qtbot, lambda: window.trainer.iteration > before or window.trouble.text != "")
    rest(qtbot, window)
    assert window.trouble.text == ""
    window.trainer.refresh()
    until(qtbot, lambda: shown_iteration(window) == window.trainer.iteration)
    key = (window.workbench.specification.layers[-1].identity, "activated_output_matrix")
    window.focus.choose(key)
    until(qtbot, lambda: window.focus.frame is not None and key in window.focus.frame.matrices)
    assert np.isfinite(window.focus.frame.matrices[key]).all()


def shown_iteration(window: MainWindow) -> int:
    """Which iteration the panels show; -1 before they show any."""
    return -1 if window.focus.frame is None else window.focus.frame.progress.iteration


def drop(window: MainWindow, path: Path) -> None:
    """Let a file go over the middle of the window."""
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(path))])
    assert drag_drop(window, mime, QPoint(window.width() // 2, window.height() // 2))


def loaded(qtbot: QtBot, window: MainWindow, folder: Path, text: str) -> Path:
    """Another table in the window."""
    path = folder / "table.csv"
    path.write_text(text)
    window.workbench.load_table(path)
    until(qtbot, lambda: not window.workbench.working.busy)
    settle()
    return path
