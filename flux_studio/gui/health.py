"""Keeps the health panel true: asks how the network is, remembers how it was, and shows where a trouble lies."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from flux_studio.gui.live import Live
from flux_studio.gui.panels.health import HealthPanel
from flux_studio.gui.widgets.health_table import HealthRow
from flux_studio.project.project import Project
from flux_studio.training.events import Frame, MatrixKey
from flux_studio.training.health import AskHealth, Finding, Health, History
from flux_studio.training.questions import Question

if TYPE_CHECKING:
    from flux_studio.gui.main_window import MainWindow

_SHARE = 20
"""Looking may cost one part in so many of the time."""
_WORDS_SECONDS = 0.4


class HealthLive(Live):
    """Between the window and the health panel."""

    def __init__(self, window: MainWindow) -> None:
        panel = HealthPanel()
        super().__init__("health", panel, panel.header, "loss", window)
        self._window, self._health = window, panel
        self.history = History()
        self._asked: AskHealth | None = None
        self._next = self._told = 0.0
        self._wanted: tuple[MatrixKey, int] | None = None
        panel.finding_chosen.connect(self._show_finding)
        panel.layer_chosen.connect(self._show_layer)

    def show_project(self, project: Project) -> None:
        self.history.clear()
        self._wanted, self._next = None, 0.0
        self._health.clear()

    def questions(self) -> tuple[Question, ...]:
        """Large networks are looked at less often, so that training keeps its speed."""
        if self._window.trainer.running and time.monotonic() < self._next:
            self._asked = None
            return ()
        self._asked = AskHealth(self.history.norms)
        return (self._asked,)

    def show_frame(self, frame: Frame) -> None:
        self._show_column(frame)
        answer = frame.answers.get(self._asked) if self._asked is not None else None
        if not isinstance(answer, Health):
            return
        now = time.monotonic()
        self._next = now + _SHARE * answer.seconds
        self.history.add(answer)
        ill = {finding.owner for finding in answer.findings}
        self._health.set_rows(
            [
                HealthRow(
                    each.owner,
                    each.title,
                    each.gradient,
                    each.activation,
                    self.history.gradients(each.owner),
                    self.history.activations(each.owner),
                    each.owner in ill,
                )
                for each in answer.layers
            ]
        )
        # Words that change thirty times a second cannot be read.
        if not frame.training or now - self._told >= _WORDS_SECONDS:
            self._told = now
            self._health.set_findings(answer.findings)
            self.header.set_detail("gradient and activation size by layer")

    def _show_finding(self, finding: Finding) -> None:
        if finding.matrix is not None:
            self._go(finding.matrix, finding.columns[0] if finding.columns else None)

    def _show_layer(self, owner: str) -> None:
        ready = self._window.trainer.ready
        keys = ((owner, name) for name in ("dC_dw_matrix", "dC_db_matrix"))
        key = next((key for key in keys if ready is not None and key in ready.shapes), None)
        if key is not None:
            self._go(key, None)

    def _go(self, key: MatrixKey, column: int | None) -> None:
        """Choose a matrix; the column is outlined as soon as the numbers are there."""
        self._wanted = None if column is None else (key, column)
        self._window.focus.choose(key)
        self._window.trainer.refresh()

    def _show_column(self, frame: Frame) -> None:
        if self._wanted is None or self._wanted[0] not in frame.matrices:
            return
        (key, column), self._wanted = self._wanted, None
        if self._window.focus.matrix == key:
            self._window.focus_panel.set_selected_column(column)
