"""What the text of a cell says: nothing, a number or a word."""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from flux_studio.data.table import CompactCells, Table, quoted
from flux_studio.errors import DataError

Floats = NDArray[np.float64]
Rows = NDArray[np.intp]

# Every way to write the words, so that a long column takes one look-up a cell.
_MISSING = frozenset(
    "".join(letters)
    for word in ("", "na", "nan", "null")
    for letters in itertools.product(*({letter, letter.upper()} for letter in word))
)
_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_PLAIN = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?")
_INFINITE = re.compile(r"[+-]?inf(?:inity)?", re.IGNORECASE)
_BLOCK = 1 << 14
_NOT_IN_A_NUMBER = re.compile(r"[^0-9+\-.eE]")


def is_missing(cell: str) -> bool:
    """Whether a cell stands for no value: empty, ``NA``, ``NaN`` or ``null``, in capitals or not."""
    return cell in _MISSING


def is_number_like(cell: str) -> bool:
    """Whether a cell is meant as a number, be it one that is too large, infinite or has a decimal comma."""
    return bool(_NUMBER.fullmatch(cell.replace(",", ".", 1)) or _INFINITE.fullmatch(cell))


def is_plain_number(cell: str) -> bool:
    """Whether a cell is a number, written in the usual way: ``-0.50``, but not ``007``, ``+1`` or ``1e3``."""
    return _PLAIN.fullmatch(cell) is not None


def parse_number(cell: str) -> float:
    """The number in a cell, plain (``-1.5``) or scientific (``2e-3``); :class:`DataError` for all else."""
    if _NUMBER.fullmatch(cell):
        value = float(cell)
        if math.isfinite(value):
            return value
        raise DataError(f"{quoted(cell)} is too large for a number; correct it")
    if _INFINITE.fullmatch(cell):
        raise DataError(f"{quoted(cell)} is infinite, and a number must not be; correct it or leave it empty")
    if _NUMBER.fullmatch(cell.replace(",", ".", 1)):
        raise DataError(f"{quoted(cell)} is not a number; write it with a decimal point")
    raise DataError(
        f"{quoted(cell)} is not a number; correct it, leave it empty if it is missing, "
        "or make the column a category"
    )


def parse_all(cells: Sequence[str]) -> list[float] | None:
    """All cells as finite numbers, or None if one of them is none; quick, for long columns."""
    # With only these characters left, float() reads exactly what parse_number reads.
    if _NOT_IN_A_NUMBER.search("".join(cells)):
        return None
    try:
        values = list(map(float, cells))
    except ValueError:
        return None
    return None if any(map(math.isinf, values)) else values


def parse_each(cells: Sequence[str]) -> tuple[Floats, list[int]]:
    """Cells as numbers, NaN where a value is missing or is no number, and the places of the latter, ascending."""
    values, odd = np.full(len(cells), np.nan), []
    for place, cell in enumerate(cells):
        if cell in _MISSING:
            continue
        value = float(cell) if _NUMBER.fullmatch(cell) else math.inf
        if math.isinf(value):
            odd.append(place)
        else:
            values[place] = value
    return values, odd


def numbers(table: Table, name: str) -> Floats:
    """A column as numbers, one for each row, NaN where a value is missing.

    :class:`DataError` names the line, column and cell of the first that is no number.
    """
    cells = table.column(name)
    if isinstance(cells, CompactCells):
        array, first = cells.numbers()
        if first is not None:
            _number_at(table, name, first)
        return array
    present = present_rows(table, name)
    some = cells if len(present) == len(cells) else [cells[row] for row in present.tolist()]
    values = parse_all(some)
    if values is None:
        values = [_number_at(table, name, row) for row in present.tolist()]
    array = np.full(len(cells), np.nan)
    array[present] = values
    return array


def present_rows(table: Table, name: str) -> Rows:
    """The rows in which a column has a value, ascending."""
    cells = table.column(name)
    if isinstance(cells, CompactCells):
        return np.flatnonzero(cells.present())
    missing = _MISSING.intersection(cells)
    if not missing:
        return np.arange(len(cells))
    return np.array([row for row, cell in enumerate(cells) if cell not in missing], dtype=np.intp)


MOST_DIFFERENT = 1_001
"""So many different values of a large table's column are told apart: one more than there may be categories."""


def different(table: Table, name: str) -> tuple[str, ...]:
    """The different values of a column, missing ones left out, in the order in which they appear.

    Of a column of a large table these are the first :data:`MOST_DIFFERENT`.
    """
    cells = table.column(name)
    if isinstance(cells, CompactCells):
        return tuple(cells.different(MOST_DIFFERENT))
    return tuple(cell for cell in dict.fromkeys(cells) if not is_missing(cell))


def places(table: Table, name: str, known: Sequence[str]) -> Rows:
    """For each row the place of its value among those that are known, -1 for a missing or any other value."""
    cells, place = table.column(name), {value: place for place, value in enumerate(known)}
    if isinstance(cells, CompactCells):
        return cells.places(place)
    return np.array([place.get(cell, -1) for cell in cells], dtype=np.intp)


def counts_rows(table: Table, name: str) -> bool:
    """Whether a column holds nothing but the number of each row, from 0 or from 1."""
    cells = table.column(name)
    return any(
        len(cells) > 0
        and all(
            tuple(cells[begin : begin + _BLOCK])
            == tuple(map(str, range(begin + start, min(begin + _BLOCK, len(cells)) + start)))
            for begin in range(0, len(cells), _BLOCK)
        )
        for start in (0, 1)
    )


def in_order(values: Iterable[str]) -> tuple[str, ...]:
    """Values in the order people expect: numbers by size, words by alphabet without regard to capitals."""
    values = list(values)
    if (parsed := parse_all(values)) is not None:
        return tuple(value for _, value in sorted(zip(parsed, values, strict=True)))
    return tuple(sorted(values, key=lambda value: (value.casefold(), value)))


def _number_at(table: Table, name: str, row: int) -> float:
    try:
        return parse_number(table.column(name)[row])
    except DataError as error:
        raise DataError(f"{table.where(row, name)}: {error}") from None
