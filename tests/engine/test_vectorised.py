"""The exponential functions of compiled code, beside NumPy's in extended precision."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numba import njit

from flux_studio.engine import vectorised
from flux_studio.engine.operations import exponentials

TYPES = (np.float32, np.float64)
NAMES = ("exp", "expm1", "tanh", "log1p")


def compiled(name: str) -> Callable[[Any], Any]:
    """The function over an array, in a loop of its own."""
    assert vectorised is not None  # what replaces the functions in compiled code
    function = getattr(exponentials, name)

    @njit
    def over(x: Any) -> Any:
        y = np.empty_like(x)
        for i in range(len(x)):
            y[i] = function(x[i])
        return y

    return over


def arguments(name: str, dtype: Any) -> Any:
    small = np.geomspace(1e-30, 1, 2001)
    if name == "log1p":
        return np.concatenate([[0], small, np.geomspace(1, 1e30, 2001)]).astype(dtype)
    bound = {np.float32: 86.0, np.float64: 700.0}[dtype] if name == "exp" else 40.0
    far = np.linspace(-bound, bound, 20001)
    return np.concatenate([far, small, -small, np.linspace(-1, 1, 5001)]).astype(dtype)


@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize("name", NAMES)
def test_values_are_off_by_three_units_in_the_last_place_at_most(name: str, dtype: Any) -> None:
    x = arguments(name, dtype)
    exact = getattr(np, name)(x.astype(np.longdouble))
    unit = np.spacing(np.abs(exact).astype(dtype))
    assert (np.abs(compiled(name)(x) - exact) / unit).max() <= 3


@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize(
    ("name", "at_minus_infinity", "at_infinity"), [("exp", 0.0, np.inf), ("tanh", -1.0, 1.0)]
)
def test_the_ends_and_what_is_no_number(
    name: str, at_minus_infinity: float, at_infinity: float, dtype: Any
) -> None:
    function = compiled(name)
    ends = function(np.array([-np.inf, -1e4, 1e4, np.inf], dtype))
    np.testing.assert_array_equal(ends, [at_minus_infinity, at_minus_infinity, at_infinity, at_infinity])
    assert np.isnan(function(np.array([np.nan], dtype))).all()


def test_what_is_too_small_for_a_full_float_is_kept() -> None:
    x = np.linspace(-103, -88, 1001, dtype=np.float32)
    exact = np.exp(x.astype(np.float64))
    assert np.abs(compiled("exp")(x) - exact).max() <= np.spacing(np.float32(0)) * 1.5


@pytest.mark.parametrize("name", NAMES)
def test_no_number_stays_no_number(name: str) -> None:
    assert np.isnan(compiled(name)(np.array([np.nan], np.float32))).all()
