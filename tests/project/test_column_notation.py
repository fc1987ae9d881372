"""What is said of a column in a line."""

from __future__ import annotations

import pytest

from flux_studio.data.columns import Column, Derived
from flux_studio.errors import SpecificationError
from flux_studio.project.column_notation import SETTINGS, read_column, read_derived

COLUMNS = (
    Column("age"),
    Column("age:in days"),
    Column("size", kind="category", scaling="none"),
    Column("sold", kind="category", scaling="none"),
    Column("y", "target"),
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("age", Column("age")),
        ("age:median:robust:Indicator", Column("age", scaling="robust", missing="median", indicator=True)),
        ("age:in days:min-max", Column("age:in days", scaling="min_max")),
        ("age:constant=-1", Column("age", missing="constant", fill="-1")),
        ("age: ordinal", Column("age", kind="category", encoding="ordinal")),
        (
            "size:order=S < M<L:ordinal",
            Column("size", kind="category", encoding="ordinal", order=("S", "M", "L")),
        ),
        ("size:number", Column("size")),
        (
            "sold:days:month:day-first",
            Column("sold", kind="date", parts=("days", "month"), date_order="day_first"),
        ),
        ("sold:date", Column("sold", kind="date")),
        ("y:ignore", Column("y", "ignore")),
    ],
)
def test_read(text: str, expected: Column) -> None:
    assert read_column(text, COLUMNS) == expected


@pytest.mark.parametrize(
    ("text", "fragment"),
    [
        ("aged:median", "there is no column 'aged'; did you mean 'age'?"),
        ("age:mdian", "'mdian' says nothing of a column; did you mean median?"),
        ("age:xyzzy", "says nothing of a column; there are: input, target"),
        ("age:mean:median", "'age': 'median' says the missing a second time"),
        ("age:constant", "'constant' says nothing of a column; did you mean constant=…?"),
    ],
)
def test_refused(text: str, fragment: str) -> None:
    with pytest.raises(SpecificationError) as caught:
        read_column(text, COLUMNS)
    assert fragment in str(caught.value)


def test_no_word_belongs_to_two_settings() -> None:
    words = [word for words in SETTINGS.values() for word in words]
    assert len(words) == len(set(words))
    assert set(SETTINGS) < set(Column.__struct_fields__)


def test_derived_inputs() -> None:
    assert read_derived("product:age:age:in days", COLUMNS) == (Derived("product", ("age", "age:in days")),)
    assert [each.function for each in read_derived("usual", COLUMNS)] == [
        "square",
        "square",
        "product",
        "sine",
        "sine",
    ]
    with pytest.raises(SpecificationError, match="there is no derived input 'cube'; choose one of square"):
        read_derived("cube:age", COLUMNS)
