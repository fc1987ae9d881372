"""Which rows the matrices on screen are of: those of the batch, or others that a person chose to look at.

Chosen rows go through a program of their own (:class:`flux_studio.engine.twin.Viewing`), forward and backward, with the
network's weights; nothing learns from them. While training goes on this takes at most one part in twenty of the time.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from flux_studio.data.dataset import Dataset
from flux_studio.engine.batches import Rows
from flux_studio.engine.losses import make_loss
from flux_studio.engine.network import Network
from flux_studio.engine.operations.base import Array
from flux_studio.engine.recording import NETWORK
from flux_studio.engine.slots import MatrixKey
from flux_studio.engine.twin import Viewing
from flux_studio.errors import ProgramError

USUAL_ROWS = 12
MOST_ROWS = 64
SHARE = 20
"""Looking may cost one part in so many of the time."""
WORST_SECONDS = 1.0
"""How often other rows may become the worst ones while training goes on: faster, nobody could read them."""
CHUNK = 1024
# Multiplications: judging all rows should take no more than a moment.
_JUDGED_WORK = 5e8
_MOST_JUDGED = 100_000


@dataclass(frozen=True)
class FixedRows:
    """These rows of the data set, of whatever part, in this order; the first :data:`MOST_ROWS` of them."""

    rows: tuple[int, ...]


@dataclass(frozen=True)
class WorstRows:
    """The rows of a part that cost most, the worst first."""

    part: Literal["training", "validation"]
    count: int = USUAL_ROWS


RowChoice = FixedRows | WorstRows | None
"""``None``: the rows of the batch."""


@dataclass(frozen=True, eq=False)
class Viewed:
    """Chosen rows as they went through the network."""

    choice: FixedRows | WorstRows
    rows: Rows
    """Which rows of the data set they are."""
    viewing: Viewing
    iteration: int

    def holds(self, key: MatrixKey) -> bool:
        """Whether a matrix is of these rows; those that are not are the network's own."""
        return key in self.viewing.program.matrices and key not in self.viewing.layout.parameters


class Viewer:
    """Looks at the chosen rows, as often as that may be."""

    def __init__(self, network: Network, dataset: Dataset, loss: str, clock: Callable[[], float]) -> None:
        self._network, self._dataset, self._loss, self._clock = network, dataset, loss, clock
        self._choice: RowChoice = None
        self._viewed: Viewed | None = None
        self._due = self._worst_due = 0.0
        self._worst: Rows | None = None
        self._judged_at = -1

    def choose(self, choice: RowChoice) -> None:
        """Look at other rows from now on."""
        self._choice, self._viewed, self._worst = choice, None, None

    def seen(self, iteration: int, training: bool) -> Viewed | None:
        """What was seen last, unless that is of another resting point; else a new look."""
        known = self._viewed
        return (
            known if known and (training or known.iteration == iteration) else self.look(iteration, training)
        )

    def look(self, iteration: int, training: bool) -> Viewed | None:
        """The chosen rows at a resting point; while training goes on, perhaps as they were seen a moment before."""
        if self._choice is None:
            return None
        began = self._clock()
        if training and self._viewed is not None and began < self._due:
            return self._viewed
        rows = self._rows(self._choice, iteration, training)
        if len(rows) == 0:
            return None
        viewing, now = self._viewing(len(rows)), self._clock()
        viewing.look(self._network, iteration, self._dataset.inputs[rows], self._dataset.targets[rows])
        self._due = self._clock() + SHARE * (self._clock() - now)
        self._viewed = Viewed(self._choice, rows, viewing, iteration)
        return self._viewed

    def _viewing(self, rows: int) -> Viewing:
        if self._viewed is not None and self._viewed.viewing.rows == rows:
            return self._viewed.viewing
        try:
            return Viewing(self._network, rows)
        except ProgramError:
            # Told once; the batch stays to be looked at.
            self._choice = None
            raise

    def _rows(self, choice: FixedRows | WorstRows, iteration: int, training: bool) -> Rows:
        if isinstance(choice, FixedRows):
            return np.array(
                [row for row in choice.rows if row < len(self._dataset.inputs)][:MOST_ROWS], np.intp
            )
        began = self._clock()
        if self._worst is None or (
            self._judged_at != iteration and (not training or began >= self._worst_due)
        ):
            part = self._dataset.training if choice.part == "training" else self._dataset.validation
            rows = evenly(self._network, part)
            losses = judged(self._network, self._dataset, self._loss, rows)[0] if len(rows) else np.zeros(0)
            # What is not a number is worst of all.
            order = np.argsort(-np.nan_to_num(losses, nan=np.inf), kind="stable")
            self._worst, self._judged_at = rows[order[: min(choice.count, MOST_ROWS)]], iteration
            now = self._clock()
            self._worst_due = now + max(WORST_SECONDS, SHARE * (now - began))
        return self._worst


def evenly(network: Network, rows: Rows) -> Rows:
    """These rows, or of too many to be judged in a moment so many as can be, evenly chosen."""
    most = int(min(_MOST_JUDGED, max(CHUNK, _JUDGED_WORK / work(network))))
    return rows if len(rows) <= most else rows[np.arange(most) * len(rows) // most]


def judged(network: Network, dataset: Dataset, loss_name: str, rows: Rows) -> tuple[Array, Array]:
    """What each of R rows of the data set costs, and the outputs R×O for them; dropout leaves nothing out."""
    loss = make_loss(loss_name)
    losses: list[Array] = []
    outputs: list[Array] = []
    for start in range(0, len(rows), CHUNK):
        part = rows[start : start + CHUNK]
        trial = network.trial(dataset.inputs[part], dataset.targets[part])
        found = trial.matrix((NETWORK, loss.by_row))
        assert found is not None, f"the loss {loss.name} makes no {loss.by_row}"
        losses.append(loss.of_rows(found))
        outputs.append(trial.outputs.copy())
    return np.concatenate(losses), np.concatenate(outputs)


def work(network: Network) -> float:
    """About how many multiplications a row takes: the sizes of the forward phase's instructions say so."""
    program = network.program
    start, stop = program.span("forward")
    sizes = np.maximum(program.table[start:stop, 6:], 1).astype(np.float64)
    return float(sizes.prod(axis=1).sum()) / program.rows
