"""A card in the middle of the window while a file hangs over it: what letting go would do."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QWidget

from flux_studio.gui.theme import look


class DropHint(QLabel):
    """Words over the window's content; it takes no events."""

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self.setObjectName("window.drop_hint")
        self.setProperty("strip", "drop")
        self.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.hide()

    def tell(self, words: str) -> None:
        """Show what would happen."""
        if self.isVisible() and self.text() == words:
            return
        self.setText(words)
        self.setFont(look.text_font(1.25, bold=True))
        size = self.sizeHint()
        window = self.parentWidget()
        width, height = size.width() + look.length(80), size.height() + look.length(56)
        self.setGeometry((window.width() - width) // 2, (window.height() - height) // 2, width, height)
        self.show()
        self.raise_()
