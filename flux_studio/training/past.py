"""How a run came to where a session takes it up: what it takes to make that again from the first weights."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from flux_studio.engine.network import Network
from flux_studio.engine.operations.base import Array
from flux_studio.engine.slots import MatrixKey
from flux_studio.project.project import LearningRateChange, WeightSet
from flux_studio.training.record import Record

UNLIKE = (
    "made again from its first weights, the run comes out otherwise there than it was saved; "
    "another executor, version or machine has trained it"
)


@dataclass(frozen=True, eq=False)
class Past:
    """What a run began with, what was changed on the way, and the state that it must lead to."""

    start: Mapping[MatrixKey, Array]
    rates: tuple[LearningRateChange, ...]
    """Also that of iteration 0."""
    edits: tuple[WeightSet, ...]
    parameters: Mapping[MatrixKey, Array]
    optimizer: Mapping[str, Array]

    @classmethod
    def of(cls, record: Record, network: Network) -> Past | None:
        """That of a record, where the network has its present state; ``None`` where :func:`missing` says why."""
        if record.first_rate is None or missing(record) or not record.iteration:
            return None
        first = LearningRateChange(0, record.first_rate)
        return cls(
            record.start,
            (first, *record.changes),
            record.edits,
            network.parameters(),
            network.optimizer_state(),
        )

    def begin(self, network: Network) -> None:
        """Put the first weights in place."""
        network.set_parameters(self.start)
        network.learning_rate = next(
            rate.learning_rate for rate in reversed(self.rates) if not rate.iteration
        )
        network.forget_updates()

    def led_to(self, network: Network) -> bool:
        """Whether the network has the state that the run was taken up with, bit for bit."""
        parameters, optimizer = network.parameters(), network.optimizer_state()
        blocks = [
            name for name in self.optimizer if name != "rates"
        ]  # those a schedule may not have written yet
        return all(np.array_equal(parameters[key], self.parameters[key]) for key in self.parameters) and all(
            np.array_equal(optimizer[name], self.optimizer[name]) for name in blocks
        )


def missing(record: Record) -> str:
    """Why what came before a session cannot be made again, as far as the record tells; empty where it can."""
    if record.since:
        return f"the way to train was changed at iteration {record.since:,}"
    if record.first_rate is None and record.changes:
        return "the file does not say with which learning rate it began"
    return ""
