"""Unsaved work is kept aside every few seconds, and offered back after a crash or a power cut."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer

from flux_studio.data.progress import GoesOn
from flux_studio.errors import FluxError
from flux_studio.gui.background import Background
from flux_studio.project import recovery
from flux_studio.project.project import Project
from flux_studio.project.recovery import Note, Slot

if TYPE_CHECKING:
    from flux_studio.gui.main_window import MainWindow

INTERVAL_MS = 5_000
"""With what writing takes, less than ten seconds of work are lost."""


class Autosave(QObject):
    """Keeps the work of one window in ``root``; :attr:`left` is what earlier ones could not save."""

    def __init__(self, window: MainWindow, root: Path) -> None:
        super().__init__(window)
        self._document, self._trainer, self._bench = window.document, window.trainer, window.workbench
        self._background = Background(window)
        self._background.setObjectName("autosave")
        self._background.finished_with.connect(self._kept)
        self._fetching = self._failed = self._holding = False
        self._done: tuple[Project, int] | None = None
        """What is kept, or was last tried to be: the project as edited, and how far it was trained."""
        self._slot: Slot | None = None
        self.left: list[Slot] = []
        try:
            self._slot = recovery.new_slot(root)
            self.left = recovery.claim_left(root)
        except FluxError as error:
            self._bench.troubled.emit(str(error))
        self._document.state_changed.connect(self._forget_saved)
        self._timer = QTimer(self, interval=INTERVAL_MS)
        self._timer.timeout.connect(self.keep)
        self._timer.start()

    def keep(self) -> None:
        """Keep the work that is not saved, where it is another than what is kept."""
        if self._slot is None or self._fetching or self._background.isRunning():
            return
        now = (self._document.project, self._trainer.iteration)
        if not self._document.modified:
            self._forget_saved()
        elif self._done is None or self._done[0] is not now[0] or self._done[1] != now[1]:
            self._done, self._fetching = now, True
            self._trainer.fetch(self._document.project, self._write)

    def recover(self, left: Slot) -> None:
        """Open work that was left, as a document with unsaved changes."""
        try:
            project, note = left.load(), left.note
        except FluxError as error:
            self._bench.troubled.emit(str(error))
            return
        assert note is not None
        self.left.remove(left)
        self._document.open(project, Path(note.path) if note.path else None)
        self._document.mark_trained()
        if self._slot is not None:
            # From now on it is kept where it was found: at no instant it is nowhere.
            self._background.wait()
            self._slot.close()
        self._slot, self._done, self._holding = left, None, True
        self._bench.troubled.emit("")
        self._bench.informed.emit(f"recovered {note.title}: save it to keep it")

    def discard(self, left: Slot) -> None:
        """Nobody needs this work any more."""
        self.left.remove(left)
        left.close()

    def close(self) -> None:
        """A clean end: what is not saved now was given up by the person; what was left by others stays."""
        self._timer.stop()
        self._background.wait()
        for each in self.left:
            each.give_back()
        if self._slot is not None:
            self._slot.close()
        self.left, self._slot = [], None

    def _forget_saved(self) -> None:
        if self._slot is None or self._document.modified or self._fetching or self._background.isRunning():
            return
        if self._holding:
            self._slot.forget()
            self._holding, self._done = False, None

    def _write(self, project: Project) -> None:
        self._fetching = False
        if self._slot is None:
            return
        path, iteration = self._document.path, project.run.iteration if project.run else 0
        note = Note(self._document.title, str(path) if path else None, time.time(), iteration)
        self._holding = True
        self._background.begin("autosave", _writer(self._slot, project, note))

    def _kept(self, _token: object, result: object) -> None:
        if isinstance(result, FluxError):
            self._done = None
            if not self._failed:
                self._bench.troubled.emit(f"unsaved work cannot be kept safe: {result}")
        self._failed = isinstance(result, FluxError)
        self._forget_saved()


def _writer(slot: Slot, project: Project, note: Note) -> Callable[[GoesOn], None]:
    return lambda _goes_on: slot.keep(project, note)
