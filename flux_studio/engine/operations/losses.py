"""Operations that turn errors, or the logarithms of probabilities, into the cost."""

from __future__ import annotations

from typing import Any

import numpy as np

from flux_studio.engine.expressions import Term
from flux_studio.engine.operations.base import (
    NOWHERE,
    SAMPLES,
    Array,
    Elementwise,
    Operand,
    Operation,
    Reach,
    Shape,
    arriving,
    room,
    row_of,
    shape_text,
)
from flux_studio.engine.operations.elementwise import SCALE, SCALED_DIFFERENCE
from flux_studio.engine.operations.exponentials import exp, log1p
from flux_studio.engine.workings import Cell, Number, Reading
from flux_studio.errors import ShapeError


class MeanSquare(Operation):
    """The squares of all cells, summed over outputs and averaged over rows: C = (1/N)·Σ e².

    The second input is 1/N. The derivative is ∂C/∂e = (2/N)·e.
    """

    name = "mean_square"
    formula = "C = (1/N)·Σ e²"
    letters = ("e", "1/N")

    def shape(self, *shapes: Shape) -> Shape:
        if shapes[1] != (1, 1):
            raise ShapeError(f"mean_square: 1/N is a single number (1×1), not {shape_text(shapes[1])}")
        return 1, 1

    def value(self, *inputs: Array) -> Array:
        errors, share = inputs
        return np.asarray((errors * errors).sum(keepdims=True).reshape(1, 1) * share)

    def expression(self, *inputs: Term) -> Term:
        errors, share = inputs
        return (errors * errors).total() * share

    def gradient(
        self, index: int, inputs: tuple[Operand, ...], output: Operand, gradient: Operand | None
    ) -> Operand:
        if index == 1:
            raise ShapeError("mean_square: the share of a row, 1/N, has no derivative")
        errors = inputs[0]
        local = errors.apply(SCALE, errors.constant("2/N", over_rows=2.0))
        return local if gradient is None else local.apply(SCALE, gradient)

    def explain(self, at: Cell, read: Reading) -> Number:
        errors = read.whole(0)
        total = read.total("sum", "i,j", errors, form="{0}²", terms=errors.values**2)
        return total * read.cell(1, 0, 0)

    def sizes(self, output: Shape, *inputs: Shape) -> tuple[int, int, int]:
        return inputs[0][0] * inputs[0][1], 0, 0

    @staticmethod
    def kernel(A: Any, o: Any, a: Any, b: Any, c: Any, d: Any, m: Any, k: Any, n: Any, t: Any) -> None:
        total = A.dtype.type(0)
        for i in range(m):
            total += A[a + i] * A[a + i]
        A[o] = total * A[b]


class LogSoftmax(Operation):
    """log p of probabilities p = softmax a, from a and p: finite also where p itself is too small to be a number.

    The largest p of a row is 1/(1 + r), with r what the others are beside it: its logarithm is −log(1 + r), which
    keeps its digits however small r is. log p of the others is as far below it as their a is below the largest.
    """

    name = "log_softmax"
    formula = "log p = a − max a − log(1 + Σ others p / max p)"
    letters = ("a", "p")
    storage = ("batch", "batch")
    is_long = True

    def shape(self, *shapes: Shape) -> Shape:
        if shapes[0] != shapes[1]:
            raise ShapeError(
                f"log_softmax: {shape_text(shapes[0])} and {shape_text(shapes[1])} must be the same shape"
            )
        return shapes[0]

    def value(self, *inputs: Array) -> Array:
        a, p = inputs
        largest = a.argmax(axis=1)[:, np.newaxis]
        others = p.copy()
        np.put_along_axis(others, largest, 0, axis=1)
        rest = others.sum(axis=1, keepdims=True) / np.take_along_axis(p, largest, axis=1)
        return np.asarray(a - np.take_along_axis(a, largest, axis=1) - np.log1p(rest))

    def expression(self, *inputs: Term) -> Term:
        behind = inputs[0] - inputs[0].row_tops()
        return behind - behind.exp().row_sums().log()

    def explain(self, at: Cell, read: Reading) -> Number:
        i, j = at
        top = int(read.inputs[0][i].argmax())
        others = np.delete(np.arange(read.columns()), top)
        largest = read.named("max", read.cell(0, i, top))
        rest = read.total("sum", "k", read.along(1, i, others, f"{i},k"))
        return read.cell(0, i, j) - largest - (rest / read.cell(1, i, top)).log1p()

    def reach(self, index: int, cell: Cell, output: Shape, *inputs: Shape) -> Reach:
        return row_of(cell[0], output)

    def sizes(self, output: Shape, *inputs: Shape) -> tuple[int, int, int]:
        return output[0], 0, output[1]

    @staticmethod
    def kernel(A: Any, o: Any, a: Any, b: Any, c: Any, d: Any, m: Any, k: Any, n: Any, t: Any) -> None:
        top, share, rest = room(A), room(A), room(A)
        first = m - m
        while first < m:
            count = min(SAMPLES, m - first)
            for i in range(count):
                top[i], share[i], rest[i] = A[a + first + i], A[b + first + i], 0
            for j in range(n):
                aj, bj = a + j * m + first, b + j * m + first
                for i in range(count if j > 0 else j):
                    larger = A[aj + i] > top[i]
                    rest[i] += share[i] if larger else A[bj + i]
                    share[i] = A[bj + i] if larger else share[i]
                    top[i] = A[aj + i] if larger else top[i]
            for i in range(count):
                rest[i] = log1p(rest[i] / share[i])
            for j in range(n):
                aj, oj = a + j * m + first, o + j * m + first
                for i in range(count):
                    # Fast mathematics may take top and rest together, which would cost the largest p its digits.
                    behind = A[aj + i] - top[i]
                    A[oj + i] = -rest[i] if A[aj + i] == top[i] else behind - rest[i]
            first += SAMPLES


class LogLikelihood(Elementwise):
    """The logarithm of the probability that each target y was given by p = σ(a), from a and y.

    log p where y is 1, log(1 − p) where it is 0, and in proportion between; written so that nothing overflows and
    no digits are lost.
    """

    name = "log_likelihood"
    formula = "ℓ = y·log σ(a) + (1 − y)·log(1 − σ(a))"
    letters = ("a", "y")

    def value(self, *inputs: Array) -> Array:
        a, y = inputs
        return np.asarray(np.where(a > 0, y - 1, y) * a - np.log1p(np.exp(-np.abs(a))))

    @staticmethod
    def cell(x: Any, y: Any, s: Any, t: Any, zero: Any, one: Any) -> Any:
        return (y - one if x > zero else y) * x - log1p(exp(-abs(x)))


class LogLoss(Operation):
    """S = −Σ ℓ over all cells, from the logits a, what was made of them (ℓ and p), and the targets y.

    The derivative goes past ℓ and p straight to the logits, ∂S/∂a = p − y. That is exact for ℓ = y·log p and
    p = softmax a where the targets of each row add up to 1, and for ℓ of :class:`LogLikelihood` and p = σ(a).
    """

    name = "log_loss"
    formula = "S = −Σ ℓ"

    def shape(self, *shapes: Shape) -> Shape:
        for other in shapes[1:]:
            if other != shapes[0]:
                raise ShapeError(
                    f"log_loss: {shape_text(shapes[0])} and {shape_text(other)} must be the same shape"
                )
        return 1, 1

    def value(self, *inputs: Array) -> Array:
        return np.asarray(-inputs[1].sum(keepdims=True)).reshape(1, 1)

    def expression(self, *inputs: Term) -> Term:
        return -inputs[1].total()

    def gradient(
        self, index: int, inputs: tuple[Operand, ...], output: Operand, gradient: Operand | None
    ) -> Operand:
        if index > 0:
            raise ShapeError("log_loss: its derivative goes to the logits only, not to the targets")
        _, _, probabilities, targets = inputs
        return probabilities.apply(SCALED_DIFFERENCE, targets, arriving(gradient, output))

    def explain(self, at: Cell, read: Reading) -> Number:
        return -read.total("sum", "i,j", read.whole(1, "ℓ"))

    def reach(self, index: int, cell: Cell, output: Shape, *inputs: Shape) -> Reach:
        return super().reach(index, cell, output, *inputs) if index == 1 else NOWHERE

    def sizes(self, output: Shape, *inputs: Shape) -> tuple[int, int, int]:
        return inputs[0][0] * inputs[0][1], 0, 0

    @staticmethod
    def kernel(A: Any, o: Any, a: Any, b: Any, c: Any, d: Any, m: Any, k: Any, n: Any, t: Any) -> None:
        total = A.dtype.type(0)
        for i in range(m):
            total += A[b + i]
        A[o] = -total


MEAN_SQUARE = MeanSquare()
LOG_SOFTMAX = LogSoftmax()
LOG_LIKELIHOOD = LogLikelihood()
LOG_LOSS = LogLoss()
