"""The contract of executors: what a whole program leaves in the arena, step by step and in one go."""

from __future__ import annotations

import numpy as np
import pytest

from flux_studio.engine import Network
from flux_studio.engine.executors import ExecutorName, ReferenceExecutor
from flux_studio.engine.network import make_executor
from flux_studio.engine.operations import ACTIVATIONS
from flux_studio.errors import ProgramError
from tests.engine.networks import EXECUTORS, dense


def rested(network: Network) -> Network:
    network.rest()
    return network


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_both_leave_the_same_arena_after_some_iterations(activation: str, dtype: type) -> None:
    compiled, reference = (
        rested(dense(4, 6, 2, activation=activation, rows=20, executor=executor, dtype=dtype))
        for executor in EXECUTORS
    )
    for network in (compiled, reference):
        network.iterate(np.empty(5, dtype))
    rounding = 500 * np.finfo(dtype).eps
    np.testing.assert_allclose(compiled.arena, reference.arena, rtol=rounding, atol=rounding)


@pytest.mark.parametrize("executor", EXECUTORS)
def test_wide_layers_agree_with_numpy_too(executor: ExecutorName) -> None:
    network = rested(dense(40, 33, 17, rows=50, executor=executor))
    x = network.matrix(("layer-2", "input_matrix"))
    delta = network.matrix(("layer-2", "dC_da_matrix"))
    w = network.matrix(("layer-2", "weights_matrix"))
    np.testing.assert_allclose(network.matrix(("layer-2", "weight_and_input_matrix")), x @ w, atol=1e-13)
    np.testing.assert_allclose(network.matrix(("layer-2", "dC_dw_matrix")), x.T @ delta, atol=1e-14)
    np.testing.assert_allclose(network.matrix(("layer-1", "dC_dy_matrix")), delta @ w.T, atol=1e-14)


@pytest.mark.parametrize("executor", EXECUTORS)
def test_an_iteration_is_its_instructions_one_by_one(executor: ExecutorName) -> None:
    at_once, stepwise = (rested(dense(3, 4, 2, executor=executor)) for _ in range(2))
    losses = np.empty(1)
    at_once.iterate(losses)
    for index in range(len(stepwise.program.instructions)):
        stepwise.executor.run(stepwise.program, index, index + 1)
    np.testing.assert_array_equal(at_once.arena, stepwise.arena)
    assert losses[0] == stepwise.loss


@pytest.mark.parametrize("executor", EXECUTORS)
def test_bursts_of_any_length_leave_the_same(executor: ExecutorName) -> None:
    whole, parts = (
        rested(dense(3, 4, 2, executor=executor, dtype=np.float32, validation_rows=4)) for _ in range(2)
    )
    losses, validation = np.empty(60, np.float32), np.empty(60, np.float32)
    assert whole.iterate(losses, 0, 7, validation) == (60, 8)
    found, validated, iteration = [], [], 0
    for length in (1, 2, 30, 7, 20):
        burst, here = np.empty(length, np.float32), np.empty(length, np.float32)
        done, count = parts.iterate(burst, iteration, 7, here)
        assert done == length
        found.append(burst)
        validated.append(here[:count])
        iteration += length
    np.testing.assert_array_equal(np.concatenate(found), losses)
    np.testing.assert_array_equal(np.concatenate(validated), validation[:8])
    np.testing.assert_array_equal(whole.arena, parts.arena)


@pytest.mark.parametrize("executor", EXECUTORS)
def test_nothing_to_do_does_nothing(executor: ExecutorName) -> None:
    network = rested(dense(3, 2, executor=executor))
    before = network.arena.copy()
    assert network.iterate(np.empty(0)) == (0, 0)
    network.executor.run(network.program, 3, 3)
    np.testing.assert_array_equal(network.arena, before)


@pytest.mark.parametrize("executor", EXECUTORS)
def test_the_update_is_one_pass_over_all_parameters(executor: ExecutorName) -> None:
    network = rested(dense(3, 4, 2, executor=executor))
    network.learning_rate = 0.3
    block = network.layout.parameter_block.view(network.arena).copy()
    gradients = network.layout.gradient_block.view(network.arena).copy()
    network.executor.run(network.program, *network.program.span("update"))
    moved = network.layout.parameter_block.view(network.arena)
    np.testing.assert_allclose(moved, block - 0.3 * gradients, rtol=1e-15)


def test_executors_are_made_by_name() -> None:
    arena = np.zeros(8)
    assert isinstance(make_executor("reference", arena), ReferenceExecutor)
    assert make_executor("compiled", arena).name == "compiled"
    with pytest.raises(ProgramError, match="choose compiled or reference"):
        make_executor("fast", arena)  # type: ignore[arg-type]
