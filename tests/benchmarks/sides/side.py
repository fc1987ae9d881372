"""What the measurement asks of every side."""

from __future__ import annotations

from typing import Protocol


class Trainer(Protocol):
    """A workload in the hands of one library, begun from the workload's own parameters."""

    def train(self, iterations: int) -> None:
        """That many updates more."""

    def loss(self) -> float:
        """The loss of the present weights over all rows."""
