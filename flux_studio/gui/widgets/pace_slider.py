"""How fast training goes, on one slider from one iteration a second to as fast as the machine can."""

from __future__ import annotations

import math
from bisect import bisect_left

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFontMetrics, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QSlider, QVBoxLayout, QWidget

from flux_studio.gui.theme import colour, look
from flux_studio.gui.widgets.paint import line_of_text

STOPS: tuple[int, ...] = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000)
"""Iterations a second; one place further right is full speed."""
FULL_SPEED = len(STOPS)
_CAPTION = 0.84


class PaceSlider(QWidget):
    """The slider and, above it, what its position means in words."""

    chosen = Signal(object)
    """Iterations a second as a float; ``None`` is full speed."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._pace: float | None = None
        self._slider = QSlider(Qt.Orientation.Horizontal, self)
        self._slider.setObjectName("training.pace")
        self._slider.setRange(0, FULL_SPEED)
        self._slider.setPageStep(3)
        self._slider.setAccessibleName("Pace")
        self._slider.setToolTip(
            "Pace: how many iterations a second training does while it runs.\n"
            "Slow lets you watch each one; at the right end it goes as fast as the machine can."
        )
        self._slider.setValue(FULL_SPEED)
        self._slider.valueChanged.connect(self._on_slider)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, _caption_height(), 0, 0)
        column.addWidget(self._slider)
        self.setFocusProxy(self._slider)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self._describe()

    @property
    def pace(self) -> float | None:
        """The pace that is shown; a project may hold one that lies between two stops."""
        return self._pace

    def set_pace(self, pace: float | None) -> None:
        """Show another pace without telling it; the handle goes to the nearest stop."""
        if pace == self._pace:
            return
        self._pace = pace
        self._slider.blockSignals(True)
        self._slider.setValue(nearest_stop(pace))
        self._slider.blockSignals(False)
        self._describe()

    def sizeHint(self) -> QSize:
        return QSize(
            look.length(124), _caption_height() + max(look.length(20), self._slider.sizeHint().height())
        )

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        font = look.text_font(_CAPTION)
        area = QRectF(0, 0, self.width(), _caption_height())
        line_of_text(painter, area, "pace", font, colour("text_faint"))
        line_of_text(painter, area, pace_text(self._pace), font, colour("text"), Qt.AlignmentFlag.AlignRight)

    def _on_slider(self, stop: int) -> None:
        self._pace = None if stop == FULL_SPEED else float(STOPS[stop])
        self._describe()
        self.chosen.emit(self._pace)

    def _describe(self) -> None:
        self._slider.setAccessibleDescription(pace_text(self._pace))
        self.update()


def pace_text(pace: float | None) -> str:
    """The pace in words: ``50 a second``, ``full speed``."""
    return "full speed" if pace is None else f"{pace:,.10g} a second"


def nearest_stop(pace: float | None) -> int:
    """The place of the slider that is nearest to a pace, by ratio; full speed only for ``None``."""
    if pace is None:
        return FULL_SPEED
    above = bisect_left(STOPS, pace)
    if above == 0 or above == len(STOPS):
        return min(above, len(STOPS) - 1)
    return above if math.log(STOPS[above] / pace) <= math.log(pace / STOPS[above - 1]) else above - 1


def _caption_height() -> int:
    return QFontMetrics(look.text_font(_CAPTION)).height()
