"""The network stack: from the input at the top to the loss at the bottom, every layer a card that can be changed."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QPoint, Qt, QTimer, Signal
from PySide6.QtGui import (
    QDragEnterEvent,
    QDragLeaveEvent,
    QDragMoveEvent,
    QDropEvent,
    QKeyEvent,
)
from PySide6.QtWidgets import QApplication, QVBoxLayout, QWidget

from flux_studio.gui.theme import look
from flux_studio.gui.widgets.block_card import BlockCard
from flux_studio.gui.widgets.drop_gesture import DropGesture
from flux_studio.gui.widgets.layer_card import LayerCard
from flux_studio.gui.widgets.layer_drag import DraggedLayer, start_drag
from flux_studio.gui.widgets.layer_menu import USUAL_KIND, open_layer_menu
from flux_studio.gui.widgets.network_view import (
    DropCheck,
    DropVerdict,
    InputView,
    LayerView,
    LossView,
    NetworkView,
)
from flux_studio.gui.widgets.panel_header import PanelHeader
from flux_studio.gui.widgets.stack_body import StackBody
from flux_studio.gui.widgets.stack_scroll import StackScroll
from flux_studio.gui.widgets.typed_edit import forget_typing
from flux_studio.project.descriptions import counted
from flux_studio.project.specification import Place

__all__ = ["DropVerdict", "InputView", "LayerView", "LossView", "NetworkStack", "NetworkView"]

_REFUSAL_MS = 3_500


class NetworkStack(QWidget):
    """Shows a :class:`NetworkView` and asks for changes; it changes nothing itself but which card is selected.

    ``drop_check`` is asked whether a layer may stand at a place, before any request to put it there.
    """

    insert_requested = Signal(str, object)
    """Kind, :class:`Place`."""
    move_requested = Signal(str, object)
    """Identity, :class:`Place` in what remains when that layer is lifted out."""
    delete_requested = Signal(str)
    duplicate_requested = Signal(str)
    change_requested = Signal(str, str, object)
    """Identity, field, value."""
    selected = Signal(str)
    """The identity of the layer that is selected from now on; empty when there is none."""

    def __init__(self, drop_check: DropCheck) -> None:
        super().__init__()
        self._check = drop_check
        self._selection = ""
        self.setObjectName("network.panel")
        self.setAcceptDrops(True)
        self.header = PanelHeader("Network", self)
        self.body = StackBody(self._new_card)
        self._scroll = StackScroll(self.body, self)
        self.setFocusProxy(self._scroll)
        self._scroll.key_pressed.connect(self._on_key)
        self._scroll.menu_key_pressed.connect(self._open_menu_at_selection)
        self._gesture = DropGesture(self._scroll, self.body, drop_check)
        self._refusal = QTimer(self)
        self._refusal.setSingleShot(True)
        self._refusal.setInterval(_REFUSAL_MS)
        self._refusal.timeout.connect(self._gesture.end)
        QApplication.instance().focusChanged.connect(self._show_active)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.header)
        column.addWidget(self._scroll, 1)
        look.changed.connect(self.update)
        self.set_network(NetworkView())

    # What is shown

    def set_network(self, view: NetworkView) -> None:
        """Show another state; if the selected layer has gone, the one that took its place is selected."""
        self._gesture.end()
        before = self.body.identities
        if self._selection and not _holds(view.layers, self._selection):
            forget_typing(self.body.card(self._selection))
            self._leave_editors()
        self.body.set_network(view)
        self._scroll.fit()
        count = view.parameters
        self.header.set_detail(counted(count, "parameter") if count else "")
        if self._selection and self._selection not in self.body.identities:
            place = min(before.index(self._selection), len(self.body.identities) - 1)
            self._selection = ""
            self._set_selection(self.body.identities[place] if place >= 0 else "")

    @property
    def selection(self) -> str:
        """The identity of the selected layer; empty when there is none."""
        return self._selection

    def select(self, identity: str) -> None:
        """Select a layer, or none for an empty identity, and bring it into view."""
        if identity != self._selection:
            self._set_selection(identity)

    # What a person asks for; menus of the window may call these as well

    def insert(self, kind: str) -> None:
        """Ask for a new layer after the selected one, into an empty block that is selected, or else at the end.

        A place that does not fit is refused in words.
        """
        if not self._selection:
            self.insert_at(kind, Place(len(self.body.column("").identities)))
            return
        inner, (index, block) = self.body.card(self._selection).inner, self.body.place(self._selection)
        empty = inner is not None and not inner.identities
        self.insert_at(kind, Place(0, self._selection) if empty else Place(index + 1, block))

    def insert_at(self, kind: str, place: Place) -> None:
        """Ask for a new layer at a place."""
        if self._fits(kind, place, place):
            self.insert_requested.emit(kind, place)

    def move_selection(self, by: int) -> None:
        """Ask to move the selected layer up (negative) or down among those that stand where it stands."""
        if not self._selection:
            return
        own, block = self.body.place(self._selection)
        index = own + by
        if 0 <= index < len(self.body.column(block).identities):
            self._move(Place(index, block), Place(index + (index > own), block))

    def neighbour_block(self) -> str:
        """The block right above the selected layer, or else right below it: where it can be moved into."""
        if not self._selection:
            return ""
        index, block = self.body.place(self._selection)
        siblings = self.body.column(block).identities
        beside = (*siblings[max(0, index - 1) : index], *siblings[index + 1 : index + 2])
        return next((each for each in beside if self.body.card(each).inner is not None), "")

    def move_selection_in(self) -> None:
        """Ask to move the selected layer into the block beside it: to its end from below, to its start from above."""
        if block := self.neighbour_block():
            above = self.body.place(block).position < self.body.place(self._selection).position
            place = Place(len(self.body.column(block).identities) if above else 0, block)
            self._move(place, place)

    def move_selection_out(self) -> None:
        """Ask to move the selected layer out of its block, right behind it."""
        around = self.body.place(self._selection).block if self._selection else ""
        if around:
            index, block = self.body.place(around)
            self._move(Place(index + 1, block), Place(index + 1, block))

    def delete_selection(self) -> None:
        """Ask to delete the selected layer."""
        if self._selection:
            self.delete_requested.emit(self._selection)

    def duplicate_selection(self) -> None:
        """Ask for a second layer like the selected one."""
        if self._selection:
            self.duplicate_requested.emit(self._selection)

    def edit_selection(self) -> None:
        """Put the keyboard into the first setting of the selected layer."""
        if self._selection:
            self.body.card(self._selection).edit_first_field()

    def select_neighbour(self, by: int) -> None:
        """Select the layer above (negative) or below; without a selection the first or the last one."""
        identities = self.body.identities
        if not identities:
            return
        if self._selection:
            place = max(0, min(len(identities) - 1, identities.index(self._selection) + by))
        else:
            place = 0 if by > 0 else len(identities) - 1
        self.select(identities[place])

    # Drag and drop

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        layer = self._dragged(event)
        if layer is None:
            event.ignore()
            return
        self._refusal.stop()
        self._gesture.move(layer, self._in_viewport(event))
        event.accept()

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:
        layer = self._dragged(event)
        if layer is not None and self._gesture.move(layer, self._in_viewport(event)):
            event.accept()
        else:
            event.ignore()

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        self._gesture.end()

    def dropEvent(self, event: QDropEvent) -> None:
        layer = self._dragged(event)
        if layer is None or not self._gesture.move(layer, self._in_viewport(event)):
            self._gesture.end()
            event.ignore()
            return
        place, stays = self._gesture.target(), self._gesture.moves_nothing()
        self._gesture.end()
        event.accept()
        if not stays:
            (self.move_requested if layer.standing else self.insert_requested).emit(layer.name, place)

    # Inside

    def _new_card(self, layer: LayerView, parent: QWidget) -> LayerCard:
        make = LayerCard if layer.inside is None else partial(BlockCard, new_card=self._new_card)
        card = make(layer, parent=parent)
        card.clicked.connect(self._on_click)
        card.drag_started.connect(self._drag)
        card.menu_requested.connect(self._open_menu)
        card.committed.connect(self.change_requested)
        card.left.connect(self._scroll.setFocus)
        card.duplicate_requested.connect(self.duplicate_requested)
        card.delete_requested.connect(self.delete_requested)
        return card

    def _set_selection(self, identity: str) -> None:
        if self._selection:
            self._leave_editors()
            self.body.card(self._selection).set_open(False)
        self._selection = identity
        if identity:
            self.body.card(identity).set_open(True)
            self._scroll.bring_into_view(self.body.card(identity))
        self._show_active()
        self.selected.emit(identity)

    def _leave_editors(self) -> None:
        """Take the keyboard back from a card that is about to lose its editors; what is half typed is told."""
        if _has_focus_inside(self.body.card(self._selection)):
            self._scroll.setFocus()

    def _show_active(self, *_: object) -> None:
        if self._selection:
            card = self.body.card(self._selection)
            card.set_active(self._scroll.hasFocus() or _has_focus_inside(card))

    def _move(self, place: Place, wire: Place) -> None:
        if self._fits(self._selection, place, wire):
            self.move_requested.emit(self._selection, place)

    def _fits(self, layer: str, place: Place, wire: Place) -> bool:
        """Whether a layer may stand at a place; if not, the wire there says why for a while."""
        verdict = self._check(layer, place)
        self._gesture.end()
        if not verdict.fits:
            self._scroll.bring_into_view(self._gesture.refuse(wire, verdict))
            self._refusal.start()
        return verdict.fits

    def _dragged(self, event: QDropEvent) -> DraggedLayer | None:
        layer = DraggedLayer.from_mime(event.mimeData())
        if layer is not None and layer.standing and layer.name not in self.body.identities:
            return None
        return layer

    def _in_viewport(self, event: QDropEvent) -> QPoint:
        return self._scroll.viewport().mapFrom(self, event.position().toPoint())

    def _on_click(self, identity: str) -> None:
        self._scroll.setFocus(Qt.FocusReason.MouseFocusReason)
        self.select(identity)

    def _drag(self, identity: str) -> None:
        card = self.body.card(identity)
        picture = card.grab()
        card.set_lifted(True)
        start_drag(self, DraggedLayer(identity, standing=True), picture)
        card.set_lifted(False)

    def _open_menu(self, identity: str, at: QPoint) -> None:
        self._on_click(identity)
        open_layer_menu(self, at)

    def _open_menu_at_selection(self) -> None:
        if self._selection:
            card = self.body.card(self._selection)
            open_layer_menu(self, card.mapToGlobal(card.rect().center()))

    def _on_key(self, event: QKeyEvent) -> None:
        step = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1}.get(Qt.Key(event.key()))
        alt = event.modifiers() & Qt.KeyboardModifier.AltModifier
        if step and alt:
            self.move_selection(step)
        elif alt and event.key() == Qt.Key.Key_Right:
            self.move_selection_in()
        elif alt and event.key() == Qt.Key.Key_Left:
            self.move_selection_out()
        elif step:
            self.select_neighbour(step)
        elif event.key() in (Qt.Key.Key_F2, Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.edit_selection()
        elif event.key() == Qt.Key.Key_Insert:
            self.insert(USUAL_KIND)
        elif event.key() == Qt.Key.Key_D and event.modifiers() == Qt.KeyboardModifier.ControlModifier:
            self.duplicate_selection()
        elif event.key() == Qt.Key.Key_Delete:
            self.delete_selection()
        elif event.key() == Qt.Key.Key_Escape:
            self.select("")
        else:
            event.ignore()


def _holds(layers: tuple[LayerView, ...], identity: str) -> bool:
    return any(
        layer.identity == identity or (layer.inside is not None and _holds(layer.inside.layers, identity))
        for layer in layers
    )


def _has_focus_inside(widget: QWidget) -> bool:
    focus = QApplication.focusWidget()
    return focus is not None and widget.isAncestorOf(focus)
