"""Says what is being done beside the window, how far it is, and offers to give it up."""

from __future__ import annotations

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QProgressBar, QPushButton, QSizePolicy, QWidget

from flux_studio.gui.theme import look

_STEPS = 1_000
_PATIENCE_MS = 250


class WorkChip(QWidget):
    """Is there only while something is done that takes longer than a moment."""

    cancel_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("status.work")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Preferred)
        self._words = QLabel()
        self._words.setObjectName("status.work.words")
        self._bar = QProgressBar()
        self._bar.setObjectName("status.work.bar")
        self._bar.setRange(0, _STEPS)
        self._bar.setTextVisible(False)
        self._bar.setFixedSize(look.length(120), look.length(6))
        self._share = QLabel()
        self._share.setObjectName("status.work.share")
        self._share.setFont(look.number_font(0.9))
        # Growing numbers may not push the bar about.
        self._share.setFixedWidth(self._share.fontMetrics().horizontalAdvance("100 %") + look.length(4))
        self._share.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self._cancel = QPushButton("Cancel")
        self._cancel.setObjectName("action.work.cancel")
        self._cancel.setAccessibleName("Cancel")
        self._cancel.setToolTip("Give this up; everything stays as it was")
        self._cancel.setProperty("kind", "chip")
        self._cancel.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self._cancel.clicked.connect(lambda _=False: self.cancel_requested.emit())
        row = QHBoxLayout(self)
        row.setContentsMargins(look.length(8), look.length(2), look.length(4), look.length(2))
        row.setSpacing(look.length(6))
        for part in (self._words, self._bar, self._share, self._cancel):
            row.addWidget(part, 0, Qt.AlignmentFlag.AlignVCenter)
        # What is quickly done needs no telling, and would only flicker.
        self._patience = QTimer(self, singleShot=True, interval=_PATIENCE_MS)
        self._patience.timeout.connect(self.show)
        self.hide()

    @property
    def text(self) -> str:
        """What is said; empty while there is nothing to say."""
        return "" if self.isHidden() else f"{self._words.text()} {self._share.text()}"

    def set_work(self, words: str, share: float) -> None:
        """This is being done, and so much of it is done, from 0 to 1."""
        self._words.setText(words)
        self._bar.setValue(round(share * _STEPS))
        self._share.setText(f"{int(share * 100)} %")
        self.setAccessibleName(f"{words} {self._share.text()}")
        if self.isHidden() and not self._patience.isActive():
            self._patience.start()

    def rest(self) -> None:
        """Nothing is being done any more."""
        self._patience.stop()
        self.hide()
