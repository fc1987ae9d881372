"""What runs programs: the common contract, and the reference executor in NumPy."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Literal

import numpy as np

from flux_studio.engine.operations.base import Array
from flux_studio.engine.program import Program
from flux_studio.errors import ProgramError

ExecutorName = Literal["compiled", "reference"]


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
    ) -> tuple[int, int]:
        """Run whole iterations (update, forward, loss, backward), one for each place of ``losses``.

        ``losses[i]`` becomes the loss of the weights of iteration ``iteration + i + 1``. When that number is a
        multiple of ``every``, the validation program runs too and its loss goes to the next place of
        ``validation_losses``. Stops behind the first loss that is not finite. Returns how many iterations and
        how many validations were done.
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
    ) -> tuple[int, int]:
        if training.loss is None:
            raise ProgramError("a program without a loss cannot be trained")
        validated = 0
        for index in range(len(losses)):
            self.run(training, 0, len(training.instructions), iteration + index + 1)
            losses[index] = self.arena[training.loss.offset]
            if not np.isfinite(losses[index]):
                return index + 1, validated
            if (
                validation is not None
                and validation_losses is not None
                and (iteration + index + 1) % every == 0
            ):
                self.run(validation, 0, len(validation.instructions))
                if validation.loss is not None:
                    validation_losses[validated] = self.arena[validation.loss.offset]
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
