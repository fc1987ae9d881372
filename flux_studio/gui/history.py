"""The list of edits: what was done, where one stands, what undo took back; a click goes there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, QSize, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QLabel, QListWidget, QListWidgetItem, QVBoxLayout
from shiboken6 import isValid

from flux_studio.gui.theme import colour, look

if TYPE_CHECKING:
    from flux_studio.gui.main_window import MainWindow

_MOST_ROWS = 14
_ROW = 27


class HistoryList(QFrame):
    """Opens below the menu; stays open while one goes back and forth, and goes with Escape or a click elsewhere."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window, Qt.WindowType.Popup)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setObjectName("history")
        self.setProperty("popup", "true")
        self.setAccessibleName("History")
        self._window, self._document = window, window.document
        self._stack = window.document.undo_stack
        self._rows = QListWidget()
        self._rows.setObjectName("history.edits")
        self._rows.setAccessibleName("Edits")
        self._rows.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._rows.itemClicked.connect(self._go)
        self._rows.itemActivated.connect(self._go)
        heading = QLabel("History")
        heading.setProperty("heading", "true")
        advice = QLabel("Click an edit to go there, with its weights")
        advice.setProperty("caption", "true")
        column = QVBoxLayout(self)
        column.setContentsMargins(*(look.length(each) for each in (12, 10, 12, 12)))
        column.setSpacing(look.length(6))
        column.addWidget(heading)
        column.addWidget(advice)
        column.addWidget(self._rows)
        self._fill()
        self._stack.indexChanged.connect(self._fill)
        self._stack.cleanChanged.connect(self._fill)

    def open(self) -> None:
        """Show it, with the keyboard at where one stands."""
        height = look.length(_ROW) * min(_MOST_ROWS, self._rows.count()) + look.length(4)
        self._rows.setFixedSize(look.length(320), height)
        self.adjustSize()
        bar = self._window.menuBar()
        self.move(bar.mapToGlobal(QPoint(look.length(40), bar.height() + look.length(4))))
        self.show()
        self._rows.setFocus()

    def _fill(self) -> None:
        stack = self._stack
        if not isValid(stack):
            return  # the window goes, and its edits before the list
        self._rows.clear()
        for index in range(stack.count() + 1):
            words = stack.text(index - 1) if index else "As it was opened"
            marks = [
                mark
                for mark, here in (("now", index == stack.index()), ("saved", self._is_saved(index)))
                if here
            ]
            item = QListWidgetItem(f"{words}  ·  {', '.join(marks)}" if marks else words)
            item.setFont(look.text_font(bold=index == stack.index()))
            item.setToolTip(words)
            item.setSizeHint(QSize(0, look.length(_ROW)))
            if index > stack.index():
                item.setForeground(colour("text_faint"))  # taken back: redo brings it again
            self._rows.addItem(item)
        self._rows.setCurrentRow(stack.index())
        self._rows.scrollToItem(self._rows.currentItem())

    def _is_saved(self, index: int) -> bool:
        return index == self._stack.cleanIndex() and self._document.path is not None

    def _go(self, item: QListWidgetItem) -> None:
        index = self._rows.row(item)
        if index != self._stack.index():
            self._document.go_to(index)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.close()
        else:
            super().keyPressEvent(event)
