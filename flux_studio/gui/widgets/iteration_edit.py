"""The iteration that is shown, as a number that can be typed over: the way to one that a slider does not hit."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget

from flux_studio.gui.theme import look
from flux_studio.gui.widgets.number_range import WholeRange
from flux_studio.gui.widgets.typed_edit import TypedEdit


class IterationEdit(TypedEdit):
    """Looks like a heading until somebody comes near; ``committed`` tells where to go."""

    def __init__(self, parent: QWidget | None = None) -> None:
        self._takes = WholeRange("iteration", 0, 0)
        super().__init__(self._read_typed, lambda value: self._takes.text(value), 0, parent)
        self.setObjectName("curve.iteration")
        self.setProperty("flat", "true")
        self.setMaximumWidth(look.length(130))
        self.setAccessibleName("Iteration that is shown")
        self.set_range(0, 0)

    def set_range(self, first: int, now: int) -> None:
        """Which iterations can be gone to."""
        self._takes = WholeRange("iteration", first, now)
        self.setEnabled(now > first)
        self.setToolTip(
            f"Type an iteration from {self._takes.text(first)} to {self._takes.text(now)} to see it"
        )

    def stepped(self, steps: int) -> int:
        return int(min(self._takes.maximum, max(self._takes.minimum, self.value + steps)))

    def _read_typed(self, text: str) -> int:
        return int(self._takes.read(text))
