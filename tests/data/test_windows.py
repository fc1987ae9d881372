"""Windows over time-ordered rows, against windows that are cut one by one."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flux_studio.data.columns import Column
from flux_studio.data.dataset import Dataset, prepare
from flux_studio.data.table import Table
from flux_studio.data.windows import Windowing
from flux_studio.errors import DataError

from .strategies import table_of

X, Y = Column("x", scaling="none"), Column("y", "target", scaling="none")
BOTH = Column("x", "both", scaling="none")


def series(rows: int, gaps: dict[str, set[int]] | None = None) -> Table:
    """x counts from 0, y from 100; with empty cells where there are gaps."""
    gaps = gaps or {}
    cells = [
        tuple("" if row in gaps.get(name, ()) else str(start + row) for name, start in (("x", 0), ("y", 100)))
        for row in range(rows)
    ]
    return table_of(["x", "y"], cells, "series.csv")


def windowed(
    table: Table,
    *columns: Column,
    window: int = 1,
    ahead: int = 0,
    validation: float = 0.0,
    test: float = 0.0,
) -> Dataset:
    generator = np.random.default_rng(0)
    windowing = Windowing(window, ahead)
    return prepare(table, columns, validation, generator, test_fraction=test, windowing=windowing)


def complaint(table: Table, *columns: Column, **settings: float) -> str:
    with pytest.raises(DataError) as caught:
        windowed(table, *columns, **settings)  # type: ignore[arg-type]
    return str(caught.value)


def test_rows_stand_side_by_side_oldest_first() -> None:
    found = windowed(series(5), Column("x", "both", scaling="none"), Y, window=3, ahead=1)
    assert found.inputs.tolist() == [[0, 1, 2], [1, 2, 3]]
    assert found.targets.tolist() == [[3, 103], [4, 104]]
    assert found.table_rows.tolist() == [2, 3]
    assert found.preprocessor.input_names == ("x (t−2)", "x (t−1)", "x (t)")
    assert found.preprocessor.target_names == ("x (t+1)", "y (t+1)")


def test_all_columns_of_a_step_come_before_the_next_step() -> None:
    table = table_of(["a", "c", "y"], [(str(row), "uv"[row % 2], str(row)) for row in range(4)])
    columns = (Column("a", scaling="none"), Column("c", kind="category"), Y)
    found = windowed(table, *columns, window=2)
    assert found.inputs.tolist() == [[0, 1, 0, 1, 0, 1], [1, 0, 1, 2, 1, 0], [2, 1, 0, 3, 0, 1]]
    names = ("a (t−1)", "c=u (t−1)", "c=v (t−1)", "a (t)", "c=u (t)", "c=v (t)")
    assert found.preprocessor.input_names == names
    assert found.preprocessor.target_names == ("y",)
    assert found.targets[:, 0].tolist() == [1, 2, 3]


def test_one_row_ahead_without_a_longer_window() -> None:
    found = windowed(series(3), BOTH, ahead=1)
    assert (found.inputs.tolist(), found.targets.tolist()) == ([[0], [1]], [[1], [2]])
    assert found.preprocessor.input_names == ("x (t)",)


@settings(deadline=None, max_examples=60)
@given(
    st.integers(1, 30),
    st.integers(1, 6),
    st.integers(0, 3),
    st.sets(st.integers(0, 29), max_size=4),
    st.sets(st.integers(0, 29), max_size=4),
)
def test_gaps_break_just_the_windows_that_hold_them(
    rows: int, window: int, ahead: int, no_x: set[int], no_y: set[int]
) -> None:
    table = series(rows, {"x": no_x, "y": no_y})
    expected = [
        last
        for last in range(window - 1, rows - ahead)
        if not no_x & set(range(last - window + 1, last + 1)) and last + ahead not in no_y
    ]
    if not expected:
        with pytest.raises(DataError):
            windowed(table, X, Y, window=window, ahead=ahead)
        return
    found = windowed(table, X, Y, window=window, ahead=ahead)
    assert found.table_rows.tolist() == expected
    assert found.inputs.tolist() == [list(range(last - window + 1, last + 1)) for last in expected]
    assert found.targets[:, 0].tolist() == [100 + last + ahead for last in expected]
    assert [row.row for row in found.dropped] == sorted(row for row in no_x | no_y if row < rows)


def test_a_row_with_a_gap_says_what_it_cannot_be_used_for() -> None:
    found = windowed(series(9, {"x": {2}, "y": {5}}), X, Y, window=2, ahead=1)
    assert [row.reason for row in found.dropped] == [
        "series.csv, line 4: no value in 'x', so no window holds this row",
        "series.csv, line 7: no value in 'y', so no window has its target here",
    ]


@settings(deadline=None, max_examples=60)
@given(st.integers(2, 60), st.integers(1, 6), st.integers(0, 3), st.floats(0, 0.6), st.floats(0, 0.39))
def test_parts_follow_each_other_in_time_and_share_no_row(
    rows: int, window: int, ahead: int, validation: float, test: float
) -> None:
    if window == 1 and ahead == 0:
        return
    try:
        found = windowed(series(rows), X, Y, window=window, ahead=ahead, validation=validation, test=test)
    except DataError:
        return
    samples = len(found.inputs)
    assert len(found.test) == (max(1, round(test * samples)) if test else 0)
    assert len(found.validation) == (max(1, round(validation * samples)) if validation else 0)
    used: list[set[int]] = []
    for part in (found.training, found.validation, found.test):
        last = found.table_rows[part]
        used.append({row for end in last for row in (*range(end - window + 1, end + 1), end + ahead)})
    assert not used[0] & used[1]
    assert not used[1] & used[2]
    assert not used[0] & used[2]
    together = [*found.training, *found.validation, *found.test]
    assert together == sorted(together)
    assert found.across == samples - len(together)
    # Nothing more than needed is given up: the next window of training would reach into the next part.
    later = used[1] or used[2]
    if later:
        end = found.table_rows[found.training[-1] + 1]
        assert later & {*range(end - window + 1, end + 1), end + ahead}


def test_scaling_looks_at_the_rows_of_training_windows_only() -> None:
    found = windowed(series(20), Column("x", "both"), window=3, ahead=2, validation=0.25)
    last = found.table_rows[found.training][-1] + 2
    values = np.arange(last + 1)
    encoder = found.preprocessor.input_encoders[0]
    assert encoder == found.preprocessor.target_encoders[0]
    assert (encoder.offset, encoder.scale) == pytest.approx((values.mean(), values.std()))  # type: ignore[union-attr]
    assert last < found.table_rows[found.validation][0] - 2


def test_what_can_be_predicted_needs_no_target() -> None:
    fitted = windowed(series(9), X, Y, window=3, ahead=1).preprocessor
    assert fitted.predictable(series(6, {"x": {1}, "y": {0, 4}})).tolist() == [4, 5]
    assert fitted.inputs(series(6, {"x": {1}})).tolist() == [[2, 3, 4], [3, 4, 5]]
    with pytest.raises(
        DataError, match=r"series.csv: 2 rows are too few for a window of 3 rows, which takes 3"
    ):
        fitted.predictable(series(2))


def test_each_row_by_itself_is_split_at_random_still() -> None:
    found = windowed(series(40), X, Y, validation=0.25)
    assert found.validation.tolist() != list(range(30, 40))
    assert (found.across, found.windowing.is_series) == (0, False)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"window": 0}, "a window must hold at least 1 row, not 0"),
        ({"window": -3}, "a window must hold at least 1 row, not -3"),
        ({"ahead": -1}, "the target cannot stand 1 row before the end of the window"),
        ({"window": 6}, "series.csv: 5 rows are too few for a window of 6 rows, which takes 6"),
        (
            {"window": 4, "ahead": 2},
            "series.csv: 5 rows are too few for a window of 4 rows with its target 2 rows ahead, which takes 6",
        ),
        ({"window": 10**15}, "series.csv: 5 rows are too few for a window of 1,000,000,000,000,000 rows"),
        ({"window": 3, "validation": 0.6}, "series.csv: no window is left to train on"),
        ({"ahead": 3, "test": 0.4}, "series.csv: no window is left to train on"),
    ],
)
def test_windows_that_cannot_be(settings: dict[str, float], words: str) -> None:
    assert complaint(series(5), X, Y, **settings).startswith(words)


def test_a_column_that_is_both_needs_a_target_ahead() -> None:
    words = "series.csv: column 'x' is input and target at once, so the network would read the very answer"
    assert complaint(series(5), BOTH).startswith(words)
    assert complaint(series(5), BOTH, window=3).startswith(words)


def test_gaps_everywhere() -> None:
    found = complaint(series(8, {"x": {1, 3, 5, 7}}), X, Y, window=2)
    assert found == (
        "series.csv: no window of 2 rows has a value in every used column; column 'x' lacks 4 of 8: "
        "fill it in or ignore it, or shorten the window"
    )


def test_more_than_memory_holds_is_refused_before_it_is_asked_for() -> None:
    found = complaint(series(40_000), X, Y, window=20_000)
    assert found.startswith("windows of 20,000 rows make 3.0 GB of inputs, more than the 1 GB allowed")


@pytest.mark.parametrize(
    ("windowing", "words"),
    [
        (Windowing(), "each row by itself"),
        (Windowing(10), "windows of 10 rows"),
        (Windowing(10, 1), "windows of 10 rows, target 1 row ahead"),
        (Windowing(1, 3), "each row by itself, target 3 rows ahead"),
    ],
)
def test_windows_in_words(windowing: Windowing, words: str) -> None:
    assert windowing.text == words
