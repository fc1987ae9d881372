"""A column of dates as numbers: days since 1970, and what they say of the year, the week and the day."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from flux_studio.data.cells import Floats, present_rows
from flux_studio.data.dates import DateOrder, DatePart, Reading, all_days, find_order, parse_days
from flux_studio.data.table import Table, quoted
from flux_studio.errors import DataError

PART_NAMES: dict[DatePart, tuple[str, ...]] = {
    "days": ("days",),
    "year": ("year",),
    "month": ("month (sin)", "month (cos)"),
    "day": ("day of month",),
    "weekday": ("weekday (sin)", "weekday (cos)"),
    "hour": ("hour (sin)", "hour (cos)"),
}
"""What the numbers of each part are called. Sine and cosine together make December the neighbour of January."""

_THURSDAY = 3
"""The weekday, from Monday as 0, of 1970-01-01."""


def days_of(table: Table, name: str, order: DateOrder) -> Floats:
    """A column of dates as days since 1970-01-01, NaN where none is; :class:`DataError` names what is no date."""
    cells, present = table.column(name), present_rows(table, name)
    some = [cells[row] for row in present.tolist()]
    try:
        values = all_days(some, order)
    except DataError:
        values = [_days_at(table, name, row, order) for row in present.tolist()]
    days = np.full(len(cells), np.nan)
    days[present] = values
    return days


def order_of(table: Table, name: str) -> Reading:
    """Which number is the day in a column's dates; all of them are asked."""
    try:
        return find_order(dict.fromkeys(table.column(name)))
    except DataError as error:
        raise DataError(f"{table.source}, column {quoted(name)}: {error}") from None


def part_numbers(days: Floats, parts: Sequence[DatePart]) -> Floats:
    """What the parts say of N days, N×F."""
    whole = np.floor(days)
    dates = whole.astype("timedelta64[D]") + np.datetime64("1970-01-01", "D")
    months, years = dates.astype("datetime64[M]"), dates.astype("datetime64[Y]")
    found: list[Floats] = []
    for part in parts:
        if part == "days":
            found.append(days)
        elif part == "year":
            found.append(years.astype(np.float64) + 1970)
        elif part == "day":
            found.append((dates - months).astype(np.float64) + 1)
        elif part == "month":
            found += _round((months - years.astype("datetime64[M]")).astype(np.float64), 12)
        elif part == "weekday":
            found += _round((whole + _THURSDAY) % 7, 7)
        else:
            found += _round((days - whole) * 24, 24)
    return np.stack(found, axis=1)


def usual_parts(days: Floats) -> tuple[DatePart, ...]:
    """Few parts that suit the dates: the days, and each wheel that the dates turn at least once, or a good part of."""
    days = days[~np.isnan(days)]
    span = float(np.ptp(days)) if len(days) else 0.0
    parts: list[DatePart] = ["days"]
    if span >= 90:
        parts.append("month")
    if span >= 14 and len(np.unique(np.floor(days) % 7)) > 1:
        parts.append("weekday")
    if np.any(days != np.floor(days)):
        parts.append("hour")
    return tuple(parts)


def _round(values: Floats, period: float) -> list[Floats]:
    angle = values * (2 * np.pi / period)
    return [np.sin(angle), np.cos(angle)]


def _days_at(table: Table, name: str, row: int, order: DateOrder) -> float:
    try:
        return parse_days(table.column(name)[row], order)
    except DataError as error:
        raise DataError(f"{table.where(row, name)}: {error}") from None
