"""Mini-batches: which rows each iteration looks at, as a function of the seed and the iteration alone.

An epoch visits every row once, in an order of its own; its last batch is smaller where the rows do not divide.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from flux_studio.errors import SpecificationError

Rows = NDArray[np.int64]
_SHUFFLE = 2


class Batches:
    """The batches of ``size`` rows out of ``rows``, reshuffled each epoch from ``seed``."""

    def __init__(self, rows: int, size: int, seed: int) -> None:
        if not 1 <= size <= rows:
            raise SpecificationError(
                f"a batch must hold from 1 to {rows:,} rows, as many as there are, not {size}"
            )
        self.rows = rows
        self.size = size
        self.steps = -(-rows // size)
        """Iterations in an epoch."""
        self.rest = rows % size
        """Rows of the last batch of an epoch, 0 where it is as large as the others."""
        # A burst asks for the same few epochs again and again while it is stepped through.
        self._order = lru_cache(maxsize=4)(lambda epoch: _permutation(seed, epoch, rows))

    def indices(self, iteration: int) -> Rows:
        """The rows that iteration ``iteration`` (from 0) looks at."""
        epoch, step = divmod(iteration, self.steps)
        return self._order(epoch)[step * self.size : (step + 1) * self.size]

    def window(self, iteration: int, count: int) -> tuple[Rows, Rows]:
        """The rows of ``count`` iterations from ``iteration`` on, one behind the other, and where each begins.

        The second array has ``count`` + 1 places; the rows of the i-th are those from place i to place i + 1.
        """
        first, last = iteration // self.steps, (iteration + count) // self.steps
        order = np.concatenate([self._order(epoch) for epoch in range(first, last + 1)])
        epochs, steps = np.divmod(np.arange(iteration, iteration + count + 1), self.steps)
        return order, (epochs - first) * self.rows + np.minimum(steps * self.size, self.rows)


def _permutation(seed: int, epoch: int, rows: int) -> Rows:
    return np.random.default_rng([seed, _SHUFFLE, epoch]).permutation(rows)
