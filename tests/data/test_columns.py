"""The first guess at the columns, and the check of what a person chose."""

from __future__ import annotations

import pytest

from flux_studio import locations
from flux_studio.data.columns import Column, check_columns, suggest_columns
from flux_studio.data.readers import parse_table, read_table
from flux_studio.errors import DataError

from .strategies import table_of


def column_of(cells, name="x"):
    """A table of one column to look at and an ordinary target behind it."""
    return table_of([name, "y"], [(cell, f"{index}.5") for index, cell in enumerate(cells)])


def suggested(cells, name="x"):
    column = suggest_columns(column_of(cells, name))[0]
    return column.role, column.kind, column.scaling


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        (["1.5", "2", "3e2"], ("input", "number", "standard")),
        (["1.5", "NA", "3e2"], ("input", "number", "standard")),
        (["0", "1", "1"], ("input", "number", "none")),
        (["-1", "1", "0.5"], ("input", "number", "none")),
        (["0", "1.5", "1"], ("input", "number", "standard")),
        (["1", "2", "1"], ("input", "number", "standard")),
        (["no", "yes", "no"], ("input", "yes_no", "none")),
        (["no", "yes", "NA"], ("input", "yes_no", "none")),
        (["red", "blue", "green", "red"], ("input", "category", "none")),
        (["1", "2", "many", "1"], ("input", "category", "none")),
        # Of no use.
        (["7", "7", "7"], ("ignore", "number", "standard")),
        (["red", "red", ""], ("ignore", "category", "none")),
        (["", "NA", "null"], ("ignore", "number", "none")),
        (["Ann", "Bob", "Cid"], ("ignore", "category", "none")),
        (["Ann", "Bob", "", "Cid"], ("ignore", "category", "none")),
        # Numbers that must be reported, not taken for categories.
        (["1", "2", "1e999"], ("input", "number", "standard")),
        (["1,5", "2,5", "3"], ("input", "number", "standard")),
        (["3.5", "?", "9"], ("input", "category", "none")),
        ([*map(str, range(40)), "forty"], ("input", "number", "standard")),
        ([*map(str, range(5)), "?", "?"], ("input", "category", "none")),
    ],
)
def test_inputs(cells, expected):
    assert suggested(cells) == expected


def test_too_many_words_are_ignored():
    cells = [f"w{index}" for index in range(1_001)]
    assert suggested([*cells, "w0"])[0] == "ignore"
    assert suggested([*cells[:1_000], "w0"])[0] == "input"


@pytest.mark.parametrize("name", ["id", "Index", "column 1", "Nr"])
def test_a_row_counter_is_ignored(name):
    assert suggested(["1", "2", "3"], name)[0] == "ignore"
    assert suggested(["0", "1", "2"], name)[0] == "ignore"
    assert suggested(["1", "3", "2"], name)[0] == "input"
    assert suggested(["1", "2", "3"], "time")[0] == "input"


@pytest.mark.parametrize(
    ("name", "cells", "kind", "scaling"),
    [
        ("y", ["0", "1", "1"], "yes_no", "none"),
        ("y", ["-1", "1", "1"], "yes_no", "none"),
        ("y", ["3", "7", "3"], "yes_no", "none"),
        ("y", ["good", "bad", "bad"], "yes_no", "none"),
        ("y", ["a", "b", "c", "c"], "category", "none"),
        ("y", ["1.5", "2.5", "9"], "number", "standard"),
        ("y", ["0.1", "0.2", "0.9"], "number", "none"),
        ("rooms", ["1", "2", "3", "2"], "number", "standard"),
        ("class", ["1", "2", "3", "2"], "category", "none"),
        ("wineClass", ["1", "2", "3", "2"], "category", "none"),
        ("Digit label", ["0", "1", "2", "2"], "category", "none"),
        ("classification_time", ["1", "2", "3", "2"], "number", "standard"),
        ("class", ["1.5", "2", "3", "2"], "number", "standard"),
        ("class", [str(index) for index in range(11)], "number", "standard"),
    ],
)
def test_targets(name, cells, kind, scaling):
    table = table_of(["x", name], [(str(index), cell) for index, cell in enumerate(cells)])
    assert suggest_columns(table)[1] == Column(name, "target", kind, scaling)


def test_the_last_useful_column_is_the_target():
    table = table_of(["x", "y", "remark"], [("1", "0", "a"), ("2", "1", "a"), ("3", "0", "a")])
    assert [column.role for column in suggest_columns(table)] == ["input", "target", "ignore"]
    assert [column.role for column in suggest_columns(table, ["remark"])] == ["input", "input", "target"]
    assert [column.role for column in suggest_columns(table, ["x", "y"])] == ["target", "target", "ignore"]


def test_one_row_and_one_column():
    one_row = table_of(["x", "y"], [("1", "a")])
    assert [column.role for column in suggest_columns(one_row)] == ["input", "target"]
    check_columns(suggest_columns(one_row), one_row)
    constant = table_of(["x"], [("1",), ("1",)])
    assert suggest_columns(constant) == (Column("x", "target", "number", "none"),)


def test_an_unknown_target():
    table = read_table(locations.sample("iris.csv"))
    with pytest.raises(
        DataError, match=r"^iris\.csv has no column 'Specis'; did you mean 'species'\? Its columns"
    ):
        suggest_columns(table, ["Specis"])


def test_iris_and_parity():
    iris = suggest_columns(read_table(locations.sample("iris.csv")))
    assert [column.kind for column in iris] == ["number"] * 4 + ["category"]
    assert [column.scaling for column in iris[:4]] == ["standard"] * 4
    assert iris[4].role == "target"
    parity = suggest_columns(read_table(locations.sample("parity-4.csv")))
    assert parity == (
        *(Column(name, "input", "number", "none") for name in ("b3", "b2", "b1", "b0")),
        Column("parity", "target", "yes_no", "none"),
    )


TABLE = parse_table("a,b,word,y\n1,2,x,0\n3,NA,y,1\n\n5,six,z,0\n", "made.csv")


@pytest.mark.parametrize(
    ("columns", "fragment"),
    [
        ([], "made.csv: no column has the role input; give it to at least one of: "),
        ([Column("y", "target")], "no column has the role input; give it to at least one of: y"),
        ([Column("a")], "no column has the role target"),
        ([Column("a"), Column("a", "target")], "made.csv: column 'a' is described 2 times; describe it once"),
        ([Column("aa"), Column("y", "target")], "made.csv has no column 'aa'; did you mean 'a'?"),
        (
            [Column("b"), Column("y", "target")],
            "made.csv, line 5, column 'b': 'six' is not a number; correct it",
        ),
        ([Column("a"), Column("word", "target")], "made.csv, line 2, column 'word': 'x' is not a number"),
        (
            [Column("word", kind="yes_no"), Column("y", "target")],
            "made.csv, line 5, column 'word': 'z' is a third value beside 'x' and 'y', but yes/no has two",
        ),
    ],
)
def test_columns_that_cannot_be_used(columns, fragment):
    with pytest.raises(DataError) as caught:
        check_columns(columns, TABLE)
    assert fragment in str(caught.value)


def test_columns_that_can_be_used():
    columns = [
        Column("a"),
        Column("word", kind="category"),
        Column("y", "target", "yes_no"),
        Column("b", "ignore"),
    ]
    check_columns(columns, TABLE)
    check_columns([*columns, Column("gone", "ignore")], TABLE)


def test_more_categories_than_possible():
    table = column_of([f"w{index}" for index in range(1_001)])
    columns = [Column("x", kind="category"), Column("y", "target")]
    with pytest.raises(
        DataError, match=r"column 'x': 1,001 categories are more than the 1,000 that are possible; make"
    ):
        check_columns(columns, table)
    check_columns(columns, column_of([f"w{index}" for index in range(1_000)]))
