"""Activations as layers of their own."""

from __future__ import annotations

from typing import Any

from flux_studio.engine.layers.base import Layer
from flux_studio.engine.operations import ACTIVATIONS
from flux_studio.errors import SpecificationError


class Activation(Layer):
    """h = h(a), cell by cell, or row by row for softmax; nothing to learn."""

    def __init__(self, activation: str) -> None:
        if activation not in ACTIVATIONS:
            raise SpecificationError(
                f"activation {activation!r} is not known; choose one of {', '.join(ACTIVATIONS)}"
            )
        self.activation = activation

    def forward(self, x: Any) -> Any:
        return (
            x.named("input_matrix", gradient="dC_da_matrix")
            .activate(self.activation)
            .named("activated_output_matrix", gradient="dC_dy_matrix")
        )


class Identity(Activation):
    """h = a."""

    def __init__(self) -> None:
        super().__init__("identity")


class ReLU(Activation):
    """h = max(0, a)."""

    def __init__(self) -> None:
        super().__init__("relu")


class LeakyReLU(Activation):
    """h = a above zero, 0.01·a below."""

    def __init__(self) -> None:
        super().__init__("leaky_relu")


class ELU(Activation):
    """h = a above zero, e^a − 1 below."""

    def __init__(self) -> None:
        super().__init__("elu")


class Sigmoid(Activation):
    """h = 1/(1 + e^(−a))."""

    def __init__(self) -> None:
        super().__init__("sigmoid")


class Tanh(Activation):
    """h = tanh a."""

    def __init__(self) -> None:
        super().__init__("tanh")


class Swish(Activation):
    """h = a·σ(a)."""

    def __init__(self) -> None:
        super().__init__("swish")


class GELU(Activation):
    """h = a·Φ(a), exact."""

    def __init__(self) -> None:
        super().__init__("gelu")


class Softmax(Activation):
    """h = e^a over the sum of its row."""

    def __init__(self) -> None:
        super().__init__("softmax")
