"""First weights: their range, their spread, and that they come from the generator that was passed."""

from __future__ import annotations

import numpy as np
import pytest

from flux_studio.engine.initializers import INITIALIZERS, draw
from flux_studio.errors import SpecificationError


def test_xavier_uniform_lies_within_its_limit_and_fills_it() -> None:
    weights = draw("xavier_uniform", np.random.default_rng(0), 100, 50)
    limit = (6 / 150) ** 0.5
    assert weights.shape == (100, 50)
    assert np.abs(weights).max() <= limit
    assert np.abs(weights).max() > 0.99 * limit
    # The variance of an even distribution over ±l is l²/3.
    assert weights.var() == pytest.approx(limit**2 / 3, rel=0.03)
    assert abs(weights.mean()) < 0.01


def test_uniform_and_zeros() -> None:
    weights = draw("uniform", np.random.default_rng(0), 60, 60)
    assert 0.99 < np.abs(weights).max() <= 1
    assert not draw("zeros", np.random.default_rng(0), 3, 4).any()


@pytest.mark.parametrize("name", INITIALIZERS)
def test_the_same_generator_draws_the_same(name: str) -> None:
    first, second = (draw(name, np.random.default_rng(5), 3, 4) for _ in range(2))
    np.testing.assert_array_equal(first, second)


def test_unknown_rules_are_named() -> None:
    with pytest.raises(SpecificationError, match="'he' are not known; choose one of xavier_uniform"):
        draw("he", np.random.default_rng(0), 1, 1)
