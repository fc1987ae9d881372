"""Colour levels: 1, 2, 5 times a power of ten, never below the numbers, and steady."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flux_studio.gui.widgets.levels import settle, step_above


@given(st.floats(1e-300, 1e300))
def test_a_step_is_round_and_just_above(magnitude: float) -> None:
    level = step_above(magnitude)
    assert magnitude <= level <= magnitude * 2.5001
    assert f"{level:.0e}"[0] in "125"


@pytest.mark.parametrize(
    ("magnitude", "level"), [(0.51, 1.0), (1.0, 1.0), (1.01, 2.0), (3.2, 5.0), (5e-5, 5e-5)]
)
def test_the_level_of_a_new_matrix(magnitude: float, level: float) -> None:
    assert settle(magnitude) == level


def test_a_level_rises_at_once_and_falls_late() -> None:
    assert settle(1.2, 1.0) == 2.0
    assert settle(0.95, 2.0) == 2.0
    assert settle(0.7, 2.0) == 1.0


def test_a_magnitude_that_swings_round_a_step_does_not_flicker() -> None:
    level = settle(1.0)
    seen = []
    for magnitude in [1.02, 0.98, 1.03, 0.97, 1.01, 0.99] * 3:
        level = settle(magnitude, level)
        seen.append(level)
    assert set(seen) == {2.0}


@pytest.mark.parametrize("magnitude", [0.0, math.nan, math.inf])
def test_without_a_magnitude_the_level_stays(magnitude: float) -> None:
    assert settle(magnitude, 5.0) == 5.0
    assert settle(magnitude) == 1.0


def test_the_largest_number_of_all_has_a_level() -> None:
    assert math.isfinite(settle(1.79e308))
