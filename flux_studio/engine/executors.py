"""What runs programs: the common contract, and the reference executor in NumPy."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from flux_studio.engine.operations.base import Array
from flux_studio.engine.program import Program
from flux_studio.errors import ProgramError

ExecutorName = Literal["compiled", "reference"]


def fastest_executor() -> ExecutorName:
    """The compiled one, or where Numba is not installed the reference."""
    return "compiled" if find_spec("numba") else "reference"


@dataclass(frozen=True, eq=False)
class Feed:
    """Mini-batches for some iterations: iteration i looks at the rows ``order[bounds[i]:bounds[i + 1]]``."""

    inputs: Array
    """All rows N×I, stored row by row."""
    targets: Array
    order: NDArray[np.int64]
    bounds: NDArray[np.int64]
    remainder: Program | None
    """The program for the smaller last batch of an epoch, where there is one."""

    def program(self, training: Program, iteration: int) -> Program:
        """The program that fits the ``iteration``-th batch of this feed."""
        rows = int(self.bounds[iteration + 1] - self.bounds[iteration])
        if self.remainder is not None and rows == self.remainder.rows:
            return self.remainder
        return training


class Executor(ABC):
    """Runs the programs of one arena."""

    name: ExecutorName

    def __init__(self, arena: Array) -> None:
        self.arena = arena

    @abstractmethod
    def run(self, program: Program, start: int, stop: int, iteration: int = 0) -> None:
        """Carry out the instructions from ``start`` up to, not including, ``stop``.

        ``iteration`` is the one they belong to: schedules and dropout depend on it.
        """

    @abstractmethod
    def iterate(
        self,
        training: Program,
        losses: Array,
        iteration: int = 0,
        validation: Program | None = None,
        every: int = 0,
        validation_losses: Array | None = None,
        feed: Feed | None = None,
    ) -> tuple[int, int]:
        """Run whole iterations (update, forward, loss, backward), one for each place of ``losses``.

        ``losses[i]`` becomes the loss of the weights of iteration ``iteration + i + 1``. When that number is a
        multiple of ``every``, the validation program runs too and its loss goes to the next place of
        ``validation_losses``. With a ``feed`` each iteration loads its batch first. Stops behind the first loss
        that is not finite. Returns how many iterations and how many validations were done.
        """


class ReferenceExecutor(Executor):
    """One NumPy call an instruction: checks the compiled executor, and works where Numba is missing."""

    name = "reference"

    def __init__(self, arena: Array) -> None:
        super().__init__(arena)
        self._views: dict[int, tuple[Program, list[tuple[Array, tuple[Array, ...]]]]] = {}

    def run(self, program: Program, start: int, stop: int, iteration: int = 0) -> None:
        views = self._bound(program)
        with np.errstate(all="ignore"):
            for index in range(start, stop):
                output, inputs = views[index]
                program.instructions[index].operation.carry_out(output, inputs, iteration)

    def iterate(
        self,
        training: Program,
        losses: Array,
        iteration: int = 0,
        validation: Program | None = None,
        every: int = 0,
        validation_losses: Array | None = None,
        feed: Feed | None = None,
    ) -> tuple[int, int]:
        validated = 0
        for index in range(len(losses)):
            program = training if feed is None else feed.program(training, index)
            if feed is not None:
                load(program, self.arena, feed, index)
            self.run(program, 0, len(program.instructions), iteration + index + 1)
            losses[index] = self.arena[loss_place(program)]
            if not np.isfinite(losses[index]):
                return index + 1, validated
            if (
                validation is not None
                and validation_losses is not None
                and (iteration + index + 1) % every == 0
            ):
                self.run(validation, 0, len(validation.instructions))
                validation_losses[validated] = self.arena[loss_place(validation)]
                validated += 1
        return len(losses), validated

    def _bound(self, program: Program) -> list[tuple[Array, tuple[Array, ...]]]:
        known = self._views.get(id(program))
        if known is None:
            views = [
                (each.output.view(self.arena), tuple(slot.view(self.arena) for slot in each.inputs))
                for each in program.instructions
            ]
            # The program is kept beside its views, so that its id cannot be given to another.
            known = self._views[id(program)] = (program, views)
        return known[1]


def load(program: Program, arena: Array, feed: Feed, index: int) -> None:
    """Copy the ``index``-th batch of a feed into a program's inputs and targets."""
    rows = feed.order[feed.bounds[index] : feed.bounds[index + 1]]
    program.inputs.view(arena)[...] = feed.inputs[rows]
    if program.targets is not None:
        program.targets.view(arena)[...] = feed.targets[rows]


def loss_place(program: Program) -> int:
    """Where a program's loss stands in the arena."""
    if program.loss is None:
        raise ProgramError("a program without a loss cannot be trained")
    return program.loss.offset
