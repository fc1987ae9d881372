"""A segmented control: a few words side by side, of which one is chosen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QPushButton, QSizePolicy, QWidget


@dataclass(frozen=True)
class Segment:
    """One choice: the value it stands for, its word, its tool tip and its stable name."""

    value: str
    title: str
    tip: str
    name: str


class SegmentedControl(QWidget):
    """Tells which segment a person chose."""

    chosen = Signal(str)

    def __init__(self, segments: Sequence[Segment], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        self._group = QButtonGroup(self)
        self._buttons: dict[str, QPushButton] = {}
        for place, segment in enumerate(segments):
            button = QPushButton(segment.title)
            button.setObjectName(segment.name)
            button.setAccessibleName(segment.tip)
            button.setToolTip(segment.tip)
            button.setCheckable(True)
            # By keyboard only: a ring round a clicked segment would look like a second choice.
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            ends = {0: "first", len(segments) - 1: "last"}
            button.setProperty("segment", ends.get(place, "middle"))
            button.clicked.connect(lambda _, value=segment.value: self.chosen.emit(value))
            self._group.addButton(button)
            self._buttons[segment.value] = button
            row.addWidget(button)

    def set_value(self, value: str) -> None:
        """Show ``value`` as chosen; nothing is signalled."""
        self._buttons[value].setChecked(True)
