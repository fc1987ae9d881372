"""Icons: all of them draw something, in the colour of the theme in use, sharp at any scale."""

import pytest
from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QIcon, QImage, QPainter
from pytestqt.qtbot import QtBot

from flux_studio.errors import FluxError
from flux_studio.gui.theme import DARK, LIGHT, look
from flux_studio.gui.widgets.icons import icon, icon_names, paint_icon
from tests.gui.shown import themed


def opaque_colours(image: QImage) -> set[str]:
    image = image.convertToFormat(QImage.Format.Format_ARGB32)
    pixels = (image.pixelColor(x, y) for x in range(image.width()) for y in range(image.height()))
    return {pixel.name() for pixel in pixels if pixel.alpha() == 255}


@pytest.mark.parametrize(
    "name",
    [
        "play",
        "pause",
        "step",
        "start-over",
        "undo",
        "redo",
        "open",
        "save",
        "export",
        "add",
        "delete",
        "grip",
    ],
)
def test_the_icons_that_the_window_needs_are_there(name: str) -> None:
    assert name in icon_names()


@pytest.mark.parametrize("name", icon_names())
def test_every_icon_is_drawn_in_its_tint_and_nothing_else(qtbot: QtBot, name: str) -> None:
    themed()
    image = icon(name, "error").pixmap(QSize(96, 96)).toImage()
    assert opaque_colours(image) == {LIGHT.error}
    drawn = sum(image.pixelColor(x, y).alpha() > 0 for x in range(96) for y in range(96))
    assert 0.02 < drawn / 96**2 < 0.6


def test_an_icon_follows_the_theme(qtbot: QtBot) -> None:
    themed()
    play = icon("play", "text")
    before = opaque_colours(play.pixmap(QSize(32, 32)).toImage())
    try:
        look.apply(DARK)
        after = opaque_colours(play.pixmap(QSize(32, 32)).toImage())
    finally:
        look.apply(LIGHT)
    assert (before, after) == ({LIGHT.text}, {DARK.text})


def test_a_disabled_icon_is_faint(qtbot: QtBot) -> None:
    themed()
    image = icon("play").pixmap(QSize(32, 32), QIcon.Mode.Disabled).toImage()
    assert opaque_colours(image) == {LIGHT.text_disabled}


def test_twice_the_scale_has_twice_the_pixels(qtbot: QtBot) -> None:
    themed()
    pixmap = icon("play").pixmap(QSize(20, 20), 2.0)
    assert (pixmap.width(), pixmap.devicePixelRatio()) == (40, 2.0)


def test_a_copy_of_an_icon_draws_the_same(qtbot: QtBot) -> None:
    themed()
    copy = QIcon(icon("save", "accent"))
    assert opaque_colours(copy.pixmap(QSize(64, 64)).toImage()) == {LIGHT.accent}


def test_painting_stays_inside_the_area(qtbot: QtBot) -> None:
    themed()
    image = QImage(40, 40, QImage.Format.Format_ARGB32)
    image.fill(Qt.GlobalColor.transparent)
    painter = QPainter(image)
    paint_icon(painter, "delete", QRectF(20, 20, 16, 16), "text")
    painter.end()
    assert all(image.pixelColor(x, y) == QColor(0, 0, 0, 0) for x in range(40) for y in range(19))
    assert any(image.pixelColor(x, y).alpha() > 0 for x in range(20, 36) for y in range(20, 36))


def test_a_misspelt_icon_is_told(qtbot: QtBot) -> None:
    with pytest.raises(FluxError, match="no icon 'plya'; icons are: add, "):
        icon("plya")
