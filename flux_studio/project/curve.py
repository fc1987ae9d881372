"""A loss curve that never grows beyond a bound: buckets that keep the extremes of the iterations they cover."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

BUCKETS = 2048
"""So many there are at least of a long run: more than a screen has columns of pixels beside its panels."""


@dataclass(frozen=True, eq=False)
class CurvePoints:
    """A bounded picture of a loss curve: each bucket covers some iterations and keeps their extremes."""

    iterations: NDArray[np.int64]
    """First iteration of each bucket, ascending."""
    low: NDArray[np.float64]
    high: NDArray[np.float64]


class Curve:
    """Losses at ``start``, ``start + every``, ``start + 2·every`` …

    Holds at most 4,096 buckets; when they are full, neighbours are merged and every bucket covers twice as many
    values from then on. No peak is ever lost.
    """

    def __init__(self, start: int = 0, every: int = 1) -> None:
        self.start = start
        self.every = every
        self.count = 0
        self._width = 1
        self._low = np.full(2 * BUCKETS, np.inf)
        self._high = np.full(2 * BUCKETS, -np.inf)

    @property
    def used(self) -> int:
        """How many buckets hold something."""
        return -(-self.count // self._width)

    @property
    def next(self) -> int:
        """The iteration whose value follows."""
        return self.start + self.count * self.every

    def until(self, iteration: int) -> Curve:
        """A curve of its own with those buckets that are full and reach no further than this iteration."""
        wanted = max(0, (iteration - self.start) // self.every + 1)
        count = min(wanted, self.count) // self._width * self._width
        used = count // self._width
        return Curve.restored((self.start, self.every, count, self._width), self.array()[:, :used])

    def extend(self, values: NDArray[np.floating[Any]]) -> None:
        """Add the values that follow."""
        if not len(values):
            return
        while self.count + len(values) > 2 * BUCKETS * self._width:
            self._merge()
        # The first bucket may already be begun; the others begin where it is full.
        first, begun = divmod(self.count, self._width)
        starts = np.concatenate(([0], np.arange(self._width - begun, len(values), self._width)))
        buckets = slice(first, first + len(starts))
        self._low[buckets] = np.minimum(self._low[buckets], np.minimum.reduceat(values, starts))
        self._high[buckets] = np.maximum(self._high[buckets], np.maximum.reduceat(values, starts))
        self.count += len(values)

    def points(self) -> CurvePoints:
        """A copy that may be handed to another thread."""
        used = self.used
        iterations = self.start + np.arange(used, dtype=np.int64) * (self._width * self.every)
        return CurvePoints(iterations, self._low[:used].copy(), self._high[:used].copy())

    def array(self) -> NDArray[np.float64]:
        """Low and high of each bucket, 2×used, for keeping in a file together with :meth:`numbers`."""
        return np.stack([self._low[: self.used], self._high[: self.used]])

    def numbers(self) -> tuple[int, int, int, int]:
        """Start, every, count and bucket width."""
        return self.start, self.every, self.count, self._width

    @classmethod
    def restored(cls, numbers: tuple[int, int, int, int], extremes: NDArray[np.float64]) -> Curve:
        """A curve as :meth:`numbers` and :meth:`array` described it."""
        start, every, count, width = numbers
        last = start + every * max(count, width)
        if min(start, count) < 0 or min(every, width) < 1 or last > np.iinfo(np.int64).max:
            raise ValueError(f"a curve cannot be described by {numbers}")
        curve = cls(start, every)
        curve.count, curve._width = count, width
        if extremes.shape != (2, curve.used) or curve.used > 2 * BUCKETS:
            raise ValueError(f"a curve of {count} values in buckets of {width} cannot be {extremes.shape}")
        curve._low[: curve.used], curve._high[: curve.used] = extremes
        return curve

    def copy(self) -> Curve:
        """A curve of its own with the same values."""
        return Curve.restored(self.numbers(), self.array())

    def _merge(self) -> None:
        self._low[:BUCKETS] = np.minimum(self._low[0::2], self._low[1::2])
        self._high[:BUCKETS] = np.maximum(self._high[0::2], self._high[1::2])
        self._low[BUCKETS:], self._high[BUCKETS:] = np.inf, -np.inf
        self._width *= 2
