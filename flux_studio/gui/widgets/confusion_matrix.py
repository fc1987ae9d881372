"""How many rows of each true class were taken for each class: counts in shaded cells, with the classes' names."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QEvent, QPoint, QPointF, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFont,
    QFontMetrics,
    QHelpEvent,
    QImage,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
)
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from flux_studio.gui.theme import colour, look
from flux_studio.gui.widgets.paint import line_of_text, mixed

_LONGEST_NAME = 84
_HIGHEST_CELL = 34
_LINED_CELL = 5
_SHADES = 64
_DARK = 0.66


class ConfusionMatrix(QWidget):
    """Rows are the true classes, columns what they were taken for; each row is shaded by its own shares.

    It always fits its width: with many classes the cells become too small for counts, and then for names, which
    the tool tip still tells. A click tells the true and the taken class of a cell.
    """

    cell_clicked = Signal(int, int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("scores.confusion")
        self.setAccessibleName("Confusion matrix")
        self._classes: tuple[str, ...] = ()
        self._counts = np.zeros((0, 0), np.int64)
        self._chosen: tuple[int, int] | None = None
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        look.changed.connect(self.update)

    @property
    def counts(self) -> np.ndarray:
        """What is shown, K×K."""
        return self._counts

    def set_counts(self, classes: tuple[str, ...], counts: np.ndarray) -> None:
        """Show other counts, K×K, true classes down and taken classes across."""
        if classes == self._classes and np.array_equal(counts, self._counts):
            return
        other = classes != self._classes
        self._classes, self._counts = classes, counts
        self.setAccessibleDescription("; ".join(self.words(row, row) for row in range(min(len(classes), 10))))
        if other:
            self._fit_height()
        self.update()

    def set_chosen(self, cell: tuple[int, int] | None) -> None:
        """Outline the cell of a true and a taken class."""
        if cell != self._chosen:
            self._chosen = cell
            self.update()

    def words(self, true: int, taken: int) -> str:
        """What a cell says: ``virginica taken for versicolor: 3 of 50``."""
        row = self._counts[true]
        what = "right" if true == taken else f"taken for {self._classes[taken]}"
        return f"{self._classes[true]} {what}: {row[taken]:,} of {row.sum():,}"

    def cell(self, true: int, taken: int) -> QRect:
        """Where a cell lies."""
        body, count = self._body(), max(1, len(self._classes))
        left, right = (body.left() + body.width() * place // count for place in (taken, taken + 1))
        top, bottom = (body.top() + body.height() * place // count for place in (true, true + 1))
        return QRect(left, top, right - left, bottom - top)

    def sizeHint(self) -> QSize:
        return QSize(look.length(240), self.height())

    def minimumSizeHint(self) -> QSize:
        return QSize(look.length(120), self.height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit_height()

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            self._tell(event)
            return True
        return super().event(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        cell = self._cell_at(event.position().toPoint())
        if cell is not None and event.button() == Qt.MouseButton.LeftButton:
            self.cell_clicked.emit(*cell)

    def paintEvent(self, event: QPaintEvent) -> None:
        if not self._classes:
            return
        painter = QPainter(self)
        first = self.cell(0, 0)
        painter.drawImage(self._body(), self._image())
        if min(first.width(), first.height()) >= _LINED_CELL:
            self._paint_lines(painter)
        self._paint_counts(painter)
        self._paint_names(painter)
        if self._chosen is not None and max(self._chosen) < len(self._classes):
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(colour("text"), 2))
            painter.drawRect(self.cell(*self._chosen).adjusted(1, 1, -1, -1))

    # Inside

    def _cell_at(self, place: QPoint) -> tuple[int, int] | None:
        body, count = self._body(), len(self._classes)
        if not count or not body.contains(place):
            return None
        inside = place - body.topLeft()
        return inside.y() * count // body.height(), inside.x() * count // body.width()

    def _tell(self, event: QHelpEvent) -> None:
        cell = self._cell_at(event.pos())
        if cell is None:
            QToolTip.hideText()
            return
        true, taken = cell
        QToolTip.showText(event.globalPos(), self.words(true, taken), self, self.cell(true, taken))

    def _levels(self) -> np.ndarray:
        """From 0 to 1, K×K: the share of its row, with small shares lifted so that they can be seen."""
        shares = self._counts / np.maximum(1, self._counts.sum(axis=1, keepdims=True))
        return np.asarray(shares**0.6)

    def _image(self) -> QImage:
        table = np.array([_shade(level / (_SHADES - 1)).rgb() for level in range(_SHADES)], np.uint32)
        pixels = np.ascontiguousarray(table[np.rint(self._levels() * (_SHADES - 1)).astype(np.intp)])
        height, width = pixels.shape
        # A copy, because the image itself would only point at the array's memory.
        return QImage(pixels.data, width, height, 4 * width, QImage.Format.Format_RGB32).copy()

    def _paint_lines(self, painter: QPainter) -> None:
        body = self._body()
        painter.setPen(colour("surface"))
        for place in range(1, len(self._classes)):
            cell = self.cell(place, place)
            painter.drawLine(cell.left(), body.top(), cell.left(), body.bottom())
            painter.drawLine(body.left(), cell.top(), body.right(), cell.top())

    def _paint_counts(self, painter: QPainter) -> None:
        font, first = _count_font(), self.cell(0, 0)
        metrics = QFontMetrics(font)
        longest = metrics.horizontalAdvance("0" * len(str(int(self._counts.max(initial=0)))))
        if longest + look.length(4) > first.width() or metrics.height() > first.height():
            return
        painter.setFont(font)
        for (true, taken), level in np.ndenumerate(self._levels()):
            count = int(self._counts[true, taken])
            ink = Qt.GlobalColor.white if _shade(level).lightnessF() < _DARK else Qt.GlobalColor.black
            painter.setPen(ink if count else colour("text_faint"))
            painter.drawText(self.cell(true, taken), Qt.AlignmentFlag.AlignCenter, str(count))

    def _paint_names(self, painter: QPainter) -> None:
        metrics, body, first = QFontMetrics(_name_font()), self._body(), self.cell(0, 0)
        tint, gap = colour("text_soft"), look.length(6)
        if first.height() >= metrics.height() - 2:
            for place, name in enumerate(self._classes):
                cell = self.cell(place, 0)
                room = QRectF(0, cell.top(), body.left() - gap, cell.height())
                line_of_text(painter, room, name, _name_font(), tint, Qt.AlignmentFlag.AlignRight)
        if first.width() < metrics.height() - 2:
            return
        for place, name in enumerate(self._classes):
            cell = self.cell(0, place)
            if not self._upright():
                room = QRectF(cell.left() + 1, 0, cell.width() - 2, body.top())
                line_of_text(painter, room, name, _name_font(), tint, Qt.AlignmentFlag.AlignHCenter)
                continue
            painter.save()
            painter.translate(QPointF(cell.left(), body.top() - gap / 2))
            painter.rotate(-90)
            line_of_text(painter, QRectF(0, 0, body.top() - gap / 2, cell.width()), name, _name_font(), tint)
            painter.restore()

    def _fit_height(self) -> None:
        count = len(self._classes)
        cell = min(look.length(_HIGHEST_CELL), max(1, self._body_width() // max(1, count)))
        wanted = self._names_height() + (cell * count if cell > 1 else self._body_width())
        if count and wanted != self.height():
            self.setFixedHeight(wanted)

    def _body(self) -> QRect:
        top = self._names_height()
        return QRect(self.width() - self._body_width(), top, self._body_width(), self.height() - top)

    def _body_width(self) -> int:
        return max(1, self.width() - self._names_width() - look.length(6))

    def _names_width(self) -> int:
        return min(look.length(_LONGEST_NAME), max(self._advances(), default=0))

    def _names_height(self) -> int:
        metrics = QFontMetrics(_name_font())
        if not self._upright():
            return metrics.height() + look.length(4)
        return min(look.length(_LONGEST_NAME), max(self._advances(), default=0)) + look.length(4)

    def _upright(self) -> bool:
        """Whether the names of the columns stand on end, because they have no room side by side."""
        width = self._body_width() // max(1, len(self._classes))
        return any(advance > width - look.length(4) for advance in self._advances())

    def _advances(self) -> list[int]:
        # A name that has just its own width would be cut by rounding.
        metrics = QFontMetrics(_name_font())
        return [metrics.horizontalAdvance(name) + 2 for name in self._classes]


def _shade(level: float) -> QColor:
    return mixed("sunken", "accent_fill", 0.04 + 0.96 * level if level else 0.0)


def _name_font() -> QFont:
    return look.text_font(0.88)


def _count_font() -> QFont:
    return look.number_font(0.88)
