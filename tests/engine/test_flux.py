"""FLUX's vocabulary: the eleven matrices of every layer, and learning that goes exactly as far as it says."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from flux_studio.engine.executors import ExecutorName
from flux_studio.engine.flux import (
    back_propagation,
    form_network,
    forward_pass,
    learn,
    matrix_data_preprocessor,
)
from flux_studio.engine.matrices import DENSE_MATRICES
from flux_studio.errors import ProgramError, ShapeError, SpecificationError
from tests.engine.networks import EXECUTORS, PARITY_INPUTS, PARITY_TARGETS, ByHand, parity

ROWS = [(0.0, 0.0), (0.0, 1.0), (1.0, 0.0), (1.0, 1.0), (0.5, -2.0)]
TARGETS = [0.0, 1.0, 1.0, 0.0, 0.25]
HAND = ByHand(w1=[[0.4, -0.7], [1.1, 0.3]], b1=[0.2, -0.1], w2=[0.9, -1.3], b2=0.05)


def by_hand(executor: ExecutorName, dtype: type = np.float64) -> Any:
    net = form_network(
        [2, 1], ROWS, [[y] for y in TARGETS], "tanh", "sigmoid", seed=0, dtype=dtype, executor=executor
    )
    first, second = net.neural_layers
    first.weights_matrix, first.bias_matrix = HAND.w1, [HAND.b1]
    second.weights_matrix, second.bias_matrix = [[w] for w in HAND.w2], [[HAND.b2]]
    return net


@pytest.mark.parametrize(("dtype", "allowed"), [(np.float64, 1e-14), (np.float32, 1e-6)])
@pytest.mark.parametrize("executor", EXECUTORS)
def test_every_number_of_a_small_network_by_hand(executor: ExecutorName, dtype: type, allowed: float) -> None:
    net = by_hand(executor, dtype)
    forward_pass(net)
    loss = back_propagation(net)
    wanted = HAND.back_propagation(ROWS, TARGETS)
    assert loss == pytest.approx(wanted["loss"], rel=allowed)
    for layer, numbers in zip(net.neural_layers, (wanted["first"], wanted["second"]), strict=True):
        assert set(layer.matrices) == set(numbers)
        for name, matrix in layer.matrices.items():
            np.testing.assert_allclose(matrix, numbers[name], rtol=allowed, atol=allowed, err_msg=name)


@pytest.mark.parametrize("executor", EXECUTORS)
def test_one_step_is_exactly_the_learning_rate_times_the_gradient(executor: ExecutorName) -> None:
    net = by_hand(executor)
    wanted = HAND.back_propagation(ROWS, TARGETS)
    learn(net, learning_rate=0.75, iterations=1)
    for layer, numbers in zip(net.neural_layers, (wanted["first"], wanted["second"]), strict=True):
        for name, gradient in (("weights_matrix", "dC_dw_matrix"), ("bias_matrix", "dC_db_matrix")):
            moved = np.array(numbers[name]) - 0.75 * np.array(numbers[gradient])
            np.testing.assert_allclose(getattr(layer, name), moved, rtol=1e-14, atol=1e-15)


SHAPES = {"N×I": (16, "I"), "I×O": ("I", "O"), "1×O": (1, "O"), "N×O": (16, "O")}


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("executor", EXECUTORS)
def test_the_eleven_matrices_belong_together_at_rest(executor: ExecutorName, dtype: type) -> None:
    net = parity(executor, dtype)
    learn(net, learning_rate=0.5, iterations=300)
    widths = [4, 8, 4, 1]
    x: Any = PARITY_INPUTS
    rounding = {"rtol": 40 * np.finfo(dtype).eps, "atol": 40 * np.finfo(dtype).eps}
    for index, layer in enumerate(net.neural_layers):
        sizes: dict[Any, int] = {"I": widths[index], "O": widths[index + 1]}
        for kind in DENSE_MATRICES:
            shape = tuple(sizes.get(size, size) for size in SHAPES[kind.shape])
            matrix = layer.matrices[kind.name]
            assert matrix.shape == shape, kind.name
            assert matrix.dtype == dtype
            np.testing.assert_array_equal(matrix, getattr(layer, kind.name))
        np.testing.assert_array_equal(layer.input_matrix, x)
        x = layer.activated_output_matrix
        np.testing.assert_allclose(
            layer.weight_and_input_matrix, layer.input_matrix @ layer.weights_matrix, **rounding
        )
        np.testing.assert_array_equal(
            layer.weight_input_bias_matrix, layer.weight_and_input_matrix + layer.bias_matrix
        )
        np.testing.assert_array_equal(layer.dC_da_matrix, layer.dC_dy_matrix * layer.dh_da_matrix)
        np.testing.assert_allclose(layer.dC_dw_matrix, layer.input_matrix.T @ layer.dC_da_matrix, **rounding)
        np.testing.assert_allclose(
            layer.dC_db_matrix, layer.dC_da_matrix.sum(axis=0, keepdims=True), **rounding
        )
    last = net.neural_layers[-1]
    np.testing.assert_allclose(
        last.dC_dy_matrix, 2 * (last.activated_output_matrix - PARITY_TARGETS) / 16, **rounding
    )
    for layer, following in zip(net.neural_layers, net.neural_layers[1:], strict=False):
        np.testing.assert_allclose(
            layer.dC_dy_matrix, following.dC_da_matrix @ following.weights_matrix.T, **rounding
        )
    sigmoid = 1 / (1 + np.exp(-last.weight_input_bias_matrix))
    np.testing.assert_allclose(last.activated_output_matrix, sigmoid, **rounding)


@pytest.mark.parametrize("executor", EXECUTORS)
def test_learning_in_one_call_or_in_two_is_the_same(executor: ExecutorName) -> None:
    iterations = 10_000 if executor == "compiled" else 600
    whole, parts = parity(executor), parity(executor)
    curve = learn(whole, 0.5, iterations)
    halves = [learn(parts, 0.5, iterations // 2) for _ in range(2)]
    np.testing.assert_array_equal(curve, np.concatenate(halves))
    for one, other in zip(whole.neural_layers, parts.neural_layers, strict=True):
        for name, matrix in one.matrices.items():
            np.testing.assert_array_equal(matrix, other.matrices[name], err_msg=name)


@pytest.mark.parametrize("executor", EXECUTORS)
def test_the_curve_begins_with_the_loss_of_the_first_weights(executor: ExecutorName) -> None:
    net = parity(executor)
    prediction = forward_pass(net).astype(np.float64)
    first = float(((prediction - PARITY_TARGETS) ** 2).sum()) / 16
    curve = learn(net, 0.5, 20)
    assert curve.shape == (20,)
    assert curve.dtype == np.float32
    assert curve[0] == pytest.approx(first, rel=1e-6)
    # The network rests behind the last update: its loss is the value that would come next.
    assert learn(net, 0.5, 1)[0] == net_loss_after(executor, 20)


def net_loss_after(executor: ExecutorName, iterations: int) -> float:
    net = parity(executor)
    learn(net, 0.5, iterations)
    return net.network.loss


def test_parity_is_solved() -> None:
    net = parity(seed=1)
    curve = learn(net, learning_rate=0.5, iterations=10_000)
    assert curve[-1] < 0.01
    np.testing.assert_array_equal(net.predict(PARITY_INPUTS).round(), PARITY_TARGETS)


def test_executors_learn_alike_for_some_tens_of_iterations() -> None:
    compiled, reference = parity("compiled", np.float64), parity("reference", np.float64)
    curves = learn(compiled, 0.5, 60), learn(reference, 0.5, 60)
    np.testing.assert_allclose(*curves, rtol=1e-11)


@pytest.mark.parametrize("executor", EXECUTORS)
def test_back_propagation_updates_nothing(executor: ExecutorName) -> None:
    net = parity(executor)
    before = net.network.parameters()
    forward_pass(net)
    first = back_propagation(net)
    gradient = net.neural_layers[0].dC_dw_matrix.copy()
    assert gradient.any()
    assert back_propagation(net) == first
    np.testing.assert_array_equal(net.neural_layers[0].dC_dw_matrix, gradient)
    for key, value in net.network.parameters().items():
        np.testing.assert_array_equal(value, before[key])


@pytest.mark.parametrize("executor", EXECUTORS)
def test_weights_that_are_written_to_count(executor: ExecutorName) -> None:
    net = parity(executor)
    layer = net.neural_layers[0]
    layer.weights_matrix[0, 2] = 5.0
    layer.weights_matrix = np.asarray(layer.weights_matrix)
    layer.bias_matrix[0, 3] = -1.5
    forward_pass(net)
    wanted = PARITY_INPUTS @ layer.weights_matrix + layer.bias_matrix
    np.testing.assert_allclose(layer.weight_input_bias_matrix, wanted, rtol=1e-6, atol=1e-6)
    assert layer.weight_input_bias_matrix[15, 2] > 3
    with pytest.raises(ShapeError, match="weights_matrix of layer-1 is 4×8, not 8×4"):
        layer.weights_matrix = np.ones((8, 4))


@pytest.mark.parametrize("executor", EXECUTORS)
def test_prediction_is_the_forward_pass(executor: ExecutorName) -> None:
    net = parity(executor)
    learn(net, 0.5, 100)
    forward = forward_pass(net).copy()
    before = net.network.arena.copy()
    np.testing.assert_array_equal(net.predict(PARITY_INPUTS), forward)
    single = np.concatenate([net.predict(row[None]) for row in PARITY_INPUTS])
    np.testing.assert_allclose(single, forward, rtol=1e-6)
    np.testing.assert_array_equal(net.network.arena, before)
    with pytest.raises(ShapeError, match="takes 4 inputs a row, not 3"):
        net.predict(np.ones((2, 3)))


def test_the_type_of_the_numbers() -> None:
    assert parity().neural_layers[0].weights_matrix.dtype == np.float32
    net = parity(dtype=np.float64)
    assert net.network.arena.dtype == np.float64
    assert net.predict(PARITY_INPUTS).dtype == np.float64


def test_the_same_seed_draws_the_same_weights_and_none_draws_fresh_ones() -> None:
    def weights(seed: int | None) -> Any:
        net = form_network([3, 1], PARITY_INPUTS, PARITY_TARGETS, seed=seed, executor="reference")
        return net.neural_layers[0].weights_matrix.copy()

    np.testing.assert_array_equal(weights(7), weights(7))
    assert (weights(7) != weights(8)).any()
    assert (weights(None) != weights(None)).any()


def test_activate_and_slope_write_the_present_matrices() -> None:
    net = parity("reference")
    layer = net.neural_layers[0]
    layer.weight_input_bias_matrix[...] = -2.0
    np.testing.assert_allclose(layer.activate(), np.full((16, 8), -0.02), rtol=1e-6)
    np.testing.assert_allclose(layer.dh_da_function(), np.full((16, 8), 0.01), rtol=1e-6)
    np.testing.assert_array_equal(layer.activate("relu"), np.zeros((16, 8)))
    np.testing.assert_array_equal(layer.activated_output_matrix, np.zeros((16, 8)))


def test_hidden_and_output_activation_go_to_their_layers() -> None:
    assert [layer.activation_type for layer in parity("reference").neural_layers] == [
        "leaky_relu",
        "leaky_relu",
        "sigmoid",
    ]


def test_a_learning_rate_that_is_too_large_ends_in_not_a_number() -> None:
    net = form_network(
        [2, 1], PARITY_INPUTS, PARITY_TARGETS, "identity", "identity", seed=0, executor="reference"
    )
    curve = learn(net, 1e20, 10)
    assert np.isfinite(curve[0])
    assert np.isnan(curve[-1])


def test_what_cannot_be_is_refused() -> None:
    x, y = PARITY_INPUTS, PARITY_TARGETS
    with pytest.raises(SpecificationError, match="at least one layer"):
        form_network([], x, y)
    with pytest.raises(SpecificationError, match="at least one input and one output, not 4 and 0"):
        form_network([0], x, y)
    with pytest.raises(ShapeError, match="inputs have 16 rows and outputs 3"):
        form_network([1], x, y[:3])
    with pytest.raises(ShapeError, match="last layer has 2 outputs and the data 1"):
        form_network([2], x, y, executor="reference")
    with pytest.raises(SpecificationError, match="'lrelu' is not known; choose one of identity"):
        form_network([1], x, y, "lrelu")
    with pytest.raises(ProgramError, match="'gpu' is not known; choose compiled or reference"):
        form_network([1], x, y, executor="gpu")  # type: ignore[arg-type]
    net = parity("reference")
    with pytest.raises(SpecificationError, match="iterations cannot be -1"):
        learn(net, 0.1, -1)
    with pytest.raises(SpecificationError, match="learning rate cannot be nan"):
        learn(net, float("nan"), 1)
    assert learn(net, 0.1, 0).shape == (0,)


def test_the_preprocessor_of_flux() -> None:
    data = np.arange(20.0).reshape(4, 5)
    np.testing.assert_array_equal(matrix_data_preprocessor(4, 4, 0, 0, data), data[:, :4])
    np.testing.assert_array_equal(matrix_data_preprocessor(2, 1, 4, 1, data), [[9], [14]])
