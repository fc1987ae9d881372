"""What explaining a cell costs: the slowest of random cells of every matrix, the first one with its index included."""

from __future__ import annotations

import time

import numpy as np

from flux_studio.engine import LSTM, Dense, MSELoss, Network
from flux_studio.engine.explain import explain
from flux_studio.engine.updating import UpdateRule
from tests.benchmarks.harness import Row, within
from tests.benchmarks.sides.flux_studio import FluxStudio
from tests.benchmarks.workloads import chosen

LIMIT = 0.030


def measure() -> list[Row]:
    """A cell of every matrix of W5, and of an LSTM of 50 steps."""
    (pictures,) = chosen(["w5"])
    side = FluxStudio(pictures)
    side.train(3)
    return [_slowest("W5", side.network), _slowest("LSTM of 50 steps", _sequence())]


def _sequence() -> Network:
    generator = np.random.default_rng(0)
    layers = [("lstm", LSTM(1, 32, generator=generator)), ("out", Dense(32, 1, generator=generator))]
    inputs, targets = generator.normal(size=(64, 50)), generator.normal(size=(64, 1))
    network = Network(layers, MSELoss(), inputs, targets, rule=UpdateRule("adam", 0.01))
    network.rest()
    return network


def _slowest(name: str, network: Network) -> Row:
    generator = np.random.default_rng(0)
    taken = []
    for key, slot in network.program.matrices.items():
        cell = int(generator.integers(slot.rows)), int(generator.integers(slot.columns))
        begin = time.perf_counter()
        explain(network, key, cell, 3)
        taken.append(time.perf_counter() - begin)
    return within(
        f"{name}: a cell of each of {len(taken):,} matrices, explained", "the slowest", [max(taken)], LIMIT
    )
