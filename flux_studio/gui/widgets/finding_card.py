"""One thing that is wrong with a network, in a card to be clicked: what, why, and what one could try."""

from __future__ import annotations

from PySide6.QtCore import QRectF, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from flux_studio.gui.theme import look
from flux_studio.gui.widgets.paint import mixed, rounded_box


class FindingCard(QWidget):
    """:attr:`chosen` tells that a person wants to see where."""

    chosen = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("health.finding")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setToolTip("Click to see the matrix where this shows")
        column = QVBoxLayout(self)
        column.setContentsMargins(look.length(10), look.length(7), look.length(10), look.length(7))
        column.setSpacing(look.length(3))
        self._labels = {}
        for name in ("what", "why", "advice"):
            label = self._labels[name] = QLabel(self)
            label.setObjectName(f"health.finding.{name}")
            label.setWordWrap(True)
            label.setTextFormat(Qt.TextFormat.PlainText)
            column.addWidget(label)
        self._labels["what"].setProperty("heading", "true")
        self._labels["why"].setProperty("muted", "true")
        for name in ("why", "advice"):
            self._labels[name].setFont(look.text_font(0.92))
        look.changed.connect(self.update)

    def set_texts(self, what: str, why: str, advice: str) -> None:
        """Say something else."""
        for name, text in (("what", what), ("why", why[:1].upper() + why[1:] + "."), ("advice", advice)):
            if self._labels[name].text() != text:
                self._labels[name].setText(text)
        self.setAccessibleName(what)
        self.setAccessibleDescription(f"{why}. {advice}")

    def paintEvent(self, event: QPaintEvent) -> None:
        strength = 0.6 if self.hasFocus() else 0.3
        fill, line = mixed("surface", "error", 0.06), mixed("surface", "error", strength)
        rounded_box(QPainter(self), QRectF(self.rect()), fill, line, radius=look.length(6))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self.chosen.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self.chosen.emit()
        else:
            super().keyPressEvent(event)
