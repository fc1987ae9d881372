"""Drags and drops for tests: the very events that Qt sends, without a pointer."""

from __future__ import annotations

from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt
from PySide6.QtGui import QDragEnterEvent, QDragLeaveEvent, QDragMoveEvent, QDropEvent
from PySide6.QtWidgets import QApplication, QWidget

_ACTIONS = Qt.DropAction.CopyAction | Qt.DropAction.MoveAction
_BUTTON = Qt.MouseButton.LeftButton
_KEYS = Qt.KeyboardModifier.NoModifier


def drag_over(widget: QWidget, mime: QMimeData, position: QPoint) -> bool:
    """Carry ``mime`` onto the widget and hold it there; tells whether letting go would be obeyed."""
    enter = QDragEnterEvent(position, _ACTIONS, mime, _BUTTON, _KEYS)
    QApplication.sendEvent(widget, enter)
    if not enter.isAccepted():
        return False
    return drag_on(widget, mime, position)


def drag_on(widget: QWidget, mime: QMimeData, position: QPoint) -> bool:
    """Move on inside the widget; tells whether letting go would be obeyed."""
    move = QDragMoveEvent(position, _ACTIONS, mime, _BUTTON, _KEYS)
    move.ignore()
    QApplication.sendEvent(widget, move)
    return move.isAccepted()


def drag_away(widget: QWidget) -> None:
    """Leave the widget without letting go."""
    QApplication.sendEvent(widget, QDragLeaveEvent())


def drag_drop(widget: QWidget, mime: QMimeData, position: QPoint) -> bool:
    """Enter, move and let go at ``position``; as Qt does, no drop is sent where the move was refused."""
    if not drag_over(widget, mime, position):
        drag_away(widget)
        return False
    drop = QDropEvent(QPointF(position), _ACTIONS, mime, _BUTTON, _KEYS)
    QApplication.sendEvent(widget, drop)
    return drop.isAccepted()
