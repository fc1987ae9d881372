"""Divergence: the first number that went wrong is named, and the last good weights stay."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest

from flux_studio.engine.executors import ExecutorName
from flux_studio.project.project import Project
from flux_studio.training import divergence
from flux_studio.training.events import Failed, Paused, Play, SetLearningRate, StartOver, Step
from tests.engine.networks import EXECUTORS
from tests.project.projects import number_table, project_of, stack, table
from tests.training.sessions import obey, one, session_of, until_rest

KEYS = [(f"layer-{number}", name) for number in (1, 2) for name in ("weights_matrix", "bias_matrix")]
DTYPES = ("float32", "float64")


def diverging(rate: float, dtype: str = "float64", **settings: Any) -> Project:
    """A linear network: with a large rate each step overshoots by more than the one before."""
    layers = stack((3, "identity"), (1, "identity"))
    return project_of(number_table(12), layers, rate=rate, dtype=dtype, **settings)


def last_good_by_numpy(project: Project) -> tuple[int, dict[Any, Any]]:
    """Iteration and weights before the first number that is not finite; every step in plain NumPy."""
    dataset = project.dataset()
    dtype = np.dtype(project.specification.dtype)
    x, y = dataset.training_inputs.astype(dtype), dataset.training_targets.astype(dtype)
    rate, share = dtype.type(project.specification.optimizer.learning_rate), dtype.type(2 / len(x))
    start = project.network("reference").parameters()
    w1, b1, w2, b2 = (start[key] for key in KEYS)
    good: dict[Any, Any] = {}
    gradients: tuple[Any, ...] = ()
    with np.errstate(all="ignore"):
        for iteration in range(10_000):
            if iteration:
                good = dict(zip(KEYS, (w1, b1, w2, b2), strict=True))
                w1, b1 = w1 - rate * gradients[0], b1 - rate * gradients[1]
                w2, b2 = w2 - rate * gradients[2], b2 - rate * gradients[3]
            a1 = x @ w1 + b1
            error = a1 @ w2 + b2 - y
            d2 = share * error
            d1 = d2 @ w2.T
            gradients = (x.T @ d1, d1.sum(0, keepdims=True), a1.T @ d2, d2.sum(0, keepdims=True))
            everything = (w1, b1, w2, b2, a1, (error * error).sum(), *gradients)
            if not all(np.isfinite(each).all() for each in everything):
                return iteration - 1, good
    raise AssertionError("it did not diverge")


@pytest.mark.parametrize("rate", [3.0, 50.0, 1e6])
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("executor", EXECUTORS)
def test_the_iteration_and_the_weights_by_plain_numpy(
    executor: ExecutorName, dtype: str, rate: float
) -> None:
    project = diverging(rate, dtype)
    good, weights = last_good_by_numpy(project)
    session, _ = session_of(project, executor)
    failed = one(until_rest(session, Play(5000)), Failed)
    assert failed.iteration == good + 1
    assert session.iteration == good
    # Overshooting multiplies rounding, too; the weights agree to some digits all the same.
    precision = 1e-3 if dtype == "float32" else 1e-10
    for key, value in weights.items():
        np.testing.assert_allclose(session.network.parameter(key), value, rtol=precision, atol=0)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("executor", EXECUTORS)
def test_the_message_names_everything(executor: ExecutorName, dtype: str) -> None:
    session, _ = session_of(diverging(20.0, dtype), executor)
    failed = one(until_rest(session, Play(5000)), Failed)
    message = failed.message
    assert "\n" not in message
    found = re.fullmatch(
        r"training diverged at iteration (\d+): (.+) of (Dense \d)"
        r" (?:became (?:infinite|not a number)|reached \S+) in row (\d+), column (\d+)\. "
        r"The weights of iteration (\d+) are kept; try a learning rate smaller than 20",
        message,
    )
    assert found, message
    assert int(found[1]) == failed.iteration == int(found[6]) + 1


@pytest.mark.parametrize("executor", EXECUTORS)
def test_what_is_left_is_finite_at_rest_and_can_go_on(executor: ExecutorName) -> None:
    session, _ = session_of(diverging(20.0, validation=0.25, validate_every=3), executor)
    failed = one(until_rest(session, Play(5000)), Failed)
    for value in session.network.parameters().values():
        assert np.isfinite(value).all()
    assert session.network.state_is_finite()
    loss = session.network.loss
    assert np.isfinite(loss)
    assert session.network.rest() == loss
    run = session.run()
    assert run.iteration == failed.iteration - 1
    assert run.curve.count == failed.iteration
    assert run.curve.points().high[-1] == loss
    assert run.validation_curve is not None
    assert run.validation_curve.count == run.iteration // 3 + 1
    # The same rate fails at the same place; a smaller one leads down again.
    again = one(until_rest(session, Play(5000)), Failed)
    assert again == failed
    events = obey(session, SetLearningRate(1e-200), Step(3))
    assert one(events, Paused).progress.loss <= loss


@pytest.mark.parametrize("executor", EXECUTORS)
def test_the_length_of_bursts_does_not_matter(executor: ExecutorName) -> None:
    project = diverging(3.0)
    messages = set()
    for steps in ([5000], [1] * 400, [7] * 100, [100] * 6):
        session, _ = session_of(project, executor)
        messages |= {event.message for event in obey(session, *map(Step, steps)) if isinstance(event, Failed)}
    assert len(messages) == 1


def test_starting_over_after_a_failure() -> None:
    session, _ = session_of(diverging(20.0))
    first = session.network.loss
    until_rest(session, Play(5000))
    events = obey(session, SetLearningRate(0.1), StartOver(), Step(50))
    paused = [event for event in events if isinstance(event, Paused)]
    assert paused[0].progress.loss == first
    assert paused[-1].progress.loss < first


def test_weights_that_become_infinite_behind_a_finite_loss_are_found() -> None:
    """A saturated sigmoid gives a finite loss with infinite weights; they are no good weights all the same."""
    project = project_of(number_table(12), stack((1, "sigmoid")), rate=0.1, dtype="float32")
    session, _ = session_of(project)
    session.network.parameter(("layer-1", "bias_matrix"))[...] = 3e38
    session.network.rest()
    session.network.layout.gradients["layer-1", "bias_matrix"].view(session.network.arena)[...] = -3e38
    obey(session, SetLearningRate(2.0))
    failed = one(obey(session, Step(1)), Failed)
    assert "bias_matrix of Dense 1 became infinite in row 1, column 1" in failed.message
    assert session.network.parameter(("layer-1", "bias_matrix"))[0, 0] == np.float32(3e38)


def test_the_first_matrix_that_went_wrong_is_named_with_its_cell() -> None:
    project = diverging(0.1, dtype="float32")
    session, _ = session_of(project)
    network = session.network
    # The second hidden neuron's sum overflows for every row; nothing before it does.
    network.parameter(("layer-1", "weights_matrix"))[...] = 0
    network.parameter(("layer-1", "bias_matrix"))[...] = [[0, 3e38, 0]]
    network.parameter(("layer-2", "weights_matrix"))[...] = [[0], [3], [0]]
    for gradient in network.layout.gradients.values():
        gradient.view(network.arena)[...] = 0
    found = divergence.find(network, network.snapshot(), 8, 1)
    assert found is not None
    assert (found.iteration, found.layer, found.matrix) == (9, "layer-2", "weight_and_input_matrix")
    assert (found.row, found.column) == (0, 0)
    assert np.isinf(found.value)


def test_nothing_is_found_where_nothing_went_wrong() -> None:
    session, _ = session_of(diverging(0.1))
    network = session.network
    start = network.snapshot()
    assert divergence.find(network, start, 0, 5) is None
    other, _ = session_of(diverging(0.1))
    other.network.iterate(np.empty(5))
    np.testing.assert_array_equal(network.arena, other.network.arena)


@pytest.mark.parametrize("executor", EXECUTORS)
def test_a_loss_that_is_infinite_from_the_start_is_no_matter_of_the_learning_rate(
    executor: ExecutorName,
) -> None:
    rows = table("a,y\n1e30,1e30\n2e30,-1e30\n-1e30,3e30\n")
    project = project_of(rows, stack((4, "tanh"), (1, "identity")), rate=0.1)
    session, _ = session_of(project, executor)
    before = session.network.parameters()
    for command in (Step(3), Play(3)):
        failed = one(until_rest(session, command), Failed)
        assert failed.message == (
            "the loss of iteration 0 is inf, so there is no way down from it: "
            "scale the inputs and targets, or start with other weights"
        )
    assert session.iteration == 0
    for key, value in session.network.parameters().items():
        np.testing.assert_array_equal(value, before[key])
