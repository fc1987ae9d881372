"""How much of an arena its matrices take."""

from __future__ import annotations

from collections.abc import Iterable

from flux_studio.engine.program import Layout, Program
from flux_studio.engine.slots import Slot


def used_slots(program: Program) -> set[Slot]:
    """Every matrix that an instruction of the program reads or writes."""
    return {slot for each in program.instructions for slot in (each.output, *each.inputs)}


def share_of_matrices(layout: Layout) -> float:
    """The size of an arena by that of all matrices in it."""
    return layout.size / covered(slot for program in layout.programs for slot in used_slots(program))


def covered(slots: Iterable[Slot]) -> int:
    """How many cells of the arena belong to at least one of the slots."""
    total = end = 0
    for slot in sorted(slots, key=lambda slot: slot.offset):
        behind = slot.offset + slot.size
        total += max(0, behind - max(slot.offset, end))
        end = max(end, behind)
    return total
