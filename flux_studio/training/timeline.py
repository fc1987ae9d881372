"""The timeline of a run: snapshots within a memory budget, from which any iteration can be reached exactly.

A snapshot holds the rates, parameters, gradients and the optimizer's state of a resting point. Mini-batches, schedules
and dropout are functions of seed and iteration, so that training on from a snapshot gives the same bits as before, on
the same executor; changes of the learning rate, and of weights by hand, are made again where they were made.

What came before a session is made again from the run's first weights when somebody first wants to see it, and is shown
only if it leads to the very state that the session began with.
"""

from __future__ import annotations

import time
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from flux_studio.engine.network import Network
from flux_studio.engine.operations.base import Array
from flux_studio.errors import FluxError
from flux_studio.project.project import WeightSet
from flux_studio.training.past import UNLIKE, Past

BUDGET = 256 * 2**20
"""Bytes of snapshots, unless somebody says otherwise."""
_MOST = 4096
_LEAST = 5
"""The first, the lowest and the highest loss, the best validation, and the newest: they stay, whatever the budget."""
_ROOM = 7 / 8
_NEWEST = 16
_PART_SECONDS = 0.020
_LONGEST_PART = 1 << 16


@dataclass(frozen=True)
class Memory:
    """What a timeline's snapshots take, of what they may take, in bytes."""

    used: int
    budget: int
    dense: int
    """For so many iterations up to the newest, snapshots are as close together as they come."""


@dataclass(frozen=True)
class Part:
    """Some iterations that were made again: where they led, and their losses."""

    iteration: int
    losses: Array
    validation_losses: Array
    until: int
    """Where they are on the way to."""


class Timeline:
    """Remembers how a network got where it is, and takes it to any iteration since it was ``first`` known.

    When the budget is used up, snapshots are thinned: dense near the moment that was looked at last, ever wider apart
    away from it. The first one stays, and so do those from which the lowest and the highest loss and the best
    validation are reached soonest.
    """

    def __init__(
        self, network: Network, iteration: int, budget: int = BUDGET, past: Past | None = None
    ) -> None:
        """``network`` rests at ``iteration``; ``past`` leads there."""
        self._budget = budget
        self._past = past
        self._before_us: Timeline | None = None
        self._network = network
        self._iterations = [iteration]
        self._snapshots = [network.snapshot()]
        self._rates = [(iteration, network.learning_rate)]
        self._edits: tuple[WeightSet, ...] = ()
        self._lowest = self._highest = (network.loss, iteration)
        self._best = (np.inf, iteration)
        self._focus = iteration
        self._part = 256
        self._seconds = 0.0

    @property
    def first(self) -> int:
        """The first iteration that can be reached, as far as one can tell before it has been tried."""
        return self.sure if self._past is None else 0

    @property
    def sure(self) -> int:
        """The first iteration that is known to be reached as it was."""
        return self._iterations[0]

    @property
    def kept(self) -> tuple[int, ...]:
        """The iterations whose snapshots are there now."""
        return tuple(self._iterations)

    @property
    def bytes(self) -> int:
        """How much memory the snapshots take."""
        return len(self._snapshots) * self._snapshots[0].nbytes

    @property
    def memory(self) -> Memory:
        """What the snapshots take, of what they may take."""
        gaps = np.diff(self._iterations)[::-1]
        close = gaps <= 2 * np.median(gaps[:_NEWEST]) if len(gaps) else np.ones(0, np.bool_)
        dense = int(gaps[: len(gaps) if close.all() else int(close.argmin())].sum())
        return Memory(self.bytes, self._budget, dense)

    @property
    def rate(self) -> float:
        """The learning rate that was set last."""
        return self._rates[-1][1]

    def keep(self, iteration: int, snapshot: Array) -> None:
        """Remember a snapshot of a resting point, which nobody may write to any more."""
        self._focus = iteration
        place = bisect_left(self._iterations, iteration)
        if place < len(self._iterations) and self._iterations[place] == iteration:
            return
        self._iterations.insert(place, iteration)
        self._snapshots.insert(place, snapshot)
        if len(self._iterations) > self._most:
            self._thin(max(_LEAST, int(self._most * _ROOM)))

    def set_budget(self, budget: int) -> None:
        """Another number of bytes: what is too much goes at once."""
        self._budget = budget
        if self._before_us is not None:
            self._before_us.set_budget(budget // 2)
        if len(self._iterations) > self._most:
            self._thin(self._most)

    @property
    def _most(self) -> int:
        """How many snapshots there may be."""
        return max(_LEAST, min(_MOST, self._budget // max(1, self._snapshots[0].nbytes)))

    def note(self, iteration: int, losses: Array) -> None:
        """The losses of the iterations that followed ``iteration``: their extremes stay quick to reach."""
        if not len(losses):
            return
        low, high = int(losses.argmin()), int(losses.argmax())
        self._lowest = min(self._lowest, (float(losses[low]), iteration + 1 + low))
        self._highest = max(self._highest, (float(losses[high]), iteration + 1 + high))

    def note_validation(self, iteration: int, loss: float) -> None:
        """The lowest validation loss there is stays quick to reach."""
        self._best = min(self._best, (loss, iteration))

    def set_rate(self, iteration: int, rate: float) -> None:
        """From this iteration on, updates use this learning rate."""
        self._rates = [*(known for known in self._rates if known[0] < iteration), (iteration, rate)]

    def forget_after(self, iteration: int) -> None:
        """What came after this iteration has not been: training goes on from here."""
        count = bisect_right(self._iterations, iteration)
        del self._iterations[count:], self._snapshots[count:]
        self._rates = [known for known in self._rates if known[0] <= iteration]
        here = (self._network.loss, iteration)
        self._lowest = self._lowest if self._lowest[1] <= iteration else here
        self._highest = self._highest if self._highest[1] <= iteration else here
        self._best = self._best if self._best[1] <= iteration else (np.inf, iteration)

    def seconds(self, iterations: int) -> float:
        """About how long it takes to make so many iterations again; 0 while that is not known."""
        return iterations * self._seconds

    def go(self, iteration: int, resting: int | None = None) -> Iterator[Part]:
        """Take the network to an iteration; a part for each stretch that is made again, so that one may stop between.

        ``resting`` is the iteration that the network rests at, if it rests: it may be nearer than any snapshot.
        Between two parts the network rests at the iteration of the first.
        """
        if iteration < self.first:
            raise FluxError(
                f"iteration {iteration:,} cannot be reached: what is known begins at iteration {self.first:,}"
            )
        if iteration < self.sure:
            yield from self._reach_back()
            resting = None
        at = self._restore(iteration, resting)
        yield from self.again(at, iteration)

    def again(self, at: int, until: int, every: int = 0) -> Iterator[Part]:
        """Make the iterations behind ``at``, where the network rests, again; with ``every`` also the validations."""
        self._focus = until
        self._network.learning_rate = self._rate_at(at)
        turns = [rate[0] for rate in self._rates] + [edit.iteration for edit in self._edits]
        while at < until:
            stop = min([until, *(turn for turn in turns if turn > at)])
            losses = np.empty(min(self._part, stop - at), self._network.dtype)
            validations = np.empty(len(losses) if every else 0, self._network.dtype)
            begun = time.thread_time()
            done, validated = self._network.iterate(losses, at, every, validations if every else None)
            self._learn(done, time.thread_time() - begun)
            at += done
            self._arrive(at)
            if at < until:
                self.keep(at, self._network.snapshot())
                self._focus = until
            yield Part(at, losses[:done], validations[:validated], until)

    def _arrive(self, at: int) -> None:
        """Change what was changed by hand at this iteration."""
        self._network.learning_rate = self._rate_at(at)
        edits = [edit for edit in self._edits if edit.iteration == at]
        for edit in edits:
            self._network.parameter((edit.layer, edit.matrix))[edit.row, edit.column] = edit.value
        if edits:
            self._network.rest(at)

    def _reach_back(self) -> Iterator[Part]:
        """Make what came before the session again; left in between, it goes on from there the next time."""
        past, known, network = self._past, self.sure, self._network
        if past is None:
            return
        if self._before_us is None:
            past.begin(network)
            network.rest(0)
            before = self._before_us = Timeline(network, 0, self._budget - self.bytes)
            before._rates = [(rate.iteration, rate.learning_rate) for rate in past.rates]
            before._edits = past.edits
            before._arrive(0)
            before._snapshots = [network.snapshot()]
        before = self._before_us
        network.restore(before._snapshots[-1])
        try:
            for part in before.again(before._iterations[-1], known):
                before.note(part.iteration - len(part.losses), part.losses)
                yield part
        except GeneratorExit:
            self._restore(known, None)
            raise
        self._past = self._before_us = None
        if not past.led_to(network):
            self._restore(known, None)
            raise FluxError(f"what came before iteration {known:,} cannot be shown: {UNLIKE}")
        self._iterations = before._iterations + self._iterations
        self._snapshots = before._snapshots + self._snapshots
        self._rates = [*(rate for rate in before._rates if rate[0] < known), *self._rates]
        self._edits = past.edits
        self._lowest = min(self._lowest, before._lowest)
        self._highest = max(self._highest, before._highest)
        if len(self._iterations) > self._most:
            self._thin(self._most)

    def _restore(self, iteration: int, resting: int | None) -> int:
        """Put the nearest moment before an iteration in place and return its iteration.

        Not the moment itself even if it is kept: what its update wrote is in no snapshot, but is made by it.
        """
        place = self._before(iteration)
        at = self._iterations[place]
        if resting is not None and at <= resting < iteration:
            return resting
        self._network.restore(self._snapshots[place])
        self._network.learning_rate = self._rate_at(at)
        if at == iteration:
            # The first moment: no update has led to it.
            self._network.clear_update_matrices()
            self._network.rest(at)
        return at

    def _rate_at(self, iteration: int) -> float:
        return self._rates[bisect_right(self._rates, (iteration, np.inf)) - 1][1]

    def _learn(self, iterations: int, seconds: float) -> None:
        """Choose the next part so that it takes about twenty milliseconds."""
        self._seconds = seconds / max(1, iterations)
        wanted = iterations * _PART_SECONDS / max(seconds, 1e-6)
        self._part = int(min(max(1, wanted), self._part * 8, _LONGEST_PART))

    def _thin(self, most: int) -> None:
        """Drop the snapshots that are missed least: close to their neighbours, and far from where one looks."""
        lasting = {
            0,
            *(self._before(iteration) for _, iteration in (self._lowest, self._highest, self._best)),
        }
        while (over := len(self._iterations) - most) > 0:
            iterations = np.array(self._iterations, dtype=np.float64)
            gaps = iterations[2:] - iterations[:-2]
            missed = gaps / np.sqrt(np.abs(iterations[1:-1] - self._focus) + 1)
            dropped: set[int] = set()
            for place in (int(each) + 1 for each in np.argsort(missed, kind="stable")):
                if len(dropped) == over:
                    break
                # Not two neighbours at once: the gap that the first one leaves is not counted yet.
                if place not in lasting and not {place - 1, place + 1} & dropped:
                    dropped.add(place)
            if not dropped:
                return
            lasting = {place - sum(each < place for each in dropped) for place in lasting}
            self._iterations = [each for i, each in enumerate(self._iterations) if i not in dropped]
            self._snapshots = [each for i, each in enumerate(self._snapshots) if i not in dropped]

    def _before(self, iteration: int) -> int:
        """The place of the snapshot from which an iteration is reached soonest."""
        return max(0, bisect_left(self._iterations, iteration) - 1)
