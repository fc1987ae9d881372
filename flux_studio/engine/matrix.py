"""The matrix library: FLUX's functions on plain NumPy matrices, with errors that name both shapes.

Each is the arithmetic of the operation of the same kind in :mod:`flux_studio.engine.operations`; results are new
arrays of the inputs' type.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from flux_studio.engine import initializers
from flux_studio.engine import operations as ops
from flux_studio.engine.operations import Operation, shape_text
from flux_studio.engine.operations.base import Array
from flux_studio.errors import ShapeError


def multiply(first: ArrayLike, second: ArrayLike) -> Array:
    """The matrix product of N×I and I×O."""
    return _carry_out(ops.MULTIPLY, first, second)


def broadcast(row: ArrayLike, rows: int) -> Array:
    """A row 1×F repeated to rows×F."""
    matrix = as_matrix(row)
    return _carry_out(ops.BROADCAST, matrix, np.empty((rows, matrix.shape[1]), matrix.dtype))


def add(first: ArrayLike, second: ArrayLike) -> Array:
    """The sum of two matrices of the same shape."""
    return _carry_out(ops.ADD, first, second)


def subtract(first: ArrayLike, second: ArrayLike) -> Array:
    """The difference of two matrices of the same shape."""
    return _carry_out(ops.SUBTRACT, first, second)


def transpose(matrix: ArrayLike) -> Array:
    """Rows become columns."""
    return _carry_out(ops.TRANSPOSE, matrix)


def hadamard_product(first: ArrayLike, second: ArrayLike) -> Array:
    """The product cell by cell of two matrices of the same shape."""
    return _carry_out(ops.HADAMARD, first, second)


def scalar_multiply(matrix: ArrayLike, scalar: float) -> Array:
    """Every cell times ``scalar``."""
    cells = as_matrix(matrix)
    return _carry_out(ops.SCALE, cells, np.full((1, 1), scalar, cells.dtype))


def power(matrix: ArrayLike, exponent: float) -> Array:
    """Every cell to the power ``exponent``."""
    cells = as_matrix(matrix)
    return _carry_out(ops.POWER, cells, np.full((1, 1), exponent, cells.dtype))


def absolute(matrix: ArrayLike) -> Array:
    """The absolute value of every cell."""
    return _carry_out(ops.ABSOLUTE, matrix)


def sum_of_all_elements(matrix: ArrayLike) -> float:
    """The sum of all cells."""
    return float(_carry_out(ops.SUM_ALL, matrix)[0, 0])


def sum_of_columns(matrix: ArrayLike) -> Array:
    """The sum of each column, 1×F."""
    return _carry_out(ops.SUM_COLUMNS, matrix)


def fill(rows: int, columns: int, value: float, dtype: Any = np.float32) -> Array:
    """A matrix with the same value in every cell."""
    return np.full((rows, columns), value, dtype)


def randomize(
    rows: int,
    columns: int,
    limits: tuple[float, float],
    generator: np.random.Generator,
    dtype: Any = np.float32,
) -> Array:
    """A matrix drawn evenly from the range ``limits`` (low, high)."""
    low, high = limits
    if not low <= high:
        raise ShapeError(f"randomize: the range runs from {low} to {high}; put the smaller number first")
    return generator.uniform(low, high, (rows, columns)).astype(dtype)


def xavier_uniform(
    n_inputs: int, n_outputs: int, generator: np.random.Generator, dtype: Any = np.float32
) -> Array:
    """A weight matrix I×O drawn evenly from ±√(6/(I+O)) (Glorot and Bengio 2010, equation 16)."""
    return initializers.draw("xavier_uniform", generator, n_inputs, n_outputs).astype(dtype)


def data_preprocessor(
    rows: int,
    columns: int,
    first_column: int,
    first_row: int,
    data: ArrayLike | Sequence[Sequence[float]],
    dtype: Any = np.float32,
) -> Array:
    """The block of ``rows`` × ``columns`` cells of ``data`` that begins at the given column and row."""
    whole = as_matrix(data)
    block = whole[first_row : first_row + rows, first_column : first_column + columns]
    if block.shape != (rows, columns) or min(first_column, first_row) < 0:
        raise ShapeError(
            f"data_preprocessor: a block of {shape_text((rows, columns))} from row {first_row}, column {first_column} "
            f"does not lie inside the data, which is {shape_text((whole.shape[0], whole.shape[1]))}"
        )
    return block.astype(dtype)


def as_matrix(values: ArrayLike | Sequence[Sequence[float]]) -> Array:
    """Values as a 2-D float array; float32 stays float32, all else becomes float64."""
    array = as_floats(values)
    if array.ndim != 2:
        raise ShapeError(f"a matrix has rows and columns; these values have the shape {array.shape}")
    return array


def as_floats(values: ArrayLike | Sequence[Sequence[float]]) -> Array:
    """Values as a float array of any shape; float32 stays float32, all else becomes float64."""
    try:
        array = np.asarray(values)
        return array if array.dtype in (np.float32, np.float64) else array.astype(np.float64)
    except (ValueError, TypeError) as error:
        raise ShapeError(f"these values do not make a matrix of numbers: {error}") from error


def _carry_out(operation: Operation, *values: ArrayLike) -> Array:
    matrices = [as_matrix(value) for value in values]
    operation.shape(*((matrix.shape[0], matrix.shape[1]) for matrix in matrices))
    with np.errstate(all="ignore"):
        return operation.value(*matrices)
