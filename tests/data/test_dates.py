"""Dates as people write them, against the standard library's calendar."""

from __future__ import annotations

import datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flux_studio.data.dates import Reading, find_order, is_date_like, parse_days, written
from flux_studio.data.times import part_numbers, usual_parts
from flux_studio.errors import DataError

FORMS = {
    "%Y-%m-%d": "year_first",
    "%Y/%m/%d": "year_first",
    "%d.%m.%Y": "day_first",
    "%d/%m/%Y": "day_first",
    "%m/%d/%Y": "month_first",
    "%m-%d-%Y": "month_first",
    "%d %B %Y": "year_first",
    "%d-%b-%Y": "year_first",
    "%B %d, %Y": "year_first",
    "%Y-%m-%dT%H:%M:%S": "year_first",
    "%Y-%m-%d %H:%M:%SZ": "year_first",
    "%d/%m/%Y %I:%M:%S %p": "day_first",
}


@pytest.mark.parametrize("form", FORMS)
@given(
    moment=st.datetimes(datetime.datetime(1000, 1, 1), datetime.datetime(9998, 1, 1)).map(
        lambda moment: moment.replace(microsecond=0)
    )
)
def test_the_calendar_agrees(form, moment):
    cell = moment.strftime(form)
    if "%Y" in form:
        cell = cell.replace(moment.strftime("%Y"), f"{moment.year:04}")
    if "H" not in form and "I" not in form:
        moment = moment.replace(hour=0, minute=0, second=0)
    expected = (moment - datetime.datetime(1970, 1, 1)).total_seconds() / 86400
    assert is_date_like(cell)
    assert parse_days(cell, FORMS[form]) == pytest.approx(expected, abs=1e-9 * max(1, abs(expected)))


@pytest.mark.parametrize(
    ("cells", "reading"),
    [
        (["2021-03-04", "2021-12-31 10:00"], Reading("year_first")),
        (["4 March 2021", "Mar 5, 2021", "6-Sept-21"], Reading("year_first")),
        (["3/4/2021", "13/4/2021"], Reading("day_first")),
        (["3/4/2021", "4/13/2021"], Reading("month_first")),
        (["3.4.2021", "5.6.2021"], Reading("day_first")),
        (["3/3/2021", "3/4/2021"], Reading("day_first", "3/4/2021")),
        (["3/3/2021", "4/4/2021"], Reading("day_first")),
    ],
)
def test_the_whole_column_decides_which_number_is_the_day(cells, reading):
    assert find_order(cells) == reading


def test_a_column_that_says_both_is_refused():
    with pytest.raises(DataError, match="'13/4/2021' begins with the day and '4/13/2021' with the month"):
        find_order(["13/4/2021", "4/13/2021"])


@pytest.mark.parametrize(
    "cell", ["", "word", "3.5", "12", "2021", "1-2-3-4", "2021-03-04 junk", "12:30", "3 cars 2021", "10/2021"]
)
def test_what_is_no_date(cell):
    assert not is_date_like(cell)


@pytest.mark.parametrize(
    ("cell", "order", "fragment"),
    [
        ("31/02/2021", "day_first", "'31/02/2021' is no day that there is, read as day, month, year"),
        ("13/13/2021", "month_first", "read as month, day, year"),
        ("2021-02-30", "year_first", "is no day that there is; correct it"),
        ("2021-02-03 25:00", "year_first", "is no day that there is"),
        ("yesterday", "year_first", "'yesterday' is not a date; write it as 2021-12-31"),
        ("3/4/2021", "year_first", "does not begin with the year"),
    ],
)
def test_dates_that_cannot_be_read(cell, order, fragment):
    with pytest.raises(DataError) as caught:
        parse_days(cell, order)
    assert fragment in str(caught.value)


def test_short_years_and_months_alone():
    assert written(parse_days("4.3.21", "day_first")) == "2021-03-04"
    assert written(parse_days("4.3.69", "day_first")) == "1969-03-04"
    assert written(parse_days("2021-03", "year_first")) == "2021-03-01"
    assert written(parse_days("2021-03-04 18:30", "year_first")) == "2021-03-04 18:30"


@given(st.dates())
def test_parts_are_the_calendars(date):
    days = np.array([float(date.toordinal() - datetime.date(1970, 1, 1).toordinal())]) + 0.75
    parts = part_numbers(days, ("days", "year", "month", "day", "weekday", "hour"))[0]
    angles = [2 * np.pi * turn for turn in ((date.month - 1) / 12, date.weekday() / 7, 18 / 24)]
    month, weekday, hour = ([np.sin(angle), np.cos(angle)] for angle in angles)
    np.testing.assert_allclose(parts, [days[0], date.year, *month, date.day, *weekday, *hour], atol=1e-9)


def test_few_parts_are_usual():
    assert usual_parts(np.arange(3.0)) == ("days",)
    assert usual_parts(np.arange(30.0)) == ("days", "weekday")
    assert usual_parts(np.arange(0, 400, 7.0)) == ("days", "month")
    assert usual_parts(np.arange(3.0) / 4) == ("days", "hour")
