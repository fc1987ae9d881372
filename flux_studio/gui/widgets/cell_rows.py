"""The lines of the panel This cell: words, terms and numbers, made from what is told of a cell."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from flux_studio.engine.formulas import number, read
from flux_studio.engine.letters import latex_words
from flux_studio.gui.widgets.numbers import ENOUGH_DIGITS, exact, whole
from flux_studio.training.explaining import CellStory, Link, Part, Told

RowKind = Literal["caption", "formula", "because", "note", "term", "number", "total", "more", "use"]
_MOST_USES = 6


@dataclass(frozen=True)
class Row:
    """One line: words, or links to cells and a number."""

    kind: RowKind
    text: str = ""
    links: tuple[Link, ...] = ()
    value: float | None = None
    names: tuple[Link, ...] = ()
    """What the symbols of a formula stand for."""

    @property
    def is_formula(self) -> bool:
        """Whether its text is mathematics."""
        return self.kind in ("formula", "because")

    @property
    def looks(self) -> tuple[object, ...]:
        """What decides how much room it takes: everything but its numbers."""
        return self.kind, self.text, tuple(link.text for link in self.links)


@dataclass(frozen=True)
class CellView:
    """What the panel shows of one cell."""

    symbol: str
    value: float
    origin: str
    rows: tuple[Row, ...]
    verdict: str
    is_same: bool
    written: str
    uses: tuple[Row, ...]


def cell_view(story: CellStory, *, opened: bool) -> CellView:
    """Everything in words; ``opened`` says whether long sums are shown whole."""
    rows = [row for told in story.told for row in _rows(story, told, opened)]
    return CellView(
        symbol=story.symbol,
        value=story.value,
        origin=_origin(story),
        rows=tuple(rows),
        verdict=_verdict(story),
        is_same=all(told.is_same for told in story.told),
        written=_written(story),
        uses=_uses(story),
    )


def as_latex(rows: Sequence[Row]) -> str:
    """Formulas and numbers to be pasted into a LaTeX document that uses ``amsmath``."""
    lines = [_line_latex(row) for row in rows if row.kind not in ("caption", "use")]
    return "\\begin{align*}\n" + " \\\\\n".join(lines) + "\n\\end{align*}\n"


def _line_latex(row: Row) -> str:
    if row.is_formula:
        left, sign, right = row.text.partition(" = ")
        return f"{read(left).latex()} &= {read(right).latex()}" if sign else f"& {read(row.text).latex()}"
    value = "" if row.value is None else read(number(row.value, ENOUGH_DIGITS)).latex()
    if row.kind == "term":
        numbers = [number(link.value, ENOUGH_DIGITS) for link in row.links]
        filled = row.text.format(*(f"({text})" if text.startswith("−") else text for text in numbers))
        made = "" if row.text == "{0}" else f"{read(filled).latex()} = "
        return f"{read(row.text.format(*(link.text for link in row.links))).latex()} &= {made}{value}"
    name = row.links[0].text if row.links else row.text
    written = read(name).latex() if row.kind in ("number", "total") else rf"\text{{{latex_words(name)}}}"
    return f"{written} &= {value}" if value else f"& {written}"


def _origin(story: CellStory) -> str:
    if not story.origin:
        return ""
    return f"{story.origin[0].upper()}{story.origin[1:]}."


def _rows(story: CellStory, told: Told, opened: bool) -> list[Row]:
    ahead = "the next update" if told.phase == "update" else "the next operation"
    rows = [Row("caption", f"{ahead}, {_words(told.operation)}" if story.is_ahead else "symbols")]
    if story.beside:
        rows.append(Row("note", "by the batch's gradients, not these rows'"))
    # What a short sum inside is made of stands behind the line that it is part of.
    inner = [
        part
        for part in told.parts
        if any(part.name == link.text for each in told.parts for link in each.links)
    ]
    own = Link(story.symbol, story.key, story.cell, story.value)
    names = (own, *(link for part in told.parts for link in (*part.links, *part.letters)))
    for part in (*(part for part in told.parts if part not in inner), *inner):
        rows.append(Row("formula", f"{part.name} = {part.symbols}", names=names))
        rows += [Row("because", f"because {test}", names=names) for test in part.because]
    rows.append(Row("caption", "numbers"))
    links = {link.text: link for part in told.parts for link in part.links}
    shown: set[str] = set()
    for place, part in enumerate(told.parts, start=1):
        rows += _terms(part, opened)
        fresh = [link for link in part.links if link.text not in shown]
        rows += [Row("number", links=(link,), value=link.value) for link in fresh]
        shown.update(link.text for link in fresh)
        last = place == len(told.parts)
        name = "sum" if part.terms and last else part.name
        own = (links[part.name],) if part.name in links else ()
        shown.update(link.text for link in own)
        rows.append(Row("total" if last or part.terms else "number", name, own, part.value))
    return rows


def _terms(part: Part, opened: bool) -> list[Row]:
    rows = [Row("term", term.form, term.links, term.value) for term in part.terms]
    if part.left:
        words = f"+ {whole(part.left)} more {'term' if part.left == 1 else 'terms, together'}"
        rows.append(Row("more", words, value=part.left_value))
    elif opened and part.count > 1:
        rows.append(Row("more", "show the largest terms only"))
    return rows


def _verdict(story: CellStory) -> str:
    if not story.told:
        return ""
    operation = "update" if story.told[0].phase == "update" else "operation"
    where = f"as the next {operation} makes it" if story.is_ahead else "as in the matrix"
    wrong = next((told for told in story.told if not told.is_same), None)
    if wrong is None:
        return f"✓ the same {where}"
    return f"differs by {exact(wrong.stored - wrong.recomputed)}: {exact(wrong.stored)} in the matrix"


def _written(story: CellStory) -> str:
    if not story.told:
        return ""
    words = [
        f"operation {told.number:,} of {story.instructions:,}, {_words(told.operation)}"
        for told in story.told
    ]
    return f"{'to be ' if story.is_ahead else ''}written by {' and '.join(words)}"


def _uses(story: CellStory) -> tuple[Row, ...]:
    if not story.uses:
        why = "nothing reads it" if story.trains else "used for no update: these rows do not train"
        return (Row("caption", why),)
    rows = [Row("caption", "used for")]
    for use in story.uses[:_MOST_USES]:
        more = f"and {use.count - 1:,} more like it, " if use.count > 1 else ""
        rows.append(Row("use", f"{more}{_words(use.operation)} ({use.number})", (use.link,)))
    if len(story.uses) > _MOST_USES:
        rows.append(Row("note", f"and by {len(story.uses) - _MOST_USES:,} more operations"))
    return tuple(rows)


def _words(operation: str) -> str:
    return operation.replace("_", " ")
