"""Subnormal numbers: zero inside compiled programs, untouched everywhere else."""

from __future__ import annotations

import platform

import numpy as np

from flux_studio.engine import operations as ops
from flux_studio.engine.compiled import CompiledExecutor
from flux_studio.engine.executors import ReferenceExecutor
from tests.engine.single import Machine

TINY = np.float32(1e-40)


def test_a_compiled_program_takes_them_for_zero_and_leaves_the_thread_as_it_was() -> None:
    values = [np.full((3, 2), TINY), np.full((3, 2), np.float32(0.5))]
    machine = Machine(ops.HADAMARD, ((-1, 2), (-1, 2)), values)
    flushes = platform.machine().lower() in ("x86_64", "amd64")  # other processors compute on
    assert machine.run(CompiledExecutor).any() != flushes
    assert (machine.run(ReferenceExecutor) == TINY * np.float32(0.5)).all()
    assert TINY * np.float32(0.5) > 0
