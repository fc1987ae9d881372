"""The update phase: optimizers, schedules, penalties and clipping, against their textbook formulas."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from flux_studio.engine.executors import ExecutorName
from flux_studio.engine.layers import Dense
from flux_studio.engine.losses import MSELoss
from flux_studio.engine.network import Network
from flux_studio.engine.operations.schedules import SCHEDULES as SCHEDULE_OPERATIONS
from flux_studio.engine.optimizers import SGD, Adam, AdamW, RMSProp
from flux_studio.engine.tensor import Tensor
from flux_studio.engine.updating import OPTIMIZERS, SCHEDULES, UpdateRule
from flux_studio.errors import SpecificationError
from tests.engine.textbook import Textbook

Array = NDArray[Any]
EXECUTORS: tuple[ExecutorName, ...] = ("compiled", "reference")
RULES = {
    **{name: UpdateRule(name, optimizer.learning_rate) for name, optimizer in OPTIMIZERS.items()},
    "momentum 0.5": UpdateRule("momentum", 0.1, {"beta_1": 0.5}),
    "step": UpdateRule("sgd", 0.3, schedule="step", factor=0.5, period=7),
    "exponential": UpdateRule("adam", 0.03, schedule="exponential", factor=0.97),
    "cosine": UpdateRule("sgd", 0.3, schedule="cosine", period=30, floor=0.1),
    "warm-up": UpdateRule("sgd", 0.3, warm_up=10),
    "warm-up and cosine": UpdateRule("momentum", 0.1, schedule="cosine", period=20, warm_up=5),
    "l1": UpdateRule("sgd", 0.2, l1=0.01),
    "l2": UpdateRule("nesterov", 0.02, l2=0.05),
    "clip value": UpdateRule("sgd", 0.5, clip_value=0.01),
    "clip norm": UpdateRule("rmsprop", 0.01, clip_norm=0.05),
    "everything": UpdateRule(
        "adamw",
        0.02,
        schedule="step",
        factor=0.9,
        period=5,
        warm_up=4,
        l1=0.001,
        l2=0.01,
        clip_value=0.1,
        clip_norm=0.2,
    ),
}


def network(rule: UpdateRule, dtype: Any = np.float64, executor: ExecutorName = "reference") -> Network:
    generator = np.random.default_rng(1)
    inputs, targets = generator.normal(size=(12, 3)), generator.normal(size=(12, 2))
    layers = [
        ("layer-1", Dense(3, 5, "tanh", generator=generator)),
        ("layer-2", Dense(5, 2, "identity", generator=generator)),
    ]
    return Network(layers, MSELoss(), inputs, targets, dtype=dtype, executor=executor, rule=rule)


def trained(
    rule: UpdateRule, iterations: int, dtype: Any = np.float64, executor: ExecutorName = "reference"
) -> Network:
    made = network(rule, dtype, executor)
    made.rest()
    made.iterate(np.empty(iterations, dtype))
    return made


def block(made: Network) -> Array:
    return made.layout.parameter_block.view(made.arena)[0].copy()


@pytest.mark.parametrize("executor", EXECUTORS)
@pytest.mark.parametrize("name", RULES)
def test_forty_updates_are_those_of_the_textbook(name: str, executor: ExecutorName) -> None:
    rule = RULES[name]
    made = network(rule, np.float64, executor)
    made.rest()
    weights = 3 * 5 + 5 * 2
    textbook, theta = Textbook(rule, weights), block(made)
    for _ in range(40):
        expected = textbook.step(theta, made.layout.gradient_block.view(made.arena)[0])
        made.iterate(np.empty(1), textbook.u - 1)
        theta = block(made)
        np.testing.assert_allclose(theta, expected, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", RULES)
def test_both_executors_agree(name: str, dtype: Any) -> None:
    one, other = (trained(RULES[name], 30, dtype, executor) for executor in EXECUTORS)
    tolerance = 2e-4 if dtype is np.float32 else 1e-11
    np.testing.assert_allclose(block(one), block(other), rtol=tolerance, atol=tolerance)


def test_the_state_can_be_seen_by_name_and_belongs_to_its_parameter() -> None:
    made = trained(UpdateRule("adam", 0.01), 3)
    for layer, (n, o) in {"layer-1": (3, 5), "layer-2": (5, 2)}.items():
        assert made.matrix((layer, "first_moment_of_weights_matrix")).shape == (n, o)
        assert made.matrix((layer, "second_moment_of_bias_matrix")).shape == (1, o)
    assert (made.matrix(("", "second_moment")) > 0).all()


def test_a_snapshot_holds_the_whole_state() -> None:
    """400 and then 600 updates again from a snapshot give the same bits as before."""
    for name in ("adam", "momentum", "everything"):
        made = trained(RULES[name], 20, np.float32, "compiled")
        kept = made.snapshot()
        made.iterate(np.empty(20, np.float32), 20)
        once = block(made)
        made.restore(kept)
        made.rest()
        made.iterate(np.empty(20, np.float32), 20)
        np.testing.assert_array_equal(block(made), once)


def test_the_penalty_is_a_number_of_its_own() -> None:
    made = network(UpdateRule("sgd", 0.1, l1=0.5, l2=0.25))
    loss = made.rest()
    weights = np.concatenate([made.parameter((f"layer-{n}", "weights_matrix")).ravel() for n in (1, 2)])
    expected = 0.5 * np.abs(weights).sum() + 0.125 * (weights**2).sum()
    assert made.matrix(("", "penalty"))[0, 0] == pytest.approx(expected, rel=1e-12)
    assert loss == pytest.approx(network(UpdateRule()).rest(), rel=1e-12)


def test_the_clip_factor_is_visible() -> None:
    made = trained(UpdateRule("sgd", 0.1, clip_norm=0.01), 1)
    norm, factor = made.matrix(("", "gradient_norm"))[0, 0], made.matrix(("", "clip_factor"))[0, 0]
    assert factor == pytest.approx(0.01 / (norm + 1e-6), rel=1e-12)
    assert factor < 1


def test_a_schedule_shows_the_rate_in_use_and_keeps_the_one_given() -> None:
    made = trained(UpdateRule("sgd", 0.4, schedule="step", factor=0.5, period=10), 15)
    assert made.learning_rate == 0.4
    assert made.effective_learning_rate == pytest.approx(0.2)
    made.learning_rate = 0.8
    made.iterate(np.empty(1), 15)
    assert made.effective_learning_rate == pytest.approx(0.4)


def test_a_rule_without_extras_has_one_instruction_and_no_extra_memory() -> None:
    made = network(UpdateRule())
    begin, end = made.program.span("update")
    assert end - begin == 1
    gradients = made.layout.gradient_block
    assert made.layout.state.stop - (gradients.offset + gradients.size) < 8


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        (UpdateRule("sdg"), "choose one of sgd"),
        (UpdateRule(schedule="cosinus"), "choose one of constant"),
        (UpdateRule("sgd", settings={"beta_1": 0.9}), "no setting 'beta_1'"),
    ],
)
def test_a_rule_that_cannot_be_says_why(rule: UpdateRule, words: str) -> None:
    with pytest.raises(SpecificationError, match=words):
        network(rule)


def test_every_schedule_has_a_name() -> None:
    assert set(SCHEDULES.values()) == set(SCHEDULE_OPERATIONS)


@pytest.mark.parametrize(
    ("make", "rule"),
    [
        (lambda ps: SGD(ps, 0.1), UpdateRule("sgd", 0.1)),
        (lambda ps: SGD(ps, 0.1, momentum=0.8), UpdateRule("momentum", 0.1, {"beta_1": 0.8})),
        (lambda ps: SGD(ps, 0.1, momentum=0.8, nesterov=True), UpdateRule("nesterov", 0.1, {"beta_1": 0.8})),
        (lambda ps: RMSProp(ps, 0.02), UpdateRule("rmsprop", 0.02)),
        (lambda ps: Adam(ps, 0.02), UpdateRule("adam", 0.02)),
        (lambda ps: AdamW(ps, 0.02, 0.1), UpdateRule("adamw", 0.02, {"weight_decay": 0.1})),
    ],
)
def test_eager_optimizers_do_what_programs_do(make: Any, rule: UpdateRule) -> None:
    theta = np.array([[1.0, -2.0, 0.5]])
    tensor, textbook = Tensor(theta, autograd=True), Textbook(rule, 3)
    optimizer = make([tensor])
    for _ in range(10):
        expected = textbook.step(tensor.data[0], 2 * tensor.data[0])
        (tensor * tensor).sum_all().backward()
        optimizer.step()
        np.testing.assert_allclose(tensor.data[0], expected, rtol=1e-12)
    assert tensor.grad is None
