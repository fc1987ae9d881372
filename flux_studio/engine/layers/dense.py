"""Weighted sums of all inputs: linear, and dense with an activation."""

from __future__ import annotations

from typing import Any

import numpy as np

from flux_studio.engine import initializers
from flux_studio.engine.layers.activations import Activation
from flux_studio.engine.layers.base import Layer, Learned
from flux_studio.engine.tensor import Tensor
from flux_studio.errors import SpecificationError


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

    def outputs(self, n_inputs: int) -> int:
        return self.weight.shape[1]

    def learned(self) -> tuple[Learned, ...]:
        weight = Learned(self.weight, "weights_matrix", "dC_dw_matrix")
        if self.bias is None:
            return (weight,)
        return weight, Learned(self.bias, "bias_matrix", "dC_db_matrix", is_bias=True)


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
        self.activation = Activation(activation).activation
        self.linear = Linear(n_inputs, n_outputs, initializer=initializer, generator=generator)

    def forward(self, x: Any) -> Any:
        activated = self.linear.forward(x).activate(self.activation)
        return activated.named("activated_output_matrix", gradient="dC_dy_matrix")

    def outputs(self, n_inputs: int) -> int:
        return self.linear.outputs(n_inputs)

    def learned(self) -> tuple[Learned, ...]:
        return self.linear.learned()
