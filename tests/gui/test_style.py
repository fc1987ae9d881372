"""The style sheet: complete, understood by Qt, legible in both themes, and as large as the text."""

import re
from dataclasses import asdict

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QApplication, QComboBox, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from flux_studio import locations
from flux_studio.gui.style import restyle, style_sheet
from flux_studio.gui.theme import DARK, LIGHT, NUMBER_FAMILY, Theme, look
from tests.gui.shown import shown, themed

BOTH = pytest.mark.parametrize("theme", [LIGHT, DARK], ids=lambda theme: theme.name)


def sheet(theme: Theme, text_size: float = 9.75, scale: float = 1.0) -> str:
    return style_sheet({**asdict(theme), "number_family": NUMBER_FAMILY}, text_size, scale)


def contrast(first: str, second: str) -> float:
    """As the web's accessibility guidelines define it, from 1 to 21."""

    def luminance(name: str) -> float:
        channels = [channel / 255 for channel in QColor(name).getRgb()[:3]]
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    low, high = sorted((luminance(first), luminance(second)))
    return (high + 0.05) / (low + 0.05)


@BOTH
def test_every_name_length_and_text_size_is_filled_in(theme: Theme) -> None:
    text = sheet(theme)
    assert not re.search(r"[$@~]\w", text)
    assert theme.accent_fill in text
    assert text.count("{") == text.count("}")


@BOTH
def test_every_picture_it_names_exists(theme: Theme) -> None:
    pictures = set(re.findall(r'url\("([^"]+)"\)', sheet(theme)))
    assert len(pictures) >= 8
    shipped = {path.as_posix() for path in locations.resource("icons", "style").glob("*.svg")}
    assert pictures <= shipped


def test_lengths_and_texts_grow_with_the_font() -> None:
    small, large = sheet(LIGHT, 10.0, 1.0), sheet(LIGHT, 20.0, 2.0)
    assert "padding: 5px 12px" in small
    assert "padding: 10px 24px" in large
    assert "8.80pt" in small
    assert "17.60pt" in large


@BOTH
def test_words_can_be_read_on_every_ground(theme: Theme) -> None:
    for ground in (theme.window, theme.surface, theme.sunken):
        assert contrast(theme.text, ground) > 12
        assert contrast(theme.text_soft, ground) > 5
        assert contrast(theme.text_faint, ground) > 4
    assert contrast(theme.accent_text, theme.accent_fill) > 4.5
    assert contrast(theme.accent, theme.surface) > 4.5
    assert contrast(theme.error, theme.surface) > 4.5
    assert contrast(theme.forward, theme.forward_soft) > 4.5
    assert contrast(theme.backward, theme.backward_soft) > 4.5


@BOTH
def test_qt_takes_the_sheet_and_widgets_wear_it(qtbot: QtBot, theme: Theme) -> None:
    themed()
    look.apply(theme)
    try:
        button = QPushButton("Train")
        button.setProperty("kind", "primary")
        window = shown(qtbot, QWidget(), 300, 80)
        button.setParent(window)
        button.setGeometry(20, 20, 120, 34)
        button.show()
        picture = button.grab().toImage()
        assert picture.pixelColor(8, 17).name() == theme.accent_fill
        button.setProperty("kind", "quiet")
        restyle(button)
        assert button.grab().toImage().pixelColor(8, 17).name() != theme.accent_fill
        assert QApplication.instance().palette().window().color().name() == theme.window
    finally:
        look.apply(LIGHT)


@BOTH
def test_a_focused_button_has_one_frame(qtbot: QtBot, theme: Theme) -> None:
    look.apply(theme)
    page = shown(qtbot, QWidget(), 120, 60)
    button = QPushButton("", page)
    button.setGeometry(10, 10, 100, 32)
    button.show()
    button.setFocus(Qt.FocusReason.TabFocusReason)
    qtbot.waitUntil(button.hasFocus)
    seen = button.grab().toImage()
    across = {seen.pixelColor(x, 16).name() for x in range(4, 96)}
    assert seen.pixelColor(0, 16).name() == theme.accent
    assert across == {theme.surface}
    look.apply(LIGHT)


@BOTH
def test_the_list_of_a_combo_box_has_one_frame(qtbot: QtBot, theme: Theme) -> None:
    look.apply(theme)
    page = shown(qtbot, QWidget(), 200, 60)
    box = QComboBox(page)
    box.addItems(["comma", "semicolon"])
    box.setGeometry(10, 10, 150, 28)
    box.show()
    box.showPopup()
    popup = box.view().parentWidget()
    seen = popup.grab().toImage()
    middle = seen.height() // 3
    lines = [seen.pixelColor(x, middle).name() for x in range(6)]
    assert lines[0] == theme.border_strong
    assert theme.border_strong not in lines[1:]
    assert theme.accent not in lines
    box.hidePopup()
    look.apply(LIGHT)
