"""Losses: their values by hand, gradients by finite differences, large logits, and what they refuse."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flux_studio.engine import (
    Activation,
    BCELoss,
    CrossEntropyLoss,
    Dense,
    MSELoss,
    Network,
    Tensor,
    check_gradients,
)
from flux_studio.engine.executors import ExecutorName
from flux_studio.engine.losses import LOSSES, Loss, make_loss
from flux_studio.errors import DataError, FluxError, ProgramError
from tests.engine.differences import Array, assert_close, numeric_gradient
from tests.engine.networks import EXECUTORS

ENDINGS = [(CrossEntropyLoss, "softmax"), (BCELoss, "sigmoid"), (MSELoss, "softmax"), (MSELoss, "sigmoid")]


def network(
    loss: type[Loss],
    activation: str,
    *,
    rows: int = 5,
    n_inputs: int = 4,
    n_outputs: int = 3,
    executor: ExecutorName = "reference",
    dtype: type = np.float64,
    seed: int = 0,
) -> Network:
    """A dense network of two layers that ends in that activation, with one-hot targets."""
    generator = np.random.default_rng(seed)
    layers = [
        ("layer-1", Dense(n_inputs, 6, "tanh", generator=generator)),
        ("layer-2", Dense(6, n_outputs, activation, generator=generator)),
    ]
    targets = np.eye(n_outputs)[generator.integers(0, n_outputs, rows)]
    inputs = generator.normal(size=(rows, n_inputs))
    return Network(layers, loss(), inputs, targets, dtype=dtype, executor=executor)


def on_logits(loss: Loss, logits: Array, targets: Array, executor: ExecutorName, dtype: type) -> Network:
    """A network that is nothing but the activation a loss needs; its inputs are the logits."""
    layers = [("out", Activation(loss.activation))]
    return Network(layers, loss, logits, targets, dtype=dtype, executor=executor)


def eager(loss: Loss, logits: Array, targets: Array) -> tuple[float, Array]:
    """Value and gradient by eager tensors."""
    a = Tensor(logits, autograd=True)
    cost = loss.forward(a.activate(loss.activation), Tensor(targets))
    cost.backward()
    assert a.grad is not None
    return float(cost.data[0, 0]), a.grad.data


def test_softmax_cross_entropy_by_hand() -> None:
    """Logits (1, 2, 3) of the third class and (0, ln 3, ln 4) of the first: e^a/Σ is 0, 3 and 4 eighths there."""
    logits = np.array([[1.0, 2.0, 3.0], [0.0, math.log(3), math.log(4)]])
    targets = np.array([[0.0, 0.0, 1.0], [1.0, 0.0, 0.0]])
    value, gradient = eager(CrossEntropyLoss(), logits, targets)
    first = [0.09003057317038046, 0.24472847105479767, 0.6652409557748219]
    second = [1 / 8, 3 / 8, 4 / 8]
    assert value == pytest.approx((0.40760596444438 + math.log(8)) / 2, rel=1e-14)
    wanted = [[first[0] / 2, first[1] / 2, (first[2] - 1) / 2], [(1 / 8 - 1) / 2, 3 / 16, 4 / 16]]
    np.testing.assert_allclose(gradient, wanted, rtol=1e-13)
    np.testing.assert_allclose(Tensor(logits).softmax().data, [first, second], rtol=1e-14)


def test_binary_cross_entropy_by_hand() -> None:
    """p = 3/4 for a = ln 3 and 1/4 for −ln 3; summed over two outputs, averaged over two rows."""
    a = math.log(3)
    value, gradient = eager(BCELoss(), np.array([[a, a], [-a, -a]]), np.array([[1.0, 0.0], [1.0, 0.0]]))
    assert value == pytest.approx((2 * math.log(4 / 3) + 2 * math.log(4)) / 2, rel=1e-14)
    np.testing.assert_allclose(gradient, np.array([[-1 / 4, 3 / 4], [-3 / 4, 1 / 4]]) / 2, rtol=1e-14)


@pytest.mark.parametrize("executor", EXECUTORS)
def test_every_number_of_cross_entropy_is_a_matrix(executor: ExecutorName) -> None:
    net = network(CrossEntropyLoss, "softmax", executor=executor)
    net.rest()
    a, p = (net.matrix(("layer-2", name)) for name in ("weight_input_bias_matrix", "activated_output_matrix"))
    y, logs, likelihood, summed, cost = (
        net.matrix(("", f"{name}_matrix"))
        for name in ("target", "log_probabilities", "log_likelihood", "summed_loss", "loss")
    )
    np.testing.assert_allclose(p, np.exp(a) / np.exp(a).sum(axis=1, keepdims=True), rtol=1e-14)
    np.testing.assert_allclose(logs, np.log(p), rtol=1e-13)
    np.testing.assert_array_equal(likelihood, y * logs)
    assert summed[0, 0] == pytest.approx(-likelihood.sum(), rel=1e-14)
    assert cost[0, 0] == pytest.approx(summed[0, 0] / 5, rel=1e-14)
    np.testing.assert_allclose(net.matrix(("layer-2", "dC_da_matrix")), (p - y) / 5, rtol=1e-13, atol=1e-17)


def test_the_gradient_of_the_logits_is_written_by_one_instruction() -> None:
    """Nothing stands where ∂C/∂h and ∂h/∂a would: the gradient goes past the softmax."""
    net = network(CrossEntropyLoss, "softmax")
    own = {name for layer, name in net.program.matrices if layer == "layer-2"}
    assert not own & {"dC_dy_matrix", "dh_da_matrix"}
    slot = net.program.matrices["layer-2", "dC_da_matrix"]
    (writer,) = [each for each in net.program.instructions if each.output == slot]
    assert writer.operation.name == "scaled_difference"
    assert writer.inputs[:2] == (net.program.outputs, net.program.targets)


@pytest.mark.parametrize("executor", EXECUTORS)
@pytest.mark.parametrize(("loss", "activation"), ENDINGS)
def test_gradients_agree_with_finite_differences(
    loss: type[Loss], activation: str, executor: ExecutorName
) -> None:
    checks = check_gradients(network(loss, activation, executor=executor))
    assert len(checks) == 4
    assert all(check.passes for check in checks), checks


@settings(max_examples=25, deadline=None, derandomize=True)
@given(
    ending=st.sampled_from(ENDINGS),
    rows=st.integers(1, 9),
    n_inputs=st.integers(1, 5),
    n_outputs=st.integers(2, 9),
    seed=st.integers(0, 2**32),
)
def test_losses_of_any_shape(
    ending: tuple[type[Loss], str], rows: int, n_inputs: int, n_outputs: int, seed: int
) -> None:
    loss, activation = ending
    sizes = {"rows": rows, "n_inputs": n_inputs, "n_outputs": n_outputs, "seed": seed}
    one = network(loss, activation, executor="reference", **sizes)  # type: ignore[arg-type]
    other = network(loss, activation, executor="compiled", **sizes)  # type: ignore[arg-type]
    assert one.rest() == pytest.approx(other.rest(), rel=1e-13)
    for key in one.program.matrices:
        np.testing.assert_allclose(one.matrix(key), other.matrix(key), rtol=1e-11, atol=1e-15)
    assert all(check.passes for check in check_gradients(one))


@pytest.mark.parametrize("loss", [CrossEntropyLoss(), BCELoss()])
def test_eager_gradients_agree_with_finite_differences(loss: Loss) -> None:
    generator = np.random.default_rng(1)
    logits, targets = generator.normal(size=(4, 3)), np.eye(3)[[0, 2, 1, 1]]
    _, gradient = eager(loss, logits, targets)
    assert_close(gradient, numeric_gradient(lambda: eager(loss, logits, targets)[0], logits))


def test_soft_targets_are_judged_as_probabilities() -> None:
    generator = np.random.default_rng(2)
    logits, targets = generator.normal(size=(4, 3)), generator.dirichlet([1, 1, 1], 4)
    value, gradient = eager(CrossEntropyLoss(), logits, targets)
    p = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    assert value == pytest.approx(-(targets * np.log(p)).sum() / 4, rel=1e-13)
    assert_close(gradient, numeric_gradient(lambda: eager(CrossEntropyLoss(), logits, targets)[0], logits))


@pytest.mark.parametrize("executor", EXECUTORS)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_cross_entropy_of_huge_logits(dtype: type, executor: ExecutorName) -> None:
    logits = np.array([[1000.0, -1000.0, 0.0], [-1000.0, 1000.0, 999.0], [-1000.0, -1000.0, -1000.0]])
    targets = np.array([[0.0, 1.0, 0.0], [0.0, 1.0, 0.0], [1.0, 0.0, 0.0]])
    net = on_logits(CrossEntropyLoss(), logits, targets, executor, dtype)
    wanted = (2000 + math.log1p(math.exp(-1)) + math.log(3)) / 3
    net.rest()
    assert net.loss == pytest.approx(wanted, rel=1e-6)
    assert net.matrix(("", "log_probabilities_matrix"))[0, 1] == -2000
    assert np.isfinite(net.arena).all()
    _, gradient = eager(CrossEntropyLoss(), logits, targets)
    np.testing.assert_array_equal(gradient[0], np.array([1.0, -1.0, 0.0]) / 3)


@pytest.mark.parametrize("executor", EXECUTORS)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_binary_cross_entropy_of_huge_logits(dtype: type, executor: ExecutorName) -> None:
    logits = np.array([[1000.0, 1000.0, -1000.0, -1000.0, -20.0]])
    targets = np.array([[1.0, 0.0, 1.0, 0.0, 0.0]])
    net = on_logits(BCELoss(), logits, targets, executor, dtype)
    net.rest()
    cells = net.matrix(("", "log_likelihood_matrix"))[0]
    np.testing.assert_array_equal(cells[:4], [0, -1000, -1000, 0])
    # Not a digit is lost where the answer is nearly right.
    assert cells[4] == pytest.approx(-math.log1p(math.exp(-20)), rel=1e-6)
    assert net.loss == pytest.approx(2000, rel=1e-6)
    assert np.isfinite(net.arena).all()


@pytest.mark.parametrize("executor", EXECUTORS)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("place", [0, 1, 2])
def test_a_loss_of_nearly_nothing_keeps_its_digits(place: int, dtype: type, executor: ExecutorName) -> None:
    """Where p is 1 to the last digit, −log p is still what the other classes leave of it."""
    logits = np.zeros((1, 3))
    logits[0, place] = 40.0
    net = on_logits(CrossEntropyLoss(), logits, np.eye(3)[[place]], executor, dtype)
    assert net.rest() == pytest.approx(math.log1p(2 * math.exp(-40)), rel=1e-6, abs=0)


@pytest.mark.parametrize(("loss", "activation"), [(CrossEntropyLoss, "softmax"), (BCELoss, "sigmoid")])
def test_the_gradient_check_passes_where_the_network_is_nearly_certain(
    loss: type[Loss], activation: str
) -> None:
    net = network(loss, activation, executor="compiled")
    net.learning_rate = 1.0
    net.rest()
    losses = np.empty(20_000)
    net.iterate(losses)
    assert losses[-1] < 1e-4
    assert all(check.passes for check in check_gradients(net))


@pytest.mark.parametrize("executor", EXECUTORS)
@pytest.mark.parametrize("loss", [CrossEntropyLoss(), BCELoss()])
def test_nan_among_the_logits_reaches_the_loss(loss: Loss, executor: ExecutorName) -> None:
    logits = np.array([[1.0, 2.0, 3.0], [1.0, np.nan, 0.0]])
    net = on_logits(loss, logits, np.eye(3)[:2], executor, np.float64)
    assert math.isnan(net.rest())


@pytest.mark.parametrize("executor", EXECUTORS)
def test_validation_rows_are_judged_alike(executor: ExecutorName) -> None:
    x, y = np.random.default_rng(0).normal(size=(6, 3)), np.eye(3)[[0, 1, 2, 0, 1, 2]]
    layers = [("out", Activation("softmax"))]
    net = Network(
        layers,
        CrossEntropyLoss(),
        x[:4],
        y[:4],
        validation=(x[4:], y[4:]),
        dtype=np.float64,
        executor=executor,
    )
    p = np.exp(x[4:]) / np.exp(x[4:]).sum(axis=1, keepdims=True)
    assert net.validate() == pytest.approx(-(y[4:] * np.log(p)).sum() / 2, rel=1e-13)


@pytest.mark.parametrize(("loss", "activation"), [("cross_entropy", "softmax"), ("bce", "sigmoid")])
def test_predictions_must_come_straight_out_of_the_right_activation(loss: str, activation: str) -> None:
    wanted = f"let the last layer end in the activation {activation}"
    x, y = np.ones((2, 3)), np.eye(3)[:2]
    for layers in ([Dense(3, 3, "tanh")], [Activation(activation), Activation("identity")]):
        named = [(f"layer-{number}", layer) for number, layer in enumerate(layers)]
        with pytest.raises(ProgramError, match=wanted):
            Network(named, make_loss(loss), x, y, executor="reference")
    with pytest.raises(ProgramError, match=wanted):
        make_loss(loss).forward(Tensor(x, autograd=True), Tensor(y))


REFUSED = [
    (CrossEntropyLoss(), [[1.0], [0.0]], "a single output: use binary cross-entropy"),
    (CrossEntropyLoss(), [[1.0, 0.0], [1.0, 1.0]], "row 2 add up to 2"),
    (CrossEntropyLoss(), [[1.5, -0.5], [1.0, 0.0]], "row 1 add up to 1"),
    (BCELoss(), [[1.0, 0.5], [0.0, -0.25]], "row 2, output 2 is -0.25"),
    (BCELoss(), [[7.0]], "row 1, output 1 is 7"),
]


@pytest.mark.parametrize(("loss", "targets", "reason"), REFUSED)
def test_targets_that_cannot_be_judged_are_refused_in_one_line(
    loss: Loss, targets: list[list[float]], reason: str
) -> None:
    y = np.array(targets)
    with pytest.raises(DataError, match=reason) as caught:
        loss.check_targets(y)
    assert "\n" not in str(caught.value)
    with pytest.raises(FluxError):
        Network([("out", Activation(loss.activation))], loss, y, y, executor="reference")


def test_targets_of_any_size_suit_the_mean_square() -> None:
    MSELoss().check_targets(np.array([[-7.0, 1e9]]))


def test_every_loss_is_known_by_its_name() -> None:
    assert set(LOSSES) == {"mse", "bce", "cross_entropy"}
    for name in LOSSES:
        loss = make_loss(name)
        assert loss.name == name
        assert loss.title
        assert loss.symbol
        assert loss.formula.startswith("C = ")
