"""Columns of large tables answer as the texts would that they were made from."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from flux_studio.data.building import TableBuilder
from flux_studio.data.cells import counts_rows, different, numbers, places, present_rows
from flux_studio.data.compact import Numbers, Texts, Words, as_doubles, end_to_end
from flux_studio.data.table import CompactCells, Lines, Table
from flux_studio.errors import DataError

ROWS = ["1.5", "", "-2.25", "NA", "1.5", "7"]

KEPT = {
    "numbers": Numbers(np.array([1.5, np.nan, -2.25, np.nan, 1.5, 7], np.float32)),
    "words": Words(np.array([0, 1, 2, 3, 0, 4], np.uint16), ("1.5", "", "-2.25", "NA", "7")),
    "texts": end_to_end(ROWS),
}


def tables(cells: CompactCells) -> tuple[Table, Table]:
    """A table of these cells, and a small one of their texts."""
    lines = Lines(len(cells), np.array([0, 2]), np.array([2, 9]))
    return Table("t.csv", ("x",), (cells,), lines), Table("t.csv", ("x",), (tuple(cells),), tuple(lines))


@pytest.mark.parametrize("cells", KEPT.values(), ids=KEPT)
def test_every_question_has_the_same_answer(cells: CompactCells) -> None:
    large, small = tables(cells)
    np.testing.assert_array_equal(numbers(large, "x"), numbers(small, "x"))
    np.testing.assert_array_equal(present_rows(large, "x"), present_rows(small, "x"))
    assert different(large, "x") == different(small, "x") == ("1.5", "-2.25", "7")
    known = ("7", "1.5", "8")
    np.testing.assert_array_equal(places(large, "x", known), places(small, "x", known))
    assert large.where(3, "x") == small.where(3, "x") == "t.csv, line 10, column 'x'"
    assert (large.to_csv(), large.fingerprint()) == (small.to_csv(), small.fingerprint())
    assert (cells[-1], cells[1:4], cells[::2]) == ("7", tuple(cells)[1:4], tuple(cells)[::2])
    assert cells == tuple(cells)


def test_an_odd_cell_is_named_by_all_of_them() -> None:
    odd = Numbers(np.array([1.0, np.nan, 3.0]), None, {1: "abc"})
    for cells in (
        odd,
        Words(np.array([0, 1, 2], np.uint16), ("1", "abc", "3")),
        end_to_end(["1", "abc", "3"]),
    ):
        for table in tables(cells):
            with pytest.raises(DataError, match=r"line 3, column 'x': 'abc' is not a number"):
                numbers(table, "x")
            assert present_rows(table, "x").tolist() == [0, 1, 2]
            assert different(table, "x") == ("1", "abc", "3")
            assert places(table, "x", ("abc",)).tolist() == [-1, 0, -1]


def test_numbers_are_written_as_in_their_file() -> None:
    values = np.array([0.1, -3.0, 1e-7, 123456.0], np.float32)
    assert list(Numbers(values)) == ["0.1", "-3", "1e-07", "123456"]
    assert list(Numbers(values[:2], 2)) == ["0.10", "-3.00"]
    assert list(Numbers(np.array([3, 255], np.uint8))) == ["3", "255"]
    assert list(Numbers(np.array([0.1, 1e300]))) == ["0.1", "1e+300"]


@settings(deadline=None)
@example([(9, 9)])
@given(st.lists(st.tuples(st.integers(-(10**6), 10**6), st.integers(-9, 9)), min_size=1, max_size=50))
def test_six_digits_in_single_precision_come_back_as_doubles(parts: list[tuple[int, int]]) -> None:
    values = [float(f"{mantissa}e{exponent}") for mantissa, exponent in parts]
    assert as_doubles(np.array(values, np.float32)).tolist() == values


@settings(deadline=None)
@given(st.lists(st.text(st.characters(codec="utf-8"), max_size=5), max_size=20))
def test_texts_end_to_end_are_the_same_texts(texts: list[str]) -> None:
    kept = end_to_end(texts)
    assert isinstance(kept, Texts)
    assert tuple(kept) == tuple(texts)
    assert kept.present().tolist() == [text.casefold() not in ("", "na", "nan", "null") for text in texts]


def test_the_number_of_each_row_is_told_apart() -> None:
    for start, yes in ((0, True), (1, True), (2, False)):
        for table in tables(Numbers(np.arange(start, start + 40_000, dtype=np.float32), 0)):
            assert counts_rows(table, "x") == yes


@settings(deadline=None)
@given(st.lists(st.integers(1, 4), min_size=1, max_size=30))
def test_lines_are_kept_by_their_jumps(steps: list[int]) -> None:
    lines = np.cumsum(steps)
    builder = TableBuilder("t.csv", ("x",))
    builder.add_lines(lines[: len(lines) // 2])
    builder.add_lines(lines[len(lines) // 2 :])
    kept = Lines(len(lines), np.concatenate(builder._places), np.concatenate(builder._begins))
    assert tuple(kept) == tuple(lines.tolist())
    assert (kept[-1], kept[1:3]) == (lines[-1], tuple(lines[1:3]))
