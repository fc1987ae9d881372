"""What came before a file was saved, and the memory for rewinding, through the real window."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QSettings, Qt
from PySide6.QtGui import QAction
from pytestqt.qtbot import QtBot

from flux_studio.engine.executors import fastest_executor
from flux_studio.gui.main_window import MainWindow
from flux_studio.gui.settings import Settings
from flux_studio.project import files
from flux_studio.project.project import Project
from flux_studio.training.events import Step
from flux_studio.training.session import Session
from tests.gui.shown import child, settle
from tests.gui.test_rewinding_window import LEFT, W1, move, spot, timeline, weights_at
from tests.gui.windows import open_window, sample, until
from tests.training.sessions import obey

SAVED = 300


def saved(folder: Path) -> Path:
    """The sample, trained without a window."""
    project = sample("parity-4")
    session = Session(project, fastest_executor())
    obey(session, Step(SAVED))
    files.save(project.with_run(session.run()), folder / "p.flux")
    return folder / "p.flux"


def open_file(qtbot: QtBot, project: Project) -> MainWindow:
    window = open_window(qtbot, project)
    until(qtbot, lambda: window.trainer.when is not None)
    settle()
    return window


def shown(window: MainWindow) -> int:
    return -1 if window.focus.frame is None else window.focus.frame.when.shown


def test_an_opened_file_is_rewound_to_its_first_iteration(qtbot: QtBot, tmp_path: Path) -> None:
    window = open_file(qtbot, files.load(saved(tmp_path)))
    slider = timeline(window)
    assert (window.trainer.when.first, window.trainer.when.now) == (0, SAVED)
    assert abs(slider.handle().x() - window.curve.plot.place(SAVED)) < 1
    qtbot.mousePress(slider, LEFT, pos=spot(window, SAVED))
    move(slider, spot(window, 120))
    wanted = slider.value
    assert abs(wanted - 120) <= 2
    qtbot.mouseRelease(slider, LEFT, pos=spot(window, 120))
    until(qtbot, lambda: shown(window) == wanted)
    np.testing.assert_array_equal(window.focus.frame.matrices[W1], weights_at(window, wanted))
    slider.setFocus()
    qtbot.keyClick(slider, Qt.Key.Key_Home)
    until(qtbot, lambda: shown(window) == 0)
    np.testing.assert_array_equal(window.focus.frame.matrices[W1], weights_at(window, 0))
    qtbot.keyClick(window, Qt.Key.Key_Escape)
    until(qtbot, lambda: shown(window) == SAVED)
    assert not window.document.modified


def test_what_cannot_be_made_again_says_why(qtbot: QtBot, tmp_path: Path) -> None:
    project = files.load(saved(tmp_path))
    assert project.run is not None
    parameters = {key: value + np.float32(1e-3) for key, value in project.run.parameters.items()}
    window = open_file(qtbot, project.with_run(replace(project.run, parameters=parameters)))
    now = window.focus.frame.matrices[W1].copy()
    slider = timeline(window)
    slider.setFocus()
    qtbot.keyClick(slider, Qt.Key.Key_Home)
    until(qtbot, lambda: window.trouble.isVisible())
    assert window.trouble.text.startswith(f"What came before iteration {SAVED} cannot be shown")
    until(qtbot, lambda: window.trainer.when.first == SAVED)
    assert shown(window) == SAVED
    np.testing.assert_array_equal(window.focus.frame.matrices[W1], now)
    assert window.trouble.text in slider.toolTip()
    assert slider.value == SAVED


@pytest.fixture
def place(tmp_path: Path) -> None:
    QSettings.setPath(QSettings.Format.IniFormat, QSettings.Scope.UserScope, str(tmp_path))


@pytest.mark.usefixtures("place")
def test_the_memory_is_chosen_shown_and_remembered(qtbot: QtBot) -> None:
    window = open_file(qtbot, sample("parity-4"))
    window.workbench.toggle_training()
    until(qtbot, lambda: window.trainer.iteration == 2000 and not window.trainer.running)
    slider = timeline(window)
    until(qtbot, lambda: "of 256 MB" in slider.toolTip())
    assert child(window, QAction, "action.train.memory.256").isChecked()
    (menu,) = slider.actions()
    assert menu.text() == "Memory for Rewinding"
    child(window, QAction, "action.train.memory.64").trigger()
    until(qtbot, lambda: "of 64 MB" in slider.toolTip())
    assert Settings().rewind_megabytes == 64
    # Another document is rewound within the same.
    window.document.open(sample("iris"), None)
    until(qtbot, lambda: window.trainer.when is not None)
    assert window.trainer.when.memory.budget == 64 * 2**20
    again = open_file(qtbot, sample("parity-4"))
    assert child(again, QAction, "action.train.memory.64").isChecked()
    until(qtbot, lambda: again.trainer.when.memory.budget == 64 * 2**20)
