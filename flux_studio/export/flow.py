"""A network as statements: each gives one named matrix by one operation, in the order in which they are computed.

Made from the network's recording, with the number of rows left open. Parts of a matrix and matrices side by side,
which cost a program nothing, are statements here, so that each language may write them as it does. This is what the
writers of NumPy, C and ONNX start from; none of them knows a kind of layer.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from flux_studio.engine.expressions import Term, lifted, matrix
from flux_studio.engine.operations import (
    BESIDE,
    COPY,
    DROPOUT_MASK,
    HADAMARD,
    Columns,
    Operation,
    Shape,
    Zeros,
)
from flux_studio.engine.recording import NETWORK, Phase, Recording, Step, Symbol
from flux_studio.engine.slots import MatrixKey
from flux_studio.errors import ProgramError
from flux_studio.project.catalogue import titled


@dataclass(frozen=True, eq=False)
class Variable:
    """A matrix of the network, by a name that is one word in every language: ``dense_1_weights_matrix``."""

    name: str
    shape: Shape
    key: MatrixKey | None = None
    """Layer identity and matrix name, where it is a parameter."""
    number: Term | None = None
    """What it is, where it is a constant."""

    @property
    def columns(self) -> int:
        """How many columns it has."""
        return self.shape[1]


@dataclass(frozen=True, eq=False)
class Statement:
    """``target`` = ``operation`` of ``inputs``."""

    target: Variable
    operation: Operation
    inputs: tuple[Variable, ...]
    layer: str
    """What people call the layer that it belongs to; empty for the loss."""
    phase: Phase

    @property
    def expression(self) -> Term:
        """What the target is, in terms of the inputs."""
        return self.operation.expression(
            *(matrix(each) if each.number is None else each.number for each in self.inputs)
        )


@dataclass(frozen=True, eq=False)
class Flow:
    """The statements of a pass, and the variables that people and writers ask for."""

    statements: tuple[Statement, ...]
    inputs: Variable
    outputs: Variable
    parameters: Mapping[MatrixKey, Variable]
    gradients: Mapping[MatrixKey, Variable] = field(default_factory=dict)
    """Of each parameter, where the statements go back."""


ROWS = Variable("N", (1, 1))
"""Stands for the number of rows in the batch, where a constant depends on it."""


def predicting(recording: Recording, named: Mapping[str, str]) -> Flow:
    """What is computed to predict: forward, without what only training needs. Dropout leaves nothing out."""
    builder = _Builder(recording, named)
    masks = {id(step.output) for step in recording.steps if step.operation is DROPOUT_MASK}
    for step in recording.steps:
        if step.phase == "forward":
            builder.add(_without_mask(step, masks))
    flow = builder.flow()
    needed = {id(flow.outputs)}
    kept: list[Statement] = []
    for statement in reversed(flow.statements):
        if id(statement.target) in needed:
            kept.append(statement)
            needed.update(id(each) for each in statement.inputs)
    return Flow(tuple(reversed(kept)), flow.inputs, flow.outputs, flow.parameters)


def there_and_back(recording: Recording, named: Mapping[str, str]) -> Flow:
    """Forward, loss and backward, with dropout that leaves nothing out."""
    builder = _Builder(recording, named)
    for phase in ("forward", "loss", "backward"):
        for step in recording.steps:
            if step.phase == phase:
                builder.add(step)
    flow = builder.flow()
    return Flow(
        tuple(builder.statements),
        flow.inputs,
        flow.outputs,
        flow.parameters,
        {each.key: builder.variable(recording.gradients[id(each.symbol)]) for each in recording.parameters},
    )


def _without_mask(step: Step, masks: Collection[int]) -> Step:
    """The product with a dropout mask as a copy, and any other step as it is."""
    if step.operation is HADAMARD:
        for index, symbol in enumerate(step.inputs):
            if id(symbol.origin) in masks:
                return Step(COPY, step.output, (step.inputs[1 - index],), step.phase, step.layer)
    return step


class _Builder:
    def __init__(self, recording: Recording, named: Mapping[str, str]) -> None:
        self.recording, self.named = recording, named
        self.statements: list[Statement] = []
        self._taken: set[str] = {ROWS.name}
        self._known: dict[int, Variable] = {}
        self._written = {id(step.output) for step in recording.steps}
        self._names: dict[int, list[MatrixKey]] = {}
        for key, symbol in recording.names.items():
            self._names.setdefault(id(symbol), []).append(key)
        for each, name in ((recording.inputs, "input_matrix"), (recording.targets, "target_matrix")):
            if each is not None:
                self._known[id(each)] = Variable(self._free(name), each.shape)
        for parameter in recording.parameters:
            name = self._free(self._word(parameter.layer, parameter.name))
            self._known[id(parameter.symbol)] = Variable(name, parameter.symbol.shape, parameter.key)
        for constant, symbol in recording.constants.items():
            number = lifted(constant.fixed)
            if constant.over_rows:
                number = lifted(constant.over_rows) / matrix(ROWS)
            self._known[id(symbol)] = Variable(constant.symbol, (1, 1), number=number)

    def flow(self) -> Flow:
        recording = self.recording
        if recording.inputs is None or recording.outputs is None:
            raise ProgramError("the recording has no inputs or no outputs")
        return Flow(
            tuple(self.statements),
            self.variable(recording.inputs),
            self.variable(recording.outputs),
            {each.key: self.variable(each.symbol) for each in recording.parameters},
        )

    def add(self, step: Step) -> None:
        inputs = tuple(self.variable(symbol, step) for symbol in step.inputs)
        self._state(step.output, step.operation, inputs, step)

    def variable(self, symbol: Symbol, step: Step | None = None) -> Variable:
        """The variable of a symbol; parts of matrices, and matrices side by side, get a statement when needed."""
        symbol = symbol.origin
        if id(symbol) in self._known:
            return self._known[id(symbol)]
        if step is None or id(symbol) in self._written:
            raise ProgramError("a matrix is read before it is written")
        if pieces := self.recording.pieces(symbol):
            return self._state(symbol, BESIDE, tuple(self.variable(each, step) for each in pieces), step)
        if symbol.whole is not None:
            whole, start = symbol.whole
            inside = self.recording.pieces(whole)
            if not any(piece is symbol for piece in inside):
                piece = _piece_at(inside, start, symbol.shape[1])
                if piece is not None:
                    return self.variable(piece, step)
                part = Columns(start, start + symbol.shape[1])
                return self._state(symbol, part, (self.variable(whole, step),), step)
        if self.recording.inputs is None:
            raise ProgramError("the recording has no inputs")
        rows = self.variable(self.recording.inputs)
        return self._state(symbol, Zeros(symbol.shape[1]), (rows,), step)

    def _state(
        self, symbol: Symbol, operation: Operation, inputs: tuple[Variable, ...], step: Step
    ) -> Variable:
        names = self._names.get(id(symbol), [(step.layer, operation.name)])
        layer, name = next((key for key in names if key[0] == step.layer), names[0])
        target = Variable(self._free(self._word(layer, name)), symbol.shape)
        self._known[id(symbol)] = target
        self.statements.append(
            Statement(target, operation, inputs, titled(self.named, step.layer), step.phase)
        )
        return target

    def _word(self, layer: str, name: str) -> str:
        return word(name if layer == NETWORK else f"{titled(self.named, layer).lower()} {name}")

    def _free(self, name: str) -> str:
        found, number = name, 1
        while found in self._taken:
            number += 1
            found = f"{name}_{number}"
        self._taken.add(found)
        return found


def _piece_at(pieces: Sequence[Symbol], start: int, columns: int) -> Symbol | None:
    """The piece that begins at a column and is as wide."""
    place = 0
    for piece in pieces:
        if (place, piece.shape[1]) == (start, columns):
            return piece
        place += piece.shape[1]
    return None


def word(text: str, *, taken: Collection[str] = ()) -> str:
    """Text as one word of letters, digits and underscores that begins with a letter, and is none of ``taken``."""
    found = re.sub(r"[^0-9A-Za-z]+", "_", text).strip("_") or "x"
    found = f"x_{found}" if found[0].isdigit() else found
    base, number = found, 1
    while found in taken:
        number += 1
        found = f"{base}_{number}"
    return found
