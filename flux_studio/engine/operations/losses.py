"""Operations that turn a matrix of errors into the cost."""

from __future__ import annotations

from typing import Any

import numpy as np

from flux_studio.engine.operations.base import Array, Operand, Operation, Shape, shape_text
from flux_studio.engine.operations.elementwise import SCALE
from flux_studio.errors import ShapeError


class MeanSquare(Operation):
    """The squares of all cells, summed over outputs and averaged over rows: C = (1/N)·Σ e².

    The second input is 1/N. The derivative is ∂C/∂e = (2/N)·e.
    """

    name = "mean_square"
    formula = "C = (1/N)·Σ e²"

    def shape(self, *shapes: Shape) -> Shape:
        if shapes[1] != (1, 1):
            raise ShapeError(f"mean_square: 1/N is a single number (1×1), not {shape_text(shapes[1])}")
        return 1, 1

    def value(self, *inputs: Array) -> Array:
        errors, share = inputs
        return np.asarray((errors * errors).sum(keepdims=True).reshape(1, 1) * share)

    def gradient(
        self, index: int, inputs: tuple[Operand, ...], output: Operand, gradient: Operand | None
    ) -> Operand:
        if index == 1:
            raise ShapeError("mean_square: the share of a row, 1/N, has no derivative")
        errors = inputs[0]
        local = errors.apply(SCALE, errors.constant("2/N", over_rows=2.0))
        return local if gradient is None else local.apply(SCALE, gradient)

    def sizes(self, output: Shape, *inputs: Shape) -> tuple[int, int, int]:
        return inputs[0][0] * inputs[0][1], 0, 0

    @staticmethod
    def kernel(A: Any, o: Any, a: Any, b: Any, c: Any, d: Any, m: Any, k: Any, n: Any, t: Any) -> None:
        total = A.dtype.type(0)
        for i in range(m):
            total += A[a + i] * A[a + i]
        A[o] = total * A[b]


MEAN_SQUARE = MeanSquare()
