"""What a person says about a table: how its text is cut into cells, and what each column is for."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import msgspec

from flux_studio.data.cells import (
    different,
    is_missing,
    is_number_like,
    numbers,
    parse_all,
    parse_number,
    present_rows,
)
from flux_studio.data.table import Table, listed, quoted
from flux_studio.data.windows import EACH_ROW, Windowing
from flux_studio.errors import DataError

__all__ = [
    "MOST_CATEGORIES",
    "Column",
    "CsvFormat",
    "Kind",
    "Role",
    "Scaling",
    "check_columns",
    "check_values",
    "is_missing",
    "parse_number",
    "suggest_columns",
]

Role = Literal["input", "target", "both", "ignore"]
Kind = Literal["number", "category", "yes_no"]
Scaling = Literal["standard", "min_max", "none"]

MOST_CATEGORIES = 1_000

_MOST_CLASSES = 10
_LABELS = frozenset({"class", "label", "category", "type", "kind", "species", "group", "digit", "target"})
_COUNTERS = frozenset({"#", "id", "index", "no", "nr", "number", "row", "rownames", "column 1"})


class CsvFormat(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How the text of a table is cut into cells."""

    delimiter: str = ","
    header: bool = True


class Column(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One column of a table: its name, what it is for, and how its cells become numbers.

    ``number`` cells are scaled; ``category`` cells become one column a category (one-hot); ``yes_no`` cells
    (exactly two different values) become a single column of zeros and ones.
    """

    name: str
    role: Role = "input"
    """``both`` is input and target at once: the past of a series, and what is to be predicted of its future."""
    kind: Kind = "number"
    scaling: Scaling = "standard"

    @property
    def is_input(self) -> bool:
        """Whether the network reads it."""
        return self.role in ("input", "both")

    @property
    def is_target(self) -> bool:
        """Whether the network predicts it."""
        return self.role in ("target", "both")


def suggest_columns(table: Table, targets: Sequence[str] | None = None) -> tuple[Column, ...]:
    """A first guess for every column of a table, good enough to press Train on.

    Without ``targets`` the last column that is of any use is the target. Numbers stay numbers, and are
    scaled unless all of them already lie in [-1, 1]. A column in which nearly all of many values are numbers
    counts as such, so that the odd one out is reported rather than taken for a category. Words become
    categories, or yes/no if there are two of them. A target of two numbers is yes/no. A target of few whole
    numbers stays a number (rooms, a grade) unless its name says that it tells classes apart (``class``,
    ``digit`` …).

    Ignored are: columns with no or one value, words that differ in every row (names), a column called ``id``
    or the like that merely counts the rows, and words with more than 1,000 different values.
    """
    found = [_examine(table, name) for name in table.names]
    if targets:
        for name in targets:
            table.column(name)  # raises if there is none
    else:
        targets = [facts.name for facts in found if not facts.useless][-1:] or table.names[-1:]
    return tuple(_suggest(facts, facts.name in targets) for facts in found)


def check_columns(columns: Sequence[Column], table: Table, windowing: Windowing = EACH_ROW) -> None:
    """Raise :class:`DataError` unless a network can be trained on these columns of the table.

    Columns that are ignored are not looked at, nor are columns of the table that nothing is said about. A column
    can be input and target at once only where the target stands ahead of the inputs.
    """
    name, times = Counter(column.name for column in columns).most_common(1)[0] if columns else ("", 0)
    if times > 1:
        raise DataError(f"{table.source}: column {quoted(name)} is described {times} times; describe it once")
    for role in ("input", "target"):
        if not any(column.role in (role, "both") for column in columns):
            choice = listed(column.name for column in columns)
            raise DataError(
                f"{table.source}: no column has the role {role}; give it to at least one of: {choice}"
            )
    for column in columns:
        if column.role == "both" and not windowing.ahead:
            raise DataError(
                f"{table.source}: column {quoted(column.name)} is input and target at once, so the network would read "
                "the very answer it is to give; let the target stand 1 or more rows ahead, or give it one role"
            )
        if column.role != "ignore":
            check_values(column, table)


def check_values(column: Column, table: Table) -> None:
    """Raise :class:`DataError` unless the column exists and its cells can be what its kind says."""
    if column.kind == "number":
        numbers(table, column.name)
        return
    values = different(table, column.name)
    if column.kind == "yes_no" and len(values) > 2:
        row = table.column(column.name).index(values[2])
        raise DataError(
            f"{table.where(row, column.name)}: {quoted(values[2])} is a third value beside "
            f"{quoted(values[0])} and {quoted(values[1])}, but yes/no has two; "
            "correct it, or make the column a category or a number"
        )
    if column.kind == "category" and len(values) > MOST_CATEGORIES:
        raise DataError(
            f"{table.source}, column {quoted(column.name)}: {len(values):,} categories are more than the "
            f"{MOST_CATEGORIES:,} that are possible; make it a number, ignore it, or merge some of its values"
        )


@dataclass(frozen=True)
class _Facts:
    """What the cells of a column are like."""

    name: str
    values: tuple[str, ...]
    """Those that differ, missing ones left out."""
    parsed: Sequence[float] | None
    """The values as numbers, if all of them are."""
    numeric: bool
    """Whether the column is meant to hold numbers."""
    useless: bool
    """Whether a network cannot learn anything from it."""


def _examine(table: Table, name: str) -> _Facts:
    values = different(table, name)
    parsed = parse_all(values)
    numeric = parsed is not None or _mostly_numbers(values)
    if len(values) < 2:
        useless = not values or table.rows > 1
    elif numeric:
        useless = name.casefold() in _COUNTERS and _counts_rows(table.column(name))
    else:
        names = len(values) == len(present_rows(table, name)) > 2 and not any(map(is_number_like, values))
        useless = names or len(values) > MOST_CATEGORIES
    return _Facts(name, values, parsed, numeric, useless)


def _suggest(facts: _Facts, is_target: bool) -> Column:
    name, values, parsed = facts.name, facts.values, facts.parsed
    role: Role = "target" if is_target else "ignore" if facts.useless else "input"
    if not facts.numeric:
        return Column(name, role, "yes_no" if len(values) == 2 else "category", "none")
    if is_target and parsed is not None:
        if len(values) == 2:
            return Column(name, role, "yes_no", "none")
        if 2 < len(values) <= _MOST_CLASSES and all(map(float.is_integer, parsed)) and _names_a_label(name):
            return Column(name, role, "category", "none")
    scaled_already = parsed is not None and all(-1 <= value <= 1 for value in parsed)
    return Column(name, role, "number", "none" if scaled_already else "standard")


def _mostly_numbers(values: Sequence[str]) -> bool:
    fine = sum(map(is_number_like, values))
    return fine == len(values) or (fine >= 10 and fine > 0.9 * len(values))


def _counts_rows(cells: Sequence[str]) -> bool:
    return any(list(cells) == [str(row + start) for row in range(len(cells))] for start in (0, 1))


def _names_a_label(name: str) -> bool:
    words = re.findall(r"[a-z]+", re.sub(r"([a-z])([A-Z])", r"\1 \2", name).lower())
    return not _LABELS.isdisjoint(words)
