"""Keeps the network's picture true, and lets it and the matrices choose each other's cells."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import numpy as np

from flux_studio.errors import FluxError
from flux_studio.gui import presenting
from flux_studio.gui.live import Live
from flux_studio.gui.panels.network_picture import NetworkPicture
from flux_studio.gui.selection import CellPlace
from flux_studio.project.project import Project
from flux_studio.training.events import Frame, MatrixKey
from flux_studio.training.network_picture import AskPicture, Graph, Picks, graph
from flux_studio.training.questions import Question

if TYPE_CHECKING:
    from flux_studio.gui.main_window import MainWindow

SHARE = 20


class Picturing(Live):
    """The picture with the frames: which neurons of a large layer are shown is decided once, so that nothing jumps."""

    def __init__(self, window: MainWindow) -> None:
        panel = NetworkPicture()
        super().__init__("picture", panel, panel.header, "matrices", window)
        self.picture = panel
        self._window = window
        self._project: Project | None = None
        self._names: presenting.SampleNames | None = None
        self._graph: Graph | None = None
        self._picks: Picks | None = None
        self._shown: tuple[int, bool, int] | None = None
        """Row, kind and iteration of what the panel shows."""
        self._due = 0.0
        self._followed: CellPlace | None = None
        panel.stale.connect(self.stale)
        panel.drawing.cell_chosen.connect(self._choose)
        window.selection.changed.connect(self._mark)
        window.trainer.ready_changed.connect(self._forget)

    def show_project(self, project: Project) -> None:
        self._project = project
        self._forget()
        self.picture.set_graph(None, presenting.problem(project))

    def questions(self) -> tuple[Question, ...]:
        question = self._question()
        if question is None:
            return ()
        asked = (question.row, question.gradients)
        running = self._window.trainer.running
        if running and self._shown is not None and self._shown[:2] == asked and time.monotonic() < self._due:
            return ()
        return (question,)

    def show_frame(self, frame: Frame) -> None:
        question = self._question()
        self._mark()
        if question is None or self._names is None:
            return
        asked = (question.row, question.gradients)
        if question not in frame.answers:
            if not frame.training and self._shown != (*asked, frame.progress.iteration):
                # The last answer while training was of an earlier moment.
                self._due = 0.0
                self.stale.emit()
            return
        drawn = frame.answers[question]
        if isinstance(drawn, FluxError):
            self.picture.set_graph(None, str(drawn))
            return
        self._picks = drawn.picks
        self._shown = (*asked, frame.progress.iteration)
        self._due = time.monotonic() + SHARE * drawn.seconds
        name = self._names.of(np.array([drawn.sample]))[0]
        self.picture.set_drawn(drawn, question.gradients, name)

    # Inside

    def _forget(self) -> None:
        self._graph, self._picks, self._shown, self._names = None, None, None, None

    def _question(self) -> AskPicture | None:
        ready, project = self._window.trainer.ready, self._project
        if ready is None or project is None:
            return None
        if self._graph is None:
            self._graph = graph(project.specification, project.dataset(), ready.shapes)
            self._names = presenting.SampleNames(project.dataset())
            self.picture.set_graph(self._graph)
        return AskPicture(self._graph, self.picture.row.value() - 1, self.picture.gradients, self._picks)

    def _choose(self, key: MatrixKey, row: int, column: int) -> None:
        cell = (self.picture.row.value() - 1 if row < 0 else row, column)
        self._window.selection.choose(CellPlace(key, cell))

    def _mark(self) -> None:
        """Show what is chosen in the matrices: the cell, and of a matrix of rows the row, too."""
        place = self._window.selection.place
        matrix = None if place is None else self._window.wall.find(place.key)
        if place is not None and place != self._followed and matrix is not None:
            self._followed = place
            if matrix.kind.shape.startswith("N"):
                self.picture.row.setValue(place.cell[0] + 1)
        self.picture.drawing.set_selected(None if place is None else (place.key, *place.cell))
