"""Operations that change the parameters, each one pass over all of them at once."""

from __future__ import annotations

from typing import Any

import numpy as np

from flux_studio.engine.operations.base import Array, Elementwise


class GradientDescent(Elementwise):
    """θ ← θ − η·∂C/∂θ, in place: the inputs are θ, its gradient and the learning rate η."""

    name = "gradient_descent"
    formula = "θ ← θ − η·∂C/∂θ"

    def value(self, *inputs: Array) -> Array:
        parameters, gradients, rate = inputs
        return np.asarray(parameters - rate[0, 0] * gradients)

    @staticmethod
    def cell(x: Any, y: Any, s: Any, t: Any, zero: Any, one: Any) -> Any:
        return x - s * y


GRADIENT_DESCENT = GradientDescent()
