"""A formula in small soft letters, a line for each of its parts."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QSizePolicy, QWidget

from flux_studio.gui.theme import look


class FormulaLabel(QLabel):
    """Parts are apart by semicolons; a part that is too long wraps."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName(name)
        self.setProperty("muted", "true")
        self.setFont(look.text_font(0.92))
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.setWordWrap(True)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)

    def set_formula(self, formula: str) -> None:
        """Show another formula."""
        text = "\n".join(part.strip() for part in formula.split(";"))
        if text != self.text():
            self.setText(text)
