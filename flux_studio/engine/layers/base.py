"""What every layer is: a forward pass in tensor operations, what it learns, and the layers it has inside."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from flux_studio.engine.recording import below
from flux_studio.engine.slots import MatrixKey
from flux_studio.engine.tensor import Tensor


@dataclass(frozen=True)
class Learned:
    """A tensor that a layer learns, under its matrix name and its gradient's."""

    tensor: Tensor
    name: str
    gradient: str
    is_bias: bool = False
    """Biases, and other numbers that penalties leave alone."""


class Layer(ABC):
    """Turns N×I into N×O. ``forward`` serves eager tensors and recordings alike; it keeps no matrix of a pass."""

    @abstractmethod
    def forward(self, x: Any) -> Any:
        """The layer's output for the input ``x``."""

    def outputs(self, n_inputs: int) -> int:
        """How many columns the layer makes of ``n_inputs`` columns."""
        return n_inputs

    def learned(self) -> tuple[Learned, ...]:
        """What the layer itself learns, its parts not counted: weights before biases."""
        return ()

    def parts(self) -> tuple[tuple[str, Layer], ...]:
        """The layers inside this one by name: ``gate`` inside ``layer-2`` has the identity ``layer-2/gate``."""
        return ()

    def get_parameters(self) -> list[Tensor]:
        """The tensors that the layer and its parts learn: weight, then bias."""
        return [each.tensor for _, each in everything_learned("", self)]


def everything_learned(identity: str, layer: Layer) -> Iterator[tuple[MatrixKey, Learned]]:
    """What a layer of that identity and all its parts learn, by the identity and name of each."""
    for each in layer.learned():
        yield (identity, each.name), each
    for name, part in layer.parts():
        yield from everything_learned(below(identity, name), part)


def through(part: tuple[str, Layer], x: Any) -> Any:
    """The output of a part of a layer; its matrices belong to the part's own identity."""
    name, layer = part
    with x.inside(name):
        return layer.forward(x)
