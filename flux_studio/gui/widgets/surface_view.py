"""What a network predicts over two inputs, as a coloured surface with the rows over it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QHelpEvent, QImage, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from flux_studio.gui.theme import colour, look
from flux_studio.gui.widgets import heat
from flux_studio.gui.widgets.class_colours import class_colour, class_colours
from flux_studio.gui.widgets.numbers import short
from flux_studio.gui.widgets.paint import line_of_text
from flux_studio.gui.widgets.plot_frame import PlotAxis, PlotFrame, tick_font

_LEGEND = 96
_MOST_POINTS = 1_500
_NEAR = 9


@dataclass(frozen=True)
class Meaning:
    """How predictions become colours: classes, or a number from ``low`` over ``middle`` to ``high``."""

    name: str
    classes: tuple[str, ...] = ()
    low: float = 0.0
    high: float = 1.0
    words: tuple[str, str] | None = None
    """What stands at the ends of the scale in place of numbers."""

    @property
    def middle(self) -> float:
        """The number that is neither of both colours."""
        return (self.low + self.high) / 2

    @property
    def reach(self) -> float:
        """How far from the middle the full colours lie."""
        return (self.high - self.low) / 2 or 1.0

    def tint(self, value: float) -> QColor:
        """The colour of a true value: a class's place, or a number."""
        if self.classes:
            return class_colour(int(value))
        index = heat.colour_indices(np.array([[value - self.middle]]), self.reach)[0, 0]
        return QColor(int(heat.colour_table(look.theme)[index]))


@dataclass(frozen=True, eq=False)
class Points:
    """Rows over a plot: where each lies, what is true of it, and which row of the data set it is."""

    across: np.ndarray
    up: np.ndarray
    truth: np.ndarray
    rows: np.ndarray
    held_out: np.ndarray
    """Which of them are not trained on."""

    def thinned(self) -> Points:
        """At most as many as can be seen."""
        if len(self.rows) <= _MOST_POINTS:
            return self
        some = np.arange(_MOST_POINTS) * len(self.rows) // _MOST_POINTS
        return Points(*(each[some] for each in (self.across, self.up, self.truth, self.rows, self.held_out)))


class SurfaceView(QWidget):
    """Shows values U×A, or shares U×A×K of K classes; hovering tells the numbers, a click chooses a row."""

    row_chosen = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("predictions.surface")
        self.setAccessibleName("What is predicted over two inputs")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(look.length(200), look.length(120))
        self.setMouseTracking(True)
        self._axes: tuple[PlotAxis, PlotAxis] | None = None
        self._meaning = Meaning("")
        self._points: Points | None = None
        self._values: np.ndarray | None = None
        self._image = QImage()
        self._mark: tuple[float, float] | None = None
        self._row: int | None = None
        look.changed.connect(self._repaint)

    @property
    def values(self) -> np.ndarray | None:
        """What is shown."""
        return self._values

    def set_axes(self, across: PlotAxis, up: PlotAxis, meaning: Meaning, points: Points) -> None:
        """Another plane; its values are told next."""
        self._axes, self._meaning, self._points = (across, up), meaning, points.thinned()
        self._values, self._image = None, QImage()
        self.update()

    def set_values(self, values: np.ndarray) -> None:
        """New predictions over the same plane: U×A in the target's units, or U×A×K shares."""
        self._values = values
        self._repaint()

    def set_mark(self, mark: tuple[float, float] | None) -> None:
        """Where a row of one's own lies."""
        if mark != self._mark:
            self._mark = mark
            self.update()

    def set_row(self, row: int | None) -> None:
        """Ring one of the rows."""
        if row != self._row:
            self._row = row
            self.update()

    def place_of(self, row: int) -> QPointF | None:
        """Where a row's point lies in the widget, if it is shown."""
        points, frame = self._points, self._frame()
        if points is None or frame is None or not (found := np.flatnonzero(points.rows == row)).size:
            return None
        return frame.point(float(points.across[found[0]]), float(points.up[found[0]]))

    def tip(self, place: QPointF) -> str:
        """What is predicted at a place of the widget, in words; empty beside the surface."""
        frame, values = self._frame(), self._values
        if frame is None or values is None or not frame.body.contains(place):
            return ""
        x, y = frame.values(place)
        rows, columns = values.shape[:2]
        column = min(int((place.x() - frame.body.left()) / frame.body.width() * columns), columns - 1)
        row = min(int((frame.body.bottom() - place.y()) / frame.body.height() * rows), rows - 1)
        where = f"{frame.across.name} {_digits(x)}, {frame.up.name} {_digits(y)}"
        return f"{where}\n{self._words(values[row, column])}"

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            QToolTip.showText(event.globalPos(), self.tip(QPointF(event.pos())), self)
            return True
        return super().event(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        row = self._row_at(event.position())
        if row is not None and event.button() == Qt.MouseButton.LeftButton:
            self.row_chosen.emit(row)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        near = self._row_at(event.position()) is not None
        self.setCursor(Qt.CursorShape.PointingHandCursor if near else Qt.CursorShape.ArrowCursor)

    def paintEvent(self, event: QPaintEvent) -> None:
        frame = self._frame()
        if frame is None:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        if not self._image.isNull():
            painter.drawImage(frame.body, self._image)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        frame.paint(painter)
        self._paint_points(painter, frame)
        self._paint_legend(painter, frame)

    # Inside

    def _frame(self) -> PlotFrame | None:
        if self._axes is None:
            return None
        return PlotFrame(self.size(), *self._axes, right=look.length(_LEGEND))

    def _repaint(self) -> None:
        if self._values is not None:
            self._image = self._coloured(self._values)
        self.update()

    def _coloured(self, values: np.ndarray) -> QImage:
        if not self._meaning.classes:
            centred = np.ascontiguousarray(values[::-1] - self._meaning.middle)
            return heat.heat_image(centred, self._meaning.reach, look.theme)
        count = values.shape[2]
        best = values.argmax(axis=2)
        sure = (np.clip(values.max(axis=2), 0, 1) - 1 / count) / (1 - 1 / count)
        strength = (0.12 + 0.58 * np.clip(np.nan_to_num(sure), 0, 1))[..., None]
        ground = np.array(colour("surface").getRgb()[:3], np.float64)
        mixed = np.rint(ground + (class_colours(count)[best] - ground) * strength).astype(np.uint32)[::-1]
        image = QImage(values.shape[1], values.shape[0], QImage.Format.Format_RGB32)
        pixels = np.frombuffer(image.bits(), dtype=np.uint32).reshape(values.shape[:2])
        pixels[...] = np.uint32(0xFF000000) | (mixed[..., 0] << 16) | (mixed[..., 1] << 8) | mixed[..., 2]
        return image

    def _paint_points(self, painter: QPainter, frame: PlotFrame) -> None:
        points, radius = self._points, look.length(4) if self._few() else look.length(3)
        if points is None:
            return
        painter.setClipRect(frame.body.adjusted(-1, -1, 1, 1))
        ink = colour("text")
        for x, y, truth, row, held in zip(
            points.across, points.up, points.truth, points.rows, points.held_out, strict=True
        ):
            place = frame.point(float(x), float(y))
            painter.setBrush(self._meaning.tint(float(truth)))
            painter.setPen(QPen(ink, 1.2))
            if held:
                painter.drawRect(QRectF(place.x() - radius, place.y() - radius, 2 * radius, 2 * radius))
            else:
                painter.drawEllipse(place, radius, radius)
            if row == self._row:
                painter.setBrush(Qt.BrushStyle.NoBrush)
                painter.setPen(QPen(colour("accent"), 2.5))
                painter.drawEllipse(place, radius + 5, radius + 5)
        if self._mark is not None:
            place, arm = frame.point(*self._mark), look.length(7)
            for pen in (QPen(colour("surface"), 4), QPen(ink, 2)):
                painter.setPen(pen)
                painter.drawLine(place - QPointF(arm, 0), place + QPointF(arm, 0))
                painter.drawLine(place - QPointF(0, arm), place + QPointF(0, arm))
        painter.setClipping(False)

    def _paint_legend(self, painter: QPainter, frame: PlotFrame) -> None:
        meaning, font, soft = self._meaning, tick_font(), colour("text_soft")
        left, top = frame.body.right() + look.length(12), frame.body.top()
        line, width = look.length(17), self.width() - left
        line_of_text(painter, QRectF(left, top, width, line), meaning.name, font, colour("text"))
        top += line + look.length(2)
        if meaning.classes:
            room = max(2, int((frame.body.bottom() - top) / line))
            shown = len(meaning.classes) if len(meaning.classes) <= room else room - 1
            for place, name in enumerate(meaning.classes[:shown]):
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(class_colour(place))
                painter.drawEllipse(QPointF(left + 5, top + line / 2), look.length(4), look.length(4))
                area = QRectF(left + look.length(14), top, width - look.length(14), line)
                line_of_text(painter, area, name, font, soft)
                top += line
            if rest := len(meaning.classes) - shown:
                line_of_text(painter, QRectF(left, top, width, line), f"and {rest:,} more", font, soft)
            return
        bar = QRectF(left, top, look.length(12), max(20.0, min(frame.body.bottom() - top, look.length(110))))
        ramp = np.linspace(meaning.reach, -meaning.reach, 64)[:, None]
        painter.drawImage(bar, heat.heat_image(ramp, meaning.reach, look.theme))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(colour("border"), 1))
        painter.drawRect(bar)
        low, high = meaning.words or (_digits(meaning.low), _digits(meaning.high))
        area = QRectF(bar.right() + look.length(6), bar.top(), width - look.length(18), line)
        line_of_text(painter, area, high, font, soft)
        area.moveBottom(bar.bottom())
        line_of_text(painter, area, low, font, soft)

    def _words(self, value: np.ndarray) -> str:
        meaning = self._meaning
        if meaning.classes:
            return f"{meaning.classes[int(np.argmax(value))]} ({np.max(value):.3f})"
        number = float(value)
        if meaning.words is None:
            return f"{meaning.name} {_digits(number)}"
        return f"{meaning.words[number >= 0.5]} ({number:.3f})"

    def _row_at(self, place: QPointF) -> int | None:
        points, frame = self._points, self._frame()
        if points is None or frame is None or not len(points.rows):
            return None
        apart = [
            (place - frame.point(float(x), float(y))).manhattanLength()
            for x, y in zip(points.across, points.up, strict=True)
        ]
        nearest = int(np.argmin(apart))
        return int(points.rows[nearest]) if apart[nearest] <= look.length(_NEAR) else None

    def _few(self) -> bool:
        return self._points is not None and len(self._points.rows) <= 300


def _digits(value: float) -> str:
    return short(float(f"{value:.4g}")) if np.isfinite(value) else "NaN"
