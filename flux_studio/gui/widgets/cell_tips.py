"""The pointer over a grid of numbers: which cell it is over, and the tool tip of the one on which it rests."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, QPoint, QRect, Signal
from PySide6.QtGui import QHelpEvent, QMouseEvent
from PySide6.QtWidgets import QToolTip

from flux_studio.gui.widgets.cell_selection import Cell

if TYPE_CHECKING:
    from flux_studio.gui.widgets.matrix_grid import MatrixGrid


class CellTips(QObject):
    """Shows at once what the grid knows of a cell, and later what somebody else can tell."""

    explanation_wanted = Signal(int, int)
    """The pointer rests on this cell; :meth:`tell` answers."""
    hovered = Signal(object)
    """The pointer is over another cell, or with ``None`` over none."""

    def __init__(self, grid: MatrixGrid) -> None:
        super().__init__(grid)
        self._grid = grid
        self._hovered: Cell | None = None
        self._at = QPoint()
        self.place: Callable[[Cell], str] = grid.place
        """How a cell's row and column are told."""
        grid.viewport().installEventFilter(self)

    def tell(self, cell: Cell, text: str) -> None:
        """Say more of a cell, if the pointer still rests on it."""
        if cell == self._cell() and QToolTip.isVisible():
            self._show(text)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            self._at = event.globalPos()
            self._show(self._grid.tip(event.pos()))
            if (cell := self._cell()) is not None:
                self.explanation_wanted.emit(*cell)
            return True
        if event.type() == QEvent.Type.MouseMove and isinstance(event, QMouseEvent):
            self._hover(self._grid.cell_at(event.position().toPoint()))
        elif event.type() == QEvent.Type.Leave:
            self._hover(None)
        return False

    def _hover(self, cell: Cell | None) -> None:
        if cell != self._hovered:
            self._hovered = cell
            self.hovered.emit(cell)

    def _cell(self) -> Cell | None:
        """The cell on which the pointer rested last."""
        return self._grid.cell_at(self._grid.viewport().mapFromGlobal(self._at))

    def _show(self, text: str) -> None:
        """Show it until the pointer leaves the cell."""
        cell = self._cell()
        area = QRect() if cell is None else self._grid.cell_rect(cell)
        QToolTip.showText(self._at, text, self._grid.viewport(), area)
