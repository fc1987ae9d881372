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

from flux_studio.engine.operations import BATCH, COPY, Operation
from flux_studio.engine.operations.base import Array
from flux_studio.engine.operations.limits import NORM
from flux_studio.engine.operations.updates import RATES
from flux_studio.engine.recording import NETWORK, PHASES, Constant, Parameter, Phase, Recording, Symbol
from flux_studio.engine.slots import Instruction, MatrixKey, Memory, Slot
from flux_studio.engine.updating import UpdateBuilder, UpdateRule, Updating
from flux_studio.errors import ProgramError

FORWARD_ONLY: tuple[Phase, ...] = ("forward",)
EVALUATION: tuple[Phase, ...] = ("forward", "loss")


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
    symbols: Mapping[int, str] = field(default_factory=dict)
    """What the constant at an offset of the arena is called."""

    def span(self, *phases: Phase) -> tuple[int, int]:
        """First instruction of the first phase and the one behind the last."""
        return self.phases[phases[0]][0], self.phases[phases[-1]][1]


@dataclass(frozen=True, eq=False)
class Layout:
    """Where everything lies: the arena's size, what exists once, and the programs."""

    size: int
    parameters: Mapping[MatrixKey, Slot]
    gradients: Mapping[MatrixKey, Slot]
    """Empty where no program goes back."""
    parameter_block: Slot
    gradient_block: Slot
    updating: Updating | None
    """How the weights change; ``None`` where no program updates."""
    state: slice
    """Rates, parameters, gradients and optimizer state: what a snapshot must hold."""
    programs: tuple[Program, ...]
    measuring: Program | None
    """Works out the norm of the gradients; ``None`` where no program updates."""

    def prepare(self, arena: Array) -> None:
        """Write every number that programs and updates work with into the arena."""
        for program in self.programs:
            for slot, value in program.constants:
                arena[slot.offset] = value
        if self.updating is not None:
            with np.errstate(
                over="ignore"
            ):  # infinite is what it is then, and training says where that leads
                for slot, values in self.updating.numbers:
                    arena[slot.offset : slot.offset + len(values)] = values


def lay_out(
    recording: Recording,
    requests: Iterable[tuple[int, tuple[Phase, ...]]],
    rule: UpdateRule | None = None,
) -> Layout:
    """Lay programs out over one arena: one for each requested number of rows and set of phases."""
    requests = tuple(requests)
    updates = any("update" in phases for _, phases in requests)
    goes_back = updates or any("backward" in phases for _, phases in requests)
    rule = rule or UpdateRule()
    memory = Memory()
    rates = memory.take((1, len(RATES) if updates else 1))
    ordered = sorted(recording.parameters, key=lambda parameter: parameter.is_bias)
    parameter_block, parameters = _block(memory, ordered)
    gradient_block, gradients = _block(memory, ordered if goes_back else [])
    blocks = {name: _block(memory, ordered) for name in (rule.kind.update.state if updates else ())}
    end = memory.used
    shared = _Shared(parameters, gradients, {id(each.symbol): parameters[each.key] for each in ordered})
    updating = None
    if updates:
        weights = sum(parameters[each.key].size for each in ordered if not each.is_bias)
        builder = UpdateBuilder(rule, memory, rates, parameter_block, gradient_block, weights)
        for name, (block, slots) in blocks.items():
            builder.matrices[NETWORK, name] = block
            builder.matrices.update(
                {(layer, f"{name}_of_{own}"): slot for (layer, own), slot in slots.items()}
            )
        updating = builder.build({name: block for name, (block, _) in blocks.items()})
    programs = tuple(
        _Builder(recording, rows, phases, memory, shared, updating).build() for rows, phases in requests
    )
    measuring = _measuring(memory, gradient_block) if updates else None
    return Layout(
        size=memory.used,
        parameters=parameters,
        gradients=gradients,
        parameter_block=parameter_block,
        gradient_block=gradient_block,
        updating=updating,
        state=slice(0, end),
        programs=programs,
        measuring=measuring,
    )


def _measuring(memory: Memory, gradients: Slot) -> Program:
    """A program of one instruction, whose loss is the norm of the gradients."""
    norm = memory.take((1, 1))
    instruction = Instruction(NORM, norm, (gradients,), "loss", NETWORK)
    return Program(
        rows=1,
        instructions=(instruction,),
        table=np.array([instruction.row()], dtype=np.uint64),
        phases={"loss": (0, 1)},
        matrices={},
        constants=(),
        inputs=gradients,
        targets=None,
        outputs=norm,
        loss=norm,
    )


def _block(memory: Memory, parameters: Sequence[Parameter]) -> tuple[Slot, dict[MatrixKey, Slot]]:
    """One place for something of every parameter, and each one's part of it."""
    shapes = [each.symbol.shape for each in parameters]
    memory.align(sum(rows * columns for rows, columns in shapes))
    start = memory.used
    parts = {each.key: memory.take(each.symbol.shape, packed=True) for each in parameters}
    return Slot(start, 1, memory.used - start), parts


@dataclass(frozen=True)
class _Shared:
    parameters: Mapping[MatrixKey, Slot]
    gradients: Mapping[MatrixKey, Slot]
    fixed: Mapping[int, Slot]


@dataclass
class _Builder:
    """Lays out one program behind what the memory already holds."""

    recording: Recording
    rows: int
    phases: tuple[Phase, ...]
    memory: Memory
    shared: _Shared
    updating: Updating | None
    slots: dict[int, Slot] = field(default_factory=dict)
    constants: list[tuple[Slot, float]] = field(default_factory=list)
    symbols: dict[int, str] = field(default_factory=dict)

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
            matrices=self._matrices(),
            constants=tuple(self.constants),
            inputs=inputs,
            targets=None if recording.targets is None else self.slots.get(id(recording.targets)),
            outputs=self._slot(_present(recording.outputs, "outputs")),
            loss=None if recording.loss is None else self.slots.get(id(recording.loss)),
            symbols=self.symbols,
        )

    def _matrices(self) -> dict[MatrixKey, Slot]:
        """All names that people know, those of the update included where the program has one."""
        own = {
            key: self._slot(symbol)
            for key, symbol in self.recording.names.items()
            if id(_root(symbol)) in self.slots
        }
        return {**own, **self.updating.matrices} if self.updating and "update" in self.phases else own

    def _instructions(self, phase: Phase) -> list[Instruction]:
        made = (
            [*self.updating.instructions.get(phase, ())] if self.updating and "update" in self.phases else []
        )
        for step in self.recording.steps:
            if step.phase != phase:
                continue
            inputs = tuple(self._slot(symbol) for symbol in step.inputs)
            _check_storage(step.operation, step.inputs)
            made.append(Instruction(step.operation, self._slot(step.output), inputs, phase, step.layer))
        return made

    def _slot(self, symbol: Symbol) -> Slot:
        symbol = symbol.origin
        if symbol.whole is not None:
            whole, start = symbol.whole
            return self._slot(whole).part(start, symbol.shape[1])
        if id(symbol) not in self.slots:
            batch = symbol.shape[0] == BATCH
            shape = (self.rows if batch else symbol.shape[0], symbol.shape[1])
            self.slots[id(symbol)] = self.memory.take(shape, by_feature=batch)
            constant = self._constant(symbol)
            if constant is not None:
                self.symbols[self.slots[id(symbol)].offset] = constant.symbol
                self.constants.append(
                    (self.slots[id(symbol)], constant.value(self.rows, "backward" in self.phases))
                )
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
            if id(symbol) in written and id(symbol) not in self.slots and symbol.whole is None:
                self.slots[id(symbol)] = self.shared.gradients[key]
            else:
                copies.append((key, symbol))
        return copies

    def _copy(self, key: MatrixKey, symbol: Symbol) -> Instruction:
        return Instruction(COPY, self.shared.gradients[key], (self._slot(symbol),), "backward", key[0])


def _root(symbol: Symbol) -> Symbol:
    """The symbol in whose memory this one lies."""
    while symbol.origin.whole is not None:
        symbol = symbol.origin.whole[0]
    return symbol.origin


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
