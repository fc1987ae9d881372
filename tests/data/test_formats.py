"""Finding the delimiter and the header."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flux_studio.data.formats import DELIMITERS, TableFormat, find_format


@pytest.mark.parametrize(
    ("text", "delimiter", "header"),
    [
        ("a,b\n1,2\n", ",", True),
        ("a;b\n1;2\n", ";", True),
        ("a\tb\n1\t2\n", "\t", True),
        ("a|b\n1|2\n", "|", True),
        ("a b\n1 2\n", " ", True),
        ("  1.0   2.0 \n 3.0   4.0\n", " ", False),
        ("1,2\n3,4\n", ",", False),
        ("1,2\n", ",", False),
        ("5.1,3.5,1.4,0.2,Iris-setosa\n4.9,3.0,1.4,0.2,Iris-setosa\n", ",", False),
        # One column.
        ("x\n1\n2\n", ",", True),
        ("1\n2\n", ",", False),
        ("red\nblue\nred\n", ",", False),
        ("colour\nred\nblue\n", ",", True),
        ("note\nfine\nwell, no\nyes\n", ";", True),
        ("note\na long line of words\nanother one\n", ",", True),
        # One delimiter inside the cells of another.
        ("x;y\n1,5;2,5\n", ";", True),
        ("1,5;2,5;3,5\n2,5;3,5;4,5\n", ";", False),
        ('name,text\n"Smith; John","a b; c"\n"Low; Ann","d e; f"\n', ",", True),
        ("when,x\n2024-01-01 10:00,1\n2024-01-02 10:00,2\n", ",", True),
        ("name;city\nSmith, John;York\nLow, Ann;Bath\n", ";", True),
        ("a, b, c\n1, 2, 3\n4, 5, 6\n", ",", True),
        # Words only.
        ("colour,shape\nred,round\nblue,square\n", ",", True),
        ("p,x,s\ne,x,y\np,b,w\n", ",", False),
        (",a,b\n0,1,2\n1,3,4\n", ",", True),
        # Rows that do not fit are the reader's to report, under the right delimiter.
        ("a,b,c\n1,2,3\n4,5\n", ",", True),
        ("a,b\n1\n", ",", True),
        ("1 2 3\n4 5\n6 7 8\n", " ", False),
        ("My export\na,b\n1,2\n3,4\n", ",", True),
        ("", ",", True),
        ("\n\n", ",", True),
    ],
)
def test_found(text, delimiter, header):
    found = find_format(text)
    assert (found.delimiter, found.header) == (delimiter, header)


_numbers = st.floats(allow_nan=False, allow_infinity=False, width=32).map(str)
_words = st.text("abcdefgh,; '\"", min_size=1, max_size=6).map(lambda text: "w" + text.strip())


@settings(deadline=None)
@given(st.sampled_from(list(DELIMITERS)), st.data())
def test_found_in_generated_tables(delimiter, data):
    """Numbers beside words that hold the other delimiters, quoted where they must be."""
    width = data.draw(st.integers(2, 5))
    row = st.tuples(_words, *[_numbers] * (width - 1))
    rows = data.draw(st.lists(row, min_size=2, max_size=8))
    header = data.draw(st.booleans())
    text = io.StringIO(newline="")
    writer = csv.writer(
        text, delimiter=delimiter, quoting=csv.QUOTE_NONNUMERIC if delimiter == " " else csv.QUOTE_ALL
    )
    writer.writerows([[f"name{index}" for index in range(width)]] * header + rows)
    assert find_format(text.getvalue()) == TableFormat(delimiter, header)


@settings(deadline=None)
@given(
    st.lists(st.lists(_numbers, min_size=3, max_size=3), min_size=2, max_size=8),
    st.sampled_from(list(DELIMITERS)),
)
def test_found_in_tables_of_numbers(rows, delimiter):
    text = "".join(delimiter.join(row) + "\n" for row in rows)
    assert find_format(text) == TableFormat(delimiter, False)
    assert find_format(delimiter.join("abc") + "\n" + text) == TableFormat(delimiter, True)
