"""The gradient check: it passes for right gradients, finds wrong ones, and names the kinks it passes over."""

from __future__ import annotations

import numpy as np
import pytest

from flux_studio.engine import Activation, Dense, MSELoss, Network, check_gradients
from flux_studio.engine.check import LIMIT, relative_error
from flux_studio.engine.executors import ExecutorName
from flux_studio.engine.operations import ACTIVATIONS
from flux_studio.engine.operations.activations import Sigmoid
from flux_studio.errors import ProgramError
from tests.engine.differences import assert_close, numeric_gradient
from tests.engine.networks import EXECUTORS, dense


@pytest.mark.parametrize("executor", EXECUTORS)
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_whole_networks_with_every_activation(activation: str, executor: ExecutorName) -> None:
    network = dense(4, 5, 3, 2, activation=activation, executor=executor, rows=6)
    for number in (1, 2, 3):
        # With zero biases, a row whose neurons are all below zero leaves the next layer exactly at its kink.
        bias = network.parameter((f"layer-{number}", "bias_matrix"))
        bias[...] = np.random.default_rng(number).normal(size=bias.shape)
    checks = check_gradients(network)
    assert [check.key for check in checks] == list(network.layout.parameters)
    for check in checks:
        assert check.passes, check
        assert check.worst_error < LIMIT
        assert check.cells == network.parameter(check.key).size
        assert check.passed_over == ()


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_activations_as_layers_of_their_own(activation: str) -> None:
    generator = np.random.default_rng(0)
    x, y = generator.normal(size=(6, 4)), generator.normal(size=(6, 3))
    layers = [
        ("a", Dense(4, 5, generator=generator)),
        ("b", Activation(activation)),
        ("c", Dense(5, 3, "tanh", generator=generator)),
    ]
    network = Network(layers, MSELoss(), x, y, dtype=np.float64, executor="reference")
    assert all(check.passes for check in check_gradients(network))


@pytest.mark.parametrize("executor", EXECUTORS)
def test_gradients_of_a_network_by_a_stencil_of_our_own(executor: ExecutorName) -> None:
    network = dense(3, 4, 2, activation="swish", executor=executor)
    network.rest()
    span = network.program.span("forward", "loss")

    def loss() -> float:
        network.executor.run(network.program, *span)
        return network.loss

    for key, slot in network.layout.gradients.items():
        analytic = slot.view(network.arena).copy()
        assert_close(analytic, numeric_gradient(loss, network.parameter(key)), str(key))


def test_the_network_is_as_before() -> None:
    network = dense(3, 4, 2)
    network.rest()
    before = network.arena.copy()
    check_gradients(network)
    np.testing.assert_array_equal(network.arena, before)


def test_a_wrong_slope_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Sigmoid, "slope_value", lambda self, a, h: h * (1 - h) * (1 + 1e-5))
    network = dense(3, 4, 2, activation="sigmoid", executor="reference")
    checks = check_gradients(network)
    assert not any(check.passes for check in checks)
    worst = max(checks, key=lambda check: check.worst_error)
    assert 5e-6 < worst.worst_error < 1e-4
    assert worst.analytic != worst.numeric


def test_gradients_that_are_not_numbers_never_pass() -> None:
    network = dense(3, 4, 2)
    network.parameter(("layer-1", "weights_matrix"))[0, 0] = np.nan
    assert not any(check.passes for check in check_gradients(network))


@pytest.mark.parametrize("activation", ["relu", "leaky_relu", "elu"])
def test_cells_at_a_kink_are_passed_over_and_named(activation: str) -> None:
    network = dense(2, 3, 1, activation=activation, rows=4)
    # Neuron 2 of the first layer stands exactly at the kink for every row; the others do not.
    network.parameter(("layer-1", "weights_matrix"))[:, 1] = 0
    network.parameter(("layer-1", "bias_matrix"))[:] = [[0.7, 0.0, -0.8]]
    checks = {check.key: check for check in check_gradients(network)}
    weights, bias = checks["layer-1", "weights_matrix"], checks["layer-1", "bias_matrix"]
    assert weights.passed_over == ((0, 1), (1, 1))
    assert bias.passed_over == ((0, 1),)
    assert weights.cells == 4
    assert bias.cells == 2
    assert all(check.passes for check in checks.values())


def test_of_large_matrices_a_sample_is_compared() -> None:
    network = dense(30, 20, 1, rows=3)
    checks = {check.key: check for check in check_gradients(network, cells=25)}
    assert checks["layer-1", "weights_matrix"].cells == 25
    assert checks["layer-1", "bias_matrix"].cells == 20
    assert all(check.passes for check in checks.values())


def test_the_relative_error() -> None:
    assert relative_error(1.0, 1.0, 1.0) == 0
    assert relative_error(0.0, 0.0, 0.0) == 0
    assert relative_error(1.0, 1.1, 1.0) == pytest.approx(0.1 / 1.1)
    # Next to gradients of 1, a difference of 1e-12 between two tiny ones is rounding.
    assert relative_error(2e-12, 1e-12, 1.0) < LIMIT
    nan = float("nan")
    assert relative_error(nan, 1.0, 1.0) == relative_error(1.0, nan, 1.0) == relative_error(nan, nan, nan) > 1


def test_float32_is_too_coarse_to_be_checked() -> None:
    with pytest.raises(ProgramError, match="needs a network in float64; this one is in float32"):
        check_gradients(dense(3, 2, dtype=np.float32))
