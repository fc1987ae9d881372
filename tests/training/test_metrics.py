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
    assert found.confusion.tolist() == [[2, 1, 0], [1, 1, 0], [0, 0, 1]]
    assert found.accuracy == pytest.approx(4 / 6)
    assert found.balanced_accuracy == pytest.approx((2 / 3 + 1 / 2 + 1) / 3)
    # precision 2/3, 1/2, 1 and recall 2/3, 1/2, 1 give F1 2/3, 1/2, 1
    assert found.f1 == pytest.approx((2 / 3 + 1 / 2 + 1) / 3)


def test_yes_no_by_hand() -> None:
    found = class_metrics(np.array([[0.9], [0.2], [0.6], [0.4]]), np.array([[1.0], [1.0], [0.0], [0.0]]))
    assert found.confusion.tolist() == [[1, 1], [1, 1]]
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


def test_exactly_half_is_yes_as_in_predictions() -> None:
    assert class_metrics(np.array([[0.5]]), np.array([[1.0]])).accuracy == 1.0


def test_numbers_in_the_units_of_the_target() -> None:
    outputs, targets = np.array([[1.0], [2.0], [4.0]]), np.array([[1.0], [3.0], [2.0]])
    scaled, own = number_metrics(outputs, targets), number_metrics(outputs, targets, 10.0)
    assert (own.mae, own.rmse, own.r2) == pytest.approx((10 * scaled.mae, 10 * scaled.rmse, scaled.r2))


@pytest.mark.parametrize("seed", range(4))
def test_many_classes_against_counting_one_by_one(seed: int) -> None:
    generator = np.random.default_rng(seed)
    true, taken = generator.integers(0, 7, 300), generator.integers(0, 9, 300)
    found = class_metrics(np.eye(9)[taken] * 0.5, np.eye(9)[true])
    pairs = list(zip(true.tolist(), taken.tolist(), strict=True))
    for row in range(9):
        assert found.confusion[row].tolist() == [pairs.count((row, column)) for column in range(9)]
    recalls, f1s = [], []
    for each in range(7):
        hits = pairs.count((each, each))
        recalls.append(hits / sum(one == each for one, _ in pairs))
        precision = hits / sum(other == each for _, other in pairs)
        f1s.append(2 * precision * recalls[-1] / (precision + recalls[-1]) if hits else 0.0)
    assert found.balanced_accuracy == pytest.approx(np.mean(recalls))
    assert found.f1 == pytest.approx(np.mean(f1s))
    assert not found.confusion.flags.writeable


def test_outputs_that_overflowed_are_no_warning() -> None:
    found = number_metrics(np.array([[1e200], [np.inf]]), np.zeros((2, 1)))
    assert found.mae == found.rmse == np.inf
