"""One iteration worked out as on paper: every instruction with its formula, its matrices, and one cell in numbers.

The forward, loss and backward phases are told as they lie in memory at a resting point; the update that follows is
carried out on a copy. Of large matrices the corners are kept. The arithmetic of a cell is that of its explanation.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from flux_studio.engine.explain import Made, make, places_of
from flux_studio.engine.network import Network
from flux_studio.engine.operations.base import Array, Elementwise, Shape
from flux_studio.engine.operations.updates import Update
from flux_studio.engine.places import Places, Writer
from flux_studio.engine.recording import Phase
from flux_studio.engine.slots import Instruction, MatrixKey, Slot
from flux_studio.engine.workings import Cell, Earlier, Line, Pieces, Source, Sum

MOST_ROWS, MOST_COLUMNS = 16, 10
"""A matrix no larger than this is kept whole."""
_FIRST, _LAST = 3, 2
_TERMS = 6

Filled = tuple[str | float, ...]
"""A line of arithmetic with its numbers in place."""


@dataclass(frozen=True, eq=False)
class Shown:
    """A matrix, or its corners: ``values`` are of those ``rows`` and ``columns``. A constant has no key."""

    key: MatrixKey | None
    symbol: str
    shape: Shape
    rows: tuple[int, ...]
    columns: tuple[int, ...]
    values: Array


@dataclass(frozen=True)
class WorkedLine:
    """``name`` = ``symbols`` = ``filled`` = ``value``; of a sum, ``filled`` are its largest terms, ``left`` how many
    more there are. ``because`` are the comparisons that decided which way it was computed."""

    name: str
    symbols: str
    filled: tuple[Filled, ...]
    left: int
    because: tuple[str, ...]
    value: float


@dataclass(frozen=True, eq=False)
class Work:
    """What one instruction does. ``inputs`` stand in the places of ``letters`` in ``formula``."""

    number: int
    """Counted from 1."""
    operation: str
    by_cell: bool
    """Whether it works cell by cell, also where its formula has the sign of a product."""
    phase: Phase
    layer: str
    formula: str
    letters: tuple[str, ...]
    inputs: tuple[Shown, ...]
    output: Shown
    cell: Cell
    """The largest of the result."""
    lines: tuple[WorkedLine, ...]
    """How that cell is made."""


@dataclass(frozen=True, eq=False)
class Step:
    """How the update changes one parameter: ``kept`` is what becomes of the optimizer's state."""

    key: MatrixKey
    formula: str
    before: Shown
    gradient: Shown
    kept: tuple[Shown, ...]
    after: Shown
    cell: Cell
    lines: tuple[WorkedLine, ...]


@dataclass(frozen=True, eq=False)
class WorkedIteration:
    """All of it, in the order in which one works it out: forward, loss and backward, then the update."""

    iteration: int
    samples: NDArray[np.int64]
    """Which training rows the batch is of."""
    inputs: Shown
    targets: Shown | None
    parameters: tuple[Shown, ...]
    works: tuple[Work, ...]
    steps: tuple[Step, ...]


def work_out(network: Network, iteration: int) -> WorkedIteration:
    """Work out the iteration at which the network rests, and the update behind it. The network is left as it is."""
    return _Clerk(network, iteration).all()


class _Clerk:
    def __init__(self, network: Network, iteration: int) -> None:
        self._network, self._program, self._iteration = network, network.program, iteration
        self._places: Places = places_of(network)
        self._arena = network.arena
        self._keys: dict[Slot, list[MatrixKey]] = {}
        for key, slot in self._program.matrices.items():
            self._keys.setdefault(slot, []).append(key)
        layout = network.layout
        self._blocks = {layout.parameter_block: "θ", layout.gradient_block: "∂C/∂θ"}

    def all(self) -> WorkedIteration:
        program, network = self._program, self._network
        works = [
            self._work(number, each, self._iteration)
            for number, each in enumerate(program.instructions)
            if each.phase != "update"
        ]
        parameters = tuple(self._shown(slot, key[0]) for key, slot in network.layout.parameters.items())
        inputs = self._shown(program.inputs, "")
        targets = None if program.targets is None else self._shown(program.targets, "")
        updates, steps = self._update()
        return WorkedIteration(
            self._iteration,
            np.array(network.batch_rows(self._iteration), np.int64),
            inputs,
            targets,
            parameters,
            (*works, *updates),
            steps,
        )

    def _update(self) -> tuple[list[Work], tuple[Step, ...]]:
        """The update phase, on a copy of everything."""
        works: list[Work] = []
        steps: list[Step] = []
        self._arena = self._network.arena.copy()
        start, stop = self._program.phases["update"]
        for number in range(start, stop):
            instruction = self._program.instructions[number]
            operation = instruction.operation
            if isinstance(operation, Update):
                steps += self._steps(number, instruction)
                continue
            before = self._arena.copy()
            self._run(instruction)
            after, self._arena = self._arena, before
            works.append(self._work(number, instruction, self._iteration + 1, after))
            self._arena = after
        self._arena = self._network.arena
        return works, tuple(steps)

    def _run(self, instruction: Instruction) -> None:
        views = [slot.view(self._arena) for slot in (instruction.output, *instruction.inputs)]
        with np.errstate(all="ignore"):
            instruction.operation.carry_out(views[0], tuple(views[1:]), self._iteration + 1)

    def _steps(self, number: int, instruction: Instruction) -> list[Step]:
        """What an optimizer does, parameter by parameter."""
        layout, operation = self._network.layout, instruction.operation
        known = {key: slot for key, slot in layout.parameters.items() if _inside(slot, instruction.output)}
        before = {key: self._shown(slot, key[0]) for key, slot in known.items()}
        old = self._arena.copy()
        self._run(instruction)
        found = []
        for key, slot in known.items():
            after = self._shown(slot, key[0])
            change = np.abs(np.nan_to_num(slot.view(self._arena) - slot.view(old)))
            cell = _place(change)
            address = slot.address(cell)
            writer = Writer(number, instruction, instruction.output, 0)
            made = make(old, self._places, writer, address, self._iteration + 1)
            kept = tuple(
                self._shown(_beside(slot, instruction.output, block), key[0])
                for block in instruction.inputs[3:]
            )
            gradient = self._shown(_beside(slot, instruction.output, instruction.inputs[1]), key[0])
            name = f"{self._places.named(slot, cell, key[0], '', key).text}′"
            lines = self._lines(made, key[0], name)
            found.append(Step(key, operation.formula, before[key], gradient, kept, after, cell, lines))
        return found

    def _work(
        self, number: int, instruction: Instruction, iteration: int, after: Array | None = None
    ) -> Work:
        """One instruction; its inputs are read from the arena, its result from ``after`` where that is given."""
        layer, operation = instruction.layer, instruction.operation
        inputs = tuple(
            self._shown(slot, layer, self._letter(instruction, index))
            for index, slot in enumerate(instruction.inputs)
        )
        arena = self._arena if after is None else after
        output = self._shown(instruction.output, layer, operation.name, arena)
        cell = _place(np.abs(np.nan_to_num(instruction.output.view(arena))))
        writer = Writer(number, instruction, instruction.output, 0)
        made = make(self._arena, self._places, writer, instruction.output.address(cell), iteration)
        index = f"{cell[0]},{cell[1]}" if output.shape[0] > 1 else f"{cell[1]}"
        loose = " " in output.symbol or "·" in output.symbol
        name = f"({output.symbol})[{index}]" if loose else f"{output.symbol}[{index}]"
        return Work(
            number=number + 1,
            operation=operation.name,
            by_cell=isinstance(operation, Elementwise),
            phase=instruction.phase,
            layer=layer,
            formula=operation.formula,
            letters=tuple(self._letter(instruction, index) for index in range(len(inputs))),
            inputs=inputs,
            output=output,
            cell=cell,
            lines=self._lines(made, layer, output.symbol if output.shape == (1, 1) else name),
        )

    @staticmethod
    def _letter(instruction: Instruction, index: int) -> str:
        letters = instruction.operation.letters
        return letters[min(index, len(letters) - 1)]

    def _shown(self, slot: Slot, layer: str, letter: str = "", arena: Array | None = None) -> Shown:
        """A slot by the name under which the layer knows it, with its numbers."""
        view = slot.view(self._arena if arena is None else arena)
        rows, columns = _kept(slot.rows, MOST_ROWS), _kept(slot.columns, MOST_COLUMNS)
        key, symbol = self._named(slot, layer, letter)
        values = view[np.ix_(rows, columns)].copy()
        return Shown(key, symbol, slot.shape, rows, columns, values)

    def _named(self, slot: Slot, layer: str, letter: str) -> tuple[MatrixKey | None, str]:
        if slot in self._blocks:
            return None, self._blocks[slot]
        if keys := self._keys.get(slot):
            key = next((each for each in keys if each[0] == layer), keys[0])
            return key, self._places.named(slot, (0, 0), layer, letter, key).symbol
        named = self._places.named(slot, (0, 0), layer, letter)
        return named.key, named.symbol

    def _lines(self, made: Made, layer: str, name: str) -> tuple[WorkedLine, ...]:
        lines = made.working.lines
        return tuple(
            self._line(made, layer, each, name if each is lines[-1] else each.name) for each in lines
        )

    @staticmethod
    def _line(made: Made, layer: str, line: Line | Sum, name: str) -> WorkedLine:
        if isinstance(line, Line):
            because = tuple(made.text(test, layer) for test in line.tests)
            return WorkedLine(
                name, made.text(line.pieces, layer), (_filled(line.pieces),), 0, because, line.value
            )
        places = line.largest(_TERMS)
        over = "".join({"i": "ᵢ", "j": "ⱼ", "k": "ₖ", "n": "ₙ", "t": "ₜ"}.get(each, "") for each in line.over)
        symbols = f"Σ{over} {line.form.format(*(made.symbol(factor) for factor in line.factors))}"
        terms = tuple(
            _term(line.form, [float(factor.values[place]) for factor in line.factors]) for place in places
        )
        return WorkedLine(name, symbols, terms, len(line.terms) - len(places), (), line.value)


def _filled(pieces: Pieces) -> Filled:
    return tuple(piece.value if isinstance(piece, Source | Earlier) else piece for piece in pieces)


def _term(form: str, values: list[float]) -> Filled:
    found = re.split(r"\{(\d)\}", form)
    return tuple(values[int(part)] if place % 2 else part for place, part in enumerate(found) if part)


def _kept(count: int, most: int) -> tuple[int, ...]:
    if count <= most:
        return tuple(range(count))
    return (*range(_FIRST), *range(count - _LAST, count))


def _place(magnitudes: Array) -> Cell:
    row, column = np.unravel_index(int(np.argmax(magnitudes)), magnitudes.shape)
    return int(row), int(column)


def _beside(slot: Slot, block: Slot, other: Slot) -> Slot:
    """What stands in another block where ``slot`` stands in its own."""
    return Slot(other.offset + slot.offset - block.offset, *slot.shape)


def _inside(slot: Slot, block: Slot) -> bool:
    return block.offset <= slot.offset and slot.offset + slot.size <= block.offset + block.size
