"""A quiet button in a panel's header that opens a menu."""

from __future__ import annotations

from PySide6.QtWidgets import QMenu, QToolButton, QWidget

from flux_studio.gui.theme import look


class MenuButton(QToolButton):
    """Its menu, in ``choices``, is there to be filled; both are called after ``name``."""

    def __init__(self, name: str, words: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName(name)
        self.setProperty("kind", "quiet")
        self.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.setFont(look.text_font(0.92))
        self.setText(words)
        self.choices = QMenu(self)
        self.choices.setObjectName(f"{name}.menu")
        self.choices.setToolTipsVisible(True)
        self.setMenu(self.choices)
