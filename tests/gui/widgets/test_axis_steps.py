"""Axes that grow: round ends that seldom move, ticks people can read."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flux_studio.gui.widgets import axis_steps


@given(st.integers(0, 10**12))
def test_the_right_end_is_never_before_the_curve_nor_far_behind_it(last: int) -> None:
    limit = axis_steps.iteration_limit(last)
    assert limit >= last
    assert last < 10 or limit <= 1.25 * last


def test_a_growing_run_moves_the_axis_seldom() -> None:
    limits = {axis_steps.iteration_limit(last) for last in range(1_000, 10_001)}
    assert len(limits) <= 17


def test_a_linear_axis_stays_while_the_curve_fits() -> None:
    top = axis_steps.linear_top(0.27)
    assert top == pytest.approx(0.3)
    assert axis_steps.linear_top(0.2, top) == top
    assert axis_steps.linear_top(0.31, top) == pytest.approx(0.4)
    assert axis_steps.linear_top(0.1, top) == pytest.approx(0.1)


@pytest.mark.parametrize(
    ("lowest", "highest", "expected"), [(6e-4, 0.25, (-4, 0)), (1.0, 1.0, (0, 1)), (1e-300, 1.0, (-40, 0))]
)
def test_decades(lowest: float, highest: float, expected: tuple[int, int]) -> None:
    assert axis_steps.decades(lowest, highest) == expected


def test_ticks_say_what_people_say() -> None:
    assert [text for _, text in axis_steps.iteration_ticks(2_000, 6.9)] == [
        "0",
        "500",
        "1,000",
        "1,500",
        "2,000",
    ]
    assert [text for _, text in axis_steps.linear_ticks(0.3, 5)] == ["0", "0.1", "0.2", "0.3"]
    assert axis_steps.decade_ticks(-4, 0, 6) == [
        (0.0, "1"),
        (-1.0, "0.1"),
        (-2.0, "0.01"),
        (-3.0, "0.001"),
        (-4.0, "0.0001"),
    ]


@given(st.floats(1e-9, 1e9), st.floats(1, 12))
def test_linear_ticks_lie_on_the_axis_and_are_not_too_many(top: float, most: float) -> None:
    places = [place for place, _ in axis_steps.linear_ticks(top, most)]
    assert len(places) >= 2
    assert len(places) <= max(most + 1e-6, 2)
    assert places[0] == 0
    assert places[-1] <= top * (1 + 1e-9)
    assert np.allclose(np.diff(places), places[1])


@given(st.integers(-40, 0), st.integers(1, 40), st.floats(1, 12))
def test_decade_ticks_begin_at_the_top(low: int, more: int, most: float) -> None:
    ticks = axis_steps.decade_ticks(low, low + more, most)
    assert ticks[0][0] == low + more
    assert len(ticks) <= max(int(most), 2)
