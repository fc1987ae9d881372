"""Losses: what is made small. Each is summed over outputs and averaged over rows."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, ClassVar

import numpy as np

from flux_studio.engine import operations as ops
from flux_studio.engine.operations.base import Array
from flux_studio.errors import DataError, ProgramError, SpecificationError

_TOLERANCE = 1e-4


class Loss(ABC):
    """A cost C of predictions ŷ and targets y, both N×O, as a 1×1 matrix."""

    name: str
    title: str
    symbol: str
    formula: str
    activation: ClassVar[str] = ""
    """The activation that must make the predictions; empty where any may."""
    by_row: ClassVar[str]
    """The matrix, N×O, from which :meth:`of_rows` tells the rows' losses."""

    @abstractmethod
    def forward(self, prediction: Any, target: Any) -> Any:
        """The cost, differentiable with respect to the prediction."""

    @abstractmethod
    def of_rows(self, matrix: Array) -> Array:
        """What each of the N rows costs, N numbers whose mean is the loss; from the matrix :attr:`by_row`."""

    def check_targets(self, targets: Array) -> None:
        """Raise :class:`DataError` for targets, N×O, that this loss cannot judge; as a rule it can judge all."""
        return None


class MSELoss(Loss):
    """C = (1/N)·Σ_rows Σ_outputs (ŷ − y)², with the gradient ∂C/∂ŷ = 2(ŷ − y)/N."""

    name = "mse"
    title = "mean squared error"
    symbol = "MSE"
    formula = "C = (1/N)·Σ (ŷ − y)²"
    by_row = "error_matrix"

    def forward(self, prediction: Any, target: Any) -> Any:
        return (prediction - target).named("error_matrix").mean_square()

    def of_rows(self, matrix: Array) -> Array:
        return np.asarray(np.square(matrix, dtype=np.float64).sum(axis=1))


class _LogLoss(Loss):
    """C = −(1/N)·Σ ℓ, with ℓ the logarithm of the probability that was given to the target.

    The predictions are the probabilities P. ℓ is computed from the logits a that they were made of, so that it is
    finite where a probability is too small to be a number; and the gradient goes straight to the logits,
    ∂C/∂a = (P − Y)/N. No gradient stands at P itself.
    """

    by_row = "log_likelihood_matrix"

    def of_rows(self, matrix: Array) -> Array:
        return np.asarray(-matrix.sum(axis=1, dtype=np.float64))

    def forward(self, prediction: Any, target: Any) -> Any:
        logits = prediction.made_by(ops.ACTIVATIONS[self.activation])
        if logits is None:
            raise ProgramError(
                f"{self.title} judges what a {self.activation} has made: "
                f"let the last layer end in the activation {self.activation}"
            )
        logs = self._log_likelihood(logits.held(), prediction.held(), target)
        summed = logits.apply(
            ops.LOG_LOSS, logs.named("log_likelihood_matrix").held(), prediction.held(), target
        )
        return summed.named("summed_loss_matrix", gradient="dC_dS_matrix").scale(
            prediction.constant("1/N", over_rows=1.0)
        )

    @abstractmethod
    def _log_likelihood(self, logits: Any, probabilities: Any, target: Any) -> Any:
        """ℓ, N×O."""


class CrossEntropyLoss(_LogLoss):
    """Softmax cross-entropy C = −(1/N)·Σ_rows Σ_outputs y·log p, with ∂C/∂a = (P − Y)/N for p = softmax a.

    Predictions must come straight out of a softmax. Targets are the probabilities of the classes, one-hot as a
    rule: each row adds up to 1.
    """

    name = "cross_entropy"
    title = "cross-entropy"
    symbol = "CE"
    formula = "C = −(1/N)·Σ y·log p"
    activation = "softmax"

    def check_targets(self, targets: Array) -> None:
        if targets.shape[1] < 2:
            raise DataError(
                "cross-entropy chooses between classes, but there is a single output: "
                "use binary cross-entropy for yes or no, mean squared error for numbers"
            )
        sums = targets.sum(axis=1)
        wrong = np.flatnonzero((np.abs(sums - 1) > _TOLERANCE) | (targets.min(axis=1) < 0))
        if wrong.size:
            raise DataError(
                "cross-entropy needs targets that say one class a row (they add up to 1, none below 0), but those of "
                f"row {wrong[0] + 1} add up to {sums[wrong[0]]:g}: predict one column of words, or choose another loss"
            )

    def _log_likelihood(self, logits: Any, probabilities: Any, target: Any) -> Any:
        return target * logits.apply(ops.LOG_SOFTMAX, probabilities).named("log_probabilities_matrix")


class BCELoss(_LogLoss):
    """Binary cross-entropy C = −(1/N)·Σ_rows Σ_outputs [y·log p + (1 − y)·log(1 − p)] for p = σ(a).

    The gradient is ∂C/∂a = (P − Y)/N. Predictions must come straight out of a sigmoid. Targets lie between 0 and 1.
    Like the other losses it is summed over outputs: with O outputs it is O times what a mean over all cells gives.
    """

    name = "bce"
    title = "binary cross-entropy"
    symbol = "BCE"
    formula = "C = −(1/N)·Σ [y·log p + (1 − y)·log(1 − p)]"
    activation = "sigmoid"

    def check_targets(self, targets: Array) -> None:
        wrong = np.argwhere((targets < 0) | (targets > 1))
        if wrong.size:
            row, column = (int(place) for place in wrong[0])
            raise DataError(
                "binary cross-entropy needs targets between 0 and 1, but that of "
                f"row {row + 1}, output {column + 1} is {targets[row, column]:g}: choose mean squared error"
            )

    def _log_likelihood(self, logits: Any, probabilities: Any, target: Any) -> Any:
        return logits.apply(ops.LOG_LIKELIHOOD, target)


LOSSES: dict[str, type[Loss]] = {loss.name: loss for loss in (MSELoss, BCELoss, CrossEntropyLoss)}


def make_loss(name: str) -> Loss:
    """A loss by name."""
    if name not in LOSSES:
        raise SpecificationError(f"loss {name!r} is not known; choose one of {', '.join(LOSSES)}")
    return LOSSES[name]()
