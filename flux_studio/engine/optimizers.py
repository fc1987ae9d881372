"""Optimizers for eager tensors: rules that change parameters by their gradients."""

from __future__ import annotations

from collections.abc import Sequence

from flux_studio.engine.operations import GRADIENT_DESCENT
from flux_studio.engine.tensor import Tensor
from flux_studio.errors import ProgramError


class SGD:
    """Gradient descent: θ ← θ − α·∂C/∂θ."""

    def __init__(self, parameters: Sequence[Tensor], alpha: float = 0.1) -> None:
        self.parameters = list(parameters)
        self.alpha = alpha

    def zero(self) -> None:
        """Forget the gradients."""
        for parameter in self.parameters:
            parameter.grad = None

    def step(self, zero: bool = True) -> None:
        """Change every parameter by its gradient; then, with ``zero``, forget the gradients."""
        for parameter in self.parameters:
            if parameter.grad is None:
                raise ProgramError("SGD: a parameter has no gradient; call backward() on the loss first")
            rate = parameter.constant("α", fixed=self.alpha)
            parameter.data = GRADIENT_DESCENT.value(parameter.data, parameter.grad.data, rate.data)
        if zero:
            self.zero()
