"""A block with a way past it: what comes in is added to what the layers inside make of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from flux_studio.engine.layers.base import Layer, through
from flux_studio.engine.layers.dense import Linear
from flux_studio.errors import SpecificationError


class Residual(Layer):
    """h = F(x) + x, with F the layers inside; h = F(x) + x·w where F changes the number of columns.

    The layers inside are parts named ``1``, ``2`` and so on, or by ``names``; the projection x·w, which has no bias,
    is the part ``skip``.
    """

    def __init__(
        self,
        n_inputs: int,
        layers: Sequence[Layer],
        *,
        names: Sequence[str] = (),
        initializer: str = "xavier_uniform",
        generator: np.random.Generator | None = None,
    ) -> None:
        if not layers:
            raise SpecificationError("a residual block has no layers inside: put at least one into it")
        self.layers = tuple(layers)
        self.names = tuple(names) or tuple(str(number) for number in range(1, len(layers) + 1))
        if len(self.names) != len(self.layers):
            raise SpecificationError(
                f"a residual block of {len(self.layers)} layers cannot have {len(self.names)} names"
            )
        n_outputs = self.outputs(n_inputs)
        self.projection = (
            None
            if n_outputs == n_inputs
            else Linear(n_inputs, n_outputs, bias=False, initializer=initializer, generator=generator)
        )

    def forward(self, x: Any) -> Any:
        x = x.named("input_matrix", gradient="dC_dx_matrix")
        block, skip = x.branch("dC_dx_block_matrix"), x.branch("dC_dx_skip_matrix")
        for part in zip(self.names, self.layers, strict=True):
            block = through(part, block)
        if self.projection is not None:
            skip = through(("skip", self.projection), skip)
        summed = block.named("block_matrix") + skip.named("skip_matrix")
        return summed.named("activated_output_matrix", gradient="dC_dy_matrix")

    def outputs(self, n_inputs: int) -> int:
        for layer in self.layers:
            n_inputs = layer.outputs(n_inputs)
        return n_inputs

    def parts(self) -> tuple[tuple[str, Layer], ...]:
        inside = tuple(zip(self.names, self.layers, strict=True))
        return inside if self.projection is None else (*inside, ("skip", self.projection))
