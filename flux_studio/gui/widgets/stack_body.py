"""The whole stack: input, layers and loss from top to bottom, with the layers inside blocks."""

from __future__ import annotations

from PySide6.QtWidgets import QVBoxLayout, QWidget

from flux_studio.gui.theme import look
from flux_studio.gui.widgets.card import Card
from flux_studio.gui.widgets.layer_card import LayerCard
from flux_studio.gui.widgets.layer_column import LayerColumn, NewCard
from flux_studio.gui.widgets.network_view import InputView, LossView, NetworkView
from flux_studio.gui.widgets.wire import Wire
from flux_studio.project.descriptions import counted
from flux_studio.project.specification import Place

_HINT = "Drag a layer here, or double-click one in the palette"


class StackBody(QWidget):
    """Knows every card by its layer's identity, and every wire by the place for a layer that it is."""

    def __init__(self, new_card: NewCard) -> None:
        super().__init__()
        self._view = NetworkView()
        self._input = Card(self)
        self._input.setObjectName("network.input")
        self._loss = Card(self, tint="backward")
        self._loss.setObjectName("network.loss")
        self._layers = LayerColumn("", new_card, _HINT, self)
        column = QVBoxLayout(self)
        side, top = look.length(10), look.length(12)
        column.setContentsMargins(side, top, side, top)
        column.setSpacing(0)
        for widget in (self._input, self._layers, self._loss):
            column.addWidget(widget)
        column.addStretch(1)
        self._show_ends()

    @property
    def identities(self) -> tuple[str, ...]:
        """All layers from top to bottom, each before those inside it."""
        return tuple(card.layer.identity for _, card in self._layers.cards())

    def card(self, identity: str) -> LayerCard:
        """The card of a layer that is shown."""
        return self._found(identity)[1]

    def place(self, identity: str) -> Place:
        """Where a layer stands."""
        return self._found(identity)[0]

    def column(self, block: str) -> LayerColumn:
        """The layers inside a block, or those of the stack itself."""
        inner = self.card(block).inner if block else self._layers
        assert inner is not None
        return inner

    def wire(self, place: Place) -> Wire:
        """What is drawn where a layer at that place would stand."""
        return self.column(place.block).wires[place.position]

    def set_network(self, view: NetworkView) -> None:
        """Show another state of the stack; cards of layers that remain are kept."""
        self._view = view
        self._layers.set_layers(view.input.shape, view.layers)
        self._show_ends()

    def place_at(self, y: float, lifted: str = "") -> Place:
        """The place for a layer that is nearest to the height ``y``, in this widget's pixels."""
        return self._layers.place_at(y - self._layers.y(), lifted)

    def holders(self) -> list[QWidget]:
        """All that lays out other widgets here and can grow with them, each before those inside it."""
        found: list[QWidget] = [self, self._layers]
        for _, card in self._layers.cards():
            if card.inner is not None:
                found += [card, card.inner.parentWidget(), card.inner]
        return found

    def _found(self, identity: str) -> tuple[Place, LayerCard]:
        return next(found for found in self._layers.cards() if found[1].layer.identity == identity)

    def _show_ends(self) -> None:
        show_input(self._input, self._view.input)
        show_loss(self._loss, self._view.loss)


def show_input(card: Card, view: InputView) -> None:
    """Write on the card at the top where the rows come from."""
    count = len(view.columns)
    brief = counted(count, "column")
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
