"""Files with changed bytes, and bytes at random: each is read or refused in one line, soon."""

from __future__ import annotations

import gzip
import io
import struct
import zipfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from flux_studio.data import readers
from flux_studio.errors import DataError

from .test_broken_sources import npy_header, one_line, soon, workbook, zipped

_GOOD = {
    "t.csv": 'name;x;y\n"Zoë; Ann";1,5;2\n# said\nBob;-2,25;1.000\n'.encode(),
    "t.csv.gz": gzip.compress(b"a,b\n1,2\n3,4\n" * 20, mtime=0),
    "u.csv": "a,b\n1,ä\n".encode("utf-16"),
    "t.json": b'[{"x": 1, "y": null}, {"x": 2.5e1, "y": "a"}]',
    "t.jsonl": b'{"x": 1}\n{"x": true}\n',
    "t.xlsx": workbook(
        b'<worksheet><sheetData><row r="1"><c r="A1" t="str"><v>x</v></c></row>'
        b'<row r="2"><c r="A2"><v>1</v></c></row></sheetData></worksheet>'
    ),
    "t.npy": npy_header((2, 3)) + bytes(24),
    "t.npz": zipped(x_dot_npy=npy_header((2, 3)) + bytes(24)),
    "t-idx3-ubyte": bytes([0, 0, 8, 3]) + struct.pack(">III", 2, 1, 2) + bytes(4),
}


@pytest.mark.parametrize("name", _GOOD)
def test_what_is_mutated_is_good_before(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(_GOOD[name])
    assert readers.read_table(tmp_path / name).rows >= 1


def read_or_refuse(path: Path) -> None:
    with soon():
        try:
            shown = readers.preview(path)
            assert shown.table is not None or shown.trouble
        except DataError as error:
            one_line(error)
        try:
            readers.read_table(path)
        except DataError as error:
            one_line(error)


_QUICKLY = settings(
    max_examples=40,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


@pytest.mark.parametrize("name", _GOOD)
@_QUICKLY
@given(
    changes=st.lists(st.tuples(st.floats(0, 1), st.integers(0, 255)), min_size=1, max_size=6),
    cut=st.floats(0, 1),
)
def test_a_file_with_changed_bytes_is_read_or_refused(
    name: str, changes: list[tuple[float, int]], cut: float, tmp_path: Path
) -> None:
    content = bytearray(_GOOD[name])
    for place, value in changes:
        content[int(place * (len(content) - 1))] = value
    if cut < 0.2:
        del content[int(cut * 5 * len(content)) :]
    path = tmp_path / name
    path.write_bytes(bytes(content))
    read_or_refuse(path)


@pytest.mark.parametrize("member", ["xl/workbook.xml", "xl/_rels/workbook.xml.rels", "xl/sheet.xml", "x.npy"])
@_QUICKLY
@given(changes=st.lists(st.tuples(st.floats(0, 1), st.integers(0, 255)), min_size=1, max_size=4))
def test_a_member_with_changed_bytes_is_read_or_refused(
    member: str, changes: list[tuple[float, int]], tmp_path: Path
) -> None:
    """The bytes are changed before they are packed, so that no checksum tells."""
    name = "t.npz" if member == "x.npy" else "t.xlsx"
    result = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(_GOOD[name])) as source, zipfile.ZipFile(result, "w") as target:
        for each in source.namelist():
            content = bytearray(source.read(each))
            if each == member:
                for place, value in changes:
                    content[int(place * (len(content) - 1))] = value
            target.writestr(each, bytes(content))
    path = tmp_path / name
    path.write_bytes(result.getvalue())
    read_or_refuse(path)


@pytest.mark.parametrize("suffix", ["csv", "json", "npz", "xlsx", "csv.gz"])
@_QUICKLY
@given(
    start=st.sampled_from(
        [b"", b"PK\3\4", b"\x1f\x8b\x08\0", b"\x93NUMPY\1\0", b"\0\0\x08\1", b"[{", b"\xff\xfe", b"a,b\n"]
    ),
    rest=st.binary(max_size=200),
)
def test_any_bytes_are_read_or_refused(suffix: str, start: bytes, rest: bytes, tmp_path: Path) -> None:
    path = tmp_path / f"t.{suffix}"
    path.write_bytes(start + rest)
    read_or_refuse(path)


@_QUICKLY
@given(text=st.text(max_size=200))
def test_any_pasted_text_is_read_or_refused(text: str) -> None:
    read_or_refuse(readers.Pasted(text))  # type: ignore[arg-type]
