"""A message in a place of fixed size: it wraps, and ends in an ellipsis where the place is too small."""

from __future__ import annotations

from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QFontMetrics, QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from flux_studio.gui.theme import colour, look

_FLAGS = int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextWordWrap)


class ShortMessage(QWidget):
    """The tool tip has the whole text."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._text, self._tint = "", "text_soft"

    @property
    def text(self) -> str:
        """The whole text."""
        return self._text

    def set_text(self, text: str, tint: str) -> None:
        """Show another text in a named colour."""
        if (text, tint) != (self._text, self._tint):
            self._text, self._tint = text, tint
            self.setToolTip(text)
            self.setAccessibleName(text)
            self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        font = look.text_font(0.94)
        painter.setFont(font)
        painter.setPen(colour(self._tint))
        painter.drawText(self.rect(), _FLAGS, shortened(self._text, QFontMetrics(font), self.rect()))


def shortened(text: str, metrics: QFontMetrics, area: QRect) -> str:
    """As many words of ``text`` as fit into ``area`` when it wraps."""
    words = text.split()
    for kept in range(len(words), 0, -1):
        shown = " ".join(words[:kept]) + ("…" if kept < len(words) else "")
        if metrics.boundingRect(area, _FLAGS, shown).height() <= area.height():
            return shown
    return ""
