"""How well predictions fit: for classes by counting right answers, for numbers by their distances."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Counts = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class ClassMetrics:
    """For K classes; a class that never occurs counts for nothing."""

    accuracy: float
    """Share of right answers."""
    balanced_accuracy: float
    """The mean over classes of the share of its rows that are recognised (recall)."""
    f1: float
    """The mean over classes of 2·precision·recall / (precision + recall)."""
    confusion: Counts
    """K×K: how many rows of each true class (row) were taken for each class (column); not to be written to."""


@dataclass(frozen=True)
class NumberMetrics:
    """For numbers, over all outputs together."""

    mae: float
    """The mean of |ŷ − y|."""
    rmse: float
    """The square root of the mean of (ŷ − y)²."""
    r2: float
    """1 − Σ(ŷ − y)² / Σ(y − ȳ)², with ȳ the mean of each output; 0 where the targets do not vary."""


Metrics = ClassMetrics | NumberMetrics


def classes_of(outputs: NDArray[Any]) -> Counts:
    """The class of each row: the largest of several outputs, or the side of 0.5 (yes from there on) of a single one."""
    if outputs.shape[1] == 1:
        return (outputs[:, 0] >= 0.5).astype(np.int64)
    return np.asarray(outputs.argmax(axis=1), np.int64)


def class_metrics(outputs: NDArray[Any], targets: NDArray[Any]) -> ClassMetrics:
    """Metrics of N×K outputs (or N×1 for yes/no) against targets of the same shape; N is at least 1."""
    size = max(2, targets.shape[1])
    pairs = classes_of(targets) * size + classes_of(outputs)
    confusion = np.bincount(pairs, minlength=size * size).astype(np.int64).reshape(size, size)
    confusion.flags.writeable = False
    hits, true, taken = np.diag(confusion), confusion.sum(axis=1), confusion.sum(axis=0)
    occurs = true > 0
    recall = hits[occurs] / true[occurs]
    # 2·precision·recall/(precision + recall) = 2·hits / (taken + true)
    f1 = 2 * hits[occurs] / (taken + true)[occurs]
    return ClassMetrics(
        accuracy=float(hits.sum() / confusion.sum()),
        balanced_accuracy=float(recall.mean()),
        f1=float(f1.mean()),
        confusion=confusion,
    )


def number_metrics(outputs: NDArray[Any], targets: NDArray[Any], unit: float = 1.0) -> NumberMetrics:
    """Metrics of N×O outputs against targets of the same shape; N is at least 1.

    ``unit`` is how many of the target's own units one of its encoded numbers is: MAE and RMSE are in its own.
    """
    # What has overflowed in a network that diverges is told as infinite, not as a warning.
    with np.errstate(over="ignore", invalid="ignore"):
        errors = np.asarray(outputs, np.float64) - targets
        spread = float(((targets - targets.mean(axis=0)) ** 2).sum())
        squares = float((errors**2).sum())
        return NumberMetrics(
            mae=float(np.abs(errors).mean()) * unit,
            rmse=float(np.sqrt((errors**2).mean())) * unit,
            r2=1.0 - squares / spread if spread > 0 else 0.0,
        )
