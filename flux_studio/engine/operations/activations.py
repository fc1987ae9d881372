"""The activations h(a), each beside its slope ∂h/∂a."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np

from flux_studio.engine.operations.base import Array, Elementwise, Operand, arriving
from flux_studio.engine.operations.elementwise import HADAMARD
from flux_studio.engine.operations.exponentials import exp, expm1, tanh
from flux_studio.errors import ShapeError


class Slope(Elementwise):
    """∂h/∂a of an activation, from a, from h = h(a) and from the activation's constants."""

    def __init__(self, activation: ActivationOperation) -> None:
        self.activation = activation
        self.name = f"{activation.name}_slope"
        self.formula = activation.slope_formula
        self.letters = ("a", "h", *(symbol for symbol, _ in activation.constants))

    def arithmetic(self) -> Callable[..., Any]:
        return self.activation.slope_cell

    def written(self) -> Callable[..., Any]:
        return self.activation.slope_written()

    def value(self, *inputs: Array) -> Array:
        return self.activation.slope_value(*inputs)


class ActivationOperation(Elementwise):
    """An activation: inputs are a and the constants it is made with.

    In ``cell``, ``x`` is a; in ``slope_cell``, ``x`` is a and ``y`` is h. ``s`` and ``t`` are the constants.
    """

    matrices = 1
    title: str
    slope_formula: str
    constants: ClassVar[tuple[tuple[str, float], ...]] = ()
    """Symbol and value of each constant; each is a slot of the arena."""

    def __init__(self) -> None:
        self.letters = ("a", *(symbol for symbol, _ in self.constants))
        self.slope = Slope(self)

    def gradient(
        self, index: int, inputs: tuple[Operand, ...], output: Operand, gradient: Operand | None
    ) -> Operand:
        if index > 0:
            raise ShapeError(f"{self.name}: there is no derivative with respect to its constants")
        slope = inputs[0].apply(self.slope, output, *inputs[1:])
        output.has_slope(slope)
        return arriving(gradient, output).apply(HADAMARD, slope)

    def slope_written(self) -> Callable[..., Any]:
        """The function of one cell's slope that an explanation writes down."""
        return self.slope_cell

    def slope_value(self, a: Array, h: Array, *constants: Array) -> Array:
        """∂h/∂a by NumPy."""
        raise ShapeError(f"{self.name} has no slope")

    @staticmethod
    def slope_cell(x: Any, y: Any, s: Any, t: Any, zero: Any, one: Any) -> Any:
        """∂h/∂a of one cell."""
        raise ShapeError("this activation has no slope")


class Identity(ActivationOperation):
    """h = a."""

    name = "identity"
    title = "identity"
    in_onnx = ("Identity",)
    in_torch = "nn.Identity()"
    formula = "h = a"
    slope_formula = "∂h/∂a = 1"

    def value(self, *inputs: Array) -> Array:
        return inputs[0].copy()

    def slope_value(self, a: Array, h: Array, *constants: Array) -> Array:
        return np.ones_like(a)

    @staticmethod
    def cell(x: Any, y: Any, s: Any, t: Any, zero: Any, one: Any) -> Any:
        return x

    @staticmethod
    def slope_cell(x: Any, y: Any, s: Any, t: Any, zero: Any, one: Any) -> Any:
        return one


class ReLU(ActivationOperation):
    """Nothing below zero, a above it. At 0 the slope is 0; NaN stays NaN."""

    name = "relu"
    title = "ReLU"
    in_onnx = ("Relu",)
    in_torch = "nn.ReLU()"
    formula = "h = max(0, a)"
    slope_formula = "∂h/∂a = 1 where a > 0, else 0"
    has_kinks = True

    def value(self, *inputs: Array) -> Array:
        return np.maximum(inputs[0], 0)

    def slope_value(self, a: Array, h: Array, *constants: Array) -> Array:
        return (a > 0).astype(a.dtype)

    @staticmethod
    def cell(x: Any, y: Any, s: Any, t: Any, zero: Any, one: Any) -> Any:
        return zero if x <= zero else x

    @staticmethod
    def slope_cell(x: Any, y: Any, s: Any, t: Any, zero: Any, one: Any) -> Any:
        return one if x > zero else zero


class LeakyReLU(ActivationOperation):
    """a above zero, a hundredth of it below. At 0 the slope is that of the lower side."""

    name = "leaky_relu"
    title = "leaky ReLU"
    in_onnx = ("LeakyRelu", "alpha")
    in_torch = "nn.LeakyReLU({})"
    formula = "h = a where a > 0, else 0.01·a"
    slope_formula = "∂h/∂a = 1 where a > 0, else 0.01"
    constants = (("leak", 0.01),)
    has_kinks = True

    def value(self, *inputs: Array) -> Array:
        a, leak = inputs
        return np.where(a > 0, a, leak * a)

    def slope_value(self, a: Array, h: Array, *constants: Array) -> Array:
        return np.where(a > 0, np.ones_like(a), constants[0])

    @staticmethod
    def cell(x: Any, y: Any, s: Any, t: Any, zero: Any, one: Any) -> Any:
        return x if x > zero else s * x

    @staticmethod
    def slope_cell(x: Any, y: Any, s: Any, t: Any, zero: Any, one: Any) -> Any:
        return one if x > zero else s


class ELU(ActivationOperation):
    """a above zero, an exponential that ends at −α below it (α = 1)."""

    name = "elu"
    title = "ELU"
    in_onnx = ("Elu", "alpha")
    in_torch = "nn.ELU({})"
    formula = "h = a where a > 0, else α·(e^a − 1)"
    is_long = True
    slope_formula = "∂h/∂a = 1 where a > 0, else h + α"
    constants = (("α", 1.0),)
    has_kinks = True

    def value(self, *inputs: Array) -> Array:
        a, alpha = inputs
        return np.where(a > 0, a, alpha * np.expm1(np.minimum(a, 0)))

    def slope_value(self, a: Array, h: Array, *constants: Array) -> Array:
        return np.where(a > 0, np.ones_like(a), h + constants[0])

    @staticmethod
    def cell(x: Any, y: Any, s: Any, t: Any, zero: Any, one: Any) -> Any:
        return x if x > zero else s * expm1(x)

    @staticmethod
    def slope_cell(x: Any, y: Any, s: Any, t: Any, zero: Any, one: Any) -> Any:
        return one if x > zero else y + s


class Sigmoid(ActivationOperation):
    """The logistic function, between 0 and 1."""

    name = "sigmoid"
    title = "sigmoid"
    in_onnx = ("Sigmoid",)
    in_torch = "nn.Sigmoid()"
    formula = "h = 1 / (1 + e^(−a))"
    is_long = True
    slope_formula = "∂h/∂a = h·(1 − h)"

    def value(self, *inputs: Array) -> Array:
        return _logistic(inputs[0])

    def slope_value(self, a: Array, h: Array, *constants: Array) -> Array:
        return h * (1 - h)

    @staticmethod
    def cell(x: Any, y: Any, s: Any, t: Any, zero: Any, one: Any) -> Any:
        return one / (one + exp(-x))

    @staticmethod
    def slope_cell(x: Any, y: Any, s: Any, t: Any, zero: Any, one: Any) -> Any:
        return y * (one - y)


class Tanh(ActivationOperation):
    """The hyperbolic tangent, between −1 and 1."""

    name = "tanh"
    title = "tanh"
    in_onnx = ("Tanh",)
    in_torch = "nn.Tanh()"
    formula = "h = tanh a"
    is_long = True
    slope_formula = "∂h/∂a = 1 − h²"

    def value(self, *inputs: Array) -> Array:
        return np.tanh(inputs[0])

    def slope_value(self, a: Array, h: Array, *constants: Array) -> Array:
        return 1 - h * h

    @staticmethod
    def cell(x: Any, y: Any, s: Any, t: Any, zero: Any, one: Any) -> Any:
        return tanh(x)

    @staticmethod
    def slope_cell(x: Any, y: Any, s: Any, t: Any, zero: Any, one: Any) -> Any:
        return one - y * y


class Swish(ActivationOperation):
    """a·σ(a), with β = 1; the slope is taken at a, as it must be."""

    name = "swish"
    title = "swish"
    in_torch = "nn.SiLU()"
    formula = "h = a·σ(a)"
    is_long = True
    slope_formula = "∂h/∂a = σ(a) + h·(1 − σ(a))"

    def value(self, *inputs: Array) -> Array:
        return inputs[0] * _logistic(inputs[0])

    def slope_value(self, a: Array, h: Array, *constants: Array) -> Array:
        sigma = _logistic(a)
        return sigma + h * (1 - sigma)

    @staticmethod
    def cell(x: Any, y: Any, s: Any, t: Any, zero: Any, one: Any) -> Any:
        return x / (one + exp(-x))

    @staticmethod
    def slope_cell(x: Any, y: Any, s: Any, t: Any, zero: Any, one: Any) -> Any:
        sigma = one / (one + exp(-x))
        return sigma + y * (one - sigma)


class GELU(ActivationOperation):
    """a·Φ(a) with the exact normal distribution function Φ(a) = (1 + erf(a/√2)) / 2."""

    name = "gelu"
    title = "GELU"
    in_torch = "nn.GELU()"
    formula = "h = a·Φ(a)"
    is_long = True
    slope_formula = "∂h/∂a = Φ(a) + a·φ(a)"
    constants = (("1/√2", 0.5**0.5), ("1/√(2π)", (2 * np.pi) ** -0.5))

    # Python's own error function takes plain numbers only.
    def written(self) -> Callable[..., Any]:
        return lambda x, y, s, t, zero, one: x * (one + (x * s).erf()) / 2

    def slope_written(self) -> Callable[..., Any]:
        return lambda x, y, s, t, zero, one: (one + (x * s).erf()) / 2 + x * exp(-((x * s) ** 2)) * t

    def value(self, *inputs: Array) -> Array:
        return inputs[0] * _normal(inputs[0])

    def slope_value(self, a: Array, h: Array, *constants: Array) -> Array:
        return _normal(a) + a * np.exp(-0.5 * a * a) * constants[1]

    @staticmethod
    def cell(x: Any, y: Any, s: Any, t: Any, zero: Any, one: Any) -> Any:
        return x * (one + math.erf(x * s)) / (one + one)

    @staticmethod
    def slope_cell(x: Any, y: Any, s: Any, t: Any, zero: Any, one: Any) -> Any:
        return (one + math.erf(x * s)) / (one + one) + x * exp(-(x * s) * (x * s)) * t


def _logistic(a: Array) -> Array:
    # e^(−a) overflows to infinity where the result is 0 all the same.
    with np.errstate(over="ignore"):
        return np.asarray(1 / (1 + np.exp(-a)))


def _normal(a: Array) -> Array:
    from scipy.special import erf

    return np.asarray(0.5 * (1 + erf(a * a.dtype.type(0.5**0.5))))


ACTIVATION_OPERATIONS: dict[str, ActivationOperation] = {
    operation.name: operation
    for operation in (Identity(), ReLU(), LeakyReLU(), ELU(), Sigmoid(), Tanh(), Swish(), GELU())
}
