"""Excel workbooks (.xlsx): a zip with a sheet as XML, read row by row, so that no sheet has to fit into memory."""

from __future__ import annotations

import datetime
import re
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from xml.parsers import expat

from flux_studio.data.building import BATCH, TableBuilder, named, names_of, numbered
from flux_studio.data.formats import TableFormat, has_header
from flux_studio.data.sources import Source
from flux_studio.data.table import listed, quoted
from flux_studio.errors import DataError, FluxError

_PIECE = 1 << 16
_MOST_UNPACKED = 100
_UNPACKED_ANYWAY = 32 * 2**20
_MOST_ROWS, _MOST_COLUMNS = 2**20, 2**14
_LONGEST_TEXT = 131_072
_SAMPLE = 100
_DATES = frozenset([*range(14, 23), *range(27, 37), *range(45, 48), *range(50, 59)])
"""The number formats of dates and times that every workbook has (ECMA-376, 18.8.30)."""

_Row = tuple[int, dict[int, str]]


@dataclass(frozen=True)
class _Sheet:
    title: str
    member: str


class Workbook:
    """The sheets of a workbook. All faults are :class:`DataError`."""

    def __init__(self, source: Source) -> None:
        self._source, self.name, self._unpacked = source, source.name, 0
        try:
            self._archive = zipfile.ZipFile(source.file)
        except Exception as error:  # damaged directories make zipfile raise errors of many kinds
            raise self._damaged() from error
        self._members = members = set(self._archive.namelist())
        if "xl/workbook.xml" not in members:
            what = "a workbook in Excel's binary format; save it as .xlsx"
            if "xl/workbook.bin" not in members:
                what = "a zip file without a workbook in it; unpack it and choose a table"
            raise DataError(f"{self.name} is {what}")
        self._dates_from = datetime.datetime(1899, 12, 30)
        self._sheets = [sheet for sheet in self._found_sheets() if sheet.member in members]
        if not self._sheets:
            raise DataError(f"{self.name} has no sheets; choose a workbook with a table in it")

    @property
    def sheets(self) -> tuple[str, ...]:
        """The titles of all sheets."""
        return tuple(sheet.title for sheet in self._sheets)

    def find_format(self, sheet: str = "") -> TableFormat:
        """Where the table begins in a sheet, and whether it has a header. Without a name the first with rows."""
        for title in [sheet] if sheet else self.sheets:
            sample = []
            for row in self._rows(title):
                sample.append([row[1].get(place, "") for place in range(max(row[1]) + 1)])
                if len(sample) == _SAMPLE:
                    break
            if sample:
                filled = [sum(map(bool, cells)) for cells in sample]
                usual = Counter(filled).most_common(1)[0][0]
                # Titles above a table are a cell or two.
                above = next(place for place, count in enumerate(filled) if count * 2 > usual)
                width = max(map(len, sample))
                cells = [row + [""] * (width - len(row)) for row in sample[above:]]
                first = min(place for row in cells for place, cell in enumerate(row) if cell)
                return TableFormat(
                    layout="workbook",
                    header=has_header([row[first:] for row in cells]),
                    skip=above,
                    sheet=title,
                )
        raise DataError(f"{self.name} is empty; choose a file with a table in it")

    def growing(self, format: TableFormat, batch: int = BATCH) -> Iterator[TableBuilder]:
        """The table in a sheet as it grows, first with no rows. ``format.skip`` counts rows that are not empty."""
        rows = self._rows(format.sheet or self.sheets[0])
        for _ in range(format.skip):
            next(rows, None)
        first = next(rows, None)
        if first is None:
            raise DataError(
                f"{self.name}, sheet {quoted(format.sheet)} is empty; choose another sheet: {listed(self.sheets)}"
            )
        number, cells = first
        left, right = min(cells), max(cells)
        where = f"{self.name}, row {number}"
        width, texts = right - left + 1, [cells.get(place, "") for place in range(left, right + 1)]
        if format.names:
            names = named(where, numbered(width), format.names)
        else:
            names = names_of(texts, where) if format.header else numbered(width)
        builder = TableBuilder(self.name, names, number, "row")
        yield builder

        def checked() -> Iterator[tuple[int, Sequence[str]]]:
            if not format.header:
                yield number, texts
            for at, row in rows:
                if min(row) < left or max(row) > right:
                    place = min(row) if min(row) < left else max(row)
                    raise DataError(
                        f"{self.name}, row {at}: {quoted(row[place])} in column {_letters(place)} stands beside the "
                        f"table, which has columns {_letters(left)} to {_letters(right)} in row {number}; "
                        "remove it, or choose where the table begins"
                    )
                yield at, [row.get(place, "") for place in range(left, right + 1)]

        for _ in builder.extend(checked(), batch):
            yield builder

    def _rows(self, title: str) -> Iterator[_Row]:
        """The rows of a sheet that are not empty: number, from 1, and texts by column, from 0."""
        sheet = next((each for each in self._sheets if each.title == title), None)
        if sheet is None:
            raise DataError(
                f"{self.name} has no sheet {quoted(title)}; its sheets are: {listed(self.sheets)}"
            )
        reading = _SheetReading(self._text_of)
        for _ in self._parse(sheet.member, reading.begin, reading.end, reading.take):
            yield from reading.rows
            reading.rows.clear()

    def _text_of(self, kind: str, style: int, value: str) -> str:
        """The text of a cell, its numbers written plainly."""
        if kind == "s":
            place = int(value) if value.strip().isdecimal() else -1
            if not 0 <= place < len(self._texts):
                raise self._damaged()
            return self._texts[place]
        if kind == "b":
            return "TRUE" if value.strip() == "1" else "FALSE"
        if kind == "e":
            return "" if value == "#N/A" else value
        if kind in ("str", "inlineStr", "d"):
            return value.strip()
        try:
            number = float(value)
        except ValueError:
            return value.strip()
        if style in self._date_styles and abs(number) < 3_000_000:
            return self._date(number)
        return str(int(number)) if number.is_integer() and abs(number) < 1e15 else repr(number)

    def _date(self, days: float) -> str:
        when = self._dates_from + datetime.timedelta(seconds=round(days * 86_400))
        if 0 <= days < 1:
            return f"{when:%H:%M:%S}"
        return f"{when:%Y-%m-%d}" if days == int(days) else f"{when:%Y-%m-%d %H:%M:%S}"

    def _found_sheets(self) -> list[_Sheet]:
        targets: dict[str, str] = {}
        found: list[tuple[str, str]] = []

        def begin(tag: str, attributes: dict[str, str]) -> None:
            if tag == "Relationship":
                targets[attributes.get("Id", "")] = attributes.get("Target", "")
            elif tag == "sheet":
                key = next((value for name, value in attributes.items() if name.endswith(":id")), "")
                found.append((attributes.get("name", ""), key))
            elif tag == "workbookPr" and attributes.get("date1904") in ("1", "true"):
                self._dates_from = datetime.datetime(1904, 1, 1)

        for member in ("xl/workbook.xml", "xl/_rels/workbook.xml.rels"):
            for _ in self._parse(member, begin):
                pass
        return [
            _Sheet(title, target[1:] if target.startswith("/") else f"xl/{target}")
            for title, key in found
            if title and (target := targets.get(key, ""))
        ]

    @cached_property
    def _texts(self) -> list[str]:
        """The texts that cells refer to."""
        texts: list[str] = []
        parts: list[str] = []
        inside: list[str] = []

        def begin(tag: str, attributes: dict[str, str]) -> None:
            inside.append(tag)
            if tag == "si":
                parts.clear()

        def end(tag: str) -> None:
            inside.pop()
            if tag == "si":
                texts.append("".join(parts).strip())

        def take(text: str) -> None:
            # Readings beside East Asian words (rPh) are no part of them.
            if inside[-1] == "t" and "rPh" not in inside:
                parts.append(text)

        if "xl/sharedStrings.xml" in self._members:
            for _ in self._parse("xl/sharedStrings.xml", begin, end, take):
                pass
        return texts

    @cached_property
    def _date_styles(self) -> frozenset[int]:
        """The styles of cells that make a number a date."""
        dates, styles, inside = set(_DATES), [], [""]

        def begin(tag: str, attributes: dict[str, str]) -> None:
            key = attributes.get("numFmtId", "")
            if tag == "numFmt" and key.isdecimal() and _is_date(attributes.get("formatCode", "")):
                dates.add(int(key))
            elif tag == "xf" and inside[-1] == "cellXfs":
                styles.append(int(key) if key.isdecimal() else 0)
            inside.append(tag)

        def end(tag: str) -> None:
            inside.pop()

        if "xl/styles.xml" in self._members:
            for _ in self._parse("xl/styles.xml", begin, end):
                pass
        return frozenset(place for place, key in enumerate(styles) if key in dates)

    def _parse(
        self,
        member: str,
        begin: Callable[[str, dict[str, str]], None],
        end: Callable[[str], None] | None = None,
        take: Callable[[str], None] | None = None,
    ) -> Iterator[None]:
        """Feed a member to a parser; yields after each piece."""
        parser = expat.ParserCreate()
        parser.buffer_text = True
        plain = _Plain()

        def refuse(*_: object) -> None:
            raise self._damaged()  # a workbook declares no entities; bombs do

        parser.StartDoctypeDeclHandler = refuse
        parser.StartElementHandler = lambda tag, attributes: begin(plain[tag], attributes)
        if end is not None:
            parser.EndElementHandler = lambda tag: end(plain[tag])
        parser.CharacterDataHandler = take
        try:
            size = self._archive.getinfo(member).compress_size
            with self._archive.open(member) as file:
                while piece := file.read(_PIECE):
                    self._unpacked += len(piece)
                    if self._unpacked > max(_UNPACKED_ANYWAY, _MOST_UNPACKED * size):
                        raise DataError(
                            f"{self.name}: {member} becomes more than {_MOST_UNPACKED} times its size when unpacked, "
                            "so it is not read; save the sheet as CSV"
                        )
                    parser.Parse(piece, False)
                    self._source.tell()
                    yield
                parser.Parse(b"", True)
                yield
        except (FluxError, GeneratorExit):
            raise
        except (expat.ExpatError, KeyError, EOFError, OSError, ValueError, NotImplementedError) as error:
            raise self._damaged() from error
        except (zipfile.BadZipFile, RuntimeError) as error:
            raise self._damaged() from error
        except Exception as error:  # zlib.error, lzma's errors: all of them mean a damaged member
            if type(error).__module__ in ("zlib", "_lzma", "lzma", "struct"):
                raise self._damaged() from error
            raise

    def _damaged(self) -> DataError:
        return DataError(
            f"{self.name}: this workbook is damaged, or locked by a password; "
            "save it once more, or save its sheet as CSV"
        )


class _Plain(dict[str, str]):
    """The names of elements without their prefix, each worked out once."""

    def __missing__(self, tag: str) -> str:
        self[tag] = tag.rpartition(":")[2]
        return self[tag]


class _SheetReading:
    """What the parser of a sheet calls: gathers the rows."""

    def __init__(self, text_of: Callable[[str, int, str], str]) -> None:
        self.rows: list[_Row] = []
        self._text_of = text_of
        self._number, self._place = 0, -1
        self._cells: dict[int, str] = {}
        self._kind, self._style, self._parts, self._length = "", 0, [""], 0
        self._takes = False

    def begin(self, tag: str, attributes: dict[str, str]) -> None:
        if tag == "row":
            at = attributes.get("r", "")
            self._number = int(at) if at.isdecimal() and len(at) < 9 else self._number + 1
            if self._number > _MOST_ROWS:
                raise ValueError("no sheet has so many rows")
            self._cells, self._place = {}, -1
        elif tag == "c":
            reference = attributes.get("r", "")
            place = _column(reference) if reference else self._place + 1
            self._place = place
            if place >= _MOST_COLUMNS:
                raise ValueError("no sheet has so many columns")
            self._kind = attributes.get("t", "n")
            style = attributes.get("s")
            self._style = int(style) if style is not None and style.isdecimal() and len(style) < 9 else 0
            self._parts, self._length = [], 0
        elif tag in ("v", "t"):
            self._takes = True

    def end(self, tag: str) -> None:
        if tag in ("v", "t"):
            self._takes = False
        elif tag == "c":
            if self._parts and (text := self._text_of(self._kind, self._style, "".join(self._parts))):
                self._cells[self._place] = text
        elif tag == "row" and self._cells:
            self.rows.append((self._number, self._cells))

    def take(self, text: str) -> None:
        if self._takes:
            self._length += len(text)
            if self._length > _LONGEST_TEXT:
                raise ValueError("no cell holds so long a text")
            self._parts.append(text)


def _column(reference: str) -> int:
    """The column, from 0, of a reference such as ``BC12``."""
    if reference[1:].isdecimal() and "A" <= reference[0] <= "Z":
        return ord(reference[0]) - 65
    place = 0
    for letter in reference.rstrip("0123456789"):
        if not "A" <= letter <= "Z" or place > _MOST_COLUMNS:
            raise ValueError("no column is called so")
        place = place * 26 + ord(letter) - 64
    if not place:
        raise ValueError("a column is missing")
    return place - 1


def _letters(place: int) -> str:
    letters = ""
    place += 1
    while place:
        place, rest = divmod(place - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def _is_date(code: str) -> bool:
    """Whether a number format writes a date or a time: it has letters for them outside of quotes and brackets."""
    bare = re.sub(r'"[^"]*"|\\.|_.|\*.|\[(?!h|m|s)[^\]]*\]', "", code.lower())
    return re.search(r"[ymdhs]", bare.replace("general", "")) is not None
