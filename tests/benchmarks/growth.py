"""How time and memory grow with the batch, the width, the depth and the length of sequences, beside the arithmetic.

Each is made sixteen times as large, in steps of four. If something takes time in proportion to size^p, p is its
exponent: 1 means that twice the size takes twice the time. Time and memory should grow no faster than the number of
multiplications and additions does.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from flux_studio.engine import LSTM, Dense, Layer, MSELoss, Network
from flux_studio.engine.operations.products import Product
from flux_studio.engine.slots import Instruction
from tests.benchmarks.harness import fitting, timed
from tests.engine.arena import share_of_matrices

SECONDS = 0.1
TURNS = 5
TOLERANCE = 0.15
"""How much larger than that of the arithmetic an exponent may be before it is pointed at: numbers that no longer fit
into a cache cost more each, which is about a tenth over these sizes."""


@dataclass(frozen=True)
class Growth:
    """Something that is made larger, and the network of each size."""

    title: str
    sizes: tuple[int, ...]
    make: Callable[[int], Network]


def _dense(rows: int, width: int, depth: int) -> Network:
    generator = np.random.default_rng(0)
    layers = [(f"layer-{n}", Dense(width, width, "relu", generator=generator)) for n in range(1, depth + 1)]
    inputs, targets = (generator.normal(size=(rows, width)).astype(np.float32) for _ in range(2))
    return Network(layers, MSELoss(), inputs, targets)


def _sequence(steps: int) -> Network:
    generator = np.random.default_rng(0)
    layers: list[tuple[str, Layer]] = [
        ("layer-1", LSTM(16, 32, generator=generator)),
        ("layer-2", Dense(32, 1, generator=generator)),
    ]
    inputs = generator.normal(size=(32, steps * 16)).astype(np.float32)
    return Network(layers, MSELoss(), inputs, inputs[:, :1])


GROWTHS: tuple[Growth, ...] = (
    Growth("batch", (64, 256, 1024), lambda rows: _dense(rows, 64, 3)),
    Growth("width", (32, 128, 512), lambda width: _dense(64, width, 3)),
    Growth("depth", (2, 8, 32), lambda depth: _dense(64, 64, depth)),
    Growth("sequence", (8, 32, 128), _sequence),
)


def report() -> str:
    """A line for each of them: sizes, times, arena, and the exponents from the smallest to the largest."""
    lines = ["growth       sizes             µs/iteration                  arena, kB          exponents"]
    for growth in GROWTHS:
        networks = [growth.make(size) for size in growth.sizes]
        times = [_seconds(network) for network in networks]
        memory = [float(network.arena.nbytes) for network in networks]
        work = [sum(map(arithmetic, network.program.instructions)) for network in networks]
        arithmetics, time, space = (_exponent(growth.sizes, values) for values in (work, times, memory))
        faster = [
            f"{what} GROWS FASTER"
            for what, exponent in (("time", time), ("memory", space))
            if exponent > arithmetics + TOLERANCE
        ]
        lines.append(
            f"{growth.title:10} {_list(growth.sizes, ''):>14} {_list(times, 'e6'):>24} {_list(memory, 'e-3'):>22}"
            f"   arithmetic {arithmetics:.2f}  time {time:.2f}  memory {space:.2f}"
            f"{'  ' + ', '.join(faster) if faster else ''}"
        )
    fullest = [share_of_matrices(growth.make(size).layout) for growth in GROWTHS for size in growth.sizes[:1]]
    lines.append(f"arena by the bytes of its matrices: at most {max(fullest):.3f}")
    return "\n".join(lines)


def arithmetic(instruction: Instruction) -> float:
    """How many multiplications, additions and the like an instruction takes."""
    if isinstance(instruction.operation, Product):
        # N×K by K×O: the root of N·K times K·O times N·O is N·K·O. So it is with sums over steps.
        one, other = instruction.inputs[:2]
        return 2.0 * math.sqrt(one.size * other.size * instruction.output.size)
    return float(max(slot.size for slot in (instruction.output, *instruction.inputs)))


def _seconds(network: Network) -> float:
    losses = np.empty(1, network.dtype)

    def train(iterations: int) -> None:
        nonlocal losses
        losses = np.empty(iterations, network.dtype)
        network.iterate(losses)

    network.learning_rate = 0.0
    network.rest()
    measure = timed(train, fitting(train, 1, SECONDS))
    return min(measure() for _ in range(TURNS))


def _exponent(sizes: tuple[int, ...], values: list[float]) -> float:
    return math.log(values[-1] / values[0]) / math.log(sizes[-1] / sizes[0])


def _list(values: object, scale: str) -> str:
    factor = float(f"1{scale}") if scale else 1.0
    return " ".join(f"{value * factor:,.0f}" for value in values)  # type: ignore[attr-defined]
