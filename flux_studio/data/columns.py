"""What a person says about the columns of a table: what each is for, and how its cells become numbers."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import msgspec

from flux_studio.data.cells import (
    counts_rows,
    different,
    is_missing,
    is_number_like,
    numbers,
    parse_all,
    parse_number,
    places,
    present_rows,
)
from flux_studio.data.dates import DateOrder, DatePart, is_date_like, parse_days
from flux_studio.data.table import Table, listed, quoted
from flux_studio.data.times import days_of, order_of
from flux_studio.data.windows import EACH_ROW, Windowing
from flux_studio.errors import DataError

__all__ = [
    "MOST_CATEGORIES",
    "Column",
    "Derived",
    "Encoding",
    "Kind",
    "Missing",
    "Role",
    "Scaling",
    "check_columns",
    "check_values",
    "is_missing",
    "parse_number",
    "suggest_columns",
]

Role = Literal["input", "target", "both", "ignore"]
Kind = Literal["number", "category", "yes_no", "date"]
Scaling = Literal["standard", "min_max", "robust", "none"]
Missing = Literal["drop", "mean", "median", "most_common", "constant"]
Encoding = Literal["one_hot", "ordinal"]

MOST_CATEGORIES = 1_000

_MOST_CLASSES = 10
_TELLING_GAPS = 0.05
"""From this share of missing values on, that one is missing may itself tell something."""
_LABELS = frozenset({"class", "label", "category", "type", "kind", "species", "group", "digit", "target"})
_COUNTERS = frozenset({"#", "id", "index", "no", "nr", "number", "row", "rownames", "column 1"})


class Column(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One column of a table: its name, what it is for, and how its cells become numbers.

    ``number`` cells are scaled; ``category`` cells become one column a category (one-hot) or, ``ordinal``, their
    place in an order, scaled; ``yes_no`` cells (exactly two different values) become a single column of zeros and
    ones; ``date`` cells become a few numbers that tell the time of the year, of the week and of the day.
    """

    name: str
    role: Role = "input"
    """``both`` is input and target at once: the past of a series, and what is to be predicted of its future."""
    kind: Kind = "number"
    scaling: Scaling = "standard"
    """``standard``: mean 0, deviation 1; ``min_max``: 0 to 1; ``robust``: median 0, quartiles 1 apart."""
    missing: Missing = "drop"
    """What stands where an input has no value: the row is dropped, or this, found in the training rows. A row without
    its target is always dropped."""
    fill: str = ""
    """With ``constant``, the cell that stands for a missing one. Of a category it may be a word of its own."""
    indicator: bool = False
    """Whether the network also reads, as 0 or 1, that a value is missing; of inputs whose rows are not dropped."""
    encoding: Encoding = "one_hot"
    order: tuple[str, ...] = ()
    """The categories from the lowest to the highest, where they are ``ordinal``; numbers by size, words by alphabet
    when nothing is said."""
    parts: tuple[DatePart, ...] = ()
    """What a date becomes: days since 1970, year, month (sine and cosine), day of the month, weekday and hour (each
    sine and cosine); what suits the dates when nothing is said."""
    date_order: DateOrder = ""
    """Which number comes first in 3/4/2021; found from all dates of the column when nothing is said."""

    @property
    def is_input(self) -> bool:
        """Whether the network reads it."""
        return self.role in ("input", "both")

    @property
    def is_target(self) -> bool:
        """Whether the network predicts it."""
        return self.role in ("target", "both")

    @property
    def drops(self) -> bool:
        """Whether rows without a value are dropped where it is an input."""
        return self.missing == "drop"


class Derived(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One more input, computed from columns of numbers: ``x1·x2``, ``sin x1``."""

    function: str
    """One of :data:`flux_studio.data.derived.FUNCTIONS`."""
    columns: tuple[str, ...]
    scaling: Scaling = "standard"


def suggest_columns(table: Table, targets: Sequence[str] | None = None) -> tuple[Column, ...]:
    """A first guess for every column of a table, good enough to press Train on.

    Without ``targets`` the last column that is of any use is the target. Numbers stay numbers, and are
    scaled unless all of them already lie in [-1, 1]. A column in which nearly all of many values are numbers
    counts as such, so that the odd one out is reported rather than taken for a category. Words become
    categories, or yes/no if there are two of them. A target of two numbers is yes/no. A target of few whole
    numbers stays a number (rooms, a grade) unless its name says that it tells classes apart (``class``,
    ``digit`` …).

    Inputs with gaps are filled, numbers with their median and words with the most common one, and where many are
    missing the network is told so. Cells that are all dates are read as dates.

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
    where = f"{table.source}, column {quoted(column.name)}"
    if column.kind == "number":
        numbers(table, column.name)
        _check_fill(column, where, parse_number)
        return
    if column.kind == "date":
        order = column.date_order or order_of(table, column.name).order
        days_of(table, column.name, order)
        _check_fill(column, where, lambda cell: parse_days(cell, order))
        return
    values = different(table, column.name)
    if column.missing in ("mean", "median"):
        raise DataError(
            f"{where}: words have no {column.missing}; let the most common value stand for missing ones"
        )
    _check_fill(column, where, None)
    if column.kind == "yes_no" and len(values) > 2:
        row = int((places(table, column.name, values[2:3]) == 0).argmax())
        raise DataError(
            f"{table.where(row, column.name)}: {quoted(values[2])} is a third value beside "
            f"{quoted(values[0])} and {quoted(values[1])}, but yes/no has two; "
            "correct it, or make the column a category or a number"
        )
    if column.kind == "yes_no" and column.missing == "constant" and column.fill not in values:
        raise DataError(
            f"{where}: {quoted(column.fill)} is to stand for missing values, but yes/no has "
            f"{listed(map(quoted, values))}; choose one of them, or make the column a category"
        )
    if column.kind == "category" and len(values) > MOST_CATEGORIES:
        raise DataError(
            f"{where}: {len(values):,} categories are more than the "
            f"{MOST_CATEGORIES:,} that are possible; make it a number, ignore it, or merge some of its values"
        )
    if column.kind == "category" and column.encoding == "ordinal" and column.order:
        _check_order(column, values, where)


def _check_fill(column: Column, where: str, parse: Callable[[str], float] | None) -> None:
    if column.missing != "constant":
        return
    try:
        if is_missing(column.fill):
            raise DataError("nothing is said")
        if parse is not None:
            parse(column.fill)
    except DataError as error:
        raise DataError(f"{where}: a constant is to stand for missing values, but {error}") from None


def _check_order(column: Column, values: Sequence[str], where: str) -> None:
    twice = [word for word, times in Counter(column.order).items() if times > 1]
    if twice:
        raise DataError(f"{where}: {quoted(twice[0])} stands twice in its order; take one away")
    if left_out := [word for word in values if word not in column.order]:
        raise DataError(f"{where}: {quoted(left_out[0])} has no place in its order; add it")


@dataclass(frozen=True)
class _Facts:
    """What the cells of a column are like."""

    name: str
    values: tuple[str, ...]
    """Those that differ, missing ones left out."""
    parsed: Sequence[float] | None
    """The values as numbers, if all of them are."""
    dates: bool
    """Whether all values are dates."""
    gaps: float
    """Share of the rows in which it has no value."""
    numeric: bool
    """Whether the column is meant to hold numbers."""
    useless: bool
    """Whether a network cannot learn anything from it."""


def _examine(table: Table, name: str) -> _Facts:
    values = different(table, name)
    parsed = parse_all(values)
    present = present_rows(table, name)
    numeric = parsed is not None or _mostly_numbers(values)
    dates = not numeric and bool(values) and all(map(is_date_like, values))
    if len(values) < 2:
        useless = not values or table.rows > 1
    elif dates:
        useless = False
    elif numeric:
        useless = name.casefold() in _COUNTERS and counts_rows(table, name)
    else:
        names = len(values) == len(present) > 2 and not any(map(is_number_like, values))
        useless = names or len(values) > MOST_CATEGORIES
    return _Facts(name, values, parsed, dates, 1 - len(present) / max(1, table.rows), numeric, useless)


def _suggest(facts: _Facts, is_target: bool) -> Column:
    name, values, parsed = facts.name, facts.values, facts.parsed
    role: Role = "target" if is_target else "ignore" if facts.useless else "input"
    missing: Missing = "drop"
    if role == "input" and facts.gaps:
        missing = "median" if facts.numeric or facts.dates else "most_common"
    indicator = missing != "drop" and facts.gaps >= _TELLING_GAPS
    if facts.dates and not is_target:
        return Column(name, role, "date", "standard", missing, indicator=indicator)
    if not facts.numeric:
        kind: Kind = "yes_no" if len(values) == 2 else "category"
        return Column(name, role, kind, "none", missing, indicator=indicator)
    if is_target and parsed is not None:
        if len(values) == 2:
            return Column(name, role, "yes_no", "none")
        if 2 < len(values) <= _MOST_CLASSES and all(map(float.is_integer, parsed)) and _names_a_label(name):
            return Column(name, role, "category", "none")
    scaled_already = parsed is not None and all(-1 <= value <= 1 for value in parsed)
    scaling: Scaling = "none" if scaled_already else "standard"
    return Column(name, role, "number", scaling, missing, indicator=indicator)


def _mostly_numbers(values: Sequence[str]) -> bool:
    fine = sum(map(is_number_like, values))
    return fine == len(values) or (fine >= 10 and fine > 0.9 * len(values))


def _names_a_label(name: str) -> bool:
    words = re.findall(r"[a-z]+", re.sub(r"([a-z])([A-Z])", r"\1 \2", name).lower())
    return not _LABELS.isdisjoint(words)
