"""Texts of rows and cells become tables, and every fault is named by its line.

Small ones go through :mod:`csv`, which is what the others are compared with; large ones through compiled loops, piece
by piece, straight into arrays.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from flux_studio.data.building import BATCH, TableBuilder, check_width, named, names_of, numbered
from flux_studio.data.cells import Floats
from flux_studio.data.compact import numeric
from flux_studio.data.formats import TableFormat, plain
from flux_studio.errors import DataError

LONGEST_LINE = 16 * 2**20
"""Characters. Lines are read whole; a file without line ends must not fill the memory."""

_PIECE = 1 << 18
_BLOCK_CELLS = 1 << 20


def read_rows(texts: Iterable[str], source: str, format: TableFormat) -> TableBuilder:
    """Read a text, which comes in pieces, by :mod:`csv`. The builder may hold no rows.

    Lines without any text are skipped, all other rows must have as many cells as the first. A column whose
    name is empty is called ``column 3`` after its place; without a header all columns are called so.
    """
    builder: TableBuilder | None = None
    for each in growing(texts, source, format):
        builder = each
    assert builder is not None
    return builder


def growing(
    texts: Iterable[str], source: str, format: TableFormat, batch: int = BATCH
) -> Iterator[TableBuilder]:
    """The table as it grows, first with no rows, then after each few thousand."""
    format.check(source)
    rows = _rows(_lines(texts, source, format.skip), source, format)
    first = next(rows, None)
    if first is None:
        raise is_empty(source)
    first_line, cells = first
    check_width(source, len(cells))
    width, names = len(cells), _names(cells, f"{source}, line {first_line}", format)
    builder = TableBuilder(source, names, first_line)
    yield builder

    def checked() -> Iterator[tuple[int, Sequence[str]]]:
        if not format.header:
            yield first_line, cells if format.plain_numbers else plain(cells, format)
        for line, row in rows:
            if len(row) != width:
                raise _ragged(source, line, len(row), first_line, width)
            yield line, row if format.plain_numbers else plain(row, format)

    for _ in builder.extend(checked(), batch):
        yield builder


def is_empty(source: str) -> DataError:
    """What is wrong with a file of nothing."""
    return DataError(f"{source} is empty; choose a file with a table in it")


def _names(cells: Sequence[str], where: str, format: TableFormat) -> tuple[str, ...]:
    if format.names:
        return named(where, numbered(len(cells)), format.names)
    return names_of(cells, where) if format.header else numbered(len(cells))


def _ragged(source: str, line: int, found: int, first_line: int, width: int) -> DataError:
    return DataError(
        f"{source}, line {line}: {_cells(found)} where line {first_line} has {width}; "
        "add what is missing, remove what is too much, or choose another delimiter"
    )


def _cells(count: int) -> str:
    return "1 cell" if count == 1 else f"{count} cells"


def _lines(texts: Iterable[str], source: str, skip: int) -> Iterator[tuple[int, str]]:
    """The lines with their numbers, from 1, each with its end; the first ones left out."""
    rest, number = "", 0
    for text in _with_an_end(texts):
        rest += text or ""
        if text is not None:
            # What comes after the last line end may go on, and \r may be the first half of \r\n.
            head = rest[:-1] if rest.endswith("\r") else rest
            cut = max(head.rfind("\n"), head.rfind("\r")) + 1
        else:
            cut = len(rest)
        for line in io.StringIO(rest[:cut], newline=""):
            number += 1
            if number > skip:
                yield number, line
        rest = rest[cut:]
        if len(rest) > LONGEST_LINE:
            raise _too_long(source, number + 1)


def _with_an_end(texts: Iterable[str]) -> Iterator[str | None]:
    yield from texts
    yield None


def _too_long(source: str, line: int) -> DataError:
    return DataError(
        f"{source}, line {line}: this line is longer than {LONGEST_LINE // 2**20} million characters, "
        "so this is hardly a table; choose a file with a row on each line"
    )


def _rows(
    lines: Iterator[tuple[int, str]], source: str, format: TableFormat
) -> Iterator[tuple[int, list[str]]]:
    """Each row with the line it begins on, without blank lines and comments."""
    begins, blank, row_line, latest = True, False, 0, ""
    spaced, comment = format.delimiter == " ", format.comment

    def fed() -> Iterator[str]:
        nonlocal begins, blank, row_line, latest
        for number, line in lines:
            latest = line
            if begins:
                if comment and line.lstrip(" ").startswith(comment):
                    continue
                begins, row_line, blank = False, number, not line.strip()
            yield line

    reader = csv.reader(fed(), delimiter=format.delimiter, skipinitialspace=True, strict=True)
    try:
        for row in reader:
            begins = True
            cells = [cell.strip() for cell in row]
            # Runs of blanks separate once (skipinitialspace), at the end of a line not at all.
            if spaced and len(row) > 1 and not row[-1] and latest.rstrip("\r\n").endswith(" "):
                cells.pop()
            # A line of nothing but blanks is skipped; a lone "" is a cell of a one-column table.
            if len(cells) > 1 or (cells and (cells[0] or not blank)):
                yield row_line, cells
    except csv.Error as error:
        raise DataError(f"{source}, line {row_line}: {_explain(str(error))}") from error


def _explain(text: str) -> str:
    if "unexpected end" in text:
        return "a quote that opens on this row is never closed; close it, or remove it"
    if "field larger than" in text:
        return (
            f"a cell is longer than {csv.field_size_limit():,} characters; "
            "close the quote if one is open there, or shorten the cell"
        )
    if "expected after" in text:
        return (
            "something, be it a blank, stands between a closing quote and the next delimiter; remove it, "
            'or write a quote inside a quoted cell twice ("")'
        )
    return f"this row cannot be read as a table ({text}); correct it"


def suits_scanning(format: TableFormat) -> bool:
    """Whether the compiled loops know how to read this; without Numba, or a place for what it compiles, they do not."""
    try:
        from flux_studio.data import scanning  # noqa: F401
    except (ImportError, RuntimeError):
        return False
    return format.delimiter.isascii() and format.comment.isascii() and format.decimal.isascii()


def scan_rows(texts: Iterable[str], source: str, format: TableFormat) -> TableBuilder:
    """The same as :func:`read_rows`, many times as fast; it imports Numba."""
    format.check(source)
    scanner = _Scanner(source, format)
    rest = b""
    for text in _with_an_end(texts):
        raw = b"" if text is None else text.encode("utf-8", "surrogatepass")
        for begin in range(0, max(1, len(raw)), _PIECE):
            last = text is None
            rest = scanner.take(rest + raw[begin : begin + _PIECE], last)
    return scanner.finish()


class _Scanner:
    """Takes bytes, cuts them into cells, and hands blocks of rows to a builder."""

    def __init__(self, source: str, format: TableFormat) -> None:
        from flux_studio.data import scanning

        self._scanning, self._source, self._format = scanning, source, format
        self._builder: TableBuilder | None = None
        self._line, self._header_line, self._width = 1, 0, 0
        self._skip = format.skip
        self._comment = np.frombuffer(format.comment.encode(), np.uint8)
        sign = format.thousands.encode()
        self._thousands = sign[0] if len(sign) == 1 else 0
        self._starts = np.empty(0, np.int32)
        self._ends, self._quoted, self._others = self._starts, np.empty(0, np.uint8), self._starts
        self._lines = np.empty(0, np.int64)
        self._block: _Block | None = None

    def take(self, raw: bytes, last: bool) -> bytes:
        """Read all whole rows of some bytes; returns those that are left."""
        while self._skip and raw:
            lines = io.BytesIO(raw.replace(b"\r\n", b"\n").replace(b"\r", b"\n"))
            first = lines.readline()
            if not first.endswith(b"\n") or (raw.endswith(b"\r") and len(first) == len(raw)):
                return raw
            raw = raw[len(first) + (raw[len(first) - 1 : len(first) + 1] == b"\r\n") :]
            self._skip -= 1
            self._line += 1
        if self._builder is None:
            raw = self._take_first(raw, last)
            if self._builder is None:
                return raw
        _, rows, taken, line, _ = self._scan(raw, self._width, last)
        if rows:
            self._take_rows(raw, rows)
        self._line = line
        rest = raw[taken:]
        if len(rest) > LONGEST_LINE:
            raise _too_long(self._source, line)
        return rest

    def finish(self) -> TableBuilder:
        """All rows there are."""
        if self._builder is None:
            raise is_empty(self._source)
        if self._block is not None:
            self._block.flush()
        return self._builder

    def _take_first(self, raw: bytes, last: bool) -> bytes:
        """The first row, which says how many columns there are."""
        _, rows, taken, line, found = self._scan(raw, 0, last)
        if not rows:
            self._line = line
            if len(raw) > LONGEST_LINE:
                raise _too_long(self._source, line)
            return raw[taken:]
        self._header_line, self._width = int(self._lines[0]), found
        check_width(self._source, found)
        cells = [each[0] for each in self._texts(raw, 1)]
        names = _names(cells, f"{self._source}, line {self._header_line}", self._format)
        self._builder = TableBuilder(self._source, names, self._header_line)
        if not self._format.header:
            self._builder.add([self._plainly(cells)], [self._header_line])
        self._line = line
        return raw[taken:]

    def _scan(self, raw: bytes, width: int, last: bool) -> tuple[int, int, int, int, int]:
        if len(self._starts) < len(raw) + 2:
            size = len(raw) * 5 // 4 + 2
            self._starts, self._ends, self._others = (np.empty(size, np.int32) for _ in range(3))
            self._quoted, self._lines = np.empty(size, np.uint8), np.empty(size, np.int64)
        scanning = self._scanning
        longest = csv.field_size_limit() * (1 if raw.isascii() else 4)
        ended, rows, taken, line, found = scanning.scan(
            np.frombuffer(raw, np.uint8), ord(self._format.delimiter), self._comment, width, self._line, last, longest,
            self._starts, self._ends, self._quoted, self._lines,
        )  # fmt: skip
        if ended == scanning.RAGGED:
            raise _ragged(self._source, line, found, self._header_line, width)
        if ended != scanning.FINE:
            text = {
                scanning.NOT_CLOSED: "unexpected end",
                scanning.TOO_LONG: "field larger than",
                scanning.BEHIND_QUOTE: "expected after",
            }
            raise DataError(f"{self._source}, line {line}: {_explain(text[ended])}")
        return ended, rows, taken, line, found

    def _take_rows(self, raw: bytes, rows: int) -> None:
        builder = self._builder
        assert builder is not None
        if builder.is_small:
            columns = [self._plainly(cells) for cells in self._texts(raw, rows)]
            builder.add(list(zip(*columns, strict=True)), self._lines[:rows].tolist())
            return
        if self._block is None:
            self._block = _Block(builder)
        begin = 0
        while begin < rows:
            begin += self._fill(self._block, raw, begin, rows)
        builder.add_lines(self._lines[:rows])

    def _fill(self, block: _Block, raw: bytes, begin: int, rows: int) -> int:
        """Put rows into the block, as many as it has room for; returns how many."""
        if block.room == 0:
            block.flush()
        count, width = min(block.room, rows - begin), self._width
        cells = slice(begin * width, (begin + count) * width)
        starts, ends, quoted = self._starts[cells], self._ends[cells], self._quoted[cells]
        left = self._scanning.read_numbers(
            np.frombuffer(raw, np.uint8), starts, ends, quoted, count, block.wanted, width,
            ord(self._format.decimal), self._thousands, self._scanning.powers(),
            block.values, block.rows, block.facts, self._others,
        )  # fmt: skip
        if left:
            places = self._others[:left]
            texts = self._plainly(_cut(raw, starts[places], ends[places], quoted[places]))
            block.put_others(places // width, block.place_of[places % width], texts)
        for column in block.in_words:
            some = slice(column, None, width)
            block.words[column] += self._plainly(_cut(raw, starts[some], ends[some], quoted[some]))
        block.rows += count
        return count

    def _texts(self, raw: bytes, rows: int) -> list[list[str]]:
        """The cells of each column."""
        width = self._width
        count = rows * width
        return [
            _cut(
                raw,
                self._starts[column:count:width],
                self._ends[column:count:width],
                self._quoted[column:count:width],
            )
            for column in range(width)
        ]

    def _plainly(self, cells: list[str]) -> list[str]:
        return cells if self._format.plain_numbers else plain(cells, self._format)


def _cut(
    raw: bytes, starts: NDArray[np.int32], ends: NDArray[np.int32], quoted: NDArray[np.uint8]
) -> list[str]:
    """Some cells as texts."""
    places = zip(starts.tolist(), ends.tolist(), strict=True)
    if raw.isascii():
        text = raw.decode("ascii")
        found = [text[start:end] for start, end in places]
    else:
        found = [raw[start:end].decode("utf-8", "surrogatepass").strip() for start, end in places]
    for place in np.flatnonzero(quoted == 2).tolist():
        found[place] = found[place].replace('""', '"')
    return found


class _Block:
    """Rows that are gathered until there are enough of them to be worth a column's while."""

    def __init__(self, builder: TableBuilder) -> None:
        self._builder = builder
        self._capacity = max(16, _BLOCK_CELLS // len(builder.names))
        self.rows = 0
        self._begin()

    @property
    def room(self) -> int:
        """How many rows more it can take."""
        return self._capacity - self.rows

    def put_others(self, rows: NDArray[np.int32], places: NDArray[np.int64], texts: list[str]) -> None:
        """Cells that are not plainly numbers, at rows of those that are just being put in."""
        values, odd = numeric(texts)
        self.values[places, rows + self.rows] = values
        for index, text in odd.items():
            self._odd.setdefault(int(places[index]), {})[int(rows[index]) + self.rows] = text
        for index in np.flatnonzero(np.isfinite(values)).tolist():
            self.facts[places[index], 0] = 17  # nobody counted its digits
            self.facts[places[index], 3] = 1

    def flush(self) -> None:
        """Hand all rows to the columns."""
        columns = self._builder.columns
        for place, column in enumerate(self.wanted.tolist()):
            most, fewest, decimals, exponents = self.facts[place].tolist()
            none = fewest > decimals
            same = -1 if none else None if exponents or fewest != decimals or most > 17 else decimals
            values: Floats = self.values[place, : self.rows]
            columns[column].add_numbers(values, self._odd.get(place, {}), most, same)
        for column, cells in self.words.items():
            columns[column].add(cells)
        self._begin()

    def _begin(self) -> None:
        columns = self._builder.columns
        wanted = [place for place, column in enumerate(columns) if column.takes_numbers]
        self.in_words = [place for place, column in enumerate(columns) if not column.takes_numbers]
        self.wanted = np.array(wanted, dtype=np.int64)
        self.place_of = np.full(len(columns), -1, dtype=np.int64)
        self.place_of[self.wanted] = np.arange(len(wanted))
        self.words: dict[int, list[str]] = {place: [] for place in self.in_words}
        self._odd: dict[int, dict[int, str]] = {}
        self.values: Floats = np.empty((len(wanted), self._capacity))
        self.facts = np.zeros((len(wanted), 4), dtype=np.int64)
        self.facts[:, 1] = 1 << 40
        self.rows = 0
