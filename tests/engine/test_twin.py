"""The twin: the same loss and gradients as the network, which never notices; errors by cell and by step."""

from __future__ import annotations

import numpy as np
import pytest

from flux_studio.engine import twin as twin_module
from flux_studio.engine.check import LIMIT, check_cells, check_gradients, errors_by_step
from flux_studio.engine.executors import ExecutorName
from flux_studio.engine.twin import Twin
from flux_studio.errors import ProgramError
from tests.engine.networks import EXECUTORS, dense

KEY = ("layer-1", "weights_matrix")


@pytest.mark.parametrize("executor", EXECUTORS)
def test_it_has_the_networks_loss_and_gradients(executor: ExecutorName) -> None:
    network = dense(4, 5, 3, 2, activation="tanh", executor=executor, rows=6)
    network.rest()
    before = network.arena.copy()
    twin = Twin(network)
    assert twin.rest() == pytest.approx(network.loss, rel=1e-12)
    for key in network.layout.parameters:
        theirs = network.layout.gradients[key].view(network.arena)
        np.testing.assert_allclose(twin.gradient(key), theirs, rtol=1e-9, atol=1e-14)
    twin.moved(KEY, (1, 2), 0.5)
    np.testing.assert_array_equal(network.arena, before)


def test_a_moved_number_is_put_back() -> None:
    network = dense(4, 5, 2, activation="tanh", rows=6)
    network.rest()
    twin = Twin(network)
    loss = twin.loss()
    there = twin.moved(KEY, (1, 2), 0.5)
    assert there != loss
    assert twin.loss() == loss
    network.parameter(KEY)[1, 2] += 0.5
    assert network.rest() == pytest.approx(there, rel=1e-12)
    twin.follow(network, 0)
    assert twin.loss() == pytest.approx(there, rel=1e-12)


def test_every_cell_is_compared_and_the_worst_named() -> None:
    network = dense(4, 5, 2, activation="tanh", rows=6)
    network.rest()
    seen: list[int] = []

    def goes_on(done: int, of: int) -> bool:
        seen.append(done)
        return True

    found = check_cells(Twin(network), KEY, goes_on)
    assert (found.errors.shape, found.done, seen) == ((4, 5), 20, list(range(20)))
    assert found.worst is not None
    assert found.errors[found.worst] == np.nanmax(found.errors) < LIMIT
    whole = next(check for check in check_gradients(network) if check.key == KEY)
    assert whole.worst_error == pytest.approx(found.errors[found.worst], rel=1e-3)


def test_somebody_may_have_enough() -> None:
    network = dense(4, 5, 2, activation="tanh", rows=6)
    network.rest()
    found = check_cells(Twin(network), KEY, lambda done, of: done < 3)
    assert found.done == 3
    assert np.count_nonzero(~np.isnan(found.errors)) == 3
    assert check_cells(Twin(network), KEY, lambda done, of: False).worst is None


def test_large_steps_suffer_from_truncation_and_small_ones_from_rounding() -> None:
    network = dense(4, 5, 2, activation="tanh", rows=6)
    network.rest()
    steps = [10.0**power for power in range(-14, 1)]
    errors = errors_by_step(Twin(network), KEY, (1, 2), steps)
    best = int(np.argmin(errors))
    assert 1e-8 < steps[best] < 1e-3
    assert errors[best] < 1e-8
    assert errors[0] > 1e3 * errors[best]
    # The error of central differences grows with the square of the step.
    assert errors[-3] / errors[-4] == pytest.approx(100, rel=0.2)


def test_a_twin_that_is_too_large_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(twin_module, "MAXIMUM_BYTES", 1_000)
    with pytest.raises(ProgramError, match=r"a copy of this network would need .* use mini-batches"):
        Twin(dense(4, 5, 2, activation="tanh", rows=60))


def test_steps_across_a_kink_have_no_error() -> None:
    network = dense(2, 3, 1, activation="relu", rows=4)
    # The weights into neuron 2 stand at a distance of the order 10⁻⁶ from its kink.
    network.parameter(KEY)[:, 1] = 0
    network.parameter(("layer-1", "bias_matrix"))[:] = [[0.7, 1e-6, -0.8]]
    network.rest()
    errors = errors_by_step(Twin(network), KEY, (0, 1), [1e-8, 1e-1])
    assert errors[0] < 1e-3
    assert np.isnan(errors[1])
