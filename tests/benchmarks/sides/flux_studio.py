"""Our own engine, as everybody uses it: a network that iterates."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import Any

import numpy as np

from flux_studio.engine import Dense, Network
from flux_studio.engine.executors import ExecutorName
from flux_studio.engine.layers import Layer
from flux_studio.engine.losses import make_loss
from flux_studio.engine.slots import MatrixKey
from flux_studio.engine.updating import UpdateRule
from tests.benchmarks.workloads import Workload


class FluxStudio:
    """Every named matrix is written in every iteration."""

    def __init__(self, workload: Workload, executor: ExecutorName = "compiled") -> None:
        self.threads = workload.threads
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
        with blas_threads(self.threads):
            done, _ = self.network.iterate(losses, self.iteration)
        if done != iterations:
            raise FloatingPointError(
                f"training ended at iteration {self.iteration + done}: the loss is {losses[done - 1]}"
            )
        self.iteration += done

    def loss(self) -> float:
        return self.network.evaluate()[0]


def blas_threads(count: int) -> AbstractContextManager[object]:
    """While this lasts, products run on that many threads; one is what they have anyway."""
    if count == 1:
        return nullcontext()
    from threadpoolctl import threadpool_limits

    limits: AbstractContextManager[object] = threadpool_limits(count, user_api="blas")
    return limits


def make_network(workload: Workload, executor: ExecutorName = "compiled", **options: Any) -> Network:
    """The workload's network with the workload's own weights."""
    generator = np.random.default_rng(0)
    layers: list[tuple[str, Layer]] = []
    for number, activation in enumerate(workload.activations, start=1):
        n_inputs, n_outputs = workload.widths[number - 1 : number + 1]
        layers.append((f"layer-{number}", Dense(n_inputs, n_outputs, activation, generator=generator)))
    inputs, targets = workload.data
    rule = UpdateRule(workload.optimizer, workload.rate)
    network = Network(
        layers,
        make_loss(workload.loss),
        inputs,
        targets,
        executor=executor,
        rule=rule,
        batch=workload.batch,
        **options,
    )
    network.set_parameters(_named(workload))
    return network


def _named(workload: Workload) -> dict[MatrixKey, Any]:
    """The workload's parameters by our names."""
    kinds = ("weights_matrix", "bias_matrix")
    keys = [(f"layer-{n}", kind) for n in range(1, len(workload.widths)) for kind in kinds]
    return dict(zip(keys, workload.parameters(), strict=True))
