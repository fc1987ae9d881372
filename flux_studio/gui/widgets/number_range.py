"""What a field for a number takes, how it writes it, and where a key step leads."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass


@dataclass(frozen=True)
class NumberRange:
    """Numbers from ``minimum`` to ``maximum``; ``title`` names them in messages.

    With ``off``, an empty field, ``off`` and 0 all mean 0, which switches the thing off; ``off`` is the number
    that a step up begins with.
    """

    title: str
    minimum: float
    maximum: float
    off: float | None = None
    off_word: str = "off"
    """What being empty means."""

    def read(self, text: str) -> float:
        """The number that ``text`` writes, with a decimal point or comma; :class:`ValueError` in words for a person."""
        if self.off is not None and text.strip().lower() in ("", "off", self.off_word):
            return 0.0
        value = self._number(text.strip())
        if self.off is not None and value == 0:
            return 0.0
        if not math.isfinite(value) or not self.minimum <= value <= self.maximum:
            low, high = self.text(self.minimum), self.text(self.maximum)
            or_off = "" if self.off is None else f", or be empty for {self.off_word}"
            raise ValueError(
                f"the {self.title} must lie between {low} and {high}{or_off}, not {text.strip()}"
            )
        return value

    def text(self, value: float) -> str:
        """How the field writes a number."""
        return "" if self.off is not None and not value else short_number(value)

    def stepped(self, value: float, factor: float) -> float:
        """The number that a key leads to: up by a ``factor`` above 1, down by one below."""
        if self.off is not None and not value:
            return self.off if factor > 1 else 0.0
        return min(self.maximum, max(self.minimum, self._scaled(value, factor)))

    def _scaled(self, value: float, factor: float) -> float:
        return float(f"{value * factor:.3g}")

    def _number(self, text: str) -> float:
        try:
            return float(text.replace(",", "."))
        except ValueError:
            raise ValueError(
                f"the {self.title} {text!r} is not a number; write one such as 0.1 or 1e-3"
            ) from None


@dataclass(frozen=True)
class WholeRange(NumberRange):
    """Whole numbers, written with thousands separators; ``10k`` and ``1e4`` are read, too."""

    def text(self, value: float) -> str:
        return "" if self.off is not None and not value else f"{int(value):,}"

    def _scaled(self, value: float, factor: float) -> float:
        scaled = round(float(f"{value * factor:.3g}"))
        # A tenth of a small number is no whole number: the step is at least one.
        return max(int(value) + 1, scaled) if factor > 1 else min(int(value) - 1, scaled)

    def _number(self, text: str) -> float:
        plain = text.lower().replace(" ", "")
        if re.fullmatch(r"[+-]?(\d+|\d{1,3}(,\d{3})+)", plain):
            return int(plain.replace(",", ""))
        thousand = plain.endswith("k")
        try:
            value = float(plain.removesuffix("k")) * (1_000 if thousand else 1)
        except ValueError:
            value = math.nan
        if not value.is_integer():
            raise ValueError(f"the {self.title} must be a whole number such as 1,000, not {text!r}")
        return int(value)


LEARNING_RATES = NumberRange("learning rate", 1e-8, 1e4)


def short_number(value: float) -> str:
    """As few characters as tell the number apart: ``0.6``, ``0.001``, ``1e-5``, ``2500``."""
    if value and not 1e-4 <= abs(value) < 1e6:
        mantissa, exponent = f"{value:.6e}".split("e")
        return f"{mantissa.rstrip('0').rstrip('.')}e{int(exponent)}"
    return f"{value:.7g}"
