"""The ring that shows where the keyboard works."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLineEdit, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from flux_studio.gui.widgets.focus_ring import FocusRing
from tests.gui.shown import settle, shown, themed


class Pad(QWidget):
    def __init__(self) -> None:
        super().__init__()
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.ring = FocusRing(self)


@pytest.fixture
def page(qtbot: QtBot) -> QWidget:
    themed()
    page = QWidget()
    column = QVBoxLayout(page)
    column.addWidget(QLineEdit())
    column.addWidget(Pad())
    shown(qtbot, page, 200, 200)
    page.findChild(QLineEdit).setFocus()
    return page


@pytest.fixture
def pad(page: QWidget) -> Pad:
    return page.findChild(Pad)


def test_tab_brings_it_and_takes_it_away(qtbot: QtBot, pad: Pad) -> None:
    qtbot.keyClick(pad.window().findChild(QLineEdit), Qt.Key.Key_Tab)
    assert pad.ring.isVisible()
    assert pad.ring.geometry() == pad.rect()
    qtbot.keyClick(pad, Qt.Key.Key_Tab)
    assert not pad.ring.isVisible()


def test_a_click_brings_none_until_a_key_is_pressed(qtbot: QtBot, pad: Pad) -> None:
    qtbot.mouseClick(pad, Qt.MouseButton.LeftButton)
    assert pad.hasFocus()
    assert not pad.ring.isVisible()
    qtbot.keyClick(pad, Qt.Key.Key_Control)
    assert not pad.ring.isVisible()
    qtbot.keyClick(pad, Qt.Key.Key_Down)
    assert pad.ring.isVisible()


def test_it_grows_with_what_it_surrounds_and_is_no_place_for_the_mouse(qtbot: QtBot, pad: Pad) -> None:
    pad.setFocus(Qt.FocusReason.TabFocusReason)
    pad.window().resize(400, 300)
    settle()
    assert pad.ring.geometry() == pad.rect()
    assert pad.childAt(pad.rect().center()) is None
