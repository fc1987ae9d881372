"""Metrics by hand."""

from __future__ import annotations

import numpy as np
import pytest

from flux_studio.training.metrics import class_metrics, number_metrics


def test_three_classes_by_hand() -> None:
    """True 0 0 0 1 1 2, taken for 0 0 1 1 0 2."""
    targets = np.eye(3)[[0, 0, 0, 1, 1, 2]]
    outputs = np.eye(3)[[0, 0, 1, 1, 0, 2]] * 0.7 + 0.1
    found = class_metrics(outputs, targets)
    assert found.confusion == ((2, 1, 0), (1, 1, 0), (0, 0, 1))
    assert found.accuracy == pytest.approx(4 / 6)
    assert found.balanced_accuracy == pytest.approx((2 / 3 + 1 / 2 + 1) / 3)
    # precision 2/3, 1/2, 1 and recall 2/3, 1/2, 1 give F1 2/3, 1/2, 1
    assert found.f1 == pytest.approx((2 / 3 + 1 / 2 + 1) / 3)


def test_yes_no_by_hand() -> None:
    found = class_metrics(np.array([[0.9], [0.2], [0.6], [0.4]]), np.array([[1.0], [1.0], [0.0], [0.0]]))
    assert found.confusion == ((1, 1), (1, 1))
    assert found.balanced_accuracy == 0.5


def test_a_class_that_never_occurs_counts_for_nothing() -> None:
    found = class_metrics(np.eye(3)[[0, 1]], np.eye(3)[[0, 1]])
    assert (found.balanced_accuracy, found.f1) == (1.0, 1.0)


def test_numbers_by_hand() -> None:
    found = number_metrics(np.array([[1.0], [2.0], [4.0]]), np.array([[1.0], [3.0], [2.0]]))
    assert found.mae == pytest.approx(1.0)
    assert found.rmse == pytest.approx((5 / 3) ** 0.5)
    assert found.r2 == pytest.approx(1 - 5 / 2)


def test_targets_that_do_not_vary() -> None:
    assert number_metrics(np.ones((3, 1)), np.ones((3, 1))).r2 == 0.0
