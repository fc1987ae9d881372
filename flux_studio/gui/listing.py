"""Keeps the program panel true: asks for the operations once, marks where one stands, shows what they write."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flux_studio.gui.live import Live
from flux_studio.gui.panels.program import ProgramPanel
from flux_studio.project.project import Project
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
        panel.operation_chosen.connect(self._choose)

    def show_project(self, project: Project) -> None:
        self._operations, self._at = (), None
        self._program.set_operations(())

    def questions(self) -> tuple[Question, ...]:
        return () if self._operations else (ListProgram(),)

    def show_frame(self, frame: Frame) -> None:
        answer = frame.answers.get(ListProgram())
        if isinstance(answer, tuple):
            self._operations = answer
            self._program.set_operations(answer)
        self._program.set_done(None if frame.training else frame.when.done)
        at = (frame.when.shown, frame.when.done)
        if at != self._at:
            follow, self._at = self._at is not None and frame.when.done > 0, at
            if follow and self._operations:
                # Who steps through the program wants to see what has just been written.
                self._choose(frame.when.done - 1)

    def _choose(self, number: int) -> None:
        key = self._operations[number].key
        if key is not None and key != self._window.selected_matrix:
            self._window.select_matrix(key)
