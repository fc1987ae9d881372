"""The table inside a ``.flux`` file: a small one as CSV, which anybody can read; a large one as an array a column.

``table.json`` says what else there is to know: on which lines of its source the rows stood, and how a large table's
columns are kept. ``table/7.npy`` has the seventh column: its numbers, or the codes of its words, or where each of the
texts in ``table/7.txt`` ends.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Literal, Protocol

import msgspec
import numpy as np
from numpy.typing import NDArray

from flux_studio.data.compact import Numbers, Texts, Words
from flux_studio.data.formats import TableFormat
from flux_studio.data.readers import parse_table
from flux_studio.data.table import CompactCells, Lines, Table
from flux_studio.errors import ProjectFileError

CSV, RECORD = "table.csv", "table.json"

_EMBEDDED = TableFormat(delimiter=",", header=True)
_MOST_DECIMALS = 20


class _Column(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    kind: Literal["numbers", "words", "texts"]
    decimals: int | None = None
    odd: dict[int, str] = {}
    words: tuple[str, ...] = ()


class _Record(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    unit: str = "line"
    lines: tuple[tuple[int, ...], tuple[int, ...]] | None = None
    """Rows that do not stand on the line after the row before them, and the lines they stand on."""
    names: tuple[str, ...] = ()
    rows: int = 0
    columns: tuple[_Column, ...] = ()
    """Empty for a small table, which is in ``table.csv``."""


class Parts(Protocol):
    """The parts of a file that is read. What is wrong with them is a :class:`ProjectFileError`."""

    names: set[str]

    def read(self, name: str) -> bytes: ...
    def any_array(self, name: str) -> NDArray[Any]: ...
    def damaged(self, name: str) -> ProjectFileError: ...


def write_table(
    table: Table, put: Callable[[str, bytes], None], put_array: Callable[[str, NDArray[Any]], None]
) -> None:
    """Hand all parts of a table to ``put``, and its arrays to ``put_array``."""
    columns = [_kept(cells) for cells in table.columns]
    if not all(isinstance(cells, CompactCells) for cells in table.columns):
        content = table.to_csv().encode()
        put(CSV, content)
        plain = content.count(b"\n") == table.rows + 1 and tuple(table.lines) == tuple(
            range(2, table.rows + 2)
        )
        if not plain or table.unit != "line":
            put(RECORD, _encoded(_Record(table.unit, _jumps(table.lines))))
        return
    put(RECORD, _encoded(_Record(table.unit, _jumps(table.lines), table.names, table.rows, tuple(columns))))
    for number, cells in enumerate(table.columns, 1):
        if isinstance(cells, Numbers):
            put_array(f"table/{number}.npy", cells.values)
        elif isinstance(cells, Words):
            put_array(f"table/{number}.npy", cells.codes)
        elif isinstance(cells, Texts):
            put_array(f"table/{number}.npy", cells.ends)
            put(f"table/{number}.txt", bytes(cells.block))


def read_table(parts: Parts, source: str) -> Table:
    """The table of a file."""
    record = _Record()
    if RECORD in parts.names:
        try:
            record = msgspec.json.decode(parts.read(RECORD), type=_Record)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            raise parts.damaged(RECORD) from error
    if record.columns:
        if len(record.columns) != len(record.names):
            raise parts.damaged(RECORD)
        columns = [_column(parts, number, kept, record.rows) for number, kept in enumerate(record.columns, 1)]
        lines = _lines(parts, record, record.rows)
        return Table(source, record.names, tuple(columns), lines, record.unit)
    try:
        table = parse_table(parts.read(CSV).decode("utf-8"), source, _EMBEDDED)
    except UnicodeDecodeError as error:
        raise parts.damaged(CSV) from error
    if RECORD not in parts.names:
        return table
    return Table(source, table.names, table.columns, tuple(_lines(parts, record, table.rows)), record.unit)


def _encoded(record: _Record) -> bytes:
    return msgspec.json.format(msgspec.json.encode(record), indent=2)


def _kept(cells: Sequence[str]) -> _Column:
    if isinstance(cells, Numbers):
        return _Column("numbers", cells.decimals, cells.odd)
    if isinstance(cells, Words):
        return _Column("words", words=cells.words)
    return _Column("texts")


def _jumps(lines: Sequence[int]) -> tuple[tuple[int, ...], tuple[int, ...]]:
    if isinstance(lines, Lines):
        return tuple(lines.at.tolist()), tuple(lines.lines.tolist())
    at = [row for row, line in enumerate(lines) if row == 0 or line != lines[row - 1] + 1]
    return tuple(at), tuple(lines[row] for row in at)


def _lines(parts: Parts, record: _Record, rows: int) -> Lines:
    at, lines = record.lines or ((0,), (1,))
    sound = len(at) == len(lines) > 0 and at[0] == 0 and at[-1] < max(1, rows)
    sound = sound and all(map(int.__lt__, at, at[1:])) and all(0 < line < 2**62 for line in lines)
    if not sound:
        raise parts.damaged(RECORD)
    return Lines(rows, np.array(at, dtype=np.int64), np.array(lines, dtype=np.int64))


def _column(parts: Parts, number: int, kept: _Column, rows: int) -> Numbers | Words | Texts:
    name = f"table/{number}.npy"
    array = parts.any_array(name)
    if array.shape != (rows,) or array.dtype.kind not in "iufb":
        raise parts.damaged(name)
    if kept.kind == "numbers":
        sound = kept.decimals is None or 0 <= kept.decimals <= _MOST_DECIMALS
        if (
            not sound
            or any(not 0 <= place < rows for place in kept.odd)
            or (np.isinf(array).any() and not kept.odd)
        ):
            raise parts.damaged(name)
        return Numbers(array, kept.decimals, kept.odd)
    if kept.kind == "words":
        if array.dtype != np.uint16 or (rows and int(array.max()) >= len(kept.words)):
            raise parts.damaged(name)
        return Words(array, kept.words)
    block = parts.read(f"table/{number}.txt")
    if array.dtype != np.int64 or (
        rows and (array[0] < 0 or array[-1] != len(block) or (np.diff(array) < 0).any())
    ):
        raise parts.damaged(name)
    texts = Texts(block, array)
    try:
        for start in range(0, rows, 1 << 16):
            texts.texts(start, min(start + (1 << 16), rows))
    except UnicodeDecodeError as error:
        raise parts.damaged(f"table/{number}.txt") from error
    return texts
