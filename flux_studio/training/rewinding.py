"""Looking at earlier moments of a run without losing the present one, and going on from there as a branch."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from flux_studio.engine.network import Network
from flux_studio.engine.operations.base import Array
from flux_studio.errors import FluxError
from flux_studio.project.curve import Curve
from flux_studio.project.project import LearningRateChange, Run
from flux_studio.training import stepping
from flux_studio.training.events import When
from flux_studio.training.past import UNLIKE, Past, missing
from flux_studio.training.record import Record
from flux_studio.training.stepping import Unit
from flux_studio.training.timeline import Part, Timeline

_PATIENCE_SECONDS = 0.3


class Rewinding:
    """Which moment of a run the network shows: now, or an earlier iteration.

    Everything that training leaves behind stays that of now until somebody continues from the moment shown.
    """

    def __init__(self, network: Network, record: Record, budget: int) -> None:
        """The network rests where the record stands. ``budget`` is the bytes that snapshots may take."""
        self.timeline = Timeline(network, record.iteration, budget, Past.of(record, network))
        self._lost = missing(record)
        self._network, self._record = network, record
        self._shown: int | None = None
        self._done = 0
        # The curves up to where the session begins: perhaps what came before cannot be made again.
        self._began = record.iteration
        validation = record.validation_curve
        self._known = (record.curve.copy(), None if validation is None else validation.copy())

    @property
    def shown(self) -> int:
        """The iteration whose matrices the network holds."""
        return self._record.iteration if self._shown is None else self._shown

    @property
    def is_past(self) -> bool:
        """Whether that is an earlier one than now; the middle of the next iteration is not."""
        return self._shown is not None

    @property
    def done(self) -> int:
        """How many operations of the iteration that follows have been carried out."""
        return self._done

    @property
    def when(self) -> When:
        """All of this for a frame."""
        operations = len(self._network.program.instructions)
        first, now = self.timeline.first, self._record.iteration
        lost = self._lost if first else ""
        return When(first, now, self.shown, self._done, operations, lost, self.timeline.memory)

    def go(self, iteration: int, done: int = 0) -> Iterator[Part]:
        """Show another moment, as near as there is one; stops may be made between two parts.

        It is that of ``done`` operations behind the rest at ``iteration``.
        """
        wanted = min(max(iteration, self.timeline.first), self._record.iteration)
        done = done if wanted == iteration else 0
        if wanted != self.shown or done < self._done:
            resting = None if self._done else self.shown
            if resting == self._record.iteration:
                self.timeline.keep(resting, self._network.snapshot())
            try:
                for part in self.timeline.go(wanted, resting):
                    # What has still to prove true is not shown.
                    self._set_shown(max(part.iteration, self.timeline.sure))
                    yield part
            except FluxError:
                self._lost = UNLIKE
                for _ in self.timeline.go(self._record.iteration):
                    pass
                self._set_shown(self._record.iteration)
                raise
            self._set_shown(wanted)
        if done > self._done:
            stepping.run(self._network, wanted, self._done, done)
            self._done = done

    def target(self, unit: Unit, back: bool) -> tuple[int, int]:
        """Where a step leads: a rest, which may be one that is still to be trained, and a number of operations."""
        return stepping.target(self._network, self.shown, self._done, unit, back)

    def settle(self) -> None:
        """Be at rest again: back to where the iteration began of which some operations have been carried out."""
        for _ in self.go(self.shown):
            pass

    def branch(self) -> None:
        """Let the moment that is shown be now; updates go on with the learning rate that now has."""
        self.settle()
        if not self.is_past:
            return
        here, rate = self.shown, self.timeline.rate
        self._record.branch_off(here, *self._curves(here))
        self.timeline.forget_after(here)
        self._shown = None
        if rate != self._network.learning_rate:
            self.set_rate(rate)

    def set_rate(self, rate: float) -> None:
        """Updates from now on use this learning rate; what is looked at stays as it was."""
        self.settle()
        now = self._record.iteration
        self._record.changes = (*self._record.changes, LearningRateChange(now, rate))
        self.timeline.set_rate(now, rate)
        if not self.is_past:
            self._network.learning_rate = rate

    def keep(self, losses: Array, validation_losses: Array) -> None:
        """Training has gone on: the losses of the iterations that followed, and of the validations among them."""
        before = self._record.iteration
        self.timeline.note(before, losses)
        curve = self._record.validation_curve
        if curve is not None and len(validation_losses):
            place = int(np.argmin(validation_losses))
            first = (before // curve.every + 1) * curve.every
            self.timeline.note_validation(first + place * curve.every, float(validation_losses[place]))
        self._record.keep(losses, validation_losses)

    def fall_back(self, iteration: int, curve: Curve, validation_curve: Curve) -> None:
        """The network rests at an earlier iteration again, up to which these are the curves, and that is now."""
        rate = self.timeline.rate
        self._record.forget_after(iteration, curve, validation_curve)
        self.timeline.forget_after(iteration)
        if rate != self.timeline.rate:
            self.set_rate(rate)

    def run(self) -> Run:
        """What training has left behind up to now, also while an earlier moment is shown."""
        shown, done = self.shown, self._done
        for _ in self.go(self._record.iteration):
            pass
        run = self._record.run(self._network.parameters(), self._network.optimizer_state())
        for _ in self.go(shown, done):
            pass
        return run

    def _first_values(self) -> tuple[Curve, Curve | None]:
        """The curves at iteration 0."""
        for _ in self.timeline.go(0):
            pass
        curve, loss = Curve(), self._network.validate()
        curve.extend(np.array([self._network.loss]))
        if loss is None or self._record.validation_curve is None:
            return curve, None
        validation = Curve(every=self._record.validation_curve.every)
        validation.extend(np.array([loss]))
        return curve, validation

    def _set_shown(self, iteration: int) -> None:
        self._shown, self._done = None if iteration == self._record.iteration else iteration, 0

    def _curves(self, here: int) -> tuple[Curve, Curve | None]:
        """The curves up to the moment that is shown.

        Of a bucket that reaches beyond it, the losses are found anew. Where that takes only a moment this is done for
        all of them, for the finest curve.
        """
        curve, validation = self._known if here >= self._began else self._first_values()
        begin = self._began if here >= self._began else 0
        if self.timeline.seconds(here - begin) > _PATIENCE_SECONDS:
            curves = (self._record.curve, self._record.validation_curve)
            whole, validated = (None if each is None else each.until(here) for each in curves)
            if whole is not None and all(each is None or each.next > begin for each in (whole, validated)):
                curve, validation = whole, validated
        curve, validation = curve.copy(), None if validation is None else validation.copy()
        begin = max(begin, min(each.next for each in (curve, validation) if each is not None) - 1)
        for _ in self.timeline.go(begin, self.shown):
            pass
        every = 0 if validation is None else validation.every
        for part in self.timeline.again(begin, here, every):
            before = part.iteration - len(part.losses)
            curve.extend(part.losses[max(0, curve.next - 1 - before) :])
            if validation is not None:
                first = (before // every + 1) * every
                validation.extend(part.validation_losses[max(0, (validation.next - first) // every) :])
        return curve, validation
