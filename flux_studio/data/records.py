"""JSON records: a list of objects, or an object on each line. A record is a row, a name in it is a column."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any, NoReturn

from flux_studio.data.building import BATCH, TableBuilder, check_width, named, names_of
from flux_studio.data.formats import TableFormat
from flux_studio.data.table import quoted
from flux_studio.errors import DataError

LONGEST = 4 * 2**20
"""Characters of a record: it is read whole."""

_BETWEEN = re.compile(r"[ \t\r\n]*")
_SAMPLE = 2_000


def growing(
    texts: Iterable[str], source: str, format: TableFormat, batch: int = BATCH
) -> Iterator[TableBuilder]:
    """The table as it grows, first with no rows. Its columns are the names in the first 2,000 records.

    Where a record lacks a name, the cell is empty.
    """
    records = _records(texts, source)
    sample: list[tuple[int, dict[str, Any]]] = []
    fault: DataError | None = None
    try:
        for each in records:
            sample.append(each)
            if len(sample) == _SAMPLE:
                break
    except DataError as error:
        if not sample:
            raise
        fault = error
    if not sample:
        raise DataError(f"{source} is empty; choose a file with a list of objects in it")
    keys = list(dict.fromkeys(key for _, record in sample for key in record))
    if not keys:
        raise DataError(f"{source}: its objects have no names in them, so there are no columns")
    check_width(source, len(keys))
    names = names_of([key.strip() for key in keys], source)
    builder = TableBuilder(source, named(source, names, format.names), sample[0][0])
    known = set(keys)
    yield builder

    def rows() -> Iterator[tuple[int, list[str]]]:
        for line, record in _both(sample, fault, records):
            if not known.issuperset(record):
                new = next(key for key in record if key not in known)
                raise DataError(
                    f"{source}, line {line}: {quoted(new)} is in none of the {_SAMPLE:,} records before; "
                    "name it in an earlier one, be it with null"
                )
            yield line, [_text(record.get(key), source, line, key) for key in keys]

    for _ in builder.extend(rows(), batch):
        yield builder


def is_records(beginning: str) -> bool:
    """Whether a text begins like JSON."""
    return re.match(r"\s*(?:\[\s*(?:[\[{\]\"]|$)|\{)", beginning) is not None


def _both(
    sample: list[tuple[int, dict[str, Any]]],
    fault: DataError | None,
    records: Iterator[tuple[int, dict[str, Any]]],
) -> Iterator[tuple[int, dict[str, Any]]]:
    yield from sample
    if fault is not None:
        raise fault
    yield from records


class _Text:
    """A text that comes in pieces, the place in it and its line."""

    def __init__(self, texts: Iterable[str], source: str) -> None:
        self._pieces, self._source = iter(texts), source
        self.text, self.place, self.line = "", 0, 1
        self.whole = False

    def more(self) -> bool:
        """Append as much as there is ahead, and forget what is behind; whether there was more."""
        ahead = self.text[self.place :]
        parts, size = [ahead], 2 * len(ahead)
        while not self.whole and (len(parts) == 1 or sum(map(len, parts)) < size):
            piece = next(self._pieces, None)
            self.whole = piece is None
            parts.append(piece or "")
        self.text, self.place = "".join(parts), 0
        if len(self.text) > LONGEST:
            raise self.fault(
                f"a single value is longer than {LONGEST:,} characters; give a list of objects, a row each"
            )
        return len(self.text) > len(ahead)

    def move(self, to: int) -> None:
        """Go on to a place of the text."""
        self.line += self.text.count("\n", self.place, to)
        self.place = to

    def next(self) -> str:
        """The next character that is not blank, which stays the next; nothing at the end."""
        while True:
            self.move(_BETWEEN.match(self.text, self.place).end())  # type: ignore[union-attr]
            if self.place < len(self.text):
                return self.text[self.place]
            if not self.more():
                return ""

    def fault(self, what: str) -> DataError:
        """What is wrong on this line."""
        return DataError(f"{self._source}, line {self.line}: {what}")


def _records(texts: Iterable[str], source: str) -> Iterator[tuple[int, dict[str, Any]]]:
    """Each object with the line it begins on."""
    text = _Text(texts, source)
    is_list = text.next() == "["
    if is_list:
        text.move(text.place + 1)
    first = True
    while (sign := text.next()) and not (is_list and sign == "]"):
        if is_list and not first:
            if sign != ",":
                raise text.fault("a comma is missing between two objects; write one")
            text.move(text.place + 1)
            if text.next() == "]":
                raise text.fault("an object is missing behind this comma; remove the comma")
        first = False
        text.next()
        line = text.line
        record, end = _decode(text)
        if not isinstance(record, dict):
            raise text.fault(
                "JSON is read as a list of objects, a row each, such as "
                f'[{{"x": 1, "y": 2}}], but this is {_kind(record)}'
            )
        yield line, record
        text.move(end)
    if is_list:
        if not sign:
            raise text.fault("this list is never closed; it has been cut short: get the file once more")
        text.move(text.place + 1)
        if text.next():
            raise text.fault("something stands behind the list; remove it")


def _decode(text: _Text) -> tuple[Any, int]:
    """The value at this place and where it ends."""
    while True:
        try:
            return _DECODER.raw_decode(text.text, text.place)
        except RecursionError:
            raise text.fault("this is nested too deep for a table; give a flat list of objects") from None
        except json.JSONDecodeError as error:
            behind = max(0, error.pos - text.place)
            if text.more():
                continue
            text.move(min(text.place + behind, len(text.text)))
            raise text.fault(f"this is not JSON ({error.msg}); correct it") from None
        except ValueError as error:
            raise text.fault(f"{error} is no JSON; write null for a missing value") from None


def _refuse(word: str) -> NoReturn:
    raise ValueError(word)


def _text(value: Any, source: str, line: int, key: str) -> str:
    if value is None:
        return ""
    if value is True or value is False:
        return "true" if value else "false"
    if isinstance(value, str):
        return value.strip()
    raise DataError(
        f"{source}, line {line}, column {quoted(key)}: {_kind(value)} is no single value; "
        "give each of its values a name of its own in the record"
    )


def _kind(value: Any) -> str:
    if isinstance(value, list):
        return "a list"
    if isinstance(value, dict):
        return "an object"
    return "a value by itself"


_DECODER = json.JSONDecoder(parse_float=str, parse_int=str, parse_constant=_refuse)
