"""Colour levels: how large a number must be to get the scale's full colour, held still while training."""

from __future__ import annotations

import math
import sys

_STEPS = (1.0, 2.0, 5.0, 10.0)
# A level falls only when the next lower one still leaves this much room, so that colours don't flicker.
_ROOM = 1.25


def step_above(magnitude: float) -> float:
    """The smallest of 1, 2, 5 times a power of ten that is not below ``magnitude`` (> 0)."""
    power = 10.0 ** math.floor(math.log10(magnitude))
    for step in _STEPS:
        # By way of its decimal text: 5 * 10**-5 and 5e-05 are not the same float.
        level = float(f"{step * power:.0e}")
        if level >= magnitude:
            return min(level, sys.float_info.max)
    return magnitude


def settle(magnitude: float, previous: float | None = None) -> float:
    """The level for a matrix whose largest finite magnitude is ``magnitude``; keeps ``previous`` if it may."""
    if not magnitude > 0 or math.isinf(magnitude):
        return previous or 1.0
    needed = step_above(magnitude)
    if previous is None or needed > previous:
        return needed
    return min(previous, step_above(min(magnitude * _ROOM, sys.float_info.max)))
