"""Keeps the table panel true: sorts and filters its rows, lets its cells be edited, and shows a clicked row."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from flux_studio.data.progress import GoesOn
from flux_studio.data.rows import in_order, with_cell, with_text
from flux_studio.data.table import Table
from flux_studio.errors import FluxError
from flux_studio.gui import presenting, reading
from flux_studio.gui.background import Background
from flux_studio.gui.live import Live
from flux_studio.gui.panels.table import TablePanel, counts
from flux_studio.gui.widgets.row_model import PARTS
from flux_studio.gui.working import Task
from flux_studio.project.project import Project
from flux_studio.training.events import Frame
from flux_studio.training.predictions import WrongRows
from flux_studio.training.questions import Question

if TYPE_CHECKING:
    from flux_studio.gui.main_window import MainWindow

_WRONG = WrongRows()
_LONGEST = 40


class TableLive(Live):
    """Orders rows beside the window; of a large table that takes a moment."""

    def __init__(self, window: MainWindow) -> None:
        panel = TablePanel()
        super().__init__("table", panel, panel.header, "matrices", window)
        self._window, self._panel = window, panel
        self._project: Project | None = None
        self._is_shown = False
        self._text, self._kind = "", "all"
        self._sorted: tuple[str, bool] | None = None
        self._wrong: np.ndarray | None = None
        """For each row of the table, whether it is answered wrongly; of the iteration below."""
        self._wrong_at: int | None = None
        self._background = Background(window)
        self._background.finished_with.connect(self._take)
        panel.filter_changed.connect(self._filter)
        panel.sort_requested.connect(self._sort)
        panel.model.edited.connect(self._edit)
        panel.row_chosen.connect(self._show_in_matrices)
        window.document.opened.connect(self._forget)

    # What happens

    def set_seen(self, seen: bool) -> None:
        super().set_seen(seen)
        if seen and not self._is_shown:
            self._show()

    def show_project(self, project: Project) -> None:
        self._project, self._is_shown, self._wrong, self._wrong_at = project, False, None, None
        if self.seen:
            self._show()

    def questions(self) -> tuple[Question, ...]:
        trainer = self._window.trainer
        if self._kind != "wrong" or trainer.running or self._wrong_at == trainer.shown:
            return ()
        return (_WRONG,)

    def show_frame(self, frame: Frame) -> None:
        answer, data = frame.answers.get(_WRONG), presenting.dataset(self._window.document.project)
        if not isinstance(answer, np.ndarray) or data is None or self._project is None:
            return
        self._wrong = np.zeros(self._project.table.rows, np.bool_)
        self._wrong[data.table_rows[answer]] = True
        self._wrong_at = self._window.trainer.shown
        self._order()

    # What people do

    def _filter(self, text: str, kind: str) -> None:
        if (text, kind) != (self._text, self._kind):
            self._text, self._kind = text, kind
            if kind == "wrong":
                self.stale.emit()
            self._order()

    def _sort(self, name: str) -> None:
        """Up, then down, then as the table has them."""
        before = self._sorted
        self._sorted = (name, False) if before is None or before[0] != name else (name, True)
        if before == (name, True):
            self._sorted = None
        self._order()

    def _edit(self, row: int, name: str, text: str) -> None:
        window, project = self._window, self._window.document.project
        said = "nothing" if not text else f"{text[:_LONGEST]}…" if len(text) > _LONGEST else text
        words = f"Set {name} of row {row + 1:,} to {said}"

        def change(_: GoesOn) -> Project:
            other = reading.fitted(before.with_table(with_cell(project.table, row, name, text)))
            return before.edited(other.specification, table_of=other)

        def take(changed: Project) -> None:
            if window.document.project.table is not project.table:
                window.workbench.troubled.emit("the table was changed meanwhile; type that cell again")
                return
            window.document.replace(words, changed)

        before = window.document.latest()
        window.workbench.working.do(
            Task("cell", words, change, take, lambda error: window.workbench.troubled.emit(str(error))),
            at_once=reading.is_small(project.table),
        )

    def _show_in_matrices(self, row: int) -> None:
        self._window.rows.show_numbers((row + 1,))

    # Inside

    def _forget(self) -> None:
        self._text, self._kind, self._sorted = "", "all", None
        self._panel.clear_text()

    def _show(self) -> None:
        """The present table, with the same rows in sight where only cells of it have changed."""
        project, model = self._project, self._panel.model
        if project is None:
            return
        self._is_shown = True
        table, parts = project.table, parts_of(project)
        columns = project.specification.data.columns
        same = model.table is not None and (model.table.names, model.table.rows) == (table.names, table.rows)
        offered = ("all", *(part for code, part in enumerate(PARTS) if (parts == code).any()))
        if _has_classes(project):
            offered += ("wrong",)
        if self._kind not in offered:
            self._kind = "all"
        if self._sorted is not None and self._sorted[0] not in table.names:
            self._sorted = None
        self._panel.set_offered(offered, self._kind)
        if same:
            model.change_cells(table, columns, parts)
        else:
            model.set_table(table, columns, parts, np.arange(table.rows))
            self._panel.fit_widths()
        self._order()

    def _order(self) -> None:
        """Let the rows be found that are to be shown, in their order."""
        project = self._project
        if project is None or not self._is_shown:
            return
        table, text, order = project.table, self._text, self._sorted
        keep = self._kept()
        place = -1 if order is None else table.names.index(order[0])
        self._panel.set_sorted(place, order is not None and order[1])

        def find(goes_on: GoesOn) -> np.ndarray:
            return ordered(table, keep, text, order, goes_on)

        self._background.give_up()
        if reading.is_small(table):
            self._take(table, find(lambda done, of: True))
        else:
            self._panel.set_counts("looking…")
            self._background.begin(table, find)

    def _kept(self) -> np.ndarray | None:
        if self._kind == "wrong":
            return self._wrong
        return None if self._kind == "all" else self._panel.model.parts == PARTS.index(self._kind)

    def _take(self, table: object, rows: object) -> None:
        if self._project is None or table is not self._project.table or isinstance(rows, FluxError):
            return
        assert isinstance(rows, np.ndarray)
        model = self._panel.model
        if not np.array_equal(rows, model.rows):
            model.set_rows(rows)
        words = counts(len(rows), len(model.parts))
        if self._kind == "wrong" and self._wrong is None:
            words = "pause training to see which rows are wrong"
        elif self._kind == "wrong":
            words += f" wrong at iteration {self._wrong_at:,}"
        self._panel.set_counts(words)


def ordered(
    table: Table, keep: np.ndarray | None, text: str, order: tuple[str, bool] | None, goes_on: GoesOn
) -> np.ndarray:
    """The rows among those to ``keep`` that have the text, in the order of a column."""
    found = with_text(table, text, goes_on)
    if keep is not None:
        found &= keep
    if order is None:
        return np.flatnonzero(found)
    rows = in_order(table, *order)
    return rows[found[rows]]


def parts_of(project: Project) -> np.ndarray:
    """For each row of the table its place among :data:`PARTS`."""
    parts, data = np.full(project.table.rows, PARTS.index("left out"), np.uint8), presenting.dataset(project)
    if data is not None:
        for code, rows in enumerate((data.training, data.validation, data.test)):
            parts[data.table_rows[rows]] = code
    return parts


def _has_classes(project: Project) -> bool:
    data = presenting.dataset(project)
    return data is not None and data.preprocessor.task != "numbers"
