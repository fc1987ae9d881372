"""A few words for a person in a tinted box, which is not there while there is nothing to say."""

from __future__ import annotations

from PySide6.QtCore import QRectF
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QLabel, QSizePolicy, QVBoxLayout, QWidget

from flux_studio.gui.theme import look
from flux_studio.gui.widgets.icons import paint_icon
from flux_studio.gui.widgets.paint import mixed, rounded_box


class Note(QWidget):
    """Text on a ground in the colour ``tint``, with an icon before it if there is one."""

    def __init__(self, drawing: str, tint: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._drawing, self._tint = drawing, tint
        self._label = QLabel(self)
        self._label.setWordWrap(True)
        self._label.setProperty("error" if tint == "error" else "muted", "true")
        self._label.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
        side, top = look.length(10), look.length(7)
        box = QVBoxLayout(self)
        box.setContentsMargins(side + (look.length(22) if drawing else 0), top, side, top)
        box.addWidget(self._label)
        self.setVisible(False)
        look.changed.connect(self.update)

    @property
    def text(self) -> str:
        """What is said."""
        return self._label.text()

    def set_text(self, text: str) -> None:
        """Say something else; an empty text takes the box away."""
        self._label.setText(text)
        self.setAccessibleName(text)
        self.setVisible(bool(text))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        fill, line = mixed("surface", self._tint, 0.08), mixed("surface", self._tint, 0.3)
        rounded_box(painter, QRectF(self.rect()), fill, line, radius=look.length(6))
        if self._drawing:
            size = look.length(16)
            place = QRectF(look.length(9), look.length(7), size, size)
            paint_icon(painter, self._drawing, place, self._tint)
