"""The grid of numbers: what is painted, how one moves, zooms, selects and copies."""

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, QSize, Qt
from PySide6.QtGui import QFontMetrics, QGuiApplication, QWheelEvent
from pytestqt.qtbot import QtBot

from flux_studio.gui.theme import LIGHT
from flux_studio.gui.widgets import heat
from flux_studio.gui.widgets.grid_painting import label_font
from flux_studio.gui.widgets.matrix_grid import MatrixGrid
from tests.gui.shown import settle, shown, themed

ROWS = [f"{row:04b}" for row in range(16)]
COLUMNS = [f"n{column}" for column in range(8)]


@pytest.fixture
def grid(qtbot: QtBot) -> MatrixGrid:
    themed()
    widget = shown(qtbot, MatrixGrid(), 640, 200)
    widget.set_matrix(np.linspace(-1, 1, 128, dtype=np.float32).reshape(16, 8), ROWS, COLUMNS)
    widget.setFocus()
    settle()
    return widget


def turn(grid: MatrixGrid, position: QPoint, delta: int) -> None:
    """A turn of the wheel with Ctrl held."""
    event = QWheelEvent(
        QPointF(position),
        QPointF(grid.viewport().mapToGlobal(position)),
        QPoint(),
        QPoint(0, delta),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.ControlModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QGuiApplication.sendEvent(grid.viewport(), event)
    settle()


def press(qtbot: QtBot, grid: MatrixGrid, key: Qt.Key, control: bool = False, shift: bool = False) -> None:
    modifiers = Qt.KeyboardModifier.NoModifier
    if control:
        modifiers |= Qt.KeyboardModifier.ControlModifier
    if shift:
        modifiers |= Qt.KeyboardModifier.ShiftModifier
    qtbot.keyClick(grid, key, modifiers)


def copied() -> str:
    return QGuiApplication.clipboard().text()


def test_long_names_of_columns_get_room_where_there_is_some(grid: MatrixGrid) -> None:
    before = grid.cell_rect((0, 0)).width()
    grid.set_matrix(np.zeros((4, 2)), ROWS[:4], ["species=versicolor", "species=virginica"])
    assert grid.cell_rect((0, 0)).width() > before
    needed = QFontMetrics(label_font(1.0)).horizontalAdvance("species=versicolor")
    assert grid.cell_rect((0, 0)).width() >= needed


def test_cells_wear_the_colour_of_their_number(grid: MatrixGrid) -> None:
    seen, table = grid.viewport().grab().toImage(), heat.colour_table(LIGHT)
    corner = grid.cell_rect((0, 0)).topLeft() + QPoint(2, 2)
    assert seen.pixel(corner) == table[1]


def test_a_number_is_written_into_its_cell(grid: MatrixGrid) -> None:
    seen, rect = grid.viewport().grab().toImage(), grid.cell_rect((3, 3))
    shades = {seen.pixel(x, rect.center().y()) for x in range(rect.left(), rect.right())}
    assert len(shades) > 3


def test_a_click_selects_and_is_told(qtbot: QtBot, grid: MatrixGrid) -> None:
    with qtbot.waitSignal(grid.cell_selected) as selected:
        qtbot.mouseClick(grid.viewport(), Qt.MouseButton.LeftButton, pos=grid.cell_rect((2, 5)).center())
    assert selected.args == [2, 5]
    assert grid.selected_cell() == (2, 5)


def test_a_selection_from_outside_is_shown_but_not_told(qtbot: QtBot, grid: MatrixGrid) -> None:
    with qtbot.assertNotEmitted(grid.cell_selected):
        grid.set_selected_cell((15, 7))
    assert grid.viewport().rect().contains(grid.cell_rect((15, 7)))
    grid.set_selected_cell((99, 0))
    assert grid.selected_cell() is None


def test_keys_move_and_keep_the_cell_in_view(qtbot: QtBot, grid: MatrixGrid) -> None:
    keys = Qt.Key
    for key, control, expected in (
        (keys.Key_Down, False, (0, 0)),
        (keys.Key_Down, False, (1, 0)),
        (keys.Key_End, False, (1, 7)),
        (keys.Key_End, True, (15, 7)),
        (keys.Key_Right, False, (15, 7)),
        (keys.Key_PageUp, False, (9, 7)),
        (keys.Key_Home, True, (0, 0)),
    ):
        press(qtbot, grid, key, control)
        cell = grid.selected_cell()
        assert cell is not None
        assert (cell[1], grid.viewport().rect().contains(grid.cell_rect(cell))) == (expected[1], True)
        if key != keys.Key_PageUp:
            assert cell == expected
        else:
            assert cell[0] < 15


def test_copy_takes_the_selected_block_in_full_precision(qtbot: QtBot, grid: MatrixGrid) -> None:
    grid.set_selected_cell((1, 1))
    press(qtbot, grid, Qt.Key.Key_Right, shift=True)
    press(qtbot, grid, Qt.Key.Key_Down, shift=True)
    press(qtbot, grid, Qt.Key.Key_C, control=True)
    block = np.array([[np.float32(cell) for cell in line.split("\t")] for line in copied().split("\n")])
    expected = np.linspace(-1, 1, 128, dtype=np.float32).reshape(16, 8)[1:3, 1:3]
    np.testing.assert_array_equal(block, expected)


def test_select_all_and_escape(qtbot: QtBot, grid: MatrixGrid) -> None:
    grid.set_selected_cell((1, 1))
    press(qtbot, grid, Qt.Key.Key_A, control=True)
    press(qtbot, grid, Qt.Key.Key_C, control=True)
    assert [len(line.split("\t")) for line in copied().split("\n")] == [8] * 16
    press(qtbot, grid, Qt.Key.Key_Escape)
    press(qtbot, grid, Qt.Key.Key_C, control=True)
    assert "\t" not in copied()


def test_without_a_selection_everything_is_copied(qtbot: QtBot, grid: MatrixGrid) -> None:
    press(qtbot, grid, Qt.Key.Key_C, control=True)
    assert copied().count("\n") == 15


def test_dragging_selects_a_block(qtbot: QtBot, grid: MatrixGrid) -> None:
    view, left = grid.viewport(), Qt.MouseButton.LeftButton
    qtbot.mousePress(view, left, pos=grid.cell_rect((1, 1)).center())
    qtbot.mouseMove(view, grid.cell_rect((3, 4)).center())
    qtbot.mouseRelease(view, left, pos=grid.cell_rect((3, 4)).center())
    grid.copy()
    assert [len(line.split("\t")) for line in copied().split("\n")] == [4] * 3


def test_the_wheel_zooms_under_the_pointer_until_only_colours_are_left(grid: MatrixGrid) -> None:
    place = grid.cell_rect((4, 4)).center()
    before = grid.cell_rect((4, 4)).height()
    turn(grid, place, 120)
    assert grid.cell_rect((4, 4)).height() > before
    assert grid.cell_rect((4, 4)).contains(place)
    assert grid.shows_numbers()
    for _ in range(20):
        turn(grid, place, -120)
    assert not grid.shows_numbers()
    assert grid.zoom() == 0
    assert grid.cell_rect((0, 0)).width() == 1


def test_zoom_by_keys_and_back(qtbot: QtBot, grid: MatrixGrid) -> None:
    ordinary = grid.zoom()
    press(qtbot, grid, Qt.Key.Key_Plus, control=True)
    assert grid.zoom() == ordinary + 1
    press(qtbot, grid, Qt.Key.Key_Minus, control=True)
    press(qtbot, grid, Qt.Key.Key_Minus, control=True)
    assert grid.zoom() == ordinary - 1
    press(qtbot, grid, Qt.Key.Key_0, control=True)
    assert grid.zoom() == ordinary


def test_new_values_keep_place_selection_and_style(grid: MatrixGrid) -> None:
    grid.set_selected_cell((9, 3))
    grid.verticalScrollBar().setValue(30)
    where, style = grid.cell_rect((9, 3)), grid.number_style()
    grid.update_values(np.full((16, 8), 0.5, dtype=np.float32))
    assert (grid.cell_rect((9, 3)), grid.number_style(), grid.selected_cell()) == (where, style, (9, 3))


def test_fewer_rows_drop_a_selection_that_is_gone(grid: MatrixGrid) -> None:
    grid.set_selected_cell((15, 7))
    grid.update_values(np.zeros((2, 8)))
    assert grid.selected_cell() is None


def test_labels_that_nobody_gave_are_indices(grid: MatrixGrid) -> None:
    grid.set_matrix(np.zeros((3, 2)), ["only"], [])
    assert [grid.row_label(row) for row in range(3)] == ["only", "1", "2"]
    assert grid.column_label(1) == "1"


def test_the_tip_gives_nine_digits(grid: MatrixGrid) -> None:
    assert grid.tip(grid.cell_rect((1, 2)).center()) == "row 0001, column n2\n-0.842519701"


def test_too_much_is_not_copied(qtbot: QtBot, grid: MatrixGrid) -> None:
    grid.set_matrix(np.zeros((1_001, 1_000), dtype=np.float32), [], [])
    QGuiApplication.clipboard().setText("before")
    grid.copy(everything=True)
    assert copied() == "before"


@pytest.mark.parametrize("zoom", [0, 4, 7, 10, 14])
@pytest.mark.parametrize(
    "matrix",
    [
        np.empty((0, 0)),
        np.empty((4, 0)),
        np.array([[1e-300]]),
        np.full((1, 10_000), np.inf),
        np.full((3, 3), np.nan),
        np.random.default_rng(0).normal(size=(3_000, 2_000)).astype(np.float32),
    ],
    ids=lambda matrix: "x".join(map(str, matrix.shape)),
)
def test_odd_matrices_at_any_zoom(grid: MatrixGrid, matrix: np.ndarray, zoom: int) -> None:
    grid.set_matrix(matrix, [], [])
    grid.set_zoom(zoom)
    grid.horizontalScrollBar().setValue(10**6)
    grid.verticalScrollBar().setValue(10**6)
    settle()
    assert not grid.grab().isNull()
    if matrix.size:
        last = (matrix.shape[0] - 1, matrix.shape[1] - 1)
        assert grid.viewport().rect().contains(grid.cell_rect(last))


def test_the_focus_is_seen(grid: MatrixGrid) -> None:
    grid.clearFocus()
    grid.setFocus(Qt.FocusReason.TabFocusReason)
    settle()
    seen = grid.grab().toImage()
    assert seen.pixelColor(1, seen.height() // 2).name() == LIGHT.accent
    grid.clearFocus()
    settle()
    seen = grid.grab().toImage()
    assert seen.pixelColor(1, seen.height() // 2).name() == LIGHT.surface


def test_a_huge_matrix_is_seen_whole_with_its_extremes(qtbot: QtBot) -> None:
    themed()
    grid = shown(qtbot, MatrixGrid(), 400, 300)
    matrix = np.zeros((3001, 2000), dtype=np.float32)
    matrix[1777, 333] = 1.0
    matrix[2999, 1999] = -1.0
    grid.set_matrix(matrix, [str(row) for row in range(3001)], [str(column) for column in range(2000)])
    grid.set_zoom(-99)
    assert grid.zoom() < 0
    assert grid.horizontalScrollBar().maximum() == grid.verticalScrollBar().maximum() == 0
    picture = grid.viewport().grab().toImage()
    for (row, column), place in (((1777, 333), 255), ((2999, 1999), 1)):
        rect = grid.cell_rect((row, column))
        assert rect.size() == QSize(1, 1)
        assert picture.pixelColor(rect.topLeft()).rgb() == int(heat.colour_table(LIGHT)[place])
    # A click chooses the cell that is seen there, of all that are under the pointer.
    qtbot.mouseClick(grid.viewport(), Qt.MouseButton.LeftButton, pos=grid.cell_rect((1777, 333)).topLeft())
    assert grid.selected_cell() == (1777, 333)
    # A smaller matrix is near enough to be read.
    grid.set_matrix(np.zeros((3, 3)), "abc", "abc")
    assert grid.zoom() == 0
