"""Broken files: whatever is wrong with them, it is told in one line, soon, and without filling the memory."""

from __future__ import annotations

import contextlib
import gzip
import io
import os
import stat
import time
import tracemalloc
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import numpy as np
import pytest

from flux_studio.data import readers
from flux_studio.data.columns import suggest_columns
from flux_studio.data.dataset import prepare
from flux_studio.data.formats import TableFormat
from flux_studio.data.table import Table
from flux_studio.errors import DataError, GivenUpError

FOLDER = Path(__file__).parent / "broken"
SECONDS = 5.0
MEGABYTES = 400

EXPECTED = {
    "alone-images-idx3-ubyte": "has 3 rows, but alone-labels-idx1-ubyte beside it has 4",
    "alone-labels-idx1-ubyte": "has 4 rows, but alone-images-idx3-ubyte beside it has 3",
    "bad-line.jsonl": "line 3: this is not JSON (Expecting property name enclosed in double quotes)",
    "behind-the-list.json": "line 1: something stands behind the list",
    "beside-the-table.xlsx": "row 3: '9' in column F stands beside the table, which has columns A to B in row 1",
    "beyond-all-numbers.npy": "is said to hold an array of 1,000,000,000,000,000,000,000",
    "binary.xlsb": "is a workbook in Excel's binary format",
    "blank-lines.csv": "is empty",
    "bom-only.csv": "is empty",
    "comma-missing.json": "line 2: a comma is missing between two objects",
    "comma-too-much.json": "line 2: an object is missing behind this comma",
    "comments-only.csv": "no column has the role input",
    "complex.npy": "holds complex128 values, which are neither real numbers nor words",
    "cut-off.xlsx": "this workbook is damaged, or locked by a password",
    "cut-short.csv.gz": "this packed file has been cut short",
    "cut-short.json": "line 3: this is not JSON (Expecting ':' delimiter)",
    "cut-short.npy": "has been cut short",
    "database.csv": "is a database",
    "duplicate-names.csv": "line 1: columns 1 and 3 are both called 'x'",
    "duplicate-names.xlsx": "row 1: columns 1 and 2 are both called 'x'",
    "empty-list.json": "is empty",
    "empty-objects.json": "its objects have no names in them, so there are no columns",
    "empty-sheet.xlsx": "is empty",
    "empty.csv": "is empty",
    "empty.zip": "is a zip file without a workbook in it",
    "entities.xlsx": "this workbook is damaged, or locked by a password",
    "frame.parquet": "is a Parquet file",
    "half-a-header-idx3-ubyte": "has been cut short",
    "half-a-header.csv.gz": "this packed file has been cut short",
    "half-utf-16.csv": "line 2: this is not text in UTF-16",
    "half.xlsx": "this workbook is damaged, or locked by a password",
    "half.zip": "this workbook is damaged, or locked by a password",
    "header-only-late.csv": "has only a header on line 3 and no rows",
    "header-only.csv": "has only a header on line 1 and no rows",
    "header-only.xlsx": "has only a header on row 1 and no rows",
    "infinite.csv": "line 3, column 'x': 'inf' is infinite, and a number must not be",
    "infinity.json": "line 1: -Infinity is no JSON",
    "list-inside.json": "line 2, column 'x': a list is no single value",
    "list-of-lists.json": 'line 1: JSON is read as a list of objects, a row each, such as [{"x": 1, "y": 2}], but t',
    "list-of-numbers.json": 'line 1: JSON is read as a list of objects, a row each, such as [{"x": 1, "y": 2}], but t',
    "long-idx1-ubyte": "is longer than its header says",
    "long-row.csv": "line 3: 3 cells where line 1 has 2",
    "lying-idx3-ubyte": "is said to hold 4,000,000,000×28×28 numbers, but it is too short for them",
    "lying-idx3-ubyte.gz": "is said to hold 100×28×28 numbers, but it is too short for them",
    "missing-sheet.xlsx": "has no sheets",
    "mixed-encodings.csv": "line 3: this is not text in UTF-8",
    "model.pkl": "is a Python pickle, which is never opened",
    "nested.json": "line 1, column 'y': an object is no single value",
    "never-closed.json": "line 2: this list is never closed",
    "no-arrays.npz": "is a zip file without a workbook in it",
    "no-gzip.csv.gz": "this packed file is damaged and cannot be unpacked",
    "no-header.npy": "the header of this array cannot be read",
    "no-json.json": "line 1: this is not JSON (Expecting value)",
    "no-relations.xlsx": "this workbook is damaged, or locked by a password",
    "no-rows-idx1-ubyte": "has no rows",
    "no-rows.npy": "has no rows",
    "no-sheets.xlsx": "has no sheets",
    "no-values.csv": "no column has the role input",
    "not-a-number.json": "line 2: NaN is no JSON",
    "not-xml.xlsx": "this workbook is damaged, or locked by a password",
    "nothing.csv.gz": "is empty",
    "nul-bytes.csv": "line 3: a NUL byte, so this is not a text file",
    "nul-in-utf-16.csv": "line 2: a NUL byte, so this is not a text file",
    "number.json": 'line 1: JSON is read as a list of objects, a row each, such as [{"x": 1, "y": 2}], but t',
    "objects.npy": "holds Python objects, which could run any program when they are read",
    "objects.npz": "array 'x' holds Python objects, which could run any program when they are read",
    "old.xls": "is an old Excel or Word file",
    "one-cell.csv": "line 3: 1 cell where line 1 has 2",
    "only-nul.csv": "line 1: a NUL byte, so this is not a text file",
    "open-bracket.npy": "the header of this array cannot be read",
    "open-quote-in-header.csv": "line 1: a quote that opens on this row is never closed",
    "open-quote.csv": "line 3: a quote that opens on this row is never closed",
    "open-text.json": "line 1: this is not JSON (Unterminated string starting at)",
    "paper.csv": "is a PDF",
    "photo.csv": "is a picture",
    "picture.csv": "is a picture",
    "program.csv": "line 1: a NUL byte, so this is not a text file",
    "ragged-behind-comment.csv": "line 5: 1 cell where line 2 has 2",
    "same-names.json": "columns 1 and 2 are both called 'x'",
    "scalar.npy": "is a single number, not a table",
    "scalar.npz": "its arrays have no rows",
    "short-idx1-ubyte": "has been cut short",
    "short-row.csv": "line 3: 2 cells where line 1 has 3",
    "something-behind.csv.gz": "this packed file is damaged and cannot be unpacked",
    "store.h5": "is an HDF5 file",
    "surrogate-in-utf-16.csv": "line 2: this is not text in UTF-16",
    "table.7z": "is a 7z file",
    "table.csv.bz2": "is a bzip2 file",
    "table.csv.xz": "is an xz file",
    "table.zst": "is a zstd file",
    "ten-terabytes.npy": "is said to hold an array of 10,000,000×250,000, but its 192 bytes cannot",
    "ten-terabytes.npz": "array 'x' is said to hold an array of 10,000,000×250,000, but its 128 bytes cannot",
    "text-behind-quote.csv": "line 2: something, be it a blank, stands between a closing quote and the next delimiter",
    "text-for-an-array.npz": "array 'x': the header of this array cannot be read",
    "text-out-of-reach.xlsx": "this workbook is damaged, or locked by a password",
    "too-large.csv": "line 3, column 'x': '1e999' is too large for a number",
    "too-many-rows.xlsx": "this workbook is damaged, or locked by a password",
    "undefined-bytes.csv": "line 2: this is not text in Windows-1252",
    "version-9.npy": "the header of this array cannot be read",
    "web-page-with-mark.csv": "is a web page, not a table",
    "web-page.csv": "is a web page, not a table",
    "web-page.csv.gz": "is a web page, not a table",
    "word-among-numbers.csv": "line 32, column 'x': 'abc' is not a number",
    "wrong-sum.csv.gz": "this packed file is damaged and cannot be unpacked",
    "wrong-sum.npz": "array 'x': the header of this array cannot be read",
    "xml.csv": "is an XML file, not a table",
    "zip.csv": "is a zip file without a workbook in it",
}
"""What is said about each file of the folder, or the beginning of it."""


def use(path: Path | str | readers.Pasted, format: TableFormat | None = None) -> Table:
    """Read a table and make it ready for a network, as far as that goes."""
    table = readers.read_table(path, format)
    prepare(table, suggest_columns(table), 0.0, np.random.default_rng(0))
    return table


def one_line(error: DataError) -> str:
    message = str(error)
    assert "\n" not in message
    assert len(message) < 1_000
    return message


@contextlib.contextmanager
def soon() -> Iterator[None]:
    begin = time.process_time()
    yield
    assert time.process_time() - begin < SECONDS


def complaint(path: Path | str | readers.Pasted, format: TableFormat | None = None) -> str:
    with soon(), pytest.raises(DataError) as caught:
        use(path, format)
    return one_line(caught.value)


def test_every_file_of_the_folder_is_expected() -> None:
    assert sorted(os.listdir(FOLDER)) == sorted(EXPECTED)
    assert len(EXPECTED) >= 60


@pytest.mark.parametrize("name", EXPECTED)
def test_a_broken_file_gets_one_line(name: str) -> None:
    assert EXPECTED[name] in complaint(FOLDER / name)


@pytest.mark.parametrize("name", EXPECTED)
def test_a_preview_of_it_comes_or_says_why_not(name: str) -> None:
    with soon():
        try:
            shown = readers.preview(FOLDER / name)
        except DataError as error:
            one_line(error)
        else:
            assert shown.table is not None or shown.trouble


def zipped(**members: bytes) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, member in members.items():
            archive.writestr(name.replace("__", "/").replace("_dot_", "."), member)
    return content.getvalue()


def workbook(sheet: bytes) -> bytes:
    """A workbook of one sheet."""
    return zipped(
        xl__workbook_dot_xml=b'<workbook xmlns:r="r"><sheets><sheet name="Data" r:id="a"/></sheets></workbook>',
        **{"xl___rels__workbook_dot_xml_dot_rels": b'<R><Relationship Id="a" Target="sheet.xml"/></R>'},
        xl__sheet_dot_xml=sheet,
    )


def npy_header(shape: tuple[int, ...]) -> bytes:
    content = io.BytesIO()
    np.lib.format.write_array_header_1_0(content, {"descr": "<f4", "fortran_order": False, "shape": shape})
    return content.getvalue()


def growing_gz(block: bytes, times: int) -> bytes:
    """Many times the same bytes, packed without ever being there."""
    content = io.BytesIO()
    with gzip.GzipFile(fileobj=content, mode="wb", mtime=0, compresslevel=9) as file:
        for _ in range(times):
            file.write(block)
    return content.getvalue()


MADE: dict[str, tuple[str, Callable[[], bytes], str]] = {
    "a cell of ten million characters": (
        "t.csv",
        lambda: b"a,b\n1," + b"x" * 10_000_000 + b"\n",
        "line 2: a cell is longer than 131,072",
    ),
    "a quoted one": ("t.csv", lambda: b'a,b\n1,"' + b"x" * 10_000_000 + b'"\n', "line 2: a cell is longer"),
    "a quoted one of line ends": (
        "t.csv",
        lambda: b'a,b\n1,"' + b"\n" * 10_000_000 + b'"\n',
        "a cell is longer",
    ),
    "a line without end": ("t.csv", lambda: b"x" * 40_000_000, "t.csv, line 1:"),
    "a quote that opens in a long file": (
        "t.csv",
        lambda: b'a,b\n1,"2\n' + b"3,4\n" * 3_000_000,
        "line 2: a cell is longer than",
    ),
    "100,000 columns": (
        "t.csv",
        lambda: b",".join(b"c%d" % place for place in range(100_000)) + b"\n" + b"1," * 99_999 + b"1\n",
        "100,000 columns, more than the 65,536 that are possible",
    ),
    "ragged behind millions of rows": (
        "t.csv",
        lambda: b"a,b\n" + b"1.5,2\n" * 2_000_000 + b"7\n",
        "line 2000002: 1 cell where line 1 has 2",
    ),
    "a NUL behind millions of rows": (
        "t.csv",
        lambda: b"a,b\n" + b"1.5,2\n" * 2_000_000 + b"7,\0\n",
        "line 2000002: a NUL byte",
    ),
    "another encoding behind millions of rows": (
        "t.csv",
        lambda: "ä,b\n".encode() + b"1.5,2\n" * 2_000_000 + b"7,\xe4\n",
        "line 2000002: this is not text in UTF-8",
    ),
    "a gz bomb of zeros": ("t.csv.gz", lambda: growing_gz(bytes(2**20), 90), "line 1: a NUL byte"),
    "a gz bomb of rows": (
        "t.csv.gz",
        lambda: gzip.compress(b"a,b\n", mtime=0) + growing_gz(b"1,2\n" * 2**18, 90),
        "becomes more than 400 times its size",
    ),
    "a gz bomb of an array": (
        "t.npy.gz",
        lambda: gzip.compress(npy_header((2**30,)), mtime=0) + growing_gz(bytes(2**20), 90),
        "t.npy.gz",
    ),
    "a workbook bomb of zeros": ("t.xlsx", lambda: workbook(bytes(50 * 2**20)), "damaged"),
    "a workbook bomb of blanks": (
        "t.xlsx",
        lambda: workbook(b"<worksheet>" + b" " * (50 * 2**20)),
        "becomes more than 100 times its size",
    ),
    "a workbook bomb of rows": (
        "t.xlsx",
        lambda: workbook(b"<worksheet><sheetData>" + b"<row></row>" * 4_000_000),
        "t.xlsx: ",
    ),
    "a workbook with a long cell": (
        "t.xlsx",
        lambda: workbook(b"<worksheet><row><c><v>" + b"1" * 10_000_000 + b"</v></c></row></worksheet>"),
        "damaged",
    ),
    "an NPZ bomb": (
        "t.npz",
        lambda: zipped(x_dot_npy=npy_header((20 * 2**20,)) + bytes(80 * 2**20)),
        "becomes more than 400 times its size",
    ),
    "JSON without end": ("t.json", lambda: b"[" * 1_000_000, "nested too deep"),
    "JSON nested in a record": ("t.json", lambda: b'[{"x": ' + b"[" * 100_000, "nested too deep"),
    "JSON of one long record": (
        "t.json",
        lambda: b'[{"x": [' + b"1," * 10_000_000,
        "longer than 4,194,304 characters",
    ),
    "JSON of one long text": (
        "t.json",
        lambda: b'[{"x": "' + b"y" * 20_000_000,
        "longer than 4,194,304 characters",
    ),
    "JSON with a new name late": (
        "t.jsonl",
        lambda: b'{"x": 1, "y": 2}\n' * 3_000 + b'{"x": 1, "z": 2}\n',
        "line 3001: 'z' is in none of the 2,000 records before",
    ),
}


@pytest.mark.parametrize("case", MADE)
def test_a_large_broken_file_gets_one_line(case: str, tmp_path: Path) -> None:
    name, make, expected = MADE[case]
    path = tmp_path / name
    path.write_bytes(make())
    assert expected in complaint(path)
    with soon(), contextlib.suppress(DataError):
        readers.preview(path)


@pytest.mark.parametrize(
    "case", ["a gz bomb of rows", "a gz bomb of an array", "a workbook bomb of blanks", "an NPZ bomb"]
)
def test_a_bomb_takes_little_memory(case: str, tmp_path: Path) -> None:
    name, make, _ = MADE[case]
    path = tmp_path / name
    path.write_bytes(make())
    tracemalloc.start()
    try:
        with pytest.raises(DataError):
            readers.read_table(path)
        assert tracemalloc.get_traced_memory()[1] < MEGABYTES * 2**20
    finally:
        tracemalloc.stop()


def test_what_is_no_ordinary_file_is_not_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "is a folder; choose a file in it" in complaint(tmp_path)
    assert "there is no file" in complaint(tmp_path / "none.csv")
    (tmp_path / "link.csv").symlink_to(tmp_path / "gone.csv")
    assert "there is no file" in complaint(tmp_path / "link.csv")
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "pipe.csv")
        assert "is a pipe, a socket or a device" in complaint(tmp_path / "pipe.csv")
    if Path("/dev/zero").exists():
        assert "is a pipe, a socket or a device" in complaint("/dev/zero")
    if os.name == "posix" and os.geteuid() != 0:
        (tmp_path / "secret.csv").write_text("a,b\n1,2\n")
        os.chmod(tmp_path / "secret.csv", 0)
        assert "cannot be read (Permission denied)" in complaint(tmp_path / "secret.csv")


def test_a_file_that_goes_or_fails_while_it_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "t.csv"
    path.write_text("a,b\n" + "1,2\n" * 100_000)

    def cut(done: int, of: int) -> bool:
        os.truncate(path, 300_000)
        return True

    with pytest.raises(DataError, match=r"changed while it was read|cells? where line 1"):
        readers.read_table(path, TableFormat(), cut)

    class Failing(io.BytesIO):
        def read(self, count: int | None = -1) -> bytes:
            if self.tell() > 100_000:
                raise OSError(5, "Input/output error")
            return super().read(count)

        def fileno(self) -> int:
            return os.open(path, os.O_RDONLY)

    monkeypatch.setattr("flux_studio.data.sources.open_file", lambda _: Failing(path.read_bytes()))
    with pytest.raises(DataError, match=r"t\.csv' cannot be read \(Input/output error\)"):
        readers.read_table(path, TableFormat())


@pytest.mark.parametrize(
    ("changes", "fragment"),
    [
        ({"delimiter": ""}, "cannot separate cells"),
        ({"delimiter": '"'}, "cannot separate cells"),
        ({"encoding": "nonsense"}, "there is no encoding 'nonsense'"),
        ({"encoding": "base64"}, "there is no encoding 'base64'"),
        ({"encoding": "idna\0"}, "there is no encoding"),
        ({"encoding": "utf-32"}, "line 1: this is not text in UTF-32"),
        ({"encoding": "ascii"}, "line 2: this is not text in ascii"),
        ({"decimal": ";"}, "cannot be a decimal sign"),
        ({"thousands": "12"}, "cannot stand between thousands"),
        ({"thousands": "."}, "cannot be the decimal sign and stand between thousands at once"),
        ({"comment": '"'}, "cannot begin a comment"),
        ({"skip": -1}, "-1 lines cannot be passed over"),
        ({"skip": 9}, "is empty"),
        ({"names": ("x",)}, "has 2 columns, but 1 names are given"),
        ({"names": ("x", "x")}, "both called 'x'"),
        ({"layout": "workbook"}, "damaged"),
        ({"layout": "arrays"}, "header of this array cannot be read"),
        ({"layout": "idx"}, "is no IDX file"),
        ({"layout": "records"}, "this is not JSON"),
    ],
)
def test_a_format_that_cannot_be(changes: dict[str, object], fragment: str, tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes("a,b\nä,2\n".encode())
    format = msgspec.structs.replace(TableFormat(), **changes)
    assert fragment in complaint(path, format)


def test_reading_is_given_up_when_it_is_asked_to_be(tmp_path: Path) -> None:
    for name, content in (
        ("small.csv", b"a,b\n1,2\n"),
        ("large.csv", b"a,b\n" + b"1,2\n" * 2_000_000),
        ("t.json", b'[{"x": 1}, {"x": 2}]'),
        ("t.xlsx", workbook(b"<worksheet><row><c><v>1</v></c></row></worksheet>")),
        ("t.npy", npy_header((4,)) + bytes(16)),
    ):
        path = tmp_path / name
        path.write_bytes(content)
        with pytest.raises(GivenUpError):
            readers.read_table(path, readers.format_of(path), lambda done, of: False)


def test_the_corpus_holds_no_large_file() -> None:
    assert sum(path.stat().st_size for path in FOLDER.iterdir()) < 100_000
    assert all(stat.S_ISREG(path.stat().st_mode) for path in FOLDER.iterdir())
