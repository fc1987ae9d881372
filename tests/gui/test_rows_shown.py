"""Which rows the matrices are of, in the real window: chosen from the menu, typed, or sent by other panels."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu, QPushButton, QToolButton
from pytestqt.qtbot import QtBot

from flux_studio.errors import DataError
from flux_studio.gui import rows_shown
from flux_studio.gui.main_window import MainWindow
from flux_studio.gui.selection import CellPlace
from flux_studio.project.specification import Place
from flux_studio.training.viewing import USUAL_ROWS, FixedRows, WorstRows
from tests.gui.shown import child, settle
from tests.gui.windows import open_window, sample, until

X, H, W = (("layer-1", name) for name in ("input_matrix", "activated_output_matrix", "weights_matrix"))
GRADIENT = ("layer-1", "dC_dw_matrix")


@pytest.fixture
def window(qtbot: QtBot) -> MainWindow:
    return open_window(qtbot, sample("iris"))


def button(window: MainWindow) -> QToolButton:
    return child(window, QToolButton, "matrices.rows")


def choose(qtbot: QtBot, window: MainWindow, kind: str) -> None:
    child(window, QAction, f"action.rows.{kind}").trigger()
    expected = {"batch": None, "training": WorstRows("training"), "validation": WorstRows("validation")}
    until(qtbot, lambda: window.focus.frame is not None)
    if kind in expected:
        until(qtbot, lambda: window.focus.frame.choice == expected[kind])


def type_rows(qtbot: QtBot, window: MainWindow, text: str) -> None:
    """Open the menu with the mouse's way in, type into its field, and press Enter."""
    field = window.rows._button.numbers
    menu = child(window, QMenu, "matrices.rows.menu")
    menu.popup(button(window).mapToGlobal(button(window).rect().bottomLeft()))
    until(qtbot, menu.isVisible)
    field.selectAll()
    qtbot.keyClicks(field, text)
    qtbot.keyClick(field, Qt.Key.Key_Return)
    assert not menu.isVisible()


def shown(window: MainWindow) -> list[int]:
    """The rows of the table that the focus view names."""
    grid = window.focus_panel.grid
    count = len(window.focus_panel._matrix)
    return [int(grid.row_label(row).removeprefix("row ")) for row in range(count)]


def test_at_first_the_matrices_are_of_the_batch(qtbot: QtBot, window: MainWindow) -> None:
    assert button(window).text() == "rows: this batch"
    window.reset_layout()
    until(qtbot, lambda: button(window).isVisible())
    assert window.focus.frame is not None
    assert window.focus.frame.choice is None
    assert window.wall.find(H).shape == (120, 8)
    assert window.focus_header.detail == ""


def test_fixed_rows_are_the_first_ones_until_others_are_typed(qtbot: QtBot, window: MainWindow) -> None:
    choose(qtbot, window, "fixed")
    until(qtbot, lambda: window.wall.find(H).shape == (USUAL_ROWS, 8))
    assert shown(window) == [*range(1, USUAL_ROWS + 1)]
    assert button(window).text() == "rows: 12 fixed"
    assert window.focus_header.detail == "12 fixed rows: not the batch it trains on"
    assert window.wall._rows_note.startswith(
        "12 fixed rows: not the batch it trains on, so nothing is learnt"
    )
    assert window.wall.find(W).shape == (4, 8)
    type_rows(qtbot, window, "3, 140-142")
    until(qtbot, lambda: window.wall.find(H).shape == (4, 8))
    assert shown(window) == [3, 140, 141, 142]
    assert button(window).text() == "rows: 4 fixed"
    type_rows(qtbot, window, "7")
    until(qtbot, lambda: shown(window) == [7])
    assert (button(window).text(), window.focus_header.detail) == (
        "rows: row 7",
        "row 7: not the batch it trains on",
    )
    choose(qtbot, window, "batch")
    assert window.wall.find(H).shape == (120, 8)
    assert (window.focus_header.detail, window.wall._rows_note) == ("", "")


def test_what_cannot_be_shown_is_told_and_changes_nothing(qtbot: QtBot, window: MainWindow) -> None:
    type_rows(qtbot, window, "3, x")
    assert "'x' names no row of the table" in window.trouble.text
    type_rows(qtbot, window, "151")
    assert window.trouble.text.startswith("Row 151 cannot be shown: the table has 150 rows")
    assert button(window).text() == "rows: this batch"
    type_rows(qtbot, window, "150")
    assert window.trouble.text == ""
    assert button(window).text() == "rows: row 150"


def test_the_controls_beside_the_tabs_grow_with_their_words(qtbot: QtBot, window: MainWindow) -> None:
    window.docks["matrices"].raise_()
    settle()
    choose(qtbot, window, "training")
    settle()
    controls = window.wall_header.controls
    assert controls.width() >= controls.sizeHint().width()


def test_the_worst_rows_are_shown_worst_first(qtbot: QtBot, window: MainWindow) -> None:
    choose(qtbot, window, "validation")
    frame = window.focus.frame
    assert frame is not None
    data = window.document.project.dataset()
    assert set(frame.samples.tolist()) <= set(data.validation.tolist())
    assert shown(window) == [int(data.table_rows[row]) + 1 for row in frame.samples]
    assert window.focus_header.detail == "12 worst validation rows: not the batch it trains on"
    assert button(window).text() == "rows: worst validation"


def test_training_steps_and_going_back_keep_the_rows(qtbot: QtBot, window: MainWindow) -> None:
    choose(qtbot, window, "fixed")
    until(qtbot, lambda: window.focus.frame.choice is not None)
    choice = window.focus.frame.choice
    window.workbench.step()
    until(qtbot, lambda: window.focus.frame.when.shown == 1)
    assert window.focus.frame.choice == choice
    window.trainer.go_to(0)
    until(qtbot, lambda: window.focus.frame.when.shown == 0)
    assert window.focus.frame.choice == choice
    # Inside an iteration only the batch is computed, and that is said.
    window.trainer.step("operation")
    until(qtbot, lambda: window.focus.frame.when.done == 1)
    assert window.focus.frame.choice is None
    assert window.wall.find(H).shape == (120, 8)
    assert window.focus_header.detail == "this batch"
    assert window.wall._rows_note == "this batch: between two iterations only its rows are computed"
    window.trainer.step("operation", back=True)
    until(qtbot, lambda: window.focus.frame.choice == choice)
    assert window.wall.find(H).shape == (12, 8)


def test_the_chosen_cell_stays_with_its_row(qtbot: QtBot, window: MainWindow) -> None:
    window.focus.choose(H)
    until(qtbot, lambda: window.focus.shows == H)
    data = window.document.project.dataset()
    window.selection.choose(CellPlace(H, (4, 2)))
    row = int(data.training[4])
    type_rows(qtbot, window, f"1, {data.table_rows[row] + 1}")
    until(qtbot, lambda: window.selection.place == CellPlace(H, (1, 2)))
    until(qtbot, lambda: window.focus_panel.selected_cell() == (1, 2))
    live = next(live for live in window.lives if live.name == "cell")
    until(qtbot, lambda: live.story is not None and live.story.cell == (1, 2))
    assert live.story.value == pytest.approx(window.focus.frame.matrices[H][1, 2])
    choose(qtbot, window, "batch")
    until(qtbot, lambda: window.selection.place == CellPlace(H, (4, 2)))


def test_a_gradient_of_chosen_rows_leads_to_no_update(qtbot: QtBot, window: MainWindow) -> None:
    type_rows(qtbot, window, "5, 60")
    window.focus.choose(GRADIENT)
    until(qtbot, lambda: window.focus.shows == GRADIENT)
    window.selection.choose(CellPlace(GRADIENT, (1, 2)))
    live = next(live for live in window.lives if live.name == "cell")
    until(qtbot, lambda: live.story is not None and live.story.key == GRADIENT)
    panel = live.panel
    assert panel.verdict.text() == "✓ the same as in the matrix"
    assert panel.uses.text().startswith("used for no update")


def test_another_network_shows_the_same_rows(qtbot: QtBot, window: MainWindow) -> None:
    type_rows(qtbot, window, "5, 60")
    until(qtbot, lambda: shown(window) == [5, 60])
    window.workbench.insert_layer("dense.v1", Place(1))
    until(qtbot, lambda: window.trainer.ready is not None and window.focus.frame is not None)
    until(qtbot, lambda: window.focus.frame.choice == FixedRows((4, 59)))
    assert shown(window) == [5, 60]


def test_the_kind_of_choice_is_remembered(qtbot: QtBot, window: MainWindow) -> None:
    choose(qtbot, window, "training")
    again = open_window(qtbot, sample("iris"))
    until(qtbot, lambda: again.focus.frame.choice == WorstRows("training"))
    choose(qtbot, again, "batch")


def test_windows_of_a_series_are_called_so(qtbot: QtBot) -> None:
    window = open_window(qtbot, sample("mackey-glass"))
    choose(qtbot, window, "fixed")
    until(qtbot, lambda: window.focus.frame.choice is not None)
    assert window.focus_header.detail == "12 fixed windows: not the batch it trains on"
    window.focus_panel.set_selected_cell(2, 0)
    assert " at rows " in window.focus_panel.facts._cell.text()
    assert "row row" not in window.focus_panel.facts._cell.text()
    settle()


@pytest.mark.parametrize(
    ("text", "numbers", "again"),
    [
        ("1-3, 7", (1, 2, 3, 7), "1–3, 7"),
        (" 7,7 , 2 – 3", (7, 2, 3), "7, 2–3"),
        ("12", (12,), "12"),
    ],
)
def test_numbers_are_read_and_written(text: str, numbers: tuple[int, ...], again: str) -> None:
    assert rows_shown.numbers_in(text) == numbers
    assert rows_shown.numbers_text(numbers) == again


@pytest.mark.parametrize("text", ["", ",", "a", "1-", "1-9999999999", "1-100", "-3"])
def test_other_texts_are_refused(text: str) -> None:
    with pytest.raises(DataError):
        rows_shown.numbers_in(text)


def test_rows_without_a_sample_are_refused() -> None:
    data = sample("mackey-glass").dataset()
    with pytest.raises(DataError, match="no window ends in it"):
        rows_shown.places_of(data, (1,))
    assert data.table_rows[list(rows_shown.places_of(data, (40, 41)))].tolist() == [39, 40]
    assert np.issubdtype(data.table_rows.dtype, np.integer)


def test_a_row_of_the_data_table_can_be_shown(qtbot: QtBot, window: MainWindow) -> None:
    preview, button_of_row = window.data._preview, child(window, QPushButton, "data.show_row")
    window.docks["data"].raise_()
    until(qtbot, lambda: preview.isVisible())
    assert button_of_row.isHidden()
    place = preview.visualRect(preview.model().index(2, 0)).center()
    qtbot.mouseClick(preview.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert button_of_row.text() == "Show row 3 in matrices"
    qtbot.mouseClick(button_of_row, Qt.MouseButton.LeftButton)
    until(qtbot, lambda: window.focus.frame.choice is not None)
    until(qtbot, lambda: shown(window) == [3])


def test_the_rows_of_a_confusion_cell_and_the_worst_one_can_be_shown(
    qtbot: QtBot, window: MainWindow
) -> None:
    live = next(live for live in window.lives if live.name == "predictions")
    window.docks["predictions"].raise_()
    until(qtbot, lambda: live.seen)
    panel = live.predictions
    panel.show_view("rows")
    rows = panel.rows
    until(qtbot, lambda: rows.table.model().rowCount() == 150)
    assert rows.show_rows.text() == "Show the first 64 in matrices"
    counts = np.array(rows.confusion._counts)
    true, taken = np.argwhere((counts > 1) & (counts <= 64))[0].tolist()
    rows.set_cell((true, taken))
    count = int(counts[true, taken])
    assert rows.show_rows.text() == f"Show these {count} in matrices"
    qtbot.mouseClick(rows.show_rows, Qt.MouseButton.LeftButton)
    until(qtbot, lambda: window.focus.frame.choice is not None and window.focus.frame.rows == count)
    assert not live.seen  # the matrices are in front
    assert len(shown(window)) == count
    window.docks["predictions"].raise_()
    until(qtbot, lambda: live.seen)
    line = rows.table.visualRect(rows.table.model().index(0, 0)).center()
    qtbot.mouseClick(rows.table.viewport(), Qt.MouseButton.LeftButton, pos=line)
    name = rows.table.text(0, 0)
    assert rows.show_rows.text() == f"Show {name} in matrices"
    qtbot.mouseClick(rows.show_rows, Qt.MouseButton.LeftButton)
    until(qtbot, lambda: window.focus.frame.rows == 1)
    assert shown(window) == [int(name.removeprefix("row "))]


def test_without_a_target_there_is_nothing_to_show_and_that_is_told(qtbot: QtBot) -> None:
    project = sample("iris")
    columns = tuple(
        msgspec.structs.replace(each, role="input") for each in project.specification.data.columns
    )
    window = open_window(qtbot, project)
    window.workbench.set_columns(columns)
    until(qtbot, lambda: not button(window).isEnabled())
    window.data.row_wanted.emit(3)
    assert "No row can be shown yet" in window.trouble.text
    window.document.undo_stack.undo()
    until(qtbot, lambda: button(window).isEnabled())
    window.data.row_wanted.emit(3)
    until(qtbot, lambda: window.focus.frame is not None and window.focus.frame.choice == FixedRows((2,)))
