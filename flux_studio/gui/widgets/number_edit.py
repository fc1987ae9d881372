"""A field for a number that may span many magnitudes, such as a learning rate."""

from __future__ import annotations

import math
from dataclasses import dataclass

from PySide6.QtWidgets import QWidget

from flux_studio.gui.theme import look
from flux_studio.gui.widgets.typed_edit import TypedEdit

_STEP, _PAGE = 1.1, 10.0
_STEPS_A_PAGE = 10


@dataclass(frozen=True)
class NumberRange:
    """What a field takes: numbers from ``minimum`` to ``maximum``; ``title`` names them in messages."""

    title: str
    minimum: float
    maximum: float

    def read(self, text: str) -> float:
        """The number that ``text`` writes, with a decimal point or comma; :class:`ValueError` in words for a person."""
        try:
            value = float(text.strip().replace(",", "."))
        except ValueError:
            raise ValueError(
                f"the {self.title} {text.strip()!r} is not a number; write one such as 0.1 or 1e-3"
            ) from None
        if not math.isfinite(value) or not self.minimum <= value <= self.maximum:
            low, high = short_number(self.minimum), short_number(self.maximum)
            raise ValueError(f"the {self.title} must lie between {low} and {high}, not {text.strip()}")
        return value


class NumberEdit(TypedEdit):
    """Takes ``0.6`` as well as ``6e-1``; Up and Down change it by a tenth, Page Up and Page Down tenfold."""

    def __init__(self, takes: NumberRange, parent: QWidget | None = None) -> None:
        super().__init__(takes.read, short_number, takes.minimum, parent)
        self._takes = takes
        self.setFont(look.number_font())

    def stepped(self, steps: int) -> float:
        factor = _PAGE if abs(steps) >= _STEPS_A_PAGE else _STEP
        value = float(f"{self.value * (factor if steps > 0 else 1 / factor):.3g}")
        return min(self._takes.maximum, max(self._takes.minimum, value))


def short_number(value: float) -> str:
    """As few characters as tell the number apart: ``0.6``, ``0.001``, ``1e-5``, ``2500``."""
    if value and not 1e-4 <= abs(value) < 1e6:
        mantissa, exponent = f"{value:.6e}".split("e")
        return f"{mantissa.rstrip('0').rstrip('.')}e{int(exponent)}"
    return f"{value:.7g}"
