"""Texts in narrow places: shortened with an ellipsis, whole in the tool tip."""

from PySide6.QtCore import QRect
from PySide6.QtGui import QFontMetrics
from pytestqt.qtbot import QtBot

from flux_studio.gui.theme import look
from flux_studio.gui.widgets.elided_label import ElidedLabel
from flux_studio.gui.widgets.short_message import ShortMessage, shortened
from tests.gui.shown import shown, themed

LONG = "the column 'species' holds words such as 'setosa' but is to be used as a number: make it a category"


def test_an_elided_label_gives_way_and_keeps_its_text(qtbot: QtBot) -> None:
    themed()
    label = shown(qtbot, ElidedLabel(LONG), 90, 20)
    assert label.minimumSizeHint().width() == 0
    assert label.width() == 90
    assert (label.text(), label.toolTip()) == (LONG, LONG)
    narrow = label.grab().toImage()
    label.setText(LONG + " or ignore it")
    assert label.grab().toImage() == narrow
    label.setText("a" + LONG)
    assert label.grab().toImage() != narrow


def test_a_message_keeps_as_many_words_as_fit(qtbot: QtBot) -> None:
    themed()
    metrics = QFontMetrics(look.text_font(0.94))
    kept = [shortened(LONG, metrics, QRect(0, 0, 220, lines * metrics.lineSpacing())) for lines in (1, 2, 9)]
    assert [text.endswith("…") for text in kept] == [True, True, False]
    assert [LONG.startswith(text.removesuffix("…")) for text in kept] == [True] * 3
    assert len(kept[0]) < len(kept[1]) < len(kept[2]) == len(LONG)
    for text, lines in zip(kept, (1, 2, 9), strict=True):
        assert metrics.horizontalAdvance(text) <= 220 * lines
    assert shortened("", metrics, QRect(0, 0, 220, 200)) == ""


def test_a_message_has_the_whole_text_in_its_tool_tip(qtbot: QtBot) -> None:
    themed()
    message = shown(qtbot, ShortMessage(), 200, 34)
    message.set_text(LONG, "error")
    assert (message.text, message.toolTip(), message.accessibleName()) == (LONG, LONG, LONG)
