"""Preprocessing as terms: what each type of encoder does with a table's cells, and what people read of the outputs.

A new type of encoder is a function here for each way, and every format that takes the table's own columns has it.
Where there is none, these formats refuse.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import singledispatch
from typing import NoReturn

from flux_studio.data.encoders import (
    CategoryEncoder,
    DerivedEncoder,
    Encoder,
    IndicatorEncoder,
    NumberEncoder,
    OrdinalEncoder,
    YesNoEncoder,
)
from flux_studio.data.preprocessing import Preprocessor
from flux_studio.data.table import quoted
from flux_studio.engine.expressions import Term, leaves, matrix
from flux_studio.engine.operations import BATCH, Shape
from flux_studio.errors import ExportError

NO_WORD = ""
"""Stands among the words of a column for a cell without a value."""


@dataclass(frozen=True)
class Raw:
    """A column of the table: numbers, or words of which all are known."""

    name: str
    words: tuple[str, ...] = ()
    """With :data:`NO_WORD` where a value may be missing."""

    @property
    def shape(self) -> Shape:
        """N×1."""
        return BATCH, 1


@dataclass(frozen=True, eq=False)
class Outputs:
    """The columns of the network's outputs that belong to one target."""

    columns: int

    @property
    def shape(self) -> Shape:
        """N×O."""
        return BATCH, self.columns


@dataclass(frozen=True, eq=False)
class Answer:
    """What people read of the outputs of one target."""

    column: str
    place: slice
    """Which outputs belong to it."""
    term: Term
    """A number in the target's own units, or which of ``classes``; made of :class:`Outputs`."""
    classes: tuple[str, ...] = ()
    shares: tuple[Term, ...] = ()
    """A number for each class, as :meth:`Encoder.shares` has it."""


@dataclass(frozen=True, eq=False)
class Lowered:
    """All of a preprocessor: columns of the table in, answers out."""

    columns: tuple[Raw, ...]
    """What must be given, each once."""
    numbers: tuple[Term, ...]
    """What goes into the network for one row, made of ``columns``."""
    window: int
    """How many successive rows go in side by side, oldest first."""
    ahead: int
    answers: tuple[Answer, ...]

    @property
    def with_gaps(self) -> frozenset[str]:
        """The columns of numbers in which a value may be missing: those of which some term asks whether it is."""
        return frozenset(name for term in self.numbers for name in _asked(term))

    @property
    def ahead_words(self) -> str:
        """Where what is predicted stands, as a clause; empty where it is the last row that went in."""
        if not self.ahead:
            return ""
        return f", {self.ahead} {'row' if self.ahead == 1 else 'rows'} after the last of them"

    def titles(self) -> tuple[str, ...]:
        """What people call the answers, then the share of each class, as ``predict`` does."""
        several = len(self.answers) > 1
        first = [f"prediction({each.column})" if several else "prediction" for each in self.answers]
        shares = [
            f"p({each.column}={name})" if several else f"p({name})"
            for each in self.answers
            for name in each.classes
        ]
        return (*first, *shares)


def lower(preprocessor: Preprocessor) -> Lowered:
    """The preprocessor as terms; :class:`ExportError` names a column whose encoder nobody has lowered."""
    cells = {
        encoder.column: matrix(Raw(encoder.column, _words(encoder)))
        for encoder in preprocessor.input_encoders
        if not isinstance(encoder, IndicatorEncoder | DerivedEncoder)
    }
    numbers = tuple(term for encoder in preprocessor.input_encoders for term in encoded(encoder, cells))
    found = dict.fromkeys(leaf for term in numbers for leaf in leaves(term))
    answers = tuple(decoded(encoder, place) for encoder, place in preprocessor.target_places())
    windowing = preprocessor.windowing
    return Lowered(tuple(found), numbers, windowing.window, windowing.ahead, answers)


@singledispatch
def encoded(encoder: Encoder, cells: Mapping[str, Term]) -> tuple[Term, ...]:
    """What a column's cells become: a term for each number. ``cells`` are those of every column, by name."""
    _refuse(encoder)


@singledispatch
def decoded(encoder: Encoder, place: slice) -> Answer:
    """What the outputs of a target mean."""
    _refuse(encoder)


@encoded.register
def _(encoder: NumberEncoder, cells: Mapping[str, Term]) -> tuple[Term, ...]:
    return (_scaled(_filled(cells[encoder.column], encoder.fill), encoder.offset, encoder.scale),)


@encoded.register
def _(encoder: CategoryEncoder, cells: Mapping[str, Term]) -> tuple[Term, ...]:
    return tuple(_is(cells[encoder.column], each, encoder.fill) for each in encoder.categories)


@encoded.register
def _(encoder: OrdinalEncoder, cells: Mapping[str, Term]) -> tuple[Term, ...]:
    marks = [_is(cells[encoder.column], each, encoder.fill) for each in encoder.categories]
    places = sum((mark * place for place, mark in enumerate(marks[1:], 1)), marks[0] * 0)
    return (_scaled(places, encoder.offset, encoder.scale),)


@encoded.register
def _(encoder: YesNoEncoder, cells: Mapping[str, Term]) -> tuple[Term, ...]:
    return (_is(cells[encoder.column], encoder.yes, encoder.fill),)


@encoded.register
def _(encoder: IndicatorEncoder, cells: Mapping[str, Term]) -> tuple[Term, ...]:
    cell = cells[encoder.column]
    missing = cell.equals(NO_WORD) if cell.value.words else cell.is_missing()
    return (missing.where(1, 0),)


@encoded.register
def _(encoder: DerivedEncoder, cells: Mapping[str, Term]) -> tuple[Term, ...]:
    values = [_filled(cells[name], fill) for name, fill in zip(encoder.columns, encoder.fill, strict=True)]
    return (_scaled(DERIVED[encoder.function](*values), encoder.offset, encoder.scale),)


DERIVED: Mapping[str, Callable[..., Term]] = {
    "square": lambda x: x * x,
    "product": lambda x, y: x * y,
    "sine": Term.sin,
    "cosine": Term.cos,
}
"""The functions of :data:`flux_studio.data.derived.FUNCTIONS` as terms."""


def _words(encoder: Encoder) -> tuple[str, ...]:
    """The words that may stand in a cell, with that of a gap where something stands for it; none for numbers."""
    if isinstance(encoder, CategoryEncoder | OrdinalEncoder | YesNoEncoder):
        return encoder.classes if encoder.fill is None else (*encoder.classes, NO_WORD)
    return ()


def _is(cell: Term, word: str, fill: str | None) -> Term:
    """1 where a cell is this word, or a gap for which it stands."""
    found = cell.equals(word).where(1, 0)
    return cell.equals(NO_WORD).where(1, found) if word == fill else found


def _filled(cell: Term, fill: float | None) -> Term:
    return cell if fill is None else cell.is_missing().where(fill, cell)


def _scaled(value: Term, offset: float, scale: float) -> Term:
    moved = value - offset if offset else value
    return moved / scale if scale != 1 else moved


@decoded.register
def _(encoder: NumberEncoder, place: slice) -> Answer:
    output = matrix(Outputs(1))
    scaled = output * encoder.scale if encoder.scale != 1 else output
    return Answer(encoder.column, place, scaled + encoder.offset if encoder.offset else scaled)


@decoded.register
def _(encoder: CategoryEncoder, place: slice) -> Answer:
    outputs = matrix(Outputs(len(encoder.categories)))
    shares = tuple(outputs.columns(index, index + 1) for index in range(len(encoder.categories)))
    return Answer(encoder.column, place, outputs.largest(), encoder.categories, shares)


@decoded.register
def _(encoder: YesNoEncoder, place: slice) -> Answer:
    output = matrix(Outputs(1))
    return Answer(encoder.column, place, (output >= 0.5).where(1, 0), encoder.classes, (1 - output, output))


def _asked(term: Term) -> Iterator[str]:
    if term.kind == "is_missing":
        yield from (leaf.name for leaf in leaves(term))
    for part in term.parts:
        yield from _asked(part)


def _refuse(encoder: Encoder) -> NoReturn:
    kind = type(encoder).__name__.removesuffix("Encoder").lower()
    raise ExportError(
        f"column {quoted(encoder.column)}: this format cannot carry its preprocessing ({kind}); "
        "choose one that holds the weights only, such as NPZ, safetensors or JSON"
    )
