"""Keeps the scores on screen true: asks for them at rest and once a second, and only while somebody sees them."""

from __future__ import annotations

from PySide6.QtCore import QObject, QTimer

from flux_studio.gui.panels.scores import ScoresPanel
from flux_studio.gui.trainer import Trainer
from flux_studio.training.events import Finished
from flux_studio.training.report import Report

EVERY_MS = 1000


class Scoring(QObject):
    """Stands between the trainer, whose thread finds the scores, and the panel that shows them."""

    def __init__(self, trainer: Trainer, panel: ScoresPanel, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._trainer, self._panel = trainer, panel
        self._seen = self._waits = False
        # Of which iteration the panel shows scores; nothing once another network stands there.
        self._shown: int | None = None
        self._timer = QTimer(self)
        self._timer.setObjectName("scoring.timer")
        self._timer.setInterval(EVERY_MS)
        self._timer.timeout.connect(self._look)
        trainer.ready_changed.connect(self._begin)
        trainer.progress_changed.connect(self._note)
        trainer.moved.connect(self._move)
        trainer.report_arrived.connect(self._take)
        trainer.finished.connect(self._finish)
        panel.test_requested.connect(lambda: self._ask(test=True))

    def set_seen(self, seen: bool) -> None:
        """Whether the panel is in view, and not behind another tab: only then its scores are worth finding."""
        self._seen = seen
        self._look()

    def _begin(self) -> None:
        """Another network, or none: what is on screen is not of it."""
        self._shown, self._waits = None, False
        if self._trainer.ready is not None:
            self._look()
        elif not self._trainer.busy:
            self._panel.set_report(None)

    def _note(self) -> None:
        running = self._trainer.running
        self._panel.set_running(running)
        if running and not self._timer.isActive():
            self._timer.start()
        if not running:
            self._timer.stop()
            self._look()

    def _move(self) -> None:
        """Another moment, perhaps of another branch: the same number may now mean other weights."""
        self._shown = None
        self._look()

    def _look(self) -> None:
        """Ask for scores where those on screen are of another iteration."""
        if self._seen and self._shown != self._trainer.shown:
            self._ask()

    def _ask(self, test: bool = False) -> None:
        if self._trainer.ready is not None and (test or not self._waits):
            self._waits = True
            self._trainer.ask_report(test)

    def _take(self, report: Report) -> None:
        self._waits = False
        self._shown = report.iteration
        self._panel.set_report(report)
        if not self._trainer.running:
            self._look()

    def _finish(self, event: Finished) -> None:
        if event.report is not None:
            self._take(event.report)
