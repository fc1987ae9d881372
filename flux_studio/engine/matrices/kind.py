"""What is known of a matrix by its name: its symbol, its shape and what it means."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Side = Literal["forward", "backward", "update"]


@dataclass(frozen=True)
class MatrixKind:
    """One kind of matrix. ``shape`` is written with N rows of the batch, I inputs and O outputs of the layer.

    P is the number of all that the network learns.
    """

    name: str
    symbol: str
    title: str
    shape: str
    side: Side
    formula: str
    meaning: str


def forward(name: str, symbol: str, title: str, shape: str, formula: str, meaning: str) -> MatrixKind:
    """A matrix of the way forward."""
    return MatrixKind(name, symbol, title, shape, "forward", formula, meaning)


def backward(name: str, symbol: str, title: str, shape: str, formula: str, meaning: str) -> MatrixKind:
    """A matrix of the way back."""
    return MatrixKind(name, symbol, title, shape, "backward", formula, meaning)
