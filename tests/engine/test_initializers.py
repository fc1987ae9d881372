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


@pytest.mark.parametrize(
    ("name", "variance"),
    [
        ("xavier_uniform", 2 / 300),
        ("xavier_normal", 2 / 300),
        ("he_uniform", 2 / 200),
        ("he_normal", 2 / 200),
        ("lecun_normal", 1 / 200),
        ("uniform", 1 / 3),
    ],
)
def test_the_spread_of_200_inputs_and_100_outputs(name: str, variance: float) -> None:
    weights = draw(name, np.random.default_rng(1), 200, 100)
    assert weights.shape == (200, 100)
    assert weights.var() == pytest.approx(variance, rel=0.04)
    assert abs(weights.mean()) < 4 * (variance / weights.size) ** 0.5
    # An even distribution ends at √3 standard deviations; one of 20,000 normal numbers lies beyond three.
    most = np.abs(weights).max() / variance**0.5
    if "normal" in name:
        assert most > 3
    else:
        assert 0.99 * 3**0.5 < most <= 3**0.5


@pytest.mark.parametrize(("rows", "columns"), [(7, 4), (4, 7), (5, 5), (1, 3), (3, 1), (1, 1)])
def test_orthogonal_weights_keep_lengths_and_angles(rows: int, columns: int) -> None:
    w = draw("orthogonal", np.random.default_rng(2), rows, columns)
    assert w.shape == (rows, columns)
    small = w.T @ w if rows >= columns else w @ w.T
    np.testing.assert_allclose(small, np.eye(min(rows, columns)), atol=1e-14)


def test_orthogonal_weights_have_no_favoured_sign() -> None:
    generator = np.random.default_rng(3)
    signs = [np.sign(draw("orthogonal", generator, 3, 3)[0, 0]) for _ in range(400)]
    assert abs(sum(signs)) < 60  # three standard deviations of 400 coins


def test_uniform_zeros_and_constant() -> None:
    weights = draw("uniform", np.random.default_rng(0), 60, 60)
    assert 0.99 < np.abs(weights).max() <= 1
    assert not draw("zeros", np.random.default_rng(0), 3, 4).any()
    assert (draw("constant", np.random.default_rng(0), 3, 4) == 0.1).all()


def test_every_rule_says_what_it_does() -> None:
    for name, initializer in INITIALIZERS.items():
        assert initializer.name == name
        assert initializer.title
        assert initializer.formula.startswith("w")
        assert initializer.source or name in ("uniform", "zeros", "constant")


@pytest.mark.parametrize("name", INITIALIZERS)
def test_the_same_generator_draws_the_same(name: str) -> None:
    first, second = (draw(name, np.random.default_rng(5), 3, 4) for _ in range(2))
    np.testing.assert_array_equal(first, second)


def test_unknown_rules_are_named() -> None:
    with pytest.raises(SpecificationError, match="'he' are not known; choose one of xavier_uniform"):
        draw("he", np.random.default_rng(0), 1, 1)
