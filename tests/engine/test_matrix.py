"""The matrix library: FLUX's functions on plain matrices."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from flux_studio.engine import matrix
from flux_studio.errors import ShapeError

SIZES = st.integers(1, 6)
NUMBERS = st.floats(-100, 100, width=32)


@st.composite
def matrices(draw: Any, rows: int | None = None, columns: int | None = None) -> Any:
    shape = (rows or draw(SIZES), columns or draw(SIZES))
    return draw(arrays.arrays(draw(st.sampled_from([np.float32, np.float64])), shape, elements=NUMBERS))


@st.composite
def two_alike(draw: Any) -> Any:
    first = draw(matrices())
    return first, draw(arrays.arrays(first.dtype, first.shape, elements=NUMBERS))


@settings(max_examples=40, deadline=None, derandomize=True)
@given(two_alike(), st.floats(-5, 5, width=32))
def test_cell_by_cell(pair: Any, scalar: float) -> None:
    x, y = pair
    for result, cell in (
        (matrix.add(x, y), lambda i: x[i] + y[i]),
        (matrix.subtract(x, y), lambda i: x[i] - y[i]),
        (matrix.hadamard_product(x, y), lambda i: x[i] * y[i]),
        (matrix.scalar_multiply(x, scalar), lambda i: x[i] * x.dtype.type(scalar)),
        (matrix.absolute(x), lambda i: abs(x[i])),
        (matrix.power(x, 2), lambda i: x[i] * x[i]),
    ):
        assert result.dtype == x.dtype
        assert result.shape == x.shape
        for index in np.ndindex(x.shape):
            assert result[index] == pytest.approx(cell(index), rel=1e-6)


@settings(max_examples=30, deadline=None, derandomize=True)
@given(st.data(), SIZES, SIZES, SIZES)
def test_products_sums_and_transposes(data: Any, rows: int, inner: int, columns: int) -> None:
    x = data.draw(arrays.arrays(np.float64, (rows, inner), elements=NUMBERS))
    w = data.draw(arrays.arrays(np.float64, (inner, columns), elements=NUMBERS))
    product = matrix.multiply(x, w)
    assert product.shape == (rows, columns)
    for i, j in np.ndindex(rows, columns):
        assert product[i, j] == pytest.approx(sum(x[i, k] * w[k, j] for k in range(inner)), abs=1e-8)
    assert matrix.sum_of_all_elements(x) == pytest.approx(sum(x.ravel().tolist()), abs=1e-8)
    np.testing.assert_allclose(matrix.sum_of_columns(x), [[sum(c) for c in zip(*x, strict=True)]], atol=1e-8)
    np.testing.assert_array_equal(matrix.transpose(x), list(zip(*x, strict=True)))


def test_broadcast_repeats_a_row() -> None:
    np.testing.assert_array_equal(matrix.broadcast([[1, 2, 3]], 2), [[1, 2, 3], [1, 2, 3]])


def test_results_are_new() -> None:
    x = np.ones((2, 2))
    for result in (matrix.transpose(x), matrix.broadcast(x[:1], 1), matrix.add(x, x), matrix.absolute(x)):
        assert not np.shares_memory(result, x)


def test_fill_and_randomize_and_xavier() -> None:
    np.testing.assert_array_equal(matrix.fill(2, 3, 0.5), np.full((2, 3), 0.5, np.float32))
    drawn = matrix.randomize(50, 40, (-2, 3), np.random.default_rng(0))
    assert drawn.dtype == np.float32
    assert -2 <= drawn.min() < -1.99
    assert 2.99 < drawn.max() <= 3
    weights = matrix.xavier_uniform(10, 5, np.random.default_rng(0), np.float64)
    assert weights.shape == (10, 5)
    assert weights.dtype == np.float64
    assert np.abs(weights).max() <= (6 / 15) ** 0.5
    again = matrix.xavier_uniform(10, 5, np.random.default_rng(0), np.float64)
    np.testing.assert_array_equal(weights, again)


def test_data_preprocessor_cuts_a_block_out() -> None:
    data = [[1, 2, 3, 4, 5], [6, 7, 8, 9, 10], [11, 12, 13, 14, 15]]
    block = matrix.data_preprocessor(2, 3, 1, 1, data)
    np.testing.assert_array_equal(block, [[7, 8, 9], [12, 13, 14]])
    assert block.dtype == np.float32


@pytest.mark.parametrize(
    ("rows", "columns", "first_column", "first_row"), [(4, 1, 0, 0), (1, 1, 5, 0), (1, 1, -1, 0)]
)
def test_a_block_outside_of_the_data_is_refused(
    rows: int, columns: int, first_column: int, first_row: int
) -> None:
    with pytest.raises(ShapeError, match="does not lie inside the data, which is 3×5"):
        matrix.data_preprocessor(rows, columns, first_column, first_row, np.ones((3, 5)))


def test_misfits_name_both_shapes() -> None:
    with pytest.raises(ShapeError, match="multiply: 2×3 · 2×3 do not fit"):
        matrix.multiply(np.ones((2, 3)), np.ones((2, 3)))
    with pytest.raises(ShapeError, match="add: 2×3 and 3×2 must be the same shape"):
        matrix.add(np.ones((2, 3)), np.ones((3, 2)))
    with pytest.raises(ShapeError, match="broadcast: 4×2 takes a row of shape 1×2, not 3×2"):
        matrix.broadcast(np.ones((3, 2)), 4)


@pytest.mark.parametrize("values", [[1, 2, 3], 5, [["a"]], [[1], [2, 3]], np.ones((2, 2, 2))])
def test_what_is_no_matrix_is_refused(values: Any) -> None:
    with pytest.raises(ShapeError):
        matrix.absolute(values)


def test_a_range_the_wrong_way_round_is_refused() -> None:
    with pytest.raises(ShapeError, match="put the smaller number first"):
        matrix.randomize(1, 1, (3, 2), np.random.default_rng(0))


def test_nan_and_infinity_raise_nothing() -> None:
    x = np.array([[np.nan, np.inf, -1.0]])
    assert np.isnan(matrix.subtract(x, x)[0, :2]).all()
    assert np.isnan(matrix.power(x, 0.5)[0, 2])
