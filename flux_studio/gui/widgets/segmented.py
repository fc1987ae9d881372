"""A segmented control: a few words side by side, of which one is chosen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QPushButton, QSizePolicy, QWidget

from flux_studio.gui.style import restyle
from flux_studio.gui.theme import look


@dataclass(frozen=True)
class Segment:
    """One choice: the value it stands for, its word, its tool tip and its stable name."""

    value: str
    title: str
    tip: str
    name: str


class SegmentedControl(QWidget):
    """Tells which segment a person chose; with ``wide`` the segments share the width that there is."""

    chosen = Signal(str)

    def __init__(
        self, segments: Sequence[Segment], parent: QWidget | None = None, *, wide: bool = False
    ) -> None:
        super().__init__(parent)
        across = QSizePolicy.Policy.Preferred if wide else QSizePolicy.Policy.Fixed
        self.setSizePolicy(across, QSizePolicy.Policy.Fixed)
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
            button.setProperty("segment", _end(place, len(segments)))
            if wide:
                # The padding may shrink: three words have to stand side by side in a narrow dock.
                button.setProperty("tight", "true")
                button.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
                button.setMinimumWidth(button.fontMetrics().horizontalAdvance(segment.title) + look.length(8))
            button.clicked.connect(lambda _, value=segment.value: self.chosen.emit(value))
            self._group.addButton(button)
            self._buttons[segment.value] = button
            row.addWidget(button, 1 if wide else 0)

    @property
    def value(self) -> str | None:
        """What is shown as chosen."""
        return next((value for value, button in self._buttons.items() if button.isChecked()), None)

    def set_value(self, value: str | None) -> None:
        """Show ``value`` as chosen, or nothing for ``None``; nothing is signalled."""
        # An exclusive group never lets go of its last button.
        self._group.setExclusive(False)
        for own, button in self._buttons.items():
            button.setChecked(own == value)
        self._group.setExclusive(True)

    def set_able(self, value: str, able: bool) -> None:
        """Whether a segment can be chosen now."""
        self._buttons[value].setEnabled(able)

    def set_shown(self, value: str, shown: bool) -> None:
        """Whether a segment is offered at all."""
        self._buttons[value].setVisible(shown)
        offered = [button for button in self._buttons.values() if not button.isHidden()]
        for place, button in enumerate(offered):
            button.setProperty("segment", _end(place, len(offered)))
            restyle(button)


def _end(place: int, count: int) -> str:
    """Which corners of a segment are round."""
    return {0: "first", count - 1: "last"}.get(place, "middle")
