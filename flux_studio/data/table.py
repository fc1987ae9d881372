"""A table as it stands in its file: the text of every cell and the line that each row came from."""

from __future__ import annotations

import csv
import difflib
import hashlib
import io
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice

from flux_studio.errors import DataError

_LONGEST_QUOTE = 40
_MOST_NAMES = 12
_ROWS_AT_ONCE = 1024


@dataclass(frozen=True)
class Table:
    """Cells are text, stripped of blanks at both ends; nothing has been read into them yet."""

    source: str
    """The file's name, for people."""
    names: tuple[str, ...]
    columns: tuple[tuple[str, ...], ...]
    """The cells, a tuple for each name, all of the same length."""
    lines: tuple[int, ...]
    """The line of the file, from 1, on which each row begins."""

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

    def column(self, name: str) -> tuple[str, ...]:
        """The cells of one column; :class:`DataError` with the nearest name if there is none."""
        if name not in self.names:
            raise DataError(f"{self.source} has no column {quoted(name)}; {advice(name, self.names)}")
        return self.columns[self.names.index(name)]

    def where(self, row: int, name: str | None = None) -> str:
        """Where a row (from 0), or one cell of it, stands in the file, such as ``iris.csv, line 14``."""
        place = f"{self.source}, line {self.lines[row]}"
        return place if name is None else f"{place}, column {quoted(name)}"

    def to_csv(self) -> str:
        """The names and cells as RFC 4180 text: commas, a header, CRLF.

        ``parse_table(text, source, CsvFormat())`` gives the same names and cells back. The line numbers are
        then those of this text.
        """
        text = io.StringIO(newline="")
        writer = csv.writer(text, lineterminator="\r\n")
        writer.writerow(self.names)
        rows = zip(*self.columns, strict=True)
        # All rows in one call would keep Python's lock, and with it the window, until the last.
        while part := tuple(islice(rows, _ROWS_AT_ONCE)):
            writer.writerows(part)
        return text.getvalue()

    def fingerprint(self) -> str:
        """SHA-256, in hexadecimal, of the names and cells, whatever file they came from."""
        return hashlib.sha256(self.to_csv().encode()).hexdigest()


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
