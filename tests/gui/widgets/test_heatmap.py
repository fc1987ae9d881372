"""The heat map: what it paints, points at, chooses and says."""

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QImage
from pytestqt.qtbot import QtBot

from flux_studio.gui.theme import DARK, LIGHT, colour, look
from flux_studio.gui.widgets import heat
from flux_studio.gui.widgets.heatmap import HeatMap
from tests.gui.shown import settle, shown, themed


@pytest.fixture
def heatmap(qtbot: QtBot) -> HeatMap:
    themed()
    widget = shown(qtbot, HeatMap(), 200, 300)
    widget.set_matrix(np.arange(12, dtype=np.float32).reshape(4, 3) - 6, 6.0)
    settle()
    return widget


def picture(widget: HeatMap) -> QImage:
    return widget.grab().toImage()


def colour_of(widget: HeatMap, cell: tuple[int, int]) -> int:
    return picture(widget).pixel(widget.cell_rect(cell).center())


def test_each_cell_has_the_colour_of_its_number(heatmap: HeatMap) -> None:
    table = heat.colour_table(LIGHT)
    assert colour_of(heatmap, (0, 0)) == table[1]
    assert colour_of(heatmap, (2, 0)) == table[128]
    assert colour_of(heatmap, (3, 2)) == table[int(5 * 127 / 6 + 128.5)]


def test_cells_are_crisp_and_square_enough(heatmap: HeatMap) -> None:
    rect = heatmap.cell_rect((1, 1))
    assert 0.5 <= rect.width() / rect.height() <= 2
    inside = rect.adjusted(1, 1, -1, -1)
    seen = picture(heatmap)
    colours = {
        seen.pixel(x, y)
        for x in range(inside.left(), inside.right())
        for y in (inside.top(), inside.bottom())
    }
    assert len(colours) == 1


def test_a_click_chooses_and_is_told(qtbot: QtBot, heatmap: HeatMap) -> None:
    with qtbot.waitSignal(heatmap.cell_clicked) as clicked:
        qtbot.mouseClick(heatmap, Qt.MouseButton.LeftButton, pos=heatmap.cell_rect((2, 1)).center())
    assert clicked.args == [2, 1]
    assert heatmap.selected() == (2, 1)


def test_a_click_beside_the_matrix_does_nothing(qtbot: QtBot, heatmap: HeatMap) -> None:
    with qtbot.assertNotEmitted(heatmap.cell_clicked):
        qtbot.mouseClick(heatmap, Qt.MouseButton.LeftButton, pos=QPoint(1, 1))


def test_arrow_keys_move_and_stay_inside(qtbot: QtBot, heatmap: HeatMap) -> None:
    seen: list[tuple[int, int]] = []
    heatmap.cell_clicked.connect(lambda row, column: seen.append((row, column)))
    for key in (
        Qt.Key.Key_Right,
        Qt.Key.Key_Right,
        Qt.Key.Key_Down,
        Qt.Key.Key_Up,
        Qt.Key.Key_Up,
        Qt.Key.Key_Left,
    ):
        qtbot.keyClick(heatmap, key)
    assert seen == [(0, 0), (0, 1), (1, 1), (0, 1), (0, 1), (0, 0)]


def test_the_pointer_is_followed_and_its_leaving_told(qtbot: QtBot, heatmap: HeatMap) -> None:
    with qtbot.waitSignal(heatmap.cell_hovered) as hovered:
        qtbot.mouseMove(heatmap, heatmap.cell_rect((3, 2)).center())
    assert hovered.args == [(3, 2)]
    with qtbot.waitSignal(heatmap.cell_hovered) as hovered:
        qtbot.mouseMove(heatmap, QPoint(1, 1))
    assert hovered.args == [None]


def test_the_tip_names_row_column_and_value(heatmap: HeatMap) -> None:
    heatmap.set_name("a of Dense 1")
    assert heatmap.tip((0, 1)) == "a of Dense 1 · row 0, column 1: -5.00000000"
    assert heatmap.accessibleName() == "Matrix a of Dense 1"


def test_a_selection_that_no_longer_exists_goes(heatmap: HeatMap) -> None:
    heatmap.set_selected((3, 2))
    heatmap.set_matrix(np.zeros((2, 2)), 1.0)
    assert heatmap.selected() is None
    heatmap.set_selected((5, 5))
    assert heatmap.selected() is None


def test_the_selected_cell_is_outlined(heatmap: HeatMap) -> None:
    heatmap.set_selected((1, 1))
    corner = heatmap.cell_rect((1, 1)).topLeft()
    heatmap.clearFocus()
    assert picture(heatmap).pixelColor(corner).name() in {LIGHT.text, LIGHT.accent}


def test_it_repaints_in_another_theme(heatmap: HeatMap) -> None:
    look.apply(DARK)
    try:
        settle()
        assert colour_of(heatmap, (2, 0)) == heat.colour_table(DARK)[128]
    finally:
        look.apply(LIGHT)


def test_cells_that_are_not_finite_are_hatched(heatmap: HeatMap) -> None:
    heatmap.set_matrix(np.array([[np.nan, 1.0]]), 1.0)
    settle()
    rect = heatmap.cell_rect((0, 0)).adjusted(3, 3, -3, -3)
    seen = picture(heatmap)
    names = {
        seen.pixelColor(x, y).name()
        for x in range(rect.left(), rect.right())
        for y in range(rect.top(), rect.bottom())
    }
    assert names == {colour("text").name(), colour("error").name()}


@pytest.mark.parametrize(
    "matrix",
    [
        np.empty((0, 0)),
        np.empty((0, 5)),
        np.ones((1, 1)),
        np.ones((1, 10_000)),
        np.ones((10_000, 1)),
        np.full((3, 3), np.nan),
        np.zeros((700, 900)),
    ],
    ids=lambda matrix: "x".join(map(str, matrix.shape)),
)
def test_odd_matrices_are_painted_inside_the_widget(heatmap: HeatMap, matrix: np.ndarray) -> None:
    heatmap.set_matrix(matrix, 1.0)
    settle()
    assert heatmap.rect().contains(heatmap.matrix_rect()) or heatmap.matrix_rect().isEmpty()
    assert not picture(heatmap).isNull()
    assert heatmap.cell_at(heatmap.rect().center()) is None or matrix.size


def test_a_single_large_number_in_a_big_matrix_is_seen(heatmap: HeatMap) -> None:
    matrix = np.zeros((2_000, 2_000), dtype=np.float32)
    matrix[1_234, 567] = -5.0
    heatmap.set_matrix(matrix, 5.0)
    settle()
    rect, seen = heatmap.matrix_rect(), picture(heatmap)
    wanted = heat.colour_table(LIGHT)[1]
    hits = [
        (x, y)
        for x in range(rect.left(), rect.right())
        for y in range(rect.top(), rect.bottom())
        if seen.pixel(x, y) == wanted
    ]
    assert len(hits) == 1
