"""A program: a flat list of instructions over one block of memory, the arena.

The arena begins with what exists once: the learning rate, all parameters (weights first, then biases) and, in
the same order, their gradients. Behind it each program has a work region of its own, so that validating or
looking never touches the training batch.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flux_studio.engine.operations import BATCH, COPY, GRADIENT_DESCENT, Operation, Shape, kernel_code
from flux_studio.engine.operations.base import Array, Elementwise
from flux_studio.engine.recording import NETWORK, PHASES, Constant, Phase, Recording, Symbol
from flux_studio.errors import ProgramError

_ALIGNMENT = 8
MatrixKey = tuple[str, str]
FORWARD_ONLY: tuple[Phase, ...] = ("forward",)
EVALUATION: tuple[Phase, ...] = ("forward", "loss")


@dataclass(frozen=True)
class Slot:
    """A matrix's place in the arena. ``by_feature``: stored column by column, as batch matrices are."""

    offset: int
    rows: int
    columns: int
    by_feature: bool = False

    @property
    def size(self) -> int:
        """Number of cells."""
        return self.rows * self.columns

    @property
    def shape(self) -> Shape:
        """Rows and columns, as people see the matrix."""
        return self.rows, self.columns

    def view(self, arena: Array) -> Array:
        """The matrix itself, rows×columns: a view, not a copy."""
        flat = arena[self.offset : self.offset + self.size]
        if self.by_feature:
            return flat.reshape(self.columns, self.rows).T
        return flat.reshape(self.rows, self.columns)


@dataclass(frozen=True)
class Instruction:
    """One operation on slots of the arena; it writes exactly one matrix."""

    operation: Operation
    output: Slot
    inputs: tuple[Slot, ...]
    phase: Phase
    layer: str

    def row(self) -> tuple[int, ...]:
        """The instruction as numbers: code, o, a, b, c, d, m, k, n."""
        if isinstance(self.operation, Elementwise):
            # Constants stand in third and fourth place, however many matrices come before them.
            matrices = self.inputs[: self.operation.matrices]
            numbers = self.inputs[self.operation.matrices :]
            places = [*_offsets(matrices, 2), *_offsets(numbers, 2)]
        else:
            places = _offsets(self.inputs, 4)
        sizes = self.operation.sizes(self.output.shape, *(slot.shape for slot in self.inputs))
        return (kernel_code(self.operation, sizes), self.output.offset, *places, *sizes)


@dataclass(frozen=True, eq=False)
class Program:
    """The instructions for a batch of ``rows`` rows, in the order in which one iteration runs them."""

    rows: int
    instructions: tuple[Instruction, ...]
    table: NDArray[np.uint64]
    """One row an instruction, as :meth:`Instruction.row` has it."""
    phases: Mapping[Phase, tuple[int, int]]
    """First instruction and the one behind the last, of each phase."""
    matrices: Mapping[MatrixKey, Slot]
    constants: tuple[tuple[Slot, float], ...]
    inputs: Slot
    targets: Slot | None
    outputs: Slot
    loss: Slot | None

    def span(self, *phases: Phase) -> tuple[int, int]:
        """First instruction of the first phase and the one behind the last."""
        return self.phases[phases[0]][0], self.phases[phases[-1]][1]

    def prepare(self, arena: Array) -> None:
        """Write the program's constants into the arena."""
        for slot, value in self.constants:
            arena[slot.offset] = value


@dataclass(frozen=True, eq=False)
class Layout:
    """Where everything lies: the arena's size, what exists once, and the programs."""

    size: int
    parameters: Mapping[MatrixKey, Slot]
    gradients: Mapping[MatrixKey, Slot]
    parameter_block: Slot
    gradient_block: Slot
    learning_rate: Slot
    programs: tuple[Program, ...]

    @property
    def state(self) -> slice:
        """Parameters and gradients: what a snapshot must hold."""
        return slice(self.parameter_block.offset, self.gradient_block.offset + self.gradient_block.size)


def _offsets(slots: Sequence[Slot], count: int) -> list[int]:
    return [*(slot.offset for slot in slots), *[0] * (count - len(slots))]


@dataclass
class _Allocator:
    used: int = 0

    def take(self, shape: Shape, *, by_feature: bool = False, packed: bool = False) -> Slot:
        slot = Slot(self.used, shape[0], shape[1], by_feature)
        self.used += slot.size
        if not packed:
            self.align()
        return slot

    def align(self) -> None:
        self.used += -self.used % _ALIGNMENT


def lay_out(recording: Recording, requests: Iterable[tuple[int, tuple[Phase, ...]]]) -> Layout:
    """Lay programs out over one arena: one for each requested number of rows and set of phases."""
    requests = tuple(requests)
    goes_back = any("backward" in phases for _, phases in requests)
    memory = _Allocator()
    learning_rate = memory.take((1, 1))
    ordered = sorted(recording.parameters, key=lambda parameter: parameter.is_bias)
    start = memory.used
    parameters = {each.key: memory.take(each.symbol.shape, packed=True) for each in ordered}
    count = memory.used - start
    memory.align()
    gradient_start = memory.used
    gradients = {each.key: memory.take(each.symbol.shape, packed=True) for each in ordered if goes_back}
    gradient_count = memory.used - gradient_start
    memory.align()
    fixed = {id(each.symbol): parameters[each.key] for each in ordered}
    shared = _Shared(
        parameters=parameters,
        gradients=gradients,
        parameter_block=Slot(start, 1, count),
        gradient_block=Slot(gradient_start, 1, gradient_count),
        learning_rate=learning_rate,
        fixed=fixed,
    )
    programs = tuple(_Builder(recording, rows, phases, memory, shared).build() for rows, phases in requests)
    return Layout(
        memory.used,
        parameters,
        gradients,
        shared.parameter_block,
        shared.gradient_block,
        learning_rate,
        programs,
    )


@dataclass(frozen=True)
class _Shared:
    parameters: Mapping[MatrixKey, Slot]
    gradients: Mapping[MatrixKey, Slot]
    parameter_block: Slot
    gradient_block: Slot
    learning_rate: Slot
    fixed: Mapping[int, Slot]


@dataclass
class _Builder:
    """Lays out one program behind what the memory already holds."""

    recording: Recording
    rows: int
    phases: tuple[Phase, ...]
    memory: _Allocator
    shared: _Shared
    slots: dict[int, Slot] = field(default_factory=dict)
    constants: list[tuple[Slot, float]] = field(default_factory=list)

    def build(self) -> Program:
        recording = self.recording
        self.slots.update(self.shared.fixed)
        wanted = {each.key: recording.gradients.get(id(each.symbol)) for each in recording.parameters}
        copies: list[tuple[MatrixKey, Symbol]] = []
        if "backward" in self.phases:
            copies = self._place_gradients(wanted)
        inputs = self._slot(_present(recording.inputs, "inputs"))
        instructions: list[Instruction] = []
        spans: dict[Phase, tuple[int, int]] = {}
        for phase in PHASES:
            begin = len(instructions)
            if phase in self.phases:
                instructions += self._instructions(phase)
            if phase == "backward":
                instructions += [self._copy(key, symbol) for key, symbol in copies]
            spans[phase] = (begin, len(instructions))
        return Program(
            rows=self.rows,
            instructions=tuple(instructions),
            table=np.array([each.row() for each in instructions], dtype=np.uint64).reshape(-1, 9),
            phases=spans,
            matrices={
                key: self.slots[id(symbol)]
                for key, symbol in recording.names.items()
                if id(symbol) in self.slots
            },
            constants=tuple(self.constants),
            inputs=inputs,
            targets=None if recording.targets is None else self.slots.get(id(recording.targets)),
            outputs=self.slots[id(_present(recording.outputs, "outputs"))],
            loss=None if recording.loss is None else self.slots.get(id(recording.loss)),
        )

    def _instructions(self, phase: Phase) -> list[Instruction]:
        if phase == "update":
            block = self.shared.parameter_block
            operands = (block, self.shared.gradient_block, self.shared.learning_rate)
            return [Instruction(GRADIENT_DESCENT, block, operands, "update", NETWORK)]
        made = []
        for step in self.recording.steps:
            if step.phase != phase:
                continue
            inputs = tuple(self._slot(symbol) for symbol in step.inputs)
            _check_storage(step.operation, step.inputs)
            made.append(Instruction(step.operation, self._slot(step.output), inputs, phase, step.layer))
        return made

    def _slot(self, symbol: Symbol) -> Slot:
        if id(symbol) not in self.slots:
            batch = symbol.shape[0] == BATCH
            shape = (self.rows if batch else symbol.shape[0], symbol.shape[1])
            self.slots[id(symbol)] = self.memory.take(shape, by_feature=batch)
            constant = self._constant(symbol)
            if constant is not None:
                self.constants.append((self.slots[id(symbol)], constant.value(self.rows)))
        return self.slots[id(symbol)]

    def _constant(self, symbol: Symbol) -> Constant | None:
        for constant, known in self.recording.constants.items():
            if known is symbol:
                return constant
        return None

    def _place_gradients(self, wanted: Mapping[MatrixKey, Symbol | None]) -> list[tuple[MatrixKey, Symbol]]:
        """Let backward steps write straight into the gradient block; what cannot is copied there."""
        written = {id(step.output) for step in self.recording.steps if step.phase == "backward"}
        copies = []
        for key, symbol in wanted.items():
            if symbol is None:
                raise ProgramError("the recording was not differentiated, so it has no backward phase")
            if id(symbol) in written and id(symbol) not in self.slots:
                self.slots[id(symbol)] = self.shared.gradients[key]
            else:
                copies.append((key, symbol))
        return copies

    def _copy(self, key: MatrixKey, symbol: Symbol) -> Instruction:
        return Instruction(COPY, self.shared.gradients[key], (self._slot(symbol),), "backward", key[0])


def _present(symbol: Symbol | None, what: str) -> Symbol:
    if symbol is None:
        raise ProgramError(f"the recording has no {what}")
    return symbol


def _check_storage(operation: Operation, inputs: tuple[Symbol, ...]) -> None:
    """Kernels read batch matrices feature by feature and all others row by row; refuse what does not fit."""
    expected: Any = operation.storage
    for index, symbol in enumerate(inputs):
        need = expected[min(index, len(expected) - 1)]
        has = "batch" if symbol.shape[0] == BATCH else "parameter"
        single_line = 1 in symbol.shape
        if need not in ("any", has) and not (single_line and need == "parameter"):
            raise ProgramError(
                f"{operation.name}: input {index + 1} must be a {need} matrix in a program, not a {has} matrix"
            )
