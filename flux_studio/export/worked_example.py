"""One iteration as a LaTeX document that is worked through on paper: formulas, matrices filled in, results.

It needs nothing but ``amsmath``. Before each result a comment says which matrix it is: ``% 3 forward layer-1
activated_output_matrix 4x3``, so that the numbers can be found again.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from pathlib import Path

import numpy as np

import flux_studio
from flux_studio.engine.formulas import lines, number, read, replaced, result
from flux_studio.engine.letters import latex_words
from flux_studio.engine.matrices import MATRIX_KINDS
from flux_studio.engine.notation import (
    Bracket,
    Chain,
    Grid,
    Name,
    Node,
    Power,
    Total,
    Words,
)
from flux_studio.engine.worked import Filled, Shown, Step, Work, WorkedIteration, WorkedLine
from flux_studio.errors import ExportError
from flux_studio.export.matrices import write
from flux_studio.project.catalogue import titled

FEWEST_DIGITS, MOST_DIGITS, USUAL_DIGITS = 2, 9, 4
_WIDEST = 80
"""So many characters of numbers fit into a line of matrices."""
_CORNERS = 5
"""A matrix that is too wide for a line shows so many columns."""
_TERMS_A_LINE = 4
_STEP = re.compile(r"(?P<owner>.*)/step-(?P<number>\d+)")
_PREAMBLE = r"""% One iteration of a neural network, worked through. Made by Flux Studio {version}.
\documentclass[10pt]{{article}}
\usepackage[utf8]{{inputenc}}
\usepackage{{amsmath}}
\setlength{{\oddsidemargin}}{{-1.2cm}}
\setlength{{\textwidth}}{{18.4cm}}
\setlength{{\topmargin}}{{-1.8cm}}
\setlength{{\textheight}}{{25cm}}
\setlength{{\parindent}}{{0pt}}
\setlength{{\parskip}}{{4pt}}
\setlength{{\arraycolsep}}{{3pt}}
\allowdisplaybreaks
\begin{{document}}
"""


def save(
    path: Path, worked: WorkedIteration, named: Mapping[str, str], name: str, digits: int = USUAL_DIGITS
) -> None:
    """Write the document whole or not at all; :class:`ExportError` says why not."""
    write(path, worked_example(worked, named, name, digits).encode())


def worked_example(
    worked: WorkedIteration, named: Mapping[str, str], name: str, digits: int = USUAL_DIGITS
) -> str:
    """The whole document. ``named`` are the titles of layers, ``name`` is what the project is called."""
    if not FEWEST_DIGITS <= digits <= MOST_DIGITS:
        raise ExportError(
            f"numbers can have {FEWEST_DIGITS} to {MOST_DIGITS} digits in a worked example, not {digits}"
        )
    return "\n".join(_Author(worked, named, name, digits).document()) + "\n"


class _Author:
    def __init__(self, worked: WorkedIteration, named: Mapping[str, str], name: str, digits: int) -> None:
        self._worked, self._named, self._name, self._digits = worked, named, name, digits
        numbers = [int(found["number"]) for work in worked.works if (found := _STEP.fullmatch(work.layer))]
        self._steps = max(numbers, default=0)

    def document(self) -> Iterator[str]:
        worked = self._worked
        yield _PREAMBLE.format(version=flux_studio.__version__)
        title = f"{latex_words(self._name)}: iteration {worked.iteration} worked out"
        yield rf"\begin{{center}}\Large {title}\end{{center}}"
        yield from self._introduction()
        yield from self._batch()
        yield from self._phase("forward", "Forward")
        yield from self._phase("loss", "Loss")
        yield from self._phase("backward", "Backward")
        yield from self._update()
        yield r"\end{document}"

    def _introduction(self) -> Iterator[str]:
        yield (
            "Rows are samples, columns are neurons; rows and columns are counted from 0. "
            rf"Products $\cdot$ are matrix products, $\odot$ multiplies cell by cell. "
            f"Numbers are rounded to {self._digits} significant digits; the calculation itself is exact to "
            "the digits of the computer. Of large matrices only corners are shown."
        )
        if self._steps > 2:
            yield (
                f"The network looks at {self._steps} steps of a sequence. Steps 1 and {self._steps} are worked out; "
                "those between go the same way. A number in brackets, as in $h^{(2)}$, says which step is meant."
            )

    def _batch(self) -> Iterator[str]:
        worked = self._worked
        yield r"\section*{The batch}"
        rows = len(worked.samples)
        yield f"The batch has {rows} row{'' if rows == 1 else 's'}: inputs $x$, and targets $y$ for the outputs."
        yield from self._given(worked.inputs, "x")
        if worked.targets is not None:
            yield from self._given(worked.targets, "y")

    def _given(self, shown: Shown, symbol: str = "") -> Iterator[str]:
        yield self._comment("given", shown)
        yield rf"\[ {read(symbol or shown.symbol).latex()} = {self._grid(shown).latex()} \]"

    # Forward, loss, backward

    def _phase(self, phase: str, title: str) -> Iterator[str]:
        works = [work for work in self._worked.works if work.phase == phase]
        if not works:
            return
        yield rf"\section*{{{title}}}"
        layer = None
        for work in works:
            if self._is_passed_over(work.layer):
                continue
            if work.layer != layer:
                layer = work.layer
                yield from self._layer(layer, phase)
            yield from self._work(work)

    def _layer(self, layer: str, phase: str) -> Iterator[str]:
        if layer:
            yield rf"\subsection*{{{latex_words(titled(self._named, layer))}}}"
        if phase != "forward":
            return
        owner = found["owner"] if (found := _STEP.fullmatch(layer)) else layer
        if found and found["number"] != "1":
            return
        for shown in self._worked.parameters:
            if shown.key is not None and shown.key[0] == owner:
                yield f"{_meaning(shown)}:"
                yield from self._given(shown)

    def _is_passed_over(self, layer: str) -> bool:
        found = _STEP.fullmatch(layer)
        return found is not None and self._steps > 2 and int(found["number"]) not in (1, self._steps)

    def _work(self, work: Work) -> Iterator[str]:
        yield f"{_meaning(work.output)}:"
        yield self._comment(f"{work.number} {work.phase}", work.output)
        left = self._symbol(work.output, work.layer)
        formula = result(read(work.formula))
        if work.by_cell:
            pairs = zip(work.letters, work.inputs, strict=True)
            formula = _by_cell(formula, {read(letter) for letter, shown in pairs if shown.shape != (1, 1)})
        meant = self._replaced(formula, work, lambda shown: self._symbol(shown, work.layer))
        sides = [] if meant == left else [meant.latex()]
        filled = self._replaced(formula, work, self._grid)
        if _is_plain(filled) and self._width(work) <= _WIDEST:
            sides.append(filled.latex())
        sides.append(self._grid(work.output).latex())
        yield _aligned(left.latex(), sides)
        if work.output.shape != (1, 1) or _is_sum(work.lines):
            row, column = work.cell
            where = f"row {row}, column {column}" if work.output.shape != (1, 1) else ""
            yield f"Its largest number, in {where}:" if where else "In numbers:"
        else:
            yield "In numbers:"
        yield from self._lines(work.lines)

    def _replaced(self, formula: Node, work: Work, mean: object) -> Node:
        assert callable(mean)
        known: dict[Node, Node] = {}
        for letter, shown in zip(work.letters, work.inputs, strict=True):
            known.setdefault(read(letter), mean(shown))
        return replaced(formula, known)

    def _width(self, work: Work) -> int:
        """How wide the matrices of a filled-in formula are together, in characters."""
        return sum(_width(self._texts(shown)) for shown in work.inputs)

    def _symbol(self, shown: Shown, layer: str) -> Node:
        """A matrix's symbol; one of another step has its number, one of another layer that one's name."""
        symbol = read(shown.symbol)
        owner = shown.key[0] if shown.key is not None else layer
        if owner in ("", layer):
            return symbol
        held: Node = Bracket("(", symbol, ")") if isinstance(symbol, Chain) else symbol
        own, other = _STEP.fullmatch(layer), _STEP.fullmatch(owner)
        if other is not None and other["owner"] in (layer, own["owner"] if own is not None else ""):
            return Power(held, Name(f"({other['number']})"))
        if own is not None and owner == own["owner"]:
            return symbol
        return Power(held, Words(titled(self._named, owner)))

    # The update

    def _update(self) -> Iterator[str]:
        works = [work for work in self._worked.works if work.phase == "update"]
        if not works and not self._worked.steps:
            return
        yield r"\section*{Update}"
        yield r"Here $\theta$ stands for all weights and biases side by side, weights first." if works else ""
        for work in works:
            yield from self._work(work)
        for step in self._worked.steps:
            yield from self._step(step)

    def _step(self, step: Step) -> Iterator[str]:
        owner = latex_words(titled(self._named, step.key[0]))
        symbol, gradient = read(step.before.symbol), read(step.gradient.symbol)
        yield rf"\subsection*{{{owner}: ${symbol.latex()}$}}"
        known = {read("∂C/∂θ"): gradient, read("g"): gradient, read("θ"): symbol}
        rules = [replaced(line, known).latex() for line in lines(step.formula)]
        yield "\\begin{gather*}\n" + " \\\\\n".join(rules) + "\n\\end{gather*}"
        yield self._comment("before", step.before)
        yield _aligned(symbol.latex(), [self._grid(step.before).latex()])
        if step.gradient.symbol != step.before.symbol:
            yield self._comment("gradient", step.gradient)
            yield _aligned(gradient.latex(), [self._grid(step.gradient).latex()])
        for shown in step.kept:
            yield self._comment("kept", shown)
            yield _aligned(Power(read(shown.symbol), Name("′")).latex(), [self._grid(shown).latex()])
        yield self._comment("after", step.after)
        yield _aligned(Power(symbol, Name("′")).latex(), [self._grid(step.after).latex()])
        yield f"What changes most, in row {step.cell[0]}, column {step.cell[1]}:"
        yield from self._lines(step.lines)

    # Cells and numbers

    def _lines(self, worked: Sequence[WorkedLine]) -> Iterator[str]:
        written = []
        for line in worked:
            written += self._line(line)
        yield "{\\small\n\\begin{align*}\n" + " \\\\\n".join(written) + "\n\\end{align*}}\n"

    def _line(self, line: WorkedLine) -> list[str]:
        name, symbols = read(line.name), read(line.symbols)
        value = self._number(line.value).latex()
        found = [f"{name.latex()} &= {symbols.latex()}"]
        found += [rf"& \text{{because }} {read(test).latex()}" for test in line.because]
        terms = [self._filled(term, leads=place == 0) for place, term in enumerate(line.filled)]
        for start in range(0, len(terms), _TERMS_A_LINE):
            lead = "&= " if start == 0 else r"&\quad {} + "
            found.append(lead + " + ".join(terms[start : start + _TERMS_A_LINE]))
        if line.left:
            found[-1] += rf" + \ldots \quad \text{{({line.left:,} more)}}"
        if found[-1] != f"&= {value}":
            found.append(f"&= {value}")
        return found

    def _filled(self, term: Filled, *, leads: bool) -> str:
        """Arithmetic with its numbers in place; those below zero stand in brackets where another sign comes before."""
        text = ""
        for place, piece in enumerate(term):
            if isinstance(piece, str):
                text += piece
                continue
            written = number(piece, self._digits)
            before, after = (str(each[0]) if each else "" for each in (term[:place][-1:], term[place + 1 :]))
            alone = (before == "(" or (not before and leads)) and not after.startswith("²")
            text += f"({written})" if written.startswith("−") and not alone else written
        return read(text).latex()

    def _number(self, value: float) -> Node:
        return read(number(value, self._digits))

    def _texts(self, shown: Shown) -> list[list[str | None]]:
        """The numbers of a matrix as they are written, with gaps where some are left out."""
        rows: list[list[str | None]] = [
            [self._number(float(value)).latex() for value in row] for row in np.asarray(shown.values)
        ]
        if len(shown.columns) < shown.shape[1]:
            gap = _gap(shown.columns)
            rows = [[*row[:gap], None, *row[gap:]] for row in rows]
        elif len(shown.columns) > _CORNERS and _width(rows) > _WIDEST:
            rows = [[*row[:3], None, *row[-2:]] for row in rows]
        width = len(rows[0]) if rows else 0
        if len(shown.rows) < shown.shape[0]:
            rows.insert(_gap(shown.rows), [None] * width)
        return rows

    def _grid(self, shown: Shown) -> Node:
        if shown.shape == (1, 1):
            return self._number(float(shown.values[0, 0]))
        return Grid(tuple(tuple(row) for row in self._texts(shown)))

    @staticmethod
    def _comment(what: str, shown: Shown) -> str:
        key = " ".join(shown.key) if shown.key is not None else shown.symbol
        return f"% {what} {key} {shown.shape[0]}x{shown.shape[1]}"


def _width(rows: Sequence[Sequence[str | None]]) -> int:
    """How wide a matrix is, in characters, with what stands between its columns."""
    columns = zip(*rows, strict=True)
    return sum(
        max(len(re.sub(r"\\\w+ |[{}^]", "", text or "..")) for text in column) + 1 for column in columns
    )


def _gap(places: tuple[int, ...]) -> int:
    """Behind how many places the first is left out."""
    return next(count for count, place in enumerate((*places, -1)) if place != count)


def _aligned(left: str, sides: list[str]) -> str:
    body = " \\\\\n&= ".join(sides)
    return f"\\begin{{align*}}\n{left} &= {body}\n\\end{{align*}}"


def _is_plain(node: Node) -> bool:
    """Whether matrices may stand in the formula as they are: it adds, multiplies, transposes and sums."""
    match node:
        case Grid() | Name() | Words():
            return True
        case Chain():
            return all(_is_plain(part) for part in node.parts)
        case Bracket():
            return node.open == "(" and _is_plain(node.inner)
        case Power():
            return node.exponent == Name("⊤") and _is_plain(node.base)
        case Total():
            return _is_plain(node.body)
        case _:
            return False


def _by_cell(node: Node, matrices: AbstractSet[Node]) -> Node:
    """The same with another sign wherever two matrices are multiplied cell by cell."""
    if node in matrices:
        return node
    node = node.changed(lambda part: _by_cell(part, matrices))
    if not isinstance(node, Chain) or node.level != "product":
        return node
    parts = list(node.parts)
    for place, part in enumerate(parts):
        beside = parts[place - 1 : place] + parts[place + 1 : place + 2]
        if part == Name("·") and all(_has(each, matrices) for each in beside):
            parts[place] = Name("⊙")
    return Chain(node.level, tuple(parts))


def _has(node: Node, matrices: AbstractSet[Node]) -> bool:
    found = node in matrices

    def look(part: Node) -> Node:
        nonlocal found
        found = found or _has(part, matrices)
        return part

    node.changed(look)
    return found


def _is_sum(worked: Sequence[WorkedLine]) -> bool:
    return len(worked) > 1 or len(worked[0].filled) > 1


def _meaning(shown: Shown) -> str:
    """What a matrix is, as the beginning of a sentence."""
    kind = MATRIX_KINDS.get(shown.key[1]) if shown.key is not None else None
    if kind is None:
        words = shown.key[1].replace("_", " ") if shown.key is not None else shown.symbol
        return latex_words(f"{words[0].upper()}{words[1:]}")
    symbol, title = f"${read(kind.symbol).latex()}$", kind.title
    # Some titles are formulas, which have no first letter to be made large.
    named = rf"\textbf{{{title[0].upper()}{title[1:]}}} {symbol}" if title.isascii() else symbol
    return f"{named}, {latex_words(kind.meaning)}"
