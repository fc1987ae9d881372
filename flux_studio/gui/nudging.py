"""Keeps the nudge panel true: asks what moving the chosen number does, keeps it when asked to, checks gradients."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flux_studio.data.progress import GoesOn
from flux_studio.engine.check import CellErrors, check_cells, errors_by_step
from flux_studio.engine.matrices import MATRIX_KINDS
from flux_studio.engine.twin import Twin
from flux_studio.errors import DataError, FluxError
from flux_studio.export.subject import weights
from flux_studio.gui.background import Background
from flux_studio.gui.live import Live
from flux_studio.gui.panels.nudge import HINT, NudgePanel
from flux_studio.gui.widgets.check_section import STEPS
from flux_studio.project.descriptions import cell_name
from flux_studio.project.project import Project, Run
from flux_studio.training.events import Answered, Frame, MatrixKey
from flux_studio.training.nudging import Nudge, Nudged, TakeTwin
from flux_studio.training.questions import Question

if TYPE_CHECKING:
    from flux_studio.gui.main_window import MainWindow

Cell = tuple[int, int]


class NudgeLive(Live):
    """Between the window and the nudge panel."""

    follows_cell = True

    def __init__(self, window: MainWindow) -> None:
        panel = NudgePanel()
        super().__init__("nudge", panel, panel.header, "cell", window)
        self._window, self._nudge = window, panel
        self._at: tuple[MatrixKey, Cell] | None = None
        self._nudged: Nudged | None = None
        self._asked: Nudge | None = None
        self._twin: Twin | None = None
        self._checked: MatrixKey | None = None
        self._background = Background(window)
        self._background.advanced.connect(self._advance)
        self._background.finished_with.connect(self._take_result)
        panel.delta_changed.connect(self.stale)
        panel.touched.connect(self._rest)
        panel.keep_requested.connect(self._keep)
        panel.refused.connect(lambda text: window.trouble.set_text(text))
        panel.check.check_requested.connect(self._ask_twin)
        panel.check.cancel_requested.connect(self._background.give_up)
        panel.check.cell_chosen.connect(self._choose_cell)
        window.focus_panel.cell_selected.connect(lambda *_: self.stale.emit())
        window.trainer.answered.connect(self._take_twin)

    def show_project(self, project: Project) -> None:
        self._nudged, self._asked, self._twin, self._checked = None, None, None, None
        self._background.give_up()
        self._nudge.begin()
        self._nudge.check.clear()

    def questions(self) -> tuple[Question, ...]:
        key, cell = self._window.focus.matrix, self._window.focus_panel.selected_cell()
        at = None if key is None or cell is None else (key, cell)
        if at != self._at:
            self._at, self._nudged = at, None
            self._nudge.begin()
        self._asked = None if at is None else Nudge(*at, self._nudge.delta)
        return () if self._asked is None else (self._asked,)

    def show_frame(self, frame: Frame) -> None:
        if self._asked is None:
            self._nudge.set_hint(HINT)
            return
        answer = frame.answers.get(self._asked)
        if isinstance(answer, Nudged):
            self._nudged = answer
            self._nudge.set_nudged(self._name(answer), answer)
            self._show_checked_cell(answer)
        elif isinstance(answer, FluxError):
            self._nudged = None
            self._nudge.set_hint(HINT if isinstance(answer, DataError) else f"{answer}.")

    def _name(self, nudged: Nudged) -> str:
        return cell_name(self._window.document.project.specification, nudged.parameter, nudged.cell)

    # Nudging

    def _rest(self) -> None:
        if self._window.trainer.running:
            self._window.trainer.pause()

    def _keep(self) -> None:
        """Set the number in the run's weights, as an edit that can be undone.

        At an earlier moment that is a branch: training goes on from there.
        """
        nudged, window = self._nudged, self._window
        if nudged is None or not self._nudge.delta:
            return
        before = project = window.document.latest()
        words = ""
        if window.trainer.is_past:
            words = f", and went on from iteration {window.trainer.shown:,}"
            window.trainer.branch()
            project = window.document.latest()
        run = Run.at_start(weights(project)) if project.run is None else project.run
        number = self._nudge.number
        words = f"set {self._name(nudged)} to {number:.4g}{words}"
        window.document.replace(
            words, project.with_run(run.with_number(nudged.parameter, nudged.cell, number)), before
        )
        window.workbench.informed.emit(words)

    # Checking

    def _ask_twin(self) -> None:
        if self._at is not None:
            self._rest()
            self._window.trainer.ask(TakeTwin(self._at[0]))

    def _take_twin(self, event: Answered) -> None:
        if not isinstance(event.question, TakeTwin):
            return
        if isinstance(event.answer, FluxError):
            self._window.workbench.troubled.emit(str(event.answer))
            return
        key, twin = event.answer
        self._twin, self._checked = twin, key
        cells = twin.parameter(key).size
        self._nudge.check.set_progress(0, cells)
        self._background.begin("cells", lambda goes_on: check_cells(twin, key, goes_on))

    def _advance(self, token: object, done: int, of: int) -> None:
        if self._checked is not None and token == "cells":
            self._nudge.check.set_progress(done, of)

    def _take_result(self, token: object, result: object) -> None:
        if self._checked is None:
            return
        if isinstance(result, FluxError):
            self._nudge.check.clear()
            self._window.workbench.troubled.emit(str(result))
        elif isinstance(result, CellErrors):
            chosen = (
                self._nudged.cell
                if self._nudged is not None and self._nudged.parameter == result.key
                else None
            )
            self._nudge.check.set_result(_symbol(result.key), result, chosen)
            cell = result.worst if chosen is None else chosen
            if cell is not None:
                self._ask_steps(cell)
        elif isinstance(result, list):
            self._nudge.check.set_steps(result)

    def _ask_steps(self, cell: Cell) -> None:
        twin, key = self._twin, self._checked
        if twin is None or key is None:
            return

        def work(goes_on: GoesOn) -> list[float]:
            return errors_by_step(twin, key, cell, STEPS, goes_on)

        self._background.begin(cell, work)

    def _choose_cell(self, row: int, column: int) -> None:
        """A cell of the map: the same one in the focus view, where that shows the matrix or its gradient."""
        self._nudge.check.set_cell((row, column))
        self._ask_steps((row, column))
        if self._nudged is not None and self._nudged.parameter == self._checked:
            self._window.focus_panel.set_selected_cell(row, column)
            self.stale.emit()

    def _show_checked_cell(self, nudged: Nudged) -> None:
        """What was checked of another matrix says nothing about this one."""
        if self._checked is not None and nudged.parameter != self._checked:
            self._background.give_up()
            self._twin = self._checked = None
            self._nudge.check.clear()


def _symbol(key: MatrixKey) -> str:
    kind = MATRIX_KINDS.get(key[1])
    return kind.symbol if kind is not None else key[1]
