"""Update rules on one long vector, in plain NumPy, written from their formulas: what the engine is compared with."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flux_studio.engine.updating import UpdateRule

Array = NDArray[Any]


class Textbook:
    """The same rule on one long vector, in plain NumPy, written from the formulas."""

    def __init__(self, rule: UpdateRule, weights: int) -> None:
        self.rule, self.weights, self.u = rule, weights, 0
        self.m: Any = 0.0
        self.v: Any = 0.0

    def rate(self) -> float:
        rule = self.rule
        if self.u < rule.warm_up:
            return rule.learning_rate * (self.u + 1) / rule.warm_up
        u = self.u - rule.warm_up
        match rule.schedule:
            case "step":
                return rule.learning_rate * rule.factor ** math.floor(u / rule.period)
            case "exponential":
                return rule.learning_rate * rule.factor**u
            case "cosine":
                wave = (1 + math.cos(math.pi * min(1.0, u / rule.period))) / 2
                return rule.learning_rate * (rule.floor + (1 - rule.floor) * wave)
        return rule.learning_rate

    def step(self, theta: Array, gradient: Array) -> Array:
        rule, rate = self.rule, self.rate()
        settings = {**rule.kind.settings, **rule.settings}
        theta, g = theta.copy(), gradient.copy()
        w = slice(0, self.weights)
        g[w] += rule.l1 * np.sign(theta[w]) + rule.l2 * theta[w]
        if rule.clip_value is not None:
            g = np.clip(g, -rule.clip_value, rule.clip_value)
        if rule.clip_norm is not None:
            g = g * min(1.0, rule.clip_norm / (math.sqrt((g**2).sum()) + 1e-6))
        theta[w] -= rate * settings.get("weight_decay", 0.0) * theta[w]
        self.u += 1
        b1, b2, eps = (settings.get(name, 0.0) for name in ("beta_1", "beta_2", "epsilon"))
        match rule.optimizer:
            case "sgd":
                return theta - rate * g
            case "momentum":
                self.v = b1 * self.v + g
                return theta - rate * self.v
            case "nesterov":
                self.v = b1 * self.v + g
                return theta - rate * (g + b1 * self.v)
            case "rmsprop":
                self.v = b2 * self.v + (1 - b2) * g**2
                return theta - rate * g / (np.sqrt(self.v) + eps)
        self.m = b1 * self.m + (1 - b1) * g
        self.v = b2 * self.v + (1 - b2) * g**2
        corrected = self.m / (1 - b1**self.u), self.v / (1 - b2**self.u)
        return theta - rate * corrected[0] / (np.sqrt(corrected[1]) + eps)
