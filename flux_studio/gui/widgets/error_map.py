"""Relative errors of a gradient matrix, cell by cell, on a logarithmic scale from 10⁻¹² to 10⁻²."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QEvent, QPoint, QRect, QSize, Qt, Signal
from PySide6.QtGui import QHelpEvent, QImage, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from flux_studio.gui.theme import colour, look
from flux_studio.gui.widgets import heat
from flux_studio.gui.widgets.paint import mixed

SMALLEST, LARGEST = -12.0, -2.0
_HEIGHT = 96
_SHADES = 64
_LARGEST_CELL = 22


class ErrorMap(QWidget):
    """Pale where both gradients agree, red where they do not, grey where no cell was compared."""

    cell_clicked = Signal(int, int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("nudge.errors")
        self.setAccessibleName("Relative error of each cell of the gradient")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self._errors = np.empty((0, 0))
        self._cell: tuple[int, int] | None = None
        look.changed.connect(self.update)

    @property
    def errors(self) -> np.ndarray:
        """What is shown."""
        return self._errors

    def set_errors(self, errors: np.ndarray) -> None:
        """Show these; NaN where a cell was not compared."""
        self._errors, self._cell = errors, None
        self.updateGeometry()
        self.update()

    def set_cell(self, cell: tuple[int, int] | None) -> None:
        """Outline a cell."""
        self._cell = cell
        self.update()

    def sizeHint(self) -> QSize:
        wanted = len(self._errors) * look.length(_LARGEST_CELL)
        return QSize(look.length(200), min(wanted, look.length(_HEIGHT)))

    def matrix_rect(self) -> QRect:
        """Where the cells are painted, from the left."""
        rows, columns = self._errors.shape
        if not self._errors.size:
            return QRect()
        side = look.length(_LARGEST_CELL)
        return QRect(0, 0, heat.fitted(columns, self.width(), side), heat.fitted(rows, self.height(), side))

    def cell_at(self, position: QPoint) -> tuple[int, int] | None:
        """The cell under a place."""
        rect, (rows, columns) = self.matrix_rect(), self._errors.shape
        if not rect.contains(position):
            return None
        return position.y() * rows // rect.height(), position.x() * columns // rect.width()

    def paintEvent(self, event: QPaintEvent) -> None:
        rect = self.matrix_rect()
        if rect.isEmpty():
            return
        painter = QPainter(self)
        rows, columns = self._errors.shape
        errors = np.nan_to_num(heat.shrink(self._errors, rect.height(), rect.width()), nan=-1.0, posinf=1e300)
        with np.errstate(divide="ignore", invalid="ignore"):
            logs = np.where(errors > 0, np.log10(np.maximum(errors, 1e-300)), SMALLEST)
        places = np.clip((logs - SMALLEST) / (LARGEST - SMALLEST), 0, 1) * (_SHADES - 1)
        shades = np.array(
            [mixed("zero", "error", place / (_SHADES - 1)).rgb() for place in range(_SHADES)], np.uint32
        )
        colours = np.where(
            errors < 0, np.uint32(colour("border_strong").rgb()), shades[places.astype(np.int64)]
        )
        image = QImage(colours.shape[1], colours.shape[0], QImage.Format.Format_RGB32)
        np.frombuffer(image.bits(), np.uint32).reshape(colours.shape)[...] = colours
        heat.paint_heat(painter, rect, image, colour("surface"), look.length(3))
        if self._cell is not None:
            (row, column) = self._cell
            left, right = (rect.width() * edge // columns for edge in (column, column + 1))
            top, bottom = (rect.height() * edge // rows for edge in (row, row + 1))
            painter.setPen(QPen(colour("text"), 2))
            painter.drawRect(
                QRect(left, top, max(2, right - left), max(2, bottom - top)).adjusted(1, 1, -1, -1)
            )

    def mousePressEvent(self, event: QMouseEvent) -> None:
        cell = self.cell_at(event.position().toPoint())
        if cell is not None and event.button() == Qt.MouseButton.LeftButton:
            self.cell_clicked.emit(*cell)

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            QToolTip.showText(event.globalPos(), self.tip(event.pos()), self)
            return True
        return super().event(event)

    def tip(self, position: QPoint) -> str:
        """What the tool tip says about a place."""
        cell = self.cell_at(position)
        if cell is None:
            return ""
        error = float(self._errors[cell])
        words = "not compared: a kink lies there" if np.isnan(error) else f"relative error {error:.1e}"
        return f"[{cell[0]},{cell[1]}]: {words}"
