"""The wall: what stands where, what is in view, what a person chooses, and colours that keep still."""

from itertools import pairwise

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QObject, QPoint, QRect, Qt
from PySide6.QtGui import QFontMetrics, QImage, QPainter, QPaintEvent, QRegion
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from flux_studio.engine.matrices import DENSE_MATRICES, MATRIX_KINDS
from flux_studio.gui.panels.wall import MatrixWall
from flux_studio.gui.theme import DARK, LIGHT, Theme, colour, look
from flux_studio.gui.widgets import heat
from flux_studio.gui.widgets.wall_header import Legend
from flux_studio.gui.widgets.wall_painting import CAPTION, shape_text
from flux_studio.gui.widgets.wall_rows import WallMatrix, WallRow
from flux_studio.training.events import MatrixKey
from tests.gui.shown import settle, shown, themed

NAMES = [kind.name for kind in DENSE_MATRICES]


def row(identity: str, title: str, subtitle: str, shapes: dict[str, tuple[int, int]]) -> WallRow:
    matrices = tuple(
        WallMatrix((identity, name), MATRIX_KINDS[name], shape, title) for name, shape in shapes.items()
    )
    return WallRow(identity, title, subtitle, matrices)


def dense(number: int, inputs: int, outputs: int, rows: int = 16) -> WallRow:
    sizes = {"N": rows, "I": inputs, "O": outputs, "1": 1}
    shapes = {}
    for kind in DENSE_MATRICES:
        down, across = kind.shape.split("×")
        shapes[kind.name] = (sizes[down], sizes[across])
    return row(f"layer-{number}", f"Dense {number}", f"{inputs} → {outputs} · leaky ReLU", shapes)


def numbers(layers: tuple[WallRow, ...], scale: float = 1.0) -> dict[MatrixKey, np.ndarray]:
    generator = np.random.default_rng(0)
    return {
        matrix.key: (generator.uniform(-scale, scale, matrix.shape)).astype(np.float32)
        for layer in layers
        for matrix in layer.everything()
    }


PARITY = (dense(1, 4, 8), dense(2, 8, 4), dense(3, 4, 1))


@pytest.fixture
def wall(qtbot: QtBot) -> MatrixWall:
    themed()
    widget = MatrixWall()
    widget.setProperty("panel", True)
    shown(qtbot, widget, 1000, 400)
    widget.set_rows(PARITY)
    widget.set_matrices(numbers(PARITY))
    settle()
    return widget


@pytest.mark.parametrize("width", [1008, 870, 722, 700])
def test_all_eleven_columns_fit(wall: MatrixWall, width: int) -> None:
    wall.resize(width, 300)
    settle()
    assert wall.horizontalScrollBar().maximum() == 0
    last = wall.tile_rect(("layer-1", NAMES[-1]))
    assert 0 < last.left() < last.right() < wall.viewport().width()


def test_tiles_stand_in_rows_and_columns_without_touching(wall: MatrixWall) -> None:
    tiles = [[wall.tile_rect((layer.identity, name)) for name in NAMES] for layer in PARITY]
    for row in tiles:
        assert len({tile.top() for tile in row}) == 1
        assert all(first.right() < second.left() for first, second in pairwise(row))
    for first, second in pairwise(tiles):
        assert first[0].bottom() < second[0].top()


def test_a_click_chooses_and_tells_the_key(qtbot: QtBot, wall: MatrixWall) -> None:
    key = ("layer-2", "dC_dw_matrix")
    with qtbot.waitSignal(wall.matrix_selected) as selected:
        qtbot.mouseClick(wall.viewport(), Qt.MouseButton.LeftButton, pos=wall.tile_rect(key).center())
    assert selected.args == [key]
    assert wall.selected() == key


def test_a_choice_from_outside_is_outlined_but_not_told(qtbot: QtBot, wall: MatrixWall) -> None:
    key = ("layer-1", "weight_input_bias_matrix")
    corner = wall.tile_rect(key).topLeft() + QPoint(10, 1)
    before = wall.viewport().grab().toImage().pixelColor(corner).name()
    with qtbot.assertNotEmitted(wall.matrix_selected):
        wall.set_selected(key)
    assert before == LIGHT.surface
    assert wall.viewport().grab().toImage().pixelColor(corner).name() == LIGHT.accent


def test_a_place_without_a_matrix_stays_blank_and_is_stepped_over(qtbot: QtBot, wall: MatrixWall) -> None:
    kept = ("input_matrix", "activated_output_matrix")
    activation = row("layer-9", "Activation 1", "8 → 8 · tanh", dict.fromkeys(kept, (16, 8)))
    wall.set_rows((PARITY[0], activation))
    settle()
    blank = wall.tile_rect(("layer-1", "weights_matrix")).center() + QPoint(
        0, wall.tile_rect(("layer-9", kept[0])).top() - wall.tile_rect(("layer-1", kept[0])).top()
    )
    with qtbot.assertNotEmitted(wall.matrix_selected):
        qtbot.mouseClick(wall.viewport(), Qt.MouseButton.LeftButton, pos=blank)
    assert wall.tile_rect(("layer-9", "weights_matrix")).isEmpty()
    wall.set_selected(("layer-9", kept[0]))
    qtbot.keyClick(wall, Qt.Key.Key_Right)
    assert wall.selected() == ("layer-9", kept[1])


def test_arrow_keys_walk_over_the_wall(qtbot: QtBot, wall: MatrixWall) -> None:
    seen: list[MatrixKey] = []
    wall.matrix_selected.connect(seen.append)
    for key in (Qt.Key.Key_Down, Qt.Key.Key_Right, Qt.Key.Key_Down, Qt.Key.Key_Left, Qt.Key.Key_Left):
        qtbot.keyClick(wall, key)
    assert seen == [
        ("layer-1", NAMES[0]),
        ("layer-1", NAMES[1]),
        ("layer-2", NAMES[1]),
        ("layer-2", NAMES[0]),
    ]


def test_only_what_is_on_screen_is_asked_for(qtbot: QtBot, wall: MatrixWall) -> None:
    many = tuple(dense(number, 4, 8) for number in range(1, 201))
    wall.set_rows(many)
    settle()
    first = wall.visible_keys()
    assert first[:11] == tuple(("layer-1", name) for name in NAMES)
    assert 22 <= len(first) <= 66
    with qtbot.waitSignal(wall.visible_keys_changed):
        wall.verticalScrollBar().setValue(wall.verticalScrollBar().maximum())
    assert wall.visible_keys()[-1] == ("layer-200", NAMES[-1])
    assert ("layer-1", NAMES[0]) not in wall.visible_keys()
    with qtbot.waitSignal(wall.visible_keys_changed):
        wall.hide()
    assert wall.visible_keys() == ()


def test_a_chosen_matrix_far_away_is_scrolled_to(wall: MatrixWall) -> None:
    wall.set_rows(tuple(dense(number, 4, 8) for number in range(1, 201)))
    key = ("layer-150", "dC_db_matrix")
    wall.set_selected(key)
    assert wall.viewport().rect().contains(wall.tile_rect(key))
    assert key in wall.visible_keys()


def test_pictures_show_the_numbers(wall: MatrixWall) -> None:
    key = ("layer-1", "weights_matrix")
    wall.set_matrices({key: np.full((4, 8), -1.0)})
    settle()
    tile = wall.tile_rect(key)
    seen = wall.viewport().grab().toImage()
    column = [seen.pixel(tile.center().x() + 2, y) for y in range(tile.top(), tile.bottom())]
    assert column.count(heat.colour_table(LIGHT)[1]) > 20


def test_colour_levels_are_round_and_steady(wall: MatrixWall) -> None:
    key = ("layer-1", "weights_matrix")
    seen = []
    for largest in (0.96, 1.02, 0.98, 1.05, 0.95, 0.7):
        wall.set_matrices({key: np.full((4, 8), largest)})
        seen.append(wall.level(key))
    assert seen == [1.0, 2.0, 2.0, 2.0, 2.0, 1.0]


def test_new_layers_keep_the_pictures_of_matrices_that_stay(wall: MatrixWall) -> None:
    wall.set_rows((PARITY[0], dense(2, 8, 5), PARITY[2]))
    assert wall.level(("layer-1", "weights_matrix")) == 1.0
    assert wall.level(("layer-2", "weights_matrix")) is None
    assert wall.level(("layer-2", "input_matrix")) == 1.0


def test_new_numbers_move_nothing(wall: MatrixWall) -> None:
    before = [wall.tile_rect((layer.identity, name)) for layer in PARITY for name in NAMES]
    wall.set_matrices(numbers(PARITY, scale=1e-7))
    assert [wall.tile_rect((layer.identity, name)) for layer in PARITY for name in NAMES] == before


def test_tips_explain_columns_matrices_and_colours(wall: MatrixWall) -> None:
    tile = wall.tile_rect(("layer-1", "weight_input_bias_matrix"))
    words = wall.tip(tile.center())
    for part in ("Dense 1", "a = x·w + b", "weight_input_bias_matrix", "16 × 8", "from −1 to +1"):
        assert part in words
    assert "before the activation" in wall.tip(QPoint(tile.center().x(), 40))
    assert "range" in wall.tip(QPoint(20, 15))
    assert wall.tip(QPoint(20, 200)) == ""


def test_a_note_about_rows_takes_room_only_when_there_is_one(wall: MatrixWall) -> None:
    def ink() -> int:
        seen = wall.viewport().grab().toImage()
        bottom = range(seen.height() - 20, seen.height() - 2)
        return sum(seen.pixelColor(x, y).name() != LIGHT.surface for x in range(10, 200) for y in bottom)

    assert ink() == 0
    wall.set_rows_note("first 256 of 10,000 rows")
    settle()
    assert ink() > 100
    wall.set_rows_note("")
    settle()
    assert ink() == 0


def test_names_scroll_under_the_header_not_over_it(wall: MatrixWall) -> None:
    wall.set_rows(tuple(dense(number, 4, 8) for number in range(1, 51)))
    settle()
    before = wall.viewport().grab(QRect(0, 0, 100, 70)).toImage()
    wall.verticalScrollBar().setValue(50)
    settle()
    assert wall.viewport().grab(QRect(0, 0, 100, 70)).toImage() == before


def test_it_repaints_in_another_theme(wall: MatrixWall) -> None:
    look.apply(DARK)
    try:
        settle()
        assert wall.viewport().grab().toImage().pixelColor(2, 60).name() == DARK.surface
    finally:
        look.apply(LIGHT)


def test_no_resize_ever_makes_the_scroll_bar_come_and_go_without_end(wall: MatrixWall) -> None:
    for height in range(340, 440, 3):
        wall.resize(1000, height)
        settle()
        side = wall.tile_rect(("layer-1", NAMES[0])).width()
        assert side == wall.tile_rect(("layer-3", NAMES[0])).width()
        assert wall.verticalScrollBar().isVisible() == (wall.verticalScrollBar().maximum() > 0)


@pytest.mark.parametrize("layers", [(), (row("layer-1", "Dense 1", "", {}),)], ids=["no layers", "no shapes"])
def test_an_empty_wall_says_so(wall: MatrixWall, layers: tuple[WallRow, ...]) -> None:
    wall.set_rows(layers)
    wall.set_selected(None)
    settle()
    seen = wall.viewport().grab().toImage()
    middle = seen.height() // 2
    shades = {
        seen.pixelColor(x, y).name() for x in range(seen.width()) for y in range(middle - 8, middle + 8)
    }
    assert LIGHT.surface in shades
    assert len(shades) > 3
    assert wall.visible_keys() == ()
    assert wall.tip(QPoint(300, 200))


@pytest.mark.parametrize(
    "matrix",
    [
        np.empty((0, 4)),
        np.ones((1, 1)),
        np.ones((1, 10_000)),
        np.zeros((16, 8)),
        np.full((16, 8), np.nan),
        np.full((300, 7), 3),
    ],
    ids=lambda matrix: "x".join(map(str, matrix.shape)),
)
def test_odd_matrices_are_painted(wall: MatrixWall, matrix: np.ndarray) -> None:
    wall.set_rows((row("layer-1", "Dense 1", "1 → 1", {"weights_matrix": matrix.shape}),))
    wall.set_matrices({("layer-1", "weights_matrix"): matrix})
    settle()
    assert not wall.grab().isNull()
    assert wall.level(("layer-1", "weights_matrix")) in {1.0, 5.0}


def test_the_legend_says_whose_colours_it_shows(qtbot: QtBot, wall: MatrixWall) -> None:
    assert wall.legend() == Legend()
    plain = header_corner(wall)
    chosen, pointed = ("layer-1", "weight_input_bias_matrix"), ("layer-3", "dC_dw_matrix")
    wall.set_selected(chosen)
    assert wall.legend() == Legend(wall.level(chosen), "a", "Dense 1")
    settle()
    assert header_corner(wall) != plain
    qtbot.mouseMove(wall.viewport(), wall.tile_rect(pointed).center())
    assert wall.legend() == Legend(wall.level(pointed), "∂C/∂w", "Dense 3")


def header_corner(wall: MatrixWall) -> bytes:
    """The pixels of the legend's words below its numbers."""
    picture = wall.viewport().grab(QRect(0, 40, 100, 22)).toImage()
    return bytes(picture.constBits())


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=lambda theme: theme.name)
def test_the_focus_is_seen(qtbot: QtBot, wall: MatrixWall, theme: Theme) -> None:
    look.apply(theme)

    def rim() -> set[str]:
        seen = wall.grab().toImage()
        middle = seen.height() // 2
        return {seen.pixelColor(x, middle).name() for x in (1, 2, seen.width() - 3, seen.width() - 2)}

    wall.clearFocus()
    wall.setFocus(Qt.FocusReason.TabFocusReason)
    settle()
    assert rim() == {theme.accent}
    wall.clearFocus()
    settle()
    assert theme.accent not in rim()
    look.apply(LIGHT)


def test_captions_of_large_matrices_fit_into_their_tiles(wall: MatrixWall) -> None:
    metrics = QFontMetrics(look.text_font(CAPTION))
    width = 54
    assert shape_text((16, 8), width, metrics) == "16×8"
    assert shape_text((8000, 64), 90, metrics) == "8,000×64"
    for shape in ((8000, 64), (60_000, 784), (4096, 4096), (256, 1_000)):
        assert metrics.horizontalAdvance(shape_text(shape, width, metrics)) <= width


class Painted(QObject):
    """Remembers which part of a viewport was painted."""

    def __init__(self, viewport: QWidget) -> None:
        super().__init__(viewport)
        self.region = QRegion()
        viewport.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if isinstance(event, QPaintEvent):
            self.region += event.region()
        return super().eventFilter(watched, event)


def test_new_numbers_paint_the_pictures_and_leave_the_words(wall: MatrixWall) -> None:
    painted = Painted(wall.viewport())
    wall.set_matrices(numbers(PARITY, 0.99))
    settle()
    for key in wall.visible_keys():
        tile = wall.tile_rect(key)
        assert painted.region.contains(tile.center() - QPoint(0, 8)), key
        assert not painted.region.contains(QPoint(tile.center().x(), tile.bottom() - 2)), key
    assert not painted.region.contains(QPoint(10, 10))


def test_numbers_that_change_the_words_paint_them_too(wall: MatrixWall) -> None:
    key = ("layer-1", "weights_matrix")
    broken = np.full((4, 8), np.nan, np.float32)
    painted = Painted(wall.viewport())
    wall.set_matrices({key: broken})
    settle()
    assert painted.region.contains(wall.viewport().rect())
    wall.set_selected(key)
    settle()
    painted.region = QRegion()
    wall.set_matrices({key: np.full((4, 8), 3.0, np.float32)})
    settle()
    assert painted.region.contains(QPoint(10, 10)), "the legend tells of another level"


def test_what_is_painted_in_part_looks_like_what_is_painted_anew(wall: MatrixWall) -> None:
    wall.set_selected(("layer-1", "weights_matrix"))
    settle()
    target = QImage(wall.viewport().size(), QImage.Format.Format_RGB32)
    target.fill(colour("surface"))
    wall.viewport().render(target, QPoint(), QRegion(wall.viewport().rect()), QWidget.RenderFlag(0))
    after = numbers(PARITY, 0.98)
    wall.set_matrices(after)
    region = wall._painter().pictures(after)
    fresh = QImage(target.size(), QImage.Format.Format_RGB32)
    fresh.fill(colour("surface"))
    wall.viewport().render(fresh, QPoint(), QRegion(wall.viewport().rect()), QWidget.RenderFlag(0))
    painter = QPainter(target)
    painter.setClipRegion(region)
    painter.fillRect(target.rect(), colour("surface"))
    painter.end()
    wall.viewport().render(target, region.boundingRect().topLeft(), region, QWidget.RenderFlag(0))
    if target != fresh:
        where = np.argwhere(pixels(target) != pixels(fresh))
        raise AssertionError(f"{len(where)} pixels differ, the first at {where[0]}")


def pixels(image: QImage) -> np.ndarray:
    return np.frombuffer(image.constBits(), np.uint32).reshape(image.height(), -1)
