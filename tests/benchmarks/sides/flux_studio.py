"""Our own engine, as everybody uses it: a network that iterates."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import numpy as np

from flux_studio.engine import LSTM, Dense, Network
from flux_studio.engine.executors import ExecutorName
from flux_studio.engine.layers import Layer
from flux_studio.engine.layers.recurrent import GATES
from flux_studio.engine.losses import make_loss
from flux_studio.engine.slots import MatrixKey
from flux_studio.engine.updating import UpdateRule
from tests.benchmarks.workloads import LSTM_GATES, Floats, Workload


class FluxStudio:
    """Every named matrix is written in every iteration."""

    def __init__(self, workload: Workload, executor: ExecutorName = "compiled") -> None:
        self.network = make_network(workload, executor)
        self.start = self.network.snapshot()
        self.begin()

    def begin(self) -> None:
        """Back to the start: we come so far in a measurement that gradients would vanish in the next."""
        self.network.restore(self.start)
        self.network.rest()
        self.iteration = 0

    def train(self, iterations: int) -> None:
        losses = np.empty(iterations, self.network.dtype)
        done, _ = self.network.iterate(losses, self.iteration)
        if done != iterations:
            raise FloatingPointError(
                f"training ended at iteration {self.iteration + done}: the loss is {losses[done - 1]}"
            )
        self.iteration += done

    def loss(self) -> float:
        return self.network.evaluate()[0]


def make_network(workload: Workload, executor: ExecutorName = "compiled", **options: Any) -> Network:
    """The workload's network with the workload's own weights."""
    inputs, targets = workload.data
    network = Network(
        _layers(workload),
        make_loss(workload.loss),
        inputs,
        targets,
        executor=executor,
        rule=UpdateRule(workload.optimizer, workload.rate),
        batch=workload.batch,
        **options,
    )
    network.set_parameters(dict(_named(workload)))
    return network


def _layers(workload: Workload) -> list[tuple[str, Layer]]:
    generator = np.random.default_rng(0)
    made: list[Layer] = []
    for sizes, activation in zip(itertools.pairwise(workload.widths), workload.activations, strict=True):
        is_sequence = workload.steps and not made
        layer = (
            LSTM(*sizes, generator=generator)
            if is_sequence
            else Dense(*sizes, activation, generator=generator)
        )
        made.append(layer)
    return [(f"layer-{number}", layer) for number, layer in enumerate(made, start=1)]


def _named(workload: Workload) -> Iterator[tuple[MatrixKey, Floats]]:
    """The workload's parameters by our names, and the gates in our order."""
    given = iter(workload.parameters())
    for number in range(1, len(workload.widths)):
        is_sequence = workload.steps and number == 1
        names = ("weights_matrix", *(("recurrent_weights_matrix",) if is_sequence else ()), "bias_matrix")
        for name in names:
            values = next(given)
            if is_sequence:
                gates = dict(zip(LSTM_GATES, np.split(values, len(GATES), axis=1), strict=True))
                values = np.hstack([gates[gate] for gate in GATES])
            yield (f"layer-{number}", name), values
