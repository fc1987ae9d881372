"""A column of cards with wires between them: the layers of the stack, or of a block inside it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint
from PySide6.QtWidgets import QVBoxLayout, QWidget

from flux_studio.gui.widgets.network_view import LayerView
from flux_studio.gui.widgets.wire import Wire
from flux_studio.project.specification import Place

if TYPE_CHECKING:
    from flux_studio.gui.widgets.layer_card import LayerCard

NewCard = Callable[[LayerView, QWidget], "LayerCard"]


class LayerColumn(QWidget):
    """It compares what it shows with what it should show and touches only what differs.

    Wire ``n`` stands above layer ``n``; there is one more of them than there are layers. ``hint`` is what a column
    without layers says.
    """

    def __init__(self, block: str, new_card: NewCard, hint: str, parent: QWidget) -> None:
        super().__init__(parent)
        self.block = block
        self._new_card, self._hint = new_card, hint
        self._layers: tuple[LayerView, ...] = ()
        self._cards: dict[str, LayerCard] = {}
        self._wires = [Wire(self)]
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(0)
        self._stack_up()

    @property
    def identities(self) -> tuple[str, ...]:
        """The layers from top to bottom, without those inside them."""
        return tuple(layer.identity for layer in self._layers)

    @property
    def wires(self) -> tuple[Wire, ...]:
        """From top to bottom."""
        return tuple(self._wires)

    def cards(self) -> Iterator[tuple[Place, LayerCard]]:
        """All cards, each before those inside it, and where their layers stand."""
        for index, identity in enumerate(self.identities):
            card = self._cards[identity]
            yield Place(index, self.block), card
            if card.inner is not None:
                yield from card.inner.cards()

    def set_layers(self, shape: str, layers: tuple[LayerView, ...]) -> None:
        """Show another state; cards of layers that remain are kept. ``shape`` is what comes in."""
        before, self._layers = self.identities, layers
        blocks = {layer.identity: layer.inside is not None for layer in layers}
        gone = [each for each, card in self._cards.items() if (card.inner is not None) != blocks.get(each)]
        for identity in gone:
            self._drop(self._cards.pop(identity))
        for layer in layers:
            if layer.identity in self._cards:
                self._cards[layer.identity].set_layer(layer)
            else:
                self._cards[layer.identity] = self._new_card(layer, self)
        if gone or before != self.identities:
            self._stack_up()
        for wire, passing in zip(self._wires, [shape, *(layer.shape for layer in layers)], strict=True):
            wire.set_shape(passing)
            wire.set_hint("")
        self._wires[0].set_hint("" if layers else self._hint)

    def place_at(self, y: float, lifted: str = "") -> Place:
        """The place for a layer that is nearest to the height ``y``, in this widget's pixels.

        That is inside a block where the block's own column is, unless the block itself is ``lifted``.
        """
        for index, identity in enumerate(self.identities):
            card = self._cards[identity]
            before = Place(index, self.block)
            if card.inner is None or identity == lifted:
                if y <= card.geometry().center().y():
                    return before
                continue
            top = card.inner.mapTo(self, QPoint(0, 0)).y()
            if y < top:
                return before
            if y < top + card.inner.height():
                return card.inner.place_at(y - top, lifted)
        return Place(len(self._layers), self.block)

    def _drop(self, card: LayerCard) -> None:
        for each in (card, *(inside for _, inside in card.inner.cards())) if card.inner else (card,):
            each.blockSignals(True)  # hidden, it would tell what was half typed in it
        self._column.removeWidget(card)
        card.hide()
        card.deleteLater()

    def _stack_up(self) -> None:
        while self._column.count():
            # An item that is merely taken goes on answering for its widget with the size it once had.
            self._column.removeWidget(self._column.itemAt(0).widget())
        while len(self._wires) <= len(self._layers):
            self._wires.append(Wire(self))
        while len(self._wires) > len(self._layers) + 1:
            wire = self._wires.pop()
            wire.hide()
            wire.deleteLater()
        for identity, wire in zip(self.identities, self._wires, strict=False):
            self._column.addWidget(wire)
            self._column.addWidget(self._cards[identity])
        self._column.addWidget(self._wires[-1])
