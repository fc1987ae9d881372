"""Every layer, activation, loss and optimizer on matrices of any shape: derivatives, both executors, the textbook."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flux_studio.engine import Activation, Dense, Layer, Network, check_gradients
from flux_studio.engine.executors import ExecutorName
from flux_studio.engine.losses import LOSSES, make_loss
from flux_studio.engine.operations import ACTIVATIONS
from flux_studio.engine.updating import OPTIMIZERS, SCHEDULES, UpdateRule
from tests.engine.layers.stacks import KINDS
from tests.engine.networks import EXECUTORS
from tests.engine.textbook import Textbook

ENDINGS = {"mse": "identity", "bce": "sigmoid", "cross_entropy": "softmax"}
DENSE = {f"dense {name}": name for name in ACTIVATIONS}
BARE = {f"{name} by itself": name for name in ACTIVATIONS}
EVERYTHING = (*KINDS, *DENSE, *BARE)

SHAPES = {
    "rows": st.integers(1, 20),
    "n_inputs": st.integers(1, 9),
    "width": st.integers(1, 20),
    "n_outputs": st.integers(2, 9),
    "seed": st.integers(0, 2**32),
}
"""Widths on both sides of those from which other kernels are used."""


def layer(kind: str, width: int, generator: np.random.Generator) -> Layer:
    if kind in KINDS:
        return KINDS[kind](width, generator)
    if kind in BARE:
        return Activation(BARE[kind])
    return Dense(width, width + 1, DENSE[kind], generator=generator)


def network(
    kind: str,
    loss: str,
    executor: ExecutorName,
    *,
    rows: int,
    n_inputs: int,
    width: int,
    n_outputs: int,
    seed: int,
    rule: UpdateRule | None = None,
) -> Network:
    """The layer in question between two dense ones, biases included at random."""
    generator = np.random.default_rng(seed)
    middle = layer(kind, width, generator)
    layers: list[tuple[str, Layer]] = [
        ("layer-1", Dense(n_inputs, width, "tanh", generator=generator)),
        ("layer-2", middle),
        ("layer-3", Dense(middle.outputs(width), n_outputs, ENDINGS[loss], generator=generator)),
    ]
    for _, each in layers:
        for tensor in each.get_parameters():
            tensor.data += generator.normal(0, 0.1, tensor.shape)
    inputs = generator.normal(size=(rows, n_inputs))
    match loss:
        case "mse":
            targets = generator.normal(size=(rows, n_outputs))
        case "bce":
            targets = generator.uniform(size=(rows, n_outputs))
        case _:
            targets = generator.dirichlet(np.ones(n_outputs), rows)
    return Network(layers, make_loss(loss), inputs, targets, dtype=np.float64, executor=executor, rule=rule)


@pytest.mark.parametrize("kind", EVERYTHING)
@settings(max_examples=8, deadline=None, derandomize=True)
@given(loss=st.sampled_from(sorted(LOSSES)), executor=st.sampled_from(EXECUTORS), **SHAPES)
def test_gradients_agree_with_finite_differences(
    kind: str, loss: str, executor: ExecutorName, **sizes: int
) -> None:
    checks = check_gradients(network(kind, loss, executor, **sizes), cells=40)
    assert all(check.passes for check in checks), checks


@pytest.mark.parametrize("kind", EVERYTHING)
@settings(max_examples=8, deadline=None, derandomize=True)
@given(loss=st.sampled_from(sorted(LOSSES)), **SHAPES)
def test_executors_agree(kind: str, loss: str, **sizes: int) -> None:
    one, other = (network(kind, loss, executor, **sizes) for executor in EXECUTORS)
    assert one.rest(3) == pytest.approx(other.rest(3), rel=1e-10)
    for key in one.program.matrices:
        wanted = other.matrix(key)
        size = max(1.0, float(np.abs(wanted).max()))
        np.testing.assert_allclose(one.matrix(key), wanted, rtol=1e-8, atol=1e-10 * size, err_msg=str(key))


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@settings(max_examples=15, deadline=None, derandomize=True)
@given(
    schedule=st.sampled_from(sorted(SCHEDULES)),
    warm_up=st.integers(0, 4),
    period=st.integers(1, 12),
    l1=st.sampled_from([0.0, 0.01]),
    l2=st.sampled_from([0.0, 0.02]),
    clip_value=st.sampled_from([None, 0.05]),
    clip_norm=st.sampled_from([None, 0.1]),
    **SHAPES,
)
def test_updates_are_those_of_the_textbook(
    optimizer: str,
    schedule: str,
    warm_up: int,
    period: int,
    l1: float,
    l2: float,
    clip_value: float | None,
    clip_norm: float | None,
    **sizes: int,
) -> None:
    """Every update from the gradients that are there, so that small differences of the gradients do not grow."""
    rule = UpdateRule(
        optimizer,
        OPTIMIZERS[optimizer].learning_rate,
        schedule=schedule,
        factor=0.8,
        period=period,
        floor=0.1,
        warm_up=warm_up,
        l1=l1,
        l2=l2,
        clip_value=clip_value,
        clip_norm=clip_norm,
    )
    for executor in EXECUTORS:
        made = network("dense tanh", "mse", executor, rule=rule, **sizes)
        made.rest()
        weights = sum(each.tensor.data.size for each in made.recording.parameters if not each.is_bias)
        textbook = Textbook(rule, weights)
        for step in range(12):
            before = made.layout.parameter_block.view(made.arena)[0].copy()
            expected = textbook.step(before, made.layout.gradient_block.view(made.arena)[0])
            made.iterate(np.empty(1), step)
            after = made.layout.parameter_block.view(made.arena)[0]
            np.testing.assert_allclose(after, expected, rtol=1e-11, atol=1e-13)
