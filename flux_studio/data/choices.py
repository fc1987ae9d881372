"""Choices for a column: which there are for it, what each means, and what has to follow one that is made."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from flux_studio.data.cells import different, in_order
from flux_studio.data.columns import Column
from flux_studio.data.dates import DatePart
from flux_studio.data.table import Table
from flux_studio.data.times import days_of, order_of, usual_parts
from flux_studio.errors import DataError

Choice = tuple[str, str, str]
"""A value, its word, and what it means, as a sentence without its full stop."""

CHOICES: Final[dict[str, tuple[Choice, ...]]] = {
    "role": (
        ("input", "Input", "goes into the network"),
        ("target", "Target", "what the network learns to predict"),
        ("both", "Both", "input and target: the past goes in, and what comes next is predicted"),
        ("ignore", "Ignore", "left out"),
    ),
    "kind": (
        ("number", "Number", "an amount, where twice the number is twice as much"),
        ("category", "Category", "words or names of kinds, none of which is more than another"),
        ("yes_no", "Yes/no", "exactly two different values, which become 0 and 1"),
        ("date", "Date", "a day, perhaps with a time, which becomes a few numbers"),
    ),
    "missing": (
        ("drop", "Drop row", "rows without a value here are not used at all"),
        ("mean", "Mean", "the average of the training rows stands there; extreme values pull it"),
        ("median", "Median", "the middle value of the training rows stands there; extreme values leave it alone"),
        ("most_common", "Most common", "the value that most training rows have stands there"),
        ("constant", "Constant", "always the same value stands there, which you choose"),
    ),
    "scaling": (
        ("standard", "Standard", "mean 0 and standard deviation 1 over the training rows; the usual choice"),
        ("min_max", "Min–max", "from 0 to 1 over the training rows; one extreme value presses all others together"),
        ("robust", "Robust", "median 0, and half of the training rows 1 apart; extreme values do no harm"),
        ("none", "None", "the numbers as they stand in the table; fine where they already lie around 0 and 1"),
    ),
    "encoding": (
        ("one_hot", "One-hot", "each category becomes an input of zeros and ones; none is nearer to another"),
        ("ordinal", "Ordinal", "one input: the place in an order, such as small, medium, large"),
    ),
    "date_order": (
        ("", "Found", "what the dates themselves tell; the day comes first where they leave it open"),
        ("day_first", "Day first", "3/4/2021 is the 3rd of April"),
        ("month_first", "Month first", "3/4/2021 is the 4th of March"),
        ("year_first", "Year first", "2021-04-03 is the 3rd of April"),
    ),
    "parts": (
        ("days", "Days", "days since 1970: for what grows or falls over the years"),
        ("year", "Year", "the year alone"),
        ("month", "Month", "place in the year, as a point on a circle, so that December is beside January"),
        ("day", "Day", "day of the month, from 1 to 31"),
        ("weekday", "Weekday", "place in the week, as a point on a circle"),
        ("hour", "Hour", "place in the day, as a point on a circle"),
    ),
}  # fmt: skip
"""Each field of a column: its values, their words, and what they mean."""


def choices(field: str, column: Column) -> tuple[str, ...]:
    """The values of a field that have a meaning for this column; none where the whole field has not."""
    values = tuple(value for value, _, _ in CHOICES[field])
    match field:
        case "role":
            return values
        case _ if column.role == "ignore":
            return ()
        case "kind":
            return values[:-1] if column.is_target else values
        case "missing" if column.is_input:
            numeric = column.kind in ("number", "date")
            return values if numeric else tuple(each for each in values if each not in ("mean", "median"))
        case "encoding" if column.kind == "category" and not column.is_target:
            return values
        case "scaling" if column.kind in ("number", "date") or is_ordered(column):
            return values
        case "date_order" | "parts" if column.kind == "date":
            return values
    return ()


def is_ordered(column: Column) -> bool:
    """Whether its categories are encoded by their place in an order."""
    return column.kind == "category" and column.encoding == "ordinal" and column.role == "input"


def changed(column: Column, table: Table, **said: Any) -> Column:
    """The column as it was told, with what else must change so that it can be used.

    Words have no mean, numbers that were words want to be scaled, and a constant needs a value to begin with.
    """
    made: Column = msgspec.structs.replace(column, **said)
    if made.is_target and made.kind == "date":
        made = msgspec.structs.replace(made, kind="number")
    if made.role != "ignore" and made.kind != column.kind and made.missing != "drop":
        fits = made.missing in choices("missing", made) and made.missing != "constant"
        usual = "median" if made.kind in ("number", "date") else "most_common"
        made = msgspec.structs.replace(made, missing=made.missing if fits else usual)
    scaled_before, scaled = (bool(choices("scaling", each)) for each in (column, made))
    if "scaling" not in said and scaled and not scaled_before and column.role != "ignore":
        made = msgspec.structs.replace(made, scaling="standard")
    if made.missing == "constant" and column.missing != "constant" and not said.get("fill"):
        made = msgspec.structs.replace(made, fill=_first_fill(made, table))
    if made.missing == "drop" and made.indicator:
        made = msgspec.structs.replace(made, indicator=False)
    return made


def order_shown(column: Column, table: Table) -> tuple[str, ...]:
    """The categories in the order that counts, whether somebody said it or not; all that the table has."""
    known = in_order(different(table, column.name))
    return (*column.order, *(word for word in known if column.order and word not in column.order)) or known


def parts_shown(column: Column, table: Table) -> tuple[DatePart, ...]:
    """What a date becomes, whether somebody said it or not; nothing where the cells are no dates."""
    if column.parts:
        return column.parts
    try:
        days = days_of(table, column.name, column.date_order or order_of(table, column.name).order)
    except DataError:
        return ()
    return usual_parts(days[days == days])


def _first_fill(column: Column, table: Table) -> str:
    if column.kind == "number":
        return "0"
    if column.kind == "category":
        return "missing"
    return next(iter(different(table, column.name)), "")
