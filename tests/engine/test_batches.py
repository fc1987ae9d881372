"""Mini-batches: every row once an epoch, as a function of seed and iteration alone, the same in both executors."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flux_studio.engine.batches import Batches
from flux_studio.engine.executors import ExecutorName
from flux_studio.engine.layers import Dense
from flux_studio.engine.losses import MSELoss
from flux_studio.engine.network import Network
from flux_studio.engine.updating import UpdateRule
from flux_studio.errors import SpecificationError

ROWS = 23


def network(
    batch: int | None,
    executor: ExecutorName = "compiled",
    rule: UpdateRule | None = None,
    dtype: Any = np.float64,
) -> Network:
    generator = np.random.default_rng(5)
    inputs, targets = generator.normal(size=(ROWS, 4)), generator.normal(size=(ROWS, 2))
    layers = [
        ("layer-1", Dense(4, 6, "tanh", generator=generator)),
        ("layer-2", Dense(6, 2, "identity", generator=generator)),
    ]
    held_out = generator.normal(size=(9, 4)), generator.normal(size=(9, 2))
    return Network(
        layers,
        MSELoss(),
        inputs,
        targets,
        validation=held_out,
        dtype=dtype,
        executor=executor,
        rule=rule,
        batch=batch,
        seed=3,
    )


@settings(max_examples=60, deadline=None, derandomize=True)
@given(rows=st.integers(1, 60), size=st.integers(1, 60), seed=st.integers(0, 9))
def test_an_epoch_visits_every_row_once(rows: int, size: int, seed: int) -> None:
    batches = Batches(rows, min(size, rows), seed)
    epochs = [
        np.concatenate([batches.indices(epoch * batches.steps + step) for step in range(batches.steps)])
        for epoch in range(3)
    ]
    for epoch in epochs:
        assert sorted(epoch) == list(range(rows))
    if rows > 12:
        assert list(epochs[0]) != list(epochs[1])


@settings(max_examples=60, deadline=None, derandomize=True)
@given(
    rows=st.integers(1, 40), size=st.integers(1, 40), iteration=st.integers(0, 200), count=st.integers(1, 90)
)
def test_a_window_is_made_of_the_single_batches(rows: int, size: int, iteration: int, count: int) -> None:
    batches = Batches(rows, min(size, rows), 1)
    order, bounds = batches.window(iteration, count)
    for place in range(count):
        rows = order[bounds[place] : bounds[place + 1]]
        np.testing.assert_array_equal(rows, batches.indices(iteration + place))


@pytest.mark.parametrize("batch", [1, 5, 8, 22])
@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
def test_both_executors_agree(batch: int, optimizer: str) -> None:
    ends = []
    for executor in ("compiled", "reference"):
        made = network(batch, executor, UpdateRule(optimizer, 0.02))
        made.rest()
        losses, validation = np.empty(70), np.empty(70)
        assert made.iterate(losses, 0, 10, validation) == (70, 7)
        ends.append((losses, validation[:7], made.layout.parameter_block.view(made.arena).copy()))
    for one, other in zip(*ends, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-10, atol=1e-12)


def test_each_iteration_is_a_step_on_its_own_batch() -> None:
    """Against plain full-batch networks made of nothing but the batch's rows."""
    made = network(8)
    made.rest(0)
    inputs, targets = made._inputs, made._targets
    for iteration in range(7):
        rows = made.batches.indices(iteration)
        alone = Network(made.layers, MSELoss(), inputs[rows], targets[rows], dtype=np.float64, rule=made.rule)
        alone.set_parameters(made.parameters())
        assert alone.rest() == pytest.approx(made.loss, rel=1e-12)
        alone.iterate(np.empty(1))
        made.iterate(np.empty(1), iteration)
        for key, value in alone.parameters().items():
            np.testing.assert_allclose(made.parameter(key), value, rtol=1e-12, atol=1e-14)


def test_bursts_make_no_difference() -> None:
    once = network(5, rule=UpdateRule("adam", 0.01))
    once.rest()
    losses = np.empty(60)
    once.iterate(losses)
    parts = network(5, rule=UpdateRule("adam", 0.01))
    parts.rest()
    got, at = [], 0
    for count in (1, 3, 17, 4, 35):
        part = np.empty(count)
        parts.iterate(part, at)
        got.append(part)
        at += count
    np.testing.assert_array_equal(np.concatenate(got), losses)


def test_resting_again_at_an_iteration_shows_the_same_batch() -> None:
    made = network(5)
    made.rest()
    made.iterate(np.empty(9))
    loss, outputs = made.loss, made.outputs.copy()
    assert len(outputs) == 3  # the 10th batch is the last of the second epoch: 23 = 4·5 + 3
    made.rest(0)
    assert len(made.outputs) == 5
    assert made.rest(9) == loss
    np.testing.assert_array_equal(made.outputs, outputs)


def test_the_loss_over_all_rows_is_that_of_a_full_batch() -> None:
    small, whole = network(5), network(None)
    small.rest()
    whole.rest()
    loss, outputs = small.evaluate()
    assert loss == pytest.approx(whole.loss, rel=1e-12)
    np.testing.assert_allclose(outputs, whole.outputs, rtol=1e-12)
    assert small.validate() == pytest.approx(whole.validate(), rel=1e-12)


def test_more_rows_than_are_evaluated_at_once() -> None:
    generator = np.random.default_rng(0)
    x, y = generator.normal(size=(2500, 3)), generator.normal(size=(2500, 1))
    layers = [("layer-1", Dense(3, 1, generator=generator))]
    small = Network(layers, MSELoss(), x, y, dtype=np.float64, batch=100)
    whole = Network(layers, MSELoss(), x, y, dtype=np.float64)
    assert small.evaluate()[0] == pytest.approx(whole.rest(), rel=1e-12)


def test_a_batch_as_large_as_the_data_is_the_full_batch() -> None:
    assert network(ROWS).batches is None
    assert network(ROWS + 100).batches is None


@pytest.mark.parametrize("size", [0, -3])
def test_a_batch_needs_rows(size: int) -> None:
    with pytest.raises(SpecificationError, match="from 1 to 23 rows"):
        network(size)
