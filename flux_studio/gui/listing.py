"""Keeps the program panel true: asks for the operations once, marks where one stands, shows what they write."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from flux_studio.gui import presenting
from flux_studio.gui.live import Live
from flux_studio.gui.panels.program import ProgramPanel
from flux_studio.project.project import Project
from flux_studio.training.breakpoints import Condition, Kind
from flux_studio.training.events import Frame
from flux_studio.training.listing import Listed, ListProgram
from flux_studio.training.questions import Question

if TYPE_CHECKING:
    from flux_studio.gui.main_window import MainWindow


class Listing(Live):
    """Between the window and the program panel."""

    def __init__(self, window: MainWindow) -> None:
        panel = ProgramPanel()
        super().__init__("program", panel, panel.header, "loss", window)
        self._window, self._program = window, panel
        self._operations: tuple[Listed, ...] = ()
        self._at: tuple[int, int] | None = None
        self._before: tuple[Listed, ...] = ()
        self._breakpoints: frozenset[int] = frozenset()
        panel.operation_chosen.connect(self._choose)
        panel.breakpoint_toggled.connect(self._toggle)
        trainer = window.trainer
        panel.conditions.changed.connect(trainer.set_conditions)
        panel.conditions.add_requested.connect(self._add_condition)
        panel.conditions.refused.connect(window.workbench.troubled)
        trainer.stopped.connect(self._show_hit)
        window.document.opened.connect(panel.conditions.clear)

    def show_project(self, project: Project) -> None:
        if self._operations:
            self._before = self._operations
        self._operations, self._at = (), None
        self._program.set_operations(())
        data = presenting.dataset(project)
        self._program.conditions.set_validates(data is not None and len(data.validation) > 0)

    def questions(self) -> tuple[Question, ...]:
        return () if self._operations else (ListProgram(),)

    def show_frame(self, frame: Frame) -> None:
        answer = frame.answers.get(ListProgram())
        if isinstance(answer, tuple):
            self._operations = answer
            self._program.set_operations(answer)
            # The same program in another run keeps its breakpoints; the thread that trains it is a new one.
            self._set_breakpoints(self._breakpoints if answer == self._before else frozenset())
        self._program.set_done(None if frame.training else frame.when.done)
        at = (frame.when.shown, frame.when.done)
        if at != self._at:
            follow, self._at = self._at is not None and frame.when.done > 0, at
            if follow and self._operations:
                # Who steps through the program wants to see what has just been written.
                self._choose(frame.when.done - 1)

    def _add_condition(self, kind: Kind) -> None:
        """A condition whose first number is near what there is now: typing over it is easy, and it means something."""
        trainer, progress = self._window.trainer, self._window.trainer.progress
        loss = progress.loss if progress is not None else 1.0
        validation = None if progress is None else progress.validation_loss
        first: dict[Kind, float] = {
            "iteration": _round_above(trainer.iteration),
            "loss": _one_digit(loss / 2),
            "validation": _one_digit((loss if validation is None else validation) / 2),
            "gradient": 1.0,
        }
        self._program.conditions.add(Condition(kind, first[kind]))

    def _show_hit(self) -> None:
        hit = self._window.trainer.hit
        self._program.conditions.set_hit(None if hit is None else hit.condition)

    def _toggle(self, number: int) -> None:
        self._set_breakpoints(self._breakpoints ^ {number})

    def _set_breakpoints(self, operations: frozenset[int]) -> None:
        self._breakpoints = operations
        self._program.set_breakpoints(operations)
        self._window.trainer.set_breakpoints(operations)

    def _choose(self, number: int) -> None:
        key = self._operations[number].key
        if key is not None and key != self._window.focus.matrix:
            self._window.focus.choose(key)


def _one_digit(value: float) -> float:
    """A loss with one digit; it can be typed over."""
    return float(f"{value:.0e}") if math.isfinite(value) and value > 0 else 0.01


def _round_above(iteration: int) -> int:
    """The next iteration with one digit and zeros behind it: 10, 20, … 100, 200, …"""
    size = 10 ** max(1, len(str(iteration)) - 1)
    return (iteration // size + 1) * size
