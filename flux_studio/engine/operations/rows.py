"""Operations along rows, and with a column or a row for the whole matrix: what normalising a layer is made of."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from flux_studio.engine.expressions import Term
from flux_studio.engine.operations.base import (
    NOWHERE,
    Array,
    Operand,
    Operation,
    Reach,
    Shape,
    arriving,
    shape_text,
)
from flux_studio.engine.workings import Cell, Number, Reading
from flux_studio.errors import ShapeError


class RowOperation(Operation):
    """An operation on m rows of n columns; ``pattern`` has the shapes of its inputs and, last, of its result.

    N×F is the first matrix's shape, N×1 a column, 1×F a row and 1×1 a number.
    """

    pattern: tuple[str, ...]
    lends_shape: ClassVar[tuple[int, ...]] = ()
    """Inputs whose values do not matter."""

    def shape(self, *shapes: Shape) -> Shape:
        rows, columns = shapes[0] if self.pattern[0] == "N×F" else shapes[self.pattern.index("N×F")]
        known = {"N×F": (rows, columns), "N×1": (rows, 1), "1×F": (1, columns), "1×1": (1, 1)}
        for given, wanted in zip(shapes, self.pattern, strict=False):
            if given != known[wanted]:
                raise ShapeError(
                    f"{self.name}: beside {shape_text((rows, columns))} it takes {shape_text(known[wanted])}, "
                    f"not {shape_text(given)}"
                )
        return known[self.pattern[-1]]

    def reach(self, index: int, cell: Cell, output: Shape, *inputs: Shape) -> Reach:
        """By the pattern: along the rows or columns that the input and the result do not share, all of them."""
        if index in self.lends_shape:
            return NOWHERE
        given, made = self.pattern[index], self.pattern[-1]
        rows = range(cell[0], cell[0] + 1) if given[0] == made[0] == "N" else range(output[0])
        columns = range(cell[1], cell[1] + 1) if given[-1] == made[-1] == "F" else range(output[1])
        return rows, columns

    def sizes(self, output: Shape, *inputs: Shape) -> tuple[int, int, int]:
        rows, columns = inputs[self.pattern.index("N×F")]
        return rows, 0, columns


class RowSum(RowOperation):
    """The sum of each row times a number s: N×F becomes N×1. With s = 1/F it is the mean."""

    name = "row_sum"
    formula = "s·Σ columns x"
    storage = ("batch", "any")
    pattern = ("N×F", "1×1", "N×1")
    letters = ("x", "s")

    def value(self, *inputs: Array) -> Array:
        return np.asarray(inputs[0].sum(axis=1, keepdims=True) * inputs[1])

    def expression(self, *inputs: Term) -> Term:
        return inputs[0].row_sums() * inputs[1]

    def gradient(
        self, index: int, inputs: tuple[Operand, ...], output: Operand, gradient: Operand | None
    ) -> Operand:
        _only(self, index, 0)
        return arriving(gradient, output).apply(SPREAD, inputs[0], inputs[1])

    def explain(self, at: Cell, read: Reading) -> Number:
        i = at[0]
        k = np.arange(read.columns())
        return read.total("sum", "k", read.along(0, i, k, f"{i},k")) * read.cell(1, 0, 0)

    @staticmethod
    def kernel(A: Any, o: Any, a: Any, b: Any, c: Any, d: Any, m: Any, k: Any, n: Any, t: Any) -> None:
        scale = A[b]
        for i in range(m):
            A[o + i] = A.dtype.type(0)
        for j in range(n):
            for i in range(m):
                A[o + i] += A[a + j * m + i]
        for i in range(m):
            A[o + i] *= scale


class Spread(RowOperation):
    """A column times a number s, repeated in every column of the second input, whose values do not matter."""

    name = "spread"
    formula = "s·c in every column"
    storage = ("batch", "batch", "any")
    pattern = ("N×1", "N×F", "1×1", "N×F")
    letters = ("c", "x", "s")
    lends_shape = (1,)

    def value(self, *inputs: Array) -> Array:
        return np.broadcast_to(inputs[0] * inputs[2], inputs[1].shape).copy()

    def expression(self, *inputs: Term) -> Term:
        return (inputs[0] * inputs[2]).spread_like(inputs[1])

    def gradient(
        self, index: int, inputs: tuple[Operand, ...], output: Operand, gradient: Operand | None
    ) -> Operand:
        _only(self, index, 0)
        return arriving(gradient, output).apply(ROW_SUM, inputs[2])

    def explain(self, at: Cell, read: Reading) -> Number:
        return read.cell(0, at[0], 0) * read.cell(2, 0, 0)

    @staticmethod
    def kernel(A: Any, o: Any, a: Any, b: Any, c: Any, d: Any, m: Any, k: Any, n: Any, t: Any) -> None:
        scale = A[c]
        for j in range(n):
            for i in range(m):
                A[o + j * m + i] = A[a + i] * scale


class SubtractColumn(RowOperation):
    """A column taken away from every column of a matrix."""

    name = "subtract_column"
    formula = "x − c"
    storage = ("batch", "batch")
    pattern = ("N×F", "N×1", "N×F")
    letters = ("x", "c")

    def value(self, *inputs: Array) -> Array:
        return np.asarray(inputs[0] - inputs[1])

    def expression(self, *inputs: Term) -> Term:
        return inputs[0] - inputs[1]

    def gradient(
        self, index: int, inputs: tuple[Operand, ...], output: Operand, gradient: Operand | None
    ) -> Operand:
        incoming = arriving(gradient, output)
        return incoming if index == 0 else incoming.apply(ROW_SUM, incoming.constant("−1", fixed=-1.0))

    def explain(self, at: Cell, read: Reading) -> Number:
        return read.cell(0, *at) - read.cell(1, at[0], 0)

    @staticmethod
    def kernel(A: Any, o: Any, a: Any, b: Any, c: Any, d: Any, m: Any, k: Any, n: Any, t: Any) -> None:
        for j in range(n):
            for i in range(m):
                A[o + j * m + i] = A[a + j * m + i] - A[b + i]


class RowMeanSquare(RowOperation):
    """The mean of the squares of each row: N×F becomes N×1. The second input is 1/F."""

    name = "row_mean_square"
    formula = "(1/F)·Σ columns x²"
    storage = ("batch", "any")
    pattern = ("N×F", "1×1", "N×1")
    letters = ("x", "1/F")

    def value(self, *inputs: Array) -> Array:
        return np.asarray((inputs[0] * inputs[0]).sum(axis=1, keepdims=True) * inputs[1])

    def expression(self, *inputs: Term) -> Term:
        return (inputs[0] * inputs[0]).row_sums() * inputs[1]

    def gradient(
        self, index: int, inputs: tuple[Operand, ...], output: Operand, gradient: Operand | None
    ) -> Operand:
        _only(self, index, 0)
        x = inputs[0]
        return x.apply(MULTIPLY_COLUMN, arriving(gradient, output), x.constant("2/F", fixed=2.0 / x.shape[1]))

    def explain(self, at: Cell, read: Reading) -> Number:
        i = at[0]
        row = read.along(0, i, np.arange(read.columns()), f"{i},k")
        return read.total("sum", "k", row, form="{0}²", terms=row.values**2) * read.cell(1, 0, 0)

    @staticmethod
    def kernel(A: Any, o: Any, a: Any, b: Any, c: Any, d: Any, m: Any, k: Any, n: Any, t: Any) -> None:
        scale = A[b]
        for i in range(m):
            A[o + i] = A.dtype.type(0)
        for j in range(n):
            for i in range(m):
                A[o + i] += A[a + j * m + i] * A[a + j * m + i]
        for i in range(m):
            A[o + i] *= scale


class MultiplyColumn(RowOperation):
    """Every column of a matrix times the same column, cell by cell, and times a number s."""

    name = "multiply_column"
    formula = "s·x ⊙ c"
    storage = ("batch", "batch", "any")
    pattern = ("N×F", "N×1", "1×1", "N×F")
    letters = ("x", "c", "s")

    def value(self, *inputs: Array) -> Array:
        return np.asarray(inputs[0] * (inputs[1] * inputs[2]))

    def expression(self, *inputs: Term) -> Term:
        return inputs[0] * (inputs[1] * inputs[2])

    def explain(self, at: Cell, read: Reading) -> Number:
        return read.cell(0, *at) * (read.cell(1, at[0], 0) * read.cell(2, 0, 0))

    @staticmethod
    def kernel(A: Any, o: Any, a: Any, b: Any, c: Any, d: Any, m: Any, k: Any, n: Any, t: Any) -> None:
        scale = A[c]
        for j in range(n):
            for i in range(m):
                A[o + j * m + i] = A[a + j * m + i] * (A[b + i] * scale)


class MultiplyRow(RowOperation):
    """Every row of a matrix times the same row, cell by cell."""

    name = "multiply_row"
    formula = "x ⊙ r"
    storage = ("batch", "any")
    pattern = ("N×F", "1×F", "N×F")
    letters = ("x", "r")

    def value(self, *inputs: Array) -> Array:
        return np.asarray(inputs[0] * inputs[1])

    def expression(self, *inputs: Term) -> Term:
        return inputs[0] * inputs[1]

    def gradient(
        self, index: int, inputs: tuple[Operand, ...], output: Operand, gradient: Operand | None
    ) -> Operand:
        incoming = arriving(gradient, output)
        return (
            incoming.apply(MULTIPLY_ROW, inputs[1])
            if index == 0
            else incoming.apply(COLUMN_PRODUCTS, inputs[0])
        )

    def explain(self, at: Cell, read: Reading) -> Number:
        return read.cell(0, *at) * read.cell(1, 0, at[1])

    @staticmethod
    def kernel(A: Any, o: Any, a: Any, b: Any, c: Any, d: Any, m: Any, k: Any, n: Any, t: Any) -> None:
        for j in range(n):
            for i in range(m):
                A[o + j * m + i] = A[a + j * m + i] * A[b + j]


class ColumnProducts(RowOperation):
    """The sum of each column of x ⊙ y: the gradient of a row that every row of x was multiplied with."""

    name = "column_products"
    formula = "Σ rows x ⊙ y"
    storage = ("batch", "batch")
    pattern = ("N×F", "N×F", "1×F")
    letters = ("x", "y")

    def value(self, *inputs: Array) -> Array:
        return np.asarray((inputs[0] * inputs[1]).sum(axis=0, keepdims=True))

    def expression(self, *inputs: Term) -> Term:
        return (inputs[0] * inputs[1]).column_sums()

    def explain(self, at: Cell, read: Reading) -> Number:
        n, j = np.arange(len(read.inputs[0])), at[1]
        return read.total("sum", "n", read.along(0, n, j, f"n,{j}"), read.along(1, n, j, f"n,{j}"))

    @staticmethod
    def kernel(A: Any, o: Any, a: Any, b: Any, c: Any, d: Any, m: Any, k: Any, n: Any, t: Any) -> None:
        for j in range(n):
            total = A.dtype.type(0)
            for i in range(m):
                total += A[a + j * m + i] * A[b + j * m + i]
            A[o + j] = total


class Normalise(RowOperation):
    """Every row over its standard deviation: c / √(v + ε), with v the variance of each row."""

    name = "normalise"
    formula = "c / √(v + ε)"
    storage = ("batch", "batch", "any")
    pattern = ("N×F", "N×1", "1×1", "N×F")
    letters = ("c", "v", "ε")

    def value(self, *inputs: Array) -> Array:
        return np.asarray(inputs[0] / np.sqrt(inputs[1] + inputs[2]))

    def expression(self, *inputs: Term) -> Term:
        return inputs[0] / (inputs[1] + inputs[2]).sqrt()

    def gradient(
        self, index: int, inputs: tuple[Operand, ...], output: Operand, gradient: Operand | None
    ) -> Operand:
        _only(self, index, 0, 1)
        incoming = arriving(gradient, output)
        _, variance, epsilon = inputs
        if index == 0:
            return incoming.apply(NORMALISE, variance, epsilon)
        return incoming.apply(VARIANCE_GRADIENT, output, variance, epsilon)

    def explain(self, at: Cell, read: Reading) -> Number:
        return read.cell(0, *at) / (read.cell(1, at[0], 0) + read.cell(2, 0, 0)).sqrt()

    @staticmethod
    def kernel(A: Any, o: Any, a: Any, b: Any, c: Any, d: Any, m: Any, k: Any, n: Any, t: Any) -> None:
        epsilon = A[c]
        for j in range(n):
            for i in range(m):
                A[o + j * m + i] = A[a + j * m + i] / np.sqrt(A[b + i] + epsilon)


class VarianceGradient(RowOperation):
    """∂C/∂v of x̂ = c / √(v + ε), from ∂C/∂x̂, x̂, v and ε."""

    name = "variance_gradient"
    formula = "−Σ columns ∂C/∂x̂ ⊙ x̂ / 2(v + ε)"
    storage = ("batch", "batch", "batch", "any")
    pattern = ("N×F", "N×F", "N×1", "1×1", "N×1")
    letters = ("∂C/∂x̂", "x̂", "v", "ε")

    def value(self, *inputs: Array) -> Array:
        gradient, normalised, variance, epsilon = inputs
        return np.asarray((gradient * normalised).sum(axis=1, keepdims=True) / (-2 * (variance + epsilon)))

    def expression(self, *inputs: Term) -> Term:
        gradient, normalised, variance, epsilon = inputs
        return (gradient * normalised).row_sums() / (-2 * (variance + epsilon))

    def explain(self, at: Cell, read: Reading) -> Number:
        i = at[0]
        k = np.arange(read.columns())
        total = read.total("sum", "k", read.along(0, i, k, f"{i},k"), read.along(1, i, k, f"{i},k"))
        return total / (-2 * (read.cell(2, i, 0) + read.cell(3, 0, 0)))

    @staticmethod
    def kernel(A: Any, o: Any, a: Any, b: Any, c: Any, d: Any, m: Any, k: Any, n: Any, t: Any) -> None:
        epsilon = A[d]
        for i in range(m):
            A[o + i] = A.dtype.type(0)
        for j in range(n):
            for i in range(m):
                A[o + i] += A[a + j * m + i] * A[b + j * m + i]
        for i in range(m):
            A[o + i] /= -(A[c + i] + epsilon) - (A[c + i] + epsilon)


def _only(operation: Operation, index: int, *known: int) -> None:
    if index not in known:
        raise ShapeError(f"{operation.name}: input {index + 1} has no derivative; keep it a plain number")


ROW_SUM = RowSum()
SPREAD = Spread()
SUBTRACT_COLUMN = SubtractColumn()
ROW_MEAN_SQUARE = RowMeanSquare()
MULTIPLY_COLUMN = MultiplyColumn()
MULTIPLY_ROW = MultiplyRow()
COLUMN_PRODUCTS = ColumnProducts()
NORMALISE = Normalise()
VARIANCE_GRADIENT = VarianceGradient()
