"""Numbers for people: a sign, fixed digits, one style for a matrix, and never a minus before a true zero."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flux_studio.gui.widgets.numbers import compact, exact, loss_text, number_format, short, whole


@pytest.mark.parametrize(
    ("magnitude", "value", "text"),
    [
        (0.567, 0.567, "+0.567"),
        (3.2, -3.2078, "-3.208"),
        (42.0, -7.0, "-7.00"),
        (512.0, 1.04, "+1.0"),
        (2_000, -35.4, "-35"),
        (0.05, 0.0125, "+0.01250"),
        (5e-4, -1.2e-5, "-1.2e-05"),
        (3e8, 3e8, "+3.0e+08"),
    ],
)
def test_the_style_follows_the_largest_magnitude(magnitude: float, value: float, text: str) -> None:
    assert number_format(magnitude).text(value) == text


@pytest.mark.parametrize("magnitude", [0.0, 1e-9, 0.05, 1.0, 50.0, 1e4, 1e9])
def test_a_true_zero_has_no_minus(magnitude: float) -> None:
    style = number_format(magnitude)
    for zero in (0.0, -0.0):
        assert "-" not in style.text(zero)
        assert "+" not in style.text(zero)


def test_a_small_negative_number_keeps_its_minus() -> None:
    assert number_format(1.0).text(-1e-5) == "-0.000"


def test_what_is_not_finite_is_said() -> None:
    style = number_format(1.0)
    assert [style.text(v) for v in (math.nan, math.inf, -math.inf)] == ["NaN", "+∞", "-∞"]
    assert exact(math.nan) == "NaN"


@given(st.floats(1e-60, 1e60), st.floats(-1, 1))
def test_no_number_of_a_matrix_is_wider_than_its_style_by_more_than_a_rounding(
    magnitude: float, share: float
) -> None:
    style = number_format(magnitude)
    assert len(style.text(magnitude * share)) <= style.width + 1


def test_a_falling_magnitude_changes_the_style_late() -> None:
    style = number_format(0.2)
    assert number_format(0.09, style) is style
    assert number_format(0.07, style) is not style


def test_a_rising_magnitude_changes_the_style_at_once() -> None:
    style = number_format(9.0)
    assert len(number_format(11.0, style).text(-11.0)) == 6


@given(st.floats(width=32, allow_nan=False, allow_infinity=False))
def test_exact_reads_back_as_the_same_float32(value: float) -> None:
    assert np.float32(exact(value)) == np.float32(value)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.000557, "0.000557"),
        (0.2504, "0.250400"),
        (5.57e-5, "5.57e-05"),
        (12.5, "12.50000"),
        (1e9, "1.00e+09"),
    ],
)
def test_a_loss_takes_eight_characters(value: float, text: str) -> None:
    assert loss_text(value) == text
    assert len(text) == 8


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (0.5, "0.5"),
        (-20, "−20"),
        (2_000, "2,000"),
        (1e-6, "1e-6"),
        (2e7, "2e7"),
        (0.0005, "0.0005"),
    ],
)
def test_round_numbers_are_short(value: float, text: str) -> None:
    assert short(value) == text


def test_counts_have_thousands_separators() -> None:
    assert whole(1840) == "1,840"


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (7, "7"),
        (999, "999"),
        (1_000, "1k"),
        (1_050, "1.1k"),
        (8_000, "8k"),
        (9_949, "9.9k"),
        (9_960, "10k"),
        (60_000, "60k"),
        (999_499, "999k"),
        (999_500, "1M"),
        (1_234_567, "1.2M"),
    ],
)
def test_counts_are_written_short(count: int, text: str) -> None:
    assert compact(count) == text
