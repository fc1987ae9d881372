"""A copy of what an update works with, to see what it will do: of one parameter, where no more is needed."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from flux_studio.engine.operations.base import Array, Elementwise
from flux_studio.engine.operations.schedules import Schedule
from flux_studio.engine.operations.updates import Update
from flux_studio.engine.slots import Instruction, Slot

_SMALL = 64
"""Matrices of so many cells are always copied whole: rates, factors and the blocks of small networks."""


class Scratch:
    """An arena as far as some instructions of the update phase go.

    ``place`` is where in each block of parameters, gradients or state the parameter in question stands. Where every
    instruction works cell by cell, that place is all that is copied and changed; a norm needs all the others, too.
    """

    def __init__(self, arena: Array, instructions: Sequence[Instruction], place: int) -> None:
        slots = {slot for each in instructions for slot in (each.output, *each.inputs)}
        size = max(slot.offset + slot.size for slot in slots)
        self._place = place
        self._alone = all(
            isinstance(each.operation, Elementwise | Update | Schedule) for each in instructions
        )
        if not self._alone:
            self.arena = arena[:size].copy()
            return
        # What is never written to takes no memory.
        self.arena = np.empty(size, arena.dtype)
        for slot in slots:
            part = slice(slot.offset, slot.offset + slot.size)
            if slot.size > _SMALL:
                part = slice(slot.offset + place, min(slot.offset + place + 1, slot.offset + slot.size))
            self.arena[part] = arena[part]

    def run(self, instruction: Instruction, iteration: int) -> None:
        """Carry an instruction out."""
        if self._alone and not self._reaches(instruction.output):
            return  # what works on weights only leaves a bias alone
        views = [self._view(slot) for slot in (instruction.output, *instruction.inputs)]
        with np.errstate(all="ignore"):
            instruction.operation.carry_out(views[0], tuple(views[1:]), iteration)

    def _reaches(self, slot: Slot) -> bool:
        return slot.size <= _SMALL or self._place < slot.size

    def _view(self, slot: Slot) -> Array:
        view = slot.view(self.arena)
        return view[:, self._place : self._place + 1] if self._alone and slot.size > _SMALL else view
