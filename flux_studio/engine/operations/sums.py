"""Sums over rows and cells, and their opposite: a row or a number broadcast over a matrix."""

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
    alone,
    arriving,
    column_of,
    shape_text,
)
from flux_studio.engine.workings import Cell, Number, Reading
from flux_studio.errors import ShapeError


def _check_row(name: str, matrix: Shape, row: Shape) -> None:
    if row != (1, matrix[1]):
        raise ShapeError(
            f"{name}: {shape_text(matrix)} takes a row of shape 1×{matrix[1]}, not {shape_text(row)}"
        )


class AddRow(Operation):
    """A row added to every row of a matrix, as the bias is."""

    name = "add_row"
    formula = "x + b"
    letters = ("x", "b")
    storage = ("batch", "any")

    def shape(self, *shapes: Shape) -> Shape:
        _check_row("add_row", shapes[0], shapes[1])
        return shapes[0]

    def value(self, *inputs: Array) -> Array:
        return inputs[0] + inputs[1]

    def expression(self, *inputs: Term) -> Term:
        return inputs[0] + inputs[1]

    def gradient(
        self, index: int, inputs: tuple[Operand, ...], output: Operand, gradient: Operand | None
    ) -> Operand:
        incoming = arriving(gradient, output)
        return incoming if index == 0 else incoming.apply(SUM_COLUMNS)

    def explain(self, at: Cell, read: Reading) -> Number:
        return read.cell(0, *at) + read.cell(1, 0, at[1])

    def reach(self, index: int, cell: Cell, output: Shape, *inputs: Shape) -> Reach:
        return alone(cell) if index == 0 else column_of(cell[1], output)

    def sizes(self, output: Shape, *inputs: Shape) -> tuple[int, int, int]:
        return output[0], 0, output[1]

    @staticmethod
    def kernel(A: Any, o: Any, a: Any, b: Any, c: Any, d: Any, m: Any, k: Any, n: Any, t: Any) -> None:
        for j in range(n):
            bias = A[b + j]
            oj = o + j * m
            aj = a + j * m
            for i in range(m):
                A[oj + i] = A[aj + i] + bias


class Broadcast(Operation):
    """A row repeated for every row of the second input, whose values do not matter."""

    name = "broadcast"
    formula = "1·b"
    storage = ("any", "batch")

    def shape(self, *shapes: Shape) -> Shape:
        _check_row("broadcast", shapes[1], shapes[0])
        return shapes[1]

    def value(self, *inputs: Array) -> Array:
        return np.broadcast_to(inputs[0], inputs[1].shape).copy()

    def expression(self, *inputs: Term) -> Term:
        return inputs[0].spread_like(inputs[1])

    def gradient(
        self, index: int, inputs: tuple[Operand, ...], output: Operand, gradient: Operand | None
    ) -> Operand:
        if index == 1:
            raise ShapeError("broadcast: the matrix that only lends its shape has no derivative")
        incoming = arriving(gradient, output)
        return incoming.apply(SUM_COLUMNS)

    def explain(self, at: Cell, read: Reading) -> Number:
        return read.cell(0, 0, at[1])

    def reach(self, index: int, cell: Cell, output: Shape, *inputs: Shape) -> Reach:
        return column_of(cell[1], output) if index == 0 else NOWHERE

    def sizes(self, output: Shape, *inputs: Shape) -> tuple[int, int, int]:
        return output[0], 0, output[1]

    @staticmethod
    def kernel(A: Any, o: Any, a: Any, b: Any, c: Any, d: Any, m: Any, k: Any, n: Any, t: Any) -> None:
        for j in range(n):
            value = A[a + j]
            oj = o + j * m
            for i in range(m):
                A[oj + i] = value


class BroadcastAll(Operation):
    """A single number repeated in every cell of the second input's shape."""

    name = "broadcast_all"
    formula = "1·s"

    def shape(self, *shapes: Shape) -> Shape:
        if shapes[0] != (1, 1):
            raise ShapeError(f"broadcast_all: takes a single number (1×1), not {shape_text(shapes[0])}")
        return shapes[1]

    def value(self, *inputs: Array) -> Array:
        return np.full_like(inputs[1], inputs[0][0, 0])

    def expression(self, *inputs: Term) -> Term:
        return inputs[0].spread_like(inputs[1])

    def gradient(
        self, index: int, inputs: tuple[Operand, ...], output: Operand, gradient: Operand | None
    ) -> Operand:
        if index == 1:
            raise ShapeError("broadcast_all: the matrix that only lends its shape has no derivative")
        incoming = arriving(gradient, output)
        return incoming.apply(SUM_ALL)

    def explain(self, at: Cell, read: Reading) -> Number:
        return read.cell(0, 0, 0)

    def reach(self, index: int, cell: Cell, output: Shape, *inputs: Shape) -> Reach:
        return super().reach(index, cell, output, *inputs) if index == 0 else NOWHERE

    @staticmethod
    def kernel(A: Any, o: Any, a: Any, b: Any, c: Any, d: Any, m: Any, k: Any, n: Any, t: Any) -> None:
        value = A[a]
        for i in range(m):
            A[o + i] = value


class SumColumns(Operation):
    """The sum of each column: N×F becomes 1×F."""

    name = "sum_columns"
    formula = "Σ rows x"
    storage = ("batch",)

    def shape(self, *shapes: Shape) -> Shape:
        return 1, shapes[0][1]

    def value(self, *inputs: Array) -> Array:
        return np.asarray(inputs[0].sum(axis=0, keepdims=True))

    def expression(self, *inputs: Term) -> Term:
        return inputs[0].column_sums()

    def gradient(
        self, index: int, inputs: tuple[Operand, ...], output: Operand, gradient: Operand | None
    ) -> Operand:
        incoming = arriving(gradient, output)
        return incoming.apply(BROADCAST, inputs[0])

    def explain(self, at: Cell, read: Reading) -> Number:
        n = np.arange(len(read.inputs[0]))
        return read.total("sum", "n", read.along(0, n, at[1], f"n,{at[1]}"))

    def reach(self, index: int, cell: Cell, output: Shape, *inputs: Shape) -> Reach:
        return column_of(cell[1], output)

    def sizes(self, output: Shape, *inputs: Shape) -> tuple[int, int, int]:
        return inputs[0][0], 0, output[1]

    @staticmethod
    def kernel(A: Any, o: Any, a: Any, b: Any, c: Any, d: Any, m: Any, k: Any, n: Any, t: Any) -> None:
        for j in range(n):
            total = A.dtype.type(0)
            aj = a + j * m
            for i in range(m):
                total += A[aj + i]
            A[o + j] = total


class SumAll(Operation):
    """The sum of all elements, as a 1×1 matrix."""

    name = "sum_all"
    formula = "Σ x"

    def shape(self, *shapes: Shape) -> Shape:
        return 1, 1

    def value(self, *inputs: Array) -> Array:
        return np.asarray(inputs[0].sum(keepdims=True)).reshape(1, 1)

    def expression(self, *inputs: Term) -> Term:
        return inputs[0].total()

    def gradient(
        self, index: int, inputs: tuple[Operand, ...], output: Operand, gradient: Operand | None
    ) -> Operand:
        incoming = arriving(gradient, output)
        return incoming.apply(BROADCAST_ALL, inputs[0])

    def explain(self, at: Cell, read: Reading) -> Number:
        return read.total("sum", "i,j", read.whole(0))

    def sizes(self, output: Shape, *inputs: Shape) -> tuple[int, int, int]:
        return inputs[0][0] * inputs[0][1], 0, 0

    @staticmethod
    def kernel(A: Any, o: Any, a: Any, b: Any, c: Any, d: Any, m: Any, k: Any, n: Any, t: Any) -> None:
        total = A.dtype.type(0)
        for i in range(m):
            total += A[a + i]
        A[o] = total


ADD_ROW = AddRow()
BROADCAST = Broadcast()
BROADCAST_ALL = BroadcastAll()
SUM_COLUMNS = SumColumns()
SUM_ALL = SumAll()
