"""Dropout: while training, some numbers are left out at random."""

from __future__ import annotations

from typing import Any

import numpy as np

from flux_studio.engine.layers.base import Layer
from flux_studio.engine.operations import DROPOUT_MASK
from flux_studio.engine.operations.dropout import KEY_BITS, PART_BITS
from flux_studio.engine.tensor import Tensor
from flux_studio.errors import SpecificationError


class Dropout(Layer):
    """h = x ⊙ m: each number becomes 0 with probability ``rate``, and all others grow to x/(1 − rate).

    In a network the mask m depends on the iteration, the place and a key that is drawn from ``generator`` (fresh
    entropy without one), and on nothing that was called before. Programs without a backward phase leave nothing
    out. Eager tensors know no iteration: there each pass takes the next mask, unless ``training`` is false.
    """

    def __init__(self, rate: float = 0.5, *, generator: np.random.Generator | None = None) -> None:
        if not 0 <= rate < 1:
            raise SpecificationError(f"dropout leaves out a share of at least 0 and below 1, not {rate}")
        generator = np.random.default_rng() if generator is None else generator
        self.rate = rate
        self.key = int(generator.integers(1 << KEY_BITS))
        self.training = True
        self._passes = 0

    def forward(self, x: Any) -> Any:
        x = x.named("input_matrix", gradient="dC_dx_matrix")
        key = self.key
        if isinstance(x, Tensor):
            if not self.training:
                return x
            key, self._passes = (key + self._passes) % (1 << KEY_BITS), self._passes + 1
        high, low = divmod(key, 1 << PART_BITS)
        mask = x.held().apply(
            DROPOUT_MASK,
            x.constant("p", training=self.rate),
            x.constant("key, high part", fixed=high),
            x.constant("key, low part", fixed=low),
        )
        return (x * mask.named("mask_matrix")).named("activated_output_matrix", gradient="dC_dy_matrix")
