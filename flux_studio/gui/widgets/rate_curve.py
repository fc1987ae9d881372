"""A small picture of the learning rate over a run, and where training stands on it."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetrics, QHelpEvent, QPainter, QPainterPath, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from flux_studio.engine.updating import SCHEDULES
from flux_studio.gui.theme import colour, look
from flux_studio.gui.widgets.numbers import short, whole
from flux_studio.gui.widgets.paint import line_of_text
from flux_studio.project.project import update_rule
from flux_studio.project.specification import OptimizerSpecification

_SMALL = 0.8
_POINTS = 400
_HEADROOM = 0.88


class RateCurve(QWidget):
    """Drawn from the engine's own arithmetic; the tool tip reads the rate at an iteration."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("train.rate_curve")
        self.setAccessibleName("Learning rate over the run")
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self._optimizer = OptimizerSpecification()
        self._iterations = 1
        self._now = 0
        self._rates: tuple[float, ...] = ()
        self.set_run(self._optimizer, 1)
        look.changed.connect(self.update)

    def set_run(self, optimizer: OptimizerSpecification, iterations: int) -> None:
        """Show another schedule, over so many updates."""
        if (optimizer, iterations) != (self._optimizer, self._iterations) or not self._rates:
            self._optimizer, self._iterations = optimizer, max(1, iterations)
            rule = update_rule(optimizer)
            self._kind, self._row = SCHEDULES[rule.schedule], np.array(rule.schedule_row())
            last = self._iterations - 1
            self._rates = tuple(self.rate(round(last * i / (_POINTS - 1))) for i in range(_POINTS))
            self.update()

    def set_now(self, iteration: int) -> None:
        """Mark where training stands."""
        before, self._now = self._now, iteration
        if self.isVisible() and round(self._place(before).x()) != round(self._place(iteration).x()):
            self.update()

    def rate(self, update: int) -> float:
        """η of an update, counted from 0."""
        return self._kind.rate(self._row, update)

    def sizeHint(self) -> QSize:
        return QSize(look.length(220), look.length(64))

    def minimumSizeHint(self) -> QSize:
        return QSize(look.length(120), look.length(64))

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            QToolTip.showText(event.globalPos(), self.tip(event.pos().x()), self)
            return True
        return super().event(event)

    def tip(self, x: float) -> str:
        """What the tool tip says at a place."""
        plot = self._plot()
        share = min(1.0, max(0.0, (x - plot.left()) / max(1.0, plot.width())))
        update = round(share * (self._iterations - 1))
        return f"iteration {whole(update + 1)}: η = {self.rate(update):.4g}"

    # -- painting -------------------------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        plot, small = self._plot(), look.text_font(_SMALL)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colour("sunken"))
        painter.drawRoundedRect(plot.adjusted(-3, -2, 3, 3), look.length(4), look.length(4))
        self._paint_curve(painter, plot)
        faint, right = colour("text_faint"), Qt.AlignmentFlag.AlignRight
        gutter = QRectF(0, 0, plot.left() - look.length(8), QFontMetrics(small).height())
        top, bottom = gutter.translated(0, self._height(plot, max(self._rates)) - gutter.height() / 2), gutter
        line_of_text(painter, top, short(max(self._rates)), small, faint, right)
        line_of_text(
            painter, bottom.translated(0, plot.bottom() - gutter.height() / 2), "0", small, faint, right
        )
        below = QRectF(plot.left(), plot.bottom() + look.length(4), plot.width(), gutter.height())
        line_of_text(painter, below, "iteration 1", small, faint)
        line_of_text(painter, below, whole(self._iterations), small, faint, right)

    def _paint_curve(self, painter: QPainter, plot: QRectF) -> None:
        path = QPainterPath(QPointF(plot.left(), self._height(plot, self._rates[0])))
        for place, rate in enumerate(self._rates[1:], start=1):
            path.lineTo(plot.left() + plot.width() * place / (_POINTS - 1), self._height(plot, rate))
        area = QPainterPath(path)
        area.lineTo(plot.bottomRight())
        area.lineTo(plot.bottomLeft())
        tint = QColor(colour("accent"))
        tint.setAlphaF(0.10)
        painter.fillPath(area, tint)
        painter.strokePath(path, QPen(colour("accent"), 1.5))
        if self._now > 0:
            painter.setBrush(colour("accent"))
            painter.setPen(QPen(colour("surface"), 1.5))
            radius = look.length(4)
            painter.drawEllipse(self._place(self._now), radius, radius)

    def _plot(self) -> QRectF:
        small = QFontMetrics(look.text_font(_SMALL))
        left = max(map(small.horizontalAdvance, (short(max(self._rates, default=0.0)), "0"))) + look.length(9)
        bottom = small.height() + look.length(6)
        return QRectF(left, 4, self.width() - left - 4, self.height() - bottom - 4)

    def _place(self, iteration: int) -> QPointF:
        """Where an iteration stands; at the end when training went on beyond the run."""
        plot, last = self._plot(), max(1, self._iterations - 1)
        update = min(max(0, iteration - 1), last)
        return QPointF(plot.left() + plot.width() * update / last, self._height(plot, self.rate(update)))

    def _height(self, plot: QRectF, rate: float) -> float:
        most = max(self._rates) or 1.0
        return plot.bottom() - plot.height() * _HEADROOM * rate / most
