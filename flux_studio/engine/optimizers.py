"""Optimizers for eager tensors: rules that change parameters by their gradients."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from flux_studio.engine.operations import updates
from flux_studio.engine.tensor import Tensor
from flux_studio.engine.updating import UpdateRule
from flux_studio.errors import ProgramError


class EagerOptimizer:
    """Changes tensors by their gradients, by the same operation that a program uses."""

    def __init__(self, parameters: Sequence[Tensor], rule: UpdateRule) -> None:
        self.parameters = list(parameters)
        self.alpha = rule.learning_rate
        self._update = rule.kind.update
        self._decays = rule.rates()[updates.RATES.index("weight_decay")] > 0
        self._rates = [np.array([rule.rates()], each.data.dtype) for each in self.parameters]
        self._state = [[np.zeros_like(each.data) for _ in self._update.state] for each in self.parameters]

    def zero(self) -> None:
        """Forget the gradients."""
        for parameter in self.parameters:
            parameter.grad = None

    def step(self, zero: bool = True) -> None:
        """Change every parameter by its gradient; then, with ``zero``, forget the gradients."""
        name = type(self).__name__
        for parameter, rates, state in zip(self.parameters, self._rates, self._state, strict=True):
            if parameter.grad is None:
                raise ProgramError(f"{name}: a parameter has no gradient; call backward() on the loss first")
            rates[0, 0] = self.alpha
            parameter.data = parameter.data.copy()
            if self._decays:
                updates.DECAY_WEIGHTS.change(parameter.data, parameter.data, rates)
            self._update.change(parameter.data, parameter.grad.data, rates, *state)
        if zero:
            self.zero()


class SGD(EagerOptimizer):
    """Gradient descent, with momentum (plain or Nesterov's) where it is asked for."""

    def __init__(
        self, parameters: Sequence[Tensor], alpha: float = 0.1, momentum: float = 0.0, nesterov: bool = False
    ) -> None:
        if not momentum:
            super().__init__(parameters, UpdateRule("sgd", alpha))
        else:
            super().__init__(
                parameters, UpdateRule("nesterov" if nesterov else "momentum", alpha, {"beta_1": momentum})
            )


class RMSProp(EagerOptimizer):
    """Steps divided by a running root mean square of the gradient."""

    def __init__(self, parameters: Sequence[Tensor], alpha: float = 0.01, rho: float = 0.99) -> None:
        super().__init__(parameters, UpdateRule("rmsprop", alpha, {"beta_2": rho}))


class Adam(EagerOptimizer):
    """Adaptive moments."""

    def __init__(
        self, parameters: Sequence[Tensor], alpha: float = 0.001, beta_1: float = 0.9, beta_2: float = 0.999
    ) -> None:
        super().__init__(parameters, UpdateRule("adam", alpha, {"beta_1": beta_1, "beta_2": beta_2}))


class AdamW(EagerOptimizer):
    """Adam with weight decay of its own, on every parameter it is given: give it the weights only."""

    def __init__(
        self, parameters: Sequence[Tensor], alpha: float = 0.001, weight_decay: float = 0.01
    ) -> None:
        super().__init__(parameters, UpdateRule("adamw", alpha, {"weight_decay": weight_decay}))
