"""Losses: what is made small. Each is summed over outputs and averaged over rows."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

from flux_studio.errors import SpecificationError


class Loss(ABC):
    """A cost C of predictions ŷ and targets y, both N×O, as a 1×1 matrix."""

    name: str
    title: str
    symbol: str
    formula: str

    @abstractmethod
    def forward(self, prediction: Any, target: Any) -> Any:
        """The cost, differentiable with respect to the prediction."""


class MSELoss(Loss):
    """C = (1/N)·Σ_rows Σ_outputs (ŷ − y)², with the gradient ∂C/∂ŷ = 2(ŷ − y)/N."""

    name = "mse"
    title = "mean squared error"
    symbol = "MSE"
    formula = "C = (1/N)·Σ (ŷ − y)²"

    def forward(self, prediction: Any, target: Any) -> Any:
        return (prediction - target).named("error_matrix").mean_square()


LOSSES: dict[str, type[Loss]] = {MSELoss.name: MSELoss}


def make_loss(name: str) -> Loss:
    """A loss by name."""
    if name not in LOSSES:
        raise SpecificationError(f"loss {name!r} is not known; choose one of {', '.join(LOSSES)}")
    return LOSSES[name]()
