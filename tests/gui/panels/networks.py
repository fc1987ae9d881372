"""Networks to show in tests, made from the real catalogue."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractSpinBox, QScrollArea
from pytestqt.qtbot import QtBot

from flux_studio.gui.panels.network import InputView, LayerView, LossView, NetworkStack, NetworkView
from flux_studio.gui.widgets.wire import Wire
from flux_studio.project.catalogue import layer_kind
from tests.gui.shown import child

DENSE = "dense.v1"


def dense(
    number: int, units: int = 8, shape: str = "16×8", error: str = "", activation: str = "leaky_relu"
) -> LayerView:
    """A dense layer with the identity ``layer-<number>``."""
    row = layer_kind(DENSE)
    values = row.complete({"units": units, "activation": activation})
    return LayerView(
        f"layer-{number}", f"Dense {number}", DENSE, row.fields, values, shape, error, f"Dense {number}"
    )


def network(*layers: LayerView, parameters: int = 73) -> NetworkView:
    """These layers between the parity data and a mean squared error."""
    return NetworkView(
        InputView("parity-4.csv", ("b3", "b2", "b1", "b0"), "16×4"),
        layers,
        LossView("mean squared error", ("parity",), "16×1"),
        parameters,
    )


PARITY = network(dense(1), dense(2, 4, "16×4"), dense(3, 1, "16×1", activation="sigmoid"))
"""4(implicit)-8-4-1."""


def wires(stack: NetworkStack) -> tuple[Wire, ...]:
    """The places of the stack itself, from top to bottom."""
    return stack.body.column("").wires


def type_keys(
    qtbot: QtBot, stack: NetworkStack, key: Qt.Key, keys: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier
) -> None:
    scroll = child(stack, QScrollArea, "network.stack")
    scroll.setFocus()
    qtbot.keyClick(scroll, key, keys)


def units_of(stack: NetworkStack, identity: str) -> QAbstractSpinBox:
    return child(stack, QAbstractSpinBox, f"network.layer.{identity}.units")
