"""How a text is cut into cells, found by trying each delimiter on its first lines."""

from __future__ import annotations

import csv
import io
import itertools
from dataclasses import dataclass

from flux_studio.data.cells import is_missing, is_number_like
from flux_studio.data.columns import CsvFormat

DELIMITERS: dict[str, str] = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar", " ": "space"}
"""The delimiters that are looked for, the likelier first, and what people call them."""

_CHARACTERS = 64 * 1024
_ROWS = 200


def find_format(text: str) -> CsvFormat:
    """The delimiter that cuts the first rows most evenly, and whether the first of them holds names.

    Between delimiters that cut equally well, the one that leaves more numbers wins, then the commoner. A text
    that none of them cuts has one column. The first row is a header when it has no number where later rows
    have some, or, in a table of words, when it has names that do not come back below.
    """
    trials = [_try(text, delimiter) for delimiter in DELIMITERS]
    cutting = [trial for trial in trials if trial.cuts]
    whole = [trial for trial in trials if trial.widest <= 1]
    best = (whole or trials)[0]
    if cutting:
        best = max(cutting, key=lambda trial: (trial.evenness, trial.numbers))
    return CsvFormat(best.delimiter, _has_header(best.rows))


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

    @property
    def cuts(self) -> bool:
        if self.delimiter == " " and self.evenness < 1 and self.numbers < 0.5:
            return False  # blanks between the words of a sentence
        wide = sum(len(row) > 1 for row in self.rows)
        return bool(self.rows) and (len(self.rows[0]) > 1 or wide * 2 > len(self.rows))


def _try(text: str, delimiter: str) -> _Trial:
    beginning = text[:_CHARACTERS]
    lines = (
        line.rstrip(" \r\n") + "\n" for line in io.StringIO(beginning, newline="") if line.strip(" \r\n")
    )
    rows = []
    try:
        for row in itertools.islice(csv.reader(lines, delimiter=delimiter, skipinitialspace=True), _ROWS):
            rows.append([cell.strip() for cell in row])
    except csv.Error:
        pass  # too long a cell: what came before it decides, and reading the table names the line
    if len(text) > _CHARACTERS and len(rows) > 1 and len(rows) < _ROWS:
        rows.pop()  # its end may be cut off
    widths = [len(row) for row in rows]
    below = [cell for row in rows[1:] or rows for cell in row if not is_missing(cell)]
    return _Trial(
        delimiter=delimiter,
        rows=rows,
        widest=max(widths, default=0),
        evenness=sum(width == widths[0] for width in widths) / len(widths) if widths else 0.0,
        numbers=sum(map(is_number_like, below)) / len(below) if below else 0.0,
    )


def _has_header(rows: list[list[str]]) -> bool:
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
