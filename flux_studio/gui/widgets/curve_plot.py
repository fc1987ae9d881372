"""The plot of a loss curve: quiet axes that seldom move, and a readout under the pointer."""

from __future__ import annotations

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QEvent, QPointF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QLabel, QWidget

from flux_studio.gui.theme import colour, look
from flux_studio.gui.widgets import axis_steps
from flux_studio.gui.widgets.curve_points import (
    Mark,
    bucket_at,
    extremes,
    iterations_text,
    line_through,
    marks_between,
    thinned,
    value_text,
)
from flux_studio.gui.widgets.focus_ring import FocusRing
from flux_studio.training.events import CurvePoints

_CATCH = 4
"""Pixels from the curve's end within which a click means now."""
_MARK = 9
"""How far a mark reaches down from the plot's upper edge, in pixels."""
_CALM = 4
"""So many heights of the plot a line goes up and down before it is drawn with a fine pen: many sharp turns of a wider
one take Qt a tenth of a second, and side by side they fill the same area."""
_PALE = 0.35
"""How much of its colour a branch keeps that training has left."""


class CurvePlot(pg.PlotWidget):
    """Draws a training and a validation curve; the pointer or the arrow keys read their numbers.

    A click, or Enter where the keys have read, goes to that moment.
    """

    moment_chosen = Signal(object)
    """An iteration, as an int of any size."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent, useOpenGL=False)
        self.setObjectName("curve.plot")
        self.setAccessibleName("Loss curve")
        self.setToolTip(
            "Point at the curve to read it, click to see that moment; with the keyboard, left and right, then Enter"
        )
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setFrameShape(pg.PlotWidget.Shape.NoFrame)
        self.setMouseEnabled(x=False, y=False)
        self.setMenuEnabled(False)
        # Made whether wanted or not, and owned by nobody: it goes with the plot.
        unused = self.getPlotItem().ctrlMenu
        unused.setParent(self, unused.windowFlags())
        self.hideButtons()
        self.getViewBox().setDefaultPadding(0)
        self.getPlotItem().layout.setContentsMargins(0, look.length(8), look.length(28), 0)
        self._train: CurvePoints | None = None
        self._validation: CurvePoints | None = None
        self._log = False
        self._top: float | None = None
        self._title = "loss"
        self._cursor: float | None = None
        self._train_line = pg.PlotCurveItem(antialias=True)
        self._validation_line = pg.PlotCurveItem(antialias=True)
        self._cursor_line = pg.InfiniteLine(angle=90, movable=False)
        self._moment_line = pg.InfiniteLine(angle=90, movable=False)
        self._moment_line.hide()
        self._branches: tuple[CurvePoints, ...] = ()
        self._branch_lines: list[pg.PlotCurveItem] = []
        self._marks: tuple[Mark, ...] = ()
        self._mark_lines = pg.PlotCurveItem(antialias=False)
        self._grid_lines = pg.PlotCurveItem(antialias=False)
        self._dots = pg.ScatterPlotItem(pxMode=True)
        for item in (
            self._grid_lines,
            self._mark_lines,
            self._train_line,
            self._validation_line,
            self._moment_line,
            self._cursor_line,
            self._dots,
        ):
            self.addItem(item)
        self._readout = QLabel(self)
        self._readout.setObjectName("curve.readout")
        self._readout.setProperty("card", True)
        self._readout.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._readout.hide()
        self.clear_curves()
        self._take_look()
        FocusRing(self)
        look.changed.connect(self._take_look)

    def set_title(self, title: str) -> None:
        """What the loss is called in the readout."""
        self._title = title
        self._read()

    def set_curves(self, train: CurvePoints, validation: CurvePoints | None) -> None:
        """Draw these curves; the axes move only when they must."""
        self._train, self._validation = train, validation
        self._draw()

    def set_branches(self, branches: tuple[CurvePoints, ...]) -> None:
        """Draw, paler, where training went before it was continued from an earlier moment."""
        if branches == self._branches:
            return
        self._branches = branches
        while len(self._branch_lines) < len(branches):
            line = pg.PlotCurveItem(antialias=True)
            line.setZValue(-1)
            self._branch_lines.append(line)
            self.addItem(line)
        self._draw()

    def set_marks(self, marks: tuple[Mark, ...]) -> None:
        """Mark where something was changed by hand; pointing there says what."""
        if marks != self._marks:
            self._marks = marks
            self._draw()

    def set_moment(self, iteration: int | None) -> None:
        """Mark an earlier moment that is shown; ``None`` for now."""
        self._moment_line.setVisible(iteration is not None)
        if iteration is not None:
            self._moment_line.setValue(float(iteration))

    def place(self, iteration: float) -> float:
        """How far from the plot's left edge an iteration stands, in pixels."""
        return float(self.getViewBox().mapViewToScene(QPointF(iteration, 0)).x())

    def iteration_at(self, x: float) -> float:
        """Which iteration stands so many pixels from the plot's left edge."""
        return float(self.getViewBox().mapSceneToView(QPointF(x, 0)).x())

    def clear_curves(self) -> None:
        """Forget the curves and the axes they had."""
        self._train = self._validation = self._top = None
        self._branches, self._marks = (), ()
        self.set_moment(None)
        self._set_cursor(None)
        self._draw()

    def set_log(self, log: bool) -> None:
        """Show powers of ten evenly spaced, or the loss itself."""
        if log != self._log:
            self._log = log
            self._draw()

    def readout(self) -> str:
        """What the readout says now; empty while it is hidden."""
        return "" if self._cursor is None else self._readout.text()

    def line(self) -> tuple[np.ndarray, np.ndarray]:
        """The points that the training curve's line is drawn through; on a log scale, the powers of ten."""
        x, y = self._train_line.getData()
        return (np.empty(0), np.empty(0)) if x is None else (x, y)

    def minimumSizeHint(self) -> QSize:
        return QSize(look.length(200), look.length(80))

    # -- drawing --------------------------------------------------------------------------------------------

    def _draw(self) -> None:
        drawn = (self._train, self._validation, *self._branches)
        known = [found for found in map(extremes, drawn) if found]
        lowest = min((found[0] for found in known if found[0] > 0), default=0.1)
        highest = max((found[1] for found in known), default=1.0)
        right = axis_steps.iteration_limit(max((found[2] for found in known), default=0.0))
        view = self.getViewBox()
        most_across, most_up = view.width() / look.length(90), view.height() / look.length(18)
        if self._log:
            low, high = axis_steps.decades(lowest, max(highest, lowest))
            ticks = axis_steps.decade_ticks(low, high, most_up)
        else:
            self._top = axis_steps.linear_top(highest, self._top)
            low, high = 0.0, self._top
            ticks = axis_steps.linear_ticks(high, most_up)
        self.setXRange(0.0, right, padding=0)
        self.setYRange(low, high, padding=0.03)
        self.getAxis("left").setTicks([ticks])
        self.getAxis("bottom").setTicks([axis_steps.iteration_ticks(right, most_across)])
        # Drawn by us: the grid of pyqtgraph's axes lies above the curves.
        heights = np.repeat([height for height, _ in ticks], 2)
        self._grid_lines.setData(np.tile([0.0, right], len(ticks)), heights, connect="pairs")
        bottom, top = view.viewRange()[1]
        foot = top - (top - bottom) * look.length(_MARK) / max(1.0, view.height())
        places = np.repeat([float(mark.iteration) for mark in self._marks], 2)
        ends = np.tile([foot, top], len(self._marks))
        self._mark_lines.setData(places, ends, connect="pairs")
        self._draw_line(self._train_line, self._train, lowest, "curve_train")
        self._draw_line(self._validation_line, self._validation, lowest, "curve_validation")
        for place, line in enumerate(self._branch_lines):
            branch = self._branches[place] if place < len(self._branches) else None
            self._draw_line(line, branch, lowest, "curve_train", _PALE)
        self._read()

    def _draw_line(
        self,
        line: pg.PlotCurveItem,
        points: CurvePoints | None,
        lowest: float,
        name: str,
        opacity: float = 1.0,
    ) -> None:
        if points is None or not len(points.iterations):
            line.setData([], [])
            return
        view = self.getViewBox()
        left, right = view.viewRange()[0]
        x, y = line_through(thinned(points, (right - left) / max(16.0, view.width())))
        if self._log:
            # A loss of exactly zero has no logarithm; it is drawn at the lowest loss that has one.
            y = np.log10(np.maximum(y, lowest))
        bottom, top = view.viewRange()[1]
        travel = np.abs(np.diff(y[np.isfinite(y)])).sum()
        line.setData(x, y, connect="all" if np.isfinite(y).all() else "finite")
        line.setPen(self._pen(name, opacity, fine=travel > _CALM * (top - bottom)))

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        super().resizeEvent(event)
        # The base class calls this before our own parts exist.
        if self.isVisible():
            self._draw()

    def _take_look(self) -> None:
        self.setBackground(colour("surface"))
        self.getViewBox().setBackgroundColor(colour("sunken"))
        for side in ("left", "bottom"):
            axis = self.getAxis(side)
            axis.setPen(QPen(Qt.PenStyle.NoPen))
            # Qt leaves a dot for a tick without length even where its pen is none.
            axis.setTickPen(QPen(colour("sunken"), 1))
            axis.setTextPen(colour("text_faint"))
            offset = look.length(6)
            axis.setStyle(
                tickFont=look.text_font(0.82),
                tickLength=0,
                tickTextOffset=offset,
                # A label may reach this far beyond the end of its axis.
                hideOverlappingLabels=look.length(40),
            )
        self.getAxis("left").setWidth(look.length(60))
        self.getAxis("bottom").setHeight(look.length(24))
        self._grid_lines.setPen(QPen(colour("border"), 0))
        self._mark_lines.setPen(self._pen("text_soft"))
        self._cursor_line.setPen(QPen(colour("border_strong"), 0))
        self._moment_line.setPen(self._pen("accent"))
        self._readout.setFont(look.text_font(0.88))
        self._readout.setContentsMargins(*(look.length(side) for side in (8, 5, 8, 5)))
        self._draw()

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.DevicePixelRatioChange:
            self._take_look()
        return super().event(event)

    def _pen(self, name: str, opacity: float = 1.0, *, fine: bool = False) -> QPen:
        # Cosmetic: as wide on screen whatever the axes' scales are; Qt then counts in the screen's own pixels.
        tone = QColor(colour(name))
        tone.setAlphaF(opacity)
        pen = QPen(tone, 1.0 if fine else 1.5 * self.devicePixelRatioF())
        pen.setCosmetic(True)
        return pen

    # -- reading --------------------------------------------------------------------------------------------

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        super().mouseMoveEvent(event)
        inside = self._inside(event.position())
        self._set_cursor(self.iteration_at(event.position().x()) if inside else None)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        super().mousePressEvent(event)
        if event.button() is Qt.MouseButton.LeftButton and self._inside(event.position()):
            x = event.position().x()
            last = (
                int(self._train.iterations[-1])
                if self._train is not None and len(self._train.iterations)
                else 0
            )
            # Nobody can click on the last iteration of many to the pixel.
            at_end = self.iteration_at(x + look.length(_CATCH)) >= last
            self._choose(self.getViewBox().viewRange()[0][1] if at_end else self.iteration_at(x))

    def _choose(self, iteration: float) -> None:
        if self._train is not None and len(self._train.iterations) > 0:
            self.moment_chosen.emit(max(0, round(iteration)))

    def _inside(self, place: QPointF) -> bool:
        return bool(self.getViewBox().sceneBoundingRect().contains(place))

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self._set_cursor(None)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        steps = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}
        step = steps.get(Qt.Key(event.key()))
        if event.key() == Qt.Key.Key_Escape and self._cursor is not None:
            self._set_cursor(None)
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self._cursor is not None:
            self._choose(self._cursor)
        elif step is not None and self._train is not None and len(self._train.iterations):
            last = len(self._train.iterations) - 1
            place = last if self._cursor is None else bucket_at(self._train, self._cursor) + step
            self._set_cursor(float(self._train.iterations[min(max(place, 0), last)]))
        else:
            super().keyPressEvent(event)

    def _set_cursor(self, iteration: float | None) -> None:
        self._cursor = iteration
        self._read()

    def _read(self) -> None:
        shown = self._cursor is not None and self._train is not None and len(self._train.iterations) > 0
        self._cursor_line.setVisible(shown)
        self._readout.setVisible(shown)
        self._dots.setVisible(shown)
        if not shown:
            return
        bucket = bucket_at(self._train, self._cursor)
        lines = [iterations_text(self._train, bucket), f"{self._title} {value_text(self._train, bucket)}"]
        if self._validation is not None and len(self._validation.iterations):
            lines.append(
                f"validation {value_text(self._validation, bucket_at(self._validation, self._cursor))}"
            )
        within = self.iteration_at(self.place(self._cursor) + look.length(_CATCH)) - self._cursor
        if changed := marks_between(self._marks, self._cursor - within, self._cursor + within):
            lines.append(changed)
        self._readout.setText("\n".join(lines))
        self._readout.adjustSize()
        self._cursor_line.setValue(float(self._train.iterations[bucket]))
        self._place_dots()
        self._place_readout()

    def dots(self) -> list[tuple[float, float]]:
        """Where dots mark the curves at the readout, in the plot's own numbers; none while it is hidden."""
        if not self._dots.isVisible():
            return []
        return [(float(point.pos().x()), float(point.pos().y())) for point in self._dots.points()]

    def _place_dots(self) -> None:
        x = float(self._cursor_line.value())
        rim = QPen(colour("surface"), 1.5 * self.devicePixelRatioF())
        rim.setCosmetic(True)  # else it grows with the dot
        spots = []
        for line, name in ((self._validation_line, "curve_validation"), (self._train_line, "curve_train")):
            xs, ys = line.getData()
            if xs is None or not len(xs):
                continue
            # Between two points the curve is a straight line, and the dot lies on it.
            y = float(np.interp(x, xs, ys))
            if np.isfinite(y):
                spots.append({"pos": (x, y), "brush": colour(name), "pen": rim})
        self._dots.setData(spots, size=look.length(9))

    def _place_readout(self) -> None:
        view = self.getViewBox()
        area = view.sceneBoundingRect()
        x = view.mapViewToScene(QPointF(self._cursor_line.value(), 0)).x()
        gap = look.length(10)
        left = x + gap if x + gap + self._readout.width() < area.right() else x - gap - self._readout.width()
        self._readout.move(round(left), round(area.top()) + gap)
