"""What changes inside a still place is not felt outside."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from flux_studio.gui.widgets.still import Still
from tests.gui.shown import settle, shown


class Requests(QObject):
    """Counts how often a widget is asked to be laid out anew."""

    def __init__(self, watched: QWidget) -> None:
        super().__init__(watched)
        self.count = 0
        watched.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        self.count += event.type() == QEvent.Type.LayoutRequest
        return False


def nested(still: bool) -> tuple[QWidget, QLabel]:
    outer, inner = QWidget(), QWidget()
    label = QLabel("1")
    QVBoxLayout(inner).addWidget(label)
    QVBoxLayout(outer).addWidget(Still(inner) if still else inner)
    return outer, label


def test_other_words_inside_ask_nothing_of_the_outside(qtbot: QtBot) -> None:
    for still, asked in ((False, True), (True, False)):
        outer, label = nested(still)
        shown(qtbot, outer, 200, 100)
        requests = Requests(outer)
        label.setText("another number of another length")
        settle()
        assert (requests.count > 0) == asked


def test_the_content_has_exactly_its_room(qtbot: QtBot) -> None:
    outer, label = nested(still=True)
    shown(qtbot, outer, 200, 100)
    outer.resize(320, 180)
    settle()
    place = outer.layout().itemAt(0).widget()
    assert label.parentWidget().size() == place.size()
