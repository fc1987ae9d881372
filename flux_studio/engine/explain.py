"""Where a number comes from: for any cell of any named matrix, the instruction that wrote it and its arithmetic.

A network at rest stands behind its backward phase, so a cell of the forward, loss or backward phase is recomputed from
the cells that are in memory beside it. What the update phase writes (parameters, moments, clipped gradients) has been
made from numbers that are gone; such a cell is explained by what the *next* update makes of it, which is carried out on
a copy up to that instruction.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Protocol
from weakref import WeakKeyDictionary

import numpy as np

from flux_studio.engine.batches import Batches
from flux_studio.engine.operations.base import Array
from flux_studio.engine.places import Named, Place, Places, Writer
from flux_studio.engine.program import Layout, Program
from flux_studio.engine.recording import Phase
from flux_studio.engine.scratch import Scratch
from flux_studio.engine.slots import MatrixKey
from flux_studio.engine.updating import UpdateRule
from flux_studio.engine.workings import Cell, Earlier, Factor, Piece, Pieces, Source, Working
from flux_studio.errors import ProgramError

_ROUNDING = 4.0
"""How many times the error that was reckoned a difference may be: two calculations were rounded, and ε is a half."""


@dataclass(frozen=True, eq=False)
class Made:
    """What one instruction makes of a cell: its arithmetic in float64, beside the number that the program has."""

    number: int
    """Which instruction of the program it is, counted from 1."""
    operation: str
    formula: str
    phase: Phase
    working: Working
    stored: float
    """What the executor has put there, or in the update phase will put there."""
    tolerance: float
    """By how much rounding alone may set both apart."""
    _writer: Writer
    _places: Places

    @property
    def difference(self) -> float:
        """The stored number less the recomputed one."""
        return self.stored - self.working.value

    @property
    def is_same(self) -> bool:
        """Whether the recomputed number is the stored one, up to rounding."""
        stored, found = self.stored, self.working.value
        if not (np.isfinite(stored) and np.isfinite(found)):
            return bool(stored == found or (np.isnan(stored) and np.isnan(found)))
        return abs(self.difference) <= self.tolerance

    def place(self, source: Source) -> Named:
        """The matrix, and the cell of it, that the arithmetic reads."""
        slot = self._writer.instruction.inputs[source.input]
        return self._places.named(slot, source.cell, self._writer.instruction.layer, source.letter)

    def text(self, pieces: Pieces, layer: str = "") -> str:
        """A line in symbols, as ``layer`` would write it: ``∂C/∂h[5,2]·∂h/∂a[5,2]``."""
        return "".join(self._piece(piece, layer) for piece in pieces)

    def _piece(self, piece: Piece, layer: str) -> str:
        if isinstance(piece, str):
            return piece
        words = piece.name if isinstance(piece, Earlier) else self.place(piece).text_for(layer)
        return f"({words})" if words.startswith("−") else words

    def symbol(self, factor: Factor) -> str:
        """A factor of a sum, in letters: ``x[5,k]``."""
        slot, layer = self._writer.instruction.inputs[factor.input], self._writer.instruction.layer
        if not len(factor.values):
            return factor.letter
        found = self._places.named(slot, factor.source(0).cell, layer, factor.letter)
        return Place(found.key, found.symbol, found.shape, factor.index).text


@dataclass(frozen=True)
class Use:
    """An instruction that reads a cell, and the cells of its result into which it goes."""

    number: int
    operation: str
    phase: Phase
    place: Named
    """One of these cells."""
    count: int


@dataclass(frozen=True, eq=False)
class Explanation:
    """All that can be said about one cell."""

    key: MatrixKey
    cell: Cell
    symbol: str
    """The cell as formulas have it: ``a[5,2]``."""
    value: float
    origin: str
    """Where the number in memory comes from, in words; empty where ``made`` tells it."""
    is_ahead: bool
    """Whether ``made`` tells what the next update makes of the cell, and not how it came to be."""
    made: tuple[Made, ...]
    """The instructions that write the cell, in order: one as a rule."""
    uses: tuple[Use, ...]
    instructions: int
    """How many there are in the program."""


class Explainable(Protocol):
    """A program over an arena: a network, or a replica of one, where no update follows."""

    @property
    def program(self) -> Program: ...
    @property
    def arena(self) -> Array: ...
    @property
    def layout(self) -> Layout: ...
    @property
    def rule(self) -> UpdateRule: ...
    @property
    def batches(self) -> Batches | None: ...


_KNOWN: WeakKeyDictionary[Program, Places] = WeakKeyDictionary()


def explain(
    network: Explainable, key: MatrixKey, cell: Cell, iteration: int = 0, done: int = 0
) -> Explanation:
    """Explain a cell, by row and column, of a matrix of a network that rests at ``iteration``, or of a replica.

    With ``done`` above 0, so many of the instructions of the iteration behind that rest have been carried out.
    """
    program = network.program
    if key not in program.matrices:
        raise ProgramError(f"there is no matrix {key[1]!r} in layer {key[0]!r}")
    slot, (row, column) = program.matrices[key], cell
    if not (0 <= row < slot.rows and 0 <= column < slot.columns):
        raise ProgramError(
            f"{key[1]} of {key[0]} has {slot.rows}×{slot.columns} cells; there is none at {cell}"
        )
    places = places_of(network)
    address = slot.address(cell)
    writers = places.writers(address)
    due = tuple(each for each in writers if each.number >= done and each.instruction.phase == "update")
    made: tuple[Made, ...] = ()
    origin = _origin(network, address, writers, iteration, done)
    is_ahead = bool(due)
    if due:
        made = _made_by_update(network, places, address, due, iteration, done)
    elif writers and writers[-1].instruction.phase != "update":
        made = tuple(
            make(network.arena, places, each, address, iteration + (each.number < done))
            for each in writers
            if each.number < done or not _is_stale(network, places, each, done)
        )
        if not made and writers[0].number == done:
            is_ahead, made = True, (_made_next(network.arena, places, writers[0], address, iteration + 1),)
        if not made or is_ahead:
            origin = f"left from iteration {iteration:,}: operation {writers[0].number + 1} is still to come"
    return Explanation(
        key=key,
        cell=cell,
        symbol=places.named(slot, cell, key[0], "", key).text,
        value=float(network.arena[address]),
        origin=origin,
        is_ahead=is_ahead,
        made=made,
        uses=_uses(places, address),
        instructions=len(program.instructions),
    )


def places_of(network: Explainable) -> Places:
    """The index of the network's present program."""
    program = network.program
    if program not in _KNOWN:
        _KNOWN[program] = Places(program, network.rule)
    return _KNOWN[program]


def _is_stale(network: Explainable, places: Places, writer: Writer, done: int) -> bool:
    """Whether a result that is still of the rest has lost some of what it was made from."""
    program, inputs = network.program, writer.instruction.inputs
    if any(places.is_overwritten(slot, done) for slot in inputs):
        return True
    fed = [slot for slot in (program.inputs, program.targets) if slot is not None]
    loaded = network.batches is not None and done > program.phases["forward"][0]
    return loaded and any(slot.holds(each.offset) for slot in inputs for each in fed)


def _made_next(arena: Array, places: Places, writer: Writer, address: int, iteration: int) -> Made:
    """What the very next instruction will make of a cell, on a copy of its result."""
    instruction, made = writer.instruction, make(arena, places, writer, address, iteration)
    output = instruction.output.view(arena).copy()
    with np.errstate(all="ignore"):
        inputs = tuple(slot.view(arena) for slot in instruction.inputs)
        instruction.operation.carry_out(output, inputs, iteration)
    return replace(made, stored=float(output[writer.slot.cell(address)]))


def make(arena: Array, places: Places, writer: Writer, address: int, iteration: int) -> Made:
    """What an instruction makes of a cell, from an arena in the state before it; its result is read there as well."""
    instruction = writer.instruction
    inputs = tuple(slot.view(arena) for slot in instruction.inputs)
    cell = writer.slot.cell(address)
    working = instruction.operation.working(cell, inputs, iteration, writer.kept)
    limits = np.finfo(arena.dtype)
    return Made(
        number=writer.number + 1,
        operation=instruction.operation.name,
        formula=instruction.operation.formula,
        phase=instruction.phase,
        working=working,
        stored=float(arena[address]),
        tolerance=_ROUNDING * float(limits.eps) * working.error + float(limits.tiny),
        _writer=writer,
        _places=places,
    )


def _made_by_update(
    network: Explainable, places: Places, address: int, writers: tuple[Writer, ...], iteration: int, done: int
) -> tuple[Made, ...]:
    """What the next update makes of a cell, instruction by instruction, on a copy of what it works with."""
    program, by_number = network.program, {writer.number: writer for writer in writers}
    start, stop = max(program.phases["update"][0], done), max(by_number) + 1
    instructions = program.instructions[start:stop]
    scratch = Scratch(network.arena, instructions, address - writers[-1].slot.offset)
    found: list[Made] = []
    for number, instruction in enumerate(instructions, start):
        writer = by_number.get(number)
        before = None if writer is None else make(scratch.arena, places, writer, address, iteration + 1)
        scratch.run(instruction, iteration + 1)
        if before is not None:
            found.append(replace(before, stored=float(scratch.arena[address])))
    return tuple(found)


def _origin(
    network: Explainable, address: int, writers: tuple[Writer, ...], iteration: int, done: int
) -> str:
    """Where a number comes from that no instruction before the resting point has written."""
    program, layout = network.program, network.layout
    if any(writer.instruction.phase != "update" for writer in writers):
        return ""
    if program.inputs.holds(address):
        return "given by the data: an input of this row"
    if program.targets is not None and program.targets.holds(address):
        return "given by the data: what the outputs of this row should be"
    if any(writer.number < done for writer in writers):
        return f"made just now by the update of iteration {iteration + 1:,}: step back to see how"
    if layout.parameter_block.holds(address):
        if iteration == 0:
            return "as it was drawn, or set, before training began"
        return f"made by the update of iteration {iteration:,}"
    if writers:
        return (
            f"left by the update of iteration {iteration:,}" if iteration else "there has been no update yet"
        )
    if layout.updating is not None and layout.updating.rates.holds(address):
        return "set by hand: the rate of the way to train"
    return "nothing writes it: it stays at zero"


def _uses(places: Places, address: int) -> tuple[Use, ...]:
    found = []
    for reader in places.readers(address):
        instruction = reader.instruction
        output, cell = instruction.output, reader.slot.cell(address)
        shapes = (slot.shape for slot in instruction.inputs)
        rows, columns = instruction.operation.reach(reader.kept, cell, output.shape, *shapes)
        if len(rows) * len(columns) == 0:
            continue
        place = places.named(output, (rows[0], columns[0]), instruction.layer, instruction.operation.formula)
        count = len(rows) * len(columns)
        found.append(Use(reader.number + 1, instruction.operation.name, instruction.phase, place, count))
    # The update stands first in a program, but behind all else in the order in which this number is read.
    return tuple(sorted(found, key=lambda use: use.phase == "update"))
