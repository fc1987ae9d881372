"""Choices for a column: only those that mean something, and what has to follow one."""

import msgspec
import pytest

from flux_studio.data.choices import CHOICES, changed, choices, order_shown, parts_shown
from flux_studio.data.columns import Column, check_values
from flux_studio.data.readers import parse_table

TABLE = parse_table(
    "age,size,sex,day,y\n1,small,m,2021-01-01,1\n2,large,f,2022-06-02,2\n,medium,m,2023-01-03,3\n4,,,,4\n",
    "t.csv",
)


@pytest.mark.parametrize(
    ("column", "fields"),
    [
        (Column("age"), {"role", "kind", "missing", "scaling"}),
        (Column("age", "ignore"), {"role"}),
        (Column("age", "target"), {"role", "kind", "scaling"}),
        (Column("size", kind="category"), {"role", "kind", "missing", "encoding"}),
        (
            Column("size", kind="category", encoding="ordinal"),
            {"role", "kind", "missing", "encoding", "scaling"},
        ),
        (Column("day", kind="date"), {"role", "kind", "missing", "scaling", "date_order", "parts"}),
    ],
)
def test_only_what_applies_is_offered(column: Column, fields: set[str]) -> None:
    assert {field for field in CHOICES if choices(field, column)} == fields


def test_words_have_no_mean() -> None:
    assert choices("missing", Column("sex", kind="category")) == ("drop", "most_common", "constant")
    made = changed(Column("age", missing="mean"), TABLE, kind="category")
    assert made.missing == "most_common"


@pytest.mark.parametrize(
    ("column", "fill"),
    [
        (Column("age"), "0"),
        (Column("size", kind="category"), "missing"),
        (Column("sex", kind="yes_no"), "m"),
        (Column("day", kind="date"), "2021-01-01"),
    ],
)
def test_a_constant_begins_with_a_value_that_can_be_used(column: Column, fill: str) -> None:
    made = changed(column, TABLE, missing="constant")
    assert made.fill == fill
    check_values(made, TABLE)


def test_numbers_that_were_words_are_scaled_and_dropped_rows_tell_nothing() -> None:
    words = Column("age", kind="category", scaling="none")
    assert changed(words, TABLE, kind="number").scaling == "standard"
    assert changed(words, TABLE, encoding="ordinal").scaling == "standard"
    told = msgspec.structs.replace(words, missing="most_common", indicator=True)
    assert not changed(told, TABLE, missing="drop").indicator


def test_what_counts_where_nothing_is_said() -> None:
    assert order_shown(Column("size", kind="category"), TABLE) == ("large", "medium", "small")
    said = Column("size", kind="category", order=("small", "medium"))
    assert order_shown(said, TABLE) == ("small", "medium", "large")
    assert "days" in parts_shown(Column("day", kind="date"), TABLE)
    assert parts_shown(Column("size", kind="date"), TABLE) == ()
