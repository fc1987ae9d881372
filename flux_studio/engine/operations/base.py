"""What every operation says of itself: its shape, its arithmetic twice over, its derivative and its formula.

``value`` is the arithmetic in NumPy, for the reference executor and for eager tensors. ``kernel`` is the same
arithmetic as plain loops over the arena, for the compiled executor and for C. ``expression`` is the same as a term,
for all who write programs in other languages; cell by cell it follows from ``cell``. ``gradient`` is written in tensor
operations, so that one rule serves eager tensors (which compute at once) and recordings (which emit the
backward instructions).

How a kernel sees its matrices. A *batch* matrix N×F is stored feature by feature: F runs of N samples, so that
inner loops run over samples. Every other matrix is stored row by row. ``A`` is the arena, ``o`` the offset of
the output, ``a b c d`` those of the inputs, ``m k n`` the sizes that ``sizes`` returns, ``t`` the number of the
iteration; all are uint64, because signed indices carry wrap-around checks that stop vectorisation. A number that
a kernel needs is a slot of the arena or made from ``A.dtype``: a literal would be of the wrong type in one of
float32 and float64.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any, ClassVar, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from flux_studio.engine.expressions import ONE, ZERO, Term, trace
from flux_studio.engine.workings import Cell, Number, Reading, Working
from flux_studio.errors import ShapeError

Array = NDArray[np.floating[Any]]
Shape = tuple[int, int]
Storage = Literal["batch", "parameter", "any"]
Reach = tuple[range, range]
"""Rows and columns of a result."""
NOWHERE: Reach = range(0), range(0)

BATCH = -1
"""Stands for the number of rows in the batch, which a recording leaves open."""


SAMPLES = np.uint64(64)
"""How many samples a kernel that needs room for itself takes at a time."""


def room(A: Any) -> Any:
    """Room for a number of each of :data:`SAMPLES` samples; compiled code has it on its stack."""
    return np.empty(SAMPLES, A.dtype)


class Operand(Protocol):
    """What a derivative rule may do with a matrix, computed at once or recorded."""

    @property
    def shape(self) -> Shape: ...
    def apply(self, operation: Operation, *others: Operand) -> Operand: ...
    def constant(self, symbol: str, over_rows: float = 0.0, fixed: float = 0.0) -> Operand: ...
    def has_slope(self, slope: Operand) -> None: ...


class Operation(ABC):
    """One matrix operation. Instances have no state: numbers that vary are operands."""

    name: str
    formula: str
    storage: ClassVar[tuple[Storage, ...]] = ("any",)
    """How the compiled kernel needs each input stored; the last entry holds for all that follow."""
    in_onnx: ClassVar[tuple[str, ...]] = ()
    """The operator that is the same in ONNX, where there is one, and what it calls each of the constants."""
    in_torch: ClassVar[str] = ""
    """The module that is the same in PyTorch, where there is one; ``{}`` stands for each of the constants."""
    in_place: ClassVar[bool] = False
    """Whether the first input is the output: a kernel then has it as ``o`` only, and ``a`` is the second input."""
    is_long: ClassVar[bool] = False
    """Whether the kernel takes so long that it is better off as a function of its own."""
    has_kinks: ClassVar[bool] = False
    """Whether the derivative jumps somewhere (at zero): a gradient check passes over such places."""
    letters: tuple[str, ...] = ("x", "y", "s", "t")
    """What the formula calls the inputs; the last one holds for all that follow."""

    @abstractmethod
    def shape(self, *shapes: Shape) -> Shape:
        """Shape of the result; :class:`ShapeError`, naming the shapes, when they do not fit."""

    @abstractmethod
    def value(self, *inputs: Array) -> Array:
        """The result as a new array, by NumPy."""

    def expression(self, *inputs: Term) -> Term:
        """The result as an expression of its inputs, from which NumPy, ONNX and PyTorch programs are written."""
        raise ShapeError(f"{self.name} cannot be written in another language")

    def carry_out(self, output: Array, inputs: tuple[Array, ...], iteration: int) -> None:
        """Write the result into ``output``; an operation that keeps a state writes that as well."""
        output[...] = self.value(*inputs)

    def gradient(
        self, index: int, inputs: tuple[Operand, ...], output: Operand, gradient: Operand | None
    ) -> Operand:
        """∂C/∂(input ``index``), given ∂C/∂(output); ``None`` stands for a gradient of exactly 1."""
        raise ShapeError(f"{self.name} has no derivative")

    def explain(self, at: Cell, read: Reading) -> Number:
        """How the cell ``at`` of the result is made, computed once more from what ``read`` hands out."""
        raise ShapeError(f"{self.name} has no explanation")

    def working(self, at: Cell, inputs: tuple[Array, ...], iteration: int = 0, kept: int = 0) -> Working:
        """How a cell came to be, written down: of the result, or of the input ``kept`` where that is not 0."""
        read = Reading(inputs, self.letters, iteration)
        with np.errstate(all="ignore"):
            return read.finish(self.explain_kept(kept, at, read) if kept else self.explain(at, read))

    def explain_kept(self, index: int, at: Cell, read: Reading) -> Number:
        """The same for an input that the operation writes, too."""
        raise ShapeError(f"{self.name} writes its result only")

    def keeps(self, inputs: int) -> range:
        """Which of its inputs the operation writes, beside the result."""
        return range(0)

    def reach(self, index: int, cell: Cell, output: Shape, *inputs: Shape) -> Reach:
        """Which cells of the result a cell of input ``index`` goes into: all of them, as a rule."""
        return range(output[0]), range(output[1])

    def sizes(self, output: Shape, *inputs: Shape) -> tuple[int, int, int]:
        """The numbers m, k, n that the kernel loops over."""
        return output[0] * output[1], 0, 0

    @staticmethod
    def kernel(A: Any, o: Any, a: Any, b: Any, c: Any, d: Any, m: Any, k: Any, n: Any, t: Any) -> None:
        """The same arithmetic as loops over the arena."""
        raise ShapeError("this operation has no kernel")

    def __repr__(self) -> str:
        return f"<operation {self.name}>"


class Elementwise(Operation):
    """An operation on each cell by itself; inputs beyond the first two are 1×1 constants.

    ``cell`` is the arithmetic of one cell for the compiled executor: ``x`` and ``y`` are the cells of the first
    two inputs, ``s`` and ``t`` the constants in third and fourth place, ``zero`` and ``one`` numbers of the
    program's type. It must be free of branches other than a conditional expression, so that loops vectorise.
    """

    matrices: ClassVar[int] = 2
    """How many of the inputs are matrices of the output's shape."""

    def shape(self, *shapes: Shape) -> Shape:
        for other in shapes[1 : self.matrices]:
            if other != shapes[0]:
                raise ShapeError(
                    f"{self.name}: {shape_text(shapes[0])} and {shape_text(other)} must be the same shape"
                )
        return shapes[0]

    def explain(self, at: Cell, read: Reading) -> Number:
        """The cell's own arithmetic, done with numbers that write it down."""
        found = [read.cell(index, *at) for index in range(min(self.matrices, read.count))]
        numbers = [read.cell(index, 0, 0) for index in range(self.matrices, read.count)]
        x, y = (*found, read.zero, read.zero)[:2]
        s, t = (*numbers, read.zero, read.zero)[:2]
        made: Number = self.written()(x, y, s, t, read.zero, read.one)
        return made

    def expression(self, *inputs: Term) -> Term:
        x, y = (*inputs[: self.matrices], ZERO, ZERO)[:2]
        s, t = (*inputs[self.matrices :], ZERO, ZERO)[:2]
        found = trace(self.written(), x, y, s, t, ZERO, ONE)
        return found.spread_like(inputs[0]) if found.kind == "number" else found

    def written(self) -> Callable[..., Any]:
        """The function of one cell that explanations and programs in other languages write down."""
        return self.arithmetic()

    def reach(self, index: int, cell: Cell, output: Shape, *inputs: Shape) -> Reach:
        return alone(cell) if index < self.matrices else super().reach(index, cell, output, *inputs)

    @staticmethod
    def cell(x: Any, y: Any, s: Any, t: Any, zero: Any, one: Any) -> Any:
        """The arithmetic of one cell."""
        raise ShapeError("this operation has no arithmetic")

    def arithmetic(self) -> Callable[..., Any]:
        """The function of one cell that the compiled executor puts into a loop."""
        return self.cell


def alone(cell: Cell) -> Reach:
    """A cell by itself."""
    return range(cell[0], cell[0] + 1), range(cell[1], cell[1] + 1)


def row_of(row: int, output: Shape) -> Reach:
    """A row of a result."""
    return range(row, row + 1), range(output[1])


def column_of(column: int, output: Shape) -> Reach:
    """A column of a result."""
    return range(output[0]), range(column, column + 1)


def shape_text(shape: Shape) -> str:
    """A shape as people write it: ``16×8``, with N for the open number of rows."""
    rows, columns = ("N" if size == BATCH else str(size) for size in shape)
    return f"{rows}×{columns}"


def arriving(gradient: Operand | None, output: Operand) -> Operand:
    """The gradient that arrives, as a matrix also where it is the unwritten 1 of a 1×1 result."""
    return output.constant("1", fixed=1.0) if gradient is None else gradient
