"""Rows in the order of a column, rows with a text, and tables with a cell changed: small tables and compact ones."""

from __future__ import annotations

import numpy as np
import pytest

from flux_studio.data.cells import numbers
from flux_studio.data.compact import Numbers, Words, end_to_end
from flux_studio.data.rows import in_order, with_cell, with_text
from flux_studio.data.table import Table
from flux_studio.errors import GivenUpError

SINGLE = np.array([3.5, np.nan, 0.1, 20.0, 3.5], np.float32)


def tables() -> dict[str, Table]:
    size = ("3.5", "", "0.1", "20", "3.5")
    word = ("red", "Blue", "green", "red", "blue")
    note = ("a b", "ä", "", "long text", "B")
    small = Table("t.csv", ("size", "word", "note"), (size, word, note), tuple(range(2, 7)))
    words = Words(np.array([0, 1, 2, 0, 3], np.uint16), ("red", "Blue", "green", "blue"))
    columns = (Numbers(SINGLE), words, end_to_end(note))
    return {"small": small, "compact": Table("t.csv", small.names, columns, small.lines)}


@pytest.fixture(params=["small", "compact"])
def table(request: pytest.FixtureRequest) -> Table:
    return tables()[request.param]


def texts(table: Table) -> list[list[str]]:
    return [list(cells) for cells in table.columns]


@pytest.mark.parametrize(
    ("name", "descending", "expected"),
    [
        ("size", False, [2, 0, 4, 3, 1]),
        ("size", True, [3, 0, 4, 2, 1]),
        ("word", False, [1, 4, 2, 0, 3]),
        ("word", True, [0, 3, 2, 4, 1]),
        ("note", False, [0, 4, 3, 1, 2]),
    ],
)
def test_rows_come_in_the_order_of_a_column(
    table: Table, name: str, descending: bool, expected: list[int]
) -> None:
    assert in_order(table, name, descending).tolist() == expected


def test_numbers_come_before_words() -> None:
    mixed = Table("t.csv", ("x",), (("b", "10", "a", "9", "NA"),), tuple(range(5)))
    assert in_order(mixed, "x").tolist() == [3, 1, 2, 0, 4]
    assert in_order(mixed, "x", descending=True).tolist() == [0, 2, 1, 3, 4]


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("", [0, 1, 2, 3, 4]),
        ("blue", [1, 4]),
        (" B ", [0, 1, 4]),
        ("0.1", [2]),
        ("20", [3]),
        ("Ä", [1]),
        ("x", [3]),
    ],
)
def test_rows_with_a_text_are_found(table: Table, text: str, rows: list[int]) -> None:
    assert np.flatnonzero(with_text(table, text)).tolist() == rows


def test_looking_for_a_text_can_be_given_up(table: Table) -> None:
    with pytest.raises(GivenUpError):
        with_text(table, "3", lambda done, of: False)


@pytest.mark.parametrize(
    ("row", "name", "text"),
    [
        (0, "size", "7.25"),
        (1, "size", "0.2"),
        (3, "size", ""),
        (2, "word", "red"),
        (4, "word", "violet"),
        (1, "note", "x"),
        (3, "note", "ö"),
        (4, "note", ""),
    ],
)
def test_one_cell_changes_and_no_other(table: Table, row: int, name: str, text: str) -> None:
    before = texts(table)
    changed = with_cell(table, row, name, text)
    expected = [list(cells) for cells in before]
    expected[table.names.index(name)][row] = text
    assert texts(changed) == expected
    assert texts(table) == before


@pytest.mark.parametrize(
    "cells",
    [
        Numbers(np.array([1, 2, 255], np.uint8)),
        Numbers(np.array([1, 2, 255], np.float32), 2),
        Numbers(np.array([1, 2, 255], np.float64)),
        Numbers(np.array([True, False, True])),
    ],
    ids=["bytes", "decimals", "doubles", "bits"],
)
@pytest.mark.parametrize("text", ["0", "7", "-1", "0.125", "123456789.125", "1e300", ""])
def test_any_number_can_take_the_place_of_any_other(cells: Numbers, text: str) -> None:
    table = Table("t.csv", ("x",), (cells,), (2, 3, 4))
    changed = numbers(with_cell(table, 1, "x", text), "x")
    expected = cells.values.astype(np.float64)
    expected[1] = float(text) if text else np.nan
    np.testing.assert_array_equal(changed, expected)


def test_a_word_among_numbers_keeps_its_text_and_goes_again() -> None:
    table = Table("t.csv", ("x",), (Numbers(np.array([1, 2, 3], np.uint8)),), (2, 3, 4))
    odd = with_cell(table, 1, "x", "two")
    assert list(odd.columns[0]) == ["1", "two", "3"]
    assert in_order(odd, "x").tolist() == [0, 2, 1]
    assert list(with_cell(odd, 1, "x", "2").columns[0]) == ["1", "2", "3"]
