"""One whole matrix of a moment, for those who take it away: frames hold only as many rows as a screen shows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from flux_studio.engine.operations.base import Array
from flux_studio.engine.slots import MatrixKey
from flux_studio.training.questions import Moment, Question


@dataclass(frozen=True, eq=False)
class WholeMatrix:
    """A copy of every number of a matrix, as people see it."""

    values: Array
    samples: NDArray[np.int64]
    """Which training rows the batch is of; they are the rows of the matrix where it is one of the batch."""
    iteration: int


@dataclass(frozen=True)
class TakeMatrix(Question):
    """Asks for all of one matrix."""

    key: MatrixKey

    def answer(self, moment: Moment) -> WholeMatrix:
        samples = np.array(moment.network.batch_rows(moment.iteration), np.int64)
        return WholeMatrix(moment.network.matrix(self.key).copy(), samples, moment.iteration)
