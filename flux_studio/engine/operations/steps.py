"""What the steps of a sequence share: the gradients of their common weights, summed over all steps at once.

A matrix of all steps has its steps side by side, T of them. Weights and biases that every step uses get from each
step a gradient; the sum of all is one operation.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from flux_studio.engine.expressions import Term
from flux_studio.engine.operations.base import (
    NOWHERE,
    Array,
    Operand,
    Operation,
    Reach,
    Shape,
    column_of,
    row_of,
    shape_text,
)
from flux_studio.engine.operations.products import MULTIPLY, Product, is_worth_turning
from flux_studio.engine.operations.sums import ADD_ROW
from flux_studio.engine.workings import Cell, Number, Reading
from flux_studio.errors import ShapeError


class SumOfProducts(Product):
    """Σₜ xₜᵀ·δₜ: inputs are x (N×T·I) and δ (N×T·O) of all steps, I×O weights that lend their shape, and T."""

    name = "sum_of_products"
    formula = "Σ steps xᵀ·δ"
    letters = ("x", "δ", "w", "T")
    storage = ("batch", "batch", "any", "any")

    def shape(self, *shapes: Shape) -> Shape:
        x, delta, weights, _ = shapes
        if x[0] != delta[0] or x[1] % weights[0] or x[1] // weights[0] * weights[1] != delta[1]:
            raise ShapeError(
                f"sum_of_products: {shape_text(x)} and {shape_text(delta)} are not steps of {shape_text(weights)}"
            )
        return weights

    def value(self, *inputs: Array) -> Array:
        x, delta, weights, _ = inputs
        pairs = zip(_steps(x, weights.shape[0]), _steps(delta, weights.shape[1]), strict=True)
        return np.asarray(sum(one.T @ other for one, other in pairs))

    def expression(self, *inputs: Term) -> Term:
        x, delta, weights, _ = inputs
        rows, columns = weights.shape
        return x.below_each_other(rows).T @ delta.below_each_other(columns)

    def explain(self, at: Cell, read: Reading) -> Number:
        (i, j), weights = at, read.inputs[2].shape
        t, n = _terms(read.inputs[0], weights[0])
        x = read.along(0, n, t * weights[0] + i, f"n,{i}")
        return read.total("sum", "t,n", x, read.along(1, n, t * weights[1] + j, f"n,{j}"))

    def reach(self, index: int, cell: Cell, output: Shape, *inputs: Shape) -> Reach:
        if index == 2:
            return NOWHERE
        if index == 3:
            return super().reach(index, cell, output, *inputs)
        return row_of(cell[1] % output[0], output) if index == 0 else column_of(cell[1] % output[1], output)

    def sizes(self, output: Shape, *inputs: Shape) -> tuple[int, int, int]:
        return output[0], inputs[0][0], output[1]

    def is_tiled(self, m: int, k: int, n: int) -> bool:
        return is_worth_turning(m, k, n)

    @staticmethod
    def kernel(A: Any, o: Any, a: Any, b: Any, c: Any, d: Any, m: Any, k: Any, n: Any, t: Any) -> None:
        for cell in range(m * n):
            A[o + cell] = A.dtype.type(0)
        for step in range(np.uint64(A[d])):
            for i in range(m):
                ai = a + (step * m + i) * k
                for j in range(n):
                    bj = b + (step * n + j) * k
                    total = A.dtype.type(0)
                    for p in range(k):
                        total += A[ai + p] * A[bj + p]
                    A[o + i * n + j] += total


class SumOfColumns(Operation):
    """The sums over rows and steps: δ (N×T·O) of all steps and a row 1×O, which lends its shape, give 1×O."""

    name = "sum_of_columns"
    formula = "Σ steps Σ rows δ"
    letters = ("δ", "b")
    storage = ("batch", "any")

    def shape(self, *shapes: Shape) -> Shape:
        delta, row = shapes
        if row[0] != 1 or delta[1] % row[1]:
            raise ShapeError(f"sum_of_columns: {shape_text(delta)} is not made of steps of {shape_text(row)}")
        return row

    def value(self, *inputs: Array) -> Array:
        delta, row = inputs
        return np.asarray(sum(each.sum(axis=0, keepdims=True) for each in _steps(delta, row.shape[1])))

    def expression(self, *inputs: Term) -> Term:
        delta, row = inputs
        return delta.below_each_other(row.shape[1]).column_sums()

    def explain(self, at: Cell, read: Reading) -> Number:
        width = read.columns(1)
        t, n = _terms(read.inputs[0], width)
        return read.total("sum", "t,n", read.along(0, n, t * width + at[1], f"n,{at[1]}"))

    def reach(self, index: int, cell: Cell, output: Shape, *inputs: Shape) -> Reach:
        return column_of(cell[1] % output[1], output) if index == 0 else NOWHERE

    def sizes(self, output: Shape, *inputs: Shape) -> tuple[int, int, int]:
        return inputs[0][0], inputs[0][1] // output[1], output[1]

    @staticmethod
    def kernel(A: Any, o: Any, a: Any, b: Any, c: Any, d: Any, m: Any, k: Any, n: Any, t: Any) -> None:
        for j in range(n):
            A[o + j] = A.dtype.type(0)
        for step in range(k):
            for j in range(n):
                total = A.dtype.type(0)
                start = a + (step * n + j) * m
                for i in range(m):
                    total += A[start + i]
                A[o + j] += total


def _steps(matrix: Array, columns: int) -> list[Array]:
    return np.hsplit(matrix, matrix.shape[1] // columns)


def _terms(matrix: Array, columns: int) -> tuple[Any, Any]:
    """Step and row of every term of a sum over both."""
    steps = np.arange(matrix.shape[1] // columns)
    return np.repeat(steps, len(matrix)), np.tile(np.arange(len(matrix)), len(steps))


def shared_gradient(
    operation: Operation, x: Operand, delta: Operand, parameter: Operand, steps: int
) -> Operand:
    """∂C/∂(parameter) where each of ``steps`` steps used it as the second input of ``operation``.

    ``x`` is the first input of all steps side by side, ``delta`` ∂C/∂(result) of all steps.
    """
    if operation is MULTIPLY:
        return x.apply(SUM_OF_PRODUCTS, delta, parameter, x.constant("T", fixed=float(steps)))
    return delta.apply(SUM_OF_COLUMNS, parameter)


SHARED_BY_STEPS: tuple[Operation, ...] = (MULTIPLY, ADD_ROW)
"""The operations whose second input may be shared; see :func:`shared_gradient`."""

SUM_OF_PRODUCTS = SumOfProducts()
SUM_OF_COLUMNS = SumOfColumns()
