"""A widget that shows one matrix as coloured cells, one of which can be pointed at and chosen."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QEvent, QPoint, QRect, QSize, Qt, Signal
from PySide6.QtGui import QHelpEvent, QImage, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from flux_studio.gui.theme import colour, look
from flux_studio.gui.widgets import heat
from flux_studio.gui.widgets.keys import ARROWS, aim
from flux_studio.gui.widgets.numbers import exact

Cell = tuple[int, int]

_LARGEST_CELL = 28
_MARGIN = 3
# Below this many pixels an outline or a hatch would hide the cell's colour.
_MARKED_CELL = 5
_MOST_HATCHED = 2_000


class HeatMap(QWidget):
    """Shows a matrix in fixed, symmetric colour levels; asks nothing and decides nothing."""

    cell_hovered = Signal(object)
    """The cell (row, column) under the pointer; ``None`` when it leaves."""
    cell_clicked = Signal(int, int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("heatmap")
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.set_name("matrix")
        self._matrix = np.empty((0, 0), dtype=np.float32)
        self._level = 1.0
        self._image = QImage()
        self._image_of: object = None
        self._selected: Cell | None = None
        self._hovered: Cell | None = None
        look.changed.connect(self._forget_image)

    def set_name(self, name: str) -> None:
        """How people call this matrix, for its tool tip and for screen readers."""
        self._name = name
        self.setAccessibleName(f"Matrix {name}")
        self.setToolTip(name)

    def set_matrix(self, array: np.ndarray, level: float) -> None:
        """Show ``array`` (rows×columns, any kind of number); ``±level`` gets the full colours."""
        matrix = heat.as_matrix(array)
        if matrix.shape != self._matrix.shape:
            self._hovered = None
            if self._selected is not None and not self._holds(self._selected, matrix.shape):
                self._selected = None
        self._matrix, self._level = matrix, level
        self._forget_image()

    def set_selected(self, cell: Cell | None) -> None:
        """Outline ``cell``, or none; nothing is signalled."""
        if cell is not None and not self._holds(cell, self._matrix.shape):
            cell = None
        if cell != self._selected:
            self._selected = cell
            self.update()

    def selected(self) -> Cell | None:
        """The outlined cell."""
        return self._selected

    def sizeHint(self) -> QSize:
        rows, columns = self._matrix.shape
        side = look.length(12)
        return QSize(max(48, min(columns * side, 320)), max(48, min(rows * side, 320)))

    def minimumSizeHint(self) -> QSize:
        return QSize(24, 24)

    def matrix_rect(self) -> QRect:
        """Where the matrix is painted: whole pixels a cell, in the middle of the widget."""
        rows, columns = self._matrix.shape
        room = self.rect().adjusted(_MARGIN, _MARGIN, -_MARGIN, -_MARGIN)
        if not rows or not columns or room.isEmpty():
            return QRect()
        cell = look.length(_LARGEST_CELL)
        across, down = room.width() // columns, room.height() // rows
        width = heat.fitted(columns, room.width(), max(1, min(cell, 2 * down)))
        height = heat.fitted(rows, room.height(), max(1, min(cell, 2 * across)) if across else cell)
        corner = room.topLeft() + QPoint((room.width() - width) // 2, (room.height() - height) // 2)
        return QRect(corner, QSize(width, height))

    def cell_at(self, position: QPoint) -> Cell | None:
        """The cell under a place in the widget."""
        rect = self.matrix_rect()
        if not rect.contains(position):
            return None
        rows, columns = self._matrix.shape
        place = position - rect.topLeft()
        return place.y() * rows // rect.height(), place.x() * columns // rect.width()

    def cell_rect(self, cell: Cell) -> QRect:
        """Where a cell is painted; at least one pixel."""
        rect = self.matrix_rect()
        (row, column), (rows, columns) = cell, self._matrix.shape
        left, right = (rect.width() * edge // columns for edge in (column, column + 1))
        top, bottom = (rect.height() * edge // rows for edge in (row, row + 1))
        return QRect(rect.left() + left, rect.top() + top, max(1, right - left), max(1, bottom - top))

    def paintEvent(self, event: QPaintEvent) -> None:
        rect = self.matrix_rect()
        if rect.isEmpty():
            return
        painter = QPainter(self)
        heat.paint_heat(painter, rect, self._picture(rect), colour("surface"), look.length(4))
        self._paint_hatches(painter, rect)
        if self._hovered is not None and self._hovered != self._selected:
            self._outline(painter, self._hovered, "text_faint", 1)
        if self._selected is not None:
            self._outline(painter, self._selected, "accent" if self.hasFocus() else "text", 2)

    def _picture(self, rect: QRect) -> QImage:
        ratio = self.devicePixelRatio()
        rows, columns = max(1, round(rect.height() * ratio)), max(1, round(rect.width() * ratio))
        if self._image_of != (rows, columns):
            cells = heat.shrink(self._matrix, rows, columns)
            self._image = heat.heat_image(cells, self._level, look.theme)
            self._image_of = (rows, columns)
        return self._image

    def _paint_hatches(self, painter: QPainter, rect: QRect) -> None:
        rows, columns = self._matrix.shape
        if min(rect.width() / columns, rect.height() / rows) < _MARKED_CELL:
            return
        for row, column in np.argwhere(~np.isfinite(self._matrix))[:_MOST_HATCHED]:
            heat.paint_hatch(painter, self.cell_rect((int(row), int(column))), look.theme)

    def _outline(self, painter: QPainter, cell: Cell, name: str, width: int) -> None:
        rect = self.cell_rect(cell)
        if min(rect.width(), rect.height()) < _MARKED_CELL:
            # Around a tiny cell, so that its colour stays to be seen.
            rect = rect.adjusted(-2, -2, 2, 2)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        for extra, shade in ((1, "surface"), (0, name)):
            pen = QPen(colour(shade), width + 2 * extra)
            pen.setJoinStyle(Qt.PenJoinStyle.MiterJoin)
            painter.setPen(pen)
            painter.drawRect(rect.adjusted(0, 0, -1, -1))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._hover(self.cell_at(event.position().toPoint()))

    def leaveEvent(self, event: QEvent) -> None:
        self._hover(None)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        cell = self.cell_at(event.position().toPoint())
        if cell is None or event.button() != Qt.MouseButton.LeftButton:
            super().mousePressEvent(event)
            return
        self._choose(cell)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        event.accept()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = Qt.Key(event.key())
        if key in ARROWS and self._matrix.size:
            cell = aim(key, False, self._selected, self._matrix.shape, 1)
            assert cell is not None
            self._choose(cell)
        else:
            super().keyPressEvent(event)

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            QToolTip.showText(event.globalPos(), self.tip(self.cell_at(event.pos())), self)
            return True
        return super().event(event)

    def tip(self, cell: Cell | None) -> str:
        """What the tool tip says about a cell: name, row, column and value."""
        if cell is None:
            return self._name
        row, column = cell
        return f"{self._name} · row {row}, column {column}: {exact(float(self._matrix[row, column]))}"

    def _choose(self, cell: Cell) -> None:
        self.set_selected(cell)
        self.cell_clicked.emit(*cell)

    def _hover(self, cell: Cell | None) -> None:
        if cell != self._hovered:
            self._hovered = cell
            self.update()
            self.cell_hovered.emit(cell)

    def _forget_image(self) -> None:
        self._image_of = None
        self.update()

    @staticmethod
    def _holds(cell: Cell, shape: tuple[int, ...]) -> bool:
        return 0 <= cell[0] < shape[0] and 0 <= cell[1] < shape[1]
