"""Taking columns out of a matrix and putting matrices side by side.

Only eager tensors compute these. In a program neither costs anything: what stands side by side is written there in the
first place, and some of its columns are a part of the same memory.
"""

from __future__ import annotations

import numpy as np

from flux_studio.engine.expressions import Term
from flux_studio.engine.operations.base import Array, Operand, Operation, Shape, arriving, shape_text
from flux_studio.errors import ShapeError


class Columns(Operation):
    """The columns from ``start`` up to, not including, ``stop``."""

    name = "columns"
    formula = "x[:, i:j]"

    def __init__(self, start: int, stop: int) -> None:
        self.start, self.stop = start, stop

    def shape(self, *shapes: Shape) -> Shape:
        rows, columns = shapes[0]
        if not 0 <= self.start < self.stop <= columns:
            raise ShapeError(
                f"columns: {shape_text(shapes[0])} has no columns from {self.start} to {self.stop}"
            )
        return rows, self.stop - self.start

    def value(self, *inputs: Array) -> Array:
        return inputs[0][:, self.start : self.stop].copy()

    def expression(self, *inputs: Term) -> Term:
        return inputs[0].columns(self.start, self.stop)

    def gradient(
        self, index: int, inputs: tuple[Operand, ...], output: Operand, gradient: Operand | None
    ) -> Operand:
        return arriving(gradient, output).apply(Among(self.start, inputs[0].shape[1]))


class Among(Operation):
    """A matrix as some columns, from ``start`` on, of a matrix of ``width`` columns; all others are zero."""

    name = "among"
    formula = "x among zeros"

    def __init__(self, start: int, width: int) -> None:
        self.start, self.width = start, width

    def shape(self, *shapes: Shape) -> Shape:
        return shapes[0][0], self.width

    def value(self, *inputs: Array) -> Array:
        wide = np.zeros((inputs[0].shape[0], self.width), inputs[0].dtype)
        wide[:, self.start : self.start + inputs[0].shape[1]] = inputs[0]
        return wide


class Beside(Operation):
    """Matrices of as many rows, side by side."""

    name = "beside"
    formula = "(x y)"

    def shape(self, *shapes: Shape) -> Shape:
        for other in shapes[1:]:
            if other[0] != shapes[0][0]:
                raise ShapeError(
                    f"beside: {shape_text(shapes[0])} and {shape_text(other)} do not have as many rows"
                )
        return shapes[0][0], sum(columns for _, columns in shapes)

    def value(self, *inputs: Array) -> Array:
        return np.hstack(inputs)

    def expression(self, *inputs: Term) -> Term:
        return inputs[0].beside(*inputs[1:])

    def gradient(
        self, index: int, inputs: tuple[Operand, ...], output: Operand, gradient: Operand | None
    ) -> Operand:
        start = sum(each.shape[1] for each in inputs[:index])
        return arriving(gradient, output).apply(Columns(start, start + inputs[index].shape[1]))


class Zeros(Operation):
    """As many rows of zeros as the input has, which matters for nothing else: what a sequence begins with."""

    name = "zeros"
    formula = "0"

    def __init__(self, columns: int) -> None:
        self.columns = columns

    def shape(self, *shapes: Shape) -> Shape:
        return shapes[0][0], self.columns

    def value(self, *inputs: Array) -> Array:
        return np.zeros((len(inputs[0]), self.columns), inputs[0].dtype)

    def expression(self, *inputs: Term) -> Term:
        return inputs[0].zeros(self.columns)


BESIDE = Beside()
