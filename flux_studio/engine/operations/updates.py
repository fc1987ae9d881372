"""Operations of the update phase: each is one pass over all parameters at once.

Parameters, gradients and optimizer state lie side by side in the same order, weights before biases. An update reads
``rates``, a row of numbers whose places :data:`RATES` names; the running powers of β live there too, so that a
snapshot of the arena is all there is to an optimizer's state.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import numpy as np

from flux_studio.engine.operations.base import NOWHERE, Array, Operation, Reach, Shape, alone, shape_text
from flux_studio.engine.workings import Cell, Number, Reading
from flux_studio.errors import ShapeError

RATES = ("learning_rate", "beta_1", "beta_2", "epsilon", "weight_decay", "beta_1_power", "beta_2_power")
"""What stands where in the row of rates. The powers begin at 1."""

MEANINGS: dict[str, tuple[str, str]] = {
    "beta_1": ("momentum", "share of the earlier direction that each update keeps"),
    "beta_2": ("smoothing", "share of the earlier squared gradients that each update keeps"),
    "epsilon": ("epsilon", "added below the fraction, so that a step stays finite where gradients are tiny"),
    "weight_decay": (
        "weight decay",
        "share of η by which each update shrinks the weights, apart from the gradient",
    ),
}
"""What people call each rate that an update may read beyond the learning rate, and what it does."""


class Update(Operation):
    """θ changed in place by its gradient: inputs are θ, ∂C/∂θ, the rates and the optimizer's state.

    In a kernel: ``o`` is θ, ``a`` the gradient, ``b`` the rates, ``c`` and ``d`` the state; ``m`` counts parameters.
    """

    in_place = True
    state: tuple[str, ...] = ()
    """What is kept from one update to the next, each a block as long as the parameters."""
    defaults: tuple[tuple[str, float], ...] = ()
    """Values of the rates beyond the learning rate."""
    symbols: Mapping[str, str] = MappingProxyType({})
    """How the formula writes these rates."""
    letters = ("θ", "g", "rate", "m", "v")

    def shape(self, *shapes: Shape) -> Shape:
        for other in (shapes[1], *shapes[3:]):
            if other != shapes[0]:
                raise ShapeError(
                    f"{self.name}: {shape_text(shapes[0])} and {shape_text(other)} must be the same shape"
                )
        return shapes[0]

    def value(self, *inputs: Array) -> Array:
        parameters = inputs[0].copy()
        self.change(parameters, inputs[1], inputs[2].copy(), *(each.copy() for each in inputs[3:]))
        return parameters

    def carry_out(self, output: Array, inputs: tuple[Array, ...], iteration: int) -> None:
        self.change(*inputs)

    def change(self, parameters: Array, gradients: Array, rates: Array, *state: Array) -> None:
        """Change parameters, state and running powers in place, by NumPy."""
        raise ShapeError(f"{self.name} has no arithmetic")

    def explain(self, at: Cell, read: Reading) -> Number:
        kept = self.kept(at, read)
        symbols = (part.partition("←")[0].strip() for part in self.formula.split(";"))
        state = [read.named(f"{symbol}′", number) for symbol, number in zip(symbols, kept, strict=False)]
        return read.cell(0, *at) - self.direction(at, read, *state)

    def explain_kept(self, index: int, at: Cell, read: Reading) -> Number:
        return self.kept(at, read)[index - 3]

    def keeps(self, inputs: int) -> range:
        return range(3, inputs)

    def kept(self, at: Cell, read: Reading) -> tuple[Number, ...]:
        """What becomes of the state of one parameter."""
        return ()

    def direction(self, at: Cell, read: Reading, *state: Number) -> Number:
        """What is taken away from one parameter, by its new state."""
        raise ShapeError(f"{self.name} has no explanation")

    def rate(self, read: Reading, name: str) -> Number:
        """One of the rates, by its name in :data:`RATES`."""
        known = {"learning_rate": "η", "beta_1_power": "β₁ᵗ⁻¹", "beta_2_power": "β₂ᵗ⁻¹", **self.symbols}
        return read.cell(2, 0, RATES.index(name), known[name])

    def reach(self, index: int, cell: Cell, output: Shape, *inputs: Shape) -> Reach:
        return super().reach(index, cell, output, *inputs) if index == 2 else alone(cell)

    def sizes(self, output: Shape, *inputs: Shape) -> tuple[int, int, int]:
        return output[0] * output[1], 0, 0


class GradientDescent(Update):
    """θ ← θ − η·∂C/∂θ."""

    name = "gradient_descent"
    formula = "θ ← θ − η·∂C/∂θ"

    def change(self, parameters: Array, gradients: Array, rates: Array, *state: Array) -> None:
        parameters -= rates[0, 0] * gradients

    def direction(self, at: Cell, read: Reading, *state: Number) -> Number:
        return self.rate(read, "learning_rate") * read.cell(1, *at)

    @staticmethod
    def kernel(A: Any, o: Any, a: Any, b: Any, c: Any, d: Any, m: Any, k: Any, n: Any, t: Any) -> None:
        rate = A[b]
        for i in range(m):
            A[o + i] -= rate * A[a + i]


class Momentum(Update):
    """v ← β·v + ∂C/∂θ; θ ← θ − η·v (Polyak 1964, in the form that PyTorch uses)."""

    name = "momentum"
    formula = "v ← β·v + ∂C/∂θ;  θ ← θ − η·v"
    state = ("velocity",)
    defaults = (("beta_1", 0.9),)
    symbols = MappingProxyType({"beta_1": "β"})

    def change(self, parameters: Array, gradients: Array, rates: Array, *state: Array) -> None:
        (velocity,) = state
        velocity *= rates[0, 1]
        velocity += gradients
        parameters -= rates[0, 0] * velocity

    def kept(self, at: Cell, read: Reading) -> tuple[Number, ...]:
        return (self.rate(read, "beta_1") * read.cell(3, *at, "v") + read.cell(1, *at),)

    def direction(self, at: Cell, read: Reading, *state: Number) -> Number:
        return self.rate(read, "learning_rate") * state[0]

    @staticmethod
    def kernel(A: Any, o: Any, a: Any, b: Any, c: Any, d: Any, m: Any, k: Any, n: Any, t: Any) -> None:
        rate = A[b]
        beta = A[b + 1]
        for i in range(m):
            velocity = beta * A[c + i] + A[a + i]
            A[c + i] = velocity
            A[o + i] -= rate * velocity


class Nesterov(Update):
    """v ← β·v + ∂C/∂θ; θ ← θ − η·(∂C/∂θ + β·v) (Sutskever et al. 2013, in the form that PyTorch uses)."""

    name = "nesterov"
    formula = "v ← β·v + ∂C/∂θ;  θ ← θ − η·(∂C/∂θ + β·v)"
    state = ("velocity",)
    defaults = (("beta_1", 0.9),)
    symbols = MappingProxyType({"beta_1": "β"})

    def change(self, parameters: Array, gradients: Array, rates: Array, *state: Array) -> None:
        (velocity,) = state
        velocity *= rates[0, 1]
        velocity += gradients
        parameters -= rates[0, 0] * (gradients + rates[0, 1] * velocity)

    def kept(self, at: Cell, read: Reading) -> tuple[Number, ...]:
        return (self.rate(read, "beta_1") * read.cell(3, *at, "v") + read.cell(1, *at),)

    def direction(self, at: Cell, read: Reading, *state: Number) -> Number:
        look_ahead = read.cell(1, *at) + self.rate(read, "beta_1") * state[0]
        return self.rate(read, "learning_rate") * look_ahead

    @staticmethod
    def kernel(A: Any, o: Any, a: Any, b: Any, c: Any, d: Any, m: Any, k: Any, n: Any, t: Any) -> None:
        rate = A[b]
        beta = A[b + 1]
        for i in range(m):
            velocity = beta * A[c + i] + A[a + i]
            A[c + i] = velocity
            A[o + i] -= rate * (A[a + i] + beta * velocity)


class RMSProp(Update):
    """s ← ρ·s + (1 − ρ)·(∂C/∂θ)²; θ ← θ − η·∂C/∂θ / (√s + ε) (Hinton 2012, lecture 6e)."""

    name = "rmsprop"
    formula = "s ← ρ·s + (1 − ρ)·(∂C/∂θ)²;  θ ← θ − η·∂C/∂θ / (√s + ε)"
    state = ("second_moment",)
    defaults = (("beta_2", 0.99), ("epsilon", 1e-8))
    symbols = MappingProxyType({"beta_2": "ρ", "epsilon": "ε"})

    def change(self, parameters: Array, gradients: Array, rates: Array, *state: Array) -> None:
        (second,) = state
        second *= rates[0, 2]
        second += (1 - rates[0, 2]) * gradients * gradients
        parameters -= rates[0, 0] * gradients / (np.sqrt(second) + rates[0, 3])

    def kept(self, at: Cell, read: Reading) -> tuple[Number, ...]:
        rho, g = self.rate(read, "beta_2"), read.cell(1, *at)
        return (rho * read.cell(3, *at, "s") + (1 - rho) * g**2,)

    def direction(self, at: Cell, read: Reading, *state: Number) -> Number:
        step = self.rate(read, "learning_rate") * read.cell(1, *at)
        return step / (state[0].sqrt() + self.rate(read, "epsilon"))

    @staticmethod
    def kernel(A: Any, o: Any, a: Any, b: Any, c: Any, d: Any, m: Any, k: Any, n: Any, t: Any) -> None:
        one = A.dtype.type(1)
        rate = A[b]
        rho = A[b + 2]
        epsilon = A[b + 3]
        for i in range(m):
            gradient = A[a + i]
            second = rho * A[c + i] + (one - rho) * gradient * gradient
            A[c + i] = second
            A[o + i] -= rate * gradient / (np.sqrt(second) + epsilon)


class Adam(Update):
    """Moments with their bias corrected (Kingma and Ba 2015, algorithm 1; ε outside the corrected root).

    m ← β₁·m + (1 − β₁)·g; v ← β₂·v + (1 − β₂)·g²; θ ← θ − η·m̂ / (√v̂ + ε) with m̂ = m/(1 − β₁ᵗ), v̂ = v/(1 − β₂ᵗ).
    """

    name = "adam"
    formula = "m ← β₁·m + (1 − β₁)·g;  v ← β₂·v + (1 − β₂)·g²;  θ ← θ − η·m̂ / (√v̂ + ε)"
    state = ("first_moment", "second_moment")
    defaults = (("beta_1", 0.9), ("beta_2", 0.999), ("epsilon", 1e-8))
    symbols = MappingProxyType({"beta_1": "β₁", "beta_2": "β₂", "epsilon": "ε"})

    def change(self, parameters: Array, gradients: Array, rates: Array, *state: Array) -> None:
        first, second = state
        rate, beta_1, beta_2, epsilon = rates[0, :4]
        rates[0, 5] *= beta_1
        rates[0, 6] *= beta_2
        first *= beta_1
        first += (1 - beta_1) * gradients
        second *= beta_2
        second += (1 - beta_2) * gradients * gradients
        root = np.sqrt(second) / np.sqrt(1 - rates[0, 6])
        parameters -= rate / (1 - rates[0, 5]) * first / (root + epsilon)

    def kept(self, at: Cell, read: Reading) -> tuple[Number, ...]:
        g, beta_1, beta_2 = read.cell(1, *at), self.rate(read, "beta_1"), self.rate(read, "beta_2")
        first = beta_1 * read.cell(3, *at, "m") + (1 - beta_1) * g
        return first, beta_2 * read.cell(4, *at, "v") + (1 - beta_2) * g**2

    def direction(self, at: Cell, read: Reading, *state: Number) -> Number:
        hats = []
        for number, (letter, moment) in enumerate(zip("mv", state, strict=True), start=1):
            power = self.rate(read, f"beta_{number}_power") * self.rate(read, f"beta_{number}")
            hats.append(read.named(f"{letter}̂", moment / (1 - power)))
        first, second = hats
        return self.rate(read, "learning_rate") * first / (second.sqrt() + self.rate(read, "epsilon"))

    @staticmethod
    def kernel(A: Any, o: Any, a: Any, b: Any, c: Any, d: Any, m: Any, k: Any, n: Any, t: Any) -> None:
        one = A.dtype.type(1)
        beta_1 = A[b + 1]
        beta_2 = A[b + 2]
        epsilon = A[b + 3]
        A[b + 5] *= beta_1
        A[b + 6] *= beta_2
        step = A[b] / (one - A[b + 5])
        scale = one / np.sqrt(one - A[b + 6])
        for i in range(m):
            gradient = A[a + i]
            first = beta_1 * A[c + i] + (one - beta_1) * gradient
            second = beta_2 * A[d + i] + (one - beta_2) * gradient * gradient
            A[c + i] = first
            A[d + i] = second
            A[o + i] -= step * first / (np.sqrt(second) * scale + epsilon)


class DecayWeights(Update):
    """θ ← θ − η·λ·θ: AdamW's weight decay, apart from the gradient (Loshchilov and Hutter 2019).

    Inputs are the weights, anything of their shape, and the rates.
    """

    name = "decay_weights"
    formula = "w ← w − η·λ·w"
    symbols = MappingProxyType({"weight_decay": "λ"})

    def change(self, parameters: Array, gradients: Array, rates: Array, *state: Array) -> None:
        parameters *= 1 - rates[0, 0] * rates[0, 4]

    def direction(self, at: Cell, read: Reading, *state: Number) -> Number:
        shrinking = self.rate(read, "learning_rate") * self.rate(read, "weight_decay")
        return shrinking * read.cell(0, *at)

    def reach(self, index: int, cell: Cell, output: Shape, *inputs: Shape) -> Reach:
        return NOWHERE if index == 1 else super().reach(index, cell, output, *inputs)

    @staticmethod
    def kernel(A: Any, o: Any, a: Any, b: Any, c: Any, d: Any, m: Any, k: Any, n: Any, t: Any) -> None:
        keep = A.dtype.type(1) - A[b] * A[b + 4]
        for i in range(m):
            A[o + i] *= keep


GRADIENT_DESCENT = GradientDescent()
MOMENTUM = Momentum()
NESTEROV = Nesterov()
RMSPROP = RMSProp()
ADAM = Adam()
DECAY_WEIGHTS = DecayWeights()
UPDATES: tuple[Update, ...] = (GRADIENT_DESCENT, MOMENTUM, NESTEROV, RMSPROP, ADAM, DECAY_WEIGHTS)
