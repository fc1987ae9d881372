"""One drag over the network stack, from entering to letting go: where it would land and whether it may."""

from __future__ import annotations

from PySide6.QtCore import QObject, QPoint, QTimer

from flux_studio.gui.theme import look
from flux_studio.gui.widgets.layer_drag import DraggedLayer
from flux_studio.gui.widgets.network_view import DropCheck, DropVerdict
from flux_studio.gui.widgets.stack_body import StackBody
from flux_studio.gui.widgets.stack_scroll import StackScroll
from flux_studio.gui.widgets.wire import Wire
from flux_studio.project.specification import Place

_TICK_MS = 16


class DropGesture(QObject):
    """Opens the place under the pointer, asks whether the drop fits, and scrolls near the edges."""

    def __init__(self, scroll: StackScroll, body: StackBody, check: DropCheck) -> None:
        super().__init__(scroll)
        self._scroll, self._body, self._check = scroll, body, check
        self._layer: DraggedLayer | None = None
        self._place: Place | None = None
        self._wire: Wire | None = None
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

    def target(self) -> Place | None:
        """The place that letting go would mean, counted with a standing layer lifted out; ``None`` if refused."""
        if self._layer is None or self._place is None:
            return None
        if self._stays():
            return self._body.place(self._layer.name)
        verdict = self._body.wire(self._place).verdict
        return self._lifted(self._place) if verdict is not None and verdict.fits else None

    def moves_nothing(self) -> bool:
        """Whether the layer would land where it stands already."""
        return self._layer is not None and self._stays()

    def refuse(self, place: Place, verdict: DropVerdict) -> Wire:
        """Say at a place why something asked for by a key cannot stand there; :meth:`end` takes it back."""
        self.end()
        self._wire = self._body.wire(place)
        self._wire.set_verdict(verdict)
        return self._wire

    def end(self) -> None:
        """The pointer left, or let go."""
        self._timer.stop()
        self._layer = None
        self._open_place(None)

    def _point_at_place(self) -> None:
        assert self._layer is not None
        inside = self._body.mapFrom(self._scroll.viewport(), QPoint(0, self._y))
        place = self._body.place_at(inside.y(), self._layer.name if self._layer.standing else "")
        if place != self._place:
            self._open_place(place)

    def _open_place(self, place: Place | None) -> None:
        before = self._wire
        if before is not None:
            before.set_verdict(None)
        self._place, self._wire = place, None
        if self._layer is not None and place is not None and not self._stays():
            self._wire = self._body.wire(place)
            self._wire.set_verdict(self._check(self._layer.name, self._lifted(place)))
        if before is not None or self._wire is not None:
            self._scroll.fit()

    def _stays(self) -> bool:
        if self._layer is None or self._place is None or not self._layer.standing:
            return False
        own = self._body.place(self._layer.name)
        return self._place.block == own.block and self._place.position - own.position in (0, 1)

    def _lifted(self, place: Place) -> Place:
        """The place as it is counted once a standing layer is lifted out."""
        assert self._layer is not None
        if not self._layer.standing:
            return place
        own = self._body.place(self._layer.name)
        behind = place.block == own.block and place.position > own.position
        return Place(place.position - behind, place.block)

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
