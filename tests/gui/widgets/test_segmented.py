"""The segmented control: one choice at a time, or none, told only when a person makes it."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QPushButton, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from flux_studio.gui.widgets.segmented import Segment, SegmentedControl
from tests.gui.shown import child, shown, themed

SEGMENTS = tuple(
    Segment(word, word.capitalize(), f"tip of {word}", f"one.{word}") for word in ("a", "category", "c")
)


@pytest.fixture
def control(qtbot: QtBot) -> SegmentedControl:
    themed()
    return shown(qtbot, SegmentedControl(SEGMENTS, wide=True), 240, 40)


def test_a_click_tells_and_shows(qtbot: QtBot, control: SegmentedControl) -> None:
    control.set_value("a")
    with qtbot.waitSignal(control.chosen) as told:
        qtbot.mouseClick(child(control, QPushButton, "one.c"), Qt.MouseButton.LeftButton)
    assert told.args == ["c"]
    assert control.value == "c"


def test_showing_tells_nothing_and_can_show_nothing(qtbot: QtBot, control: SegmentedControl) -> None:
    with qtbot.assertNotEmitted(control.chosen):
        for value in ("a", None, "category", None):
            control.set_value(value)
            assert control.value == value


def test_wide_segments_share_the_width_and_show_their_words(control: SegmentedControl) -> None:
    buttons = control.findChildren(QPushButton)
    widths = [button.width() for button in buttons]
    assert max(widths) - min(widths) <= 1
    assert sum(widths) == 240
    assert all(button.fontMetrics().horizontalAdvance(button.text()) < button.width() for button in buttons)


def test_others_are_as_wide_as_their_words(qtbot: QtBot) -> None:
    themed()
    page = QWidget()
    control = SegmentedControl(SEGMENTS)
    QVBoxLayout(page).addWidget(control)
    shown(qtbot, page, 600, 60)
    assert control.width() == control.sizeHint().width() < 400
