"""How a source is read, and how a text is cut into cells: found by trying each delimiter on its first lines."""

from __future__ import annotations

import csv
import io
import itertools
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import msgspec

from flux_studio.data.cells import is_missing, is_number_like
from flux_studio.errors import DataError

Layout = Literal["text", "workbook", "records", "arrays", "idx"]

DELIMITERS: dict[str, str] = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar", " ": "space"}
"""The delimiters that are looked for, the likelier first, and what people call them."""

THOUSANDS: dict[str, str] = {
    "": "none",
    ",": "comma",
    ".": "point",
    "'": "apostrophe",
    " ": "space",
    "\xa0": "hard space",
    "\u202f": "narrow space",
}
"""The signs that can stand between thousands, and what people call them."""

COMMENTS: dict[str, str] = {"": "none", "#": "#", "%": "%", "//": "//"}
"""What can begin a line that is no row, and what people call it."""

_CHARACTERS = 64 * 1024
_ROWS = 200
_NOT_A_DELIMITER = '"\r\n\0'


class TableFormat(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """How a source is read. All of it is found, and any of it can be corrected by hand.

    The delimiter and ``encoding`` to ``comment`` are about text, ``sheet`` is about workbooks and NPZ files.
    """

    delimiter: str = ","
    header: bool = True
    """Whether the first row holds the names of the columns."""
    layout: Layout = "text"
    encoding: str = "utf-8"
    """Any that Python knows; a file in ``utf-8`` may turn out to be Windows-1252 at its first letter."""
    decimal: str = "."
    thousands: str = ""
    comment: str = ""
    """A line that begins with it is no row."""
    skip: int = 0
    """So many lines of text, or rows of a sheet, stand ahead of the table."""
    sheet: str = ""
    """The sheet of a workbook, the first if nothing is said; the arrays of an NPZ file, separated by commas."""
    names: tuple[str, ...] = ()
    """The names of the columns, where those of the file are not wanted."""

    def check(self, source: str) -> None:
        """Raise :class:`DataError` for a format that no file could have."""
        if len(self.delimiter) != 1 or self.delimiter in _NOT_A_DELIMITER:
            raise DataError(
                f"{source}: {self.delimiter!r} cannot separate cells; choose a single character such as ','"
            )
        if self.decimal not in (".", ","):
            raise DataError(f"{source}: {self.decimal!r} cannot be a decimal sign; choose '.' or ','")
        if len(self.thousands) > 1 or self.thousands.isalnum() or self.thousands in ("+", "-", '"'):
            raise DataError(
                f"{source}: {self.thousands!r} cannot stand between thousands; choose one sign or none"
            )
        if self.thousands == self.decimal:
            raise DataError(
                f"{source}: {self.decimal!r} cannot be the decimal sign and stand between thousands at once; "
                "choose another sign for one of them"
            )
        if self.skip < 0:
            raise DataError(f"{source}: {self.skip} lines cannot be passed over; give 0 or more")
        if self.comment and (set(self.comment) & set('"\r\n') or self.comment != self.comment.strip()):
            raise DataError(f"{source}: {self.comment!r} cannot begin a comment; choose a sign such as '#'")

    @property
    def plain_numbers(self) -> bool:
        """Whether numbers stand there as they are written in a :class:`~flux_studio.data.table.Table`."""
        return self.decimal == "." and not self.thousands


@lru_cache(maxsize=32)
def _written(decimal: str, thousands: str) -> re.Pattern[str]:
    group = rf"|[0-9]{{1,3}}(?:{re.escape(thousands)}[0-9]{{3}})+" if thousands else ""
    sign = re.escape(decimal)
    return re.compile(rf"[+-]?(?:(?:[0-9]+{group})(?:{sign}[0-9]*)?|{sign}[0-9]+)(?:[eE][+-]?[0-9]+)?")


def plain(cells: Iterable[str], format: TableFormat) -> list[str]:
    """Cells with their numbers written plainly: ``1.234,5`` becomes ``1234.5``; all else stays as it is."""
    thousands, decimal = format.thousands, format.decimal
    number = _written(decimal, thousands)
    return [
        (cell.replace(thousands, "") if thousands else cell).replace(decimal, ".")
        if number.fullmatch(cell)
        else cell
        for cell in cells
    ]


def find_format(text: str) -> TableFormat:
    """How a text is cut into cells and how its numbers are written, by its first rows.

    Between delimiters that cut equally well, the one that leaves more numbers wins, then the one that leaves less of
    the others in the cells, then the commoner. A text that none of them cuts has one column. The first row is a
    header when it has no number where later rows have some, or, in a table of words, when it has names that do not
    come back below. A first line ``sep=;`` says the delimiter itself. Lines that begin with ``#`` are comments when
    they are cut otherwise than the others, or when only the very first does.
    """
    lines = _first_lines(text)
    said = re.match(r"sep=(.)[ \t]*(?:\r?\n|\r|$)", text, re.IGNORECASE)
    skip = 1 if said and said[1] not in _NOT_A_DELIMITER else 0
    lines = lines[skip:]
    comment = "#" if _has_comments(lines) else ""
    if comment:
        lines = [line for line in lines if not line.lstrip().startswith(comment)]
    if said and skip:
        best = _try(lines, said[1])
    else:
        trials = [_try(lines, delimiter) for delimiter in DELIMITERS]
        cutting = [trial for trial in trials if trial.cuts]
        whole = [trial for trial in trials if trial.widest <= 1]
        best = (whole or trials)[0]
        if cutting:
            best = max(cutting, key=lambda trial: (trial.evenness, trial.numbers, -trial.uncut))
    decimal, thousands = _number_signs(best.rows, best.delimiter)
    written = TableFormat(decimal=decimal, thousands=thousands)
    rows = best.rows if written.plain_numbers else [plain(row, written) for row in best.rows]
    return TableFormat(
        delimiter=best.delimiter,
        header=has_header(rows),
        decimal=decimal,
        thousands=thousands,
        comment=comment,
        skip=skip,
    )


@dataclass(frozen=True)
class _Trial:
    """What one delimiter makes of the first rows."""

    delimiter: str
    rows: list[list[str]]
    widest: int
    evenness: float
    """Share of the rows that have as many cells as the first."""
    numbers: float
    """Share of the cells below the first row that look like numbers."""
    uncut: int
    """How many of these cells hold another delimiter, and are not numbers for all that."""

    @property
    def cuts(self) -> bool:
        if self.delimiter == " " and self.evenness < 1 and self.numbers < 0.5:
            return False  # blanks between the words of a sentence
        wide = sum(len(row) > 1 for row in self.rows)
        return bool(self.rows) and (len(self.rows[0]) > 1 or wide * 2 > len(self.rows))


def _first_lines(text: str) -> list[str]:
    lines = [line for line in io.StringIO(text[:_CHARACTERS], newline="") if line.strip()]
    if len(text) > _CHARACTERS and len(lines) > 1:
        lines.pop()  # its end may be cut off
    return lines


def _has_comments(lines: Sequence[str]) -> bool:
    marked = [line.lstrip().startswith("#") for line in lines]
    if not any(marked) or all(marked):
        return False
    # A column that is called "#", or cells that begin so, are cut like the rows around them.
    others = [line for line, mark in zip(lines, marked, strict=True) if not mark]
    some = [line for line, mark in zip(lines, marked, strict=True) if mark]
    for delimiter in DELIMITERS:
        counts = {line.count(delimiter) for line in others[:_ROWS]}
        if len(counts) == 1 and 0 not in counts and all(line.count(delimiter) in counts for line in some):
            return not re.match(r"\s*#\s*(?:[,;|\t]|$)", some[0]) and marked[0] and sum(marked) == 1
    return True


def _number_signs(rows: Sequence[Sequence[str]], delimiter: str) -> tuple[str, str]:
    """The decimal sign and what stands between thousands: those by which most cells are numbers, else the plainest.

    ``1,234`` alone could be either. It has a decimal comma in a table with a cell such as ``0,123``, or whose cells
    are separated by semicolons because of it; else the comma stands between thousands.
    """
    cells = [cell for row in rows for cell in row if cell and not cell.isalpha()]
    signs = [(".", ""), (",", "")]
    signs += [(decimal, sign) for sign in THOUSANDS for decimal in ".," if sign and sign != decimal]
    counts = {
        pair: sum(_written(*pair).fullmatch(cell) is not None for cell in cells)
        for pair in signs
        if pair[1] != delimiter or delimiter == ","
    }
    most = max(counts.values())
    best = next(pair for pair, count in counts.items() if count == most)
    if best == (",", "") and counts[".", ","] == most and delimiter != ";":
        return (",", "") if any(re.fullmatch(r"[+-]?0,[0-9]+", cell) for cell in cells) else (".", ",")
    return best


def has_header(rows: Sequence[Sequence[str]]) -> bool:
    """Whether the first of some rows holds names."""
    if not rows:
        return True
    first, below = rows[0], rows[1:]
    if any(map(is_number_like, first)) or all(map(is_missing, first)):
        return False
    if not below or any(is_number_like(cell) for row in below for cell in row):
        return True
    columns = list(itertools.zip_longest(*below, fillvalue=""))
    names_come_back = any(name in column for name, column in zip(first, columns, strict=False))
    return len(set(first)) == len(first) and "" not in first and not names_come_back


def _try(lines: Sequence[str], delimiter: str) -> _Trial:
    rows = []
    ended = (line.rstrip(" \r\n") + "\n" for line in lines)
    try:
        for row in itertools.islice(csv.reader(ended, delimiter=delimiter, skipinitialspace=True), _ROWS):
            rows.append([cell.strip() for cell in row])
    except csv.Error:
        pass  # too long a cell: what came before it decides, and reading the table names the line
    others = set(DELIMITERS) - {delimiter, " "}
    widths = [len(row) for row in rows]
    below = [cell for row in rows[1:] or rows for cell in row if not is_missing(cell)]
    return _Trial(
        delimiter=delimiter,
        rows=rows,
        widest=max(widths, default=0),
        evenness=sum(width == widths[0] for width in widths) / len(widths) if widths else 0.0,
        numbers=sum(map(is_number_like, below)) / len(below) if below else 0.0,
        uncut=sum(not others.isdisjoint(cell) and not is_number_like(cell) for cell in below),
    )
