"""How one cell of a result is made of cells of the inputs: arithmetic that writes itself down while it is done.

An operation explains a cell by computing it once more, with :class:`Number` in place of plain numbers, which a
:class:`Reading` hands out. Everything is in float64. Beside its value each number carries what it was made from, and
how far the rounding of a calculation in another type may have moved it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Cell = tuple[int, int]
Doubles = NDArray[np.float64]

_SUM, _PRODUCT, _POWER, _WHOLE = range(4)
_FUNCTION_ERROR = 4.0
"""Units in the last place by which a function such as e^x may be off."""


@dataclass(frozen=True)
class Source:
    """A cell of one of the operation's inputs; ``letter`` stands for it where its matrix has no name."""

    input: int
    cell: Cell
    value: float
    letter: str


@dataclass(frozen=True)
class Earlier:
    """The result of an earlier line, by its name."""

    name: str
    value: float


Piece = str | Source | Earlier
Pieces = tuple[Piece, ...]


@dataclass(frozen=True)
class Line:
    """One line of arithmetic: ``name`` = ``pieces``; without a name it is the cell itself.

    ``tests`` are the comparisons that decided which way it was computed, as they turned out.
    """

    name: str
    pieces: Pieces
    value: float
    tests: tuple[Pieces, ...] = ()

    @property
    def sources(self) -> tuple[Source, ...]:
        """The cells that it reads, each once."""
        pieces = (*self.pieces, *(piece for test in self.tests for piece in test))
        return tuple(dict.fromkeys(piece for piece in pieces if isinstance(piece, Source)))


@dataclass(frozen=True, eq=False)
class Factor:
    """The cells of one input that the terms of a sum read, one for each term.

    ``index`` says which, in letters. Where ``width`` is not 0 they are all cells of a matrix that wide, row by row.
    """

    input: int
    values: Doubles
    rows: NDArray[np.int64]
    columns: NDArray[np.int64]
    index: str
    letter: str
    width: int = 0

    def source(self, term: int) -> Source:
        """The cell that a term reads."""
        whole = divmod(term, self.width or 1)
        cell = whole if self.width else (int(self.rows[term]), int(self.columns[term]))
        return Source(self.input, cell, float(self.values[term]), self.letter)


@dataclass(frozen=True, eq=False)
class Sum:
    """A sum of many terms: ``name`` = Σ ``form``, with the factors in the places {0}, {1} of ``form``."""

    name: str
    form: str
    over: str
    """The letters that count the terms."""
    factors: tuple[Factor, ...]
    terms: Doubles
    value: float

    def largest(self, count: int) -> NDArray[np.int64]:
        """The places of the ``count`` largest terms by magnitude, in their order in the sum."""
        if len(self.terms) <= count:
            return np.arange(len(self.terms))
        magnitudes = np.nan_to_num(np.abs(self.terms), nan=np.inf)
        return np.sort(np.argpartition(magnitudes, -count)[-count:])

    def left(self, shown: Sequence[int] | NDArray[np.int64]) -> tuple[int, float]:
        """How many terms there are beside those shown, and what they add up to."""
        rest = np.delete(self.terms, np.asarray(shown, np.int64))
        return len(rest), float(rest.sum())


@dataclass(frozen=True, eq=False)
class Working:
    """All lines, the last of which is the cell. ``error`` is by how many ε of its type a stored value may differ."""

    lines: tuple[Line | Sum, ...]
    error: float

    @property
    def value(self) -> float:
        """The cell as it was recomputed."""
        return self.lines[-1].value


class Number:
    """A number that knows how it was made. ``error`` counts in ε of the type it is compared with."""

    def __init__(self, reading: Reading, value: Any, pieces: Pieces, level: int = _WHOLE, error: float = 0.0):
        self.reading, self.pieces, self.level = reading, pieces, level
        self.value = np.float64(value)
        self.error = float(error)

    def _lift(self, other: Any) -> Number:
        return other if isinstance(other, Number) else self.reading.plain(other)

    def _made(self, value: Any, pieces: Pieces, level: int, carried: Any, units: float = 1.0) -> Number:
        """A result whose inputs have brought an error of ``carried``, rounded once or as often as ``units`` says."""
        error = float(np.nan_to_num(carried, posinf=0.0)) + units * abs(float(value))
        return Number(self.reading, value, pieces, level, error)

    def _in(self, level: int) -> Pieces:
        """The pieces, in brackets where they bind less than ``level``."""
        return self.pieces if self.level >= level else ("(", *self.pieces, ")")

    def __add__(self, other: Any) -> Number:
        b = self._lift(other)
        after = ("(", *b.pieces, ")") if b.pieces[0] == "−" else b.pieces
        return self._made(self.value + b.value, (*self.pieces, " + ", *after), _SUM, self.error + b.error)

    def __radd__(self, other: Any) -> Number:
        return self._lift(other) + self

    def __sub__(self, other: Any) -> Number:
        b = self._lift(other)
        pieces = (*self.pieces, " − ", *b._in(_PRODUCT))
        return self._made(self.value - b.value, pieces, _SUM, self.error + b.error)

    def __rsub__(self, other: Any) -> Number:
        return self._lift(other) - self

    def __mul__(self, other: Any) -> Number:
        b = self._lift(other)
        carried = abs(self.value) * b.error + abs(b.value) * self.error
        pieces = (*self._in(_PRODUCT), "·", *b._in(_PRODUCT))
        return self._made(self.value * b.value, pieces, _PRODUCT, carried)

    def __rmul__(self, other: Any) -> Number:
        return self._lift(other) * self

    def __truediv__(self, other: Any) -> Number:
        b = self._lift(other)
        value = self.value / b.value
        carried = (self.error + abs(value) * b.error) / abs(b.value)
        return self._made(value, (*self._in(_PRODUCT), " / ", *b._in(_POWER)), _PRODUCT, carried)

    def __rtruediv__(self, other: Any) -> Number:
        return self._lift(other) / self

    def __floordiv__(self, other: Any) -> Number:
        b = self._lift(other)
        pieces = ("⌊", *self._in(_PRODUCT), " / ", *b._in(_POWER), "⌋")
        return self._made(self.value // b.value, pieces, _WHOLE, 0.0)

    def __pow__(self, other: Any) -> Number:
        b = self._lift(other)
        value = self.value**b.value
        carried = abs(value * b.value / self.value) * self.error + abs(value * b.value)
        if b.pieces == ("2",):
            return self._made(value, (*self._in(_WHOLE), "²"), _POWER, carried, _FUNCTION_ERROR)
        pieces = (*self._in(_WHOLE), "^", *b._in(_WHOLE))
        return self._made(value, pieces, _POWER, carried, _FUNCTION_ERROR)

    def __rpow__(self, other: Any) -> Number:
        return self._lift(other) ** self

    def __neg__(self) -> Number:
        return Number(self.reading, -self.value, ("−", *self._in(_PRODUCT)), _SUM, self.error)

    def __abs__(self) -> Number:
        return Number(self.reading, abs(self.value), ("|", *self.pieces, "|"), _WHOLE, self.error)

    # NumPy's functions call these methods of what is no array.

    def _function(self, name: str, value: Any, slope: Any) -> Number:
        pieces = (name, "(", *self.pieces, ")")
        return self._made(value, pieces, _WHOLE, abs(slope) * self.error, _FUNCTION_ERROR)

    def exp(self) -> Number:
        """e to this power."""
        value = np.exp(self.value)
        return self._function("e^", value, value)

    def expm1(self) -> Number:
        """e to this power, less 1."""
        found = self._function("e^", np.expm1(self.value), np.exp(self.value))
        return Number(self.reading, found.value, (*found.pieces, " − 1"), _SUM, found.error)

    def tanh(self) -> Number:
        """The hyperbolic tangent."""
        value = np.tanh(self.value)
        return self._function("tanh", value, 1 - value * value)

    def log1p(self) -> Number:
        """The logarithm of 1 and this number."""
        value, slope = np.log1p(self.value), 1 / (1 + self.value)
        found = self._function("log", value, slope)
        return Number(self.reading, value, ("log(1 + ", *self.pieces, ")"), _WHOLE, found.error)

    def erf(self) -> Number:
        """The error function."""
        from scipy.special import erf

        return self._function("erf", erf(self.value), 2 / np.sqrt(np.pi) * np.exp(-self.value * self.value))

    def cos(self) -> Number:
        """The cosine."""
        return self._function("cos", np.cos(self.value), 1.0)

    def sqrt(self) -> Number:
        """The square root."""
        value = np.sqrt(self.value)
        carried = 0.0 if value == 0 else self.error / (2 * value)
        return self._made(value, ("√", *self._in(_WHOLE)), _POWER, carried)

    def floor(self) -> Number:
        """The whole number below."""
        return Number(self.reading, np.floor(self.value), ("⌊", *self.pieces, "⌋"), _WHOLE, 0.0)

    # A comparison is written down as it turned out: it says which way the arithmetic took.

    def _test(self, other: Any, holds: Any, sign: str, opposite: str) -> bool:
        b = self._lift(other)
        self.reading.tests.append((*self.pieces, f" {sign if holds else opposite} ", *b.pieces))
        return bool(holds)

    def __gt__(self, other: Any) -> bool:
        return self._test(other, self.value > self._lift(other).value, ">", "≤")

    def __ge__(self, other: Any) -> bool:
        return self._test(other, self.value >= self._lift(other).value, "≥", "<")

    def __lt__(self, other: Any) -> bool:
        return self._test(other, self.value < self._lift(other).value, "<", "≥")

    def __le__(self, other: Any) -> bool:
        return self._test(other, self.value <= self._lift(other).value, "≤", ">")


Index = int | NDArray[np.int64]


class Reading:
    """What an operation reads while it explains a cell: its inputs as NumPy matrices, and the iteration."""

    def __init__(self, inputs: Sequence[NDArray[Any]], letters: Sequence[str] = (), iteration: int = 0):
        self.inputs = inputs
        self.iteration = iteration
        self.tests: list[Pieces] = []
        self._letters = letters
        self._lines: list[Line | Sum] = []
        self.zero, self.one = self.plain(0), self.plain(1)

    @property
    def count(self) -> int:
        """How many inputs there are."""
        return len(self.inputs)

    def columns(self, index: int = 0) -> int:
        """How many columns an input has."""
        return int(self.inputs[index].shape[1])

    def plain(self, value: Any) -> Number:
        """A number that stands in the formula itself."""
        text = f"{value:g}".replace("-", "−")
        return Number(self, value, (text,), _SUM if value < 0 else _WHOLE)

    def cell(self, index: int, row: int, column: int, letter: str = "") -> Number:
        """A cell of an input."""
        value = float(self.inputs[index][row, column])
        return Number(self, value, (Source(index, (row, column), value, letter or self._letter(index)),))

    def named(self, name: str, number: Number) -> Number:
        """Give a number a line of its own; what follows knows it by its name."""
        self._lines.append(Line(name, number.pieces, float(number.value), self._tested()))
        return Number(self, number.value, (Earlier(name, float(number.value)),), _WHOLE, number.error)

    def along(self, index: int, row: Index, column: Index, where: str, letter: str = "") -> Factor:
        """Cells of an input, one for each term of a sum: ``where`` says which in letters."""
        rows, columns = (np.atleast_1d(np.asarray(each, np.int64)) for each in (row, column))
        rows, columns = np.broadcast_arrays(rows, columns)
        values = self.inputs[index][rows, columns].astype(np.float64)
        return Factor(index, values, rows, columns, where, letter or self._letter(index))

    def whole(self, index: int, letter: str = "") -> Factor:
        """All cells of an input, row by row."""
        values, nothing = self.inputs[index].astype(np.float64).ravel(), np.empty(0, np.int64)
        width = self.columns(index)
        return Factor(index, values, nothing, nothing, "i,j", letter or self._letter(index), width)

    def total(
        self,
        name: str,
        over: str,
        *factors: Factor,
        form: str = "{0}·{1}",
        terms: Doubles | None = None,
        errors: Doubles | None = None,
    ) -> Number:
        """The sum of the products of the factors, or of ``terms`` that were made of them, in a line of its own."""
        if terms is None:
            terms = factors[0].values if len(factors) == 1 else factors[0].values * factors[1].values
            form = "{0}" if len(factors) == 1 and form == "{0}·{1}" else form
        value = float(terms.sum())
        magnitudes = np.abs(terms)
        # Each partial sum is rounded: at worst all of them alike, as a rule they make good for each other.
        roundings = min(len(terms), 8 + 2 * len(terms) ** 0.5)
        error = (1 + roundings) * float(magnitudes.sum()) + (0.0 if errors is None else float(errors.sum()))
        self._lines.append(Sum(name, form, over, factors, terms, value))
        return Number(self, value, (Earlier(name, value),), _WHOLE, error)

    def finish(self, result: Number) -> Working:
        """The working that ends in ``result``."""
        last = self._lines[-1] if self._lines else None
        same = isinstance(last, Sum) and result.pieces == (Earlier(last.name, last.value),)
        if not same:
            self._lines.append(Line("", result.pieces, float(result.value), self._tested()))
        return Working(tuple(self._lines), result.error)

    def _letter(self, index: int) -> str:
        return self._letters[min(index, len(self._letters) - 1)] if self._letters else "x"

    def _tested(self) -> tuple[Pieces, ...]:
        found = tuple(dict.fromkeys(self.tests))
        self.tests.clear()
        return found
