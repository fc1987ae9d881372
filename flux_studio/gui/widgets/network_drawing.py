"""The network as neurons and connections: coloured by their numbers, to be zoomed, dragged, pointed at and clicked."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QHelpEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QResizeEvent, QWheelEvent
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from flux_studio.gui.theme import colour, look
from flux_studio.gui.widgets import heat, levels
from flux_studio.gui.widgets.drawing_painter import DrawingPainter, visible, words_around
from flux_studio.gui.widgets.drawing_plan import LOOP_ABOVE, DrawingPlan
from flux_studio.gui.widgets.focus_ring import FocusRing
from flux_studio.gui.widgets.numbers import exact
from flux_studio.training.events import MatrixKey
from flux_studio.training.network_picture import Drawn, Graph, Link

_NEAR = 5.0
_LEAST_FIT, _LARGEST_FIT, _ZOOM = 0.4, 1.5, 1.2
_RANGE = (0.02, 6.0)
_EMPTY = "The network's picture appears here as soon as it can be trained."


@dataclass(frozen=True)
class Marked:
    """What is chosen in the matrices, as far as the picture shows it."""

    neurons: frozenset[tuple[int, int]] = frozenset()
    """Column and place among its shown neurons."""
    connections: frozenset[tuple[int, int, int]] = frozenset()
    """Link, and places among the shown neurons at both ends."""


class NetworkDrawing(QWidget):
    """Shows the numbers of one moment; a click on a neuron or a connection tells the cell it stands for."""

    cell_chosen = Signal(object, int, int)
    """Key, row (-1 for the row that is shown) and column of a matrix's cell."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("picture.drawing")
        self.setAccessibleName("The network as neurons and connections")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        FocusRing(self)
        self._graph: Graph | None = None
        self._drawn: Drawn | None = None
        self._plan: DrawingPlan | None = None
        self._levels: dict[tuple[str, int], float] = {}
        self._gradients = False
        self._row_name = ""
        self._marked = Marked()
        self._selected: tuple[MatrixKey, int, int] | None = None
        self._scale, self._offset = 1.0, QPointF()
        self._fits = True
        self._pressed: QPointF | None = None
        self._dragged = False
        self._sentence = _EMPTY
        look.changed.connect(self.update)

    @property
    def graph(self) -> Graph | None:
        """Of which network it is."""
        return self._graph

    @property
    def drawn(self) -> Drawn | None:
        """What is shown."""
        return self._drawn

    @property
    def marked(self) -> Marked:
        """What is marked as chosen."""
        return self._marked

    @property
    def scale(self) -> float:
        """How many pixels a unit of the plan has."""
        return self._scale

    def set_graph(self, graph: Graph | None, sentence: str = "") -> None:
        """Another network; its numbers are told next."""
        self._graph, self._drawn, self._plan = graph, None, None
        self._levels, self._marked, self._fits = {}, Marked(), True
        self._sentence = sentence or _EMPTY
        self.update()

    def set_drawn(self, drawn: Drawn, gradients: bool, row_name: str) -> None:
        """The numbers of another moment, row or kind."""
        if self._graph is None or len(drawn.picks) != len(self._graph.columns):
            return
        if gradients != self._gradients:
            self._levels = {}
        before = self._drawn
        self._drawn, self._gradients, self._row_name = drawn, gradients, row_name
        if self._plan is None or before is None or before.picks != drawn.picks:
            self._plan = DrawingPlan.of(self._graph, drawn.picks)
            self._fit_if_wanted()
        for name, arrays in (("value", drawn.values), ("link", drawn.links)):
            for place, array in enumerate(arrays):
                if array is not None:
                    largest, _ = heat.magnitude(np.atleast_2d(array))
                    self._levels[name, place] = levels.settle(largest, self._levels.get((name, place)))
        self._mark()
        self.update()

    def set_selected(self, selected: tuple[MatrixKey, int, int] | None) -> None:
        """Which cell is chosen in the matrices."""
        if selected != self._selected:
            self._selected = selected
            self._mark()
            self.update()

    def is_grouped(self, drawn: Drawn) -> bool:
        """Whether some neurons of the network are not shown."""
        columns = self._graph.columns if self._graph is not None else ()
        return any(len(pick) < column.size for pick, column in zip(drawn.picks, columns, strict=False))

    @property
    def reaches_out(self) -> bool:
        """Whether the last layer is out of view."""
        return self._plan is not None and self._plan.x[-1] * self._scale + self._offset.x() > self.width()

    def fit(self) -> None:
        """All of the network in view, or of a very deep one as much as can be seen."""
        self._fits = True
        self._fit_if_wanted()
        self.update()

    def neuron_place(self, column: int, neuron: int) -> QPointF:
        """Where a shown neuron, by its number in its layer, lies in the widget."""
        assert self._plan is not None
        assert self._drawn is not None
        return self._to_screen(self._plan.neurons[column][self._drawn.picks[column].index(neuron)])

    def words_at(self, place: QPointF) -> str:
        """What there is at a place of the widget, with its number."""
        graph, drawn = self._graph, self._drawn
        if graph is None or drawn is None:
            return ""
        if (found := self._neuron_at(place)) is not None:
            return self._neuron_words(*found)
        if (loop := self._loop_at(place)) is not None:
            return f"{graph.columns[loop].title} remembers: its recurrent weights u lead from each step to the next"
        if (connection := self._connection_at(place)) is not None:
            return self._connection_words(*connection)
        return ""

    # What Qt asks and people do

    def sizeHint(self) -> QSize:
        return QSize(look.length(870), look.length(300))

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            QToolTip.showText(event.globalPos(), self.words_at(QPointF(event.pos())), self)
            return True
        return super().event(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit_if_wanted()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        if self._graph is None or self._drawn is None or self._plan is None:
            painter.setPen(colour("text_soft"))
            flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
            painter.drawText(self.rect().adjusted(24, 8, -24, -8), flags, self._sentence)
            return
        DrawingPainter(
            painter=painter,
            area=QRectF(self.rect()),
            graph=self._graph,
            plan=self._plan,
            drawn=self._drawn,
            levels=self._levels,
            scale=self._scale,
            offset=self._offset,
            neurons=self._marked.neurons,
            connections=self._marked.connections,
        ).paint()

    def wheelEvent(self, event: QWheelEvent) -> None:
        turned = event.angleDelta().y()
        if turned:
            self._zoom(_ZOOM if turned > 0 else 1 / _ZOOM, event.position())
        event.accept()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._pressed, self._dragged = event.position(), False

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._pressed is not None:
            moved = event.position() - self._pressed
            if self._dragged or moved.manhattanLength() > 4:
                self._offset += moved
                self._pressed, self._dragged, self._fits = event.position(), True, False
                self.setCursor(Qt.CursorShape.ClosedHandCursor)
                self.update()
            return
        self.setCursor(
            Qt.CursorShape.PointingHandCursor
            if self.words_at(event.position())
            else Qt.CursorShape.ArrowCursor
        )

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        pressed, self._pressed = self._pressed, None
        self.setCursor(Qt.CursorShape.ArrowCursor)
        if pressed is not None and not self._dragged:
            self._click(event.position())

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        if not self.words_at(event.position()):
            self.fit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        centre = QPointF(self.rect().center())
        key = Qt.Key(event.key())
        step = look.length(40)
        moves = {
            Qt.Key.Key_Left: QPointF(step, 0),
            Qt.Key.Key_Right: QPointF(-step, 0),
            Qt.Key.Key_Up: QPointF(0, step),
            Qt.Key.Key_Down: QPointF(0, -step),
        }
        if key in (Qt.Key.Key_Plus, Qt.Key.Key_Equal):
            self._zoom(_ZOOM, centre)
        elif key == Qt.Key.Key_Minus:
            self._zoom(1 / _ZOOM, centre)
        elif key == Qt.Key.Key_0:
            self.fit()
        elif key in moves:
            self._offset, self._fits = self._offset + moves[key], False
            self.update()
        else:
            super().keyPressEvent(event)

    # Inside

    def _fit_if_wanted(self) -> None:
        if not self._fits or self._plan is None:
            return
        assert self._graph is not None
        assert self._drawn is not None
        room = words_around(self._graph)
        area = QRectF(self.rect()).adjusted(room.left(), room.top(), -room.right(), -room.bottom())
        self._plan = DrawingPlan.of(self._graph, self._drawn.picks, area.width() / max(area.height(), 1.0))
        bounds = self._plan.bounds
        high, wide = area.height() / bounds.height(), area.width() / bounds.width()
        self._scale = min(max(min(high, wide), _RANGE[0]), _LARGEST_FIT)
        self._offset = area.center() - bounds.center() * self._scale
        if self._scale < _LEAST_FIT:
            # Too small to see anything of: begin with the inputs, and let the rest be dragged into view.
            self._scale = min(max(high, _RANGE[0]), 2 * _LEAST_FIT)
            left = QPointF(area.left(), area.center().y())
            self._offset = left - QPointF(bounds.left(), bounds.center().y()) * self._scale

    def _zoom(self, factor: float, at: QPointF) -> None:
        scale = min(max(self._scale * factor, _RANGE[0]), _RANGE[1])
        # What lies under the mouse stays there.
        self._offset = at - (at - self._offset) * (scale / self._scale)
        self._scale, self._fits = scale, False
        self.update()

    def _to_screen(self, point: np.ndarray) -> QPointF:
        return QPointF(float(point[0]), float(point[1])) * self._scale + self._offset

    def _click(self, place: QPointF) -> None:
        graph, drawn = self._graph, self._drawn
        if graph is None or drawn is None:
            return
        if (found := self._neuron_at(place)) is not None:
            column = graph.columns[found[0]]
            key = column.gradient if self._gradients else column.value
            if key is not None:
                self.cell_chosen.emit(key, -1, drawn.picks[found[0]][found[1]])
        elif (loop := self._loop_at(place)) is not None:
            self.cell_chosen.emit(graph.loops[loop], 0, 0)
        elif (connection := self._connection_at(place)) is not None:
            link = graph.links[connection[0]]
            key = link.gradient if self._gradients else link.weights
            if key is not None:
                self.cell_chosen.emit(key, *link.cell(*self._ends(*connection)))

    def _ends(self, place: int, a: int, b: int) -> tuple[int, int]:
        """The neurons' own numbers at both ends of a connection."""
        assert self._graph is not None
        assert self._drawn is not None
        link = self._graph.links[place]
        return self._drawn.picks[link.start][a], self._drawn.picks[link.end][b]

    def _neuron_at(self, place: QPointF) -> tuple[int, int] | None:
        assert self._plan is not None
        at = (np.array([place.x(), place.y()]) - (self._offset.x(), self._offset.y())) / self._scale
        for column, points in enumerate(self._plan.neurons):
            radius = self._plan.radii[column] + 2 / self._scale
            if abs(at[0] - self._plan.x[column]) <= radius:
                apart = np.hypot(*(points - at).T)
                nearest = int(apart.argmin())
                if apart[nearest] <= radius:
                    return column, nearest
        return None

    def _loop_at(self, place: QPointF) -> int | None:
        assert self._plan is not None
        assert self._graph is not None
        for column in self._graph.loops:
            top = self._plan.neurons[column][0] - (0, LOOP_ABOVE)
            if (self._to_screen(top) - place).manhattanLength() <= 14 * self._scale + 4:
                return column
        return None

    def _connection_at(self, place: QPointF) -> tuple[int, int, int] | None:
        assert self._graph is not None
        assert self._drawn is not None
        assert self._plan is not None
        at = (np.array([place.x(), place.y()]) - (self._offset.x(), self._offset.y())) / self._scale
        best, found = _NEAR / self._scale, None
        for number, link in enumerate(self._graph.links):
            weights = self._drawn.links[number]
            if (
                weights is None
                or link.skip
                or not self._plan.x[link.start] <= at[0] <= self._plan.x[link.end]
            ):
                continue
            a, b = visible(weights, self._levels["link", number])
            start, end = self._plan.neurons[link.start][a], self._plan.neurons[link.end][b]
            if not len(a):
                continue
            along, way = end - start, at - start
            share = np.clip((way * along).sum(axis=1) / (along * along).sum(axis=1), 0, 1)
            apart = np.hypot(*(way - share[:, None] * along).T)
            nearest = int(apart.argmin())
            if apart[nearest] < best:
                best, found = float(apart[nearest]), (number, int(a[nearest]), int(b[nearest]))
        return found

    def _name(self, column: int, neuron: int) -> str:
        assert self._graph is not None
        own = self._graph.columns[column]
        if neuron < len(own.names):
            return own.names[neuron]
        return f"n{neuron} of {own.title}"

    def _neuron_words(self, column: int, place: int) -> str:
        assert self._graph is not None
        assert self._drawn is not None
        own, neuron = self._graph.columns[column], self._drawn.picks[column][place]
        values, gates = self._drawn.values[column], self._drawn.gates[column]
        if column and self._gradients:
            symbol = "∂C/∂a" if own.gradient and own.gradient[1] == "dC_da_matrix" else "∂C/∂h"
        else:
            symbol = ("∂C/∂x" if self._gradients else "x") if not column else "h"
        title = self._name(column, neuron)
        if column and neuron < len(own.names):
            title = f"{title} · n{neuron} of {own.title}"
        if values is None:
            return f"{title}\nno gradient is computed here"
        said = f"{title}\n{symbol} = {exact(float(values[place]))} for {self._row_name}"
        return said if gates is None else f"{said}\nits gate lets {float(gates[place]):.1%} pass"

    def _connection_words(self, number: int, a: int, b: int) -> str:
        assert self._graph is not None
        assert self._drawn is not None
        link: Link = self._graph.links[number]
        weights = self._drawn.links[number]
        assert weights is not None
        one, other = self._ends(number, a, b)
        symbol = "∂C/∂w" if self._gradients else "w"
        what = " of its candidate" if link.block == 3 else ""
        row, column = link.cell(one, other)
        return (
            f"{self._name(link.start, one)} → {self._name(link.end, other)}{what}\n"
            f"{symbol}[{row}, {column}] = {exact(float(weights[a, b]))}"
        )

    def _mark(self) -> None:
        graph, drawn = self._graph, self._drawn
        if graph is None or drawn is None or self._selected is None:
            self._marked = Marked()
            return
        key, row, column = self._selected
        neurons, connections = set(), set()
        for number, link in enumerate(graph.links):
            if key in (link.weights, link.gradient):
                for a, one in enumerate(drawn.picks[link.start]):
                    for b, other in enumerate(drawn.picks[link.end]):
                        if link.cell(one, other) == (row, column):
                            connections.add((number, a, b))
            elif key[1] == "input_matrix" and graph.columns[link.end].identity == key[0] and not link.skip:
                neurons |= self._shown(link.start, column)
        known = {link.weights for link in graph.links} | {link.gradient for link in graph.links}
        if key not in known and key not in graph.loops.values() and key[1] != "input_matrix":
            for place, own in enumerate(graph.columns):
                if own.identity and key[0] == own.identity:
                    neurons |= self._shown(place, column)
        self._marked = Marked(frozenset(neurons), frozenset(connections))

    def _shown(self, column: int, neuron: int) -> set[tuple[int, int]]:
        assert self._drawn is not None
        picks = self._drawn.picks[column]
        return {(column, picks.index(neuron))} if neuron in picks else set()
