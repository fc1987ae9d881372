"""Choosing a cell by the name of its matrix: also of one whose numbers have to be asked for first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from flux_studio.training.events import MatrixKey

if TYPE_CHECKING:
    from flux_studio.gui.main_window import MainWindow


class Selecting(QObject):
    """Shows a matrix in the focus view and outlines one of its cells as soon as its numbers are there."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        self._waiting: tuple[MatrixKey, int, int] | None = None
        window.frame_shown.connect(self._try)

    def select(self, key: MatrixKey, row: int | None = None, column: int | None = None) -> None:
        """Choose a cell; of a row or a column that is not given the one chosen before stays."""
        ready = self._window.trainer.ready
        if ready is None or key not in ready.shapes:
            return
        # Another matrix comes with no cell chosen.
        before = self._window.focus_panel.selected_cell() or (0, 0)
        self._waiting = (key, before[0] if row is None else row, before[1] if column is None else column)
        if self._window.selected_matrix != key:
            self._window.select_matrix(key)
        self._try()

    def select_row(self, row: int, is_batch: bool) -> None:
        """Choose a row of the matrix in the focus view, if it has the batch's rows."""
        cell = self._window.focus_panel.selected_cell()
        key = self._window.selected_matrix
        if is_batch and key is not None:
            self.select(key, row, cell[1] if cell else 0)

    def _try(self) -> None:
        panel = self._window.focus_panel
        if self._waiting is None or self._window.focus_shows != self._waiting[0]:
            return
        _, row, column = self._waiting
        self._waiting = None
        rows, columns = panel.shape
        if rows and columns:
            cell = min(row, rows - 1), min(column, columns - 1)
            panel.set_selected_cell(*cell)
            panel.cell_selected.emit(*cell)
