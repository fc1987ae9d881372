"""One drag over the network stack, from entering to letting go: where it would land and whether it may."""

from __future__ import annotations

from PySide6.QtCore import QObject, QPoint, QTimer
from PySide6.QtWidgets import QScrollArea

from flux_studio.gui.theme import look
from flux_studio.gui.widgets.layer_drag import DraggedLayer
from flux_studio.gui.widgets.network_view import DropCheck
from flux_studio.gui.widgets.stack_body import StackBody

_TICK_MS = 16


class DropGesture(QObject):
    """Opens the place under the pointer, asks whether the drop fits, and scrolls near the edges."""

    def __init__(self, scroll: QScrollArea, body: StackBody, check: DropCheck) -> None:
        super().__init__(scroll)
        self._scroll, self._body, self._check = scroll, body, check
        self._layer: DraggedLayer | None = None
        self._place = -1
        self._y = 0
        self._speed = 0
        self._timer = QTimer(self)
        self._timer.setInterval(_TICK_MS)
        self._timer.timeout.connect(self._scroll_on)

    def move(self, layer: DraggedLayer, at: QPoint) -> bool:
        """The pointer is at ``at`` of the visible part; tells whether letting go would be obeyed."""
        self._layer, self._y = layer, at.y()
        self._point_at_place()
        self._set_speed()
        return self.target() is not None

    def target(self) -> int | None:
        """The position that letting go would mean, counted with a standing layer lifted out; ``None`` if refused."""
        if self._layer is None:
            return None
        if self._stays():
            return self._own_place()
        verdict = self._body.wires[self._place].verdict
        return self._position() if verdict is not None and verdict.fits else None

    def moves_nothing(self) -> bool:
        """Whether the layer would land where it stands already."""
        return self._layer is not None and self._stays()

    def end(self) -> None:
        """The pointer left, or let go."""
        self._timer.stop()
        self._layer = None
        self._open_place(-1)

    def _point_at_place(self) -> None:
        assert self._layer is not None
        inside = self._body.mapFrom(self._scroll.viewport(), QPoint(0, self._y))
        place = self._body.place_at(inside.y())
        if place != self._place:
            self._open_place(place)

    def _open_place(self, place: int) -> None:
        for wire in self._body.wires:
            wire.set_verdict(None)
        self._place = place
        if self._layer is not None and place >= 0 and not self._stays():
            self._body.wires[place].set_verdict(self._check(self._layer.name, self._position()))

    def _own_place(self) -> int:
        assert self._layer is not None
        return self._body.identities.index(self._layer.name)

    def _stays(self) -> bool:
        return self._layer is not None and self._layer.standing and self._place - self._own_place() in (0, 1)

    def _position(self) -> int:
        assert self._layer is not None
        return self._place - (self._layer.standing and self._place > self._own_place())

    def _set_speed(self) -> None:
        edge, height = look.length(32), self._scroll.viewport().height()
        over = min(0, self._y - edge) + max(0, self._y - (height - edge))
        self._speed = round(14 * max(-1.0, min(1.0, over / edge)))
        if self._speed and not self._timer.isActive():
            self._timer.start()
        elif not self._speed:
            self._timer.stop()

    def _scroll_on(self) -> None:
        bar = self._scroll.verticalScrollBar()
        before = bar.value()
        bar.setValue(before + self._speed)
        if bar.value() == before:
            self._timer.stop()
        else:
            self._point_at_place()
