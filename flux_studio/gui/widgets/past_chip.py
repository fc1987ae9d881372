"""Says plainly that an earlier moment is shown, with the two ways out of it."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QWidget

from flux_studio.gui.theme import look
from flux_studio.gui.widgets.numbers import whole


class PastChip(QWidget):
    """Is there only while the past is shown."""

    return_requested = Signal()
    branch_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("status.past")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._words = QLabel()
        self._words.setObjectName("status.past.words")
        self._return = self._button(
            "action.past.return",
            "Return to now",
            "Return to now: show the moment where training stands (Escape)",
        )
        self._branch = self._button(
            "action.past.branch",
            "Continue from here",
            "Continue from here: training goes on from the moment shown.\n"
            "The curve of what came after it stays, paler, beside the new one.",
        )
        self._return.clicked.connect(lambda _=False: self.return_requested.emit())
        self._branch.clicked.connect(lambda _=False: self.branch_requested.emit())
        row = QHBoxLayout(self)
        row.setContentsMargins(look.length(8), look.length(2), look.length(4), look.length(2))
        row.setSpacing(look.length(4))
        for part in (self._words, self._return, self._branch):
            row.addWidget(part)
        self.hide()

    @property
    def text(self) -> str:
        """What is said; empty while there is nothing to say."""
        return "" if self.isHidden() else self._words.text()

    def set_moment(self, shown: int, now: int, reached: int | None = None) -> None:
        """Say which iteration of how many is shown, or how far one that takes long has been made again."""
        words = f"Showing iteration {whole(shown)} of {whole(now)}"
        if reached is not None:
            words = f"Making iteration {whole(shown)} again: {whole(reached)}"
        self._words.setText(words)
        self.setAccessibleName(words)
        self._branch.setEnabled(reached is None)
        self.setVisible(shown < now or reached is not None)

    def _button(self, name: str, words: str, tip: str) -> QPushButton:
        button = QPushButton(words)
        button.setObjectName(name)
        button.setAccessibleName(words)
        button.setToolTip(tip)
        button.setProperty("kind", "chip")
        return button
