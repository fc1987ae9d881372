"""Words in an order, to be dragged up and down or moved with Alt and the arrow keys."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QDropEvent, QKeyEvent
from PySide6.QtWidgets import QListWidget, QWidget

from flux_studio.gui.theme import look

_MOST_LINES = 6


class OrderList(QListWidget):
    """The lowest stands first."""

    ordered = Signal(object)
    """All words in their new order, as a tuple."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setDragDropMode(QListWidget.DragDropMode.InternalMove)
        self.setDefaultDropAction(Qt.DropAction.MoveAction)
        self.setUniformItemSizes(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFont(look.text_font(0.94))

    @property
    def words(self) -> tuple[str, ...]:
        """What is shown, from the lowest on."""
        return tuple(self.item(row).text() for row in range(self.count()))

    def set_words(self, words: tuple[str, ...]) -> None:
        """Show these; the current one stays while it is among them."""
        if words == self.words:
            return
        current = self.currentItem().text() if self.currentItem() is not None else ""
        self.clear()
        self.addItems(list(words))
        if current in words:
            self.setCurrentRow(words.index(current))
        self.updateGeometry()

    def dropEvent(self, event: QDropEvent) -> None:
        before = self.words
        super().dropEvent(event)
        if self.words != before:
            self.ordered.emit(self.words)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        steps = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1}.get(Qt.Key(event.key()))
        if steps is None or not event.modifiers() & Qt.KeyboardModifier.AltModifier:
            super().keyPressEvent(event)
            return
        row, words = self.currentRow(), list(self.words)
        if row >= 0 and 0 <= row + steps < len(words):
            words.insert(row + steps, words.pop(row))
            self.ordered.emit(tuple(words))

    def sizeHint(self) -> QSize:
        line = self.sizeHintForRow(0) if self.count() else look.length(22)
        lines = max(2, min(_MOST_LINES, self.count()))
        return QSize(look.length(120), lines * line + 2 * self.frameWidth() + look.length(4))

    def minimumSizeHint(self) -> QSize:
        return QSize(look.length(60), self.sizeHint().height())
