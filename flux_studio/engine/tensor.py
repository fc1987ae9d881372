"""A matrix that remembers how it was made, so that gradients can be followed back through it.

:class:`Tensor` computes at once; :class:`~flux_studio.engine.recording.Symbol` records the same operations for a
program. What both can do is written once, in :class:`Differentiable`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from itertools import count
from typing import Any, Self, TypeVar, cast

import numpy as np
from numpy.typing import ArrayLike

from flux_studio.engine import operations as ops
from flux_studio.engine.matrix import as_floats
from flux_studio.engine.operations import BATCH, Operand, Operation, Shape, shape_text
from flux_studio.engine.operations.base import Array
from flux_studio.errors import ProgramError, ShapeError

SLOPE = "dh_da_matrix"
"""What the slope of an activation is called, unless its layer has several."""
_identities = count(1)
_T = TypeVar("_T", bound="Differentiable")


class Differentiable(ABC):
    """The arithmetic that eager tensors and recorded symbols share."""

    @property
    @abstractmethod
    def shape(self) -> Shape:
        """Rows and columns."""

    @abstractmethod
    def apply(self, operation: Operation, *others: Any) -> Any:
        """The result of an operation with this matrix as its first input."""

    @abstractmethod
    def constant(self, symbol: str, over_rows: float = 0.0, fixed: float = 0.0, training: float = 0.0) -> Any:
        """The number ``fixed + over_rows / N`` as a 1×1 matrix, with N the rows of the batch.

        ``training`` is added where there is a way back: eagerly, and in programs with a backward phase.
        """

    @abstractmethod
    def named(self, name: str, gradient: str = "", slope: str = SLOPE) -> Self:
        """This matrix under a name that people know, the name for its gradient and, of an activation, its slope."""

    @abstractmethod
    def has_slope(self, slope: Any) -> None:
        """Take note of the slope of the activation that made this matrix."""

    @abstractmethod
    def inside(self, part: str) -> AbstractContextManager[None]:
        """While this lasts, names belong to that part of the present layer."""

    @abstractmethod
    def branch(self, gradient: str) -> Any:
        """The same matrix for one of several uses; the gradient that comes back through it has that name."""

    @abstractmethod
    def columns(self, start: int, stop: int) -> Any:
        """The columns from ``start`` up to, not including, ``stop``."""

    @abstractmethod
    def beside(self, *others: Any) -> Any:
        """This matrix and others of as many rows, side by side."""

    @abstractmethod
    def zeros(self, columns: int) -> Any:
        """As many rows of zeros, to begin from."""

    @abstractmethod
    def held(self) -> Any:
        """The same matrix as a mere number to compute with: no gradient flows back through it."""

    @abstractmethod
    def made_by(self, operation: Operation) -> Any:
        """What ``operation`` made this matrix from (its first input), or ``None`` if something else made it."""

    def mm(self, other: Any) -> Any:
        """The matrix product."""
        return self.apply(ops.MULTIPLY, other)

    def __add__(self, other: Any) -> Any:
        if not isinstance(other, Differentiable):
            return NotImplemented
        if other.shape != self.shape and other.shape[0] == 1:
            return self.apply(ops.ADD_ROW, other)
        return self.apply(ops.ADD, other)

    def __sub__(self, other: Any) -> Any:
        if not isinstance(other, Differentiable):
            return NotImplemented
        return self.apply(ops.SUBTRACT, other)

    def __mul__(self, other: Any) -> Any:
        if isinstance(other, int | float | np.number):
            return self.scale(self.constant(str(other), fixed=float(other)))
        if not isinstance(other, Differentiable):
            return NotImplemented
        return self.apply(ops.HADAMARD, other)

    __rmul__ = __mul__

    def __neg__(self) -> Any:
        return self.apply(ops.NEGATE)

    def scale(self, factor: Any) -> Any:
        """Every cell times the 1×1 matrix ``factor``."""
        return self.apply(ops.SCALE, factor)

    def power(self, exponent: float) -> Any:
        """Every cell to the same power."""
        return self.apply(ops.POWER, self.constant(str(exponent), fixed=float(exponent)))

    def absolute(self) -> Any:
        """The absolute value of every cell."""
        return self.apply(ops.ABSOLUTE)

    def transpose(self) -> Any:
        """Rows become columns."""
        return self.apply(ops.TRANSPOSE)

    def sum_all(self) -> Any:
        """The sum of all elements, 1×1."""
        return self.apply(ops.SUM_ALL)

    def mean_square(self) -> Any:
        """(1/N)·Σ of the squares of all cells, N being the rows."""
        return self.apply(ops.MEAN_SQUARE, self.constant("1/N", over_rows=1.0))

    def activate(self, activation: str) -> Any:
        """The activation of that name."""
        if activation not in ops.ACTIVATIONS:
            raise ProgramError(
                f"activation {activation!r} is not known; choose one of {', '.join(ops.ACTIVATIONS)}"
            )
        operation = ops.ACTIVATIONS[activation]
        constants = [self.constant(symbol, fixed=value) for symbol, value in operation.constants]
        return self.apply(operation, *constants)

    def sigmoid(self) -> Any:
        """The logistic function of every cell."""
        return self.activate("sigmoid")

    def tanh(self) -> Any:
        """The hyperbolic tangent of every cell."""
        return self.activate("tanh")

    def relu(self) -> Any:
        """Zero below zero, the cell itself above."""
        return self.activate("relu")

    def softmax(self) -> Any:
        """Probabilities: e to the power of each cell, over the sum of its row."""
        return self.activate("softmax")


class Tensor(Differentiable):
    """A matrix with values. With ``autograd``, :meth:`backward` fills ``grad`` of all that it was made from.

    ``data`` is kept as a 2-D float array: a number becomes 1×1, a list of numbers one row. ``creators`` are the
    tensors it was made from by the operation named ``creation_op``; ``children`` counts, by ``id``, how often each
    tensor made from it used it, as long as no gradient has come back from there.
    """

    def __init__(
        self,
        data: ArrayLike,
        autograd: bool = False,
        creators: Sequence[Tensor] = (),
        creation_op: str | None = None,
        *,
        _operation: Operation | None = None,
    ) -> None:
        array = as_floats(data)
        if array.ndim > 2:
            raise ShapeError(f"a tensor is a matrix; this one has {array.ndim} dimensions: {array.shape}")
        self.data: Array = np.atleast_2d(array)
        self.autograd = autograd
        self.grad: Tensor | None = None
        self.creators = tuple(creators)
        self.creation_op = creation_op
        self.children: dict[int, int] = {}
        self.id = next(_identities)
        self._operation = _operation
        for creator in self.creators:
            creator.children[self.id] = creator.children.get(self.id, 0) + 1

    @property
    def shape(self) -> Shape:
        rows, columns = self.data.shape
        return rows, columns

    def apply(self, operation: Operation, *others: Any) -> Any:
        for other in others:
            if not isinstance(other, Tensor):
                # A recorded operand turns the whole operation into a recorded one.
                return other.record(operation, (self, *others))
        inputs = (self, *cast("tuple[Tensor, ...]", others))
        operation.shape(*(tensor.shape for tensor in inputs))
        with np.errstate(all="ignore"):  # NaN and infinity are results like others
            data = operation.value(*(tensor.data for tensor in inputs))
        if not any(tensor.autograd for tensor in inputs):
            return Tensor(data)
        return Tensor(data, True, inputs, operation.name, _operation=operation)

    def constant(
        self, symbol: str, over_rows: float = 0.0, fixed: float = 0.0, training: float = 0.0
    ) -> Tensor:
        value = fixed + over_rows / max(1, self.shape[0]) + training
        return Tensor(np.full((1, 1), value, self.data.dtype))

    def named(self, name: str, gradient: str = "", slope: str = SLOPE) -> Tensor:
        return self

    def has_slope(self, slope: Any) -> None:
        return None

    def sum(self, axis: int) -> Any:
        """Sums along an axis: 0 gives 1×F, 1 gives N×1."""
        if axis == 0:
            return self.apply(ops.SUM_COLUMNS)
        if axis == 1:
            return self.transpose().apply(ops.SUM_COLUMNS).transpose()
        raise ShapeError(f"sum: a matrix has the axes 0 and 1, not {axis}")

    def expand(self, axis: int, copies: int) -> Any:
        """A single row (axis 0) or a single column (axis 1) repeated ``copies`` times."""
        if axis not in (0, 1) or self.shape[axis] != 1:
            raise ShapeError(f"expand: {shape_text(self.shape)} cannot be repeated along axis {axis}")
        if axis == 1:
            return self.transpose().expand(0, copies).transpose()
        like = Tensor(np.empty((copies, self.shape[1]), self.data.dtype))
        return self.apply(ops.BROADCAST, like)

    def backward(self, grad: Tensor | None = None) -> None:
        """Add ∂(this)/∂(tensor), or the gradient chained with ``grad``, to ``grad`` of every creator.

        ``grad`` may be left out where this tensor is a single number. The walk is a loop, not a recursion:
        its depth has no limit. A gradient comes back through each tensor once: a second time is a
        :class:`ProgramError`, and leaves all gradients as they are.
        """
        if not self.autograd:
            raise ProgramError(
                "backward: this tensor was not made with autograd, so nothing can be followed back"
            )
        if grad is None:
            if self.shape != (1, 1):
                raise ShapeError(
                    f"backward: {shape_text(self.shape)} is not a single number; pass the gradient that arrives"
                )
            grad = Tensor(np.ones((1, 1), self.data.dtype))
        if grad.shape != self.shape:
            raise ShapeError(
                f"backward: the gradient is {shape_text(grad.shape)}, but this tensor {shape_text(self.shape)}"
            )
        order = _from_last_to_first(self)
        _use_up(order)
        arriving: dict[int, Tensor] = {self.id: grad}
        for tensor in order:
            gradient = arriving.pop(tensor.id)
            tensor.grad = gradient if tensor.grad is None else tensor.grad + gradient
            if tensor._operation is None:
                continue
            inputs = cast("tuple[Operand, ...]", tuple(creator.held() for creator in tensor.creators))
            for index, creator in enumerate(tensor.creators):
                if creator.autograd:
                    local = tensor._operation.gradient(
                        index, inputs, cast(Operand, tensor.held()), cast(Operand, gradient)
                    )
                    part = cast(Tensor, local)
                    before = arriving.get(creator.id)
                    arriving[creator.id] = part if before is None else before + part

    def inside(self, part: str) -> AbstractContextManager[None]:
        return nullcontext()

    def branch(self, gradient: str) -> Tensor:
        return self

    def columns(self, start: int, stop: int) -> Any:
        return self.apply(ops.Columns(start, stop))

    def beside(self, *others: Any) -> Any:
        return self.apply(ops.BESIDE, *others) if others else self

    def zeros(self, columns: int) -> Tensor:
        return Tensor(np.zeros((self.shape[0], columns), self.data.dtype))

    def held(self) -> Tensor:
        return Tensor(self.data)

    def made_by(self, operation: Operation) -> Tensor | None:
        return self.creators[0] if self._operation is operation else None

    def __repr__(self) -> str:
        return f"Tensor({self.data!r})"


def _from_last_to_first(last: Tensor) -> list[Tensor]:
    """All tensors with autograd that ``last`` was made from, each before its creators."""
    waiting: dict[int, int] = {}
    stack, seen = [last], {last.id}
    while stack:
        for creator in stack.pop().creators:
            if creator.autograd:
                waiting[creator.id] = waiting.get(creator.id, 0) + 1
                if creator.id not in seen:
                    seen.add(creator.id)
                    stack.append(creator)
    order, ready = [], [last]
    while ready:
        tensor = ready.pop()
        order.append(tensor)
        for creator in tensor.creators:
            if creator.autograd:
                waiting[creator.id] -= 1
                if not waiting[creator.id]:
                    ready.append(creator)
    return order


def _use_up(order: Sequence[Tensor]) -> None:
    """Strike the tensors, each before its creators, off the children whose gradients are still to come.

    What others still wait for a gradient from, such as the shared part of two losses, can be passed again.
    """
    left: dict[tuple[int, int], int] = {}
    open_children = {tensor.id: len(tensor.children) for tensor in order}
    for tensor in order:
        is_complete = tensor is order[0] or not open_children[tensor.id]
        for creator in tensor.creators:
            if not creator.autograd:
                continue
            edge = creator.id, tensor.id
            count = left.get(edge, creator.children.get(tensor.id, 0))
            if not count:
                raise ProgramError(
                    f"backward: the gradient of this result of {tensor.creation_op!r} has come back already; "
                    "compute it again with a new forward pass before the next backward"
                )
            if is_complete:
                left[edge] = count - 1
                open_children[creator.id] -= count == 1
    for tensor in order:
        for creator in tensor.creators:
            if left.get((creator.id, tensor.id)) == 0:
                creator.children.pop(tensor.id, None)


__all__ = ["BATCH", "Differentiable", "Tensor"]
