"""The table in the real window: sorted, filtered, typed over, and its rows shown in the matrices."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QComboBox, QLabel, QLineEdit
from pytestqt.qtbot import QtBot

from flux_studio.gui.main_window import MainWindow
from flux_studio.gui.panels.table import TINTS
from flux_studio.gui.table_rows import TableLive
from flux_studio.gui.theme import colour
from tests.gui.shown import child, settle
from tests.gui.windows import open_window, sample, until

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def window(qtbot: QtBot) -> MainWindow:
    window = open_window(qtbot, sample("iris"))
    window.docks.bring("table")
    qtbot.waitUntil(lambda: window.findChild(QComboBox, "table.kind").isVisible())
    settle()
    return window


def live(window: MainWindow) -> TableLive:
    (found,) = (each for each in window.lives if each.name == "table")
    assert isinstance(found, TableLive)
    return found


def cells(window: MainWindow, column: int, rows: int = 5) -> list[str]:
    model = live(window).panel.model
    return [model.index(row, column).data() for row in range(min(rows, model.rowCount()))]


def counts(window: MainWindow) -> str:
    return child(window, QLabel, "table.counts").text()


def click_header(qtbot: QtBot, window: MainWindow, place: int) -> None:
    header = live(window).panel.view.horizontalHeader()
    at = QPoint(header.sectionViewportPosition(place) + 12, header.height() // 2)
    qtbot.mouseClick(header.viewport(), LEFT, pos=at)


def click_cell(qtbot: QtBot, window: MainWindow, row: int, column: int) -> None:
    view = live(window).panel.view
    qtbot.mouseClick(view.viewport(), LEFT, pos=view.visualRect(view.model().index(row, column)).center())


def type_over(qtbot: QtBot, window: MainWindow, row: int, column: int, text: str) -> None:
    view = live(window).panel.view
    view.setCurrentIndex(view.model().index(row, column))
    view.edit(view.currentIndex())
    (editor,) = view.viewport().findChildren(QLineEdit)
    editor.selectAll()
    qtbot.keyClicks(editor, text)
    qtbot.keyClick(editor, Qt.Key.Key_Return)
    settle()


def choose(window: MainWindow, kind: str) -> None:
    box = child(window, QComboBox, "table.kind")
    box.setCurrentIndex(box.findData(kind))
    box.activated.emit(box.currentIndex())


def test_a_header_sorts_up_then_down_then_not(qtbot: QtBot, window: MainWindow) -> None:
    first = cells(window, 0)
    column = window.document.project.table.columns[0]
    click_header(qtbot, window, 0)
    assert cells(window, 0) == sorted(column, key=float)[:5]
    click_header(qtbot, window, 0)
    assert cells(window, 0) == sorted(column, key=float, reverse=True)[:5]
    click_header(qtbot, window, 0)
    assert cells(window, 0) == first


def test_rows_with_a_text_are_shown_and_counted(qtbot: QtBot, window: MainWindow) -> None:
    assert counts(window) == "150 rows"
    edit = child(window, QLineEdit, "table.text")
    qtbot.keyClicks(edit, "Virgin")
    qtbot.waitUntil(lambda: counts(window) == "50 of 150 rows")
    assert all("virgin" in cell for cell in cells(window, 4, 50))
    edit.clear()
    qtbot.waitUntil(lambda: counts(window) == "150 rows")


def test_rows_of_a_part_are_shown_in_its_colour(qtbot: QtBot, window: MainWindow) -> None:
    data = window.document.project.dataset()
    choose(window, "validation")
    model = live(window).panel.model
    np.testing.assert_array_equal(model.rows, data.table_rows[data.validation])
    view = live(window).panel.view
    settle()
    rect = view.visualRect(model.index(0, 0))
    pixel = view.viewport().grab().toImage().pixelColor(rect.left() + 1, rect.center().y())
    assert pixel.name() == colour(TINTS[1]).name()


def test_wrong_rows_are_those_the_network_answers_wrongly(qtbot: QtBot, window: MainWindow) -> None:
    choose(window, "wrong")
    until(qtbot, lambda: "wrong at iteration" in counts(window))
    project = window.document.latest()
    data, network = project.dataset(), project.network("reference")
    wrong = network.predict(data.inputs).argmax(axis=1) != data.targets.argmax(axis=1)
    np.testing.assert_array_equal(live(window).panel.model.rows, data.table_rows[wrong])


def test_a_clicked_row_is_shown_in_the_matrices(qtbot: QtBot, window: MainWindow) -> None:
    click_header(qtbot, window, 0)
    row = int(live(window).panel.model.rows[2])
    click_cell(qtbot, window, 2, 1)
    until(qtbot, lambda: window.focus.frame is not None and window.focus.frame.rows == 1)
    assert window.focus.frame.samples.tolist() == [row]


def test_a_cell_typed_over_is_an_edit_with_a_name_and_keeps_the_weights(
    qtbot: QtBot, window: MainWindow
) -> None:
    before = window.document.latest()
    weights = {key: array.copy() for key, array in before.network("reference").parameters().items()}
    type_over(qtbot, window, 3, 1, "9.75")
    assert window.document.project.table.columns[1][3] == "9.75"
    assert cells(window, 1)[3] == "9.75"
    assert window.document.undo_stack.undoText() == "Set sepal_width of row 4 to 9.75"
    after = window.document.project.network("reference").parameters()
    for key, array in weights.items():
        np.testing.assert_array_equal(after[key], array)
    window.document.undo_stack.undo()
    assert window.document.project.table is before.table
    assert cells(window, 1)[3] == before.table.columns[1][3]


def test_a_word_where_a_number_belongs_says_where(qtbot: QtBot, window: MainWindow) -> None:
    type_over(qtbot, window, 3, 1, "wide")
    assert window.document.project.table.columns[1][3] == "wide"
    assert "'wide' is not a number" in window.data._problem.text
    window.document.undo_stack.undo()
    assert window.data._problem.text == ""


def test_typing_the_same_is_no_edit(qtbot: QtBot, window: MainWindow) -> None:
    type_over(qtbot, window, 0, 0, window.document.project.table.columns[0][0])
    assert not window.document.undo_stack.canUndo()


def test_a_large_table_is_sorted_beside_the_window(qtbot: QtBot, window: MainWindow, tmp_path: Path) -> None:
    path = tmp_path / "large.csv"
    path.write_text("a,b\n" + "".join(f"{(row * 7919) % 60_013},{row % 2}\n" for row in range(60_000)))
    window.workbench.load_table(path)
    until(qtbot, lambda: counts(window) == "60 000 rows" or counts(window) == "60,000 rows")
    click_header(qtbot, window, 0)
    until(qtbot, lambda: counts(window) != "looking…")
    values = np.array(window.document.project.table.columns[0][:], float)
    np.testing.assert_array_equal(values[live(window).panel.model.rows], np.sort(values))
    type_over(qtbot, window, 0, 0, "-5")
    until(qtbot, lambda: window.document.undo_stack.undoText().endswith(" to -5"))
    until(qtbot, lambda: cells(window, 0, 1) == ["-5"])
