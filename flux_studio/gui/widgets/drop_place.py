"""An empty place that says what can be dropped on it, with a button that does the same."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QLabel, QPushButton, QVBoxLayout, QWidget

from flux_studio.gui.theme import colour, look
from flux_studio.gui.widgets.icons import paint_icon
from flux_studio.gui.widgets.paint import rounded_box


class DropPlace(QWidget):
    """A dashed box with an icon, a sentence and the ``button``; dropping itself is the window's affair."""

    def __init__(self, drawing: str, words: str, button: QPushButton, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._drawing = drawing
        label = QLabel(words, self)
        label.setProperty("muted", "true")
        label.setAlignment(Qt.AlignmentFlag.AlignCenter)
        label.setWordWrap(True)
        column = QVBoxLayout(self)
        side = look.length(16)
        column.setContentsMargins(side, side + _icon_size() + look.length(8), side, side)
        column.setSpacing(look.length(12))
        column.addWidget(label)
        column.addWidget(button, 0, Qt.AlignmentFlag.AlignHCenter)
        look.changed.connect(self.update)

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        line, fill = colour("border_strong"), colour("sunken")
        rounded_box(painter, QRectF(self.rect()), fill, line, radius=look.length(8), dashed=True)
        size = _icon_size()
        place = QRectF((self.width() - size) / 2, look.length(16), size, size)
        paint_icon(painter, self._drawing, place, "text_faint")


def _icon_size() -> int:
    return look.length(30)
