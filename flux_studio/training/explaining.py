"""The question how a cell of a matrix came to be, and its answer as records that hold words and numbers only."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from math import nan

from flux_studio.engine.explain import Explanation, Made, Use, explain
from flux_studio.engine.places import Named
from flux_studio.engine.recording import Phase
from flux_studio.engine.slots import MatrixKey
from flux_studio.engine.workings import Cell, Line, Sum
from flux_studio.training.questions import Moment, Question
from flux_studio.training.viewing import Viewed

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
    letters: tuple[Link, ...]
    """Of a sum, what its factors are called: each stands for many cells, of which it leads to the first."""
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
    phase: Phase
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
    seconds: float
    """What it took to find this out."""
    trains: bool = True
    """Whether these are numbers that training works with; those of rows that are only looked at are not."""
    beside: bool = False
    """Whether an update is told of while other rows are shown than those by whose gradients it goes."""

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
        began = time.perf_counter()
        found = _explain(moment, self.key, self.cell)
        viewed = moment.viewed
        own = viewed if viewed is not None and viewed.holds(self.key) else None
        users = viewed if viewed is not None and self.key in viewed.viewing.program.matrices else None
        teller, of_uses = (_Teller(self, moment, iter(self.shown), each) for each in (own, users))
        return CellStory(
            key=found.key,
            cell=found.cell,
            symbol=found.symbol,
            value=found.value,
            origin=found.origin,
            is_ahead=found.is_ahead,
            told=tuple(teller.told(found, made) for made in found.made),
            uses=tuple(
                UseTold(
                    of_uses.number(use.number, use.phase),
                    use.operation,
                    of_uses.link(use.place, 0.0),
                    use.count,
                )
                for use in _uses(users, found)
            ),
            instructions=len(moment.network.program.instructions),
            trains=own is None,
            beside=viewed is not None and own is None and found.is_ahead,
            seconds=time.perf_counter() - began,
        )


def _explain(moment: Moment, key: MatrixKey, cell: Cell) -> Explanation:
    """A cell of chosen rows by what they went through, and all others, such as weights, by the network itself."""
    viewed = moment.viewed
    if viewed is not None and viewed.holds(key):
        return explain(viewed.viewing, key, cell, viewed.iteration)
    return explain(moment.network, key, cell, moment.iteration, moment.done)


def _uses(viewed: Viewed | None, found: Explanation) -> tuple[Use, ...]:
    """What a cell was used for: a weight, for the rows that are shown."""
    if viewed is None:
        return found.uses
    return explain(viewed.viewing, found.key, found.cell, viewed.iteration).uses


@dataclass(frozen=True)
class _Teller:
    """Puts one explanation into words."""

    question: ExplainCell
    moment: Moment
    shown: Iterator[tuple[int, ...]]
    viewed: Viewed | None
    """The rows through whose program the cell is explained; ``None``: it is by the network's own."""

    def told(self, found: Explanation, made: Made) -> Told:
        # What an update makes of it is another number than the present one.
        name = f"{found.symbol}′" if found.is_ahead else found.symbol
        lines = made.working.lines
        inner = self._inner(made, lines[0]) if len(lines) == 1 and not found.is_ahead else ()
        parts = [self._part(made, line, name if line is lines[-1] else line.name) for line in lines]
        return Told(
            self.number(made.number, made.phase),
            made.operation,
            made.phase,
            (*inner, *parts),
            made.working.value,
            made.stored,
            made.is_same,
        )

    def number(self, number: int, phase: Phase) -> int:
        """Which operation of the network's own program it is, counted from 1."""
        return number if self.viewed is None else self.viewed.viewing.number(number, phase)

    def link(self, place: Named, value: float) -> Link:
        """A cell to go to, called as the layer of the explained one would call it."""
        key, chosen = place.key, self.moment.viewed
        # An update goes by the batch, whose matrices stand nowhere while those of other rows are shown.
        if key is not None and self.viewed is None and chosen is not None and chosen.holds(key):
            key = None
        return Link(place.text_for(self.question.key[0]), key, place.cell, value)

    def _inner(self, made: Made, line: Line | Sum) -> tuple[Part, ...]:
        """The short sums of which a line is made: one sees at once what a = x·w + b is made of."""
        parts: list[Part] = []
        if isinstance(line, Sum) or len(line.sources) < 2:
            return ()
        for source in line.sources:
            place = made.place(source)
            if place.key is None:
                continue
            below = _explain(self.moment, place.key, place.cell)
            if below.is_ahead or len(below.made) != 1:
                continue
            (own,) = below.made
            first = own.working.lines[0]
            if len(own.working.lines) == 1 and isinstance(first, Sum) and len(first.terms) <= FEW_TERMS:
                parts.append(self._sum(own, first, place.text_for(self.question.key[0])))
        return tuple(parts)

    def _part(self, made: Made, line: Line | Sum, name: str) -> Part:
        return self._sum(made, line, name) if isinstance(line, Sum) else self._line(made, line, name)

    def _sum(self, made: Made, line: Sum, name: str) -> Part:
        count = len(line.terms)
        places = tuple(place for place in next(self.shown, ()) if place < count)
        if self.question.whole or count <= FEW_TERMS:
            places = tuple(line.largest(MOST_TERMS).tolist())
        elif not places:
            places = tuple(line.largest(LARGEST_TERMS).tolist())
        symbols = line.form.format(*(made.symbol(factor) for factor in line.factors))
        left, left_value = line.left(places)
        return Part(
            name=name,
            symbols=f"Σ{line.over.translate(_SMALL_LETTERS)} {symbols}",
            because=(),
            links=(),
            letters=tuple(
                replace(self.link(made.place(factor.source(0)), nan), text=made.symbol(factor))
                for factor in line.factors
                if len(factor.values)
            ),
            terms=tuple(self._term(made, line, place) for place in places),
            places=places,
            left=left,
            left_value=left_value,
            value=line.value,
        )

    def _term(self, made: Made, line: Sum, place: int) -> Term:
        sources = [factor.source(place) for factor in line.factors]
        links = tuple(self.link(made.place(source), source.value) for source in sources)
        return Term(links, line.form, float(line.terms[place]))

    def _line(self, made: Made, line: Line, name: str) -> Part:
        layer = self.question.key[0]
        return Part(
            name=name,
            symbols=made.text(line.pieces, layer),
            because=tuple(made.text(test, layer) for test in line.tests),
            links=tuple(self.link(made.place(source), source.value) for source in line.sources),
            letters=(),
            terms=(),
            places=(),
            left=0,
            left_value=0.0,
            value=line.value,
        )
