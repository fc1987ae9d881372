"""Loss curves as lines: from buckets with extremes to points a plot can join, and back to what a place means."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from flux_studio.gui.widgets.numbers import loss_text, whole
from flux_studio.training.events import CurvePoints

_MOST_MARKS = 3


@dataclass(frozen=True)
class Mark:
    """An iteration at which something was changed by hand, and what."""

    iteration: int
    words: str


def marks_between(marks: Sequence[Mark], first: float, last: float) -> str:
    """What was changed from one iteration up to another, a line each; of many, the last few."""
    found = [mark.words for mark in marks if first <= mark.iteration <= last]
    more = [f"and {len(found) - _MOST_MARKS} more"] if len(found) > _MOST_MARKS else []
    return "\n".join([*found[-_MOST_MARKS:], *more])


def thinned(points: CurvePoints, width: float) -> CurvePoints:
    """The same curve in a bucket for each ``width`` iterations, with the extremes of those that begin within them.

    With the iterations that a column of pixels stands for, each extreme is drawn in its own column.
    """
    columns = np.floor_divide(points.iterations, max(width, 1e-9))
    first = np.diff(columns, prepend=-1.0) != 0
    first[-1:] = True  # the line ends where the curve does
    starts = np.flatnonzero(first)
    if len(starts) == len(columns):
        return points
    low, high = np.minimum.reduceat(points.low, starts), np.maximum.reduceat(points.high, starts)
    return CurvePoints(points.iterations[starts], low, high)


def line_through(points: CurvePoints) -> tuple[np.ndarray, np.ndarray]:
    """The (x, y) of a line that touches both extremes of each bucket, in the order that makes it smoothest."""
    starts = np.asarray(points.iterations, dtype=np.float64)
    low = np.asarray(points.low, dtype=np.float64)
    high = np.asarray(points.high, dtype=np.float64)
    if len(starts) == 1:
        # A single point would not be seen: its bucket is drawn one iteration wide.
        return np.array([starts[0], starts[0] + 1]), np.array([low[0], high[0]])
    if np.array_equal(low, high, equal_nan=True):
        return starts, low
    middles = starts + np.diff(starts, append=starts[-1:]) / 2
    # Where the curve falls, the high comes first.
    falling = np.diff(low, append=low[-1:]) <= 0
    y = np.empty((len(starts), 2))
    y[:, 0], y[:, 1] = np.where(falling, high, low), np.where(falling, low, high)
    return np.stack([starts, middles], axis=1).ravel(), y.ravel()


def extremes(points: CurvePoints | None) -> tuple[float, float, float] | None:
    """Smallest positive number, largest number and last iteration of a curve; ``None`` if there is nothing."""
    if points is None or not len(points.iterations):
        return None
    values = np.concatenate([points.low, points.high]).astype(np.float64)
    finite = values[np.isfinite(values)]
    if not finite.size:
        return None
    positive = finite[finite > 0]
    lowest = float(positive.min()) if positive.size else 0.0
    return lowest, float(finite.max()), float(points.iterations[-1])


def bucket_at(points: CurvePoints, iteration: float) -> int:
    """Which bucket an iteration is in, or the nearest one."""
    place = int(np.searchsorted(points.iterations, iteration, side="right")) - 1
    return min(max(place, 0), len(points.iterations) - 1)


def iterations_text(points: CurvePoints, bucket: int) -> str:
    """``iteration 1,240``, or ``iterations 1,240–1,249`` for a bucket of several."""
    first = int(points.iterations[bucket])
    last = int(points.iterations[bucket + 1]) - 1 if bucket + 1 < len(points.iterations) else first
    return f"iteration {whole(first)}" if last <= first else f"iterations {whole(first)}–{whole(last)}"


def value_text(points: CurvePoints, bucket: int) -> str:
    """The bucket's loss, or its lowest and highest."""
    low, high = loss_text(float(points.low[bucket])), loss_text(float(points.high[bucket]))
    return low if low == high else f"{low} – {high}"
