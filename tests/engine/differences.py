"""Numeric derivatives to hold the analytic ones against: the five-point stencil, in float64."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
LIMIT = 1e-6


def numeric_gradient(function: Callable[[], float], matrix: Array, step: float = 1e-3) -> Array:
    """∂(function)/∂(each cell of ``matrix``); the matrix is changed in place and put back."""
    gradient = np.empty_like(matrix)
    for cell in np.ndindex(matrix.shape):
        start = matrix[cell]
        values = []
        for place in (-2, -1, 1, 2):
            matrix[cell] = start + place * step
            values.append(function())
        matrix[cell] = start
        gradient[cell] = (values[0] - 8 * values[1] + 8 * values[2] - values[3]) / (12 * step)
    return gradient


def assert_close(analytic: Array, numeric: Array, what: str = "") -> None:
    """A relative error below 10⁻⁶ in every cell; cells a thousand times smaller than the largest by that one."""
    assert analytic.shape == numeric.shape
    assert np.abs(numeric).max() > 1e-3, f"{what}: nothing to compare"
    size = np.maximum(np.maximum(np.abs(analytic), np.abs(numeric)), 1e-3 * np.abs(numeric).max())
    error = np.abs(analytic - numeric) / size
    assert error.max() < LIMIT, f"{what}: {analytic} is not {numeric}"
