"""Trains a few iterations at a time and watches them: what they leave behind, and what ends a run."""

from __future__ import annotations

import math

import numpy as np

from flux_studio.engine.network import Network
from flux_studio.project.catalogue import titled, titles
from flux_studio.project.specification import Specification
from flux_studio.training import divergence
from flux_studio.training.breakpoints import Hit, Watch
from flux_studio.training.events import Failed
from flux_studio.training.pacing import LONGEST_BURST
from flux_studio.training.record import Record
from flux_studio.training.rewinding import Rewinding
from flux_studio.training.stopping import Best, Stopping


class Bursts:
    """The one place where a run goes on. ``reason`` says why it should end, and is empty while it should not.

    ``hit`` is the condition of ``watch`` that came to hold, as soon as one did.
    """

    def __init__(
        self,
        specification: Specification,
        network: Network,
        record: Record,
        rewinding: Rewinding,
        watch: Watch,
    ) -> None:
        self._specification, self._network = specification, network
        self._record, self._rewinding, self._watch = record, rewinding, watch
        self._titles = titles(specification)
        self._every = specification.validate_every
        self._losses = np.empty(LONGEST_BURST, network.dtype)
        self._validation_losses = np.empty(LONGEST_BURST, network.dtype)
        self.begin()

    @property
    def _iteration(self) -> int:
        return self._record.iteration

    def begin(self) -> None:
        """Training starts: reasons to stop are looked for from here on."""
        self._stopping, self.reason = Stopping(self._specification.stop), ""
        self.hit: Hit | None = None

    def note_time(self, seconds: float) -> None:
        """Training has gone on for so long."""
        if self._stopping.overdue(seconds):
            self.reason = self.reason or "the time is up"

    def iterate(self, count: int) -> Failed | None:
        """Train ``count`` iterations and keep the curves; on divergence, go back to the last good weights."""
        if not math.isfinite(self._network.loss):
            return Failed(
                f"the loss of iteration {self._iteration:,} is {self._network.loss}, so there is no way down from "
                "it: scale the inputs and targets, or start with other weights",
                self._iteration,
            )
        due = self._iteration  # early stopping looks often, but a snapshot a burst is enough
        while count > 0 and not (self.reason or self.hit):
            part = min(count, LONGEST_BURST)
            if self._stopping.is_early:
                # Each validation is looked at before training goes on.
                part = min(part, self._every - self._iteration % self._every)
            count -= part
            losses, start = self._losses[:part], self._network.snapshot()
            if self._iteration >= due:
                self._rewinding.timeline.keep(self._iteration, start)
                due = self._iteration + LONGEST_BURST
            norms = self._watch.begin(self._network, part)
            done, validated = self._network.iterate(
                losses, self._iteration, self._every, self._validation_losses, norms
            )
            end = self._end(losses[:done], validated)
            if end < done:
                self._network.restore(start)
                done, validated = self._network.iterate(
                    losses[:end], self._iteration, self._every, self._validation_losses
                )
            if not np.isfinite(losses[done - 1]) or not self._network.state_is_finite():
                found = divergence.find(self._network, start, self._iteration, done)
                if found is not None:
                    return self._failed(found, losses)
            self._rewinding.keep(losses[:done], self._validation_losses[:validated])
            self._watch.note(self._validation_losses[:validated])
            if validated and self._stopping.is_early:
                self._look_at(float(self._validation_losses[validated - 1]))
        return None

    def _end(self, losses: np.ndarray, validated: int) -> int:
        """How many of these iterations there are up to the first with a reason to stop behind it."""
        end = len(losses)
        if self._stopping.conditions.loss is not None:
            reached = np.flatnonzero(losses <= self._stopping.conditions.loss)
            if len(reached):
                self.reason = f"the loss has reached {self._stopping.conditions.loss:g}"
                end = int(reached[0]) + 1
        hit = self._watch.first(self._iteration, losses, self._every, self._validation_losses[:validated])
        if hit is None or (self.reason and hit.iteration - self._iteration >= end):
            return end
        self.reason, self.hit = "", hit
        return hit.iteration - self._iteration

    def _look_at(self, validation_loss: float) -> None:
        """Early stopping: remember the best weights, and go back to them when nothing better comes."""
        record = self._record
        if record.validation_curve is None:
            return
        if self._stopping.is_better(validation_loss):
            self._stopping.best = Best(
                validation_loss,
                record.iteration,
                self._network.snapshot(),
                record.curve.copy(),
                record.validation_curve.copy(),
            )
        elif self._stopping.is_exhausted and self._stopping.best is not None:
            best, stopped = self._stopping.best, record.iteration
            self._network.restore(best.snapshot)
            self._network.rest(best.iteration)
            self._rewinding.fall_back(best.iteration, best.curve, best.validation_curve)
            self.reason = (
                f"no better validation loss since iteration {best.iteration:,}, seen at iteration {stopped:,}: "
                "these are the weights of then"
            )

    def _failed(self, found: divergence.Divergence, losses: np.ndarray) -> Failed:
        good = found.iteration - 1 - self._iteration
        first = self._iteration // self._every
        validated = (self._iteration + good) // self._every - first
        self._rewinding.keep(losses[:good], self._validation_losses[:validated])
        cell = f"{found.matrix} of {titled(self._titles, found.layer) if found.layer else 'the network'}"
        place = f"in row {found.row + 1}, column {found.column + 1}"
        if math.isfinite(found.value):
            what = f"the loss became infinite because {cell} reached {found.value:.2g} {place}"
        else:
            what = f"{cell} became {'not a number' if math.isnan(found.value) else 'infinite'} {place}"
        message = (
            f"training diverged at iteration {found.iteration:,}: {what}. The weights of iteration "
            f"{self._iteration:,} are kept; try a learning rate smaller than {self._network.learning_rate:g}"
        )
        return Failed(message, found.iteration)
