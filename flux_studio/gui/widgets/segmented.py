"""A few choices side by side, one of them taken."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QPushButton, QSizePolicy, QWidget

from flux_studio.gui.theme import look


@dataclass(frozen=True)
class Segment:
    """One choice: its value, the word on it, and what it means."""

    value: str
    title: str
    meaning: str


class Segmented(QWidget):
    """Tells what a person chooses; shows what it is given, or nothing chosen where several things differ."""

    chosen = Signal(str)

    def __init__(
        self, name: str, title: str, segments: Sequence[Segment], parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setObjectName(name)
        self.setAccessibleName(title)
        self._group = QButtonGroup(self)
        self._buttons: dict[str, QPushButton] = {}
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        for place, segment in enumerate(segments):
            button = QPushButton(segment.title, self)
            button.setCheckable(True)
            button.setObjectName(f"{name}.{segment.value}")
            button.setAccessibleName(f"{title}: {segment.title}")
            button.setToolTip(f"{segment.title}: {segment.meaning}")
            button.setProperty("segment", _place(place, len(segments)))
            # The padding may shrink: three words have to stand side by side in a narrow dock.
            button.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
            button.setMinimumWidth(button.fontMetrics().horizontalAdvance(segment.title) + look.length(8))
            button.clicked.connect(lambda _=False, value=segment.value: self.chosen.emit(value))
            self._group.addButton(button)
            self._buttons[segment.value] = button
            row.addWidget(button, 1)

    @property
    def value(self) -> str | None:
        """What is shown as chosen."""
        return next((value for value, button in self._buttons.items() if button.isChecked()), None)

    def set_value(self, value: str | None) -> None:
        """Show another choice, or none, without telling it."""
        # An exclusive group never lets go of its last button.
        self._group.setExclusive(False)
        for own, button in self._buttons.items():
            button.setChecked(own == value)
        self._group.setExclusive(True)


def _place(index: int, count: int) -> str:
    return "first" if index == 0 else "last" if index == count - 1 else "middle"
