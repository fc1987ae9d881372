"""How numbers are written for people: a sign, fixed digits, and one style for a whole matrix."""

from __future__ import annotations

import math
from dataclasses import dataclass

ENOUGH_DIGITS = 9
"""Significant digits that tell any two float32 numbers apart."""


@dataclass(frozen=True)
class NumberFormat:
    """One style for all numbers of a matrix, ``width`` characters wide, for magnitudes in [low, high)."""

    low: float
    high: float
    decimals: int
    exponent: bool
    width: int

    def text(self, value: float, more: int = 0) -> str:
        """``value`` with its sign and ``more`` digits than the style has; a true zero has a blank for its sign."""
        if math.isnan(value):
            return "NaN"
        if math.isinf(value):
            return "+∞" if value > 0 else "-∞"
        if value == 0:
            return "0" if self.exponent else f"{0: .{self.decimals + more}f}"
        return f"{value:+.{self.decimals + more}{'e' if self.exponent else 'f'}}"


# Two widths only: six characters for everyday magnitudes, eight for the rest.
_FORMATS = (
    NumberFormat(0.0, 1e-3, 1, True, 8),
    NumberFormat(1e-3, 0.1, 5, False, 8),
    NumberFormat(0.1, 10, 3, False, 6),
    NumberFormat(10, 100, 2, False, 6),
    NumberFormat(100, 1_000, 1, False, 6),
    NumberFormat(1_000, 1e5, 0, False, 6),
    NumberFormat(1e5, 1e7, 0, False, 8),
    NumberFormat(1e7, math.inf, 1, True, 8),
)
_EVERYDAY = _FORMATS[2]
# A style is kept until the largest number is this far outside its range, so that it doesn't flicker.
_SLACK = 1.25


def number_format(magnitude: float, previous: NumberFormat | None = None) -> NumberFormat:
    """The style for a matrix whose largest finite magnitude is ``magnitude``; ``previous`` is kept if it may."""
    if not magnitude > 0 or math.isinf(magnitude):
        return previous or _EVERYDAY
    # Downwards only: a number above its style's range would no longer fit its width.
    if previous is not None and previous.low / _SLACK <= magnitude < previous.high:
        return previous
    return next(style for style in _FORMATS if style.low <= magnitude < style.high)


def exact(value: float) -> str:
    """``value`` with its sign and nine significant digits, which tell any two float32 numbers apart."""
    if not math.isfinite(value) or value == 0:
        return _EVERYDAY.text(value) if value else "0"
    return f"{value:+#.{ENOUGH_DIGITS}g}"


def loss_text(value: float) -> str:
    """A loss, which has no sign, in eight characters: ``0.000557``, ``5.57e-05``, ``12.34567``."""
    if not math.isfinite(value):
        return "NaN" if math.isnan(value) else "∞" if value > 0 else "-∞"
    magnitude = abs(value)
    if magnitude >= 1e7 or 0 < magnitude < 1e-4:
        return f"{value:.2e}"
    whole_digits = len(str(int(magnitude)))
    return f"{value:.{max(0, 7 - whole_digits)}f}"


def short(value: float) -> str:
    """A round number as short as it can be, with a real minus: ``0.5``, ``2,000``, ``1e-6``, ``−20``."""
    if value == 0:
        return "0"
    magnitude = abs(value)
    if 1e-4 <= magnitude < 1e6:
        text = f"{magnitude:,.6f}".rstrip("0").rstrip(".")
    else:
        mantissa, exponent = f"{magnitude:.3e}".split("e")
        text = f"{float(mantissa):g}e{int(exponent)}"
    return f"−{text}" if value < 0 else text


def whole(value: float) -> str:
    """A count with thousands separators: ``1,840``."""
    return f"{round(value):,}"


def compact(count: int) -> str:
    """A count in four characters or less, rounded: ``784``, ``8k``, ``8.1k``, ``60k``, ``1.2M``."""
    if count < 1_000:
        return str(count)
    scaled, unit = (count / 1e3, "k") if count < 999_500 else (count / 1e6, "M")
    return (f"{scaled:.1f}".removesuffix(".0") if scaled < 9.95 else f"{scaled:.0f}") + unit
