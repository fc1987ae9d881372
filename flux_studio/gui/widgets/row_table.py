"""A table of rows with what is true of each, what is predicted and what it costs; the worst first."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from PySide6.QtCore import (
    QAbstractTableModel,
    QItemSelectionModel,
    QModelIndex,
    QPersistentModelIndex,
    Qt,
    Signal,
)
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView, QWidget

from flux_studio.gui.theme import colour, look
from flux_studio.gui.widgets.numbers import loss_text

_Index = QModelIndex | QPersistentModelIndex
HEADS = ("row", "part", "true", "predicted", "loss")
ROW, PART, TRUE, PREDICTED, LOSS = range(5)
_WIDTHS = (74, 80, 86, 132, 84)
_MEANINGS = (
    "Which row; click to sort by it",
    "Whether the row trains, validates or tests",
    "What the table says",
    "What the network says; where it names a class, with its output",
    "What the row costs; click to sort by it",
)
Text = Callable[[int], str]


class RowTable(QTableView):
    """Rows are told by their places; the words of those in sight are asked for. A click chooses a row."""

    row_chosen = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("predictions.rows")
        self.setAccessibleName("Rows with their losses")
        self.model_of_rows = _Rows(self)
        self.setModel(self.model_of_rows)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setShowGrid(False)
        self.setAlternatingRowColors(True)
        self.setWordWrap(False)
        self.setTabKeyNavigation(False)
        # The order changes while training: a view that followed the chosen row would never show the worst.
        self.setAutoScroll(False)
        self.setFont(look.number_font(0.9))
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(self.fontMetrics().height() + look.length(5))
        header = self.horizontalHeader()
        header.setSectionsClickable(True)
        header.setHighlightSections(False)
        header.setSortIndicatorShown(True)
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        for place, width in enumerate(_WIDTHS):
            self.setColumnWidth(place, look.length(width))
        header.setSectionResizeMode(PREDICTED, QHeaderView.ResizeMode.Stretch)
        header.sectionClicked.connect(self._sort)
        self._show_order()
        self.selectionModel().currentRowChanged.connect(self._tell)
        self._row: int | None = None
        self._quiet = False

    def set_words(self, name: Text, part: Text, true: Text, predicted: Text) -> None:
        """How to word a row, by its place among those told."""
        self.model_of_rows.words = (name, part, true, predicted)

    def fit_names(self, longest: str) -> None:
        """Make room for the names of rows."""
        needed = self.fontMetrics().horizontalAdvance(longest) + look.length(20)
        self.setColumnWidth(ROW, max(look.length(_WIDTHS[ROW]), needed))

    def set_rows(self, places: np.ndarray, rows: np.ndarray, losses: np.ndarray, wrong: np.ndarray) -> None:
        """Show these places; ``rows``, ``losses`` and ``wrong`` are of all places."""
        self.model_of_rows.set_rows(places, rows, losses, wrong)
        self._mark()

    def set_row(self, row: int | None) -> None:
        """Mark the row of the data set that is chosen; nothing is signalled."""
        self._row = row
        self._mark()
        if self.currentIndex().isValid():
            self.scrollTo(self.currentIndex())

    def listed_row(self) -> int | None:
        """The chosen row, where it is among those listed."""
        return None if self._row is None or self.model_of_rows.line_of(self._row) is None else self._row

    def first_rows(self, count: int) -> np.ndarray:
        """The first rows of the data set, in the order of the table."""
        return self.model_of_rows.first(count)

    def text(self, line: int, column: int) -> str:
        """What stands in a line."""
        return str(
            self.model_of_rows.data(self.model_of_rows.index(line, column), Qt.ItemDataRole.DisplayRole)
        )

    # Inside

    def _sort(self, column: int) -> None:
        model = self.model_of_rows
        if column in (ROW, LOSS):
            falling = not model.falling if column == model.by else column == LOSS
            model.sort_by(column, falling)
        self._show_order()
        self._mark()

    def _show_order(self) -> None:
        model = self.model_of_rows
        order = Qt.SortOrder.DescendingOrder if model.falling else Qt.SortOrder.AscendingOrder
        self.horizontalHeader().setSortIndicator(model.by, order)

    def _mark(self) -> None:
        line = None if self._row is None else self.model_of_rows.line_of(self._row)
        self._quiet = True
        if line is None:
            self.selectionModel().clear()
        else:
            flags = QItemSelectionModel.SelectionFlag
            index = self.model_of_rows.index(line, 0)
            self.selectionModel().setCurrentIndex(index, flags.ClearAndSelect | flags.Rows)
        self._quiet = False

    def _tell(self, current: _Index) -> None:
        if not self._quiet and current.isValid():
            self._row = self.model_of_rows.row_at(current.row())
            self.scrollTo(self.currentIndex())
            self.row_chosen.emit(self._row)


class _Rows(QAbstractTableModel):
    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.by, self.falling = LOSS, True
        self.words: tuple[Text, Text, Text, Text] = (str, str, str, str)
        self._places = self._rows = np.zeros(0, np.intp)
        self._losses, self._wrong = np.zeros(0), np.zeros(0, bool)

    def set_rows(self, places: np.ndarray, rows: np.ndarray, losses: np.ndarray, wrong: np.ndarray) -> None:
        same = len(places) == len(self._places)
        if not same:
            self.beginResetModel()
        self._places, self._rows, self._losses, self._wrong = places, rows, losses, wrong
        self._order()
        if not same:
            self.endResetModel()
        elif len(places):
            self.dataChanged.emit(self.index(0, 0), self.index(len(places) - 1, len(HEADS) - 1))

    def sort_by(self, column: int, falling: bool) -> None:
        self.by, self.falling = column, falling
        self._order()
        if len(self._places):
            self.dataChanged.emit(self.index(0, 0), self.index(len(self._places) - 1, len(HEADS) - 1))

    def row_at(self, line: int) -> int:
        return int(self._rows[self._places[line]])

    def first(self, count: int) -> np.ndarray:
        return self._rows[self._places[:count]]

    def line_of(self, row: int) -> int | None:
        found = np.flatnonzero(self._rows[self._places] == row)
        return int(found[0]) if found.size else None

    def rowCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self._places)

    def columnCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(HEADS)

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> object:
        if orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return HEADS[section]
        if orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.ToolTipRole:
            return _MEANINGS[section]
        return None

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        place = int(self._places[index.row()])
        column = index.column()
        if role == Qt.ItemDataRole.DisplayRole:
            return loss_text(float(self._losses[place])) if column == LOSS else self.words[column](place)
        if role == Qt.ItemDataRole.FontRole and column in (PART, TRUE, PREDICTED):
            return look.text_font(0.94)
        if role == Qt.ItemDataRole.ForegroundRole and column == PREDICTED and self._wrong[place]:
            return colour("error")
        if role == Qt.ItemDataRole.ForegroundRole and column == PART:
            return colour("text_soft")
        return None

    def _order(self) -> None:
        # What is not a number is the worst of all.
        keys = np.nan_to_num(self._losses, nan=np.inf) if self.by == LOSS else self._rows
        order = np.argsort(keys[self._places], kind="stable")
        self._places = self._places[order[::-1] if self.falling else order]
