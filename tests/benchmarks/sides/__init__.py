"""Who takes part: ourselves and every peer, each in a file of its own, all doing the same work.

A peer is imported when it is asked for, so that one that is not installed keeps nobody else from being measured.
"""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from tests.benchmarks.workloads import Workload


class Trainer(Protocol):
    """A workload in the hands of one library, begun from the workload's own parameters."""

    def train(self, iterations: int) -> None:
        """That many updates more."""

    def loss(self) -> float:
        """The loss of the present weights over all rows."""


@dataclass(frozen=True)
class Peer:
    """Somebody to compare with."""

    package: str
    """What has to be installed, as it is imported."""
    make: Callable[[Workload], Trainer]
    remark: str = ""
    """What people should know who read its numbers."""
    whole_epochs: bool = False
    """Whether it can train whole epochs only; their batches are then compared epoch by epoch as well."""

    @property
    def is_installed(self) -> bool:
        return importlib.util.find_spec(self.package) is not None


def _reference(workload: Workload) -> Trainer:
    from tests.benchmarks.sides.flux_studio import FluxStudio

    return FluxStudio(workload, "reference")


def _numpy(workload: Workload) -> Trainer:
    from tests.benchmarks.sides.plain_numpy import PlainNumpy

    return PlainNumpy(workload)


def _pytorch(workload: Workload) -> Trainer:
    from tests.benchmarks.sides.pytorch import PyTorch

    return PyTorch(workload)


def _fused(workload: Workload) -> Trainer:
    from tests.benchmarks.sides.pytorch import PyTorch

    return PyTorch(workload, fused=True)


def _compiled(workload: Workload) -> Trainer:
    from tests.benchmarks.sides.pytorch import CompiledPyTorch

    return CompiledPyTorch(workload)


def _jax(workload: Workload) -> Trainer:
    # Read when JAX starts. Its flags alone leave wide products on all cores; the number of processors does not.
    os.environ.setdefault("XLA_FLAGS", "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1")
    os.environ.setdefault("PJRT_NPROC", "1")
    os.environ.setdefault("JAX_PLATFORMS", "cpu")
    from tests.benchmarks.sides.jax_loops import Jax

    return Jax(workload)


def _scikit_learn(workload: Workload) -> Trainer:
    from tests.benchmarks.sides.scikit_learn import ScikitLearn

    return ScikitLearn(workload)


PEERS: dict[str, Peer] = {
    "reference executor": Peer("numpy", _reference),
    "NumPy out=": Peer("numpy", _numpy),
    "PyTorch eager": Peer("torch", _pytorch),
    "PyTorch fused": Peer("torch", _fused),
    "torch.compile": Peer("torch", _compiled),
    "JAX": Peer("jax", _jax),
    "scikit-learn": Peer("sklearn", _scikit_learn, "shuffles on its own while it is measured", True),
}
"""All of them by name; which of them a workload is compared with is the workload's own matter."""
