"""The column of cards and wires: it compares what it shows with what it should show and touches only what differs."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtWidgets import QVBoxLayout, QWidget

from flux_studio.gui.theme import look
from flux_studio.gui.widgets.card import Card
from flux_studio.gui.widgets.layer_card import LayerCard
from flux_studio.gui.widgets.network_view import InputView, LayerView, LossView, NetworkView
from flux_studio.gui.widgets.wire import Wire

_HINT = "Drag a layer here, or double-click one in the palette"


class StackBody(QWidget):
    """Input, layers and loss from top to bottom; place ``n`` for a layer is the wire above layer ``n``."""

    def __init__(self, new_card: Callable[[LayerView, QWidget], LayerCard]) -> None:
        super().__init__()
        self._new_card = new_card
        self._view = NetworkView()
        self._cards: dict[str, LayerCard] = {}
        self._input = Card(self)
        self._input.setObjectName("network.input")
        self._loss = Card(self, tint="backward")
        self._loss.setObjectName("network.loss")
        self._wires = [Wire(self)]
        self._column = QVBoxLayout(self)
        side, top = look.length(10), look.length(12)
        self._column.setContentsMargins(side, top, side, top)
        self._column.setSpacing(0)
        self._stack_up()
        self._show_ends()

    @property
    def identities(self) -> tuple[str, ...]:
        """The layers from top to bottom."""
        return tuple(layer.identity for layer in self._view.layers)

    @property
    def wires(self) -> tuple[Wire, ...]:
        """One more than there are layers."""
        return tuple(self._wires)

    def card(self, identity: str) -> LayerCard:
        """The card of a layer that is shown."""
        return self._cards[identity]

    def set_network(self, view: NetworkView) -> None:
        """Show another state of the stack; cards of layers that remain are kept."""
        old, self._view = self._view, view
        for layer in view.layers:
            if layer.identity in self._cards:
                self._cards[layer.identity].set_layer(layer)
            else:
                self._cards[layer.identity] = self._new_card(layer, self)
        if [layer.identity for layer in old.layers] != [layer.identity for layer in view.layers]:
            self._drop_vanished()
            self._stack_up()
        self._show_ends()
        shapes = [view.input.shape, *(layer.shape for layer in view.layers)]
        for wire, shape in zip(self._wires, shapes, strict=True):
            wire.set_shape(shape)
            wire.set_hint("")
        self._wires[0].set_hint("" if view.layers else _HINT)

    def place_at(self, y: float) -> int:
        """The place for a layer that is nearest to the height ``y``, in this widget's pixels."""
        return sum(self._cards[identity].geometry().center().y() < y for identity in self.identities)

    def _drop_vanished(self) -> None:
        for identity in set(self._cards) - set(self.identities):
            card = self._cards.pop(identity)
            card.blockSignals(True)  # hidden, it would tell what was half typed in it
            card.hide()
            card.deleteLater()

    def _stack_up(self) -> None:
        while self._column.count():
            item = self._column.itemAt(0)
            # An item that is merely taken goes on answering for its widget with the size it once had.
            self._column.removeWidget(item.widget()) if item.widget() else self._column.takeAt(0)
        while len(self._wires) <= len(self.identities):
            self._wires.append(Wire(self))
        while len(self._wires) > len(self.identities) + 1:
            wire = self._wires.pop()
            wire.hide()
            wire.deleteLater()
        self._column.addWidget(self._input)
        for identity, wire in zip(self.identities, self._wires, strict=False):
            self._column.addWidget(wire)
            self._column.addWidget(self._cards[identity])
        self._column.addWidget(self._wires[-1])
        self._column.addWidget(self._loss)
        self._column.addStretch(1)

    def _show_ends(self) -> None:
        show_input(self._input, self._view.input)
        show_loss(self._loss, self._view.loss)


def show_input(card: Card, view: InputView) -> None:
    """Write on the card at the top where the rows come from."""
    count = len(view.columns)
    brief = f"{count:,} column{'' if count == 1 else 's'}"
    card.set_lines("Input", view.title or "no data yet", " ".join(view.columns), brief=brief)
    columns = ", ".join(view.columns)
    card.setToolTip(
        f"{view.title}: the columns {columns} go into the network"
        if view.title
        else "Open a table to feed the network"
    )


def show_loss(card: Card, view: LossView) -> None:
    """Write on the card at the bottom what the outputs are compared with."""
    targets = ", ".join(view.targets)
    left = "no target yet" if not targets else targets if " · " in targets else f"target: {targets}"
    card.set_lines(f"Loss: {view.title}" if view.title else "Loss", left, view.shape, numbers_right=True)
    card.set_error(view.error)
    card.setToolTip(
        f"The outputs are compared with {targets} ({view.shape})"
        if targets
        else "Choose the column to predict in the data panel"
    )
