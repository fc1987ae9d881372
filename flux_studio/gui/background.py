"""Work that takes long and belongs to one window: on a thread of its own, given up when it is asked to."""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QEvent, QObject, QThread, Signal

from flux_studio.data.progress import GoesOn
from flux_studio.errors import FluxError

_TOLD_SECONDS = 0.04


class Background(QThread):
    """Carries out one piece of work at a time; :attr:`finished_with` tells its result, or a :class:`FluxError`."""

    finished_with = Signal(object, object)
    """What was asked for (a token of the asker's), and the result."""
    advanced = Signal(object, object, object)
    """What was asked for, how much is done, and how much there is in all."""

    def __init__(self, window: QObject) -> None:
        super().__init__(window)
        self.setObjectName("background")
        self._work: tuple[object, Callable[[GoesOn], Any]] | None = None
        self._enough = False
        self._told = 0.0
        # A thread must have ended before its window goes.
        window.installEventFilter(self)

    @property
    def token(self) -> object:
        """What is being done, or was last."""
        return self._work[0] if self._work is not None else None

    def begin(self, token: object, work: Callable[[GoesOn], Any]) -> None:
        """Do this, in place of what is being done."""
        self.give_up()
        self.wait()
        self._work, self._enough = (token, work), False
        self.start()

    def give_up(self) -> None:
        """Let the present work end as soon as it can; what is done so far is its result."""
        self._enough = True

    def run(self) -> None:
        assert self._work is not None
        token, work = self._work
        try:
            result = work(self._goes_on)
        except FluxError as error:
            result = error
        except Exception as error:
            traceback.print_exc()
            result = FluxError(
                f"this could not be computed because of an error inside Flux Studio: {error!r}"
            )
        self.finished_with.emit(token, result)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self.parent() and event.type() == QEvent.Type.Close:
            self.give_up()
            self.wait()
        return super().eventFilter(watched, event)

    def _goes_on(self, done: int, of: int) -> bool:
        now = time.monotonic()
        if now - self._told >= _TOLD_SECONDS:
            self._told = now
            self.advanced.emit(self.token, done, of)
        return not self._enough
