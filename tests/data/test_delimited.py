"""The compiled loops read what :mod:`csv` reads: the same tables, the same faults on the same lines."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from flux_studio.data import building
from flux_studio.data.compact import Numbers, Texts, Words
from flux_studio.data.delimited import read_rows, scan_rows
from flux_studio.data.formats import TableFormat
from flux_studio.errors import DataError

_cells = st.one_of(
    st.sampled_from(
        ["", "1", "-2.5", "1e3", "007", "NA", "nan", "1,5", "1.234,5", "x y", "é", "#", '"q"', '"a""b"']
    ),
    st.sampled_from(['"two\nlines"', '"', "+", ".", "\t", " ", "1 000", "'", "inf", "1e999"]),
    st.text("019.,eE+-", max_size=8),
)
_ends = st.sampled_from(["\n", "\r\n", "\r", "\n\n", " \n"])


@st.composite
def texts(draw: st.DrawFn) -> tuple[list[str], TableFormat]:
    """A text that is nearly a table, in pieces, and a way to read it."""
    format = TableFormat(
        delimiter=draw(st.sampled_from([",", ";", "\t", " "])),
        header=draw(st.booleans()),
        comment=draw(st.sampled_from(["", "#", "//"])),
        skip=draw(st.sampled_from([0, 0, 1])),
        decimal=draw(st.sampled_from(".,")),
    )
    if draw(st.booleans()):
        format = TableFormat(
            **{**{n: getattr(format, n) for n in format.__struct_fields__}, "thousands": "'"}
        )
    width = draw(st.integers(1, 4))
    rows = draw(st.lists(st.lists(_cells, min_size=width, max_size=width), max_size=6))
    if rows and draw(st.integers(0, 5)) == 0:
        rows[-1] = rows[-1][:-1]
    text = "".join(format.delimiter.join(row) + draw(_ends) for row in rows)
    if draw(st.booleans()):
        text = text.rstrip("\r\n")
    cuts = sorted(draw(st.lists(st.integers(0, len(text)), max_size=3)))
    return [text[begin:end] for begin, end in zip([0, *cuts], [*cuts, len(text)], strict=True)], format


def outcome(read, pieces, format):
    try:
        table = read(pieces, "made.csv", format).finish()
    except DataError as error:
        return str(error)
    return table.names, [tuple(cells) for cells in table.columns], tuple(table.lines)


@settings(deadline=None, max_examples=300)
@given(texts())
@example((['1,"2\r', "\n3\r\n4,5"], TableFormat(header=False)))
@example((["a b \n1  2\n"], TableFormat(" ")))
@example(([' " 1\r\n 1 "\n \n'], TableFormat(" ", header=False)))
@example((['"" \n1 "" \n'], TableFormat(" ", header=False)))
@example((['1 "" \n1 2\n'], TableFormat(" ", header=False)))
@example((['x\n""\n\n1\n'], TableFormat()))
def test_both_ways_to_read_agree(case):
    pieces, format = case
    assert outcome(scan_rows, pieces, format) == outcome(read_rows, pieces, format)


def big(monkeypatch, text, read=scan_rows, **format):
    monkeypatch.setattr(building, "SMALL", 0)
    return read([text], "made.csv", TableFormat(**format)).finish()


@pytest.fixture(params=[scan_rows, read_rows], ids=["scanned", "by csv"])
def read(request):
    return request.param


def column_of(monkeypatch, read, cells, **format):
    """A column of a large table with these cells below a hundred of the first one."""
    return big(
        monkeypatch, "x;y\n" + "".join(f"{cell};1\n" for cell in cells), read, delimiter=";", **format
    ).columns[0]


def test_numbers_become_single_precision_and_keep_their_text(monkeypatch, read):
    cells = [f"{value:.3f}" for value in np.random.default_rng(0).normal(size=9_000)]
    column = column_of(monkeypatch, read, cells)
    assert isinstance(column, Numbers)
    assert column.values.dtype == np.float32
    assert list(column) == cells
    np.testing.assert_allclose(column.values, np.array(cells, float), rtol=6e-8)


@pytest.mark.parametrize(
    "cells",
    [
        [str(1_700_000_000 + place) for place in range(9_000)],
        [f"{1e300 * place:.5g}" for place in range(1, 9_000)],
        [f"{1000 + place * 1e-7:.7f}" for place in range(9_000)],
    ],
    ids=["ids", "beyond single precision", "close together"],
)
def test_what_single_precision_would_mix_up_is_kept_in_double(monkeypatch, read, cells):
    column = column_of(monkeypatch, read, cells)
    assert isinstance(column, Numbers)
    assert column.values.dtype == np.float64
    np.testing.assert_allclose(column.values, np.array(cells, float), rtol=3e-16)


def test_numbers_that_turn_out_to_be_large_late_are_all_as_they_were(monkeypatch, read):
    cells = [f"0.{place % 977:03d}" for place in range(9_000)] + [
        f"{5_000_000_001 + place}" for place in range(9_000)
    ]
    column = column_of(monkeypatch, read, cells)
    assert column.values.dtype == np.float64
    assert column.values.tolist() == list(map(float, cells))


def test_few_words_are_codes_and_many_are_texts(monkeypatch, read):
    few = column_of(monkeypatch, read, ["red", "green", "NA", ""] * 3_000)
    assert isinstance(few, Words)
    assert list(few[:4]) == ["red", "green", "NA", ""]
    many = [f"näme {place}" for place in range(9_000)]
    column = column_of(monkeypatch, read, many)
    assert isinstance(column, Texts)
    assert list(column) == many


def test_numbers_in_another_writing_keep_it_while_they_are_few(monkeypatch, read):
    codes = [f"{place % 50:03d}" for place in range(9_000)]
    assert list(column_of(monkeypatch, read, codes)) == codes
    assert column_of(monkeypatch, read, codes).numbers()[0].tolist() == list(map(float, codes))


def test_a_word_among_numbers_is_named_with_its_line(monkeypatch, read):
    from flux_studio.data.cells import different, numbers, present_rows

    cells = [str(place / 8) for place in range(9_000)]
    cells[7_000], cells[8_000] = "abc", ""
    table = big(monkeypatch, "x,y\n# said\n" + "".join(f"{cell},1\n" for cell in cells), read, comment="#")
    with pytest.raises(
        DataError, match=r"made\.csv, line 7003, column 'x': 'abc' is not a number; correct it"
    ):
        numbers(table, "x")
    assert len(present_rows(table, "x")) == 8_999
    assert len(different(table, "x")) == 1_001
    assert table.column("x")[7_000] == "abc"


def test_words_behind_many_numbers_make_texts(monkeypatch, read):
    cells = [str(place) for place in range(5_000)] + [f"w{place}" for place in range(5_000)]
    column = column_of(monkeypatch, read, cells)
    assert isinstance(column, Texts)
    assert list(column) == cells


def test_decimal_commas_and_thousands(monkeypatch, read):
    cells = [
        f"{place // 1000}.{place % 1000:03d},5" if place >= 1000 else f"{place},5" for place in range(9_000)
    ]
    column = column_of(monkeypatch, read, cells, decimal=",", thousands=".")
    assert column.values.tolist() == [place + 0.5 for place in range(9_000)]
    assert column[8_999] == "8999.5"


def test_lines_are_the_files_own_and_compact(monkeypatch, read):
    text = "x,y\n" + "".join(
        f'{place},"a\nb"\n' if place % 1000 == 0 else f"{place},c\n" for place in range(5_000)
    )
    table = big(monkeypatch, text, read)
    assert table.lines[1] == 4
    assert table.lines[4_999] == 5_001 + 5
    assert len(table.lines.at) == 6
    with pytest.raises(DataError, match=r"line 5007: 1 cell where line 1 has 2"):
        big(monkeypatch, text + "z\n", read)


def test_exactness_of_long_numbers():
    generator = np.random.default_rng(1)
    values = np.concatenate([generator.normal(size=2_000), 10 ** generator.uniform(-200, 200, 2_000)])
    table = scan_rows(
        ["x,y\n" + "".join(f"{value!r},1\n" for value in values.tolist()) * 20], "made.csv", TableFormat()
    ).finish()
    assert isinstance(table.columns[0], Numbers)
    np.testing.assert_allclose(table.columns[0].values[:4_000], values, rtol=3e-16)
