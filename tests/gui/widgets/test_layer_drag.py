"""Dragging layers: what travels, and when a pull is a drag."""

from PySide6.QtCore import QPoint, QSize
from PySide6.QtGui import QPixmap
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from flux_studio.gui.widgets.layer_drag import DraggedLayer, moved_far, start_drag
from tests.gui.shown import shown, themed


def test_a_kind_and_a_standing_layer_are_told_apart() -> None:
    chip, card = DraggedLayer("dense.v1", standing=False), DraggedLayer("dense.v1", standing=True)
    assert DraggedLayer.from_mime(chip.to_mime()) == chip
    assert DraggedLayer.from_mime(card.to_mime()) == card
    assert chip.to_mime().formats() != card.to_mime().formats()


def test_names_beyond_ascii_travel() -> None:
    layer = DraggedLayer("schicht-ä", standing=True)
    assert DraggedLayer.from_mime(layer.to_mime()) == layer


def test_a_trembling_hand_does_not_drag(qtbot: QtBot) -> None:
    themed()
    assert not moved_far(QPoint(10, 10), QPoint(12, 12))
    assert moved_far(QPoint(10, 10), QPoint(10, 20))


def test_a_drag_can_be_started(qtbot: QtBot) -> None:
    themed()
    owner = shown(qtbot, QWidget(), 60, 60)
    picture = QPixmap(QSize(40, 20))
    picture.fill("red")
    start_drag(owner, DraggedLayer("dense.v1", standing=False), picture)
