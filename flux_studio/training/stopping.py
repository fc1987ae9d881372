"""When training stops by itself: early stopping on the validation loss, a loss that is good enough, a time."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from flux_studio.engine.operations.base import Array
from flux_studio.project.curve import Curve
from flux_studio.project.specification import StopSpecification


@dataclass(frozen=True, eq=False)
class Best:
    """Everything that belongs to the best validation loss, so that training can go back to exactly there."""

    loss: float
    iteration: int
    snapshot: Array
    curve: Curve
    validation_curve: Curve


@dataclass
class Stopping:
    """Watches a run for the reasons to end it; each depends on iterations and losses, but for the time."""

    conditions: StopSpecification
    best: Best | None = None
    _waited: int = field(default=0)

    @property
    def is_early(self) -> bool:
        """Whether validation losses are watched."""
        return self.conditions.patience is not None

    def is_better(self, validation_loss: float) -> bool:
        """Whether this is the lowest validation loss so far; counts those in a row that are not."""
        if validation_loss < (math.inf if self.best is None else self.best.loss):
            self._waited = 0
            return True
        self._waited += 1
        return False

    @property
    def is_exhausted(self) -> bool:
        """Whether as many validations in a row brought nothing better as there is patience for."""
        patience = self.conditions.patience
        return patience is not None and self._waited >= patience

    def reached(self, loss: float) -> bool:
        """Whether this training loss is good enough to stop."""
        return self.conditions.loss is not None and loss <= self.conditions.loss

    def overdue(self, seconds: float) -> bool:
        """Whether training has taken as long as it may."""
        return self.conditions.seconds is not None and seconds >= self.conditions.seconds
