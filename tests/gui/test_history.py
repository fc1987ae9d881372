"""The list of edits in the real window: names, where one stands, and going there in one go with the weights."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QListWidget
from pytestqt.qtbot import QtBot

from flux_studio.gui import document as document_module
from flux_studio.gui.history import HistoryList
from flux_studio.gui.main_window import MainWindow
from tests.gui.shown import child, settle
from tests.gui.windows import open_window, sample, save, until

W1 = ("layer-1", "weights_matrix")


@pytest.fixture
def window(qtbot: QtBot) -> MainWindow:
    window = open_window(qtbot, sample("parity-4"))
    window.workbench.change_layer("layer-1", "units", 5)
    window.workbench.set_learning_rate(0.25)
    window.workbench.change_layer("layer-2", "units", 3)
    until(qtbot, lambda: window.trainer.ready is not None)
    return window


def opened(window: MainWindow) -> QListWidget:
    window.actions_by_name["edit.history"].trigger()
    settle()
    return child(window, QListWidget, "history.edits")


def texts(rows: QListWidget) -> list[str]:
    return [rows.item(place).text() for place in range(rows.count())]


def click(qtbot: QtBot, rows: QListWidget, place: int) -> None:
    middle = rows.visualItemRect(rows.item(place)).center()
    qtbot.mouseClick(rows.viewport(), Qt.MouseButton.LeftButton, pos=middle)


def test_every_edit_has_its_name_and_one_is_now(window: MainWindow) -> None:
    rows = opened(window)
    assert texts(rows) == [
        "As it was opened",
        "Dense 1: units 5",
        "Learning rate 0.25",
        "Dense 2: units 3  ·  now",
    ]
    assert rows.currentRow() == 3


def test_a_click_goes_there_in_one_go(qtbot: QtBot, window: MainWindow) -> None:
    rows = opened(window)
    changes: list[object] = []
    window.document.project_changed.connect(lambda: changes.append(window.document.project))
    click(qtbot, rows, 0)
    assert len(changes) == 1  # the network was made ready once, not for each edit on the way
    layers = window.workbench.specification.layers
    assert [layer.settings["units"] for layer in layers] == [8, 4, 1]
    assert window.workbench.specification.optimizer.learning_rate == 0.6
    assert texts(rows)[0] == "As it was opened  ·  now"
    assert child(window, HistoryList, "history").isVisible()
    click(qtbot, rows, 2)
    assert window.workbench.specification.layer("layer-1").settings["units"] == 5
    assert window.workbench.specification.layer("layer-2").settings["units"] == 4
    assert window.workbench.specification.optimizer.learning_rate == 0.25
    until(qtbot, lambda: window.trainer.ready is not None)
    assert window.trainer.ready.shapes["layer-1", "weights_matrix"] == (4, 5)


def test_a_setting_alone_leaves_the_run(qtbot: QtBot, window: MainWindow) -> None:
    window.workbench.set_learning_rate(0.1)
    window.workbench.set_learning_rate(0.2)
    rows, changes = opened(window), []
    window.document.project_changed.connect(lambda: changes.append(1))
    click(qtbot, rows, 3)
    assert changes == []
    assert window.workbench.specification.optimizer.learning_rate == 0.25


def test_weights_come_along_both_ways(qtbot: QtBot, window: MainWindow) -> None:
    window.workbench.step()
    until(qtbot, lambda: window.trainer.iteration == 1)
    trained = window.document.latest().run
    rows = opened(window)
    click(qtbot, rows, 0)
    until(qtbot, lambda: window.trainer.ready is not None)
    click(qtbot, rows, 3)
    until(qtbot, lambda: window.trainer.ready is not None)
    again = window.document.latest().run
    assert again.iteration == 1
    np.testing.assert_array_equal(again.parameters[W1], trained.parameters[W1])


def test_what_is_saved_is_marked_and_keys_work(qtbot: QtBot, window: MainWindow, tmp_path: object) -> None:
    assert save(window, tmp_path / "mine.flux")
    rows = opened(window)
    assert texts(rows)[3] == "Dense 2: units 3  ·  now, saved"
    qtbot.keyClick(rows, Qt.Key.Key_Up)
    qtbot.keyClick(rows, Qt.Key.Key_Return)
    assert texts(rows)[2:] == ["Learning rate 0.25  ·  now", "Dense 2: units 3  ·  saved"]
    qtbot.keyClick(rows, Qt.Key.Key_Escape)
    settle()
    assert window.findChild(HistoryList) is None


def test_old_weights_go_when_there_are_too_many(
    qtbot: QtBot, window: MainWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    window.workbench.step()
    until(qtbot, lambda: window.trainer.iteration == 1)
    monkeypatch.setattr(document_module, "_MOST_BYTES", 2_000)
    for units in (6, 7, 8, 9):
        window.workbench.change_layer("layer-1", "units", units)
    window.document.undo_stack.undo()
    assert window.document.project.run is not None  # the latest are kept
    window.document.go_to(3)
    assert window.document.project.run is None
    assert window.workbench.specification.layer("layer-1").settings["units"] == 5
