"""Files become tables: what kind of file it is and how it is read is found, and every fault is named by its place.

The window and the command line need three things of this: :func:`preview`, :func:`read_table` and the
:class:`~flux_studio.data.formats.TableFormat` between them, found by the one, corrected by people, used by the other.
"""

from __future__ import annotations

import codecs
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

import msgspec

from flux_studio.data import arrays, delimited, records
from flux_studio.data.building import BATCH, TableBuilder
from flux_studio.data.encodings import check_is_text, find_encoding, texts
from flux_studio.data.formats import TableFormat, find_format
from flux_studio.data.progress import GoesOn, always
from flux_studio.data.sources import Pasted, Place, Source, opened
from flux_studio.data.table import Table
from flux_studio.data.workbooks import Workbook
from flux_studio.errors import DataError

__all__ = [
    "Pasted",
    "Place",
    "Preview",
    "find_format",
    "format_like",
    "format_of",
    "parse_table",
    "preview",
    "read_table",
]

PATTERNS = ("*.csv", "*.tsv", "*.txt", "*.gz", "*.xlsx", "*.json", "*.jsonl", "*.npy", "*.npz", "*-ubyte")
"""The usual names of what can be read; what a file is, its bytes say."""

LARGE = 4 * 2**20
"""Bytes: longer texts go through the compiled loops."""

_ZIP_MARKS = (b"PK\x03\x04", b"PK\x05\x06")
_BEGINNING = 256 * 1024  # bytes; at four bytes a character still all that find_format looks at


@dataclass(frozen=True)
class Preview:
    """What a source will be like as a table."""

    format: TableFormat
    table: Table | None
    """Its first rows; None when there is not one that can be read."""
    whole: bool
    """Whether these are all its rows."""
    trouble: str = ""
    """Why the rows end where they do, if something is wrong there: one line for people."""
    sheets: tuple[str, ...] = ()
    """What ``format.sheet`` can be: the sheets of a workbook, or the arrays of an NPZ file that fit together."""


def read_table(place: Place, format: TableFormat | None = None, goes_on: GoesOn = always) -> Table:
    """The table in a file or a pasted text; its format is found when none is given.

    ``goes_on`` is told the bytes read and all there are, many times a second, on the thread that reads; with
    ``False`` it ends the reading by :class:`~flux_studio.errors.GivenUpError`. All faults are :class:`DataError`.
    """
    format = format or format_of(place)
    with opened(place, goes_on) as source, _memory_told(source):
        table = _read(source, format)
        source.check_unchanged()
    return table


def preview(place: Place, format: TableFormat | None = None, rows: int = 50) -> Preview:
    """The format, as :func:`read_table` finds it, and at most ``rows`` rows; reads the file's beginning.

    With a ``format`` that does not suit the file the preview still comes, with its trouble. A file that cannot be
    read at all is a :class:`DataError`.
    """
    found = format or format_of(place)
    with opened(place) as source, _memory_told(source):
        if found.layout in ("arrays", "idx"):
            table, sheets = _array_table(source, found, rows + 1)
            return Preview(found, _first(table, rows), table.rows <= rows, "", sheets)
        sheets = Workbook(source).sheets if found.layout == "workbook" else ()
        builder, trouble, whole = None, "", True
        try:
            for builder in _growing(source, found, rows + 1):
                builder.stays_small = True
                if builder.rows > rows:
                    whole = False
                    break
        except DataError as error:
            trouble, whole = str(error), False
        if builder is None or not builder.rows:
            if builder is not None and not trouble:
                trouble = builder.without_rows()
            return Preview(found, None, False, trouble, sheets)
        table = builder.finish()
    return Preview(found, _first(table, rows), whole, "" if table.rows > rows else trouble, sheets)


def _first(table: Table, rows: int) -> Table:
    cut = tuple(cells[:rows] for cells in table.columns)
    return replace(table, columns=cut, lines=table.lines[:rows])


def format_of(place: Place) -> TableFormat:
    """How a source is to be read, by its first bytes."""
    with opened(place) as source, _memory_told(source):
        beginning = source.read(_BEGINNING)
        if beginning.startswith(arrays.NPY_MARK):
            return TableFormat(layout="arrays")
        if beginning.startswith(_ZIP_MARKS) and not source.is_packed:
            if arrays.is_npz(source):
                return TableFormat(layout="arrays", sheet=next(iter(arrays.NpzFile(source).groups()), ""))
            return Workbook(source).find_format()
        if arrays.is_idx(beginning):
            return TableFormat(layout="idx")
        check_is_text(beginning, source.name)
        encoding = find_encoding(beginning)
        text = codecs.getincrementaldecoder(encoding)("replace").decode(beginning).removeprefix("\ufeff")
        if source.inner_name.lower().endswith((".json", ".jsonl", ".ndjson")) or records.is_records(text):
            return TableFormat(layout="records", encoding=encoding)
        return msgspec.structs.replace(find_format(text), encoding=encoding)


def format_like(place: Place, format: TableFormat, names: Iterable[str]) -> TableFormat:
    """How a source is to be read that should be like another, which was read by ``format``: with all these columns.

    The other's own format where it gives them, else what is found. A header that has them all is believed even
    where the other had none.
    """
    found, wanted = format_of(place), set(names)
    if found.layout != format.layout:
        return found
    like = msgspec.structs.replace(format, encoding=found.encoding)
    if format.layout == "workbook" and format.sheet != found.sheet and not _has(place, like, wanted):
        like = msgspec.structs.replace(like, sheet=found.sheet)
    for each in (like, found) if format.header or not found.header else (found, like):
        if _has(place, each, wanted):
            return each
    return found


def _has(place: Place, format: TableFormat, names: set[str]) -> bool:
    try:
        shown = preview(place, format, 1)
    except DataError:
        return False
    return shown.table is not None and names.issubset(shown.table.names)


def parse_table(text: str, source: str, format: TableFormat | None = None) -> Table:
    """The table in a text of rows and cells. ``source`` is the name to use in messages."""
    return delimited.read_rows([text], source, format or find_format(text)).finish()


def _read(source: Source, format: TableFormat) -> Table:
    if format.layout in ("arrays", "idx"):
        return _array_table(source, format)[0]
    if format.layout == "text" and _is_large(source) and delimited.suits_scanning(format):
        return delimited.scan_rows(texts(source, format.encoding), source.name, format).finish()
    builder = None
    for each in _growing(source, format):
        builder = each
        source.tell()
    assert builder is not None
    return builder.finish()


def _is_large(source: Source) -> bool:
    if not source.is_packed:
        return source.size > LARGE
    size = len(source.read(LARGE + 1))
    source.rewind()
    return size > LARGE


def _growing(source: Source, format: TableFormat, batch: int = BATCH) -> Iterator[TableBuilder]:
    if format.layout == "workbook":
        return Workbook(source).growing(format, batch)
    pieces = texts(source, format.encoding)
    if format.layout == "records":
        return records.growing(pieces, source.name, format, batch)
    return delimited.growing(pieces, source.name, format, batch)


def _array_table(
    source: Source, format: TableFormat, rows: int | None = None
) -> tuple[Table, tuple[str, ...]]:
    """The table, or its first rows, and the groups of arrays that it could be made of."""
    if format.layout == "idx":
        return arrays.idx_table(source, format, rows), ()
    if arrays.is_npz(source):
        npz = arrays.NpzFile(source)
        groups = npz.groups()
        single = tuple(name for name in npz.arrays if name not in groups)
        return npz.table(format, rows), groups + single
    return arrays.npy_table(source, format, rows), ()


@contextmanager
def _memory_told(source: Source) -> Iterator[None]:
    try:
        yield
    except MemoryError as error:
        raise DataError(
            f"{source.name} needs more memory than there is; leave out columns or rows, or close other programs"
        ) from error
