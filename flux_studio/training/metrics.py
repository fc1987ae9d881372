"""How well predictions fit: for classes by counting right answers, for numbers by their distances."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flux_studio.data.dataset import Dataset
from flux_studio.engine.network import Network
from flux_studio.engine.operations.base import Array
from flux_studio.training.events import Scores

Counts = NDArray[np.int64]


def scores(network: Network, dataset: Dataset, outputs: Array) -> Scores:
    """Right answers among ``outputs``, those of all training rows, and on the validation rows as the arena has them."""
    judge = dataset.preprocessor.right
    right = judge(outputs, dataset.training_targets)
    if right is None:
        return Scores()
    validation_accuracy = None
    if network.validation is not None:
        judged = judge(network.validation.outputs.view(network.arena), dataset.validation_targets)
        validation_accuracy = None if judged is None else float(judged.mean())
    return Scores(int(right.sum()), len(right), float(right.mean()), validation_accuracy)


@dataclass(frozen=True)
class ClassMetrics:
    """For K classes; a class that never occurs counts for nothing."""

    accuracy: float
    """Share of right answers."""
    balanced_accuracy: float
    """The mean over classes of the share of its rows that are recognised (recall)."""
    f1: float
    """The mean over classes of 2·precision·recall / (precision + recall)."""
    confusion: tuple[tuple[int, ...], ...]
    """K×K: how many rows of each true class (row) were taken for each class (column)."""


@dataclass(frozen=True)
class NumberMetrics:
    """For numbers, in the scale they are trained in, over all outputs together."""

    mae: float
    """The mean of |ŷ − y|."""
    rmse: float
    """The square root of the mean of (ŷ − y)²."""
    r2: float
    """1 − Σ(ŷ − y)² / Σ(y − ȳ)², with ȳ the mean of each output; 0 where the targets do not vary."""


def classes_of(outputs: NDArray[Any]) -> Counts:
    """The class of each row: the largest of several outputs, or the side of 0.5 of a single one."""
    if outputs.shape[1] == 1:
        return (outputs[:, 0] > 0.5).astype(np.int64)
    return np.asarray(outputs.argmax(axis=1), np.int64)


def class_metrics(outputs: NDArray[Any], targets: NDArray[Any]) -> ClassMetrics:
    """Metrics of N×K outputs (or N×1 for yes/no) against targets of the same shape."""
    size = max(2, targets.shape[1])
    confusion = np.zeros((size, size), np.int64)
    np.add.at(confusion, (classes_of(targets), classes_of(outputs)), 1)
    hits, true, taken = np.diag(confusion), confusion.sum(axis=1), confusion.sum(axis=0)
    occurs = true > 0
    recall = hits[occurs] / true[occurs]
    # 2·precision·recall/(precision + recall) = 2·hits / (taken + true)
    f1 = 2 * hits[occurs] / (taken + true)[occurs]
    return ClassMetrics(
        accuracy=float(hits.sum() / confusion.sum()),
        balanced_accuracy=float(recall.mean()),
        f1=float(f1.mean()),
        confusion=tuple(tuple(int(count) for count in row) for row in confusion),
    )


def number_metrics(outputs: NDArray[Any], targets: NDArray[Any]) -> NumberMetrics:
    """Metrics of N×O outputs against targets of the same shape."""
    errors = np.asarray(outputs, np.float64) - targets
    spread = float(((targets - targets.mean(axis=0)) ** 2).sum())
    squares = float((errors**2).sum())
    return NumberMetrics(
        mae=float(np.abs(errors).mean()),
        rmse=float(np.sqrt((errors**2).mean())),
        r2=1.0 - squares / spread if spread > 0 else 0.0,
    )
