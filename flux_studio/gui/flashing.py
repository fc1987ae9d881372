"""The matrices that a step has just written flash on the wall and in the focus view, and stay lightly marked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from PySide6.QtCore import QElapsedTimer, QObject, QTimer
from PySide6.QtWidgets import QApplication, QStyle

from flux_studio.gui.widgets.written_mark import LASTING
from flux_studio.training.events import Frame, MatrixKey

if TYPE_CHECKING:
    from flux_studio.gui.main_window import MainWindow

FADING_MS = 600
_TICK_MS = 40


class Flashing(QObject):
    """Follows the frames; where the desktop wants no animations, nothing fades and only the light mark is there."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        self._written: Mapping[MatrixKey, range] = {}
        self._at = (-1, -1)
        self._since = QElapsedTimer()
        self._timer = QTimer(self, interval=_TICK_MS)
        self._timer.setObjectName("flashing")
        self._timer.timeout.connect(self._fade)
        self.strength = LASTING
        """How strongly the marks shine: 1 at once, and a little until the next step."""

    def show_frame(self, frame: Frame) -> None:
        """Mark what was written on the way to this frame's moment; chosen rows are none of those that a step writes."""
        written = frame.written if frame.choice is None else {}
        at = (frame.when.shown, frame.when.done)
        if at != self._at:
            forwards = bool(written) and at > self._at
            self._begin(forwards)
            if forwards:
                # In the order of the network, so that one sees where a step begins.
                self._window.wall.bring_into_view(written)
            self._at = at
        self._written = written
        self._mark()

    def _begin(self, forwards: bool) -> None:
        style = QApplication.style()
        animated = style.styleHint(QStyle.StyleHint.SH_Widget_Animation_Duration) > 0
        self.strength = 1.0 if forwards and animated else LASTING
        if forwards and animated:
            self._since.start()
            self._timer.start()
        else:
            self._timer.stop()

    def _fade(self) -> None:
        gone = min(1.0, self._since.elapsed() / FADING_MS)
        self.strength = LASTING + (1.0 - gone) * (1.0 - LASTING)
        if gone >= 1.0:
            self._timer.stop()
        self._mark()

    def _mark(self) -> None:
        window = self._window
        window.wall.set_written(self._written, self.strength)
        matrix = window.wall.find(window.focus.shows)
        columns = self._written.get(matrix.key, range(0)) if matrix is not None else range(0)
        window.focus_panel.grid.set_written(
            columns, matrix.kind.side if matrix is not None else "update", self.strength
        )
