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
    """Which rows of the data set are looked at; they are the rows of the matrix where it is one of them."""
    iteration: int


@dataclass(frozen=True)
class TakeMatrix(Question):
    """Asks for all of one matrix."""

    key: MatrixKey

    def answer(self, moment: Moment) -> WholeMatrix:
        return WholeMatrix(moment.matrix(self.key).copy(), np.array(moment.samples), moment.iteration)
