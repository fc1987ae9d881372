"""What the step just done has written: of each named matrix, which columns."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from flux_studio.engine.network import Network
from flux_studio.engine.slots import MatrixKey, Slot
from flux_studio.training.events import When


class Written:
    """Compares the moments of successive frames; only steps within an iteration write something worth pointing at."""

    def __init__(self, network: Network) -> None:
        self._network = network
        self._before: tuple[int, int] | None = None
        self._found: Mapping[MatrixKey, range] = {}

    def at(self, when: When, training: bool) -> Mapping[MatrixKey, range]:
        """What was written last on the way to a moment; nothing while training goes on."""
        now = None if training else (when.shown, when.done)
        if now != self._before:
            span = _span(self._before, now, when.operations)
            self._found = {} if span is None else written(self._network, *span)
            self._before = now
        return self._found


def _span(
    before: tuple[int, int] | None, now: tuple[int, int] | None, operations: int
) -> tuple[int, int] | None:
    """From which operation up to which, without it, the last step went; of a step back, the last that still stands."""
    if before is None or now is None:
        return None
    (rest, done), (new_rest, new_done) = before, now
    if not new_done:
        return (done, operations) if done and new_rest == rest + 1 else None
    if now < before:
        return new_done - 1, new_done
    return (done if new_rest == rest else 0), new_done


def written(network: Network, start: int, stop: int) -> Mapping[MatrixKey, range]:
    """The named matrices that the operations from ``start`` up to, not including, ``stop`` write."""
    program = network.program
    slots = [
        slot
        for each in program.instructions[start:stop]
        for slot in (each.output, *(each.inputs[kept] for kept in each.operation.keeps(len(each.inputs))))
    ]
    starts, ends = (np.array(each, np.int64) for each in zip(*map(_ends, slots), strict=True))
    found: dict[MatrixKey, range] = {}
    for key, slot in program.matrices.items():
        first, last = _ends(slot)
        # A whole sequence has thousands of matrices, and as many operations: most share nothing.
        for place in np.flatnonzero((starts < last) & (first < ends)).tolist():
            columns = _shared(slot, slots[place])
            known = found.get(key, columns)
            found[key] = range(min(known.start, columns.start), max(known.stop, columns.stop))
    return found


def _ends(slot: Slot) -> tuple[int, int]:
    return slot.offset, slot.offset + slot.size


def _shared(slot: Slot, other: Slot) -> range:
    """The columns of a slot of which the other one holds cells."""
    start = max(slot.offset, other.offset) - slot.offset
    stop = min(slot.offset + slot.size, other.offset + other.size) - slot.offset
    if slot.by_feature:
        return range(start // slot.rows, -(-stop // slot.rows))
    return range(start, stop) if slot.rows == 1 else range(slot.columns)
