"""Rows of the wall beyond those of dense layers: own symbols, rows inside rows, and pages of which one is shown."""

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QRect, Qt
from pytestqt.qtbot import QtBot

from flux_studio.engine.matrices import LAYER_NORM_MATRICES, MatrixKind
from flux_studio.gui.panels.wall import MatrixWall
from flux_studio.gui.theme import LIGHT
from flux_studio.gui.widgets.field_editors import WholeNumberEdit
from flux_studio.gui.widgets.wall_rows import WallMatrix, WallRow
from tests.gui.panels.test_wall import dense
from tests.gui.shown import child, settle, shown, themed

SIZES = {"N": 16, "I": 8, "O": 8, "1": 1}


def owned(identity: str, title: str, kinds: tuple[MatrixKind, ...]) -> tuple[WallMatrix, ...]:
    shapes = [tuple(SIZES[letter] for letter in kind.shape.split("×")) for kind in kinds]
    return tuple(
        WallMatrix((identity, kind.name), kind, (rows, columns), title)
        for kind, (rows, columns) in zip(kinds, shapes, strict=True)
    )


NORM = WallRow("layer-2", "Layer norm 1", "8 → 8", owned("layer-2", "Layer norm 1", LAYER_NORM_MATRICES))
INSIDE = (dense(31, 8, 8), dense(32, 8, 8))
BLOCK = WallRow("layer-3", "Residual 1", "8 → 8", dense(3, 8, 8).matrices, rows=INSIDE)
STEPS = WallRow(
    "layer-4", "RNN 1", "8 → 8", (), pages=tuple(dense(40 + step, 8, 8) for step in range(5)), page="step"
)


@pytest.fixture
def wall(qtbot: QtBot) -> MatrixWall:
    themed()
    widget = shown(qtbot, MatrixWall(), 1000, 900)
    widget.set_rows((dense(1, 4, 8), NORM, BLOCK, STEPS))
    settle()
    return widget


def ink(wall: MatrixWall, area: QRect, tint: str) -> int:
    seen = wall.viewport().grab(area).toImage()
    return sum(
        seen.pixelColor(x, y).name() == tint for x in range(seen.width()) for y in range(seen.height())
    )


def name_place(wall: MatrixWall, key: tuple[str, str]) -> QPoint:
    """The middle of the row's name."""
    return QPoint(40, wall.tile_rect(key).center().y())


def test_own_symbols_are_written_above_in_the_colour_of_their_side(wall: MatrixWall) -> None:
    forward, backward = (wall.tile_rect(("layer-2", name)) for name in ("mean_matrix", "dC_dmean_matrix"))
    for tile, tint, other in (
        (forward, LIGHT.forward, LIGHT.backward),
        (backward, LIGHT.backward, LIGHT.forward),
    ):
        label = QRect(tile.left(), tile.top(), tile.width(), 18)
        assert ink(wall, label, tint) > 3
        assert ink(wall, label, other) == 0
    plain = wall.tile_rect(("layer-1", "input_matrix"))
    assert forward.height() > plain.height() + 20
    assert ink(wall, plain, LIGHT.forward) == 0


def test_every_tile_of_a_row_of_several_lines_can_be_clicked(qtbot: QtBot, wall: MatrixWall) -> None:
    tiles = {matrix.key: wall.tile_rect(matrix.key) for matrix in NORM.matrices}
    assert all(
        not one.intersects(other)
        for key, one in tiles.items()
        for name, other in tiles.items()
        if key != name
    )
    for key, tile in tiles.items():
        with qtbot.waitSignal(wall.matrix_selected) as told:
            qtbot.mouseClick(wall.viewport(), Qt.MouseButton.LeftButton, pos=tile.center())
        assert told.args == [key]
    tip = wall.tip(tiles["layer-2", "mean_matrix"].center())
    assert "Layer norm 1 · μ = (1/I)·Σ x · mean_matrix" in tip


def test_a_click_on_its_name_folds_a_row_and_asks_for_less(qtbot: QtBot, wall: MatrixWall) -> None:
    inside = INSIDE[0].matrices[0].key
    below = wall.tile_rect(STEPS.pages[0].matrices[0].key)
    assert inside in wall.visible_keys()
    at = name_place(wall, ("layer-3", "input_matrix"))
    assert "click to hide" in wall.tip(at)
    with qtbot.waitSignal(wall.visible_keys_changed):
        qtbot.mouseClick(wall.viewport(), Qt.MouseButton.LeftButton, pos=at)
    assert inside not in wall.visible_keys()
    assert wall.tile_rect(inside).isEmpty()
    assert wall.tile_rect(STEPS.pages[0].matrices[0].key).top() < below.top()
    assert "click to show" in wall.tip(at)
    wall.set_rows((dense(1, 4, 8), NORM, BLOCK, STEPS))
    assert wall.tile_rect(inside).isEmpty()
    qtbot.mouseClick(wall.viewport(), Qt.MouseButton.LeftButton, pos=at)
    assert inside in wall.visible_keys()


def test_the_space_key_folds_the_row_of_the_chosen_matrix(qtbot: QtBot, wall: MatrixWall) -> None:
    wall.set_selected(("layer-3", "input_matrix"))
    qtbot.keyClick(wall, Qt.Key.Key_Space)
    assert wall.tile_rect(INSIDE[0].matrices[0].key).isEmpty()
    qtbot.keyClick(wall, Qt.Key.Key_Space)
    assert not wall.tile_rect(INSIDE[0].matrices[0].key).isEmpty()
    wall.set_selected(("layer-1", "input_matrix"))
    qtbot.keyClick(wall, Qt.Key.Key_Space)
    assert not wall.tile_rect(INSIDE[0].matrices[0].key).isEmpty()


def test_a_choice_from_outside_unfolds_what_hides_it_and_turns_to_its_page(
    qtbot: QtBot, wall: MatrixWall
) -> None:
    qtbot.mouseClick(
        wall.viewport(), Qt.MouseButton.LeftButton, pos=name_place(wall, ("layer-3", "input_matrix"))
    )
    for key in (INSIDE[1].matrices[4].key, STEPS.pages[3].matrices[2].key):
        assert wall.tile_rect(key).isEmpty()
        wall.set_selected(key)
        assert wall.viewport().rect().contains(wall.tile_rect(key))
    assert pager(wall).value == 4


def pager(wall: MatrixWall) -> WholeNumberEdit:
    return child(wall, WholeNumberEdit, "matrices.wall.layer-4.step")


def test_one_page_is_shown_and_only_its_matrices_are_asked_for(qtbot: QtBot, wall: MatrixWall) -> None:
    first, third = (STEPS.pages[number].matrices[0].key for number in (0, 2))
    wall.set_selected(first)
    assert third not in wall.visible_keys()
    place = wall.tile_rect(first)
    with qtbot.waitSignal(wall.matrix_selected) as told:
        pager(wall).stepBy(2)
    assert told.args == [third]
    assert wall.tile_rect(third) == place
    assert first not in wall.visible_keys()
    assert wall.selected() == third
    assert pager(wall).text() == "3"
    assert wall.viewport().rect().contains(pager(wall).geometry())
    assert pager(wall).geometry().right() < place.left()


def test_a_page_that_does_not_exist_is_refused_in_words(qtbot: QtBot, wall: MatrixWall) -> None:
    with qtbot.assertNotEmitted(wall.visible_keys_changed):
        assert not pager(wall).type_text("9")
    assert pager(wall).refusal == "step must be a whole number from 1 to 5"


def test_the_page_stays_when_the_same_rows_come_again(wall: MatrixWall) -> None:
    pager(wall).stepBy(3)
    wall.set_rows((NORM, STEPS))
    assert pager(wall).value == 4
    shorter = WallRow("layer-4", "RNN 1", "", pages=STEPS.pages[:2], page="step")
    wall.set_rows((NORM, shorter))
    settle()
    shown_now = [each for each in wall.findChildren(WholeNumberEdit) if each.isVisible()]
    assert [each.text() for each in shown_now] == ["2"]
    wall.set_rows((NORM,))
    settle()
    assert not any(each.isVisible() for each in wall.findChildren(WholeNumberEdit))


def test_the_name_of_a_tall_row_stays_while_its_lines_go_by(wall: MatrixWall) -> None:
    wall.resize(1000, 300)
    settle()
    top = wall.tile_rect(("layer-2", "dC_dcentred_matrix")).top()
    wall.verticalScrollBar().setValue(wall.verticalScrollBar().value() + top - 60)
    settle()
    assert not wall.tile_rect(("layer-2", "mean_matrix")).intersects(
        wall.viewport().rect().adjusted(0, 70, 0, 0)
    )
    assert ink(wall, QRect(10, 72, 90, 40), LIGHT.text) > 10


def test_up_and_down_lead_through_all_lines(qtbot: QtBot, wall: MatrixWall) -> None:
    wall.set_selected(("layer-1", "input_matrix"))
    seen = []
    wall.matrix_selected.connect(seen.append)
    for _ in range(8):
        qtbot.keyClick(wall, Qt.Key.Key_Down)
    assert [key[0] for key in seen[:5]] == ["layer-2"] * 3 + ["layer-3", "layer-31"]


def test_numbers_of_folded_matrices_are_kept(wall: MatrixWall) -> None:
    key = STEPS.pages[4].matrices[0].key
    wall.set_matrices({key: np.full((16, 8), 3.0)})
    assert wall.level(key) == 5.0
    assert wall.find(key) is STEPS.pages[4].matrices[0]
    assert wall.find(("nobody", "input_matrix")) is None
