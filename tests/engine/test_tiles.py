"""Tiles: products are tested with the operations; here is what they are put together from."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from flux_studio.engine import tiles


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(
    ("rows", "features"), [(1, 1), (7, 64), (32, 10), (16, 16), (33, 17), (64, 100), (15, 16), (16, 15), (31, 784)]
)  # fmt: skip
def test_a_batch_is_gathered_and_turned(rows: int, features: int, dtype: Any) -> None:
    generator = np.random.default_rng(0)
    table = generator.normal(size=(90, features)).astype(dtype)
    order = generator.permutation(90)
    place, first = 5, 11
    arena = np.full(place + rows * features + 40, 7, dtype)
    tiles.gather(arena, np.uint64(place), table, order, np.uint64(first), np.uint64(rows))
    batch = arena[place : place + rows * features].reshape(features, rows).T
    np.testing.assert_array_equal(batch, table[order[first : first + rows]])
    assert (arena[:place] == 7).all()
    assert (arena[place + rows * features :] == 7).all()
