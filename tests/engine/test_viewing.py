"""Viewing: the same network carried out on rows it is only looked at with; the network never notices."""

from __future__ import annotations

import numpy as np
import pytest

from flux_studio.engine import MSELoss, Network
from flux_studio.engine.executors import ExecutorName
from flux_studio.engine.explain import explain
from flux_studio.engine.twin import Viewing
from tests.engine.layers import stacks
from tests.engine.networks import EXECUTORS, dense
from tests.engine.test_explain import of_both_types
from tests.engine.test_updating import RULES
from tests.engine.test_updating import network as updated


def trained(network: Network, iterations: int = 4) -> Network:
    network.rest()
    network.iterate(np.empty(iterations, network.dtype))
    return network


def rows(network: Network, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Some of the network's own rows, so that they are good for every loss."""
    inputs, targets = (
        slot.view(network.arena) for slot in (network.program.inputs, network.program.targets) if slot
    )
    return inputs[:count], targets[:count]


@pytest.mark.parametrize("kind", stacks.KINDS)
@of_both_types
def test_every_cell_of_every_kind_is_explained(kind: str, executor: ExecutorName, dtype: type) -> None:
    network = trained(stacks.network(stacks.KINDS[kind], executor=executor, dtype=dtype))
    before = network.arena.copy()
    viewing = Viewing(network, 2)
    viewing.look(network, 4, *rows(network, 2))
    generator = np.random.default_rng(3)
    for key, slot in viewing.program.matrices.items():
        for _ in range(3):
            cell = int(generator.integers(slot.rows)), int(generator.integers(slot.columns))
            found = explain(viewing, key, cell, 4)
            assert found.value == viewing.matrix(key)[cell]
            assert found.made or found.origin
            assert not found.is_ahead
            assert all(use.phase != "update" for use in found.uses)
            for made in found.made:
                assert made.is_same, f"{key} {cell}: {made.working.value} is not {made.stored}"
    np.testing.assert_array_equal(network.arena, before)


@pytest.mark.parametrize("executor", EXECUTORS)
@pytest.mark.parametrize("kind", ["dropout", "lstm"])
def test_all_rows_of_the_batch_show_what_the_batch_shows(kind: str, executor: ExecutorName) -> None:
    network = trained(stacks.network(stacks.KINDS[kind], executor=executor))
    viewing = Viewing(network, network.program.rows)
    # The masks are those of the iteration.
    assert viewing.look(network, 4, *rows(network, network.program.rows)) == network.loss
    for key in viewing.program.matrices:
        np.testing.assert_array_equal(viewing.matrix(key), network.matrix(key), str(key))


def test_other_rows_have_gradients_of_their_own() -> None:
    network = trained(dense(4, 5, 2, activation="tanh", rows=6))
    inputs, targets = (values.copy() for values in rows(network, 1))
    viewing = Viewing(network, 1)
    viewing.look(network, 4, inputs, targets)
    alone = Network(network.layers, MSELoss(), inputs, targets, dtype=np.float64, executor="reference")
    alone.set_parameters(network.parameters())
    alone.rest()
    for key in alone.layout.gradients:
        np.testing.assert_allclose(viewing.gradient(key), alone.layout.gradients[key].view(alone.arena))


@pytest.mark.parametrize("name", RULES)
def test_instructions_are_numbered_as_in_the_network(name: str) -> None:
    network = trained(updated(RULES[name]))
    viewing = Viewing(network, 2)
    for phase in ("forward", "loss", "backward"):
        start, stop = viewing.program.phases[phase]
        for number in range(start, stop):
            own = viewing.program.instructions[number]
            theirs = network.program.instructions[viewing.number(number, phase)]
            assert (own.operation, own.layer, own.phase) == (theirs.operation, theirs.layer, theirs.phase)
