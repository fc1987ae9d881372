"""Matrix products and the transpose.

Three products stand in place of one product and two transposes, so that no transposed copy is ever made:
x·w forward, and δ·wᵀ and xᵀ·δ backward. Small ones are loops over samples, all others are cut into tiles.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from flux_studio.engine.expressions import Term
from flux_studio.engine.operations.base import (
    Array,
    Operand,
    Operation,
    Reach,
    Shape,
    alone,
    arriving,
    column_of,
    row_of,
    shape_text,
)
from flux_studio.engine.workings import Cell, Number, Reading
from flux_studio.errors import ShapeError

LONGEST_VECTOR = 16
"""How many numbers fill a vector of the processor, where it has the longest and the numbers are the shortest."""


class Product(Operation):
    """A matrix product with two kernels: ``kernel`` has the loops, the other is in :mod:`flux_studio.engine.tiles`.

    They are two functions, and a program says which it wants: what the tiles need to be set up would cost the smallest
    products more than their arithmetic.
    """

    def is_tiled(self, m: int, k: int, n: int) -> bool:
        """Whether tiles beat the loops. Measured: they need a vector of samples and more than a handful of weights."""
        return m >= LONGEST_VECTOR and k * n > 16


def is_worth_turning(m: int, k: int, n: int) -> bool:
    """Whether a product along samples is large enough for the tiles, which first copy δ with its sides exchanged."""
    return n > 8 and m * k * n >= 4096


class Multiply(Product):
    """The matrix product x·w of N×I and I×O."""

    name = "multiply"
    formula = "x·w"
    letters = ("x", "w")
    storage = ("batch", "parameter")

    def shape(self, *shapes: Shape) -> Shape:
        left, right = shapes
        if left[1] != right[0]:
            raise ShapeError(
                f"multiply: {shape_text(left)} · {shape_text(right)} do not fit: "
                f"the first has {left[1]} columns, the second {right[0]} rows"
            )
        return left[0], right[1]

    def value(self, *inputs: Array) -> Array:
        return np.asarray(inputs[0] @ inputs[1])

    def expression(self, *inputs: Term) -> Term:
        return inputs[0] @ inputs[1]

    def gradient(
        self, index: int, inputs: tuple[Operand, ...], output: Operand, gradient: Operand | None
    ) -> Operand:
        incoming = arriving(gradient, output)
        if index == 0:
            return incoming.apply(MULTIPLY_TRANSPOSED, inputs[1])
        return inputs[0].apply(TRANSPOSE_MULTIPLY, incoming)

    def explain(self, at: Cell, read: Reading) -> Number:
        i, j = at
        k = np.arange(read.columns(0))
        return read.total("sum", "k", read.along(0, i, k, f"{i},k"), read.along(1, k, j, f"k,{j}"))

    def reach(self, index: int, cell: Cell, output: Shape, *inputs: Shape) -> Reach:
        return row_of(cell[0], output) if index == 0 else column_of(cell[1], output)

    def sizes(self, output: Shape, *inputs: Shape) -> tuple[int, int, int]:
        return output[0], inputs[0][1], output[1]

    @staticmethod
    def kernel(A: Any, o: Any, a: Any, b: Any, c: Any, d: Any, m: Any, k: Any, n: Any, t: Any) -> None:
        for j in range(n):
            oj = o + j * m
            for p in range(k):
                w = A[b + p * n + j]
                ap = a + p * m
                if p == 0:
                    for i in range(m):
                        A[oj + i] = w * A[ap + i]
                else:
                    for i in range(m):
                        A[oj + i] += w * A[ap + i]


class MultiplyTransposed(Product):
    """The product δ·wᵀ of N×O and I×O: what arrives at a layer's inputs."""

    name = "multiply_transposed"
    formula = "δ·wᵀ"
    letters = ("δ", "w")
    storage = ("batch", "parameter")

    def shape(self, *shapes: Shape) -> Shape:
        left, right = shapes
        if left[1] != right[1]:
            raise ShapeError(
                f"multiply_transposed: {shape_text(left)} · {shape_text(right)}ᵀ do not fit: "
                f"they have {left[1]} and {right[1]} columns"
            )
        return left[0], right[0]

    def value(self, *inputs: Array) -> Array:
        return np.asarray(inputs[0] @ inputs[1].T)

    def expression(self, *inputs: Term) -> Term:
        return inputs[0] @ inputs[1].T

    def gradient(
        self, index: int, inputs: tuple[Operand, ...], output: Operand, gradient: Operand | None
    ) -> Operand:
        incoming = arriving(gradient, output)
        if index == 0:
            return incoming.apply(MULTIPLY, inputs[1])
        return incoming.apply(TRANSPOSE_MULTIPLY, inputs[0])

    def explain(self, at: Cell, read: Reading) -> Number:
        i, j = at
        k = np.arange(read.columns(0))
        return read.total("sum", "k", read.along(0, i, k, f"{i},k"), read.along(1, j, k, f"{j},k"))

    def reach(self, index: int, cell: Cell, output: Shape, *inputs: Shape) -> Reach:
        return row_of(cell[0], output) if index == 0 else column_of(cell[0], output)

    def sizes(self, output: Shape, *inputs: Shape) -> tuple[int, int, int]:
        return output[0], inputs[0][1], output[1]

    @staticmethod
    def kernel(A: Any, o: Any, a: Any, b: Any, c: Any, d: Any, m: Any, k: Any, n: Any, t: Any) -> None:
        for j in range(n):
            oj = o + j * m
            for p in range(k):
                w = A[b + j * k + p]
                ap = a + p * m
                if p == 0:
                    for i in range(m):
                        A[oj + i] = w * A[ap + i]
                else:
                    for i in range(m):
                        A[oj + i] += w * A[ap + i]


class TransposeMultiply(Product):
    """The product xᵀ·δ of N×I and N×O: the sum over the batch that makes the gradient of the weights."""

    name = "transpose_multiply"
    formula = "xᵀ·δ"
    letters = ("x", "δ")
    storage = ("batch", "batch")

    def shape(self, *shapes: Shape) -> Shape:
        left, right = shapes
        if left[0] != right[0]:
            raise ShapeError(
                f"transpose_multiply: {shape_text(left)}ᵀ · {shape_text(right)} do not fit: "
                f"they do not have the same number of rows"
            )
        return left[1], right[1]

    def value(self, *inputs: Array) -> Array:
        return np.asarray(inputs[0].T @ inputs[1])

    def expression(self, *inputs: Term) -> Term:
        return inputs[0].T @ inputs[1]

    def gradient(
        self, index: int, inputs: tuple[Operand, ...], output: Operand, gradient: Operand | None
    ) -> Operand:
        incoming = arriving(gradient, output)
        if index == 0:
            return inputs[1].apply(MULTIPLY_TRANSPOSED, incoming)
        return inputs[0].apply(MULTIPLY, incoming)

    def explain(self, at: Cell, read: Reading) -> Number:
        i, j = at
        n = np.arange(len(read.inputs[0]))
        return read.total("sum", "n", read.along(0, n, i, f"n,{i}"), read.along(1, n, j, f"n,{j}"))

    def reach(self, index: int, cell: Cell, output: Shape, *inputs: Shape) -> Reach:
        return row_of(cell[1], output) if index == 0 else column_of(cell[1], output)

    def sizes(self, output: Shape, *inputs: Shape) -> tuple[int, int, int]:
        return output[0], inputs[0][0], output[1]

    def is_tiled(self, m: int, k: int, n: int) -> bool:
        return k >= LONGEST_VECTOR

    @staticmethod
    def kernel(A: Any, o: Any, a: Any, b: Any, c: Any, d: Any, m: Any, k: Any, n: Any, t: Any) -> None:
        for i in range(m):
            ai = a + i * k
            for j in range(n):
                bj = b + j * k
                total = A.dtype.type(0)
                for p in range(k):
                    total += A[ai + p] * A[bj + p]
                A[o + i * n + j] = total


class Transpose(Operation):
    """Rows become columns."""

    name = "transpose"
    formula = "xᵀ"
    storage = ("parameter",)

    def shape(self, *shapes: Shape) -> Shape:
        return shapes[0][1], shapes[0][0]

    def value(self, *inputs: Array) -> Array:
        return inputs[0].T.copy()

    def expression(self, *inputs: Term) -> Term:
        return inputs[0].T

    def gradient(
        self, index: int, inputs: tuple[Operand, ...], output: Operand, gradient: Operand | None
    ) -> Operand:
        return arriving(gradient, output).apply(TRANSPOSE)

    def explain(self, at: Cell, read: Reading) -> Number:
        return read.cell(0, at[1], at[0])

    def reach(self, index: int, cell: Cell, output: Shape, *inputs: Shape) -> Reach:
        return alone((cell[1], cell[0]))

    def sizes(self, output: Shape, *inputs: Shape) -> tuple[int, int, int]:
        return output[0], 0, output[1]

    @staticmethod
    def kernel(A: Any, o: Any, a: Any, b: Any, c: Any, d: Any, m: Any, k: Any, n: Any, t: Any) -> None:
        for i in range(m):
            for j in range(n):
                A[o + i * n + j] = A[a + j * m + i]


MULTIPLY = Multiply()
MULTIPLY_TRANSPOSED = MultiplyTransposed()
TRANSPOSE_MULTIPLY = TransposeMultiply()
TRANSPOSE = Transpose()
