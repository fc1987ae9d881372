"""Rows of a table, as people look at them: in the order of a column, those with a text, and with a cell changed."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flux_studio.data.cells import parse_each
from flux_studio.data.compact import Numbers, Texts, Words, as_doubles, end_to_end, numeric, written
from flux_studio.data.progress import GoesOn, always, ask
from flux_studio.data.table import CompactCells, Table

_BLOCK = 1 << 15
_IN_NUMBERS = re.compile(r"[0-9+\-.einf]+")
_MOST_WORDS = 65_536


def in_order(table: Table, name: str, descending: bool = False) -> NDArray[np.intp]:
    """All rows in the order of a column: numbers by size and before words; equal ones as they stand in the table.

    Rows without a value come last, whichever way it is sorted.
    """
    cells = table.column(name)
    values, ranks = _keys(cells)
    missing = np.isnan(values) & (ranks == 0)
    if descending:
        values, ranks = -values, -ranks
    order = np.lexsort(
        (ranks, np.where(np.isnan(values), np.inf, values), np.isnan(values) != descending, missing)
    )
    return order.astype(np.intp)


def _keys(cells: Sequence[str]) -> tuple[NDArray[np.float64], NDArray[np.intp]]:
    """For each cell its number, or NaN, and its place among the words, from 1, or 0."""
    if isinstance(cells, Words):
        values, ranks = _keys(cells.words)
        return values[cells.codes], ranks[cells.codes]
    if isinstance(cells, Numbers):
        values, ranks = cells.values.astype(np.float64), np.zeros(len(cells), np.intp)
        odd = cells.odd
    else:
        values, odd = numeric(cells)
        ranks = np.zeros(len(cells), np.intp)
    words = {word: rank for rank, word in enumerate(sorted(set(odd.values()), key=_folded), 1)}
    for place, word in odd.items():
        values[place], ranks[place] = np.nan, words[word]
    return values, ranks


def _folded(word: str) -> tuple[str, str]:
    return word.casefold(), word


def with_text(table: Table, text: str, goes_on: GoesOn = always) -> NDArray[np.bool_]:
    """For each row, whether a cell of it has this text in it, in capitals or not; all rows where there is no text."""
    found = np.zeros(table.rows, np.bool_)
    wanted = text.casefold().strip()
    if not wanted:
        return ~found
    for place, cells in enumerate(table.columns):
        ask(goes_on, place, len(table.columns))
        if isinstance(cells, Words):
            found |= np.array([wanted in word.casefold() for word in cells.words], np.bool_)[cells.codes]
            continue
        if isinstance(cells, Numbers) and not _IN_NUMBERS.fullmatch(wanted):
            found[[row for row, word in cells.odd.items() if wanted in word.casefold()]] = True
            continue
        for start in range(0, table.rows, _BLOCK):
            ask(goes_on, place * table.rows + start, len(table.columns) * table.rows)
            some = cells[start : start + _BLOCK]
            found[start : start + len(some)] |= [wanted in cell.casefold() for cell in some]
    return found


def with_cell(table: Table, row: int, name: str, text: str) -> Table:
    """The table with another text in one cell; all other cells say what they said."""
    place = table.names.index(name)
    columns = list(table.columns)
    columns[place] = _changed(table.column(name), row, text.strip())
    return replace(table, columns=tuple(columns))


def _changed(cells: Sequence[str], row: int, text: str) -> Sequence[str]:
    if isinstance(cells, Numbers):
        return _changed_number(cells, row, text)
    if isinstance(cells, Words):
        if text in cells.words:
            codes = cells.codes.copy()
            codes[row] = cells.words.index(text)
            return Words(codes, cells.words)
        if len(cells.words) < _MOST_WORDS:
            codes = cells.codes.copy()
            codes[row] = len(cells.words)
            return Words(codes, (*cells.words, text))
        return end_to_end([*cells[:row], text, *cells[row + 1 :]])
    if isinstance(cells, Texts):
        begin, end = int(cells.ends[row - 1]) if row else 0, int(cells.ends[row])
        own = text.encode("utf-8", "replace")
        ends = cells.ends.copy()
        ends[row:] += len(own) - (end - begin)
        return Texts(bytes(cells.block[:begin]) + own + bytes(cells.block[end:]), ends)
    assert not isinstance(cells, CompactCells), "there is a fourth kind of cells"
    return (*cells[:row], text, *cells[row + 1 :])


def _changed_number(cells: Numbers, row: int, text: str) -> Numbers:
    """A number takes the place of a number, in a wider type where it needs one; a word stands beside the array."""
    odd = {place: word for place, word in cells.odd.items() if place != row}
    (value,), words = parse_each([text])
    if words:
        odd[row] = text
    for values, decimals in _wider(cells):
        if values.dtype.kind != "f" and not (math.isfinite(value) and _fits(value, values.dtype)):
            continue
        with np.errstate(over="ignore"):
            values[row] = value
        again = parse_each(written(values[row : row + 1], decimals))[0][0]
        if again == value or math.isnan(value):
            return Numbers(values, decimals, odd)
    raise AssertionError("any number can be kept in double precision")


def _wider(cells: Numbers) -> Iterator[tuple[NDArray[Any], int | None]]:
    """The same numbers, and with how many decimals they are written, in ever wider types."""
    yield cells.values.copy(), cells.decimals
    yield (
        (as_doubles(cells.values) if cells.values.dtype == np.float32 else cells.values.astype(np.float64)),
        None,
    )


def _fits(value: float, dtype: np.dtype[Any]) -> bool:
    if dtype.kind not in "iu":
        return value in (0, 1)
    limits = np.iinfo(dtype)
    return value == int(value) and limits.min <= value <= limits.max
