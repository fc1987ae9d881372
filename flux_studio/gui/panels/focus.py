"""The focus view: one matrix with every number, its labels, and what can be said about it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PySide6.QtCore import QSize, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QWidget

from flux_studio.engine.matrices import MatrixKind
from flux_studio.gui.theme import look
from flux_studio.gui.widgets import heat
from flux_studio.gui.widgets.matrix_facts import MatrixFacts
from flux_studio.gui.widgets.matrix_grid import MatrixGrid

_NOTHING_CHOSEN = "Choose a matrix on the wall to see its numbers."
_NO_CELLS = "This matrix has no numbers yet."
_FACTS_SHARE = 0.27


class MatrixFocus(QWidget):
    """Shows one matrix large; :attr:`cell_selected` tells which cell a person pointed at."""

    cell_selected = Signal(int, int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("matrices.focus")
        self.setAccessibleName("The chosen matrix")
        self._kind: MatrixKind | None = None
        self._layer_title = ""
        self._matrix = np.empty((0, 0), dtype=np.float32)
        self.grid = MatrixGrid()
        self.facts = MatrixFacts()
        row = QHBoxLayout(self)
        row.setContentsMargins(look.length(6), look.length(4), 0, look.length(4))
        row.setSpacing(0)
        row.addWidget(self.grid, 1)
        row.addWidget(self.facts)
        self.grid.cell_selected.connect(self._tell_cell)
        self.setFocusProxy(self.grid)
        self.clear()

    def set_matrix(
        self,
        kind: MatrixKind,
        layer_title: str,
        array: np.ndarray,
        row_labels: Sequence[str],
        column_labels: Sequence[str],
        full_shape: tuple[int, int],
        level: float | None = None,
    ) -> None:
        """Show another matrix. ``array`` may hold only the first rows of ``full_shape``.

        ``level`` is the wall's colour level of this matrix, so that both have the same colours. The chosen cell
        stays where it is the same matrix of the same layer, as after training was started over.
        """
        same = self._kind is not None and (self._kind.name, self._layer_title) == (kind.name, layer_title)
        self._kind, self._layer_title = kind, layer_title
        self._matrix = heat.as_matrix(array)
        self.grid.set_sentence(_NO_CELLS)
        self.grid.set_matrix(self._matrix, row_labels, column_labels, level, keep_place=same)
        self.facts.set_matrix(kind, layer_title, len(self._matrix), full_shape)
        self.facts.show()
        self._update_facts()

    def set_rows(self, labels: Sequence[str], full_shape: tuple[int, int]) -> None:
        """Say which rows the same matrix shows now; ``full_shape`` has as many as there are."""
        self.grid.set_row_labels(labels)
        if self._kind is not None:
            self.facts.set_shape(self._kind, len(labels), full_shape)

    def update_values(self, array: np.ndarray, level: float | None = None, *, facts: bool = True) -> None:
        """Show new numbers of the same matrix, in the wall's colours; place, zoom and selection stay.

        Without ``facts`` minimum, mean and so on stand until the next time.
        """
        self._matrix = heat.as_matrix(array)
        self.grid.update_values(self._matrix, level)
        if facts:
            self._update_facts()

    def set_selected_cell(self, row: int, column: int) -> None:
        """Outline a cell and bring it into view; nothing is signalled."""
        self.grid.set_selected_cell((row, column))
        self._update_cell()

    def set_selected_column(self, column: int) -> None:
        """Outline a whole column and bring its first cell into view; nothing is signalled."""
        self.grid.set_selected_column(column)
        self._update_cell()

    def selected_cell(self) -> tuple[int, int] | None:
        """The outlined cell."""
        return self.grid.selected_cell()

    def clear(self) -> None:
        """Show that no matrix is chosen."""
        self._kind = None
        self._matrix = np.empty((0, 0), dtype=np.float32)
        self.grid.set_sentence(_NOTHING_CHOSEN)
        self.grid.set_matrix(self._matrix, (), ())
        self.facts.hide()

    def sizeHint(self) -> QSize:
        return QSize(look.length(870), look.length(240))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        wanted = round(self.width() * _FACTS_SHARE)
        self.facts.setFixedWidth(min(max(wanted, look.length(196)), look.length(290)))

    def _update_facts(self) -> None:
        self.facts.set_spread(self._matrix, self.grid.number_style(), self.grid.level())
        self._update_cell()

    def _update_cell(self) -> None:
        cell = self.grid.selected_cell()
        if cell is None or self._kind is None:
            self.facts.set_cell("", None)
            return
        row, column = cell
        self.facts.set_cell(
            f"{self._kind.symbol} at {self.grid.place(cell)}", float(self._matrix[row, column])
        )

    def _tell_cell(self, row: int, column: int) -> None:
        self._update_cell()
        self.cell_selected.emit(row, column)
