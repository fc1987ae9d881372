"""How many iterations come next: as many as the pace allows, in bursts of about twenty milliseconds of work."""

from __future__ import annotations

import math
from collections.abc import Callable

from flux_studio.errors import FluxError

BURST_SECONDS = 0.020
"""Each return to Python waits for the lock that a painting window holds: half as many returns cost half as much."""
LONGEST_BURST = 1 << 17
_SPEED_SECONDS = 0.25
_SLOWEST_WAKE = 1 / 60
_LONGEST_WAIT = 3600.0
_DEBT_SECONDS = 0.25


class Pacing:
    """Keeps a pace in iterations a second (``None``: as fast as the machine can) and measures the speed."""

    def __init__(self, pace: float | None, clock: Callable[[], float]) -> None:
        self.burst = 1
        self.speed = 0.0
        """Iterations a second over the last quarter of a second, or since training began."""
        self._clock = clock
        self._pace = pace
        self._since, self._done = 0.0, 0
        self._speed_from = (0.0, 0)

    def begin(self, iteration: int) -> None:
        """Training begins, or goes on, at an iteration."""
        self.speed = 0.0
        self._speed_from = (self._clock(), iteration)
        self._restart()

    def set(self, pace: float | None) -> None:
        """Another pace, from now on."""
        if pace is not None and not 0 < pace < math.inf:
            raise FluxError(f"the pace must be above zero iterations a second, not {pace}")
        self._pace = pace
        self._restart()

    def pause(self) -> float:
        """Seconds to wait until something is due."""
        if self._pace is None:
            return 0.0
        due = self._since + (self._done + 1) / self._pace
        wait = min(due - self._clock(), _LONGEST_WAIT)
        return max(wait, _SLOWEST_WAKE if self._pace > 60 and wait > 0 else 0.0)

    def due(self) -> int:
        """How many iterations the pace allows now."""
        if self._pace is None:
            return self.burst
        # The wait ends when the next one is due, and rounding must not make that a moment too early.
        late = int((self._clock() - self._since) * self._pace + 1e-6) - self._done
        if late > max(self.burst, self._pace * _DEBT_SECONDS):
            # The machine is slower than the pace: forget the debt rather than race to pay it.
            self._restart()
            return self.burst
        return max(0, min(late, self.burst))

    def note(self, count: int, worked: float, iteration: int, now: float) -> None:
        """``count`` iterations took ``worked`` seconds of work and have led to ``iteration``."""
        self._done += count
        if count == self.burst or worked > BURST_SECONDS:
            # The next burst is to take about twenty milliseconds of work.
            wanted = count * BURST_SECONDS / max(worked, 1e-6)
            self.burst = int(min(max(1, wanted), self.burst * 4, LONGEST_BURST))
        since, before = self._speed_from
        if now - since >= _SPEED_SECONDS or self.speed == 0.0:
            self.speed = (iteration - before) / max(now - since, 1e-9)
        if now - since >= _SPEED_SECONDS:
            self._speed_from = (now, iteration)

    def _restart(self) -> None:
        self._since, self._done = self._clock(), 0
