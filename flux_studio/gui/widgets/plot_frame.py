"""The frame of a small plot: where numbers lie in pixels, with ticks and names beside it."""

from __future__ import annotations

import math
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QFont, QFontMetricsF, QPainter, QPen

from flux_studio.gui.theme import colour, look
from flux_studio.gui.widgets.axis_steps import Tick, range_ticks
from flux_studio.gui.widgets.paint import line_of_text

_TICK_ROOM = 64


@dataclass(frozen=True)
class PlotAxis:
    """What an axis is called and from where to where it goes, in the column's own units."""

    name: str
    low: float
    high: float
    words: tuple[str, str] | None = None
    """What stands at 0 and at 1 in place of numbers."""

    def ticks(self, room: float) -> list[Tick]:
        """Some ticks for a length in pixels."""
        if self.words is not None:
            return [(0.0, self.words[0]), (1.0, self.words[1])]
        return range_ticks(self.low, self.high, max(2.0, room / look.length(_TICK_ROOM)))


class PlotFrame:
    """A plot's place inside a widget of ``size``; numbers of both axes become pixels and back."""

    def __init__(self, size: QSize, across: PlotAxis, up: PlotAxis, right: int = 0, above: int = 0) -> None:
        self.across, self.up = across, up
        metrics = QFontMetricsF(tick_font())
        height = metrics.height()
        top, bottom = above + look.length(6), 2 * height + look.length(6)
        ticks = up.ticks((size.height() - top - bottom) * 1.6)
        widest = max((metrics.horizontalAdvance(text) for _, text in ticks), default=0.0)
        widest = min(widest, look.length(80))
        # The name of the axis stands on end beside its ticks.
        left = height + widest + look.length(10)
        self.body = QRectF(
            left,
            top,
            max(1.0, size.width() - left - right - look.length(8)),
            max(1.0, size.height() - top - bottom),
        )
        self._ticks = ticks

    def x(self, value: float) -> float:
        """Where a number of the lower axis lies."""
        return self.body.left() + _share(value, self.across) * self.body.width()

    def y(self, value: float) -> float:
        """Where a number of the left axis lies."""
        return self.body.bottom() - _share(value, self.up) * self.body.height()

    def point(self, across: float, up: float) -> QPointF:
        """Where a pair of numbers lies."""
        return QPointF(self.x(across), self.y(up))

    def values(self, place: QPointF) -> tuple[float, float]:
        """The pair of numbers at a place."""
        body, across, up = self.body, self.across, self.up
        return (
            across.low + (place.x() - body.left()) / body.width() * (across.high - across.low),
            up.low + (body.bottom() - place.y()) / body.height() * (up.high - up.low),
        )

    def paint(self, painter: QPainter, *, lines: bool = False) -> None:
        """Ticks, names and a hairline around; with ``lines`` also through the plot."""
        body, font = self.body, tick_font()
        metrics, soft, line = QFontMetricsF(font), colour("text_soft"), colour("border")
        height = metrics.height()
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for value, text in self.across.ticks(body.width()):
            x = self.x(value)
            painter.setPen(QPen(line, 1))
            if lines and body.left() < x < body.right():
                painter.drawLine(QPointF(x, body.top()), QPointF(x, body.bottom()))
            wide = metrics.horizontalAdvance(text) + 4
            left = min(max(x - wide / 2, 0.0), body.right() + look.length(8) - wide)
            room = QRectF(left, body.bottom() + 2, wide, height)
            line_of_text(painter, room, text, font, soft, Qt.AlignmentFlag.AlignHCenter)
        for value, text in self._ticks:
            y = self.y(value)
            painter.setPen(QPen(line, 1))
            if lines and body.top() < y < body.bottom():
                painter.drawLine(QPointF(body.left(), y), QPointF(body.right(), y))
            room = QRectF(height + 2, y - height / 2, body.left() - height - look.length(5), height)
            line_of_text(painter, room, text, font, soft, Qt.AlignmentFlag.AlignRight)
        painter.setPen(QPen(line, 1))
        painter.drawRect(body)
        name = QRectF(body.left(), body.bottom() + height + 2, body.width(), height + 2)
        line_of_text(painter, name, self.across.name, font, colour("text"), Qt.AlignmentFlag.AlignHCenter)
        painter.save()
        painter.translate(0, body.bottom())
        painter.rotate(-90)
        name = QRectF(0, 0, body.height(), height)
        line_of_text(painter, name, self.up.name, font, colour("text"), Qt.AlignmentFlag.AlignHCenter)
        painter.restore()


def tick_font() -> QFont:
    """The face for ticks and names of axes."""
    return look.text_font(0.88)


def _share(value: float, axis: PlotAxis) -> float:
    share = (value - axis.low) / ((axis.high - axis.low) or 1.0)
    # Far outside Qt would count in overflowing integers.
    return min(max(share, -10.0), 10.0) if math.isfinite(share) else -10.0
