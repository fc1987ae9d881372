"""How weights begin: rules that draw a first matrix from a random generator."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from flux_studio.engine.operations.base import Array
from flux_studio.errors import SpecificationError

CONSTANT = 0.1
Draw = Callable[[np.random.Generator, int, int], Array]


@dataclass(frozen=True)
class Initializer:
    """A rule for the first values of a weight matrix of I inputs and O outputs."""

    name: str
    title: str
    formula: str
    source: str
    """Where the rule comes from; empty for the plain ones."""
    draw: Draw


def _uniform(limit: Callable[[int, int], float]) -> Draw:
    """Drawn evenly from ± a limit that depends on inputs and outputs."""

    def draw(generator: np.random.Generator, n_inputs: int, n_outputs: int) -> Array:
        most = limit(n_inputs, n_outputs)
        return generator.uniform(-most, most, (n_inputs, n_outputs))

    return draw


def _normal(variance: Callable[[int, int], float]) -> Draw:
    """Drawn from a normal distribution around 0, whose variance depends on inputs and outputs."""

    def draw(generator: np.random.Generator, n_inputs: int, n_outputs: int) -> Array:
        return generator.normal(0.0, variance(n_inputs, n_outputs) ** 0.5, (n_inputs, n_outputs))

    return draw


def _constant(value: float) -> Draw:
    return lambda generator, n_inputs, n_outputs: np.full((n_inputs, n_outputs), value)


def _orthogonal(generator: np.random.Generator, n_inputs: int, n_outputs: int) -> Array:
    """Columns (or rows, if there are fewer of them) of length 1 at right angles to each other, evenly drawn."""
    tall = generator.normal(size=(max(n_inputs, n_outputs), min(n_inputs, n_outputs)))
    q, r = np.linalg.qr(tall)
    # QR may give either sign; only with those of r's diagonal are all directions equally likely (Mezzadri 2007).
    q = q * np.where(np.diag(r) < 0, -1.0, 1.0)
    return np.asarray(q if n_inputs >= n_outputs else q.T)


_GLOROT = "Glorot and Bengio 2010, Understanding the difficulty of training deep feedforward neural networks"
_HE = "He, Zhang, Ren and Sun 2015, Delving deep into rectifiers"
_LECUN = "LeCun, Bottou, Orr and Müller 1998, Efficient backprop"
_SAXE = "Saxe, McClelland and Ganguli 2014, Exact solutions to the nonlinear dynamics of learning"

INITIALIZERS: dict[str, Initializer] = {
    initializer.name: initializer
    for initializer in (
        Initializer(
            "xavier_uniform",
            "Xavier uniform",
            "w ~ U(−√(6/(I+O)), +√(6/(I+O)))",
            f"{_GLOROT}, equation 16",
            _uniform(lambda i, o: (6.0 / (i + o)) ** 0.5),
        ),
        Initializer(
            "xavier_normal",
            "Xavier normal",
            "w ~ N(0, 2/(I+O))",
            f"{_GLOROT}, equation 12",
            _normal(lambda i, o: 2.0 / (i + o)),
        ),
        Initializer(
            "he_uniform",
            "He uniform",
            "w ~ U(−√(6/I), +√(6/I))",
            f"{_HE}, the variance of equation 10",
            _uniform(lambda i, o: (6.0 / i) ** 0.5),
        ),
        Initializer(
            "he_normal", "He normal", "w ~ N(0, 2/I)", f"{_HE}, equation 10", _normal(lambda i, o: 2.0 / i)
        ),
        Initializer(
            "lecun_normal",
            "LeCun normal",
            "w ~ N(0, 1/I)",
            f"{_LECUN}, equation 16",
            _normal(lambda i, o: 1.0 / i),
        ),
        Initializer("orthogonal", "orthogonal", "wᵀ·w = 1, or w·wᵀ = 1", _SAXE, _orthogonal),
        Initializer("uniform", "uniform ±1", "w ~ U(−1, +1)", "", _uniform(lambda i, o: 1.0)),
        Initializer("zeros", "zeros", "w = 0", "", _constant(0.0)),
        Initializer("constant", f"constant {CONSTANT}", f"w = {CONSTANT}", "", _constant(CONSTANT)),
    )
}


def draw(name: str, generator: np.random.Generator, n_inputs: int, n_outputs: int) -> Array:
    """A first weight matrix I×O in float64, by the rule of that name."""
    if name not in INITIALIZERS:
        raise SpecificationError(
            f"start weights {name!r} are not known; choose one of {', '.join(INITIALIZERS)}"
        )
    return INITIALIZERS[name].draw(generator, n_inputs, n_outputs)
