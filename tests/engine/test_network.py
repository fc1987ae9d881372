"""A network that runs: rest, iterations, validation, snapshots, predictions in chunks, and what it refuses."""

from __future__ import annotations

import numpy as np
import pytest

from flux_studio.engine import Activation, Dense, MSELoss, Network
from flux_studio.engine import network as network_module
from flux_studio.engine.executors import ExecutorName
from flux_studio.errors import ProgramError, ShapeError
from tests.engine.networks import EXECUTORS, dense


@pytest.mark.parametrize("executor", EXECUTORS)
def test_losses_and_validation_losses_by_plain_numpy(executor: ExecutorName) -> None:
    network = dense(3, 4, 2, rows=9, validation_rows=5, executor=executor)
    x, y = network.program.inputs, network.program.targets
    assert network.validation is not None
    assert y is not None
    assert network.validation.targets is not None
    inputs, targets = x.view(network.arena).copy(), y.view(network.arena).copy()
    held_out = network.validation.inputs.view(network.arena).copy()
    held_targets = network.validation.targets.view(network.arena).copy()
    w1, b1, w2, b2 = (
        network.parameter(key).copy()
        for key in (
            ("layer-1", "weights_matrix"),
            ("layer-1", "bias_matrix"),
            ("layer-2", "weights_matrix"),
            ("layer-2", "bias_matrix"),
        )
    )
    network.learning_rate = 0.2
    network.rest()
    losses, validation_losses = np.empty(40), np.full(40, -1.0)
    done = network.iterate(losses, iteration=13, every=10, validation_losses=validation_losses)
    assert done == (40, 4)  # at 20, 30, 40 and 50
    wanted, wanted_validation = [], []

    def forward(rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        hidden = np.tanh(rows @ w1 + b1)
        return hidden, np.tanh(hidden @ w2 + b2)

    for iteration in range(14, 54):
        hidden, output = forward(inputs)
        delta2 = 2 * (output - targets) / 9 * (1 - output**2)
        delta1 = delta2 @ w2.T * (1 - hidden**2)
        w1, b1 = w1 - 0.2 * inputs.T @ delta1, b1 - 0.2 * delta1.sum(0)
        w2, b2 = w2 - 0.2 * hidden.T @ delta2, b2 - 0.2 * delta2.sum(0)
        wanted.append(((forward(inputs)[1] - targets) ** 2).sum() / 9)
        if iteration % 10 == 0:
            wanted_validation.append(((forward(held_out)[1] - held_targets) ** 2).sum() / 5)
    np.testing.assert_allclose(losses, wanted, rtol=1e-12)
    np.testing.assert_allclose(validation_losses[:4], wanted_validation, rtol=1e-12)
    assert (validation_losses[4:] == -1).all()
    np.testing.assert_allclose(network.parameter(("layer-1", "weights_matrix")), w1, rtol=1e-12)


@pytest.mark.parametrize("executor", EXECUTORS)
def test_iterating_stops_behind_the_first_loss_that_is_not_finite(executor: ExecutorName) -> None:
    network = dense(2, 3, 1, activation="identity", executor=executor)
    network.learning_rate = 1e3
    network.rest()
    losses = np.zeros(500)
    done, _ = network.iterate(losses)
    assert 1 < done < 500
    assert np.isfinite(losses[: done - 1]).all()
    assert not np.isfinite(losses[done - 1])
    assert not losses[done:].any()


def test_a_snapshot_brings_the_resting_point_back() -> None:
    network = dense(3, 4, 2)
    network.rest()
    snapshot = network.snapshot()
    first, again = np.empty(5), np.empty(5)
    network.iterate(first)
    network.restore(snapshot)
    network.iterate(again)
    np.testing.assert_array_equal(first, again)


def test_parameters_can_be_taken_out_and_put_back() -> None:
    network = dense(3, 4, 2)
    values = network.parameters()
    assert sum(value.size for value in values.values()) == network.parameter_count == 3 * 4 + 4 + 4 * 2 + 2
    network.rest()
    network.iterate(np.empty(3))
    assert (network.parameter(("layer-1", "weights_matrix")) != values["layer-1", "weights_matrix"]).any()
    network.set_parameters(values)
    for key, value in network.parameters().items():
        np.testing.assert_array_equal(value, values[key])
        assert not np.shares_memory(value, network.arena)


def test_wrong_parameters_are_refused() -> None:
    network = dense(3, 4, 2)
    with pytest.raises(ShapeError, match="no parameter 'bias' in layer 'layer-1'"):
        network.set_parameters({("layer-1", "bias"): np.ones((1, 4))})
    with pytest.raises(ShapeError, match="bias_matrix of layer-1 is 1×4, not 4×1"):
        network.set_parameters({("layer-1", "bias_matrix"): np.ones((4, 1))})
    with pytest.raises(ProgramError, match="no matrix 'dC_dz' in layer 'layer-1'"):
        network.matrix(("layer-1", "dC_dz"))


@pytest.mark.parametrize("executor", EXECUTORS)
def test_predicting_in_chunks_changes_nothing(executor: ExecutorName) -> None:
    network = dense(3, 4, 2, executor=executor)
    rows = np.random.default_rng(3).normal(size=(23, 3))
    np.testing.assert_allclose(network.predict(rows, chunk=5), network.predict(rows), rtol=1e-14)
    assert network.predict(rows[:0]).shape == (0, 2)
    assert network.predict(rows[0]).shape == (1, 2)


def test_the_state_is_watched_for_what_is_not_finite() -> None:
    network = dense(3, 4, 2)
    network.rest()
    assert network.state_is_finite()
    network.parameter(("layer-2", "bias_matrix"))[0, 1] = np.inf
    assert not network.state_is_finite()


def test_without_validation_rows_there_is_no_validation_loss() -> None:
    assert dense(3, 2).validate() is None
    x, y = np.ones((4, 3)), np.ones((4, 2))
    none = Network([("a", Dense(3, 2))], MSELoss(), x, y, validation=(x[:0], y[:0]), executor="reference")
    assert none.validation is None


def test_a_stack_without_anything_to_learn_runs() -> None:
    x = np.random.default_rng(0).normal(size=(4, 2))
    network = Network([("a", Activation("relu"))], MSELoss(), x, x, dtype=np.float64, executor="reference")
    wanted = float((np.minimum(x, 0) ** 2).sum()) / 4
    assert network.rest() == pytest.approx(wanted)
    assert network.parameter_count == 0
    losses = np.empty(2)
    network.iterate(losses)
    np.testing.assert_allclose(losses, wanted)


def test_the_learning_rate_is_told_as_it_was_given() -> None:
    network = dense(3, 2, dtype=np.float32)
    network.learning_rate = 0.1
    assert network.learning_rate == 0.1
    assert network.arena[network.layout.updating.learning_rate.offset] == np.float32(0.1)
    network.learning_rate = 1e300  # too large for float32: infinite there, and no warning
    assert np.isinf(network.arena[network.layout.updating.learning_rate.offset])


def test_numbers_that_the_type_cannot_hold_are_refused() -> None:
    x, y = np.ones((3, 2)), np.ones((3, 1))
    x[2, 1] = 1e300
    with pytest.raises(ProgramError, match=r"inputs: 1e\+300 in row 3, column 2 is too large for float32"):
        Network([("a", Dense(2, 1))], MSELoss(), x, y, executor="reference")
    network = Network([("a", Dense(2, 1))], MSELoss(), x, y, dtype=np.float64, executor="reference")
    assert np.isfinite(network.program.inputs.view(network.arena)).all()
    small = Network([("a", Dense(2, 1))], MSELoss(), x / 1e300, y, executor="reference")
    with pytest.raises(ProgramError, match="inputs: 1e"):
        small.predict(x)
    with pytest.raises(ProgramError, match="bias_matrix of a: -1e"):
        small.set_parameters({("a", "bias_matrix"): np.array([[-1e40]])})


def test_rows_are_needed_and_must_be_the_same() -> None:
    layers = [("a", Dense(2, 1))]
    with pytest.raises(ShapeError, match="at least one row"):
        Network(layers, MSELoss(), np.ones((0, 2)), np.ones((0, 1)))
    with pytest.raises(ShapeError, match="inputs 3×2 and targets 2×1 must have the same rows"):
        Network(layers, MSELoss(), np.ones((3, 2)), np.ones((2, 1)))


def test_a_network_too_large_for_memory_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(network_module, "MAXIMUM_ARENA_BYTES", 2**20)
    with pytest.raises(ProgramError, match="use fewer units or fewer rows"):
        dense(300, 300, 300)
