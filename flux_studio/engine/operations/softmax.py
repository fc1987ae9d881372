"""Softmax, which makes probabilities of each row, and its derivative, which is no slope of single cells."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from flux_studio.engine.expressions import Term
from flux_studio.engine.operations.base import (
    SAMPLES,
    Array,
    Operand,
    Operation,
    Reach,
    Shape,
    arriving,
    room,
    row_of,
    shape_text,
)
from flux_studio.engine.operations.exponentials import exp
from flux_studio.engine.workings import Cell, Number, Reading
from flux_studio.errors import ShapeError


class _Rowwise(Operation):
    """An operation whose rows are computed each by itself: m rows of n columns."""

    storage = ("batch", "batch")
    is_long = True

    def shape(self, *shapes: Shape) -> Shape:
        for other in shapes[1:]:
            if other != shapes[0]:
                raise ShapeError(
                    f"{self.name}: {shape_text(shapes[0])} and {shape_text(other)} must be the same shape"
                )
        return shapes[0]

    def reach(self, index: int, cell: Cell, output: Shape, *inputs: Shape) -> Reach:
        return row_of(cell[0], output)

    def sizes(self, output: Shape, *inputs: Shape) -> tuple[int, int, int]:
        return output[0], 0, output[1]


class Softmax(_Rowwise):
    """h = e^a over the sum of its row: positive numbers that add up to 1.

    The largest number of each row is taken away first, which changes nothing but keeps e^a within bounds. Each
    output depends on all inputs of its row, so there is no slope ∂h/∂a cell by cell: the derivative is
    :class:`SoftmaxGradient`.
    """

    name = "softmax"
    title = "softmax"
    formula = "h = e^a / Σ e^a"
    in_onnx = ("Softmax",)
    in_torch = "nn.Softmax(dim=1)"
    letters = ("a",)
    constants: ClassVar[tuple[tuple[str, float], ...]] = ()

    def value(self, *inputs: Array) -> Array:
        a = inputs[0]
        powers = np.exp(a - a.max(axis=1, keepdims=True))
        return np.asarray(powers / powers.sum(axis=1, keepdims=True))

    def expression(self, *inputs: Term) -> Term:
        powers = (inputs[0] - inputs[0].row_tops()).exp()
        return powers / powers.row_sums()

    def gradient(
        self, index: int, inputs: tuple[Operand, ...], output: Operand, gradient: Operand | None
    ) -> Operand:
        return output.apply(SOFTMAX_GRADIENT, arriving(gradient, output))

    def explain(self, at: Cell, read: Reading) -> Number:
        i, j = at
        top = read.named("max", read.cell(0, i, int(read.inputs[0][i].argmax())))
        row = read.along(0, i, np.arange(read.columns()), f"{i},k")
        below = row.values - top.value
        powers = np.exp(below)
        # e^x carries the rounding of x as many times as x is long.
        errors = powers * (4 - below)
        total = read.total("sum", "k", row, form="e^({0} − max)", terms=powers, errors=errors)
        return (read.cell(0, i, j) - top).exp() / total

    @staticmethod
    def kernel(A: Any, o: Any, a: Any, b: Any, c: Any, d: Any, m: Any, k: Any, n: Any, t: Any) -> None:
        top, total = room(A), room(A)
        first = m - m
        while first < m:
            count = min(SAMPLES, m - first)
            for i in range(count):
                top[i], total[i] = A[a + first + i], 0
            for j in range(n):
                aj = a + j * m + first
                for i in range(count):
                    top[i] = A[aj + i] if A[aj + i] > top[i] else top[i]
            for j in range(n):
                aj, oj = a + j * m + first, o + j * m + first
                for i in range(count):
                    power = exp(A[aj + i] - top[i])
                    A[oj + i] = power
                    total[i] += power
            for j in range(n):
                oj = o + j * m + first
                for i in range(count):
                    A[oj + i] /= total[i]
            first += SAMPLES


class SoftmaxGradient(_Rowwise):
    """∂C/∂a of h = softmax a, from h and from g = ∂C/∂h: the Jacobian matrix of each row times its gradient."""

    name = "softmax_gradient"
    formula = "∂C/∂a = h ⊙ (∂C/∂h − Σ ∂C/∂h ⊙ h)"
    letters = ("h", "∂C/∂h")

    def value(self, *inputs: Array) -> Array:
        h, g = inputs
        return np.asarray(h * (g - (g * h).sum(axis=1, keepdims=True)))

    def expression(self, *inputs: Term) -> Term:
        h, g = inputs
        return h * (g - (g * h).row_sums())

    def explain(self, at: Cell, read: Reading) -> Number:
        i, j = at
        k = np.arange(read.columns())
        total = read.total("sum", "k", read.along(1, i, k, f"{i},k"), read.along(0, i, k, f"{i},k"))
        return read.cell(0, i, j) * (read.cell(1, i, j) - total)

    @staticmethod
    def kernel(A: Any, o: Any, a: Any, b: Any, c: Any, d: Any, m: Any, k: Any, n: Any, t: Any) -> None:
        total = room(A)
        first = m - m
        while first < m:
            count = min(SAMPLES, m - first)
            for i in range(count):
                total[i] = 0
            for j in range(n):
                aj, bj = a + j * m + first, b + j * m + first
                for i in range(count):
                    total[i] += A[aj + i] * A[bj + i]
            for j in range(n):
                aj, bj, oj = a + j * m + first, b + j * m + first, o + j * m + first
                for i in range(count):
                    A[oj + i] = A[aj + i] * (A[bj + i] - total[i])
            first += SAMPLES


SOFTMAX = Softmax()
SOFTMAX_GRADIENT = SoftmaxGradient()
