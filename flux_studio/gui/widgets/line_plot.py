"""Lines over one number, with the rows as points: a fitted curve, or a series beside what is predicted of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QHelpEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from flux_studio.gui.theme import colour, look
from flux_studio.gui.widgets.numbers import short
from flux_studio.gui.widgets.paint import line_of_text
from flux_studio.gui.widgets.plot_frame import PlotAxis, PlotFrame, tick_font

_LEGEND_HEIGHT = 18


@dataclass(frozen=True, eq=False)
class Line:
    """A line by its numbers, broken where ``up`` is NaN; ``dots`` shows them one by one instead."""

    name: str
    tint: QColor
    across: np.ndarray
    up: np.ndarray
    dots: bool = False
    width: float = 2.0


class LinePlot(QWidget):
    """Shows lines, over spans that have a name. A click tells the number below it."""

    chosen = Signal(float)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("predictions.lines")
        self.setAccessibleName("What is predicted, as lines")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(look.length(200), look.length(120))
        self._axes: tuple[PlotAxis, PlotAxis] | None = None
        self._lines: tuple[Line, ...] = ()
        self._shades: tuple[tuple[float, float, str], ...] = ()
        self._at: float | None = None
        look.changed.connect(self.update)

    @property
    def lines(self) -> tuple[Line, ...]:
        """What is shown."""
        return self._lines

    def set_lines(
        self,
        across: PlotAxis,
        up: PlotAxis,
        lines: tuple[Line, ...],
        shades: tuple[tuple[float, float, str], ...] = (),
    ) -> None:
        """Show other lines; ``shades`` are spans of the lower axis that have a name."""
        self._axes, self._lines, self._shades = (across, up), lines, shades
        self.update()

    def set_at(self, at: float | None) -> None:
        """Mark a place of the lower axis."""
        if at != self._at:
            self._at = at
            self.update()

    def place(self, across: float) -> float:
        """Where a number of the lower axis lies in the widget."""
        frame = self._frame()
        assert frame is not None
        return frame.x(across)

    def tip(self, place: QPointF) -> str:
        """What the lines say at a place of the widget."""
        frame = self._frame()
        if frame is None or not frame.body.contains(place):
            return ""
        x = frame.values(place)[0]
        said = [f"{frame.across.name} {_digits(x)}"]
        for line in self._lines:
            if len(line.across) and not line.dots:
                nearest = int(np.argmin(np.abs(line.across - x)))
                said.append(f"{line.name} {_digits(float(line.up[nearest]))}")
        return "\n".join(said)

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            QToolTip.showText(event.globalPos(), self.tip(QPointF(event.pos())), self)
            return True
        return super().event(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        frame = self._frame()
        if (
            frame is not None
            and frame.body.contains(event.position())
            and event.button() == Qt.MouseButton.LeftButton
        ):
            self.chosen.emit(frame.values(event.position())[0])

    def paintEvent(self, event: QPaintEvent) -> None:
        frame = self._frame()
        if frame is None:
            return
        painter = QPainter(self)
        body = frame.body
        for low, high, name in self._shades:
            left, right = (min(max(frame.x(each), body.left()), body.right()) for each in (low, high))
            painter.fillRect(QRectF(left, body.top(), right - left, body.height()), colour("sunken"))
            area = QRectF(left + 4, body.top() + 1, max(0.0, right - left - 8), look.length(16))
            line_of_text(painter, area, name, tick_font(), colour("text_faint"))
        frame.paint(painter, lines=True)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setClipRect(body.adjusted(-4, -4, 4, 4))
        for line in self._lines:
            self._paint_line(painter, frame, line)
        if self._at is not None:
            painter.setPen(QPen(colour("accent"), 1.5, Qt.PenStyle.DashLine))
            x = frame.x(self._at)
            painter.drawLine(QPointF(x, body.top()), QPointF(x, body.bottom()))
        painter.setClipping(False)
        self._paint_legend(painter, frame)

    def _frame(self) -> PlotFrame | None:
        return (
            None
            if self._axes is None
            else PlotFrame(self.size(), *self._axes, above=look.length(_LEGEND_HEIGHT))
        )

    def _paint_line(self, painter: QPainter, frame: PlotFrame, line: Line) -> None:
        across, up = thinned(line, int(frame.body.width())) if not line.dots else (line.across, line.up)
        body, span = frame.body, frame.across.high - frame.across.low or 1.0
        rise = frame.up.high - frame.up.low or 1.0
        x = body.left() + (across - frame.across.low) / span * body.width()
        y = body.bottom() - np.clip((up - frame.up.low) / rise, -5.0, 5.0) * body.height()
        if line.dots:
            radius = look.length(3)
            painter.setPen(QPen(colour("surface"), 1))
            painter.setBrush(line.tint)
            for each in np.flatnonzero(np.isfinite(y))[:3000]:
                painter.drawEllipse(QPointF(float(x[each]), float(y[each])), radius, radius)
            return
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(line.tint, line.width))
        finite = np.isfinite(y)
        starts = np.flatnonzero(finite & ~np.concatenate([[False], finite[:-1]]))
        ends = np.flatnonzero(finite & ~np.concatenate([finite[1:], [False]])) + 1
        for start, end in zip(starts, ends, strict=True):
            points = [QPointF(float(a), float(b)) for a, b in zip(x[start:end], y[start:end], strict=True)]
            painter.drawPolyline(QPolygonF(points))

    def _paint_legend(self, painter: QPainter, frame: PlotFrame) -> None:
        left, font, height = frame.body.left(), tick_font(), look.length(_LEGEND_HEIGHT)
        for line in self._lines:
            painter.setPen(QPen(line.tint, line.width))
            middle, step = height / 2 + 2, look.length(14)
            if line.dots:
                painter.setBrush(line.tint)
                painter.drawEllipse(QPointF(left + step / 2, middle), look.length(3), look.length(3))
            else:
                painter.drawLine(QPointF(left, middle), QPointF(left + step, middle))
            area = QRectF(left + step + look.length(5), 2, look.length(170), height)
            left = area.left() + line_of_text(painter, area, line.name, font, colour("text_soft"))
            left += look.length(16)


def thinned(line: Line, pixels: int) -> tuple[np.ndarray, np.ndarray]:
    """Of many numbers the lowest and the highest in each pixel, so that no peak is lost."""
    count, bins = len(line.across), max(1, pixels)
    if count <= 4 * bins:
        return line.across, line.up
    size = -(-count // bins)
    # The last part is filled up with its last number.
    places = np.minimum(np.arange(-(-count // size) * size), count - 1).reshape(-1, size)
    up = line.up[places]
    low, high = (
        np.where(np.isnan(up), np.inf, up).argmin(axis=1),
        np.where(np.isnan(up), -np.inf, up).argmax(axis=1),
    )
    found = np.sort(np.stack([low, high], axis=1), axis=1)
    kept = np.take_along_axis(places, found, axis=1).ravel()
    return line.across[kept], line.up[kept]


def _digits(value: float) -> str:
    return short(float(f"{value:.4g}")) if np.isfinite(value) else "NaN"
