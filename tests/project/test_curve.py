"""Loss curves: bounded, exact at the extremes, and the same however their values come in."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flux_studio.project.curve import BUCKETS, Curve, CurvePoints


def values(count: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).lognormal(size=count)


def whole(numbers: np.ndarray, start: int = 0, every: int = 1) -> Curve:
    curve = Curve(start, every)
    curve.extend(numbers)
    return curve


def same(one: CurvePoints, other: CurvePoints) -> None:
    np.testing.assert_array_equal(one.iterations, other.iterations)
    np.testing.assert_array_equal(one.low, other.low)
    np.testing.assert_array_equal(one.high, other.high)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(
    count=st.integers(0, 20_000), seed=st.integers(0, 99), start=st.integers(0, 50), every=st.integers(1, 20)
)
def test_every_bucket_holds_the_extremes_of_its_iterations(
    count: int, seed: int, start: int, every: int
) -> None:
    numbers = values(count, seed)
    curve = whole(numbers, start, every)
    points = curve.points()
    width = max(1, 2 ** int(np.ceil(np.log2(max(count, 1) / (2 * BUCKETS)))))
    assert curve.count == count
    assert len(points.iterations) == curve.used == -(-count // width) <= 2 * BUCKETS
    for index in range(curve.used):
        piece = numbers[index * width : (index + 1) * width]
        assert points.iterations[index] == start + index * width * every
        assert points.low[index] == piece.min()
        assert points.high[index] == piece.max()


@settings(max_examples=60, deadline=None, derandomize=True)
@given(bursts=st.lists(st.integers(0, 3000), max_size=12), seed=st.integers(0, 99))
def test_bursts_of_any_length_make_the_same_curve(bursts: list[int], seed: int) -> None:
    numbers = values(sum(bursts), seed)
    pieces, place = Curve(), 0
    for length in bursts:
        pieces.extend(numbers[place : place + length])
        place += length
    same(pieces.points(), whole(numbers).points())
    assert pieces.numbers() == whole(numbers).numbers()


@settings(max_examples=40, deadline=None, derandomize=True)
@given(before=st.integers(0, 9000), after=st.integers(0, 9000), seed=st.integers(0, 99))
def test_a_restored_curve_goes_on_like_the_original(before: int, after: int, seed: int) -> None:
    numbers = values(before + after, seed)
    original = whole(numbers[:before], every=5)
    restored = Curve.restored(original.numbers(), original.array())
    same(restored.points(), original.points())
    restored.extend(numbers[before:])
    original.extend(numbers[before:])
    same(restored.points(), original.points())


def test_a_single_peak_is_never_lost() -> None:
    numbers = np.ones(100_000)
    numbers[77_777] = 9.0
    numbers[3] = 0.1
    points = whole(numbers).points()
    assert points.high.max() == 9
    assert points.low.min() == 0.1
    assert len(points.low) <= 2 * BUCKETS


def test_float32_values_are_kept_as_they_are() -> None:
    numbers = values(10, 0).astype(np.float32)
    np.testing.assert_array_equal(whole(numbers).points().low, numbers.astype(np.float64))


def test_infinity_stays_visible() -> None:
    curve = whole(np.array([np.inf, 1.0, 0.5]))
    assert curve.points().high[0] == np.inf


def test_points_and_copies_stand_on_their_own() -> None:
    curve = whole(values(10, 0))
    points, copy = curve.points(), curve.copy()
    before = points.low.copy()
    curve.extend(np.zeros(5000))
    np.testing.assert_array_equal(points.low, before)
    assert copy.count == 10
    copy.extend(np.zeros(1))
    assert curve.count == 5010


@pytest.mark.parametrize(
    ("numbers", "shape"),
    [
        ((0, 1, 5, 1), (2, 4)),
        ((0, 1, 5, 1), (5, 2)),
        ((0, 1, -5, 1), (2, 0)),
        ((-1, 1, 5, 1), (2, 5)),
        ((0, 0, 5, 1), (2, 5)),
        ((0, 1, 5, 0), (2, 5)),
        ((0, 1, 4 * BUCKETS, 1), (2, 4 * BUCKETS)),
        ((0, 1, 5, 2**70), (2, 1)),
        ((0, 2**40, 5, 2**40), (2, 1)),
    ],
)
def test_numbers_that_describe_no_curve_are_refused(
    numbers: tuple[int, int, int, int], shape: tuple[int, int]
) -> None:
    with pytest.raises(ValueError, match="curve"):
        Curve.restored(numbers, np.ones(shape))
