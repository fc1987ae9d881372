"""The rows of a table for a view: any order of them, any part of them, however many there are."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt, Signal
from PySide6.QtWidgets import QWidget

from flux_studio.data.columns import Column
from flux_studio.data.table import Table

_Index = QModelIndex | QPersistentModelIndex
PARTS = ("training", "validation", "test", "left out")
"""What the rows of a table can be, in the order of their codes."""


class RowModel(QAbstractTableModel):
    """Asks the table for the cells in sight only; a cell typed over is told, and changes when the table does."""

    edited = Signal(int, str, str)
    """A row of the table, from 0, the name of a column, and what is to stand there."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.table: Table | None = None
        self.columns: tuple[Column, ...] = ()
        self.rows = np.zeros(0, np.intp)
        self.parts = np.zeros(0, np.uint8)

    def set_table(
        self, table: Table, columns: tuple[Column, ...], parts: np.ndarray, rows: np.ndarray
    ) -> None:
        """Another table: what each of its rows is, by its place among :data:`PARTS`, and which to show."""
        self.beginResetModel()
        self.table, self.columns, self.parts, self.rows = table, columns, parts, rows
        self.endResetModel()

    def change_cells(self, table: Table, columns: tuple[Column, ...], parts: np.ndarray) -> None:
        """The same rows of a table in which some cells are others; what is selected and in sight stays."""
        self.table, self.columns, self.parts = table, columns, parts
        if len(self.rows):
            last = self.index(len(self.rows) - 1, len(table.names) - 1)
            self.dataChanged.emit(self.index(0, 0), last)

    def set_rows(self, rows: np.ndarray) -> None:
        """Show these rows, in this order."""
        self.beginResetModel()
        self.rows = rows
        self.endResetModel()

    def part(self, place: int) -> int:
        """What the row at this place is."""
        return int(self.parts[self.rows[place]])

    def rowCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self.rows)

    def columnCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() or self.table is None else len(self.table.names)

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if self.table is None:
            return None
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.EditRole):
            return self.table.columns[index.column()][int(self.rows[index.row()])]
        if role == Qt.ItemDataRole.ToolTipRole:
            row = int(self.rows[index.row()])
            return f"{self.table.where(row, self.table.names[index.column()])}: {PARTS[self.parts[row]]}"
        return None

    def setData(self, index: _Index, value: object, role: int = Qt.ItemDataRole.EditRole) -> bool:
        if self.table is None or role != Qt.ItemDataRole.EditRole or str(value).strip() == index.data():
            return False
        self.edited.emit(int(self.rows[index.row()]), self.table.names[index.column()], str(value).strip())
        return True

    def flags(self, index: _Index) -> Qt.ItemFlag:
        return super().flags(index) | Qt.ItemFlag.ItemIsEditable

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> object:
        if self.table is None or role not in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole):
            return None
        if orientation == Qt.Orientation.Vertical:
            return f"{int(self.rows[section]) + 1}"
        name = self.table.names[section]
        return name if role == Qt.ItemDataRole.DisplayRole else f"{name}: click to sort by it"
