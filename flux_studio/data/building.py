"""A table as it is put together from rows or blocks: as texts while it is small, and compact from then on."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flux_studio.data.cells import Floats, is_missing, is_plain_number
from flux_studio.data.compact import Numbers, Texts, Words, as_doubles, end_to_end, numeric
from flux_studio.data.table import Lines, Table, listed, quoted
from flux_studio.errors import DataError

MOST_COLUMNS = 65_536
MOST_BYTES = 2**33
"""Of memory for one table."""
SMALL = 100_000
"""Cells: a table of more is compact."""

BATCH = 4_096
_BATCH_CELLS = 2**18
_MOST_WORDS = 2_000
_EXACT = 6
"""Significant digits that single precision always keeps."""
_LARGEST_WHOLE = 2.0**24
_SMALLEST_SINGLE, _LARGEST_SINGLE = float(np.finfo(np.float32).tiny), float(np.finfo(np.float32).max)


def names_of(cells: Sequence[str], where: str) -> tuple[str, ...]:
    """The names in a header. An empty one becomes ``column 3``; :class:`DataError` when two are the same."""
    places: dict[str, int] = {}
    for number, name in enumerate(cells, 1):
        if name and places.setdefault(name, number) != number:
            raise DataError(
                f"{where}: columns {places[name]} and {number} are both called {quoted(name)}; "
                "give each column a name of its own, or say that the file has no header"
            )
    return tuple(name or _free_name(f"column {number}", places) for number, name in enumerate(cells, 1))


def numbered(count: int) -> tuple[str, ...]:
    """Names for columns that have none."""
    return tuple(f"column {number}" for number in range(1, count + 1))


def named(source: str, found: tuple[str, ...], wanted: tuple[str, ...]) -> tuple[str, ...]:
    """The wanted names in place of those that were found, if there are as many."""
    if not wanted:
        return found
    if len(wanted) != len(found):
        raise DataError(
            f"{source} has {len(found)} columns, but {len(wanted)} names are given ({listed(wanted)}); "
            "give one for each column, or none"
        )
    return names_of(wanted, source)


def check_width(source: str, columns: int) -> None:
    """Raise :class:`DataError` for more columns than can be handled."""
    if columns > MOST_COLUMNS:
        raise DataError(
            f"{source} has {columns:,} columns, more than the {MOST_COLUMNS:,} that are possible; "
            "choose another delimiter, or leave some out"
        )


def _free_name(name: str, taken: dict[str, int]) -> str:
    while name in taken:
        name += "*"
    return name


class TableBuilder:
    """Takes rows until there are no more; :meth:`finish` makes the table."""

    def __init__(self, source: str, names: tuple[str, ...], begins: int = 1, unit: str = "line") -> None:
        check_width(source, len(names))
        self.source, self.names, self.begins, self.unit = source, names, begins, unit
        """``begins`` is the line of the first row, be it names or not."""
        self.rows, self.stays_small = 0, False
        """``stays_small`` keeps the cells as texts, however many there are."""
        self._plain: list[Sequence[str]] | None = []
        self._plain_lines: list[int] = []
        self._columns: list[ColumnBuilder] = []
        self._places: list[NDArray[np.int64]] = []
        self._begins: list[NDArray[np.int64]] = []
        self._next_line = -1

    @property
    def is_small(self) -> bool:
        """Whether the cells are still texts."""
        return self._plain is not None

    @property
    def columns(self) -> list[ColumnBuilder]:
        """A builder for each column, once the table is not small any more."""
        return self._columns

    def add(self, rows: Sequence[Sequence[str]], lines: Sequence[int]) -> None:
        """Some rows, each with as many cells as there are names, and the lines on which they begin."""
        if not rows:
            return
        if self._plain is not None:
            self._plain += rows
            self._plain_lines += lines
            self.rows += len(rows)
            if len(self._plain) * len(self.names) > SMALL and not self.stays_small:
                self._make_compact()
            return
        for column, cells in zip(self._columns, zip(*rows, strict=True), strict=True):
            column.add(cells)
        self.add_lines(np.array(lines, dtype=np.int64))

    def add_lines(self, lines: NDArray[np.int64]) -> None:
        """The lines of rows whose cells have been given to the columns one by one."""
        expected = np.empty_like(lines)
        expected[:1] = self._next_line
        expected[1:] = lines[:-1] + 1
        jumps = np.flatnonzero(lines != expected)
        self._places.append(jumps + self.rows)
        self._begins.append(lines[jumps])
        if len(lines):
            self._next_line = int(lines[-1]) + 1
        self.rows += len(lines)
        if sum(column.nbytes for column in self._columns) > MOST_BYTES:
            raise DataError(
                f"{self.source} needs more than {MOST_BYTES // 2**30} GB of memory; leave out columns or rows"
            )

    def extend(self, rows: Iterable[tuple[int, Sequence[str]]], batch: int = BATCH) -> Iterator[int]:
        """Take rows with their lines from an iterator; yields how many there are after each batch."""
        found, batch = iter(rows), min(batch, 1 + _BATCH_CELLS // len(self.names))
        while True:
            some: list[tuple[int, Sequence[str]]] = []
            try:
                some.extend(itertools.islice(found, batch))
            finally:
                # The rows before one that is at fault are there all the same.
                self.add([cells for _, cells in some], [line for line, _ in some])
            if not some:
                return
            yield self.rows

    def without_rows(self) -> str:
        """What is wrong with a table that has nothing but a header."""
        return (
            f"{self.source} has only a header on {self.unit} {self.begins} and no rows; "
            "add rows, or say that it has no header"
        )

    def finish(self) -> Table:
        """The table; :class:`DataError` if it has no rows."""
        if not self.rows:
            raise DataError(self.without_rows())
        if self._plain is not None:
            columns: tuple[Sequence[str], ...] = tuple(zip(*self._plain, strict=True))
            return Table(self.source, self.names, columns, tuple(self._plain_lines), self.unit)
        lines = Lines(self.rows, np.concatenate(self._places), np.concatenate(self._begins))
        # One after the other, so that no two columns are there twice.
        made = [self._columns.pop(0).finish() for _ in self.names]
        return Table(self.source, self.names, tuple(made), lines, self.unit)

    def _make_compact(self) -> None:
        assert self._plain is not None
        rows, lines = self._plain, np.array(self._plain_lines, dtype=np.int64)
        self._plain, self._plain_lines, self.rows = None, [], 0
        self._columns = [ColumnBuilder() for _ in self.names]
        for column, cells in zip(self._columns, zip(*rows, strict=True), strict=True):
            column.begin(cells)
        self.add_lines(lines)


class ColumnBuilder:
    """One column of a large table: numbers if its first cells are, else words until there are too many of them."""

    def __init__(self) -> None:
        self._kept: _Numbers | _Words | _Texts = _Numbers()

    @property
    def takes_numbers(self) -> bool:
        """Whether :meth:`add_numbers` can be used."""
        return isinstance(self._kept, _Numbers)

    @property
    def nbytes(self) -> int:
        """Bytes of memory, about."""
        return self._kept.nbytes

    def begin(self, cells: Sequence[str]) -> None:
        """The first cells, which show what the others will be like."""
        different = dict.fromkeys(cell for cell in cells if not is_missing(cell))
        if not _are_plain(different) and not (len(different) > _MOST_WORDS and _mostly_numbers(different)):
            self._kept = _Words()
        self.add(cells)

    def add(self, cells: Sequence[str]) -> None:
        """More cells as texts."""
        kept = self._kept
        if isinstance(kept, _Numbers):
            values, odd = numeric(cells)
            kept.add(values, odd, *_digits(cells))
            self._turn_if_odd()
        elif isinstance(kept, _Words):
            kept.add(cells)
            if len(kept.places) > _MOST_WORDS:
                self._kept = kept.turned()
        else:
            kept.add(cells)

    def add_numbers(self, values: Floats, odd: dict[int, str], digits: int, decimals: int | None) -> None:
        """More cells as numbers, NaN where they are missing; ``odd`` cells are neither.

        ``digits`` is the largest count of significant digits, and ``decimals`` how many stand behind the point if
        they are as many in all cells, else None.
        """
        assert isinstance(self._kept, _Numbers)
        self._kept.add(values, odd, digits, decimals)
        self._turn_if_odd()

    def finish(self) -> Numbers | Words | Texts:
        """The column; the builder is of no use afterwards."""
        return self._kept.finish()

    def _turn_if_odd(self) -> None:
        kept = self._kept
        assert isinstance(kept, _Numbers)
        if len(kept.odd) > 1_000 and len(kept.odd) > kept.values.count // 10:
            texts = _Texts()
            numbers = kept.finish()
            for start in range(0, len(numbers), BATCH):
                texts.add(numbers.texts(start, min(start + BATCH, len(numbers))))
            self._kept = texts


class _Growing:
    """An array that grows at its end, without ever being there twice where the system can help it."""

    def __init__(self, dtype: Any) -> None:
        self.count = 0
        self._array: NDArray[Any] = np.empty(1024, dtype)

    @property
    def dtype(self) -> np.dtype[Any]:
        return self._array.dtype

    @property
    def nbytes(self) -> int:
        return self.count * self._array.itemsize

    def add(self, some: NDArray[Any]) -> None:
        needed = self.count + len(some)
        if needed > len(self._array):
            self._array.resize(max(needed, len(self._array) * 5 // 4), refcheck=False)
        self._array[self.count : needed] = some
        self.count = needed

    def finish(self) -> NDArray[Any]:
        array = self._array
        array.resize(self.count, refcheck=False)
        self._array = np.empty(0, array.dtype)
        return array


class _Numbers:
    """In single precision, unless that would lose what tells the numbers apart."""

    def __init__(self) -> None:
        self.values = _Growing(np.float32)
        self.odd: dict[int, str] = {}
        self._decimals: int | None = -1  # none seen yet

    @property
    def nbytes(self) -> int:
        return self.values.nbytes + 100 * len(self.odd)

    def add(self, values: Floats, odd: dict[int, str], digits: int, decimals: int | None) -> None:
        if self.values.dtype == np.float32 and _needs_double(values, digits):
            wide = _Growing(np.float64)
            wide.add(as_doubles(self.values.finish()))
            self.values = wide
        for place, text in odd.items():
            self.odd[place + self.values.count] = text
        self.values.add(values)
        if decimals != -1:
            self._decimals = decimals if self._decimals in (-1, decimals) else None

    def finish(self) -> Numbers:
        return Numbers(self.values.finish(), None if self._decimals == -1 else self._decimals, self.odd)


class _Words:
    def __init__(self) -> None:
        self.codes = _Growing(np.uint16)
        self.places: dict[str, int] = {}

    @property
    def nbytes(self) -> int:
        return self.codes.nbytes

    def add(self, cells: Sequence[str]) -> None:
        for start in range(0, len(cells), BATCH):
            some, places = cells[start : start + BATCH], self.places
            try:
                codes = [places[cell] for cell in some]
            except KeyError:
                codes = [places.setdefault(cell, len(places)) for cell in some]
            if len(places) > 2**16 - 1:
                raise AssertionError("words are to be turned into texts before there are so many")
            self.codes.add(np.array(codes, dtype=np.uint16))

    def turned(self) -> _Numbers | _Texts:
        """Too many different ones for categories: what they are then."""
        numbers = _mostly_numbers(self.places)
        other: _Numbers | _Texts = _Numbers() if numbers else _Texts()
        words = self.finish()
        for start in range(0, len(words), BATCH):
            cells = words.texts(start, min(start + BATCH, len(words)))
            if isinstance(other, _Texts):
                other.add(cells)
            else:
                values, odd = numeric(cells)
                other.add(values, odd, *_digits(cells))
        return other

    def finish(self) -> Words:
        return Words(self.codes.finish(), tuple(self.places))


class _Texts:
    def __init__(self) -> None:
        self.block = bytearray()
        self.ends = _Growing(np.int64)

    @property
    def nbytes(self) -> int:
        return len(self.block) + self.ends.nbytes

    def add(self, cells: Sequence[str]) -> None:
        some = end_to_end(cells)
        self.ends.add(len(self.block) + some.ends)
        self.block += some.block

    def finish(self) -> Texts:
        return Texts(self.block, self.ends.finish())


def _are_plain(different: Iterable[str]) -> bool:
    """Whether these are numbers whose text can be made from their value."""
    cells = list(different)
    decimals = {len(cell) - cell.find(".") if "." in cell else 0 for cell in cells}
    cut = len(decimals) > 1 and any("." in cell and cell.endswith("0") for cell in cells)
    return not cut and all(map(is_plain_number, cells))


def _mostly_numbers(different: Iterable[str]) -> bool:
    _, odd = numeric(cells := list(different))
    return len(odd) * 10 < len(cells)


def _digits(cells: Sequence[str]) -> tuple[int, int | None]:
    """The largest count of significant digits, about; and the decimals, where all cells have as many, -1 for none."""
    some = [cell for cell in cells if not is_missing(cell)]
    if not some:
        return 0, -1
    digits = max(map(len, some))
    decimals = {len(cell) - place - 1 if (place := cell.find(".")) >= 0 else 0 for cell in some}
    same = len(decimals) == 1 and digits <= 20 and not any("e" in cell or "E" in cell for cell in some)
    return digits, decimals.pop() if same else None


def _needs_double(values: Floats, digits: int) -> bool:
    """Whether single precision would mix up numbers: long ids and times, or numbers that lie close together."""
    there = values[np.isfinite(values)]
    if not len(there):
        return False
    lowest, highest = float(there.min()), float(there.max())
    largest = max(abs(lowest), abs(highest))
    if largest > _LARGEST_SINGLE or (largest > 0 and largest < _SMALLEST_SINGLE):
        return True
    if digits <= _EXACT:
        return False
    if largest > _LARGEST_WHOLE and bool(
        np.any((np.abs(there) > _LARGEST_WHOLE) & (there == np.floor(there)))
    ):
        return True
    return highest > lowest and largest > 256 * (highest - lowest)
