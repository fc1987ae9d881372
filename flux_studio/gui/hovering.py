"""The pointer that rests on a number: what it is and how it was made, without a click."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from flux_studio.gui.widgets.cell_brief import brief, sides
from flux_studio.gui.widgets.numbers import exact
from flux_studio.training.events import Answered
from flux_studio.training.explaining import CellStory, ExplainCell

if TYPE_CHECKING:
    from flux_studio.gui.main_window import MainWindow


class Hovering(QObject):
    """Asks how the number under the pointer was made, one question at a time, and lets the focus view tell it."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window, self._grid = window, window.focus_panel.grid
        self._asked: ExplainCell | None = None
        self._next: ExplainCell | None = None
        self._grid.tips.place = self._place_text
        self._grid.tips.explanation_wanted.connect(self._ask)
        window.trainer.answered.connect(self._tell)
        window.trainer.ready_changed.connect(self._forget)

    def _ask(self, row: int, column: int) -> None:
        key = self._window.focus.shows
        if key is None:
            return
        self._next = ExplainCell(key, (row, column))
        if self._asked is None:
            self._send()

    def _send(self) -> None:
        self._asked, self._next = self._next, None
        if self._asked is not None:
            self._window.trainer.ask(self._asked)

    def _tell(self, event: Answered) -> None:
        # This cell asks with frames, so an answer by itself is to this question.
        if event.question != self._asked or self._asked is None:
            return
        asked, answer = self._asked, event.answer
        if isinstance(answer, CellStory) and self._window.focus.shows == asked.key:
            # A tip stays as it is while training goes on.
            when = f" at iteration {event.iteration:,}" if self._window.trainer.running else ""
            told = f"{answer.symbol} = {exact(answer.value)}{when}"
            self._grid.tips.tell(asked.cell, f"{told}\n{self._place_text(asked.cell)}\n{brief(answer)}")
        self._send()

    def _forget(self) -> None:
        """The thread that was asked is gone."""
        self._asked = self._next = None

    def _place_text(self, cell: tuple[int, int]) -> str:
        """What row and column are: ``row 5 (sample), column n2 (neuron)``."""
        matrix = self._window.wall.find(self._window.focus.shows)
        place = self._grid.place(cell)
        if matrix is None:
            return place
        down, across = sides(matrix.kind.shape)
        named = zip(place.split(", column "), (down, across), strict=True)
        words = [f"{name} ({noun})" if noun else name for name, noun in named]
        return ", column ".join(words)
