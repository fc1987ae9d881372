"""Text files become tables: encoding and format are found, and every fault is named by its line."""

from __future__ import annotations

import codecs
import csv
import difflib
import io
import itertools
import os
from collections.abc import Iterator
from pathlib import Path

from flux_studio.data.columns import CsvFormat
from flux_studio.data.formats import find_format
from flux_studio.data.table import Table, quoted
from flux_studio.errors import DataError

__all__ = ["find_format", "parse_table", "preview", "read_table"]

_BEGINNING = 256 * 1024  # bytes; at four bytes a character still all that find_format looks at
_NOT_A_DELIMITER = '"\r\n\0'


def read_table(path: Path | str, format: CsvFormat | None = None) -> Table:
    """The table in a file; its format is found when none is given. All faults are :class:`DataError`."""
    path = Path(path)
    return parse_table(_decode(_read(path), path.name), path.name, format)


def preview(path: Path | str, format: CsvFormat | None = None, rows: int = 50) -> tuple[CsvFormat, Table]:
    """The format, as :func:`read_table` finds it, and at most ``rows`` rows; reads the file's beginning."""
    path = Path(path)
    size = _BEGINNING
    raw = _read(path, size + 1)
    while len(raw) > size and raw.count(b"\n") < rows + 2:  # very wide rows
        size *= 4
        raw = _read(path, size + 1)
    cut = len(raw) > size
    text = _decode(raw[:size], path.name, cut)
    format = format or find_format(text)
    return format, _parse(text, path.name, format, rows, cut)


def parse_table(text: str, source: str, format: CsvFormat | None = None) -> Table:
    """The table in a text. ``source`` is the name to use in messages.

    Lines without any text are skipped, all other rows must have as many cells as the first. A column whose
    name is empty is called ``column 3`` after its place; without a header all columns are called so.
    """
    return _parse(text, source, format or find_format(text))


def _parse(text: str, source: str, format: CsvFormat, limit: int | None = None, cut: bool = False) -> Table:
    if len(format.delimiter) != 1 or format.delimiter in _NOT_A_DELIMITER:
        raise DataError(
            f"{source}: {format.delimiter!r} cannot separate cells; choose a single character such as ','"
        )
    found = _rows(text, source, format.delimiter, cut)
    first = next(found, None)
    if first is None:
        raise DataError(f"{source} is empty; choose a file with a table in it")
    first_line, first_cells = first
    if format.header:
        names = _names(first_cells, f"{source}, line {first_line}")
    else:
        names = tuple(f"column {number}" for number in range(1, len(first_cells) + 1))
        found = itertools.chain([first], found)
    lines, rows = [], []
    for line, cells in itertools.islice(found, limit):
        if len(cells) != len(names):
            raise DataError(
                f"{source}, line {line}: {_cells(len(cells))} where line {first_line} has {len(names)}; "
                "add what is missing, remove what is too much, or choose another delimiter"
            )
        lines.append(line)
        rows.append(cells)
    if not rows:
        raise DataError(
            f"{source} has only a header on line {first_line} and no rows; "
            "add rows, or say that it has no header"
        )
    return Table(source, names, tuple(zip(*rows, strict=True)), tuple(lines))


def _rows(text: str, source: str, delimiter: str, cut: bool) -> Iterator[tuple[int, list[str]]]:
    """Each row with the line it begins on, without blank lines and without the end of a text that is cut."""
    if cut:
        text = text[: max(text.rfind("\n"), text.rfind("\r")) + 1] or text
    latest = ""

    def lines() -> Iterator[str]:
        nonlocal latest
        for latest in io.StringIO(text, newline=""):
            # Runs of blanks separate once (skipinitialspace), at the end of a line not at all.
            yield latest.rstrip(" \r\n") + "\n" if delimiter == " " else latest

    reader = csv.reader(lines(), delimiter=delimiter, skipinitialspace=True, strict=True)
    line = 1
    try:
        for row in reader:
            cells = [cell.strip() for cell in row]
            # A line of nothing but blanks is skipped; a lone "" is a cell of a one-column table.
            if len(cells) > 1 or (cells and (cells[0] or latest.strip())):
                yield line, cells
            line = reader.line_num + 1
    except csv.Error as error:
        if not (cut and "unexpected end" in str(error)):
            raise DataError(f"{source}, line {line}: {_explain(error)}") from error


def _explain(error: csv.Error) -> str:
    text = str(error)
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


def _names(cells: list[str], where: str) -> tuple[str, ...]:
    places: dict[str, int] = {}
    for number, name in enumerate(cells, 1):
        if name and places.setdefault(name, number) != number:
            raise DataError(
                f"{where}: columns {places[name]} and {number} are both called {quoted(name)}; "
                "give each column a name of its own, or say that the file has no header"
            )
    return tuple(name or _free_name(f"column {number}", places) for number, name in enumerate(cells, 1))


def _free_name(name: str, taken: dict[str, int]) -> str:
    while name in taken:
        name += "*"
    return name


def _cells(count: int) -> str:
    return "1 cell" if count == 1 else f"{count} cells"


def _read(path: Path, limit: int = -1) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(limit)
    except FileNotFoundError:
        raise DataError(f"there is no file {str(path)!r}; {_nearby(path)}") from None
    except IsADirectoryError:
        raise DataError(f"{str(path)!r} is a folder; choose a file in it") from None
    except (OSError, ValueError) as error:
        if os.path.isdir(path):  # Windows says "permission denied" for a folder
            raise DataError(f"{str(path)!r} is a folder; choose a file in it") from None
        reason = error.strerror if isinstance(error, OSError) else error
        raise DataError(
            f"{str(path)!r} cannot be read ({reason}); check the name and your permissions"
        ) from error


def _nearby(path: Path) -> str:
    others = [other.name for other in path.parent.glob("*.*")] if path.parent.is_dir() else []
    near = difflib.get_close_matches(path.name, others, n=1)
    return f"did you mean {quoted(near[0])}?" if near else "check the name and the folder"


def _decode(raw: bytes, source: str, cut: bool = False) -> str:
    if raw.startswith(b"PK\x03\x04"):
        raise DataError(
            f"{source} is an Excel workbook or another zip file, not text; save its sheet as CSV first"
        )
    if raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        encodings, title = ["utf-16"], "UTF-16, as its first bytes promise"
    else:
        encodings, title = ["utf-8-sig", "cp1252"], "UTF-8 or Windows-1252"
        if (place := raw.find(b"\0")) >= 0:
            raise DataError(_binary(source, raw.count(b"\n", 0, place) + 1))
    place = 0
    for encoding in encodings:
        try:
            text = codecs.getincrementaldecoder(encoding)().decode(raw, not cut)
        except UnicodeDecodeError as error:
            place = error.start
            continue
        if (nul := text.find("\0")) >= 0:
            raise DataError(_binary(source, text.count("\n", 0, nul) + 1))
        return text
    line = raw.count(b"\n", 0, place) + 1
    raise DataError(f"{source}, line {line}: this is not text in {title}; save the file as UTF-8")


def _binary(source: str, line: int) -> str:
    return f"{source}, line {line}: a NUL byte, so this is not a text file; choose a CSV file in UTF-8"
