"""Rewinding in the window: the timeline, the curve and the keys ask for moments, and all say which one is shown."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QObject
from PySide6.QtGui import QAction

from flux_studio.gui.panels.curve import LossCurve
from flux_studio.gui.trainer import Trainer
from flux_studio.gui.widgets.past_chip import PastChip


class Rewinding(QObject):
    """Stands between the trainer, whose thread goes to moments, and what shows which one that is."""

    def __init__(
        self, trainer: Trainer, curve: LossCurve, chip: PastChip, ways_out: Sequence[QAction], parent: QObject
    ) -> None:
        """``ways_out`` are the actions that there are only while an earlier moment is shown."""
        super().__init__(parent)
        self._trainer, self._curve, self._chip, self._ways_out = trainer, curve, chip, ways_out
        curve.moment_chosen.connect(trainer.go_to)
        chip.return_requested.connect(trainer.return_to_now)
        chip.branch_requested.connect(trainer.branch)
        trainer.moved.connect(self._show)
        trainer.ready_changed.connect(self._show)
        trainer.frame_arrived.connect(self._show)
        self._show()

    def _show(self) -> None:
        trainer, when = self._trainer, self._trainer.when
        for action in self._ways_out:
            action.setEnabled(not trainer.is_now)
        if when is None:
            self._chip.hide()
            return
        self._curve.set_moment(when.first, when.now, when.shown, settled=not trainer.moving)
        if trainer.reached is not None:
            self._chip.set_way(trainer.reached, self._curve.timeline.value)
        else:
            self._chip.set_moment(when)
