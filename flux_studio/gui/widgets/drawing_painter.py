"""Paints a network's picture: connections below, neurons above them, words around."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QLineF, QMarginsF, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPen

from flux_studio.gui.theme import colour, look
from flux_studio.gui.widgets import heat
from flux_studio.gui.widgets.drawing_plan import LOOP_ABOVE, DrawingPlan
from flux_studio.gui.widgets.numbers import compact
from flux_studio.gui.widgets.paint import line_of_text
from flux_studio.training.network_picture import Drawn, Graph

MOST_LINES = 160
"""Connections of one link that are drawn: the strongest."""
_WEAKEST = 0.02
_WIDEST, _THINNEST = 3.6, 0.5
_NUMBER_FROM = 16.0
_LINE, _NAME = 16, 84
_WORDS_FROM = 0.42


def words_around(graph: Graph) -> QMarginsF:
    """How many pixels the words around the neurons take, whatever the scale."""
    deepest = 1 + max((each.depth for each in graph.brackets), default=-1)
    line = look.length(_LINE)
    side = look.length(_NAME)
    right = side if graph.columns[-1].names else look.length(12)
    return QMarginsF(side, (2 + deepest) * line + look.length(8), right, look.length(8 + 6 * deepest))


def visible(weights: np.ndarray, level: float) -> tuple[np.ndarray, np.ndarray]:
    """Which connections are drawn, weakest first: places among the shown neurons at both ends."""
    strength = np.abs(np.nan_to_num(weights)).ravel()
    order = np.argsort(strength, kind="stable")[-MOST_LINES:]
    order = order[strength[order] >= _WEAKEST * level]
    a, b = np.unravel_index(order, weights.shape)
    return a, b


@dataclass(frozen=True)
class DrawingPainter:
    """Everything there is to paint, in the widget's pixels."""

    painter: QPainter
    area: QRectF
    graph: Graph
    plan: DrawingPlan
    drawn: Drawn
    levels: Mapping[tuple[str, int], float]
    scale: float
    offset: QPointF
    neurons: frozenset[tuple[int, int]]
    connections: frozenset[tuple[int, int, int]]

    def paint(self) -> None:
        """From below to above; what lies out of sight is left out."""
        self.painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._brackets()
        for place, link in enumerate(self.graph.links):
            if link.skip:
                self._skip(place)
            elif self._in_sight(link.start, link.end):
                self._link(place)
        for place in range(len(self.graph.columns)):
            if self._in_sight(place, place):
                self._column(place)

    # Inside

    def _at(self, x: float, y: float) -> QPointF:
        return QPointF(x * self.scale + self.offset.x(), y * self.scale + self.offset.y())

    def _in_sight(self, first: int, last: int) -> bool:
        room = 60 + 90 * self.scale
        left = self.plan.x[first] * self.scale + self.offset.x() - room
        right = self.plan.x[last] * self.scale + self.offset.x() + room
        return right >= self.area.left() and left <= self.area.right()

    def _screen(self, points: np.ndarray) -> np.ndarray:
        return points * self.scale + np.array([self.offset.x(), self.offset.y()])

    def _link(self, place: int) -> None:
        link, weights = self.graph.links[place], self.drawn.links[place]
        starts = self._screen(self.plan.neurons[link.start])
        ends = self._screen(self.plan.neurons[link.end])
        if weights is None:
            if link.weights is None:
                self._straight(place, starts, ends)
            return
        level = self.levels["link", place]
        a, b = visible(weights, level)
        values = weights[a, b]
        table = heat.colour_table(look.theme)[heat.colour_indices(values[None], level)[0]]
        share = np.clip(np.abs(values) / level, 0, 1)
        width = (_THINNEST + (_WIDEST - _THINNEST) * share) * min(1.4, max(0.45, self.scale))
        lines = np.hstack([starts[a], ends[b]]).tolist()
        for line, rgb, wide in zip(lines, table.tolist(), width.tolist(), strict=True):
            self.painter.setPen(QPen(QColor(rgb), wide))
            self.painter.drawLine(QLineF(*line))
        for number, one, other in self.connections:
            if number == place:
                # Between two lines, so that its own colour stays to be seen.
                index = heat.colour_indices(weights[one : one + 1, other : other + 1], level)[0, 0]
                tint = QColor(int(heat.colour_table(look.theme)[index]))
                for pen in (QPen(colour("text"), _WIDEST + 3), QPen(tint, _WIDEST)):
                    self.painter.setPen(pen)
                    self.painter.drawLine(QLineF(*starts[one].tolist(), *ends[other].tolist()))

    def _straight(self, place: int, starts: np.ndarray, ends: np.ndarray) -> None:
        """Each neuron to the one of the same number, or where the widths differ all that are shown to all."""
        link = self.graph.links[place]
        one, other = self.drawn.picks[link.start], self.drawn.picks[link.end]
        self.painter.setPen(QPen(colour("border_strong"), 1.0))
        same = self.graph.columns[link.start].size == self.graph.columns[link.end].size
        for a, number in enumerate(one):
            if same and number in other:
                self.painter.drawLine(QLineF(*starts[a].tolist(), *ends[other.index(number)].tolist()))

    def _skip(self, place: int) -> None:
        link = self.graph.links[place]
        start, end = self.plan.neurons[link.start][-1], self.plan.neurons[link.end][-1]
        deepest = max(float(self.plan.neurons[each][-1, 1]) for each in range(link.start, link.end + 1)) + 46
        one, other = self._at(start[0], start[1] + 16), self._at(end[0], end[1] + 12)
        path = QPainterPath(one)
        path.cubicTo(self._at(start[0], deepest), self._at(end[0], deepest), other)
        self.painter.setBrush(Qt.BrushStyle.NoBrush)
        self.painter.setPen(QPen(colour("forward"), 1.8, Qt.PenStyle.DashLine))
        self.painter.drawPath(path)
        if self.scale >= _WORDS_FROM:
            middle = path.pointAtPercent(0.5)
            area = QRectF(middle.x() - 60, middle.y() + 1, 120, look.length(16))
            text = "+ x" if link.weights is None else "+ x·w"
            line_of_text(
                self.painter,
                area,
                text,
                look.text_font(0.85),
                colour("forward"),
                Qt.AlignmentFlag.AlignHCenter,
            )

    def _brackets(self) -> None:
        line, deepest = look.length(_LINE), max((each.depth for each in self.graph.brackets), default=0)
        for each in self.graph.brackets:
            inside, inset = range(each.first, each.last + 1), 4.0 * each.depth
            lowest = max(float(self.plan.neurons[place][-1, 1]) for place in inside)
            left = self._at(self.plan.x[each.first], 0).x() - max(30 * self.scale, look.length(34)) + inset
            right = self._at(self.plan.x[each.last], 0).x() + max(22 * self.scale, look.length(28)) - inset
            top = self._at(0, min(self.plan.heads[place] for place in inside)).y()
            top -= (3 + deepest - each.depth) * line
            bottom = self._at(0, lowest + 20).y() + 4 * (deepest - each.depth)
            area = QRectF(left, top, right - left, bottom - top)
            self.painter.setPen(QPen(colour("border_strong"), 1.2))
            self.painter.setBrush(colour("sunken"))
            self.painter.drawRoundedRect(area, 8, 8)
            if self.scale >= _WORDS_FROM:
                words = QRectF(left + 8, top + 2, area.width() - 16, line)
                line_of_text(self.painter, words, each.title, look.text_font(0.85), colour("text_soft"))

    def _column(self, place: int) -> None:
        column, values = self.graph.columns[place], self.drawn.values[place]
        points, radius = self._screen(self.plan.neurons[place]), self.plan.radii[place] * self.scale
        fills = [colour("surface").rgb()] * len(points)
        if values is not None:
            indices = heat.colour_indices(np.atleast_2d(values), self.levels["value", place])[0]
            fills = heat.colour_table(look.theme)[indices].tolist()
            inks = [heat.ink_table(look.theme)[index] for index in indices]
        outline = QPen(colour("text_faint" if column.form != "thin" else "border_strong"), 1.2)
        for number, (x, y) in enumerate(points.tolist()):
            self.painter.setPen(QPen(colour("text"), 3) if (place, number) in self.neurons else outline)
            self.painter.setBrush(QColor(fills[number]))
            box = QRectF(x - radius, y - radius, 2 * radius, 2 * radius)
            if column.form in ("thin", "inputs"):
                self.painter.drawRoundedRect(box, radius * 0.35, radius * 0.35)
            else:
                self.painter.drawEllipse(box)
            if values is not None and radius >= _NUMBER_FROM:
                font = look.number_font(min(1.0, radius / 26))
                area = box.adjusted(-radius, 0, radius, 0)
                text = f"{float(values[number]):+.2f}"
                line_of_text(self.painter, area, text, font, inks[number], Qt.AlignmentFlag.AlignHCenter)
        self._gate(place, points, radius)
        if place in self.graph.loops:
            self._loop(place)
        self._words(place, points, radius)

    def _gate(self, place: int, points: np.ndarray, radius: float) -> None:
        gates = self.drawn.gates[place]
        if gates is None:
            return
        small = max(2.0, radius * 0.42)
        self.painter.setPen(QPen(colour("text_faint"), 1))
        for (x, y), gate in zip(points.tolist(), gates.tolist(), strict=True):
            # A little disc as full as the gate is open.
            box = QRectF(x - radius - 1.5 * small, y - small, 2 * small, 2 * small)
            self.painter.setBrush(colour("surface"))
            self.painter.drawEllipse(box)
            self.painter.setBrush(colour("forward"))
            self.painter.drawPie(box, 90 * 16, -round(360 * 16 * min(max(gate, 0.0), 1.0)))

    def _loop(self, place: int) -> None:
        x, y = self.plan.neurons[place][0].tolist()
        centre, size = self._at(x, y - LOOP_ABOVE), 9 * self.scale
        box = QRectF(centre.x() - size, centre.y() - size, 2 * size, 2 * size)
        self.painter.setBrush(Qt.BrushStyle.NoBrush)
        self.painter.setPen(QPen(colour("backward"), max(1.2, 1.8 * self.scale)))
        self.painter.drawArc(box, -50 * 16, 280 * 16)
        tip = QPointF(centre.x() - size * 0.64, centre.y() + size * 0.77)
        arm = 5 * self.scale
        self.painter.drawLine(tip, tip + QPointF(-arm, -arm * 0.3))
        self.painter.drawLine(tip, tip + QPointF(arm * 0.2, -arm))

    def _words(self, place: int, points: np.ndarray, radius: float) -> None:
        column = self.graph.columns[place]
        if self.scale < _WORDS_FROM:
            return
        small, line = look.text_font(0.85), look.length(_LINE)
        wide = self.plan.widths[place] * self.scale - 6
        top = self._at(0, self.plan.heads[place]).y() - 2 * line
        title = QRectF(points[0][0] - wide / 2, top, wide, line)
        centre = Qt.AlignmentFlag.AlignHCenter
        shown = len(self.drawn.picks[place])
        detail = f"{shown} of {compact(column.size)}" if shown < column.size else column.detail
        line_of_text(
            self.painter, title, column.title, look.text_font(0.85, bold=True), colour("text"), centre
        )
        line_of_text(self.painter, title.translated(0, line), detail, small, colour("text_soft"), centre)
        if not column.names or radius < 4:
            return
        for (x, y), neuron in zip(points.tolist(), self.drawn.picks[place], strict=True):
            room = look.length(_NAME) + radius - 8
            if place == 0:
                area, align = (
                    QRectF(x - radius - 6 - room, y - line / 2, room, line),
                    Qt.AlignmentFlag.AlignRight,
                )
            else:
                area, align = QRectF(x + radius + 6, y - line / 2, room, line), Qt.AlignmentFlag.AlignLeft
            line_of_text(self.painter, area, column.names[neuron], small, colour("text"), align)
