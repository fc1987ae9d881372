"""Reading files: encodings, odd layouts, and one clear line for everything that can be wrong."""

from __future__ import annotations

import codecs
import os
import time
from pathlib import Path

import numpy as np
import pytest

from flux_studio.data.formats import TableFormat
from flux_studio.data.readers import parse_table, preview, read_table
from flux_studio.errors import DataError

COMMA = TableFormat(",", True)


@pytest.fixture
def write(tmp_path):
    def _write(content: bytes | str, name: str = "made.csv") -> Path:
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return _write


@pytest.mark.parametrize(
    "content",
    [
        "größe,y\n1,2\n".encode(),
        codecs.BOM_UTF8 + "größe,y\n1,2\n".encode(),
        codecs.BOM_UTF16_LE + "größe,y\n1,2\n".encode("utf-16-le"),
        codecs.BOM_UTF16_BE + "größe,y\n1,2\n".encode("utf-16-be"),
        "größe,y\n1,2\n".encode("cp1252"),
        "größe,y\r\n1,2".encode(),
        "größe,y\r1,2\r".encode(),
        ' größe , "y"\n\n  \n 1 ,2\n\n'.encode(),
    ],
)
def test_encodings_and_line_ends(write, content):
    table = read_table(write(content))
    assert (table.names, table.columns) == (("größe", "y"), (("1",), ("2",)))
    assert table.source == "made.csv"


def test_lines_are_the_files_own(write):
    table = read_table(write('a,b\n1,2\n\n3,"two\nlines"\n   \n5,6\n'))
    assert table.lines == (2, 4, 7)
    assert table.column("b") == ("2", "two\nlines", "6")


def test_quotes_delimiters_and_blanks_inside_cells():
    table = parse_table('a, b\n"1,5", "say ""hi"""\n x y ,5"\n', "made.csv", COMMA)
    assert table.columns == (("1,5", "x y"), ('say "hi"', '5"'))


def test_without_a_header_columns_are_numbered():
    table = parse_table("1,2\n3,4\n", "made.csv")
    assert table.names == ("column 1", "column 2")
    assert table.lines == (1, 2)


def test_columns_without_a_name_are_called_after_their_place():
    assert parse_table("a,,b,\n1,2,3,4\n", "made.csv", COMMA).names == ("a", "column 2", "b", "column 4")
    assert parse_table("column 2,\n1,2\n", "made.csv", COMMA).names == ("column 2", "column 2*")


def test_one_column_keeps_an_empty_cell_in_quotes_and_skips_blank_lines():
    table = parse_table('a\n1\n""\n\n2\n', "made.csv", COMMA)
    assert table.columns == (("1", "", "2"),)
    assert table.lines == (2, 3, 5)


def test_blanks_separate_once():
    table = parse_table('x  y\n 1   "New York" \n2 b  \n', "made.csv")
    assert table.columns == (("1", "2"), ("New York", "b"))


def test_format_given_is_format_used():
    assert parse_table("a;b\n1;2\n", "made.csv", COMMA).names == ("a;b",)
    assert parse_table("a;b\n1;2\n", "made.csv", TableFormat(";", False)).columns == (("a", "1"), ("b", "2"))


BAD = {
    "empty": (b"", "made.csv is empty; choose"),
    "a BOM only": (codecs.BOM_UTF8, "made.csv is empty"),
    "blank lines": (b"\n  \n\n", "made.csv is empty"),
    "header only": (b"a,b\n", "made.csv has only a header on line 1 and no rows; add rows"),
    "header only, later": (b"\n\na,b\n", "only a header on line 3"),
    "short row": (b"a,b,c\n1,2,3\n4,5\n", "made.csv, line 3: 2 cells where line 1 has 3; add"),
    "long row": (b"a,b\n1,2\n\n3,4,5\n", "made.csv, line 4: 3 cells where line 1 has 2"),
    "one cell": (b"a,b\n1,2\n7\n", "made.csv, line 3: 1 cell where line 1 has 2"),
    "ragged behind a long cell": (b'a,b\n"1\n1",2\n7\n', "made.csv, line 4: 1 cell"),
    "ragged without header": (b"1,2\n3,4\n5\n", "made.csv, line 3: 1 cell where line 1 has 2"),
    "NUL": (b"a,b\n1,2\n3,\x004\n", "made.csv, line 3: a NUL byte, so this is not a text file"),
    "NUL in UTF-16": (
        codecs.BOM_UTF16_LE + "a,b\n1,\0\n".encode("utf-16-le"),
        "made.csv, line 2: a NUL byte",
    ),
    "half a UTF-16 character": (codecs.BOM_UTF16_LE + b"a\0,", "this is not text in UTF-16"),
    "no encoding": (
        b"a,b\n1,\x81\n",
        "made.csv, line 2: this is not text in Windows-1252; choose its encoding",
    ),
    "duplicate names": (b"x,y,x\n1,2,3\n", "line 1: columns 1 and 3 are both called 'x'; give each"),
    "open quote": (
        b'a,b\n1,2\n3,"4\n5,6\n',
        "made.csv, line 3: a quote that opens on this row is never closed",
    ),
    "open quote in the header": (b'a,"b\n1,2\n', "line 1: a quote that opens on this row is never closed"),
    "text behind a quote": (
        b'a,b\n1,"2"3\n',
        "line 2: something, be it a blank, stands between a closing quote",
    ),
    "long cell": (b"a,b\n1," + b"x" * 140_000 + b"\n", "line 2: a cell is longer than 131,072 characters"),
    "open quote, long file": (b'a,b\n1,"2\n' + b"3,4\n" * 50_000, "line 2: a cell is longer than 131,072"),
}


@pytest.mark.parametrize(("content", "fragment"), BAD.values(), ids=BAD.keys())
def test_bad_files_get_one_clear_line(write, content, fragment):
    with pytest.raises(DataError) as caught:
        read_table(write(content))
    assert fragment in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(("content", "fragment"), BAD.values(), ids=BAD.keys())
def test_a_preview_says_the_same(write, content, fragment):
    try:
        trouble = preview(write(content)).trouble
    except DataError as error:
        trouble = str(error)
    assert fragment in trouble


@pytest.mark.parametrize("delimiter", ["", ",,", '"', "\n", "\0"])
def test_impossible_delimiters(delimiter):
    with pytest.raises(DataError, match="cannot separate cells"):
        parse_table("a,b\n1,2\n", "made.csv", TableFormat(delimiter))


def test_a_missing_file_is_answered_with_the_nearest(write):
    path = write("a\n1\n", "flowers.csv")
    with pytest.raises(DataError, match=r"there is no file '.*flower\.csv'; did you mean 'flowers\.csv'\?"):
        read_table(path.with_name("flower.csv"))
    with pytest.raises(DataError, match=r"there is no file '.*'; check the name and the folder"):
        read_table(path.parent / "nowhere" / "x.csv")


def test_paths_that_cannot_be_read(write, tmp_path, monkeypatch):
    with pytest.raises(DataError, match="is a folder; choose a file in it"):
        read_table(tmp_path)
    with pytest.raises(DataError, match=r"cannot be read \(Not a directory\)"):
        read_table(write("a\n1\n") / "x.csv")
    with pytest.raises(DataError, match=r"cannot be read \(File name too long\)"):
        read_table(tmp_path / ("x" * 300 + ".csv"))
    with pytest.raises(DataError, match=r"cannot be read \(embedded null byte\)"):
        read_table("a\0.csv")

    def refuse(*_args, **_kwargs):
        raise PermissionError(13, "Permission denied")

    path = write("a\n1\n", "secret.csv")
    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(DataError, match=r"secret\.csv' cannot be read \(Permission denied\); check"):
        read_table(path)


def test_preview_reads_the_beginning_only(write):
    rows = "".join(f"{index},ä{index}\n" for index in range(60_000))
    path = write("a,b\n" + rows + "ragged\n")
    shown = preview(path, rows=20)
    table = shown.table
    assert shown.format == COMMA
    assert not shown.whole
    assert (table.rows, table.column("b")[19]) == (20, "ä19")
    with pytest.raises(DataError, match="line 60002: 1 cell"):
        read_table(path)


def test_preview_finds_what_reading_finds(write):
    path = write("x;y;z\n" + "".join(f"{index},5;{index};w\n" for index in range(40_000)))
    shown = preview(path)
    format, table = shown.format, shown.table
    assert table.rows == 50
    whole = read_table(path)
    assert whole.names == table.names
    assert tuple(cells[:50] for cells in whole.columns) == table.columns
    assert read_table(path, format) == whole


def test_preview_of_few_rows_has_them_all(write):
    assert preview(write("a,b\n1,2\n3,4\n")).table.columns == (("1", "3"), ("2", "4"))
    assert preview(write("a,b\n1,2\n3,4\n")).whole
    assert preview(write("a,b\n1,2\n3,4\n"), rows=1).table.columns == (("1",), ("2",))


def test_preview_leaves_out_a_row_that_it_cut(write):
    row = ",".join(["0.25"] * 60_000)
    path = write("".join(f"{row}\n" for _ in range(30)))
    shown = preview(path, rows=5)
    table = shown.table
    assert shown.format == TableFormat(",", False)
    assert (table.rows, len(table.names)) == (5, 60_000)


def test_preview_is_cut_within_a_character(write):
    # 3-byte characters: the cut at 256 KiB falls inside one of them.
    path = write("a,b\n" + "1,€€€€€€€€\n" * 20_000)
    table = preview(path, rows=9_700).table
    assert table.column("b") == ("€" * 8,) * 9_700


def test_ten_megabytes_take_a_few_seconds_at_most(write):
    generator = np.random.default_rng(0)
    lines = [",".join(f"{value:.5f}" for value in row) for row in generator.random((5_000, 25))]
    path = write(",".join(f"x{index}" for index in range(25)) + "\n" + "\n".join(lines * 10) + "\n")
    assert os.path.getsize(path) > 9_500_000
    start = time.process_time()
    table = read_table(path)
    assert time.process_time() - start < 4
    assert (table.rows, table.column("x24")[-1]) == (50_000, lines[-1].rpartition(",")[2])
