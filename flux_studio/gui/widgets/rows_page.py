"""The rows with their losses beside the confusion matrix, whose cells choose which rows are listed."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from flux_studio.gui import predicting
from flux_studio.gui.predicting import PredictionsView, Target
from flux_studio.gui.theme import look
from flux_studio.gui.widgets.confusion_matrix import ConfusionMatrix
from flux_studio.gui.widgets.grid_painting import named_row
from flux_studio.gui.widgets.page_scroll import PageScroll
from flux_studio.gui.widgets.row_table import RowTable
from flux_studio.gui.widgets.segmented import Segment, SegmentedControl
from flux_studio.training.predictions import RowPredictions
from flux_studio.training.report import PARTS
from flux_studio.training.viewing import MOST_ROWS

ALL = "all"
_CONFUSION_WIDTH = 216


class RowsPage(QWidget):
    """Lists rows of a part, perhaps only those of one cell of the confusion matrix."""

    row_chosen = Signal(int)
    rows_wanted = Signal(object)
    """These rows of the data set, an array, are to be shown in the matrices."""
    stale = Signal()
    """Other rows are wanted."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._known: PredictionsView | None = None
        self._target: Target | None = None
        self._found: RowPredictions | None = None
        self._cell: tuple[int, int] | None = None
        self.parts = SegmentedControl(
            [
                Segment(ALL, "All", "The rows to train and to validate", "predictions.part.all"),
                *(
                    Segment(part, part.capitalize(), f"{part.capitalize()} rows", f"predictions.part.{part}")
                    for part in PARTS
                ),
            ]
        )
        self.parts.setObjectName("predictions.part")
        self.parts.set_value(ALL)
        self._count = QLabel()
        self._count.setObjectName("predictions.count")
        self._count.setProperty("muted", "true")
        self.clear = QPushButton()
        self.clear.setObjectName("predictions.filter")
        self.clear.setProperty("kind", "quiet")
        self.clear.setToolTip("List all rows again")
        self.show_rows = QPushButton()
        """Stands above the page, where there is room for it."""
        self.show_rows.setObjectName("predictions.show_rows")
        self.show_rows.setProperty("kind", "quiet")
        self.show_rows.setToolTip(
            "Show these rows in the matrices, whatever the batch is; click the row for one of them"
        )
        self.table = RowTable()
        self.confusion = ConfusionMatrix()
        self.confusion.setObjectName("predictions.confusion")
        heading = QLabel("true class down, predicted across")
        heading.setProperty("muted", "true")
        heading.setFont(look.text_font(0.88))
        side = QWidget()
        column = QVBoxLayout(side)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(heading)
        column.addWidget(self.confusion)
        column.addStretch(1)
        self._side = PageScroll(side)
        self._side.setFixedWidth(look.length(_CONFUSION_WIDTH))
        head = QHBoxLayout()
        head.setSpacing(look.length(8))
        head.addWidget(self.parts)
        head.addWidget(self._count)
        head.addWidget(self.clear)
        head.addStretch(1)
        left = QVBoxLayout()
        left.setSpacing(look.length(6))
        left.addLayout(head)
        left.addWidget(self.table, 1)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(look.length(12))
        row.addLayout(left, 1)
        row.addWidget(self._side)
        self.parts.chosen.connect(self._choose_part)
        self.clear.clicked.connect(lambda _=False: self.set_cell(None))
        self.confusion.cell_clicked.connect(
            lambda true, taken: self.set_cell(None if (true, taken) == self._cell else (true, taken))
        )
        self.table.row_chosen.connect(self._choose_row)
        self.show_rows.clicked.connect(lambda _=False: self.rows_wanted.emit(self._wanted_rows()))
        self.table.set_words(self._name, self._part, self._true, self._predicted)

    @property
    def part(self) -> str:
        """Which rows are listed: a part's name, or ``all``."""
        return self.parts.value or ALL

    @property
    def count_text(self) -> str:
        """How many rows are listed, in words."""
        return self._count.text()

    def set_target(self, known: PredictionsView, target: Target) -> None:
        """Another target, or other data."""
        same = self._known is not None and self._known.dataset is known.dataset
        if not same:
            for part, rows in zip(PARTS, _rows_of(known), strict=True):
                self.parts.set_shown(part, len(rows) > 0)
            self.parts.set_value(ALL)
            self._found = None
            self.table.fit_names(max(known.names(np.arange(len(known.dataset.inputs))[-2:]), key=len))
        if not same or target is not self._target:
            self._cell = None
        self._known, self._target = known, target
        self._side.setVisible(bool(target.classes))
        self._list()

    def set_found(self, found: RowPredictions) -> None:
        """New predictions."""
        self._found = found
        self._list()

    def set_row(self, row: int | None) -> None:
        """Mark the chosen row."""
        self.table.set_row(row)
        self._offer_rows()

    def set_part(self, part: str) -> None:
        """List the rows of another part."""
        self.parts.set_value(part)
        self._choose_part(part)

    def set_cell(self, cell: tuple[int, int] | None) -> None:
        """List only the rows of a true class that were taken for a class."""
        self._cell = cell
        self._list()

    # Inside

    def _choose_row(self, row: int) -> None:
        self._offer_rows()
        self.row_chosen.emit(row)

    def _wanted_rows(self) -> np.ndarray:
        """The chosen row if it is listed, or else the first ones in the order of the list."""
        row = self.table.listed_row()
        return self.table.first_rows(MOST_ROWS) if row is None else np.array([row])

    def _offer_rows(self) -> None:
        """Say which rows the button would show."""
        rows, listed = self._wanted_rows(), self.table.model().rowCount()
        self.show_rows.setEnabled(len(rows) > 0)
        if self._known is None or not len(rows):
            return
        some = f"the first {len(rows)}" if len(rows) < listed else f"these {len(rows)}"
        words = some if len(rows) > 1 else named_row(self._known.names(rows)[0])
        self.show_rows.setText(f"Show {words} in matrices")

    def _choose_part(self, _part: str) -> None:
        self._list()
        self.stale.emit()

    def _list(self) -> None:
        known, target, found = self._known, self._target, self._found
        if known is None or target is None:
            return
        if found is None:
            nothing = np.zeros(0, np.intp)
            self.table.set_rows(nothing, nothing, np.zeros(0), np.zeros(0, bool))
            self._count.setText("")
            self.clear.hide()
            self._offer_rows()
            return
        mine = found.parts < 2 if self.part == ALL else found.parts == [*PARTS].index(self.part)
        wrong = np.zeros(len(found.rows), bool)
        if target.classes:
            true = predicting.classes_of(known.dataset.targets[found.rows, target.place])
            taken = predicting.taken(target, found.outputs)
            wrong = true != taken
            size = len(target.classes)
            counts = np.bincount(true[mine] * size + taken[mine], minlength=size * size)
            self.confusion.set_counts(target.classes, counts.reshape(size, size))
            if self._cell is not None:
                mine = mine & (true == self._cell[0]) & (taken == self._cell[1])
        self.confusion.set_chosen(self._cell)
        places = np.flatnonzero(mine)
        self.table.set_rows(places, found.rows, found.losses, wrong)
        some = f" of {found.of:,}, evenly chosen" if found.of > len(found.rows) else ""
        count = f"{len(places):,} {'row' if len(places) == 1 else 'rows'}{some}"
        missed = f" · {int(wrong[places].sum()):,} wrong" if target.classes and self._cell is None else ""
        self._count.setText(count + missed)
        self.clear.setVisible(self._cell is not None)
        if self._cell is not None:
            one, other = (target.classes[each] for each in self._cell)
            self.clear.setText(f"{one} taken for {other}  ×" if one != other else f"{one}, right  ×")
        self._offer_rows()

    def _name(self, place: int) -> str:
        assert self._known is not None
        assert self._found is not None
        return self._known.names(self._found.rows[place : place + 1])[0]

    def _part(self, place: int) -> str:
        assert self._found is not None
        return PARTS[int(self._found.parts[place])]

    def _true(self, place: int) -> str:
        assert self._known is not None
        assert self._found is not None
        assert self._target is not None
        return predicting.true_word(self._known, self._target, int(self._found.rows[place]))

    def _predicted(self, place: int) -> str:
        assert self._found is not None
        assert self._target is not None
        return predicting.predicted_word(self._target, self._found.outputs[place])


def _rows_of(known: PredictionsView) -> tuple[np.ndarray, ...]:
    data = known.dataset
    return data.training, data.validation, data.test
