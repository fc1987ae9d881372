"""What one training iteration costs on small networks, beside the reference executor, NumPy and PyTorch."""

from __future__ import annotations

import importlib.util
import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from flux_studio.engine.executors import ExecutorName
from flux_studio.engine.flux import NeuralNetwork, form_network, learn
from tests.benchmarks.harness import Row, Side, compare, timed
from tests.benchmarks.peers import Floats, NumpyNetwork, Peer, TorchNetwork

RATE = 0.3
AGREEMENT = 1e-3
_PYTORCH, _REFERENCE = "PyTorch eager", "reference executor"


@dataclass(frozen=True, eq=False)
class Workload:
    """A network with its data: full batch, mean squared error, float32."""

    title: str
    widths: tuple[int, ...]
    activations: tuple[str, ...]
    inputs: Floats
    targets: Floats
    pytorch_floor: float | None = None
    reference_floor: float | None = None


def workloads() -> tuple[Workload, ...]:
    """The networks that are measured; W1 is the one that something is promised for."""
    bits = np.array(list(itertools.product((0, 1), repeat=4)), np.float32)
    parity = bits.sum(axis=1, keepdims=True) % 2
    generator = np.random.default_rng(0)
    table = generator.uniform(size=(100, 4)).astype(np.float32)
    above = (table.sum(axis=1, keepdims=True) > 2).astype(np.float32)
    pairs = np.array(list(itertools.product((0, 1), repeat=2)), np.float32)
    exclusive = pairs.sum(axis=1, keepdims=True) % 2
    leaky, sigmoid = "leaky_relu", "sigmoid"
    return (
        Workload("W1  4-bit parity, 16×4, 8-4-1", (8, 4, 1), (leaky, leaky, sigmoid), bits, parity, 100, 25),
        Workload("W2  a table, 100×4, 8-1", (8, 1), (leaky, sigmoid), table, above),
        Workload("W3  XOR, 4×2, 3-1", (3, 1), ("tanh", sigmoid), pairs, exclusive),
    )


def measure() -> list[Row]:
    """Rows of all workloads; PyTorch's are left out where it is not installed."""
    return [row for workload in workloads() for row in _measure(workload)]


def has_pytorch() -> bool:
    """Whether PyTorch can be compared with."""
    return importlib.util.find_spec("torch") is not None


class Ours:
    """Our network, started from the same weights as the peers."""

    def __init__(self, workload: Workload, executor: ExecutorName) -> None:
        self.net = form(workload, executor)

    def train(self, iterations: int) -> None:
        learn(self.net, RATE, iterations)

    def loss(self) -> float:
        return self.net.network.rest()


def form(workload: Workload, executor: ExecutorName) -> NeuralNetwork:
    hidden, output = workload.activations[0], workload.activations[-1]
    return form_network(
        workload.widths, workload.inputs, workload.targets, hidden, output, seed=0, executor=executor
    )


def _measure(workload: Workload) -> list[Row]:
    weights = [layer.weights_matrix.copy() for layer in form(workload, "reference").neural_layers]
    start = (weights, workload.activations, workload.inputs, workload.targets, RATE)
    ours, reference, numpy = Ours(workload, "compiled"), Ours(workload, "reference"), NumpyNetwork(*start)
    peers: list[tuple[str, Peer, int, float | None]] = [
        (_REFERENCE, reference, 1_000, workload.reference_floor),
        ("NumPy, preallocated", numpy, 2_000, None),
    ]
    if has_pytorch():
        peers.insert(0, (_PYTORCH, TorchNetwork(*start), 200, workload.pytorch_floor))
    check_agreement([("compiled", ours), *((name, peer) for name, peer, _, _ in peers)])
    return compare(
        workload.title,
        Side("Flux Studio, compiled", timed(ours.train, 50_000)),
        [Side(name, timed(peer.train, iterations), floor) for name, peer, iterations, floor in peers],
    )


def check_agreement(sides: Sequence[tuple[str, Peer]], iterations: int = 50) -> None:
    """Stop unless all sides do the same work: the same loss after some iterations from the same weights."""
    losses = {}
    for name, side in sides:
        side.train(iterations)
        losses[name] = side.loss()
    first = next(iter(losses.values()))
    if any(not abs(loss - first) <= AGREEMENT * abs(first) for loss in losses.values()):
        raise AssertionError(f"the sides do not compute the same: {losses}")
