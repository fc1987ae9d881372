"""Dates as people write them: which number is the day is decided over a whole column."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from flux_studio.data.table import quoted
from flux_studio.errors import DataError

DateOrder = Literal["", "year_first", "day_first", "month_first"]
DatePart = Literal["days", "year", "month", "day", "weekday", "hour"]

_NAMES = "january february march april may june july august september october november december"
_MONTHS = {"sept": 9} | {
    word: number for number, name in enumerate(_NAMES.split(), start=1) for word in (name, name[:3])
}
_MONTH = "(?P<word>[a-z]{3,9})\\.?"
_CLOCK = (
    r"(?:(?:t|,? +)(?P<hour>\d{1,2}):(?P<minute>\d\d)(?::(?P<second>\d\d(?:\.\d+)?))?"
    r"(?: ?(?P<half>[ap])\.?m\.?)?(?: ?(?:z|utc|gmt|[+-]\d\d(?::?\d\d)?))?)?"
)
_FORMS = tuple(
    re.compile(form + _CLOCK, re.IGNORECASE | re.ASCII)
    for form in (
        r"(?P<year>\d{4})(?P<mark>[-/.])(?P<b>\d{1,2})(?:(?P=mark)(?P<c>\d{1,2}))?",  # 2021-03-04, 2021-03
        r"(?P<a>\d{1,2})(?P<mark>[-/.])(?P<b>\d{1,2})(?P=mark)(?P<year>\d{4}|\d\d)",  # 4.3.2021, 3/4/21
        rf"(?P<c>\d{{1,2}})(?:st|nd|rd|th)?[- ]?{_MONTH}[-, ] ?(?P<year>\d{{4}}|\d\d)",  # 4 March 2021, 4-Mar-21
        rf"{_MONTH} (?P<c>\d{{1,2}})(?:st|nd|rd|th)?,? (?P<year>\d{{4}})",  # March 4, 2021
    )
)
_TWO_DIGITS_BEFORE = 69
"""Years 00 to 68 are those of 2000, 69 to 99 those of 1900, as POSIX has it."""
_EPOCH = datetime.date(1970, 1, 1).toordinal()


@dataclass(frozen=True)
class Reading:
    """How the dates of a column are read."""

    order: DateOrder
    doubt: str = ""
    """A cell that could mean two days, where nothing in the column decides; else empty."""


def is_date_like(cell: str) -> bool:
    """Whether a cell looks like a date, with or without a time."""
    return _match(cell) is not None


def find_order(cells: Iterable[str]) -> Reading:
    """Which number is the day: decided by all cells together, because 3/4/2021 alone does not tell.

    A number above 12 decides. Where none is, dots mean that the day comes first (as where dates are written so),
    and with strokes it is taken to come first, too, but the doubt is told. Where the year comes first nothing is open.
    """
    first = second = doubtful = ""
    numeric = dots = False
    for cell in cells:
        found = _match(cell)
        if found is None or "a" not in found.groupdict():
            continue
        numeric = True
        a, b = int(found["a"]), int(found["b"])
        dots |= found["mark"] == "."
        if a > 12:
            first = first or cell
        elif b > 12:
            second = second or cell
        elif a != b:
            doubtful = doubtful or cell
    if first and second:
        raise DataError(
            f"{quoted(first)} begins with the day and {quoted(second)} with the month; write all dates alike, "
            "best as 2021-12-31"
        )
    if not numeric:
        return Reading("year_first")
    if second:
        return Reading("month_first")
    return Reading("day_first", "" if first or dots else doubtful)


def parse_days(cell: str, order: DateOrder) -> float:
    """Days since 1970-01-01, with the time as a fraction; :class:`DataError` for what is no date of that order.

    A zone is read over: the clock's own time counts, wherever it hung.
    """
    found = _match(cell)
    if found is None:
        raise DataError(
            f"{quoted(cell)} is not a date; write it as 2021-12-31, or leave it empty if it is missing"
        )
    parts = found.groupdict()
    year, day = int(parts["year"]), int(parts.get("c") or 1)
    if len(parts["year"]) == 2:
        year += 2000 if year < _TWO_DIGITS_BEFORE else 1900
    if parts.get("a"):
        if order == "year_first":
            raise DataError(
                f"{quoted(cell)} does not begin with the year, as the other dates do; write it like them"
            )
        day, month = int(parts["a"]), int(parts["b"])
        if order == "month_first":
            day, month = month, day
    else:
        month = _month(parts["word"]) if parts.get("word") else int(parts["b"])
    hour, minute = int(parts["hour"] or 0), int(parts["minute"] or 0)
    if parts["half"]:
        hour = hour % 12 + (12 if parts["half"].lower() == "p" else 0)
    second = float(parts["second"] or 0)
    try:
        days = datetime.date(year, month, day).toordinal() - _EPOCH
        datetime.time(hour % 24 if hour == 24 and minute == 0 else hour, minute)
    except ValueError:
        advice = {"day_first": ", read as day, month, year", "month_first": ", read as month, day, year"}
        how = advice.get(order, "") if parts.get("a") else ""
        raise DataError(f"{quoted(cell)} is no day that there is{how}; correct it") from None
    return days + (hour * 3600 + minute * 60 + min(second, 60.0)) / 86400


def all_days(cells: Sequence[str], order: DateOrder) -> list[float]:
    """:func:`parse_days` of every cell; each different one is read once."""
    known = {cell: parse_days(cell, order) for cell in dict.fromkeys(cells)}
    return [known[cell] for cell in cells]


def written(days: float) -> str:
    """A number of days since 1970-01-01 as people write it: ``2021-12-31``, or ``2021-12-31 18:30``."""
    minutes = round(days * 1440)
    day, rest = divmod(minutes, 1440)
    ordinal = min(max(1, day + _EPOCH), datetime.date.max.toordinal())
    date = datetime.date.fromordinal(ordinal).isoformat()
    return f"{date} {rest // 60:02}:{rest % 60:02}" if rest else date


def _match(cell: str) -> re.Match[str] | None:
    found = next((found for form in _FORMS if (found := form.fullmatch(cell))), None)
    return None if found is None or not _month(found.groupdict().get("word", "may")) else found


def _month(word: str) -> int:
    """1 to 12 for the name of a month, whole or short, else 0."""
    return _MONTHS.get(word.lower(), 0)
