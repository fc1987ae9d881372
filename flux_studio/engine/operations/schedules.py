"""Schedules: the learning rate as a function of how many updates there have been.

The input is a row of settings whose places :data:`SETTINGS` names. The u-th update counts from 0; while
u < warm-up the rate rises in a straight line, and the schedule itself begins behind the warm-up.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from flux_studio.engine.operations.base import Array, Operation, Shape, shape_text
from flux_studio.engine.workings import Cell, Number, Reading
from flux_studio.errors import ShapeError

SETTINGS = ("base", "factor", "period", "floor", "warm_up")
_LETTERS = ("η₀", "γ", "T", "f", "W")


class Schedule(Operation):
    """η(u), from the base rate and the settings."""

    title: str
    fields: tuple[str, ...] = ()
    """Which settings the formula reads, beside the base rate and the warm-up that stands before any schedule."""

    def shape(self, *shapes: Shape) -> Shape:
        if shapes[0] != (1, len(SETTINGS)):
            raise ShapeError(f"{self.name}: the settings are 1×{len(SETTINGS)}, not {shape_text(shapes[0])}")
        return 1, 1

    def value(self, *inputs: Array) -> Array:
        return np.full((1, 1), self.rate(inputs[0][0], 0), inputs[0].dtype)

    def carry_out(self, output: Array, inputs: tuple[Array, ...], iteration: int) -> None:
        output[0, 0] = self.rate(inputs[0][0], max(0, iteration - 1))

    def rate(self, settings: Array, update: int) -> float:
        """η of the u-th update, by plain Python."""
        return float(self._rate(update, *(float(value) for value in settings)))

    def explain(self, at: Cell, read: Reading) -> Number:
        update = read.named("u", read.plain(max(0, read.iteration - 1)))
        found: Number = self._rate(
            update, *(read.cell(0, 0, place, letter) for place, letter in enumerate(_LETTERS))
        )
        return found

    def _rate(self, update: Any, base: Any, factor: Any, period: Any, floor: Any, warm_up: Any) -> Any:
        if update < warm_up:
            return base * (update + 1) / warm_up
        return base * self.share(update - warm_up, factor, period, floor)

    def share(self, update: Any, factor: Any, period: Any, floor: Any) -> Any:
        """The share of the base rate, from 0 to 1: of plain numbers, or of such as write it down."""
        raise ShapeError(f"{self.name} has no arithmetic")

    def sizes(self, output: Shape, *inputs: Shape) -> tuple[int, int, int]:
        return 0, 0, 0


class Constant(Schedule):
    """η = η₀."""

    name = "constant_rate"
    title = "constant"
    formula = "η = η₀"

    def share(self, update: Any, factor: Any, period: Any, floor: Any) -> Any:
        return 1.0

    @staticmethod
    def kernel(A: Any, o: Any, a: Any, b: Any, c: Any, d: Any, m: Any, k: Any, n: Any, t: Any) -> None:
        one = A.dtype.type(1)
        u = A.dtype.type(t) - one
        A[o] = A[a] * (u + one) / A[a + 4] if u < A[a + 4] else A[a]


class StepDecay(Schedule):
    """η = η₀·γ^⌊u/T⌋."""

    name = "step_rate"
    title = "step"
    fields = ("factor", "period")
    formula = "η = η₀·γ^⌊u/T⌋"

    def share(self, update: Any, factor: Any, period: Any, floor: Any) -> Any:
        return factor ** (update // period)

    @staticmethod
    def kernel(A: Any, o: Any, a: Any, b: Any, c: Any, d: Any, m: Any, k: Any, n: Any, t: Any) -> None:
        one = A.dtype.type(1)
        u = A.dtype.type(t) - one
        if u < A[a + 4]:
            A[o] = A[a] * (u + one) / A[a + 4]
        else:
            A[o] = A[a] * A[a + 1] ** np.floor((u - A[a + 4]) / A[a + 2])


class Exponential(Schedule):
    """η = η₀·γᵘ."""

    name = "exponential_rate"
    title = "exponential"
    fields = ("factor",)
    formula = "η = η₀·γᵘ"

    def share(self, update: Any, factor: Any, period: Any, floor: Any) -> Any:
        return factor**update

    @staticmethod
    def kernel(A: Any, o: Any, a: Any, b: Any, c: Any, d: Any, m: Any, k: Any, n: Any, t: Any) -> None:
        one = A.dtype.type(1)
        u = A.dtype.type(t) - one
        A[o] = A[a] * (u + one) / A[a + 4] if u < A[a + 4] else A[a] * A[a + 1] ** (u - A[a + 4])


class Cosine(Schedule):
    """η = η₀·(f + (1 − f)·(1 + cos(π·min(u, T)/T)) / 2): half a wave from η₀ to f·η₀ over T updates."""

    name = "cosine_rate"
    title = "cosine"
    fields = ("period", "floor")
    formula = "η = η₀·(f + (1 − f)·(1 + cos(π·u/T)) / 2)"

    def share(self, update: Any, factor: Any, period: Any, floor: Any) -> Any:
        return floor + (1 - floor) * (1 + np.cos(np.pi * min(update, period) / period)) / 2

    @staticmethod
    def kernel(A: Any, o: Any, a: Any, b: Any, c: Any, d: Any, m: Any, k: Any, n: Any, t: Any) -> None:
        one = A.dtype.type(1)
        u = A.dtype.type(t) - one
        if u < A[a + 4]:
            A[o] = A[a] * (u + one) / A[a + 4]
        else:
            angle = np.arccos(-one) * min(u - A[a + 4], A[a + 2]) / A[a + 2]
            A[o] = A[a] * (A[a + 3] + (one - A[a + 3]) * (one + np.cos(angle)) / (one + one))


CONSTANT_RATE = Constant()
STEP_RATE = StepDecay()
EXPONENTIAL_RATE = Exponential()
COSINE_RATE = Cosine()
SCHEDULES: tuple[Schedule, ...] = (CONSTANT_RATE, STEP_RATE, EXPONENTIAL_RATE, COSINE_RATE)
