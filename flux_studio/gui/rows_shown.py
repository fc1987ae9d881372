"""Which rows the matrices are of: what a person chose, in the words of the table, and what the window says about it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from itertools import count, groupby
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QObject

from flux_studio.data.dataset import Dataset
from flux_studio.errors import DataError
from flux_studio.gui import matrices, presenting
from flux_studio.gui.trainer import SHOWN_ROWS
from flux_studio.gui.widgets.grid_painting import named_row
from flux_studio.gui.widgets.rows_button import KINDS, RowsButton
from flux_studio.project.descriptions import counted, sample_noun
from flux_studio.project.project import Project
from flux_studio.training.events import Frame
from flux_studio.training.viewing import MOST_ROWS, USUAL_ROWS, FixedRows, RowChoice, WorstRows

if TYPE_CHECKING:
    from flux_studio.gui.main_window import MainWindow

_BATCH = "batch"
_RANGE = re.compile(r"(\d+)(?:\s*[-–]\s*(\d+))?")


class RowsShown(QObject):
    """Keeps trainer, wall, focus view and chosen cell on the rows that a person wants to see."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        self._button = RowsButton()
        self._kind = window.settings.rows if window.settings.rows in KINDS else _BATCH
        self._numbers: tuple[int, ...] = ()
        """The fixed rows as the table counts them, from 1; none: its first ones."""
        self._data: Dataset | None = None
        self._frame: Frame | None = None
        self._rows = 0
        window.wall_header.add_control(self._button)
        self._button.chosen.connect(self.choose)
        self._button.typed.connect(self._take_typed)
        self._button.menu().aboutToShow.connect(self._show_numbers)
        window.document.opened.connect(self._forget)

    # What people do

    def choose(self, kind: str) -> None:
        """Show the rows of the batch, fixed ones, or the worst of a part."""
        self._kind = self._window.settings.rows = kind
        self._apply()

    def show_rows(self, rows: Iterable[int]) -> None:
        """Show these rows of the data set from now on, with the matrices in front."""
        self._window.docks["matrices"].show()
        self._window.docks["matrices"].raise_()
        self.show_numbers(tuple(int(self._data.table_rows[row]) + 1 for row in rows))

    def show_numbers(self, numbers: tuple[int, ...]) -> None:
        """Show these rows of the table, counted from 1, from now on; what cannot be shown is told in the strip."""
        try:
            if self._data is None:
                raise DataError("no row can be shown yet: first say what is to be learnt from the table")
            rows = self._window.document.project.table.rows
            for number in numbers:
                if not 1 <= number <= rows:
                    raise DataError(f"row {number:,} cannot be shown: the table has {counted(rows, 'row')}")
            places_of(self._data, numbers)
        except DataError as error:
            self._window.workbench.troubled.emit(str(error))
            return
        self._window.workbench.troubled.emit("")
        self._numbers = numbers
        self.choose("fixed")

    def _take_typed(self, text: str) -> None:
        try:
            self.show_numbers(numbers_in(text))
        except DataError as error:
            self._window.workbench.troubled.emit(str(error))

    # What happens

    def show_project(self, project: Project) -> None:
        """Another document, or another state of it: the same rows of its table, as far as they are there."""
        self._frame, self._data = None, presenting.dataset(project)
        data = self._data
        self._button.setEnabled(data is not None)
        if data is None:
            return
        self.names = presenting.SampleNames(data)
        self._button.set_offered("validation", len(data.validation) > 0)
        self._apply()

    def begin(self) -> None:
        """A network is ready: its matrices stand on the wall, with as many rows as are shown of it."""
        ready, project = self._window.trainer.ready, self._window.document.project
        if ready is None:
            return
        self._frame, self._rows = None, 0
        self._window.wall.set_rows(matrices.wall_rows(project, ready.shapes))
        self._say(None)

    def show_frame(self, frame: Frame) -> None:
        """Let wall, words and the chosen cell follow the rows that this frame is of."""
        before, self._frame = self._frame, frame
        rows = 0 if frame.choice is None else frame.rows
        if rows != self._rows:
            self._rows = rows
            self._window.wall.set_rows(self._wall_rows(rows))
        if before is None or _looks(before) != _looks(frame):
            self._say(frame)
        if before is None:
            self._move_cell(frame.samples[:0], frame.samples)
        elif before.choice != frame.choice:
            self._move_cell(before.samples, frame.samples)

    # Inside

    def _forget(self) -> None:
        self._numbers = ()

    def _choice(self) -> RowChoice:
        match self._kind:
            case "fixed":
                return FixedRows(self._fixed())
            case "training":
                return WorstRows("training")
            case "validation" if len(self._data.validation):
                return WorstRows("validation")
        return None

    def _fixed(self) -> tuple[int, ...]:
        if self._numbers:
            try:
                return places_of(self._data, self._numbers)
            except DataError:
                # The table has changed, and what was chosen is no longer in it.
                self._numbers = ()
        return tuple(range(min(USUAL_ROWS, len(self._data.inputs))))

    def _apply(self) -> None:
        choice = self._choice()
        words, meaning = "this batch", KINDS[self._kind][1]
        if isinstance(choice, FixedRows):
            words = f"{len(choice.rows)} fixed"
            if len(choice.rows) == 1:
                (words,) = self.names.of(np.array(choice.rows))
        elif choice is not None:
            words = f"worst {choice.part}"
        self._button.set_choice(
            _BATCH if choice is None else self._kind, words, f"{meaning}; click for others"
        )
        self._window.trainer.show_rows(choice)

    def _show_numbers(self) -> None:
        rows = [int(self._data.table_rows[row]) + 1 for row in self._fixed()]
        self._button.set_numbers(numbers_text(rows))

    def _wall_rows(self, rows: int) -> tuple[matrices.WallRow, ...]:
        ready = self._window.trainer.ready
        assert ready is not None, "there are no frames before a network is ready"
        shapes = {
            key: (rows, shape[1]) if rows and matrices.is_of_rows(key) else shape
            for key, shape in ready.shapes.items()
        }
        return matrices.wall_rows(self._window.document.project, shapes)

    def _say(self, frame: Frame | None) -> None:
        """Whose rows these are, above the wall, below it, and above the focus view."""
        window, project = self._window, self._window.document.project
        short, note = presenting.batch_note(project), presenting.rows_note(project, SHOWN_ROWS)
        said = ""
        if frame is not None and frame.choice is not None:
            short = said = f"{self._shown(frame)}: not the batch it trains on"
            note = f"{said}, so nothing is learnt from these gradients{self._dropout()}"
        elif frame is not None and frame.when.done and self._choice() is not None:
            said = short = "this batch"
            note = "this batch: between two iterations only its rows are computed"
        window.wall_header.set_detail(short)
        window.wall.set_rows_note(note)
        window.focus_header.set_detail(said)

    def _shown(self, frame: Frame) -> str:
        if len(frame.samples) == 1:
            return named_row(self.names.of(frame.samples)[0])
        kind = "fixed" if isinstance(frame.choice, FixedRows) else f"worst {self._kind}"
        return counted(
            len(frame.samples), f"{kind} {sample_noun(self._window.document.project.specification)}"
        )

    def _dropout(self) -> str:
        ready = self._window.trainer.ready
        drops = ready is not None and any(name == "mask_matrix" for _, name in ready.shapes)
        return "; dropout as in a batch of these" if drops else ""

    def _move_cell(self, before: np.ndarray, after: np.ndarray) -> None:
        """Let the chosen cell stay with its row where that is still shown, or else in the same place."""
        place = self._window.selection.place
        if place is None or not matrices.is_of_rows(place.key):
            return
        row, column = place.cell
        same = np.flatnonzero(after == before[row]) if row < len(before) else []
        row = int(same[0]) if len(same) else min(row, len(after) - 1)
        self._window.selection.move(replace(place, cell=(row, column)))


def _looks(frame: Frame) -> tuple[object, ...]:
    """What the words about a frame's rows depend on."""
    return frame.choice, frame.rows, bool(frame.when.done), tuple(frame.samples[:2].tolist())


def numbers_in(text: str) -> tuple[int, ...]:
    """The rows that ``1–12, 40`` names, each once; :class:`DataError` where that cannot be read."""
    found: dict[int, None] = {}
    for part in filter(None, (each.strip() for each in text.split(","))):
        known = _RANGE.fullmatch(part)
        if known is None:
            raise DataError(f"{part!r} names no row of the table: write numbers such as 1–12, 40")
        first = int(known[1])
        last = int(known[2] or first)
        if last - first > MOST_ROWS or len(found) > MOST_ROWS:
            raise DataError(
                f"the matrices show at most {MOST_ROWS} chosen rows: name fewer than {text.strip()}"
            )
        found.update(dict.fromkeys(range(first, last + 1)))
    if not found:
        raise DataError("which rows of the table are to be shown? Write numbers such as 1–12, 40")
    if len(found) > MOST_ROWS:
        raise DataError(f"the matrices show at most {MOST_ROWS} chosen rows, not {len(found)}")
    return tuple(found)


def numbers_text(numbers: Iterable[int]) -> str:
    """The other way round: successive numbers as ranges."""
    steps = count()
    runs = [[*run] for _, run in groupby(numbers, key=lambda number: number - next(steps))]
    return ", ".join(f"{run[0]}–{run[-1]}" if len(run) > 1 else str(run[0]) for run in runs)


def places_of(data: Dataset, numbers: Iterable[int]) -> tuple[int, ...]:
    """The rows of the data set that these rows of the table became; :class:`DataError` where one became none."""
    numbers = tuple(numbers)
    places = np.searchsorted(data.table_rows, np.array(numbers) - 1).tolist()
    for number, place in zip(numbers, places, strict=True):
        if place == len(data.table_rows) or data.table_rows[place] != number - 1:
            what = "no window ends in it" if data.windowing.window > 1 else "it lacks a value"
            raise DataError(f"row {number:,} of the table cannot be shown: {what}")
    return tuple(places)
