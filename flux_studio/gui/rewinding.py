"""Rewinding in the window: the timeline, the curve and the keys ask for moments, and all say which one is shown."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QObject, Qt
from PySide6.QtGui import QAction, QActionGroup
from PySide6.QtWidgets import QMenu

from flux_studio.gui.panels.curve import LossCurve
from flux_studio.gui.reading_pace import ReadingPace
from flux_studio.gui.settings import Settings
from flux_studio.gui.trainer import Trainer
from flux_studio.gui.widgets.numbers import whole
from flux_studio.gui.widgets.past_chip import PastChip
from flux_studio.training.timeline import Memory

_MEGABYTES = (32, 64, 128, 256, 512, 1024, 2048, 4096)


class Rewinding(QObject):
    """Stands between the trainer, whose thread goes to moments, and what shows which one that is."""

    def __init__(
        self,
        trainer: Trainer,
        curve: LossCurve,
        chip: PastChip,
        ways_out: Sequence[QAction],
        memory: QMenu,
        settings: Settings,
        parent: QObject,
    ) -> None:
        """``ways_out`` are the actions that there are only while an earlier moment is shown.

        The menu ``memory`` is filled with how much the moments may take that are kept.
        """
        super().__init__(parent)
        self._trainer, self._curve, self._chip, self._ways_out = trainer, curve, chip, ways_out
        curve.moment_chosen.connect(trainer.go_to)
        chip.return_requested.connect(trainer.return_to_now)
        chip.branch_requested.connect(trainer.branch)
        trainer.moved.connect(self._show)
        trainer.ready_changed.connect(self._show)
        self._pace = ReadingPace()
        trainer.frame_arrived.connect(self._follow)
        self._fill(memory, settings)
        curve.timeline.addAction(memory.menuAction())
        curve.timeline.setContextMenuPolicy(Qt.ContextMenuPolicy.ActionsContextMenu)
        self._show()

    def _fill(self, memory: QMenu, settings: Settings) -> None:
        def choose(megabytes: int) -> None:
            settings.rewind_megabytes = megabytes
            self._trainer.set_budget(megabytes * 2**20)

        group = QActionGroup(memory)
        for megabytes in sorted({*_MEGABYTES, settings.rewind_megabytes}):
            words = f"{megabytes} MB" if megabytes < 1024 else f"{megabytes / 1024:g} GB"
            action = group.addAction(words)
            action.setObjectName(f"action.train.memory.{megabytes}")
            action.setCheckable(True)
            action.setChecked(megabytes == settings.rewind_megabytes)
            action.triggered.connect(lambda _=False, megabytes=megabytes: choose(megabytes))
            memory.addAction(action)
        self._trainer.set_budget(settings.rewind_megabytes * 2**20)

    def _follow(self) -> None:
        if self._pace.due(self._trainer.running):
            self._show()

    def _show(self) -> None:
        trainer, when = self._trainer, self._trainer.when
        for action in self._ways_out:
            action.setEnabled(not trainer.is_now)
        if when is None:
            self._chip.hide()
            return
        self._curve.set_moment(when.first, when.now, when.shown, settled=not trainer.moving)
        self._curve.timeline.set_notes(_memory_text(when.memory), when.lost)
        if trainer.reached is not None:
            self._chip.set_way(trainer.reached, trainer.goal)
        else:
            self._chip.set_moment(when)


def _memory_text(memory: Memory | None) -> str:
    if memory is None:
        return ""
    used, budget = memory.used / 2**20, memory.budget / 2**20
    size = f"{used:.0f}" if used >= 10 else f"{used:.1f}" if used >= 0.1 else "less than 0.1"
    dense = f", dense for the last {whole(memory.dense)} iterations" if memory.dense else ""
    return f"Rewind: {size} of {budget:.0f} MB{dense}; a right click sets how much it may take."
