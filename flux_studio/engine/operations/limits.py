"""Penalties on weights, and clipping of gradients: what stands between the backward phase and the optimizer."""

from __future__ import annotations

from typing import Any

import numpy as np

from flux_studio.engine.operations.base import Array, Elementwise, Operation, Shape, shape_text
from flux_studio.engine.workings import Cell, Number, Reading
from flux_studio.errors import ShapeError


class Penalty(Operation):
    """P = λ₁·Σ|w| + (λ₂/2)·Σw², a number of its own beside the loss; inputs are w, λ₁ and λ₂."""

    name = "penalty"
    formula = "P = λ₁·Σ|w| + (λ₂/2)·Σw²"
    letters = ("w", "λ₁", "λ₂")

    def shape(self, *shapes: Shape) -> Shape:
        return 1, 1

    def value(self, *inputs: Array) -> Array:
        weights, l1, l2 = inputs
        return np.asarray(l1 * np.abs(weights).sum() + l2 * (weights * weights).sum() / 2)

    def explain(self, at: Cell, read: Reading) -> Number:
        w = read.whole(0)
        magnitudes = read.total("sum₁", "i", w, form="|{0}|", terms=np.abs(w.values))
        squares = read.total("sum₂", "i", w, form="{0}²", terms=w.values**2)
        return read.cell(1, 0, 0) * magnitudes + read.cell(2, 0, 0) * squares / 2

    def sizes(self, output: Shape, *inputs: Shape) -> tuple[int, int, int]:
        return inputs[0][0] * inputs[0][1], 0, 0

    @staticmethod
    def kernel(A: Any, o: Any, a: Any, b: Any, c: Any, d: Any, m: Any, k: Any, n: Any, t: Any) -> None:
        magnitudes = A.dtype.type(0)
        squares = A.dtype.type(0)
        for i in range(m):
            magnitudes += abs(A[a + i])
            squares += A[a + i] * A[a + i]
        two = A.dtype.type(2)
        A[o] = A[b] * magnitudes + A[c] * squares / two


class PenaltyGradient(Elementwise):
    """∂C/∂w + ∂P/∂w = ∂C/∂w + λ₁·sign w + λ₂·w; inputs are the gradient, w, λ₁ and λ₂."""

    name = "penalty_gradient"
    formula = "∂C/∂w + λ₁·sign w + λ₂·w"
    letters = ("g", "w", "λ₁", "λ₂")

    def value(self, *inputs: Array) -> Array:
        gradients, weights, l1, l2 = inputs
        return gradients + l1 * np.sign(weights) + l2 * weights

    @staticmethod
    def cell(x: Any, y: Any, s: Any, t: Any, zero: Any, one: Any) -> Any:
        return x + t * y + (s if y > zero else (-s if y < zero else zero))


class ClipValue(Elementwise):
    """Every cell kept between −limit and +limit."""

    name = "clip_value"
    formula = "max(−c, min(c, g))"
    letters = ("g", "c")
    matrices = 1

    def value(self, *inputs: Array) -> Array:
        values, limit = inputs
        return np.clip(values, -limit, limit)

    @staticmethod
    def cell(x: Any, y: Any, s: Any, t: Any, zero: Any, one: Any) -> Any:
        return s if x > s else (-s if x < -s else x)


class Norm(Operation):
    """‖g‖ = √Σg², over all gradients at once."""

    name = "norm"
    formula = "‖g‖ = √Σ g²"
    letters = ("g",)

    def shape(self, *shapes: Shape) -> Shape:
        return 1, 1

    def value(self, *inputs: Array) -> Array:
        return np.asarray(np.sqrt((inputs[0] * inputs[0]).sum(keepdims=True)).reshape(1, 1))

    def explain(self, at: Cell, read: Reading) -> Number:
        g = read.whole(0)
        return read.total("sum", "i", g, form="{0}²", terms=g.values**2).sqrt()

    def sizes(self, output: Shape, *inputs: Shape) -> tuple[int, int, int]:
        return inputs[0][0] * inputs[0][1], 0, 0

    @staticmethod
    def kernel(A: Any, o: Any, a: Any, b: Any, c: Any, d: Any, m: Any, k: Any, n: Any, t: Any) -> None:
        total = A.dtype.type(0)
        for i in range(m):
            total += A[a + i] * A[a + i]
        A[o] = np.sqrt(total)


class ClipFactor(Operation):
    """min(1, limit / (‖g‖ + 10⁻⁶)), as PyTorch has it; inputs are the norm, the limit and 10⁻⁶."""

    name = "clip_factor"
    formula = "min(1, c / (‖g‖ + 10⁻⁶))"
    letters = ("‖g‖", "c", "10⁻⁶")

    def shape(self, *shapes: Shape) -> Shape:
        if any(shape != (1, 1) for shape in shapes):
            raise ShapeError(f"clip_factor: takes single numbers, not {', '.join(map(shape_text, shapes))}")
        return 1, 1

    def value(self, *inputs: Array) -> Array:
        norm, limit, tiny = inputs
        return np.minimum(1, limit / (norm + tiny))

    def explain(self, at: Cell, read: Reading) -> Number:
        return min(read.one, read.cell(1, 0, 0) / (read.cell(0, 0, 0) + read.cell(2, 0, 0)))

    def sizes(self, output: Shape, *inputs: Shape) -> tuple[int, int, int]:
        return 0, 0, 0

    @staticmethod
    def kernel(A: Any, o: Any, a: Any, b: Any, c: Any, d: Any, m: Any, k: Any, n: Any, t: Any) -> None:
        A[o] = min(A.dtype.type(1), A[b] / (A[a] + A[c]))


PENALTY = Penalty()
PENALTY_GRADIENT = PenaltyGradient()
CLIP_VALUE = ClipValue()
NORM = Norm()
CLIP_FACTOR = ClipFactor()
LIMITS: tuple[Operation, ...] = (PENALTY, PENALTY_GRADIENT, CLIP_VALUE, NORM, CLIP_FACTOR)
