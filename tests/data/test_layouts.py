"""What each kind of file becomes: text in all its writings, workbooks, records, arrays and what is pasted."""

from __future__ import annotations

import datetime
import gzip
import io
import struct
import zipfile
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import msgspec
import numpy as np
import pytest

from flux_studio.data import readers
from flux_studio.data.compact import Numbers
from flux_studio.data.formats import TableFormat, find_format
from flux_studio.data.readers import Pasted, format_like, format_of, parse_table, preview, read_table
from flux_studio.data.table import Table
from flux_studio.errors import DataError


def rows(table: Table) -> list[tuple[str, ...]]:
    return list(zip(*table.columns, strict=True))


# Text


@pytest.mark.parametrize(
    "encoding",
    ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be", "cp1252"],
)
def test_encodings_are_found(encoding: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readers, "LARGE", 10_000)
    text = "größe;name\n1,5;Zoë\n2,25;Ann\n"
    for size in (1, 5_000):  # through csv, and through the compiled loops
        path = tmp_path / f"{size}.csv"
        path.write_bytes((text + "2,25;Ann\n" * (size - 1)).encode(encoding))
        table = read_table(path)
        assert table.names == ("größe", "name")
        assert table.columns[0][:2] == ("1.5", "2.25")
        assert table.columns[1][:2] == ("Zoë", "Ann")
        assert (table.rows, table.lines[size]) == (size + 1, size + 2)


@pytest.mark.parametrize(
    ("encoding", "text"),
    [
        ("cp1251", "имя,x\nАня,1\n"),
        ("shift_jis", "名,x\n京,1\n"),
        ("mac-roman", "größe,x\n1,1\n"),
    ],
)
def test_encodings_are_chosen_by_hand(encoding: str, text: str, tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_bytes(text.encode(encoding))
    table = read_table(tmp_path / "t.csv", TableFormat(encoding=encoding))
    assert table.names == parse_table(text, "t").names


def test_the_first_letter_beyond_ascii_may_come_late(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_bytes(b"a,b\n" + b"1,x\n" * 100_000 + "2,ä\n".encode("cp1252"))
    assert read_table(tmp_path / "t.csv").columns[1][-1] == "ä"


@pytest.mark.parametrize(
    ("text", "format", "expected"),
    [
        ("sep=;\na;b\n1;2\n", TableFormat(";", skip=1), [("1", "2")]),
        ("SEP=|\r\na|b\r\n1|2\r\n", TableFormat("|", skip=1), [("1", "2")]),
        ("# said\n# more\na,b\n1,2\n", TableFormat(comment="#"), [("1", "2")]),
        ("a,b\n1,2\n# between\n3,4\n", TableFormat(comment="#"), [("1", "2"), ("3", "4")]),
        ("#,b\n1,2\n3,4\n", TableFormat(), [("1", "2"), ("3", "4")]),
        ("c,b\n#ff0000,2\n#00ff00,4\n", TableFormat(), [("#ff0000", "2"), ("#00ff00", "4")]),
        ("a;b\n1,5;2,25\n", TableFormat(";", decimal=","), [("1.5", "2.25")]),
        ('a,b\n"1,5","0,25"\n', TableFormat(decimal=","), [("1.5", "0.25")]),
        ("a;b\n1.234,5;-2\n", TableFormat(";", decimal=",", thousands="."), [("1234.5", "-2")]),
        ('a,b\n"1,234,567",2\n', TableFormat(thousands=","), [("1234567", "2")]),
        ('a,b\n"1,234","12,345"\n"567","8"\n', TableFormat(thousands=","), [("1234", "12345"), ("567", "8")]),
        ('a,b\n"0,123","2,345"\n', TableFormat(decimal=","), [("0.123", "2.345")]),
        ("a;b\n1,234;2,345\n", TableFormat(";", decimal=","), [("1.234", "2.345")]),
        ("a;b\n1'234.5;2\n", TableFormat(";", thousands="'"), [("1234.5", "2")]),
        ("a;b\n1\u202f234,5;2\n", TableFormat(";", decimal=",", thousands="\u202f"), [("1234.5", "2")]),
        ("a;b\n1,5;1.2.2024\n", TableFormat(";", decimal=","), [("1.5", "1.2.2024")]),
        ("a;b\n0.5;1.5\n2.5;x,y\n", TableFormat(";"), [("0.5", "1.5"), ("2.5", "x,y")]),
        ("x\n1\n2\n", TableFormat(), [("1",), ("2",)]),
        ("1 2 3\n4 5 6\n", TableFormat(" ", header=False), [("1", "2", "3"), ("4", "5", "6")]),
    ],
)
def test_a_text_is_read_as_it_is_meant(
    text: str, format: TableFormat, expected: list[tuple[str, ...]]
) -> None:
    assert find_format(text) == format
    assert rows(parse_table(text, "t.csv")) == expected


def test_each_field_can_be_corrected(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("made by\nan instrument\na;b\n1,5;2\n% over\n")
    shown = preview(path)
    right = msgspec.structs.replace(
        shown.format, delimiter=";", decimal=",", skip=2, comment="%", names=("x", "y")
    )
    assert preview(path, right).trouble == ""
    wrong = preview(path, msgspec.structs.replace(right, comment=""))
    assert wrong.table is not None
    assert rows(wrong.table) == [("1.5", "2")]
    assert wrong.trouble.startswith("t.csv, line 5: 1 cell where line 3 has 2")
    table = read_table(path, right)
    assert (table.names, rows(table), tuple(table.lines)) == (("x", "y"), [("1.5", "2")], (4,))


def test_a_pasted_text_is_cut_at_tabs() -> None:
    text = Pasted("name\tx\nAnn\t1,5\nBob\t2\n")
    shown = preview(text)
    assert (shown.format.delimiter, shown.format.decimal, shown.whole) == ("\t", ",", True)
    assert rows(read_table(text, shown.format)) == [("Ann", "1.5"), ("Bob", "2")]
    with pytest.raises(DataError, match="clipboard is empty"):
        read_table(Pasted(""))


def test_packed_files_are_read_as_what_is_in_them(tmp_path: Path) -> None:
    path = tmp_path / "t.csv.gz"
    path.write_bytes(gzip.compress(b"a,b\n1,2\n") + gzip.compress(b"3,4\n"))  # one behind the other
    assert rows(read_table(path)) == [("1", "2"), ("3", "4")]
    (tmp_path / "t.json.gz").write_bytes(gzip.compress(b'[{"x": 1}]'))
    assert rows(read_table(tmp_path / "t.json.gz")) == [("1",)]


def test_progress_counts_the_bytes_of_the_file(tmp_path: Path) -> None:
    for name, content in (
        ("t.csv", b"a,b\n" + b"1,2\n" * 2_000_000),
        ("t.csv.gz", gzip.compress(b"1,2\n" * 2_000_000)),
    ):
        path, told = tmp_path / name, []
        path.write_bytes(content)

        def note(done: int, of: int, told: list[tuple[int, int]] = told) -> bool:
            told.append((done, of))
            return True

        read_table(path, TableFormat(), note)
        assert told == sorted(told)
        assert len(told) > 10
        assert told[-1] == (path.stat().st_size, path.stat().st_size)


# Like another


def test_a_table_is_read_like_the_one_before(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("red;no\nblue;yes\n")  # which could be names
    like = TableFormat(";", header=False, decimal=",")
    assert format_of(path) != like
    assert format_like(path, like, ["column 1", "column 2"]) == like
    path.write_text("column 2,column 1\n1,red\n")
    assert format_like(path, like, ["column 1", "column 2"]) == TableFormat()
    path.write_text("x;y\n1,234;5\n2,345;6\n")
    assert format_like(path, TableFormat(";", decimal=".", thousands=","), ["x"]).thousands == ","


# Workbooks

_SPREADSHEET = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"


def workbook(
    path: Path, sheets: dict[str, list[list[Any]]], prefix: str = "", epoch_1904: bool = False
) -> Path:
    """A workbook as Excel writes it: shared texts, styles for dates, references at each cell."""
    texts: list[str] = []
    p = f"{prefix}:" if prefix else ""
    own = f'xmlns:{prefix}="{_SPREADSHEET}"' if prefix else f'xmlns="{_SPREADSHEET}"'
    bodies = []
    for cells in sheets.values():
        body = ""
        for number, row in enumerate(cells, 1):
            body += f'<{p}row r="{number}">'
            for place, value in enumerate(row):
                at = f'r="{chr(65 + place)}{number}"'
                if value is None:
                    body += f'<{p}c {at} s="1"/>'
                elif isinstance(value, bool):
                    body += f'<{p}c {at} t="b"><{p}v>{int(value)}</{p}v></{p}c>'
                elif isinstance(value, datetime.datetime):
                    begin = datetime.datetime(1904, 1, 1) if epoch_1904 else datetime.datetime(1899, 12, 30)
                    days = (value - begin) / datetime.timedelta(days=1)
                    body += f'<{p}c {at} s="1"><{p}v>{days!r}</{p}v></{p}c>'
                elif isinstance(value, str) and value.startswith("#"):
                    body += f'<{p}c {at} t="e"><{p}v>{value}</{p}v></{p}c>'
                elif isinstance(value, str):
                    body += f'<{p}c {at} t="s"><{p}v>{len(texts)}</{p}v></{p}c>'
                    texts.append(value)
                else:
                    body += f"<{p}c {at}><{p}f>1+1</{p}f><{p}v>{value!r}</{p}v></{p}c>"
            body += f"</{p}row>"
        bodies.append(f"<{p}worksheet {own}><{p}sheetData>{body}</{p}sheetData></{p}worksheet>")
    titles = "".join(
        f'<{p}sheet name="{escape(name)}" sheetId="{n}" r:id="r{n}"/>' for n, name in enumerate(sheets)
    )
    date = ' date1904="1"' if epoch_1904 else ""
    relations = "".join(f'<Relationship Id="r{n}" Target="worksheets/s{n}.xml"/>' for n in range(len(sheets)))
    shared = "".join(
        f"<{p}si><{p}r><{p}t>{escape(t[:1])}</{p}t></{p}r><{p}r><{p}t>{escape(t[1:])}</{p}t></{p}r></{p}si>"
        for t in texts
    )
    styles = (
        f'<{p}numFmts><{p}numFmt numFmtId="164" formatCode="yyyy\\-mm\\-dd;@"/></{p}numFmts>'
        f'<{p}cellStyleXfs><{p}xf numFmtId="14"/></{p}cellStyleXfs>'
        f'<{p}cellXfs><{p}xf numFmtId="0"/><{p}xf numFmtId="164"/></{p}cellXfs>'
    )
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(
            "xl/workbook.xml",
            f'<{p}workbook {own} xmlns:r="{_RELATIONS}"><{p}workbookPr{date}/>'
            f"<{p}sheets>{titles}</{p}sheets></{p}workbook>",
        )
        archive.writestr("xl/_rels/workbook.xml.rels", f"<Relationships>{relations}</Relationships>")
        archive.writestr("xl/sharedStrings.xml", f"<{p}sst {own}>{shared}</{p}sst>")
        archive.writestr("xl/styles.xml", f"<{p}styleSheet {own}>{styles}</{p}styleSheet>")
        for number, body in enumerate(bodies):
            archive.writestr(f"xl/worksheets/s{number}.xml", body)
    return path


@pytest.mark.parametrize("prefix", ["", "x"])
def test_a_workbook_is_read_as_people_see_it(prefix: str, tmp_path: Path) -> None:
    when = datetime.datetime(2024, 2, 29)
    cells = [
        ["name", "x", "when", "on", "big"],
        ["Ann & Co", 1.5, when, True, 12345678901],
        [" Bob ", 2.0, when + datetime.timedelta(hours=13.5), False, 1e-7],
        [None, "#N/A", None, "#DIV/0!", -0.1],
    ]
    path = workbook(tmp_path / "t.xlsx", {"Data": cells}, prefix)
    table = read_table(path)
    assert table.names == ("name", "x", "when", "on", "big")
    assert rows(table) == [
        ("Ann & Co", "1.5", "2024-02-29", "TRUE", "12345678901"),
        ("Bob", "2", "2024-02-29 13:30:00", "FALSE", "1e-07"),
        ("", "", "", "#DIV/0!", "-0.1"),
    ]
    assert table.where(1, "x") == "t.xlsx, row 3, column 'x'"


def test_sheets_can_be_chosen_and_titles_are_passed_over(tmp_path: Path) -> None:
    path = workbook(
        tmp_path / "t.xlsx",
        {
            "Notes": [],
            "Sales 2024": [["A report"], [], ["a", "b", "c"], [1, 2, 3], [], [4, None, 6]],
            "More": [[7, 8], [9, 10]],
        },
        epoch_1904=True,
    )
    shown = preview(path)
    assert shown.sheets == ("Notes", "Sales 2024", "More")
    assert (shown.format.sheet, shown.format.skip, shown.format.header) == ("Sales 2024", 1, True)
    table = read_table(path)
    assert (table.names, rows(table)) == (("a", "b", "c"), [("1", "2", "3"), ("4", "", "6")])
    assert tuple(table.lines) == (4, 6)
    other = read_table(path, TableFormat(layout="workbook", sheet="More", header=False))
    assert rows(other) == [("7", "8"), ("9", "10")]
    with pytest.raises(DataError, match=r"has no sheet 'Moor'; its sheets are: Notes, Sales 2024, More"):
        read_table(path, TableFormat(layout="workbook", sheet="Moor"))
    with pytest.raises(DataError, match=r"sheet 'Notes' is empty; choose another sheet"):
        read_table(path, TableFormat(layout="workbook", sheet="Notes"))


def test_dates_from_1904_are_the_same_days(tmp_path: Path) -> None:
    when = datetime.datetime(2024, 2, 29)
    path = workbook(tmp_path / "t.xlsx", {"Data": [["x", "when"], [1, when]]}, epoch_1904=True)
    assert rows(read_table(path)) == [("1", "2024-02-29")]


def test_a_long_sheet_is_compact(tmp_path: Path) -> None:
    cells: list[list[Any]] = [
        [f"x{place}" for place in range(5)],
        *([[row / 4] * 5 for row in range(21_000)]),
    ]
    table = read_table(workbook(tmp_path / "t.xlsx", {"Data": cells}))
    assert isinstance(table.columns[0], Numbers)
    assert (table.rows, table.columns[4][20_999]) == (21_000, "5249.75")


# Records


@pytest.mark.parametrize(
    "text",
    [
        '[{"x": 1.50, "on": true, "name": "Ann"},\n {"x": 1e5, "name": null, "id": 12345678901234567890}]',
        '{"x": 1.50, "on": true, "name": "Ann"}\n\n{"x": 1e5, "name": null, "id": 12345678901234567890}\n',
    ],
    ids=["a list", "lines"],
)
def test_records_are_rows_and_their_names_columns(text: str, tmp_path: Path) -> None:
    (tmp_path / "t.json").write_text(text)
    table = read_table(tmp_path / "t.json")
    assert table.names == ("x", "on", "name", "id")
    assert rows(table) == [("1.50", "true", "Ann", ""), ("1e5", "", "", "12345678901234567890")]
    assert tuple(table.lines) in ((1, 2), (1, 3))
    (tmp_path / "data.txt").write_text(text)
    assert format_of(tmp_path / "data.txt").layout == "records"


def test_many_records_come_in_pieces(tmp_path: Path) -> None:
    lines = [f'{{"x": {place}, "y": "wörd {place % 7}"}}' for place in range(60_000)]
    for name, text in (("t.json", "[" + ",\n".join(lines) + "]"), ("t.jsonl", "\n".join(lines))):
        (tmp_path / name).write_text(text, encoding="utf-8")
        table = read_table(tmp_path / name)
        assert table.columns[0].numbers()[0].tolist() == list(range(60_000))
        assert (table.columns[1][59_999], table.lines[59_999]) == ("wörd 2", 60_000)


# Arrays


def test_npy_rows_are_rows(tmp_path: Path) -> None:
    path = tmp_path / "t.npy"
    np.save(path, np.array([[1, 2.5], [np.nan, -4]]))
    table = read_table(path)
    assert (table.names, rows(table)) == (("column 1", "column 2"), [("1", "2.5"), ("", "-4")])
    np.save(path, np.arange(12, dtype=">i4").reshape(2, 3, 2))
    assert rows(read_table(path)) == [tuple(map(str, range(6))), tuple(map(str, range(6, 12)))]
    np.save(path, np.array([("Ann", 1.5), ("Bob", 2)], [("name", "U9"), ("x", "f4")]))
    table = read_table(path)
    assert (table.names, rows(table)) == (("name", "x"), [("Ann", "1.5"), ("Bob", "2")])
    np.save(path, np.array(["2024-02-29", "NaT"], "M8[D]"))
    assert rows(read_table(path)) == [("2024-02-29",), ("",)]
    assert preview(path).whole
    assert preview(path, rows=2).whole
    np.save(path, np.asfortranarray(np.arange(6.0).reshape(3, 2)))
    assert rows(read_table(path, TableFormat(layout="arrays", names=("a", "b")))) == [
        ("0", "1"),
        ("2", "3"),
        ("4", "5"),
    ]


def test_large_arrays_are_not_copied_cell_by_cell(tmp_path: Path) -> None:
    values = np.random.default_rng(0).normal(size=(30_000, 20)).astype(np.float32)
    np.save(tmp_path / "t.npy", values)
    table = read_table(tmp_path / "t.npy")
    assert isinstance(table.columns[3], Numbers)
    np.testing.assert_array_equal(table.columns[3].values, values[:, 3])
    shown = preview(tmp_path / "t.npy")
    assert shown.table is not None
    assert (shown.table.rows, shown.whole) == (50, False)


def test_npz_arrays_of_the_same_length_stand_side_by_side(tmp_path: Path) -> None:
    path = tmp_path / "t.npz"
    np.savez(
        path,
        x_test=np.ones((2, 2)),
        x_train=np.zeros((3, 2)),
        y_test=[0, 1],
        y_train=np.array(["a", "b", "a"]),
    )
    shown = preview(path)
    assert shown.sheets[:2] == ("x_train, y_train", "x_test, y_test")
    assert shown.table is not None
    assert shown.table.names == ("x_train 1", "x_train 2", "y_train")
    assert rows(read_table(path))[0] == ("0", "0", "a")
    assert rows(read_table(path, TableFormat(layout="arrays", sheet="x_test, y_test")))[1] == ("1", "1", "1")
    with pytest.raises(DataError, match="has 2 rows where others have 3; choose other arrays"):
        read_table(path, TableFormat(layout="arrays", sheet="y_train,y_test"))
    with pytest.raises(DataError, match="has no array 'z'; its arrays are: x_test"):
        read_table(path, TableFormat(layout="arrays", sheet="z"))


@pytest.mark.parametrize("packed", [False, True])
def test_idx_images_get_their_labels(packed: bool, tmp_path: Path) -> None:
    images, labels = np.arange(12, dtype=np.uint8).reshape(3, 2, 2), np.array([7, 0, 9], np.uint8)
    suffix = ".gz" if packed else ""
    names = f"train-images-idx3-ubyte{suffix}", f"train-labels-idx1-ubyte{suffix}"
    for name, array in zip(names, (images, labels), strict=True):
        head = bytes([0, 0, 8, array.ndim]) + b"".join(struct.pack(">I", each) for each in array.shape)
        content = head + array.tobytes()
        (tmp_path / name).write_bytes(gzip.compress(content) if packed else content)
    for name in names:
        table = read_table(tmp_path / name)
        assert table.names == ("pixel r1 c1", "pixel r1 c2", "pixel r2 c1", "pixel r2 c2", "label")
        assert rows(table)[1] == ("4", "5", "6", "7", "0")
    (tmp_path / names[1]).unlink()
    assert len(read_table(tmp_path / names[0]).names) == 4
    assert preview(tmp_path / names[0], rows=2).table.rows == 2  # type: ignore[union-attr]


def test_nothing_is_ever_unpickled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import pickle

    class Evil:
        def __reduce__(self) -> tuple[Any, ...]:
            return (Path.touch, (tmp_path / "evil",))

    content = io.BytesIO()
    np.save(content, np.array([Evil()], dtype=object), allow_pickle=True)
    (tmp_path / "t.npy").write_bytes(content.getvalue())
    with zipfile.ZipFile(tmp_path / "t.npz", "w") as archive:
        archive.writestr("x.npy", content.getvalue())
    (tmp_path / "t.pkl").write_bytes(pickle.dumps(Evil()))
    for name in ("t.npy", "t.npz", "t.pkl"):
        with pytest.raises(DataError):
            read_table(tmp_path / name)
    assert not (tmp_path / "evil").exists()
