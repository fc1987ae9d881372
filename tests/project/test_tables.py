"""The table inside a project file: small ones as CSV, large ones as arrays, and nothing in it is believed."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from flux_studio.data import building
from flux_studio.data.columns import Column
from flux_studio.data.compact import Numbers, Texts, Words
from flux_studio.data.delimited import read_rows
from flux_studio.data.formats import TableFormat
from flux_studio.data.readers import parse_table
from flux_studio.data.table import Table
from flux_studio.errors import ProjectFileError
from flux_studio.project import files
from flux_studio.project.defaults import new_project
from flux_studio.project.project import Project
from tests.project.test_broken_files import npy, npy_header, rewritten

COLUMNS = (Column("x"), Column("word", "input", "category"), Column("note", "ignore"), Column("y", "target"))


@pytest.fixture
def large(monkeypatch: pytest.MonkeyPatch) -> Project:
    """A project with a table that is kept as arrays: numbers, words, other texts, an odd cell, a comment between."""
    monkeypatch.setattr(building, "SMALL", 0)
    rows = [f"{place / 8},w{place % 3},nöte {place},{place}\n" for place in range(3_000)]
    rows[1_000] = f"# nothing\n{rows[1_000]}"
    rows[2_000] = rows[2_000].replace("250.0", "")
    rows[2_500] = rows[2_500].replace("nöte 2500", '"a\nb"')
    text = "x,word,note,y\n" + "".join(rows)
    table = read_rows([text], "made.csv", TableFormat(comment="#")).finish()
    assert [type(cells) for cells in table.columns] == [Numbers, Words, Texts, Numbers]
    return new_project(table, columns=COLUMNS)


def same_table(one: Table, other: Table) -> None:
    assert (one.source, one.names, one.unit) == (other.source, other.names, other.unit)
    assert [tuple(cells) for cells in one.columns] == [tuple(cells) for cells in other.columns]
    assert tuple(one.lines) == tuple(other.lines)


def test_a_large_table_comes_back_as_arrays(large: Project, tmp_path: Path) -> None:
    files.save(large, tmp_path / "p.flux")
    with zipfile.ZipFile(tmp_path / "p.flux") as archive:
        assert archive.testzip() is None
        names = archive.namelist()
        values = np.load(io.BytesIO(archive.read("table/1.npy")), allow_pickle=False)
    assert "table.csv" not in names
    assert {"table.json", "table/1.npy", "table/2.npy", "table/3.npy", "table/3.txt", "table/4.npy"} <= set(
        names
    )
    assert values.dtype == np.float32
    assert values[1] == 0.125
    loaded = files.load(tmp_path / "p.flux")
    same_table(loaded.table, large.table)
    assert [type(cells) for cells in loaded.table.columns] == [Numbers, Words, Texts, Numbers]
    assert loaded.dataset().fingerprint == large.dataset().fingerprint
    files.save(loaded, tmp_path / "again.flux")
    assert (tmp_path / "again.flux").read_bytes() == (tmp_path / "p.flux").read_bytes()


def test_a_small_table_keeps_the_lines_of_its_source(tmp_path: Path) -> None:
    text = 'x,y\n\n1,"a\nb"\n# said\n2,c\n3,c\n'
    table = parse_table(text, "made.csv", TableFormat(comment="#"))
    project = new_project(table, columns=(Column("x"), Column("y", "target", "category")))
    files.save(project, tmp_path / "p.flux")
    loaded = files.load(tmp_path / "p.flux").table
    same_table(loaded, table)
    assert loaded.where(2) == "made.csv, line 7"


def test_a_plain_small_table_is_nothing_but_csv(tmp_path: Path) -> None:
    files.save(new_project(parse_table("x,y\n1,2\n3,5\n", "made.csv")), tmp_path / "p.flux")
    with zipfile.ZipFile(tmp_path / "p.flux") as archive:
        assert "table.json" not in archive.namelist()
        assert archive.read("table.csv") == b"x,y\r\n1,2\r\n3,5\r\n"


def changed(**changes: Any) -> Any:
    def change(record: dict[str, Any]) -> bytes:
        record.update(changes)
        return json.dumps(record).encode()

    return change


def column(number: int, **changes: Any) -> Any:
    def change(record: dict[str, Any]) -> bytes:
        record["columns"][number].update(changes)
        return json.dumps(record).encode()

    return change


BROKEN: dict[str, tuple[str, Any]] = {
    "no JSON": ("table.json", lambda record: b"{"),
    "JSON without end": ("table.json", lambda record: b"[" * 200_000),
    "an unknown field": ("table.json", changed(colour="red")),
    "fewer names": ("table.json", changed(names=["x", "y"])),
    "the same names": ("table.json", changed(names=["x", "x", "note", "y"])),
    "more rows": ("table.json", changed(rows=3_001)),
    "a negative number of rows": ("table.json", changed(rows=-1)),
    "an unknown kind": ("table.json", column(0, kind="pickle")),
    "decimals beyond all": ("table.json", column(0, decimals=10**9)),
    "an odd cell outside": ("table.json", column(0, odd={"99999": "x"})),
    "too few words": ("table.json", column(1, words=["w0"])),
    "lines that go back": ("table.json", changed(lines=[[0, 5, 5], [2, 9, 10]])),
    "lines outside": ("table.json", changed(lines=[[0, 99_999], [2, 9]])),
    "no lines": ("table.json", changed(lines=[[], []])),
    "a pickle": ("table/1.npy", lambda _: npy(np.array([print] * 3_000, dtype=object), allow_pickle=True)),
    "ten terabytes": ("table/1.npy", lambda _: npy_header((10**13,))),
    "another shape": ("table/1.npy", lambda _: npy(np.ones((3_000, 2), np.float32))),
    "text for an array": ("table/1.npy", lambda _: b"1,2,3"),
    "half an array": ("table/1.npy", lambda _: npy(np.ones(3_000, np.float32))[:-99]),
    "complex numbers": ("table/1.npy", lambda _: npy(np.ones(3_000, np.complex64))),
    "infinities": ("table/4.npy", lambda _: npy(np.full(3_000, np.inf, np.float32))),
    "codes without words": ("table/2.npy", lambda _: npy(np.full(3_000, 7, np.uint16))),
    "texts that end before they begin": ("table/3.npy", lambda _: npy(np.arange(3_000)[::-1].copy())),
    "texts that go on behind their end": ("table/3.npy", lambda _: npy(np.arange(3_000) * 10**9)),
    "texts that are none": ("table/3.txt", lambda _: b"\xff" * 32_903),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_large_table_ends_in_one_line(case: str, large: Project, tmp_path: Path) -> None:
    name, make = BROKEN[case]
    files.save(large, tmp_path / "good.flux")
    good = (tmp_path / "good.flux").read_bytes()
    with zipfile.ZipFile(io.BytesIO(good)) as archive:
        record = json.loads(archive.read("table.json"))
    path = tmp_path / "broken.flux"
    path.write_bytes(rewritten(good, **{name: make(record)}))
    with pytest.raises(ProjectFileError) as caught:
        files.load(path)
    assert str(caught.value).startswith(f"{path}: ")
    assert "\n" not in str(caught.value)


def test_bombs_are_not_unpacked(good: bytes, tmp_path: Path) -> None:
    path = tmp_path / "bomb.flux"
    big = bytes(80 * 2**20)
    for name, reason in (
        ("project.json", "becomes more than 400 times its size"),
        ("table.csv", "becomes more than 400 times its size"),
        ("weights/layer-1/weights_matrix.npy", "is larger than it can be"),
        ("curve.npy", "is larger than it can be"),
    ):
        content = io.BytesIO()
        with (
            zipfile.ZipFile(io.BytesIO(good)) as source,
            zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as target,
        ):
            for each in source.namelist():
                target.writestr(each, big if each == name else source.read(each))
        path.write_bytes(content.getvalue())
        with pytest.raises(ProjectFileError, match=reason):
            files.load(path)


def test_names_that_lead_out_of_the_file_lead_nowhere(good: bytes, tmp_path: Path) -> None:
    folder = tmp_path / "a" / "b"
    folder.mkdir(parents=True)
    content = io.BytesIO(good)
    with zipfile.ZipFile(content, "a") as archive:
        for name in (
            "../evil.txt",
            "../../evil.txt",
            f"{tmp_path}/evil.txt",
            "weights/../../../evil.npy",
            "C:\\evil.txt",
        ):
            archive.writestr(name, b"evil")
    (folder / "p.flux").write_bytes(content.getvalue())
    before = set(tmp_path.rglob("*"))
    files.load(folder / "p.flux")
    assert set(tmp_path.rglob("*")) == before
