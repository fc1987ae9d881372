"""A field for a number that may span many magnitudes, such as a learning rate."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget

from flux_studio.gui.theme import look
from flux_studio.gui.widgets.number_range import NumberRange
from flux_studio.gui.widgets.typed_edit import TypedEdit

_STEP, _PAGE = 1.1, 10.0
_STEPS_A_PAGE = 10


class NumberEdit(TypedEdit):
    """Takes ``0.6`` as well as ``6e-1``; Up and Down change it by a tenth, Page Up and Page Down tenfold."""

    def __init__(self, takes: NumberRange, parent: QWidget | None = None) -> None:
        super().__init__(takes.read, takes.text, takes.minimum, parent)
        self._takes = takes
        self.setFont(look.number_font())

    def set_range(self, takes: NumberRange) -> None:
        """Take other numbers from now on; what is shown stays."""
        self._takes = takes
        self._read, self._write = takes.read, takes.text

    def stepped(self, steps: int) -> float:
        factor = _PAGE if abs(steps) >= _STEPS_A_PAGE else _STEP
        return self._takes.stepped(self.value, factor if steps > 0 else 1 / factor)
