"""Words and numbers in two columns; numbers are monospaced and right-aligned, so that they don't jump."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QLabel, QWidget

from flux_studio.gui.theme import look
from flux_studio.gui.widgets.read_out import NOTHING


class FactsTable(QWidget):
    """A line for each name in ``lines``, in that order, with the words that stand before it."""

    def __init__(self, name: str, lines: dict[str, str], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setVerticalSpacing(look.length(2))
        self._values: dict[str, QLabel] = {}
        for place, (line, words) in enumerate(lines.items()):
            label, value = QLabel(words), QLabel(NOTHING)
            label.setProperty("muted", "true")
            value.setObjectName(f"{name}.{line}")
            value.setProperty("number", True)
            value.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            value.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            grid.addWidget(label, place, 0)
            grid.addWidget(value, place, 1)
            self._values[line] = value
        grid.setColumnStretch(1, 1)

    def set_values(self, **values: str) -> None:
        """Show other numbers; lines that are not named keep theirs."""
        for line, text in values.items():
            self._values[line].setText(text)
