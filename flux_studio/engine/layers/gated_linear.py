"""The multiplicative interaction: one weighted sum decides how much of another passes."""

from __future__ import annotations

from typing import Any

import numpy as np

from flux_studio.engine.layers.base import Layer, through
from flux_studio.engine.layers.dense import Dense, Linear


class GatedLinear(Layer):
    """h = (x·w₁ + b₁) ⊙ σ(x·w₂ + b₂): a value times a gate between 0 and 1.

    Both are parts with the matrices of their kind: ``value`` is a linear layer (w₁ of shape I×O, b₁ of shape 1×O),
    ``gate`` a dense one with a sigmoid (w₂ and b₂ of the same shapes).
    """

    def __init__(
        self,
        n_inputs: int,
        n_outputs: int,
        *,
        initializer: str = "xavier_uniform",
        generator: np.random.Generator | None = None,
    ) -> None:
        generator = np.random.default_rng() if generator is None else generator
        self.value = Linear(n_inputs, n_outputs, initializer=initializer, generator=generator)
        self.gate = Dense(n_inputs, n_outputs, "sigmoid", initializer=initializer, generator=generator)

    def forward(self, x: Any) -> Any:
        x = x.named("input_matrix", gradient="dC_dx_matrix")
        value, gate = self.parts()
        passed = through(value, x.branch("dC_dx_value_matrix")) * through(gate, x.branch("dC_dx_gate_matrix"))
        return passed.named("activated_output_matrix", gradient="dC_dy_matrix")

    def outputs(self, n_inputs: int) -> int:
        return self.value.outputs(n_inputs)

    def parts(self) -> tuple[tuple[str, Layer], ...]:
        return ("value", self.value), ("gate", self.gate)
