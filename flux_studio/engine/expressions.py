"""What an operation computes as a tree of terms, for all who write it down in another language.

Nothing is computed here. A :class:`Term` takes down the arithmetic that is done with it, cell by cell or with whole
matrices, and writers (NumPy, C, ONNX, PyTorch) each know how to write the few kinds of term there are. The arithmetic
of one cell is walked with terms in place of numbers, see :func:`trace`; it may branch, and both ways are taken.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, Protocol


class Matrix(Protocol):
    """What stands at the leaves: something with a shape, rows×columns; rows may be left open."""

    @property
    def shape(self) -> tuple[int, int]: ...


@dataclass(frozen=True, eq=False)
class Term:
    """One step of arithmetic and what it is made of.

    ``kind`` is a leaf (``matrix``, ``number``), an infix operator, a function of each cell, a comparison, ``where`` or
    something done with whole matrices; ``value`` is the leaf itself, or what else the step needs.
    """

    kind: str
    parts: tuple[Term, ...] = ()
    value: Any = None

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns of a leaf."""
        shape: tuple[int, int] = self.value.shape
        return shape

    @property
    def is_plain(self) -> bool:
        """Whether it is made of nothing but numbers, the tests of ``where`` apart."""
        if self.kind == "matrix":
            return False
        parts = self.parts[1:] if self.kind == "where" else self.parts
        return self.kind == "number" or (bool(parts) and all(part.is_plain for part in parts))

    def __add__(self, other: Any) -> Term:
        return Term("add", (self, lifted(other)))

    def __radd__(self, other: Any) -> Term:
        return lifted(other) + self

    def __sub__(self, other: Any) -> Term:
        return Term("subtract", (self, lifted(other)))

    def __rsub__(self, other: Any) -> Term:
        return lifted(other) - self

    def __mul__(self, other: Any) -> Term:
        return Term("multiply", (self, lifted(other)))

    def __rmul__(self, other: Any) -> Term:
        return lifted(other) * self

    def __truediv__(self, other: Any) -> Term:
        return Term("divide", (self, lifted(other)))

    def __rtruediv__(self, other: Any) -> Term:
        return lifted(other) / self

    def __pow__(self, other: Any) -> Term:
        return Term("power", (self, lifted(other)))

    def __rpow__(self, other: Any) -> Term:
        return lifted(other) ** self

    def __neg__(self) -> Term:
        return Term("negative", (self,))

    def __abs__(self) -> Term:
        return Term("abs", (self,))

    # NumPy's functions call these methods of what is no array.

    def exp(self) -> Term:
        """e to this power."""
        return Term("exp", (self,))

    def expm1(self) -> Term:
        """e to this power, less 1."""
        return Term("expm1", (self,))

    def log(self) -> Term:
        """The natural logarithm."""
        return Term("log", (self,))

    def log1p(self) -> Term:
        """The logarithm of 1 and this number."""
        return Term("log1p", (self,))

    def tanh(self) -> Term:
        """The hyperbolic tangent."""
        return Term("tanh", (self,))

    def erf(self) -> Term:
        """The error function."""
        return Term("erf", (self,))

    def sin(self) -> Term:
        """The sine."""
        return Term("sin", (self,))

    def cos(self) -> Term:
        """The cosine."""
        return Term("cos", (self,))

    def sqrt(self) -> Term:
        """The square root."""
        return Term("sqrt", (self,))

    def floor(self) -> Term:
        """The whole number below."""
        return Term("floor", (self,))

    def __gt__(self, other: Any) -> Term:
        return Term("greater", (self, lifted(other)))

    def __ge__(self, other: Any) -> Term:
        return Term("greater_equal", (self, lifted(other)))

    def __lt__(self, other: Any) -> Term:
        return Term("less", (self, lifted(other)))

    def __le__(self, other: Any) -> Term:
        return Term("less_equal", (self, lifted(other)))

    def __bool__(self) -> bool:
        """Which way to go, as :func:`trace` says."""
        return _WAY.get().take(self)

    def equals(self, word: str) -> Term:
        """Whether a cell of text is this word."""
        return Term("is", (self,), word)

    def is_missing(self) -> Term:
        """Whether a number is NaN, which stands for a cell without a value."""
        return Term("is_missing", (self,))

    def where(self, yes: Any, no: Any) -> Term:
        """``yes`` where this comparison holds, else ``no``."""
        return Term("where", (self, lifted(yes), lifted(no)))

    # With whole matrices.

    def __matmul__(self, other: Term) -> Term:
        return Term("product", (self, other))

    @property
    def T(self) -> Term:
        """Rows become columns."""
        return Term("transpose", (self,))

    def row_sums(self) -> Term:
        """The sum of each row, N×1."""
        return Term("row_sums", (self,))

    def row_tops(self) -> Term:
        """The largest cell of each row, N×1."""
        return Term("row_tops", (self,))

    def largest(self) -> Term:
        """In which column of each row the largest cell is, the first of equal ones: N×1."""
        return Term("largest", (self,))

    def column_sums(self) -> Term:
        """The sum of each column, 1×F."""
        return Term("column_sums", (self,))

    def total(self) -> Term:
        """The sum of all cells, 1×1."""
        return Term("total", (self,))

    def columns(self, start: int, stop: int) -> Term:
        """The columns from ``start`` up to, not including, ``stop``."""
        return Term("columns", (self,), (start, stop))

    def beside(self, *others: Term) -> Term:
        """These matrices side by side."""
        return Term("beside", (self, *others))

    def below_each_other(self, width: int) -> Term:
        """The steps of a sequence, each ``width`` columns, not side by side but below each other: N·T×F."""
        return Term("below_each_other", (self,), width)

    def zeros(self, columns: int) -> Term:
        """As many rows of zeros, of that many columns."""
        return Term("zeros", (self,), columns)

    def spread_like(self, other: Term) -> Term:
        """A row, a column or a number repeated to the shape of another matrix."""
        return Term("spread", (self, other))


def leaves(term: Term) -> Iterator[Any]:
    """The matrices a term is made of, in the order in which they are met; some may be met twice."""
    if term.kind == "matrix":
        yield term.value
    for part in term.parts:
        yield from leaves(part)


def lifted(value: Any) -> Term:
    """A term, or a number as one."""
    return value if isinstance(value, Term) else Term("number", value=float(value))


def matrix(value: Matrix) -> Term:
    """The leaf that stands for a matrix."""
    return Term("matrix", value=value)


ZERO, ONE = lifted(0), lifted(1)


class _UndecidedError(Exception):
    """The arithmetic asks a question that no way has been chosen for yet."""

    def __init__(self, test: Term) -> None:
        super().__init__()
        self.test = test


class _Way:
    """The answers to the questions that come up, in order."""

    def __init__(self, answers: tuple[bool, ...]) -> None:
        self.answers: Iterator[bool] = iter(answers)

    def take(self, test: Term) -> bool:
        for answer in self.answers:
            return answer
        raise _UndecidedError(test)


_WAY: ContextVar[_Way] = ContextVar("_WAY")


def trace(function: Callable[..., Any], *arguments: Term) -> Term:
    """What a function of single numbers computes: where it branches, both ways, by ``where``."""
    return _explore(function, arguments, ())


def _explore(function: Callable[..., Any], arguments: tuple[Term, ...], answers: tuple[bool, ...]) -> Term:
    token = _WAY.set(_Way(answers))
    try:
        return lifted(function(*arguments))
    except _UndecidedError as question:
        test = question.test
    finally:
        _WAY.reset(token)
    return test.where(*(_explore(function, arguments, (*answers, way)) for way in (True, False)))
