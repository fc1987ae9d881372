"""The seven works that are measured: each a network, its data and the way it is trained, the same for every side."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Parameters = tuple[Floats, ...]
"""Weight and bias of each layer by turns. Of an LSTM w (F×4H), u (H×4H) and b (1×4H), by :data:`LSTM_GATES`."""
LSTM_GATES = ("input", "forget", "candidate", "output")
"""The order in which the gates of an LSTM's parameters stand side by side."""


@dataclass(frozen=True)
class Goal:
    """How many times faster than a peer we are to be."""

    floor: float | None = None
    aim: float | None = None


@dataclass(frozen=True, eq=False)
class Workload:
    """A stack of layers, trained in float32. ``widths`` begin with the inputs of a row, or of a step of a sequence."""

    key: str
    title: str
    widths: tuple[int, ...]
    activations: tuple[str, ...]
    make_data: Callable[[], tuple[Floats, Floats]]
    loss: str = "mse"
    optimizer: str = "sgd"
    rate: float = 0.3
    batch: int | None = None
    threads: int = 1
    """How many the peers may use; our engine uses one."""
    steps: int = 0
    """With steps the first layer is an LSTM over that many, of which the last one goes on."""
    goals: Mapping[str, Goal] = field(default_factory=dict)
    """The peers that it is compared with, by their names."""

    @property
    def data(self) -> tuple[Floats, Floats]:
        """Inputs (N×I) and targets (N×O); a row of a sequence is its steps one behind the other."""
        return _data(self.make_data)

    @property
    def unit(self) -> int:
        """Iterations in an epoch."""
        return 1 if self.batch is None else -(-len(self.data[0]) // self.batch)

    def parameters(self) -> Parameters:
        """What every side begins with: Xavier uniform weights, biases of zero."""
        generator = np.random.default_rng(1)
        drawn: list[Floats] = []
        for index, (n_inputs, n_outputs) in enumerate(itertools.pairwise(self.widths)):
            shapes = [(n_inputs, n_outputs), (1, n_outputs)]
            if self.steps and index == 0:
                shapes = [(n_inputs, 4 * n_outputs), (n_outputs, 4 * n_outputs), (1, 4 * n_outputs)]
            limit = (6 / (n_inputs + n_outputs)) ** 0.5
            drawn += [generator.uniform(-limit, limit, shape).astype(np.float32) for shape in shapes[:-1]]
            drawn.append(np.zeros(shapes[-1], np.float32))
        return tuple(drawn)


@cache
def _data(make: Callable[[], tuple[Floats, Floats]]) -> tuple[Floats, Floats]:
    return make()


def _parity(bits: int) -> tuple[Floats, Floats]:
    rows = np.array(list(itertools.product((0, 1), repeat=bits)), np.float32)
    return rows, rows.sum(axis=1, keepdims=True) % 2


def _parity_of_four() -> tuple[Floats, Floats]:
    return _parity(4)


def _exclusive_or() -> tuple[Floats, Floats]:
    return _parity(2)


def _table() -> tuple[Floats, Floats]:
    rows = np.random.default_rng(0).uniform(size=(100, 4)).astype(np.float32)
    return rows, (rows.sum(axis=1, keepdims=True) > 2).astype(np.float32)


def _classes(rows: int, features: int, density: float) -> tuple[Floats, Floats]:
    """Ten classes: which of ten random directions a row points along most; some features are zero, as in pictures."""
    generator = np.random.default_rng(0)
    inputs = generator.random((rows, features), np.float32)
    inputs *= generator.random((rows, features), np.float32) < density
    scores = inputs @ generator.normal(size=(features, 10)).astype(np.float32)
    return inputs, np.eye(10, dtype=np.float32)[(scores - scores.mean(axis=0)).argmax(axis=1)]


def _digits() -> tuple[Floats, Floats]:
    """scikit-learn's digits; without it, numbers of the same shape."""
    try:
        from sklearn.datasets import load_digits
    except ImportError:
        return _classes(1797, 64, 0.5)
    found = load_digits()
    return (found.data / 16).astype(np.float32), np.eye(10, dtype=np.float32)[found.target]


def _pictures() -> tuple[Floats, Floats]:
    return _classes(60_000, 784, 0.2)


def _wide_rows() -> tuple[Floats, Floats]:
    return _classes(5_120, 1_024, 1.0)


def _sequences() -> tuple[Floats, Floats]:
    rows = np.random.default_rng(0).normal(size=(32, 50 * 16)).astype(np.float32)
    return rows, rows[:, -16:].mean(axis=1, keepdims=True)


_LEAKY, _CROSS_ENTROPY = "leaky_relu", "cross_entropy"
_DEEP = ("relu", "relu", "softmax")

WIDE = Workload(
    "W6",
    "1024-1024-10 on 1,024 inputs, ReLU, softmax cross-entropy, batch 512, momentum",
    (1_024, 1_024, 1_024, 10),
    _DEEP,
    _wide_rows,
    loss=_CROSS_ENTROPY,
    optimizer="momentum",
    rate=0.01,
    batch=512,
    goals={"PyTorch fused": Goal(1.0, 1.02), "JAX": Goal()},
)

WORKLOADS: tuple[Workload, ...] = (
    Workload(
        "W1",
        "4-bit parity 16×4, 8-4-1, leaky ReLU and sigmoid, MSE, full batch",
        (4, 8, 4, 1),
        (_LEAKY, _LEAKY, "sigmoid"),
        _parity_of_four,
        goals={
            "PyTorch eager": Goal(350, 450),
            "torch.compile": Goal(80, 100),
            "JAX": Goal(5, 6.5),
            "NumPy out=": Goal(30),
            "reference executor": Goal(25),
        },
    ),
    Workload(
        "W2",
        "a table 100×4, 8-1, leaky ReLU and sigmoid, MSE, full batch",
        (4, 8, 1),
        (_LEAKY, "sigmoid"),
        _table,
        goals={"PyTorch eager": Goal(140, 175), "JAX": Goal(2.2, 2.7), "NumPy out=": Goal()},
    ),
    Workload(
        "W3",
        "XOR 4×2, 3-1, tanh and sigmoid, MSE, full batch",
        (2, 3, 1),
        ("tanh", "sigmoid"),
        _exclusive_or,
        goals={"PyTorch eager": Goal(1_000, 1_600), "JAX": Goal(0.7, 1.0), "NumPy out=": Goal()},
    ),
    Workload(
        "W4",
        "digits 1,797×64, 32-10, ReLU, softmax cross-entropy, batch 32, Adam",
        (64, 32, 10),
        ("relu", "softmax"),
        _digits,
        loss=_CROSS_ENTROPY,
        optimizer="adam",
        rate=0.001,
        batch=32,
        goals={"PyTorch fused": Goal(32, 40), "scikit-learn": Goal(19, 23), "JAX": Goal(5.5, 7)},
    ),
    Workload(
        "W5",
        "60,000×784, 128-64-10, ReLU, softmax cross-entropy, batch 64, Adam",
        (784, 128, 64, 10),
        _DEEP,
        _pictures,
        loss=_CROSS_ENTROPY,
        optimizer="adam",
        rate=0.001,
        batch=64,
        goals={"PyTorch fused": Goal(1.9, 2.3), "scikit-learn": Goal(1.9, 2.4), "JAX": Goal(0.95, 1.2)},
    ),
    Workload(
        "W5b",
        "the same in batches of 256",
        (784, 128, 64, 10),
        _DEEP,
        _pictures,
        loss=_CROSS_ENTROPY,
        optimizer="adam",
        rate=0.001,
        batch=256,
        goals={"PyTorch fused": Goal(1.3, 1.5), "scikit-learn": Goal(), "JAX": Goal(0.85, 1.05)},
    ),
    WIDE,
    dataclasses.replace(
        WIDE,
        key="W6b",
        title="the same with two threads for the peer; we have one",
        threads=2,
        goals={"PyTorch fused": Goal(0.9, 1.05)},
    ),
    Workload(
        "W7",
        "LSTM 32×50×16, hidden 64, last step to 1 output, MSE, SGD, full batch",
        (16, 64, 1),
        ("", "identity"),
        _sequences,
        rate=0.05,
        steps=50,
        goals={"PyTorch fused": Goal(1.0, 1.2), "JAX": Goal(None, 1.3)},
    ),
)


def chosen(names: Sequence[str]) -> tuple[Workload, ...]:
    """The workloads among those names, small letters; all of them where there is no name."""
    return tuple(each for each in WORKLOADS if not names or each.key.lower() in names)
