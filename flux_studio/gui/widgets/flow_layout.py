"""A layout that sets widgets side by side and goes on in the next line, as words do on a page."""

from __future__ import annotations

from PySide6.QtCore import QMargins, QPoint, QRect, QSize, Qt
from PySide6.QtWidgets import QLayout, QLayoutItem, QWidget


class FlowLayout(QLayout):
    """Lines are as high as their highest item, whose middle the others share; the height depends on the width."""

    def __init__(self, parent: QWidget, margins: QMargins, spacing: int) -> None:
        super().__init__(parent)
        self._items: list[QLayoutItem] = []
        self.setContentsMargins(margins)
        self.setSpacing(spacing)

    def addItem(self, item: QLayoutItem) -> None:
        self._items.append(item)

    def count(self) -> int:
        return len(self._items)

    def itemAt(self, index: int) -> QLayoutItem | None:
        return self._items[index] if 0 <= index < len(self._items) else None

    def takeAt(self, index: int) -> QLayoutItem | None:
        return self._items.pop(index) if 0 <= index < len(self._items) else None

    def expandingDirections(self) -> Qt.Orientation:
        return Qt.Orientation(0)

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        return self._places(width)[1]

    def setGeometry(self, rect: QRect) -> None:
        super().setGeometry(rect)
        places, _ = self._places(rect.width())
        for item, place in zip(self._items, places, strict=True):
            item.setGeometry(place.translated(rect.topLeft()))

    def sizeHint(self) -> QSize:
        return self.minimumSize()

    def minimumSize(self) -> QSize:
        margins = self.contentsMargins()
        size = QSize()
        for item in self._items:
            size = size.expandedTo(item.minimumSize())
        return size + QSize(margins.left() + margins.right(), margins.top() + margins.bottom())

    def _places(self, width: int) -> tuple[list[QRect], int]:
        """Where each item goes inside ``width``, and the height that all of them take."""
        margins = self.contentsMargins()
        right = width - margins.right()
        x, y = margins.left(), margins.top()
        lines: list[list[QRect]] = [[]]
        for size in (item.sizeHint() for item in self._items):
            if lines[-1] and x + size.width() > right:
                x, y = margins.left(), y + _height(lines[-1]) + self.spacing()
                lines.append([])
            lines[-1].append(QRect(QPoint(x, y), size))
            x += size.width() + self.spacing()
        places = [each.translated(0, (_height(line) - each.height()) // 2) for line in lines for each in line]
        return places, y + _height(lines[-1]) + margins.bottom()


def _height(line: list[QRect]) -> int:
    return max((each.height() for each in line), default=0)
