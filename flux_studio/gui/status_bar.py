"""The status bar: what the application is doing, with which engine, how smoothly, and whether it is saved."""

from __future__ import annotations

import time

from PySide6.QtWidgets import QLabel, QStatusBar

from flux_studio.gui.theme import look
from flux_studio.gui.widgets.past_chip import PastChip
from flux_studio.gui.widgets.work_chip import WorkChip

MESSAGE_MS = 6_000


class StatusBar(QStatusBar):
    """Four quiet facts; messages take their place for a while."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("window.status")
        self.setSizeGripEnabled(False)
        self._state = self._label("state")
        self._engine = self._label("engine")
        self._frames = self._label("frames")
        self._kept = self._label("kept")
        for label in (self._state, self._engine, self._frames):
            self.addWidget(label)
        self.work = WorkChip()
        self.addPermanentWidget(self.work)
        self.past = PastChip()
        self.addPermanentWidget(self.past)
        # As high with it as without: what stands above does not move when one looks back.
        self.setMinimumHeight(self.past.sizeHint().height() + look.length(6))
        self.addPermanentWidget(self._kept)
        # The one that changes while it trains may not make the window be laid out anew.
        widest = self._frames.fontMetrics().horizontalAdvance("888 pictures a second") + look.length(16)
        self._frames.setFixedSize(widest, self._frames.sizeHint().height())
        self._running = False
        self._frame_times: list[float] = []

    def set_state(self, words: str, running: bool) -> None:
        """Training, resting or what keeps it from either."""
        self._state.setText(f"{'●' if running else '○'} {words}")
        self._running = running
        if not running:
            self._frame_times.clear()
            self._frames.setText("")

    def set_engine(self, words: str) -> None:
        """Which executor computes, and how."""
        self._engine.setText(words)

    def set_kept(self, words: str) -> None:
        """Whether there is something that saving would keep."""
        self._kept.setText(words)

    def count_frame(self) -> None:
        """A picture of the training was shown: tell how many there are in a second."""
        if not self._running:
            return
        now = time.perf_counter()
        self._frame_times = [*(moment for moment in self._frame_times if now - moment < 1.0), now]
        if len(self._frame_times) > 1:
            rate = (len(self._frame_times) - 1) / (now - self._frame_times[0])
            self._frames.setText(f"{rate:.0f} pictures a second")

    def _label(self, name: str) -> QLabel:
        label = QLabel()
        label.setObjectName(f"status.{name}")
        label.setProperty("muted", "true")
        return label
