"""Work for the document that takes long: beside the window, one piece after the other, given up at a word."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QObject, Signal

from flux_studio.data.progress import GoesOn, always
from flux_studio.errors import FluxError
from flux_studio.gui.background import Background


@dataclass(frozen=True, eq=False)
class Task:
    """One piece of work: ``work`` is done beside the window, ``then`` takes its result in the window's own thread."""

    kind: str
    """Of each kind only the newest is wanted."""
    words: str
    work: Callable[[GoesOn], Any]
    then: Callable[[Any], object]
    refused: Callable[[FluxError], object]


class Working(QObject):
    """Does :class:`Task`s. One that was cancelled has no consequence at all, however late it ends."""

    progressed = Signal(str, float)
    """What is being done, and which share of it is done, from 0 to 1."""
    rested = Signal()
    """Nothing is being done any more."""

    def __init__(self, window: QObject) -> None:
        super().__init__(window)
        self._background = Background(window)
        self._background.setObjectName("working")
        self._background.advanced.connect(self._advance)
        self._background.finished_with.connect(self._take)
        self._background.finished.connect(self._go_on)
        self._task: Task | None = None
        self._waiting: list[Task] = []

    @property
    def busy(self) -> bool:
        """Whether there is something whose result is still wanted."""
        return self._task is not None or bool(self._waiting)

    def do(self, task: Task, *, at_once: bool = False) -> None:
        """Do this in place of others of its kind; ``at_once`` what is quicker done than a thread is begun."""
        self._waiting = [each for each in self._waiting if each.kind != task.kind]
        if self._task is not None and self._task.kind == task.kind:
            self._forget()
        if at_once:
            self._finish(task, _done(task))
            return
        self._waiting.append(task)
        self._go_on()

    def cancel(self) -> None:
        """Give up all of it."""
        self._waiting.clear()
        self._forget()
        self.rested.emit()

    def _forget(self) -> None:
        self._task = None
        self._background.give_up()

    def _go_on(self) -> None:
        if self._background.isRunning():
            return  # What was given up may need a moment to notice; its end calls this again.
        if self._waiting and self._task is None:
            self._task = task = self._waiting.pop(0)
            self.progressed.emit(task.words, 0.0)
            self._background.begin(task, task.work)

    def _advance(self, token: object, done: int, of: int) -> None:
        if token is self._task and self._task is not None:
            self.progressed.emit(self._task.words, done / max(1, of))

    def _take(self, token: object, result: object) -> None:
        task = self._task
        if task is None or token is not task:
            return
        self._task = None
        if not self._waiting:
            self.rested.emit()
        self._finish(task, result)

    def _finish(self, task: Task, result: object) -> None:
        (task.refused if isinstance(result, FluxError) else task.then)(result)


def _done(task: Task) -> object:
    try:
        return task.work(always)
    except FluxError as error:
        return error
