"""Ranges and ticks for a plot that grows: round numbers that stand still while the curve moves on."""

from __future__ import annotations

import math

from flux_studio.gui.widgets.levels import step_above
from flux_studio.gui.widgets.numbers import short, whole

Tick = tuple[float, str]

_TOPS = (1.0, 1.2, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0)
_FEWEST_ITERATIONS = 10
# A range shrinks only when the curve would leave this share of it empty.
_EMPTY = 0.45
_LOWEST_DECADE = -40


def iteration_limit(last: float) -> float:
    """The right end of an axis whose curve has reached iteration ``last``: at most a fifth of it is empty."""
    if last <= _FEWEST_ITERATIONS:
        return float(_FEWEST_ITERATIONS)
    step = max(1.0, step_above(last / 10))
    return math.ceil(last / step) * step


def linear_top(highest: float, previous: float | None = None) -> float:
    """The upper end of a linear axis from 0 that shows ``highest``; keeps ``previous`` while that still fits."""
    if not highest > 0:
        return previous or 1.0
    if previous is not None and previous * (1 - _EMPTY) <= highest <= previous:
        return previous
    power = 10.0 ** math.floor(math.log10(highest))
    return next((top * power for top in _TOPS if top * power >= highest), 10 * power)


def decades(lowest: float, highest: float) -> tuple[int, int]:
    """The powers of ten between which a logarithmic axis shows ``lowest`` to ``highest`` (both > 0)."""
    low = max(math.floor(math.log10(lowest)), _LOWEST_DECADE)
    return low, max(math.ceil(math.log10(highest)), low + 1)


def iteration_ticks(limit: float, most: float) -> list[Tick]:
    """At most about ``most`` ticks from 0 to ``limit``, with thousands separators."""
    step = max(1.0, step_above(limit / max(most, 1)))
    return [(tick * step, whole(tick * step)) for tick in range(int(limit / step) + 1)]


def linear_ticks(top: float, most: float) -> list[Tick]:
    """At most about ``most`` ticks from 0 to ``top``, never only one."""
    step = step_above(top / max(most - 1, 1))
    count = math.floor(top / step + 1e-9)
    if count == 0:
        return [(0.0, "0"), (top, short(float(f"{top:.3g}")))]
    return [(tick * step, short(float(f"{tick * step:.3g}"))) for tick in range(count + 1)]


def decade_ticks(low: int, high: int, most: float) -> list[Tick]:
    """A tick at powers of ten, placed at their logarithms; at every second, third … when they are too many."""
    apart = -(-(high - low) // max(int(most) - 1, 1))
    return [(float(power), short(10.0**power)) for power in range(high, low - 1, -apart)]


def range_ticks(low: float, high: float, most: float) -> list[Tick]:
    """At most about ``most`` round numbers between ``low`` and ``high``."""
    span = high - low
    if not (span > 0 and math.isfinite(span)):
        return [(low, short(float(f"{low:.3g}")))] if math.isfinite(low) else []
    step = step_above(span / max(most, 1))
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [(tick * step, short(float(f"{tick * step:.6g}"))) for tick in range(first, last + 1)]
