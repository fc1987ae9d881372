"""What a run has left behind so far: its curves, its first weights, and what was changed by hand on the way."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from flux_studio.engine.operations.base import Array
from flux_studio.engine.slots import MatrixKey
from flux_studio.project.curve import Curve, CurvePoints
from flux_studio.project.project import LearningRateChange, Run, WeightSet

_MOST_BRANCHES = 8


@dataclass
class Record:
    """A :class:`Run` that is being written. ``iteration`` is where training stands: now."""

    iteration: int
    start: Mapping[MatrixKey, Array]
    first_loss: float
    curve: Curve
    validation_curve: Curve | None
    changes: tuple[LearningRateChange, ...]
    first_rate: float | None
    edits: tuple[WeightSet, ...] = field(default=())
    since: int = 0
    branches: tuple[CurvePoints, ...] = field(default=())
    """Where training went before it was continued from an earlier moment: the curve from that moment on."""

    @classmethod
    def of(cls, run: Run, first_loss: float, rate: float) -> Record:
        """Goes on where a run stands, with this learning rate.

        ``first_loss`` holds where the run does not know its own.
        """
        known = run.changes[-1].learning_rate if run.changes else run.first_rate
        changed = known is not None and known != rate
        return cls(
            run.iteration,
            dict(run.start),
            first_loss if run.first_loss is None else run.first_loss,
            run.curve.copy(),
            None if run.validation_curve is None else run.validation_curve.copy(),
            (*run.changes, LearningRateChange(run.iteration, rate)) if changed else run.changes,
            rate if known is None else run.first_rate,
            run.edits,
            run.since,
            run.branches,
        )

    @property
    def by_hand(self) -> tuple[LearningRateChange | WeightSet, ...]:
        """What was changed on the way, in its order."""
        return tuple(sorted((*self.changes, *self.edits), key=lambda each: each.iteration))

    def keep(self, losses: Array, validation_losses: Array) -> None:
        """The losses of the iterations that follow, and of the validations among them."""
        self.iteration += len(losses)
        self.curve.extend(losses)
        if self.validation_curve is not None:
            self.validation_curve.extend(validation_losses)

    def run(self, parameters: Mapping[MatrixKey, Array], optimizer: Mapping[str, Array]) -> Run:
        """A copy, with the parameters and the optimizer's state of now."""
        return Run(
            iteration=self.iteration,
            parameters=parameters,
            start=self.start,
            curve=self.curve.copy(),
            validation_curve=None if self.validation_curve is None else self.validation_curve.copy(),
            first_loss=self.first_loss,
            changes=self.changes,
            optimizer=optimizer,
            first_rate=self.first_rate,
            edits=self.edits,
            since=self.since,
            branches=self.branches,
        )

    def branch_off(self, iteration: int, curve: Curve, validation_curve: Curve | None) -> None:
        """Go on from an earlier iteration, up to which these are the curves."""
        left = self.curve.points()
        behind = max(0, int(np.searchsorted(left.iterations, iteration, side="right")) - 1)
        old = CurvePoints(left.iterations[behind:], left.low[behind:], left.high[behind:])
        self.branches = (*self.branches, old)[-_MOST_BRANCHES:]
        self.forget_after(iteration, curve, validation_curve)

    def forget_after(self, iteration: int, curve: Curve, validation_curve: Curve | None) -> None:
        """What came after this iteration has not been; up to it these are the curves."""
        self.iteration, self.curve, self.validation_curve = iteration, curve, validation_curve
        self.changes = tuple(change for change in self.changes if change.iteration <= iteration)
        self.edits = tuple(edit for edit in self.edits if edit.iteration <= iteration)
