"""A table as it stands in its file: the text of every cell and the line that each row came from."""

from __future__ import annotations

import csv
import difflib
import hashlib
import itertools
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import overload

import numpy as np
from numpy.typing import NDArray

from flux_studio.errors import DataError

_LONGEST_QUOTE = 40
_MOST_NAMES = 12
_BLOCK = 1 << 14
_ROWS_AT_ONCE = 1024


class CompactCells(Sequence[str], ABC):
    """The cells of one column of a large table: asked for one by one they are text, kept they are arrays."""

    @abstractmethod
    def texts(self, start: int, stop: int) -> list[str]:
        """The text of the cells from ``start`` up to, not including, ``stop``."""

    @abstractmethod
    def present(self) -> NDArray[np.bool_]:
        """For each cell, whether it has a value."""

    @abstractmethod
    def numbers(self) -> tuple[NDArray[np.float64], int | None]:
        """The cells as numbers, NaN where a value is missing; and the first cell, if any, that is no number."""

    @abstractmethod
    def different(self, most: int) -> list[str]:
        """The first ``most`` different texts, missing ones left out, in the order in which they appear."""

    @abstractmethod
    def places(self, known: dict[str, int]) -> NDArray[np.intp]:
        """For each cell the place of its text among those that are known, -1 for any other."""

    @property
    @abstractmethod
    def nbytes(self) -> int:
        """Bytes of memory that the cells take."""

    @overload
    def __getitem__(self, index: int) -> str: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[str, ...]: ...
    def __getitem__(self, index: int | slice) -> str | tuple[str, ...]:
        places = range(len(self))[index]
        if isinstance(places, int):
            return self.texts(places, places + 1)[0]
        if places.step == 1:
            return tuple(self.texts(places.start, max(places.start, places.stop)))
        return tuple(self.texts(place, place + 1)[0] for place in places)

    def __iter__(self) -> Iterator[str]:
        for start in range(0, len(self), _BLOCK):
            yield from self.texts(start, min(start + _BLOCK, len(self)))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, CompactCells | tuple):
            return NotImplemented
        return len(self) == len(other) and all(map(str.__eq__, self, other))

    __hash__ = None  # type: ignore[assignment]


class Lines(Sequence[int]):
    """The lines on which rows begin, kept only where a row does not stand on the line after the row before it."""

    def __init__(self, rows: int, at: NDArray[np.int64], lines: NDArray[np.int64]) -> None:
        self._rows, self.at, self.lines = rows, at, lines

    def __len__(self) -> int:
        return self._rows

    @overload
    def __getitem__(self, index: int) -> int: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[int, ...]: ...
    def __getitem__(self, index: int | slice) -> int | tuple[int, ...]:
        rows = range(self._rows)[index]
        if not isinstance(rows, int):
            return tuple(self[row] for row in rows)
        place = int(np.searchsorted(self.at, rows, side="right")) - 1
        return int(self.lines[place]) + rows - int(self.at[place])

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Lines):
            return isinstance(other, tuple) and tuple(self) == other
        return len(self) == len(other) and np.array_equal(
            np.stack([self.at, self.lines]), np.stack([other.at, other.lines])
        )

    __hash__ = None  # type: ignore[assignment]


@dataclass(frozen=True)
class Table:
    """Cells are text, stripped of blanks at both ends; numbers in them are written with a decimal point.

    A small table has a tuple of texts for each column, a large one :class:`CompactCells`.
    """

    source: str
    """The file's name, for people."""
    names: tuple[str, ...]
    columns: tuple[Sequence[str], ...]
    """The cells, a sequence for each name, all of the same length."""
    lines: Sequence[int]
    """The line of the file, from 1, on which each row begins."""
    unit: str = "line"
    """What those lines are: a workbook has rows, a list of records has records."""

    def __post_init__(self) -> None:
        if (
            len(self.columns) != len(self.names)
            or len(set(self.names)) != len(self.names)
            or "" in self.names
        ):
            raise DataError(f"{self.source}: {len(self.columns)} columns need as many different names")
        for name, cells in zip(self.names, self.columns, strict=True):
            if len(cells) != len(self.lines):
                raise DataError(
                    f"{self.source}: column {quoted(name)} has {len(cells)} of {len(self.lines)} rows"
                )

    @property
    def rows(self) -> int:
        """Number of rows, the header not counted."""
        return len(self.lines)

    @cached_property
    def _places(self) -> dict[str, int]:
        return {name: place for place, name in enumerate(self.names)}

    def column(self, name: str) -> Sequence[str]:
        """The cells of one column; :class:`DataError` with the nearest name if there is none."""
        if name not in self._places:
            raise DataError(f"{self.source} has no column {quoted(name)}; {advice(name, self.names)}")
        return self.columns[self._places[name]]

    def where(self, row: int, name: str | None = None) -> str:
        """Where a row (from 0), or one cell of it, stands in the file, such as ``iris.csv, line 14``."""
        place = f"{self.source}, {self.unit} {self.lines[row]}"
        return place if name is None else f"{place}, column {quoted(name)}"

    def to_csv(self) -> str:
        """The names and cells as RFC 4180 text: commas, a header, CRLF.

        ``parse_table(text, source, TableFormat())`` gives the same names and cells back. The line numbers are
        then those of this text.
        """
        return "".join(self.csv_parts())

    def csv_parts(self) -> Iterator[str]:
        """The text of :meth:`to_csv`, some thousand rows at a time."""
        parts: list[str] = []
        writer = csv.writer(_Collector(parts), lineterminator="\r\n")
        writer.writerow(self.names)
        rows = zip(*self.columns, strict=True)
        while True:
            yield "".join(parts)
            parts.clear()
            if not (some := list(itertools.islice(rows, _ROWS_AT_ONCE))):
                return
            writer.writerows(some)

    def fingerprint(self) -> str:
        """SHA-256, in hexadecimal, of the names and cells, whatever file they came from."""
        digest = hashlib.sha256()
        for part in self.csv_parts():
            digest.update(part.encode())
        return digest.hexdigest()


class _Collector:
    """A file for :mod:`csv` to write to: a list."""

    def __init__(self, parts: list[str]) -> None:
        self.write = parts.append


def quoted(text: str) -> str:
    """A name or cell for a message: in quotes, on one line, and cut when it is long."""
    return repr(text if len(text) <= _LONGEST_QUOTE else text[: _LONGEST_QUOTE - 1] + "…")


def listed(names: Iterable[str]) -> str:
    """Names for a message, separated by commas; of a long list only the beginning."""
    shown = list(names)
    if len(shown) <= _MOST_NAMES:
        return ", ".join(shown)
    return f"{', '.join(shown[:_MOST_NAMES])} … ({len(shown)} in all)"


def advice(name: str, names: Iterable[str]) -> str:
    """What to choose in place of a name that does not exist: the nearest one, and all there are."""
    known = {known.casefold(): known for known in names}
    near = difflib.get_close_matches(name.casefold(), known, n=1)
    choice = f"its columns are: {listed(known.values())}"
    return f"did you mean {quoted(known[near[0]])}? {choice[0].upper()}{choice[1:]}" if near else choice
