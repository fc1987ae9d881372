"""Rows that are kept for the test: stratified, apart from all others, and the same whatever validates."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flux_studio import locations
from flux_studio.data.columns import suggest_columns
from flux_studio.data.dataset import Dataset, prepare
from flux_studio.data.readers import read_table
from flux_studio.errors import DataError

IRIS = read_table(locations.sample("iris.csv"))


def iris(validation: float, test: float, seed: int = 0) -> Dataset:
    generator = np.random.default_rng(seed)
    return prepare(IRIS, suggest_columns(IRIS), validation, generator, test_fraction=test)


def classes(data: Dataset, part: np.ndarray) -> Counter[int]:
    return Counter(data.targets[part].argmax(axis=1).tolist())


@settings(deadline=None, max_examples=40)
@given(st.floats(0, 0.6), st.floats(0, 0.39), st.integers(0, 5))
def test_every_row_is_in_one_part_and_each_class_gives_its_share(
    validation: float, test: float, seed: int
) -> None:
    data = iris(validation, test, seed)
    assert sorted([*data.training, *data.validation, *data.test]) == list(range(150))
    for part, share in ((data.validation, validation), (data.test, test)):
        assert (np.diff(part) > 0).all()
        assert len(part) == (max(1, round(share * 150)) if share else 0)
        assert all(abs(classes(data, part)[each] - share * 50) <= 1 for each in range(3))
    assert len(classes(data, data.training)) == 3


def test_without_test_rows_the_split_is_what_it_always_was() -> None:
    data = iris(0.2, 0.0)
    assert len(data.test) == 0
    assert data.test_inputs.shape == (0, 4)
    assert data.test_targets.shape == (0, 3)
    # The generator shuffles each species once, and validation takes the front.
    generator = np.random.default_rng(0)
    front = [generator.permutation(np.arange(start, start + 50))[:10] for start in (0, 50, 100)]
    assert data.validation.tolist() == sorted(np.concatenate(front).tolist())


def test_the_test_rows_stay_whatever_validates() -> None:
    one, other, none = iris(0.1, 0.2), iris(0.4, 0.2), iris(0.0, 0.2)
    assert one.test.tolist() == other.test.tolist() == none.test.tolist()
    assert len(one.test) == 30
    assert iris(0.1, 0.2, seed=1).test.tolist() != one.test.tolist()


def test_scaling_looks_at_the_training_rows_only() -> None:
    data = iris(0.3, 0.3)
    np.testing.assert_allclose(data.training_inputs.mean(axis=0), 0, atol=1e-12)
    assert np.abs(data.test_inputs.mean(axis=0)).max() > 1e-3
    assert data.test_inputs.flags.writeable is data.test_targets.flags.writeable is False


def test_the_fingerprint_knows_the_test_rows() -> None:
    assert len({iris(*shares).fingerprint for shares in ((0.2, 0.0), (0.2, 0.2), (0.2, 0.1))}) == 3


@pytest.mark.parametrize(
    ("validation", "test", "words"),
    [
        (0.5, 0.5, "must leave some to train on: their shares 0.5 and 0.5 must add to less than 1"),
        (0.2, 1.0, "the share of test rows must be at least 0 and below 1, not 1.0"),
        (0.2, -0.1, "the share of test rows must be at least 0 and below 1, not -0.1"),
        (0.2, float("nan"), "the share of test rows must be at least 0 and below 1, not nan"),
        (1.0, 0.0, "the share of validation rows must be at least 0 and below 1, not 1.0"),
    ],
)
def test_shares_that_cannot_be(validation: float, test: float, words: str) -> None:
    with pytest.raises(DataError) as caught:
        iris(validation, test)
    assert words in str(caught.value)
