"""What a cell says."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flux_studio.data.cells import different, in_order, numbers, parse_all
from flux_studio.data.columns import is_missing, parse_number
from flux_studio.errors import DataError

from .strategies import table_of


@pytest.mark.parametrize("cell", ["", "NA", "na", "NaN", "nan", "NAN", "null", "NULL", "Null"])
def test_missing(cell):
    assert is_missing(cell)


@pytest.mark.parametrize("cell", ["0", "n/a", "none", "-", "?", "n", "nano"])
def test_not_missing(cell):
    assert not is_missing(cell)


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ("0", 0.0),
        ("-1.5", -1.5),
        ("+2.", 2.0),
        (".5", 0.5),
        ("1e3", 1000.0),
        ("2.5E-3", 0.0025),
        ("007", 7.0),
    ],
)
def test_numbers_are_read(cell, value):
    assert parse_number(cell) == value
    assert parse_all([cell]) == [value]


NO_NUMBERS = {
    "abc": "'abc' is not a number; correct it, leave it empty if it is missing, or make the column a category",
    "": "'' is not a number",
    "1_000": "'1_000' is not a number",
    "0x10": "is not a number",
    "1 000": "is not a number",
    "1e": "is not a number",
    ".": "is not a number",
    "--1": "is not a number",
    "1.2.3": "is not a number",
    "١٢": "is not a number",
    "1,5": "'1,5' is not a number; write it with a decimal point",
    "1e999": "'1e999' is too large for a number",
    "-1e999": "is too large for a number",
    "inf": "'inf' is infinite, and a number must not be",
    "-Infinity": "is infinite",
}


@pytest.mark.parametrize(("cell", "fragment"), NO_NUMBERS.items())
def test_other_cells_are_refused(cell, fragment):
    with pytest.raises(DataError) as caught:
        parse_number(cell)
    assert fragment in str(caught.value)
    assert parse_all(["1", cell]) is None


@settings(deadline=None)
@given(st.text("0123456789+-.eE_ infatyx,", max_size=6))
def test_the_quick_way_and_the_careful_way_agree(cell):
    try:
        careful = [parse_number(cell)]
    except DataError:
        careful = None
    assert parse_all([cell]) == careful


@settings(deadline=None)
@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1))
def test_every_double_is_read_back_exactly(values):
    table = table_of(["x"], [(repr(value),) for value in values])
    np.testing.assert_array_equal(numbers(table, "x"), values)


def test_missing_numbers_are_nan():
    values = numbers(table_of(["x"], [("1",), ("NA",), ("",), ("-2",)]), "x")
    assert values[[0, 3]].tolist() == [1.0, -2.0]
    assert all(math.isnan(value) for value in values[1:3])


def test_a_word_among_numbers_is_named_by_line_and_column():
    table = table_of(["age", "x"], [("1", "a"), ("", "b"), ("forty", "c")])
    with pytest.raises(
        DataError, match=r"^made\.csv, line 4, column 'age': 'forty' is not a number; correct it"
    ):
        numbers(table, "age")


def test_different_values_and_their_order():
    table = table_of(["x"], [("b",), ("NA",), ("a",), ("b",), ("",)])
    assert different(table, "x") == ("b", "a")
    assert in_order(["10", "9", "-1", "1e1"]) == ("-1", "9", "10", "1e1")
    assert in_order(["b", "C", "a", "B"]) == ("a", "B", "b", "C")
    assert in_order(["10", "9", "x"]) == ("10", "9", "x")
