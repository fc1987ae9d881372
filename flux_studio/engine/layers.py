"""Layers: each says its forward pass in tensor operations, and owns what it learns."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from flux_studio.engine import initializers
from flux_studio.engine.operations import ACTIVATIONS
from flux_studio.engine.tensor import Tensor
from flux_studio.errors import SpecificationError


@dataclass(frozen=True)
class Learned:
    """A tensor that a layer learns, under its matrix name and its gradient's."""

    tensor: Tensor
    name: str
    gradient: str
    is_bias: bool = False


class Layer(ABC):
    """Turns N×I into N×O. ``forward`` serves eager tensors and recordings alike; it keeps nothing of a pass."""

    @abstractmethod
    def forward(self, x: Any) -> Any:
        """The layer's output for the input ``x``."""

    def learned(self) -> tuple[Learned, ...]:
        """What the layer learns: weights before biases."""
        return ()

    def get_parameters(self) -> list[Tensor]:
        """The tensors that the layer learns: weight, then bias."""
        return [each.tensor for each in self.learned()]


class Linear(Layer):
    """a = x·w + b, with w of shape I×O and b of shape 1×O.

    Weights are drawn by ``initializer`` from ``generator`` (fresh entropy without one); biases begin at zero.
    """

    def __init__(
        self,
        n_inputs: int,
        n_outputs: int,
        bias: bool = True,
        *,
        initializer: str = "xavier_uniform",
        generator: np.random.Generator | None = None,
    ) -> None:
        if n_inputs < 1 or n_outputs < 1:
            raise SpecificationError(
                f"a linear layer needs at least one input and one output, not {n_inputs} and {n_outputs}"
            )
        generator = np.random.default_rng() if generator is None else generator
        self.weight = Tensor(initializers.draw(initializer, generator, n_inputs, n_outputs), autograd=True)
        self.bias = Tensor(np.zeros((1, n_outputs)), autograd=True) if bias else None

    def forward(self, x: Any) -> Any:
        weighted = x.named("input_matrix").mm(self.weight).named("weight_and_input_matrix")
        if self.bias is None:
            return weighted.named("weight_input_bias_matrix", gradient="dC_da_matrix")
        return (weighted + self.bias).named("weight_input_bias_matrix", gradient="dC_da_matrix")

    def learned(self) -> tuple[Learned, ...]:
        weight = Learned(self.weight, "weights_matrix", "dC_dw_matrix")
        if self.bias is None:
            return (weight,)
        return weight, Learned(self.bias, "bias_matrix", "dC_db_matrix", is_bias=True)


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


class Dense(Layer):
    """A linear layer and its activation in one box, with FLUX's eleven matrices."""

    def __init__(
        self,
        n_inputs: int,
        n_outputs: int,
        activation: str = "identity",
        *,
        initializer: str = "xavier_uniform",
        generator: np.random.Generator | None = None,
    ) -> None:
        if activation not in ACTIVATIONS:
            raise SpecificationError(
                f"activation {activation!r} is not known; choose one of {', '.join(ACTIVATIONS)}"
            )
        self.linear = Linear(n_inputs, n_outputs, initializer=initializer, generator=generator)
        self.activation = activation

    def forward(self, x: Any) -> Any:
        activated = self.linear.forward(x).activate(self.activation)
        return activated.named("activated_output_matrix", gradient="dC_dy_matrix")

    def learned(self) -> tuple[Learned, ...]:
        return self.linear.learned()


class Sequential(Layer):
    """Layers one behind the other."""

    def __init__(self, layers: Sequence[Layer] = ()) -> None:
        self.layers: list[Layer] = list(layers)

    def add(self, layer: Layer) -> None:
        """Put a layer at the end."""
        self.layers.append(layer)

    def forward(self, x: Any) -> Any:
        for layer in self.layers:
            x = layer.forward(x)
        return x

    def learned(self) -> tuple[Learned, ...]:
        return tuple(each for layer in self.layers for each in layer.learned())


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
