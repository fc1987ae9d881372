"""A network's operations written down once, with the number of rows left open, for programs to be laid out from."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from typing import Any, Literal, cast

from flux_studio.engine import operations as ops
from flux_studio.engine.operations import BATCH, Operand, Operation, Shape, shape_text
from flux_studio.engine.tensor import SLOPE, Differentiable, Tensor
from flux_studio.errors import ProgramError

Phase = Literal["update", "forward", "loss", "backward"]
PHASES: tuple[Phase, ...] = ("update", "forward", "loss", "backward")
"""The order in which one iteration runs through a program: it rests behind ``backward``."""

NETWORK = ""
"""The layer identity of what belongs to the whole network: targets, error, loss, learning rate."""


class Symbol(Differentiable):
    """A matrix of a recording: a shape and a place, no values.

    ``origin`` is the symbol that has the place. It is this symbol itself, unless this one stands for the same
    matrix in a use of its own, with a gradient of its own. Where ``whole`` is set, an origin is not stored by itself:
    it is some columns, from the second number on, of another one.
    """

    def __init__(
        self, recording: Recording, shape: Shape, needs_gradient: bool, origin: Symbol | None = None
    ) -> None:
        self.recording = recording
        self.needs_gradient = needs_gradient
        self.origin: Symbol = self if origin is None else origin.origin
        self.whole: tuple[Symbol, int] | None = None
        self._shape = shape
        recording.symbols.append(self)

    @property
    def shape(self) -> Shape:
        return self._shape

    def apply(self, operation: Operation, *others: Any) -> Symbol:
        return self.record(operation, (self, *others))

    def record(self, operation: Operation, inputs: tuple[Differentiable, ...]) -> Symbol:
        """Write the operation down; parameters among the inputs become their symbols."""
        return self.recording.record(operation, tuple(self.recording.lift(each) for each in inputs))

    def constant(
        self, symbol: str, over_rows: float = 0.0, fixed: float = 0.0, training: float = 0.0
    ) -> Symbol:
        return self.recording.constant(Constant(symbol, over_rows, fixed, training))

    def named(self, name: str, gradient: str = "", slope: str = SLOPE) -> Symbol:
        self.recording.name(self, name, gradient, slope)
        return self

    def has_slope(self, slope: Symbol) -> None:
        self.recording.name(slope, self.recording.slopes.get(id(self), SLOPE))

    def inside(self, part: str) -> AbstractContextManager[None]:
        return self.recording.inside(part)

    def branch(self, gradient: str) -> Symbol:
        return self.recording.branch(self, gradient)

    def columns(self, start: int, stop: int) -> Symbol:
        return self.recording.columns(self, start, stop)

    def beside(self, *others: Any) -> Symbol:
        return self.recording.beside((self, *others))

    def zeros(self, columns: int) -> Symbol:
        return self.recording.zeros(columns)

    def held(self) -> Symbol:
        return Symbol(self.recording, self.shape, needs_gradient=False, origin=self)

    def made_by(self, operation: Operation) -> Symbol | None:
        for step in self.recording.steps:
            if step.output is self.origin and step.operation is operation:
                return step.inputs[0]
        return None


@dataclass(frozen=True)
class Constant:
    """The number ``fixed + over_rows / N``, and ``training`` more in programs that go back; in a slot of its own."""

    symbol: str
    over_rows: float = 0.0
    fixed: float = 0.0
    training: float = 0.0

    def value(self, rows: int, goes_back: bool) -> float:
        """The number for a program of that many rows."""
        return self.fixed + self.over_rows / max(1, rows) + (self.training if goes_back else 0.0)


@dataclass(frozen=True)
class Parameter:
    """Something to learn: its symbol, the tensor it starts from, and where it belongs."""

    layer: str
    name: str
    symbol: Symbol
    tensor: Tensor
    is_bias: bool

    @property
    def key(self) -> tuple[str, str]:
        """Layer identity and matrix name."""
        return self.layer, self.name


@dataclass(frozen=True)
class Step:
    """One recorded operation."""

    operation: Operation
    output: Symbol
    inputs: tuple[Symbol, ...]
    phase: Phase
    layer: str


@dataclass
class Recording:
    """Everything that layers and the loss wrote down, and after :meth:`differentiate` the way back."""

    steps: list[Step] = field(default_factory=list)
    parameters: list[Parameter] = field(default_factory=list)
    constants: dict[Constant, Symbol] = field(default_factory=dict)
    names: dict[tuple[str, str], Symbol] = field(default_factory=dict)
    """Which symbol each (layer identity, matrix name) means; one symbol may have several names."""
    gradients: dict[int, Symbol] = field(default_factory=dict)
    """By ``id`` of a parameter's symbol: the symbol of its gradient."""
    symbols: list[Symbol] = field(default_factory=list)
    """All of them, so that an ``id`` means the same symbol for ever."""
    slopes: dict[int, str] = field(default_factory=dict)
    """By ``id`` of an activation's symbol: what its slope is called, where it has a name of its own."""
    inputs: Symbol | None = None
    targets: Symbol | None = None
    outputs: Symbol | None = None
    loss: Symbol | None = None
    _layer: str = NETWORK
    _phase: Phase = "forward"
    _gradient_names: dict[int, list[tuple[str, str]]] = field(default_factory=dict)
    """By ``id`` of a symbol: what its gradient is called; one layer's output is the next one's input."""
    _branches: dict[int, list[tuple[str, Symbol]]] = field(default_factory=dict)
    """By ``id`` of a symbol: what stands for it in uses of their own, and the layers that made these."""
    _parts: dict[int, list[tuple[str, int, Symbol]]] = field(default_factory=dict)
    """By ``id`` of a symbol: some columns of it, the layers that took them, and the first of these columns."""
    _put_into: dict[int, tuple[Symbol, int]] = field(default_factory=dict)
    """By ``id`` of a symbol: the wider matrix that it was put into, and its first column there."""
    _made_of: dict[int, tuple[Symbol, ...]] = field(default_factory=dict)
    """By ``id`` of a symbol: the matrices that stand side by side in it."""
    _movable: set[int] = field(default_factory=set)
    """By ``id``: origins that may still become columns of a wider matrix."""
    _shared: dict[int, list[tuple[Step, Symbol]]] = field(default_factory=dict)
    """By ``id`` of a parameter's symbol: the steps that share it, last first, and the gradients of their results."""
    _joined: set[int] = field(default_factory=set)

    def batch(self, columns: int) -> Symbol:
        """A batch matrix that is filled from outside."""
        return Symbol(self, (BATCH, columns), needs_gradient=False)

    def parameter(self, tensor: Tensor, name: str, gradient: str, *, is_bias: bool = False) -> None:
        """Register a tensor of the present layer as something to learn."""
        symbol = Symbol(self, tensor.shape, needs_gradient=True)
        self.parameters.append(Parameter(self._layer, name, symbol, tensor, is_bias))
        self.name(symbol, name, gradient)

    def lift(self, each: Differentiable) -> Symbol:
        """The symbol of a recorded matrix or of a registered parameter."""
        if isinstance(each, Symbol):
            return each
        for parameter in self.parameters:
            if parameter.tensor is each:
                return parameter.symbol
        raise ProgramError(
            f"a tensor of shape {shape_text(each.shape)} takes part in a recorded network without being one of its "
            "parameters; return it from the layer's parameter list"
        )

    def constant(self, constant: Constant) -> Symbol:
        """The symbol of a number; the same number is kept once."""
        if constant not in self.constants:
            self.constants[constant] = Symbol(self, (1, 1), needs_gradient=False)
        return self.constants[constant]

    def record(self, operation: Operation, inputs: tuple[Symbol, ...]) -> Symbol:
        """Write one operation down and return its result's symbol."""
        shape = operation.shape(*(symbol.shape for symbol in inputs))
        if shape[1] == BATCH:
            raise ProgramError(f"{operation.name}: a program cannot hold a batch whose rows stand in columns")
        output = Symbol(self, shape, any(symbol.needs_gradient for symbol in inputs))
        self.steps.append(Step(operation, output, inputs, self._phase, self._layer))
        self._movable.add(id(output))
        return output

    def zeros(self, columns: int) -> Symbol:
        """A batch matrix that nothing writes: it stays at zero."""
        symbol = Symbol(self, (BATCH, columns), needs_gradient=False)
        self._movable.add(id(symbol))
        return symbol

    def columns(self, symbol: Symbol, start: int, stop: int) -> Symbol:
        """Some columns of a batch matrix: a part of the same memory, so that no instruction is needed."""
        shape = ops.Columns(start, stop).shape(symbol.shape)
        if symbol.shape[0] != BATCH:
            raise ProgramError("only columns of a batch matrix lie side by side in memory")
        part = Symbol(self, shape, symbol.needs_gradient)
        part.whole = symbol.origin, start
        self._parts.setdefault(id(symbol), []).append((self._layer, start, part))
        return part

    def beside(self, symbols: tuple[Symbol, ...]) -> Symbol:
        """Batch matrices side by side in one.

        Those whose place is still open get it there, others are copied. Neighbours in another matrix are that one.
        """
        found = self._neighbours(symbols)
        if found is not None:
            return found
        shape = ops.BESIDE.shape(*(symbol.shape for symbol in symbols))
        whole = Symbol(self, shape, any(symbol.needs_gradient for symbol in symbols))
        self._movable.add(id(whole))
        start = 0
        pieces = []
        for symbol in symbols:
            if id(symbol.origin) not in self._movable:
                symbol = self.record(ops.COPY, (symbol,))
            self._movable.discard(id(symbol.origin))
            symbol.origin.whole = whole, start
            self._put_into[id(symbol)] = whole, start
            pieces.append(symbol.origin)
            start += symbol.shape[1]
        self._made_of[id(whole)] = tuple(pieces)
        return whole

    def pieces(self, whole: Symbol) -> tuple[Symbol, ...]:
        """The matrices that were put side by side in this one, from left to right; none where it is written itself."""
        return self._made_of.get(id(whole), ())

    def _neighbours(self, symbols: tuple[Symbol, ...]) -> Symbol | None:
        """The matrix of which ``symbols`` are columns one behind the other, or these columns of it."""
        wholes = [symbol.origin.whole for symbol in symbols]
        if wholes[0] is None:
            return None
        whole, begin = wholes[0]
        end = begin
        for symbol, place in zip(symbols, wholes, strict=True):
            if place is None or place[0] is not whole or place[1] != end:
                return None
            end += symbol.shape[1]
        return whole if (begin, end) == (0, whole.shape[1]) else self.columns(whole, begin, end)

    def name(self, symbol: Symbol, name: str, gradient: str = "", slope: str = SLOPE) -> None:
        """Let the present layer know ``symbol`` as ``name``, its gradient and its slope as what follows."""
        if slope != SLOPE:
            self.slopes[id(symbol)] = slope
        self.names[self._layer, name] = symbol.origin
        if gradient:
            self._gradient_names.setdefault(id(symbol), []).append((self._layer, gradient))

    def branch(self, symbol: Symbol, gradient: str) -> Symbol:
        """A symbol for one of several uses of a matrix, whose gradient the present layer knows by that name."""
        branch = Symbol(self, symbol.shape, symbol.needs_gradient, origin=symbol)
        self._branches.setdefault(id(symbol), []).append((self._layer, branch))
        self._gradient_names[id(branch)] = [(self._layer, gradient)]
        return branch

    def inside(self, part: str) -> AbstractContextManager[None]:
        """What is recorded inside belongs to that part of the present layer."""
        return self.scope(below(self._layer, part), self._phase)

    @contextmanager
    def scope(self, layer: str, phase: Phase) -> Iterator[None]:
        """What is recorded inside belongs to this layer and phase."""
        before = self._layer, self._phase
        self._layer, self._phase = layer, phase
        try:
            yield
        finally:
            self._layer, self._phase = before

    def differentiate(self) -> None:
        """Record the backward phase: from the loss to every parameter, by the derivative rules."""
        if self.loss is None:
            raise ProgramError("a network without a loss has no gradients")
        arriving: dict[int, Symbol | None] = {id(self.loss): None}
        uses = Counter(id(source) for step in self.steps for source in step.inputs)
        shared = {id(each.symbol) for each in self.parameters if uses[id(each.symbol)] > 1}
        for step in reversed(tuple(self.steps)):
            with self.scope(step.layer, "backward"):
                self._join(step.output, arriving)
            if id(step.output) not in arriving or not step.output.needs_gradient:
                continue
            gradient = arriving[id(step.output)]
            with self.scope(step.layer, "backward"):
                self._backward(step, gradient, arriving, shared)
        for parameter in self.parameters:
            with self.scope(parameter.layer, "backward"):
                self._sum_over_steps(parameter, arriving)
                self._join(parameter.symbol, arriving)
            found = arriving.get(id(parameter.symbol))
            if found is None:
                raise ProgramError(f"{parameter.layer}: {parameter.name} takes no part in the loss")
            self.gradients[id(parameter.symbol)] = found

    def _backward(
        self,
        step: Step,
        gradient: Symbol | None,
        arriving: dict[int, Symbol | None],
        shared: Collection[int],
    ) -> None:
        operands = cast("tuple[Operand, ...]", step.inputs)
        for index, source in enumerate(step.inputs):
            if not source.needs_gradient:
                continue
            is_step = step.operation in ops.SHARED_BY_STEPS and step.inputs[0].shape[0] == BATCH
            if index == 1 and id(source) in shared and is_step and gradient is not None:
                self._shared.setdefault(id(source), []).append((step, gradient))
                continue
            local = step.operation.gradient(
                index, operands, cast(Operand, step.output), cast("Operand | None", gradient)
            )
            self._arrive(source, cast(Symbol, local), arriving)

    def _sum_over_steps(self, parameter: Parameter, arriving: dict[int, Symbol | None]) -> None:
        """The gradient of what several steps share: one instruction over what they have side by side."""
        shared = self._shared.get(id(parameter.symbol), ())
        for operation in ops.SHARED_BY_STEPS:
            uses = [each for each in reversed(shared) if each[0].operation is operation]
            if not uses:
                continue
            x = self.beside(tuple(step.inputs[0] for step, _ in uses))
            delta = self.beside(tuple(gradient for _, gradient in uses))
            total = ops.shared_gradient(
                operation,
                cast(Operand, x),
                cast(Operand, delta),
                cast(Operand, parameter.symbol),
                len(uses),
            )
            self._arrive(parameter.symbol, cast(Symbol, total), arriving)

    def _join(self, symbol: Symbol, arriving: dict[int, Symbol | None]) -> None:
        """Add up what has come back through the branches and the columns of a matrix, and as columns of a wider one."""
        if id(symbol) in self._joined:
            return
        self._joined.add(id(symbol))
        for layer, branch in self._branches.get(id(symbol), ()):
            self._join(branch, arriving)
            part = arriving.get(id(branch))
            if part is not None:
                with self.scope(layer, "backward"):
                    self._arrive(symbol, part, arriving)
        self._join_columns(symbol, arriving)
        if id(symbol) in self._put_into:
            whole, start = self._put_into[id(symbol)]
            self._join(whole, arriving)
            gradient = arriving.get(id(whole))
            if gradient is not None and symbol.needs_gradient:
                self._arrive(symbol, self.columns(gradient, start, start + symbol.shape[1]), arriving)

    def _join_columns(self, symbol: Symbol, arriving: dict[int, Symbol | None]) -> None:
        """Put the gradients of a matrix's columns side by side; columns that take no part in the loss get zeros."""
        found: list[tuple[int, Symbol]] = []
        layers = []
        for layer, start, part in self._parts.get(id(symbol), ()):
            self._join(part, arriving)
            gradient = arriving.get(id(part))
            if gradient is not None:
                found.append((start, gradient))
                layers.append(layer)
        if not found:
            return
        pieces, end = [], 0
        for start, gradient in sorted(found, key=lambda each: each[0]):
            if start < end:
                raise ProgramError(
                    "columns of a matrix that overlap have no gradient; take them from a branch"
                )
            if start > end:
                pieces.append(self.zeros(start - end))
            pieces.append(gradient)
            end = start + gradient.shape[1]
        if end < symbol.shape[1]:
            pieces.append(self.zeros(symbol.shape[1] - end))
        with self.scope(layers[0], "backward"):
            self._arrive(symbol, self.beside(tuple(pieces)), arriving)

    def _arrive(self, symbol: Symbol, part: Symbol, arriving: dict[int, Symbol | None]) -> None:
        """Add a part to the gradient of a matrix, and let its names mean the sum."""
        before = arriving.get(id(symbol))
        total = part if before is None else self.record(ops.ADD, (before, part))
        arriving[id(symbol)] = total
        for name in self._gradient_names.get(id(symbol), ()):
            self.names[name] = total


def below(identity: str, part: str) -> str:
    """The identity of a layer that is part of another."""
    return f"{identity}/{part}"


def step_part(number: int) -> str:
    """The name of the part of a sequence layer that belongs to one step, counted from 1."""
    return f"step-{number}"
