"""How weights begin: rules that draw a first matrix from a random generator."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from flux_studio.engine.operations.base import Array
from flux_studio.errors import SpecificationError


@dataclass(frozen=True)
class Initializer:
    """A rule for the first values of a weight matrix of I inputs and O outputs."""

    name: str
    title: str
    formula: str
    draw: Callable[[np.random.Generator, int, int], Array]


def _xavier_uniform(generator: np.random.Generator, n_inputs: int, n_outputs: int) -> Array:
    limit = (6.0 / (n_inputs + n_outputs)) ** 0.5
    return generator.uniform(-limit, limit, (n_inputs, n_outputs))


def _uniform(generator: np.random.Generator, n_inputs: int, n_outputs: int) -> Array:
    return generator.uniform(-1.0, 1.0, (n_inputs, n_outputs))


def _zeros(generator: np.random.Generator, n_inputs: int, n_outputs: int) -> Array:
    return np.zeros((n_inputs, n_outputs))


INITIALIZERS: dict[str, Initializer] = {
    initializer.name: initializer
    for initializer in (
        # Glorot and Bengio 2010, equation 16.
        Initializer("xavier_uniform", "Xavier", "w ~ U(−√(6/(I+O)), +√(6/(I+O)))", _xavier_uniform),
        Initializer("uniform", "uniform ±1", "w ~ U(−1, +1)", _uniform),
        Initializer("zeros", "zeros", "w = 0", _zeros),
    )
}


def draw(name: str, generator: np.random.Generator, n_inputs: int, n_outputs: int) -> Array:
    """A first weight matrix I×O in float64, by the rule of that name."""
    if name not in INITIALIZERS:
        raise SpecificationError(
            f"start weights {name!r} are not known; choose one of {', '.join(INITIALIZERS)}"
        )
    return INITIALIZERS[name].draw(generator, n_inputs, n_outputs)
