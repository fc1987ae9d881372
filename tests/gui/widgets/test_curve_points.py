"""Curves as lines: both extremes of every bucket are touched, and places are read back rightly."""

import numpy as np
import pytest

from flux_studio.gui.widgets.curve_points import (
    bucket_at,
    extremes,
    iterations_text,
    line_through,
    thinned,
    value_text,
)
from flux_studio.training.events import CurvePoints


def points(iterations: list[int], low: list[float], high: list[float]) -> CurvePoints:
    return CurvePoints(np.array(iterations), np.array(low), np.array(high))


NOTHING = points([], [], [])
FALLING = points([0, 10, 20], [3.0, 2.0, 1.0], [3.5, 2.5, 1.5])


def test_a_line_touches_both_extremes_in_falling_order() -> None:
    x, y = line_through(FALLING)
    assert y.tolist() == [3.5, 3.0, 2.5, 2.0, 1.5, 1.0]
    assert x.tolist() == [0, 5, 10, 15, 20, 20]


def test_buckets_of_one_iteration_are_single_points() -> None:
    x, y = line_through(points([0, 1, 2], [3.0, 2.0, 1.0], [3.0, 2.0, 1.0]))
    assert (x.tolist(), y.tolist()) == ([0, 1, 2], [3.0, 2.0, 1.0])


def test_one_bucket_can_be_seen() -> None:
    x, _ = line_through(points([7], [1.0], [1.0]))
    assert x.tolist() == [7, 8]


def test_thinning_keeps_extremes_and_starts() -> None:
    values = np.random.default_rng(0).random(1_000)
    curve = CurvePoints(np.arange(1_000) * 3, values, values + 0.1)
    few = thinned(curve, 12)
    assert (len(few.iterations), few.iterations[-1]) == (251, 2997)
    assert few.low.min() == values.min()
    assert few.high.max() == values.max() + 0.1
    assert few.iterations[0] == 0
    np.testing.assert_array_equal(few.low[:5], values[:20].reshape(5, 4).min(axis=1))
    assert thinned(FALLING, 10) is FALLING


@pytest.mark.parametrize(
    ("curve", "expected"),
    [
        (None, None),
        (NOTHING, None),
        (points([0], [np.nan], [np.inf]), None),
        (points([0, 5], [0.0, 0.5], [2.0, np.inf]), (0.5, 2.0, 5.0)),
        (points([0, 5], [0.0, 0.0], [0.0, 0.0]), (0.0, 0.0, 5.0)),
    ],
)
def test_extremes(curve: CurvePoints | None, expected: tuple[float, float, float] | None) -> None:
    assert extremes(curve) == expected


@pytest.mark.parametrize(("iteration", "bucket"), [(-4, 0), (0, 0), (9.9, 0), (10, 1), (99, 2)])
def test_the_bucket_of_an_iteration(iteration: float, bucket: int) -> None:
    assert bucket_at(FALLING, iteration) == bucket


def test_words_of_a_bucket() -> None:
    assert iterations_text(FALLING, 0) == "iterations 0–9"
    assert iterations_text(FALLING, 2) == "iteration 20"
    assert value_text(FALLING, 1) == "2.000000 – 2.500000"
    assert value_text(points([0], [0.25], [0.25]), 0) == "0.250000"
