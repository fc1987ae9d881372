"""How often words and curves change while training goes on: no faster than anybody reads."""

from __future__ import annotations

import time

_SECONDS = 0.1


class ReadingPace:
    """Ten times a second are enough for what costs as much as all matrices together and changes least."""

    def __init__(self) -> None:
        self._last = 0.0

    def due(self, training: bool) -> bool:
        """Whether it is time to show something anew: at rest always."""
        now = time.monotonic()
        if training and now - self._last < _SECONDS:
            return False
        self._last = now
        return True

    def forget(self) -> None:
        """It is time."""
        self._last = 0.0
