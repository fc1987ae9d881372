"""Whose number stands at an address of the arena: by what names it is known, what writes it and what reads it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from flux_studio.engine.matrices import MATRIX_KINDS, MatrixKind, state_matrices, state_of
from flux_studio.engine.operations import Shape
from flux_studio.engine.program import Program
from flux_studio.engine.recording import step_part
from flux_studio.engine.slots import Instruction, MatrixKey, Slot
from flux_studio.engine.updating import UpdateRule
from flux_studio.engine.workings import Cell

_STEP = re.compile(rf"{re.escape(step_part(0)[:-1])}(\d+)")
_RAISED = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")
_IN_BRACKETS = re.compile(r"\([^()]*\)")


@dataclass(frozen=True)
class Place:
    """Something in a matrix: ``index`` says where, in numbers or in letters. Without a key it has no name."""

    key: MatrixKey | None
    symbol: str
    shape: Shape
    index: str

    @property
    def text(self) -> str:
        """As formulas have it: ``x[5,2]``, ``b[2]`` of a single row, ``C`` of a single number."""
        if self.shape == (1, 1):
            return self.symbol
        index = self.index.rpartition(",")[2] if self.shape[0] == 1 else self.index
        # What reads as several things is bracketed, so that the index goes with all of it.
        loose = re.search(r"[ ·⊙−+]", _IN_BRACKETS.sub("", self.symbol).strip())
        return f"({self.symbol})[{index}]" if loose else f"{self.symbol}[{index}]"


@dataclass(frozen=True)
class Named:
    """A cell of a matrix with its name; ``key`` is ``None`` where the matrix has none."""

    key: MatrixKey | None
    symbol: str
    shape: Shape
    cell: Cell

    @property
    def text(self) -> str:
        """As formulas have it."""
        return Place(self.key, self.symbol, self.shape, f"{self.cell[0]},{self.cell[1]}").text

    def text_for(self, layer: str) -> str:
        """The same, with the number of the step where it is not of ``layer`` itself: ``h⁽³⁾[5,2]``."""
        step = _STEP.search(self.key[0]) if self.key is not None and self.key[0] != layer else None
        if step is None:
            return self.text
        head, bracket, index = self.text.rpartition("[")
        number = step[1].translate(_RAISED)
        return f"{head}⁽{number}⁾{bracket}{index}" if bracket else f"{index}⁽{number}⁾"


@dataclass(frozen=True, eq=False)
class Writer:
    """An instruction by its place in the program, and one of its slots; ``kept`` says which input that is.

    Of a writer, 0 is the result; of a reader it is the first input.
    """

    number: int
    instruction: Instruction
    slot: Slot
    kept: int


class _Spans:
    """Slots, to be found by an address that lies in them."""

    def __init__(self, slots: list[Slot]) -> None:
        self._starts = np.array([slot.offset for slot in slots], np.int64)
        self._ends = np.array([slot.offset + slot.size for slot in slots], np.int64)

    def overlapping(self, slot: Slot) -> NDArray[np.int64]:
        """The places in the list of all slots that share a cell with this one."""
        return np.flatnonzero((self._starts < slot.offset + slot.size) & (slot.offset < self._ends))

    def at(self, address: int) -> list[int]:
        """The places in the list of all slots that hold the address."""
        found: list[int] = np.flatnonzero((self._starts <= address) & (address < self._ends)).tolist()
        return found


class Places:
    """The index of one program."""

    def __init__(self, program: Program, rule: UpdateRule) -> None:
        self._symbols = program.symbols
        self._kinds = {**MATRIX_KINDS, **_kept_kinds(rule)}
        self._named = list(program.matrices.items())
        self._names = _Spans([slot for _, slot in self._named])
        self._writers: list[Writer] = []
        self._readers: list[Writer] = []
        for number, each in enumerate(program.instructions):
            self._writers.append(Writer(number, each, each.output, 0))
            for kept in each.operation.keeps(len(each.inputs)):
                self._writers.append(Writer(number, each, each.inputs[kept], kept))
            for index, slot in enumerate(each.inputs):
                self._readers.append(Writer(number, each, slot, index))
        self._written = _Spans([writer.slot for writer in self._writers])
        self._read = _Spans([reader.slot for reader in self._readers])
        # While training goes on, the same cells are asked for again and again.
        self._called = lru_cache(maxsize=1 << 14)(self._named_at)

    def writers(self, address: int) -> tuple[Writer, ...]:
        """What writes there, in the order of the program."""
        return tuple(self._writers[place] for place in self._written.at(address))

    def is_overwritten(self, slot: Slot, done: int) -> bool:
        """Whether one of the first ``done`` instructions writes into a slot."""
        return any(self._writers[place].number < done for place in self._written.overlapping(slot))

    def readers(self, address: int) -> tuple[Writer, ...]:
        """What reads there, in the order of the program."""
        return tuple(self._readers[place] for place in self._read.at(address))

    def named(self, slot: Slot, cell: Cell, layer: str, letter: str, key: MatrixKey | None = None) -> Named:
        """A cell of a slot by the name under which ``layer`` knows it, or else any layer; ``key`` if that is given.

        Of a part and the whole it is the part. What has no name is a constant, called by its symbol or by ``letter``.
        """
        return self._called(slot.address(cell), layer, letter, key)

    def _named_at(self, address: int, layer: str, letter: str, key: MatrixKey | None) -> Named:
        found = [self._named[place] for place in self._names.at(address)]
        if key is not None:
            found = [each for each in found if each[0] == key]
        if not found:
            return Named(None, self._symbols.get(address, letter), (1, 1), (0, 0))
        best, place = min(found, key=lambda each: (each[1].size, each[0][0] != layer))
        kind = self._kinds.get(best[1])
        return Named(best, kind.symbol if kind else best[1], place.shape, place.cell(address))


def _kept_kinds(rule: UpdateRule) -> dict[str, MatrixKind]:
    """What an optimizer keeps, for all parameters and for each kind of them."""
    states = state_matrices(rule.kind.update)
    own = [state_of(kind, state) for kind in MATRIX_KINDS.values() for state in states]
    return {kind.name: kind for kind in (*states, *own)}
