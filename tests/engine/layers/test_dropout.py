"""Dropout: masks are reproducible, evenly random, alike in both executors, and nothing but while training."""

from __future__ import annotations

import numpy as np
import pytest

from flux_studio.engine import Dropout, MSELoss, Network, Tensor
from flux_studio.engine.executors import ExecutorName
from flux_studio.engine.operations.dropout import KEY_BITS
from flux_studio.errors import SpecificationError
from tests.engine.networks import EXECUTORS

KEY = ("drop", "mask_matrix")
MASK = (1 << 64) - 1


def by_hand(key: int, iteration: int, rows: int, columns: int, rate: float) -> list[list[float]]:
    """The mask in Python's own whole numbers: SplitMix64, seeded by key and iteration, row by row."""

    def scatter(z: int) -> int:
        z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
        return z ^ (z >> 31)

    step = 0x9E3779B97F4A7C15
    start = scatter((key + step * iteration) & MASK)
    drawn = [
        [(scatter((start + step * (i * columns + j)) & MASK) >> 40) / 2**24 for j in range(columns)]
        for i in range(rows)
    ]
    return [[0.0 if u < rate else 1 / (1 - rate) for u in row] for row in drawn]


def network(
    rows: int,
    columns: int,
    rate: float,
    *,
    executor: ExecutorName = "reference",
    seed: int = 0,
    dtype: type = np.float64,
    validation: bool = False,
) -> tuple[Network, int]:
    """Nothing but dropout, and its key."""
    layer = Dropout(rate, generator=np.random.default_rng(seed))
    x = np.random.default_rng(1).normal(size=(rows, columns))
    held_out = (x, x) if validation else None
    layers = [("drop", layer)]
    return Network(layers, MSELoss(), x, x, validation=held_out, dtype=dtype, executor=executor), layer.key


@pytest.mark.parametrize("executor", EXECUTORS)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("iteration", [0, 1, 2, 12_345_678_901])
def test_masks_are_those_worked_out_by_hand(executor: ExecutorName, dtype: type, iteration: int) -> None:
    net, key = network(5, 7, 0.25, executor=executor, dtype=dtype)
    net.rest(iteration)
    np.testing.assert_array_equal(
        net.matrix(KEY), np.array(by_hand(key, iteration, 5, 7, 0.25)).astype(dtype)
    )


@pytest.mark.parametrize("executor", EXECUTORS)
def test_a_mask_does_not_depend_on_what_was_called_before(executor: ExecutorName) -> None:
    one, _ = network(6, 4, 0.5, executor=executor)
    other, _ = network(6, 4, 0.5, executor=executor)
    losses = np.empty(9)
    one.iterate(losses, iteration=0)
    one.predict(np.ones((3, 4)))
    other.rest(3)
    other.rest(9)
    np.testing.assert_array_equal(one.matrix(KEY), other.matrix(KEY))
    again = np.empty(4)
    other.iterate(again, iteration=5)
    np.testing.assert_array_equal(again, losses[5:])


def test_a_row_has_the_same_mask_in_a_batch_of_any_size() -> None:
    large, small = network(20, 4, 0.5)[0], network(3, 4, 0.5)[0]
    large.rest(2)
    small.rest(2)
    np.testing.assert_array_equal(large.matrix(KEY)[:3], small.matrix(KEY))


@pytest.mark.parametrize("rate", [0.1, 0.5, 0.9])
def test_the_share_that_is_left_out(rate: float) -> None:
    net, _ = network(200, 50, rate)
    shares = []
    for iteration in range(20):
        net.rest(iteration)
        mask = net.matrix(KEY)
        assert set(np.unique(mask)) == {0.0, 1 / (1 - rate)}
        shares.append((mask == 0).mean())
    spread = (rate * (1 - rate) / mask.size) ** 0.5
    assert np.abs(np.array(shares) - rate).max() < 4 * spread
    assert np.mean(shares) == pytest.approx(rate, abs=4 * spread / 20**0.5)
    assert 0.5 * spread < np.std(shares) < 1.6 * spread


def test_cells_iterations_and_keys_know_nothing_of_each_other() -> None:
    net, _ = network(100, 100, 0.5)
    other, _ = network(100, 100, 0.5, seed=1)
    masks = []
    for iteration in (0, 1, 2):
        net.rest(iteration)
        masks.append(net.matrix(KEY) - 1)
    other.rest(0)
    first, second, third = masks
    limit = 4 / 100  # four standard deviations of the correlation of 10,000 pairs
    for one, another in (
        (first, second),
        (first, third),
        (second[:, 1:], first[:, :-1]),
        (first[:, 1:], first[:, :-1]),
        (first[1:], first[:-1]),
        (first, other.matrix(KEY) - 1),
    ):
        assert abs((one * another).mean()) < limit


@pytest.mark.parametrize("executor", EXECUTORS)
def test_nothing_is_left_out_without_a_way_back(executor: ExecutorName) -> None:
    net, _ = network(6, 4, 0.5, executor=executor, validation=True)
    rows = net.program.inputs.view(net.arena).copy()
    assert net.rest(1) > 0
    assert net.validate() == 0
    np.testing.assert_array_equal(net.predict(rows), rows)


@pytest.mark.parametrize("executor", EXECUTORS)
def test_what_stays_is_made_larger_and_gradients_pass_there_only(executor: ExecutorName) -> None:
    x = Tensor(np.random.default_rng(0).normal(size=(4, 5)), autograd=True)
    layer = Dropout(0.5, generator=np.random.default_rng(3))
    out = layer.forward(x)
    mask = np.array(by_hand(layer.key, 0, 4, 5, 0.5))
    np.testing.assert_array_equal(out.data, x.data * mask)
    out.sum_all().backward()
    assert x.grad is not None
    np.testing.assert_array_equal(x.grad.data, mask)


def test_eager_passes_take_one_mask_after_the_other() -> None:
    ones = Tensor(np.ones((8, 8)))
    layers = [Dropout(0.5, generator=np.random.default_rng(3)) for _ in range(2)]
    first, again = ([layer.forward(ones).data for _ in range(3)] for layer in layers)
    np.testing.assert_array_equal(first, again)
    assert (first[0] != first[1]).any()
    layers[0].training = False
    np.testing.assert_array_equal(layers[0].forward(ones).data, 1)


def test_no_dropout_leaves_all_as_it_is() -> None:
    net, _ = network(6, 4, 0.0)
    assert net.rest(1) == 0


def test_keys_come_from_the_generator() -> None:
    keys = [Dropout(generator=np.random.default_rng(seed)).key for seed in (0, 0, 1)]
    assert keys[0] == keys[1] != keys[2]
    assert all(0 <= key < 1 << KEY_BITS for key in keys)


@pytest.mark.parametrize("rate", [-0.1, 1.0, 1.5, float("nan")])
def test_rates_that_cannot_be_are_refused(rate: float) -> None:
    with pytest.raises(SpecificationError, match="at least 0 and below 1"):
        Dropout(rate)
