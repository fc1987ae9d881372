"""Keeps the predictions on screen true: asks with the frames, and seldomer what takes long."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import numpy as np

from flux_studio.errors import FluxError
from flux_studio.gui import presenting
from flux_studio.gui.live import Live
from flux_studio.gui.panels.predictions import OWN, PICTURE, ROWS, PredictionsPanel
from flux_studio.gui.predicting import predictions_view
from flux_studio.gui.selection import CellPlace
from flux_studio.gui.widgets.grid_painting import named_row
from flux_studio.project.project import Project
from flux_studio.training.events import Frame, MatrixKey
from flux_studio.training.predictions import OUTPUT, AskOwn, AskRows, AskSurface
from flux_studio.training.questions import Question

if TYPE_CHECKING:
    from flux_studio.gui.main_window import MainWindow

EVERY_SECONDS = 0.1
"""How often costly answers are asked for while training goes on, at the most."""
SHARE = 20
"""They take at most one part in so many of the training's time."""
OWN_WORDS = "your input is no row of the table: no matrix has a cell for this number"


class Predicting(Live):
    """The predictions panel with the frames. What the panel's view needs is asked, and nothing else."""

    def __init__(self, window: MainWindow) -> None:
        panel = PredictionsPanel()
        super().__init__("predictions", panel, panel.header, "matrices", window)
        self._window = window
        self.predictions = panel
        self._asked: Question | None = None
        self._shown: tuple[Question, int] | None = None
        """What the panel shows, and of which iteration."""
        self._due = 0.0
        self._samples = np.zeros(0, np.int64)
        panel.stale.connect(self._changed)
        panel.row_chosen.connect(self._choose_row)
        panel.rows_wanted.connect(window.rows.show_rows)
        panel.neuron_chosen.connect(self._choose_neuron)
        panel.refused.connect(lambda text: window.trouble.set_text(text))
        window.scores.confusion.cell_clicked.connect(self._open_cell)

    def show_project(self, project: Project) -> None:
        self._shown, self._due = None, 0.0
        trouble = presenting.problem(project)
        self.predictions.set_view(None if trouble else predictions_view(project))
        if trouble:
            self.predictions.set_trouble(trouble)

    def questions(self) -> tuple[Question, ...]:
        question = self._question()
        if question is None:
            return ()
        now, running = time.monotonic(), self._window.trainer.running
        if running and self._shown is not None and self._shown[0] == question and now < self._due:
            return ()
        return (question,)

    def show_frame(self, frame: Frame) -> None:
        self._samples = frame.samples
        question = self._question()
        if question is None:
            return
        if question in frame.answers:
            self._show(question, frame)
        elif not frame.training and self._shown != (question, frame.progress.iteration):
            # The last answer while training was of an earlier moment.
            self._due = 0.0
            self.stale.emit()

    # Inside

    def _question(self) -> Question | None:
        panel, known = self.predictions, self.predictions.known
        if known is None:
            return None
        at = tuple(panel.own.inputs.tolist())
        if panel.view == OWN:
            return AskOwn(at, tuple(known.layers))
        if panel.view == PICTURE:
            plane = panel.plane
            return None if plane is None else AskSurface(*plane, at, tuple(known.layers))
        return AskRows(test=panel.view == ROWS and panel.rows.part == "test")

    def _show(self, question: Question, frame: Frame) -> None:
        answer, panel = frame.answers[question], self.predictions
        if isinstance(answer, FluxError):
            # The fields of a row of one's own must stay, for it may be they that have to be mended.
            if isinstance(question, AskOwn):
                panel.set_own(None)
                self._window.trouble.set_text(str(answer))
            else:
                panel.set_trouble(str(answer))
            self._shown = (question, frame.progress.iteration)
            return
        panel.set_trouble("")
        match question:
            case AskSurface():
                panel.set_surface(answer)
            case AskRows():
                panel.set_rows(answer)
            case AskOwn():
                panel.set_own(answer)
        self._shown = (question, frame.progress.iteration)
        self._due = time.monotonic() + max(EVERY_SECONDS, SHARE * answer.seconds)

    def _changed(self) -> None:
        if self.seen:
            self.stale.emit()

    def _choose_row(self, row: int) -> None:
        """Choose the row in the focus view, too, where the batch on screen holds it."""
        known, key = self.predictions.known, self._window.focus.matrix
        if known is None or key is None:
            return
        found = np.flatnonzero(self._samples == row)
        matrix = self._window.wall.find(key)
        if matrix is None or not matrix.kind.shape.startswith("N"):
            return
        if found.size:
            self._select(key, row=int(found[0]))
        else:
            name = named_row(known.names(np.array([row]))[0])
            self._window.workbench.informed.emit(
                f"{name} is not among the rows that the matrices show: Show in matrices brings it there"
            )

    def _choose_neuron(self, layer: str, column: int) -> None:
        if self.predictions.view == OWN:
            # The matrices are of rows of the table: a cell of theirs would tell another number.
            self._window.workbench.informed.emit(OWN_WORDS)
            return
        self._select((layer, OUTPUT), column=column)

    def _select(self, key: MatrixKey, row: int | None = None, column: int | None = None) -> None:
        """Choose a cell; a row or a column that is not given stays as far as it exists."""
        ready, place = self._window.trainer.ready, self._window.selection.place
        if ready is None or key not in ready.shapes:
            return
        matrix = self._window.wall.find(key)
        rows, columns = ready.shapes[key] if matrix is None else matrix.shape
        before = (0, 0) if place is None else place.cell
        cell = (
            min(before[0], rows - 1) if row is None else row,
            min(before[1], columns - 1) if column is None else column,
        )
        self._window.selection.choose(CellPlace(key, cell))

    def _open_cell(self, true: int, taken: int) -> None:
        """From the scores to the rows that a cell of their confusion matrix counts."""
        self._window.docks.bring(self.name)
        self.predictions.show_cell(self._window.scores.target_name, self._window.scores.part, (true, taken))
