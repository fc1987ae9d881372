"""A holder that keeps changes inside it from being felt outside.

A label that gets other words asks its layout for room, that layout asks the one around it, and so on up to the
window, which then lays out all of its docks: at thirty pictures a second that costs more than the pictures. A
widget of fixed size does not pass the question on.
"""

from __future__ import annotations

from PySide6.QtCore import QSize
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QWidget


class Still(QWidget):
    """Gives ``content`` exactly its own size, whatever the content would like."""

    def __init__(self, content: QWidget, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._content = content
        content.setParent(self)

    def sizeHint(self) -> QSize:
        return self._content.sizeHint()

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._content.setFixedSize(event.size())
        super().resizeEvent(event)
