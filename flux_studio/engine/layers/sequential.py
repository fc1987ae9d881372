"""Layers one behind the other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flux_studio.engine.layers.base import Layer, through


class Sequential(Layer):
    """Layers one behind the other; in a network they are its parts ``1``, ``2`` and so on."""

    def __init__(self, layers: Sequence[Layer] = ()) -> None:
        self.layers: list[Layer] = list(layers)

    def add(self, layer: Layer) -> None:
        """Put a layer at the end."""
        self.layers.append(layer)

    def forward(self, x: Any) -> Any:
        for part in self.parts():
            x = through(part, x)
        return x

    def outputs(self, n_inputs: int) -> int:
        for layer in self.layers:
            n_inputs = layer.outputs(n_inputs)
        return n_inputs

    def parts(self) -> tuple[tuple[str, Layer], ...]:
        return tuple((str(number), layer) for number, layer in enumerate(self.layers, start=1))
