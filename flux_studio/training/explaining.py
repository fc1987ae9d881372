"""The question how a cell of a matrix came to be, and its answer as records that hold words and numbers only."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from flux_studio.engine.explain import Explanation, Made, explain
from flux_studio.engine.places import Named
from flux_studio.engine.slots import MatrixKey
from flux_studio.engine.workings import Cell, Line, Sum
from flux_studio.training.questions import Moment, Question

FEW_TERMS = 16
"""A sum of so many terms is shown whole."""
LARGEST_TERMS = 8
MOST_TERMS = 4096
"""So many of an even longer sum can be opened, the largest ones."""

_SMALL_LETTERS = str.maketrans({"i": "ᵢ", "j": "ⱼ", "k": "ₖ", "n": "ₙ", "t": "ₜ", ",": ""})


@dataclass(frozen=True)
class Link:
    """A cell that can be gone to; without a key it is a constant, which has no matrix."""

    text: str
    key: MatrixKey | None
    cell: Cell
    value: float


@dataclass(frozen=True)
class Term:
    """A term of a sum: the cells that it multiplies, and what comes out. ``form`` is how it is made of them."""

    links: tuple[Link, ...]
    form: str
    value: float


@dataclass(frozen=True)
class Part:
    """One line of the arithmetic: ``name`` = ``symbols``. Of a sum, ``terms`` are those that are shown."""

    name: str
    symbols: str
    because: tuple[str, ...]
    links: tuple[Link, ...]
    terms: tuple[Term, ...]
    places: tuple[int, ...]
    """Where in the sum the shown terms stand."""
    left: int
    """How many terms are not shown."""
    left_value: float
    """What these add up to."""
    value: float

    @property
    def count(self) -> int:
        """How many terms there are."""
        return len(self.terms) + self.left


@dataclass(frozen=True)
class Told:
    """What one instruction makes of the cell."""

    number: int
    operation: str
    parts: tuple[Part, ...]
    recomputed: float
    stored: float
    is_same: bool


@dataclass(frozen=True)
class UseTold:
    """An instruction that reads the cell: one of the cells that it goes into, and how many there are."""

    number: int
    operation: str
    link: Link
    count: int


@dataclass(frozen=True)
class CellStory:
    """All that is told of a cell; see :class:`flux_studio.engine.explain.Explanation`."""

    key: MatrixKey
    cell: Cell
    symbol: str
    value: float
    origin: str
    is_ahead: bool
    told: tuple[Told, ...]
    uses: tuple[UseTold, ...]
    instructions: int

    @property
    def made_from(self) -> tuple[Link, ...]:
        """The shown cells of other matrices that it is made from, each once."""
        parts = [part for told in self.told for part in told.parts]
        links = [link for part in parts for link in part.links]
        links += [link for part in parts for term in part.terms for link in term.links]
        return tuple(dict.fromkeys(link for link in links if link.key is not None))


@dataclass(frozen=True)
class ExplainCell(Question):
    """How does this cell come about?

    ``shown`` are the places of the terms to show of each long sum, so that the same ones stay while training goes on;
    empty stands for the largest. With ``whole`` all are shown.
    """

    key: MatrixKey
    cell: Cell
    whole: bool = False
    shown: tuple[tuple[int, ...], ...] = ()

    def answer(self, moment: Moment) -> CellStory:
        found = explain(moment.network, self.key, self.cell, moment.iteration)
        shown = iter(self.shown)
        return CellStory(
            key=found.key,
            cell=found.cell,
            symbol=found.symbol,
            value=found.value,
            origin=found.origin,
            is_ahead=found.is_ahead,
            told=tuple(self._told(found, made, shown) for made in found.made),
            uses=tuple(
                UseTold(use.number, use.operation, _link(use.place, 0.0), use.count) for use in found.uses
            ),
            instructions=found.instructions,
        )

    def _told(self, found: Explanation, made: Made, shown: Iterator[tuple[int, ...]]) -> Told:
        parts = [
            self._sum(found, made, line, next(shown, ()))
            if isinstance(line, Sum)
            else _line(found, made, line)
            for line in made.working.lines
        ]
        return Told(made.number, made.operation, tuple(parts), made.working.value, made.stored, made.is_same)

    def _sum(self, found: Explanation, made: Made, line: Sum, shown: tuple[int, ...]) -> Part:
        count = len(line.terms)
        places = tuple(place for place in shown if place < count)
        if self.whole or count <= FEW_TERMS:
            places = tuple(line.largest(MOST_TERMS).tolist())
        elif not places:
            places = tuple(line.largest(LARGEST_TERMS).tolist())
        symbols = line.form.format(*(made.symbol(factor) for factor in line.factors))
        last = line is made.working.lines[-1]
        left, left_value = line.left(places)
        return Part(
            name=_result(found) if last else line.name,
            symbols=f"Σ{line.over.translate(_SMALL_LETTERS)} {symbols}",
            because=(),
            links=(),
            terms=tuple(_term(made, line, place) for place in places),
            places=places,
            left=left,
            left_value=left_value,
            value=line.value,
        )


def _term(made: Made, line: Sum, place: int) -> Term:
    sources = [factor.source(place) for factor in line.factors]
    links = tuple(_link(made.place(source), source.value) for source in sources)
    return Term(links, line.form, float(line.terms[place]))


def _line(found: Explanation, made: Made, line: Line) -> Part:
    return Part(
        name=line.name or _result(found),
        symbols=made.text(line.pieces),
        because=tuple(made.text(test) for test in line.tests),
        links=tuple(_link(made.place(source), source.value) for source in line.sources),
        terms=(),
        places=(),
        left=0,
        left_value=0.0,
        value=line.value,
    )


def _result(found: Explanation) -> str:
    """The cell on the left of its own formula: what an update makes of it is another number than the present one."""
    return f"{found.symbol}′" if found.is_ahead else found.symbol


def _link(place: Named, value: float) -> Link:
    return Link(place.text, place.key, place.cell, value)
