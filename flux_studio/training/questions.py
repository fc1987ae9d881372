"""Questions about a moment of training: they are answered on the session's thread, where the arena lives.

A panel that shows more than matrices asks a question with each frame, or once. The answer is computed between two
bursts, so all numbers are of one resting point, and it must hold copies only: nothing of the arena leaves the thread.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any

from flux_studio.data.dataset import Dataset
from flux_studio.engine.batches import Rows
from flux_studio.engine.network import Network
from flux_studio.engine.operations.base import Array
from flux_studio.engine.slots import MatrixKey
from flux_studio.errors import FluxError
from flux_studio.project.project import Project
from flux_studio.training.viewing import Viewed


@dataclass(frozen=True, eq=False)
class Moment:
    """What a question may look at: a network, at rest as a rule. It must be left as it was found."""

    project: Project
    dataset: Dataset
    network: Network
    iteration: int
    training: bool
    """Whether training goes on: what takes long may then be left for later."""
    done: int = 0
    """How many operations of the iteration that follows have been carried out: 0 at rest."""
    viewed: Viewed | None = None
    """The rows that are looked at instead of the batch's; ``None`` while the matrices are of the batch."""

    @property
    def samples(self) -> Rows:
        """Which rows of the data set the matrices of rows are of, in their order."""
        if self.viewed is not None:
            return self.viewed.rows
        loaded = self.done > self.network.program.phases["forward"][0]
        return self.dataset.training[self.network.batch_rows(self.iteration + loaded)]

    def matrix(self, key: MatrixKey) -> Array:
        """A matrix as it is shown: a view, rows×columns as people see it."""
        if self.viewed is not None and key in self.viewed.viewing.program.matrices:
            return self.viewed.viewing.matrix(key)
        return self.network.matrix(key)


class Question(ABC):
    """Something to be asked of a moment. Frozen and hashable: an answer comes back beside its question."""

    @abstractmethod
    def answer(self, moment: Moment) -> Any:
        """The answer, in frozen records and copies. A :class:`FluxError` is an answer, too: it is told in its place."""


def answer_to(question: Question, moment: Moment) -> Any:
    """The answer, or the error that stands in its place."""
    try:
        return question.answer(moment)
    except FluxError as error:
        return error
