"""The chosen cell: what the panel This cell asks of each moment, and what of the window lights up for it."""

from __future__ import annotations

import time
from math import isnan
from typing import TYPE_CHECKING

from flux_studio.engine.matrices import MATRIX_KINDS, describe, kinds_beside
from flux_studio.errors import FluxError
from flux_studio.gui import matrices
from flux_studio.gui.live import Live
from flux_studio.gui.panels.cell import CellPanel
from flux_studio.gui.selection import CellPlace
from flux_studio.gui.widgets.cell_rows import cell_view
from flux_studio.gui.widgets.grid_painting import named_row
from flux_studio.gui.widgets.numbers import exact
from flux_studio.training.events import Frame, MatrixKey
from flux_studio.training.explaining import FEW_TERMS, CellStory, ExplainCell, Link
from flux_studio.training.questions import Question

if TYPE_CHECKING:
    from flux_studio.gui.main_window import MainWindow


SHARE = 10
"""While training, a cell is explained anew after so many times what that took: most are with each frame."""


class ThisCell(Live):
    """Asks how the chosen cell came to be while its panel is seen, and follows the links in the answer."""

    follows_cell = True

    def __init__(self, window: MainWindow) -> None:
        self._cell = CellPanel()
        super().__init__("cell", self._cell, self._cell.header, "", window)
        self._window, self._selection = window, window.selection
        self._whole = False
        self._shown: tuple[tuple[int, ...], ...] = ()
        self.story: CellStory | None = None
        self._due = 0.0
        self._pending: CellPlace | None = None
        self._hovered: CellPlace | None = None
        """The cell under the pointer, while it is to be told of."""
        self._cell.set_tip(self._tip)
        self._cell.link_chosen.connect(self._follow)
        self._cell.whole_requested.connect(self._toggle_whole)
        self._cell.back_requested.connect(self._selection.go_back)
        self._cell.follow_changed.connect(lambda _: self._hover(None))
        window.focus_panel.grid.tips.hovered.connect(self._hover)
        self._selection.changed.connect(self._choose)
        self._selection.chosen.connect(self._raise)
        window.focus_panel.cell_selected.connect(self._point_at)
        window.document.opened.connect(self._selection.clear)
        window.trainer.ready_changed.connect(self._keep_what_exists)
        window.frame_shown.connect(self._outline)

    def set_seen(self, seen: bool) -> None:
        super().set_seen(seen)
        self._light_up()

    def questions(self) -> tuple[Question, ...]:
        place, story = self._place, self.story
        if place is None:
            return ()
        told = story is not None and (story.key, story.cell) == (place.key, place.cell)
        if told and self._window.trainer.running and time.monotonic() < self._due:
            return ()
        return (ExplainCell(place.key, place.cell, self._whole, self._shown),)

    @property
    def _place(self) -> CellPlace | None:
        """What is told of: the cell under the pointer, or else the chosen one."""
        return self._hovered or self._selection.place

    def show_frame(self, frame: Frame) -> None:
        place = self._place
        if place is None:
            return
        asked, answered = (place.key, place.cell, self._whole), False
        for question, answer in frame.answers.items():
            if isinstance(question, ExplainCell) and (question.key, question.cell, question.whole) == asked:
                self._show(place, frame, answer)
                answered = True
        if not (answered or frame.training):
            # The last answer while training was of an earlier moment.
            self._due = 0.0
            self.stale.emit()

    def _show(self, place: CellPlace, frame: Frame, answer: CellStory | FluxError) -> None:
        self._cell.set_place(self._place_text(place, frame))
        if isinstance(answer, FluxError):
            self.story = None
            self._cell.set_message(f"{answer}.")
        else:
            self.story, self._due = answer, time.monotonic() + SHARE * answer.seconds
            if not self._whole:
                # The same terms stay while their numbers change; otherwise lines would jump about.
                parts = [part for told in answer.told for part in told.parts if part.count]
                self._shown = tuple(part.places if part.count > FEW_TERMS else () for part in parts)
            self._cell.set_view(cell_view(answer, opened=self._whole))
        self._light_up()

    # What people do

    def _point_at(self, row: int, column: int) -> None:
        key = self._window.focus.shows
        if key is not None:
            self._selection.choose(CellPlace(key, (row, column)))
            self._raise()

    def _follow(self, link: Link) -> None:
        if link.key is not None:
            self._selection.choose(CellPlace(link.key, link.cell), follow=True)

    def _hover(self, cell: tuple[int, int] | None) -> None:
        """Tell of the number under the pointer, if that is wished for."""
        key = self._window.focus.shows
        follows = self.seen and self._cell.follow.isChecked() and cell is not None and key is not None
        hovered = CellPlace(key, cell) if follows else None
        if hovered == self._hovered:
            return
        before = self._place
        self._hovered = hovered
        if self._place is None:
            self.story = None
            self._cell.set_message("")
            self._light_up()
        elif self._place != before:
            # What is shown stays until the answer is there: frames come fast enough, and nothing flickers.
            self._whole, self._shown = False, ()
            self.stale.emit()

    def _toggle_whole(self) -> None:
        self._whole, self._due = not self._whole, 0.0
        self.stale.emit()

    def _raise(self) -> None:
        dock = self._window.docks["cell"]
        if not dock.isHidden() and not any(live.seen for live in self._window.lives if live.follows_cell):
            dock.raise_()

    # What the window shows

    def _choose(self) -> None:
        place = self._selection.place
        self._whole, self._shown, self.story = False, (), None
        before = self._selection.before
        self._cell.set_back(
            "" if before is None else f"{self._symbol(before.key)} of {self._owner(before.key)}"
        )
        self._light_up()
        if place is None:
            self._cell.set_message("")
            return
        self._pending = place
        if place.key != self._window.focus.matrix:
            self._window.focus.choose(place.key)
        self._outline()
        self.stale.emit()

    def _outline(self) -> None:
        """Outline the chosen cell in the focus view, as soon as its matrix stands there."""
        place, focus = self._pending, self._window.focus_panel
        if place is None or self._window.focus.shows != place.key:
            return
        self._pending = None
        if focus.selected_cell() != place.cell:
            focus.set_selected_cell(*place.cell)

    def _light_up(self) -> None:
        """Mark the cells that the chosen one was made from, and their matrices."""
        links = self.story.made_from if self.story is not None and self.seen else ()
        shown = self._window.focus.shows
        self._window.focus_panel.grid.set_marked(link.cell for link in links if link.key == shown)
        self._window.wall.set_marked(link.key for link in links if link.key is not None)

    def _keep_what_exists(self) -> None:
        ready, place = self._window.trainer.ready, self._selection.place
        if ready is None or place is None:
            return
        rows, columns = ready.shapes.get(place.key, (0, 0))
        row, column = place.cell
        if column >= columns or (row >= rows and not matrices.is_of_rows(place.key)):
            self._selection.clear()

    # Words

    def _place_text(self, place: CellPlace, frame: Frame) -> str:
        """Layer, row and column: ``Dense 1 · row 0101 · n2``."""
        matrix = self._window.wall.find(place.key)
        if matrix is None:
            return self._owner(place.key)
        row, column = place.cell
        samples: tuple[str, ...] = ()
        is_batch = matrix.kind.shape.startswith("N")
        if is_batch and row < len(frame.samples):
            samples = self._window.rows.names.of(frame.samples[row : row + 1])
        names = samples or (f"row {row} of the batch",)
        rows, columns = matrices.labels(self._window.document.project, matrix, matrix.shape, names)
        line = names[0] if is_batch else rows[row]
        across = columns[column] if column < len(columns) else str(column)
        both = [named_row(line), across]
        if matrix.shape == (1, 1):
            both = []
        elif matrix.shape[0] == 1:
            both = [across]
        return " · ".join((matrix.owner, matrix.kind.title, *both))

    def _owner(self, key: MatrixKey) -> str:
        matrix = self._window.wall.find(key)
        return matrix.owner if matrix is not None else key[0]

    @staticmethod
    def _symbol(key: MatrixKey) -> str:
        return MATRIX_KINDS[key[1]].symbol if key[1] in MATRIX_KINDS else key[1].replace("_", " ")

    def _tip(self, link: Link) -> str:
        """What a cell is, in words, where the pointer rests on it."""
        matrix = None if link.key is None else self._window.wall.find(link.key)
        if matrix is None:
            words = describe(link.text, (), "")
            return words if isnan(link.value) else f"{words}\n= {exact(link.value)}"
        kind = matrix.kind
        words = describe(kind.symbol, (kind, *kinds_beside(kind)), matrix.owner)
        if link.text != kind.symbol:
            words = f"{link.text}, a cell of {words}"
        value = "" if isnan(link.value) else f"\n= {exact(link.value)}"
        return f"{words}{value}\nClick to go there"
