"""Says plainly that an earlier moment is shown, or the middle of an iteration, with the ways out of it."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QWidget

from flux_studio.gui.theme import look
from flux_studio.gui.widgets.numbers import whole
from flux_studio.training.events import When


class PastChip(QWidget):
    """Is there only while what is shown is not where training stands."""

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

    def set_moment(self, when: When) -> None:
        """Say which moment is shown, unless it is where training stands."""
        words = f"Showing iteration {whole(when.shown)} of {whole(when.now)}"
        if when.done:
            words = f"Within iteration {whole(when.shown + 1)}: {when.done} of {when.operations} operations"
        self._say(words)
        self._branch.setVisible(when.is_past)
        self.setVisible(when.is_past or when.done > 0)

    def set_way(self, reached: int, wanted: int) -> None:
        """Say how far a moment that takes long has been made again."""
        self._say(f"Making iteration {whole(wanted)} again: {whole(reached)}")
        self._branch.hide()
        self.show()

    def _say(self, words: str) -> None:
        self._words.setText(words)
        self.setAccessibleName(words)

    def _button(self, name: str, words: str, tip: str) -> QPushButton:
        button = QPushButton(words)
        button.setObjectName(name)
        button.setAccessibleName(words)
        button.setToolTip(tip)
        button.setProperty("kind", "chip")
        return button
