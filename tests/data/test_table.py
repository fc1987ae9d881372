"""Tables: what they hold, how they name a place, and that they survive being written."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest
from hypothesis import given, settings

from flux_studio.data.formats import TableFormat
from flux_studio.data.readers import parse_table
from flux_studio.data.table import Table, listed, quoted
from flux_studio.errors import DataError

from .strategies import table_of, tables

FLOWERS = Table("iris.csv", ("petal", "species"), (("1.4", "5.1"), ("setosa", "virginica")), (2, 14))


def test_rows_columns_and_places():
    assert FLOWERS.rows == 2
    assert FLOWERS.column("species") == ("setosa", "virginica")
    assert FLOWERS.where(1) == "iris.csv, line 14"
    assert FLOWERS.where(1, "petal") == "iris.csv, line 14, column 'petal'"


@pytest.mark.parametrize(
    ("asked", "fragment"),
    [
        ("Species", "did you mean 'species'? Its columns are: petal, species"),
        ("SPECIE", "did you mean 'species'?"),
        ("width", "iris.csv has no column 'width'; its columns are: petal, species"),
    ],
)
def test_an_unknown_column_is_answered_with_the_nearest(asked, fragment):
    with pytest.raises(DataError) as caught:
        FLOWERS.column(asked)
    assert fragment in str(caught.value)


@pytest.mark.parametrize(
    ("names", "columns", "lines"),
    [
        (("a",), (("1",), ("2",)), (2,)),
        (("a", "a"), (("1",), ("2",)), (2,)),
        (("a", ""), (("1",), ("2",)), (2,)),
        (("a", "b"), (("1",), ("2", "3")), (2,)),
    ],
)
def test_a_table_that_does_not_fit_together_is_refused(names, columns, lines):
    with pytest.raises(DataError, match=r"made\.csv"):
        Table("made.csv", names, columns, lines)


def test_text_is_rfc_4180():
    table = table_of(["a", 'say "b"'], [("1,5", "two\nlines"), ("", "x")])
    assert table.to_csv() == 'a,"say ""b"""\r\n"1,5","two\nlines"\r\n,x\r\n'


@settings(deadline=None)
@given(tables())
def test_written_and_read_it_is_the_same(table):
    text = table.to_csv()
    again = parse_table(text.encode("utf-8").decode("utf-8"), table.source, TableFormat())
    assert again.names == table.names
    assert again.columns == table.columns
    assert again.fingerprint() == table.fingerprint()
    # Another reader, without our options, sees the same cells.
    plain = list(csv.reader(io.StringIO(text, newline="")))
    assert plain == [list(row) for row in [table.names, *zip(*table.columns, strict=True)]]


def test_fingerprint_is_of_names_and_cells_only():
    moved = Table("other.csv", FLOWERS.names, FLOWERS.columns, (7, 8))
    assert moved.fingerprint() == FLOWERS.fingerprint()
    others = [
        Table("iris.csv", ("petal", "kind"), FLOWERS.columns, FLOWERS.lines),
        Table("iris.csv", FLOWERS.names, (("1.4", "5.2"), ("setosa", "virginica")), FLOWERS.lines),
        Table("iris.csv", FLOWERS.names, FLOWERS.columns[::-1], FLOWERS.lines),
        Table("iris.csv", ("petal",), (("1.4", "5.1"),), FLOWERS.lines),
    ]
    assert len({table.fingerprint() for table in [FLOWERS, *others]}) == 5


def test_fingerprint_never_changes_between_versions():
    assert FLOWERS.fingerprint() == "0612ee926cd63d463bfa6dcc75a72e7b5387962df7747e74196a65ab22076a6b"


def test_what_stands_in_a_message_is_short_and_on_one_line():
    assert quoted("a\nb") == r"'a\nb'"
    assert len(quoted("x" * 500)) < 45
    assert listed(str(number) for number in range(30)).endswith("10, 11 … (30 in all)")


def test_a_long_table_is_written_whole_and_not_in_one_call(monkeypatch: pytest.MonkeyPatch) -> None:
    """A call of the csv module keeps Python's lock to its end, and with it the window."""
    rows, parts, make = 5_000, [], csv.writer

    class Watched:
        def __init__(self, *arguments: Any, **named: Any) -> None:
            self._writer = make(*arguments, **named)
            self.writerow = self._writer.writerow

        def writerows(self, part: tuple[Any, ...]) -> None:
            parts.append(len(part))
            self._writer.writerows(part)

    monkeypatch.setattr(csv, "writer", Watched)
    table = Table("long.csv", ("a", "b"), (tuple(map(str, range(rows))),) * 2, tuple(range(2, rows + 2)))
    assert table.to_csv().splitlines() == ["a,b", *(f"{row},{row}" for row in range(rows))]
    assert sum(parts) == rows
    assert max(parts) <= 1024
