"""Operations on each cell by itself: copy, sum, differences, Hadamard product, negative, multiple, power, absolute."""

from __future__ import annotations

from typing import Any

import numpy as np

from flux_studio.engine.operations.base import Array, Elementwise, Operand, Shape, arriving, shape_text
from flux_studio.errors import ShapeError


class Copy(Elementwise):
    """y = x."""

    name = "copy"
    formula = "x"
    matrices = 1

    def value(self, *inputs: Array) -> Array:
        return inputs[0].copy()

    def gradient(
        self, index: int, inputs: tuple[Operand, ...], output: Operand, gradient: Operand | None
    ) -> Operand:
        return arriving(gradient, output)

    @staticmethod
    def cell(x: Any, y: Any, s: Any, t: Any, zero: Any, one: Any) -> Any:
        return x


class Add(Elementwise):
    """The sum of two matrices."""

    name = "add"
    formula = "x + y"

    def value(self, *inputs: Array) -> Array:
        return inputs[0] + inputs[1]

    def gradient(
        self, index: int, inputs: tuple[Operand, ...], output: Operand, gradient: Operand | None
    ) -> Operand:
        return arriving(gradient, output)

    @staticmethod
    def cell(x: Any, y: Any, s: Any, t: Any, zero: Any, one: Any) -> Any:
        return x + y


class Subtract(Elementwise):
    """The difference of two matrices."""

    name = "subtract"
    formula = "x − y"

    def value(self, *inputs: Array) -> Array:
        return inputs[0] - inputs[1]

    def gradient(
        self, index: int, inputs: tuple[Operand, ...], output: Operand, gradient: Operand | None
    ) -> Operand:
        incoming = arriving(gradient, output)
        return incoming if index == 0 else incoming.apply(NEGATE)

    @staticmethod
    def cell(x: Any, y: Any, s: Any, t: Any, zero: Any, one: Any) -> Any:
        return x - y


class Hadamard(Elementwise):
    """The product cell by cell."""

    name = "hadamard"
    formula = "x ⊙ y"

    def value(self, *inputs: Array) -> Array:
        return inputs[0] * inputs[1]

    def gradient(
        self, index: int, inputs: tuple[Operand, ...], output: Operand, gradient: Operand | None
    ) -> Operand:
        return arriving(gradient, output).apply(HADAMARD, inputs[1 - index])

    @staticmethod
    def cell(x: Any, y: Any, s: Any, t: Any, zero: Any, one: Any) -> Any:
        return x * y


class Negate(Elementwise):
    """The negative of a matrix."""

    name = "negate"
    formula = "−x"
    matrices = 1

    def value(self, *inputs: Array) -> Array:
        return -inputs[0]

    def gradient(
        self, index: int, inputs: tuple[Operand, ...], output: Operand, gradient: Operand | None
    ) -> Operand:
        return arriving(gradient, output).apply(NEGATE)

    @staticmethod
    def cell(x: Any, y: Any, s: Any, t: Any, zero: Any, one: Any) -> Any:
        return -x


class _WithNumber(Elementwise):
    """An operation of a matrix and a number, the number being a 1×1 matrix."""

    matrices = 1

    def shape(self, *shapes: Shape) -> Shape:
        if shapes[1] != (1, 1):
            raise ShapeError(
                f"{self.name}: {shape_text(shapes[0])} goes with a single number (1×1), "
                f"not with {shape_text(shapes[1])}"
            )
        return shapes[0]


class Scale(_WithNumber):
    """Scalar multiple: every cell times the same number."""

    name = "scale"
    formula = "s·x"
    letters = ("x", "s")

    def value(self, *inputs: Array) -> Array:
        return np.asarray(inputs[0] * inputs[1][0, 0])

    def gradient(
        self, index: int, inputs: tuple[Operand, ...], output: Operand, gradient: Operand | None
    ) -> Operand:
        from flux_studio.engine.operations.sums import SUM_ALL

        incoming = arriving(gradient, output)
        if index == 0:
            return incoming.apply(SCALE, inputs[1])
        return incoming.apply(HADAMARD, inputs[0]).apply(SUM_ALL)

    @staticmethod
    def cell(x: Any, y: Any, s: Any, t: Any, zero: Any, one: Any) -> Any:
        return s * x


class Power(_WithNumber):
    """Every cell to the same power; the derivative is taken with respect to the base only."""

    name = "power"
    formula = "x^p"
    letters = ("x", "p")

    def value(self, *inputs: Array) -> Array:
        return np.asarray(inputs[0] ** inputs[1][0, 0])

    def gradient(
        self, index: int, inputs: tuple[Operand, ...], output: Operand, gradient: Operand | None
    ) -> Operand:
        if index == 1:
            raise ShapeError(
                "power: there is no derivative with respect to the exponent; keep it a plain number"
            )
        base, exponent = inputs
        lower = base.apply(POWER, exponent.apply(SUBTRACT, exponent.constant("1", fixed=1.0)))
        return arriving(gradient, output).apply(HADAMARD, lower.apply(SCALE, exponent))

    @staticmethod
    def cell(x: Any, y: Any, s: Any, t: Any, zero: Any, one: Any) -> Any:
        return x**s


class ScaledDifference(Elementwise):
    """The difference of two matrices, every cell times the same number."""

    name = "scaled_difference"
    formula = "s·(x − y)"

    def value(self, *inputs: Array) -> Array:
        return np.asarray((inputs[0] - inputs[1]) * inputs[2][0, 0])

    def gradient(
        self, index: int, inputs: tuple[Operand, ...], output: Operand, gradient: Operand | None
    ) -> Operand:
        if index == 2:
            raise ShapeError("scaled_difference: there is no derivative with respect to its number")
        scaled = arriving(gradient, output).apply(SCALE, inputs[2])
        return scaled if index == 0 else scaled.apply(NEGATE)

    @staticmethod
    def cell(x: Any, y: Any, s: Any, t: Any, zero: Any, one: Any) -> Any:
        return s * (x - y)


class Absolute(Elementwise):
    """The absolute value of each cell; at 0 the derivative is taken as 0."""

    name = "absolute"
    formula = "|x|"
    matrices = 1
    has_kinks = True

    def value(self, *inputs: Array) -> Array:
        return np.abs(inputs[0])

    def gradient(
        self, index: int, inputs: tuple[Operand, ...], output: Operand, gradient: Operand | None
    ) -> Operand:
        return arriving(gradient, output).apply(HADAMARD, inputs[0].apply(SIGN))

    @staticmethod
    def cell(x: Any, y: Any, s: Any, t: Any, zero: Any, one: Any) -> Any:
        return abs(x)


class Sign(Elementwise):
    """−1, 0 or 1: the slope of the absolute value."""

    name = "sign"
    formula = "sign x"
    matrices = 1

    def value(self, *inputs: Array) -> Array:
        return np.sign(inputs[0])

    @staticmethod
    def cell(x: Any, y: Any, s: Any, t: Any, zero: Any, one: Any) -> Any:
        return one if x > zero else (-one if x < zero else x)


COPY = Copy()
ADD = Add()
SUBTRACT = Subtract()
HADAMARD = Hadamard()
NEGATE = Negate()
SCALE = Scale()
POWER = Power()
SCALED_DIFFERENCE = ScaledDifference()
ABSOLUTE = Absolute()
SIGN = Sign()
