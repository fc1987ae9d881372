"""Optimizers, schedules, penalties and clipping beside PyTorch's: two hundred steps, float64, to 10⁻⁹."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("torch")

from flux_studio.engine import Dense
from flux_studio.engine.executors import ExecutorName
from flux_studio.engine.updating import OPTIMIZERS, SCHEDULES, UpdateRule
from tests.engine.against_pytorch.side_by_side import N_INPUTS, N_OUTPUTS, train_both
from tests.engine.networks import EXECUTORS

SETTINGS = {
    "momentum": {"beta_1": 0.8},
    "nesterov": {"beta_1": 0.7},
    "rmsprop": {"beta_2": 0.95, "epsilon": 0.1},
    "adam": {"beta_1": 0.8, "beta_2": 0.95, "epsilon": 1e-3},
    "adamw": {"beta_1": 0.8, "beta_2": 0.95, "epsilon": 1e-3, "weight_decay": 0.2},
}
SCHEDULED = {
    "constant": UpdateRule("sgd", 0.1),
    "step": UpdateRule("sgd", 0.1, schedule="step", factor=0.6, period=30),
    "exponential": UpdateRule("sgd", 0.1, schedule="exponential", factor=0.98),
    "cosine": UpdateRule("sgd", 0.1, schedule="cosine", period=200, floor=0.1),
}
LIMITED = {
    "l1": UpdateRule("sgd", 0.1, l1=0.02),
    "l2": UpdateRule("sgd", 0.1, l2=0.05),
    "l1 and l2": UpdateRule("adam", 0.01, l1=0.01, l2=0.05),
    "clip value": UpdateRule("sgd", 0.1, clip_value=0.02),
    "clip norm": UpdateRule("sgd", 0.1, clip_norm=0.1),
    "clip both": UpdateRule("momentum", 0.05, clip_value=0.05, clip_norm=0.1),
    "a norm that is never reached": UpdateRule("sgd", 0.05, clip_norm=1e3),
    "everything": UpdateRule(
        "adamw",
        0.02,
        schedule="step",
        factor=0.9,
        period=20,
        warm_up=7,
        l1=0.001,
        l2=0.01,
        clip_value=0.1,
        clip_norm=0.2,
    ),
}


def dense() -> list[Dense]:
    generator = np.random.default_rng(1)
    return [Dense(N_INPUTS, 6, "tanh", generator=generator), Dense(6, N_OUTPUTS, generator=generator)]


@pytest.mark.parametrize("executor", EXECUTORS)
@pytest.mark.parametrize("settings", ["usual settings", "other settings"])
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_optimizers(name: str, settings: str, executor: ExecutorName) -> None:
    rate = OPTIMIZERS[name].learning_rate
    rule = (
        UpdateRule(name, rate)
        if settings == "usual settings"
        else UpdateRule(name, 0.3 * rate, SETTINGS.get(name, {}))
    )
    train_both(dense(), rule, executor)


def test_every_optimizer_and_schedule_is_compared() -> None:
    assert set(SETTINGS) | {"sgd"} == set(OPTIMIZERS)
    assert set(SCHEDULED) == set(SCHEDULES)


@pytest.mark.parametrize("executor", EXECUTORS)
@pytest.mark.parametrize("warm_up", [0, 25])
@pytest.mark.parametrize("optimizer", ["sgd", "adamw"])
@pytest.mark.parametrize("name", SCHEDULED)
def test_schedules(name: str, optimizer: str, warm_up: int, executor: ExecutorName) -> None:
    rule = SCHEDULED[name]
    rule = UpdateRule(
        optimizer,
        OPTIMIZERS[optimizer].learning_rate,
        schedule=rule.schedule,
        factor=rule.factor,
        period=rule.period,
        floor=rule.floor,
        warm_up=warm_up,
    )
    train_both(dense(), rule, executor)


@pytest.mark.parametrize("executor", EXECUTORS)
@pytest.mark.parametrize("batch", [None, 5])
@pytest.mark.parametrize("name", LIMITED)
def test_penalties_and_clipping(name: str, batch: int | None, executor: ExecutorName) -> None:
    ours = train_both(dense(), LIMITED[name], executor, batch=batch)
    if name == "clip norm":
        assert ours.matrix(("", "clip_factor"))[0, 0] < 1


@pytest.mark.parametrize("executor", EXECUTORS)
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_mini_batches_in_our_order(name: str, executor: ExecutorName) -> None:
    train_both(dense(), UpdateRule(name, 0.3 * OPTIMIZERS[name].learning_rate), executor, batch=4)
