"""One matrix as a file: what other readers read is what was there, names and all."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import numpy as np
import pytest

from flux_studio.errors import ExportError
from flux_studio.export import matrices
from flux_studio.export.matrices import NamedMatrix

VALUES = np.random.default_rng(2).normal(size=(3, 2)).astype(np.float32) * np.float32([[1e-7, 1e6]])


def named(
    values: np.ndarray = VALUES, columns: tuple[str, ...] = ('with "quotes", and', "n1")
) -> NamedMatrix:
    return NamedMatrix("Dense 1 · weights_matrix", "w", values, ("x0", "row; 2", "x2"), columns, 1_840)


def test_csv_reads_back_to_the_same_bits() -> None:
    header, *lines = csv.reader(io.StringIO(matrices.as_csv(named()).decode(), newline=""))
    assert header == ["w", 'with "quotes", and', "n1"]
    assert [line[0] for line in lines] == ["x0", "row; 2", "x2"]
    np.testing.assert_array_equal(np.array([line[1:] for line in lines], np.float32), VALUES)


def test_names_beyond_ascii_come_with_the_mark_that_spreadsheets_need() -> None:
    plain, marked = matrices.as_csv(named()), matrices.as_csv(named(columns=("größe", "θ1")))
    assert not plain.startswith(b"\xef\xbb\xbf")
    assert marked.startswith(b"\xef\xbb\xbf")
    assert marked.decode("utf-8-sig").splitlines()[0] == "w,größe,θ1"


def test_text_to_paste_has_a_tab_between_cells() -> None:
    lines = matrices.as_text(named(columns=("n0", "n1"))).splitlines()
    assert lines[0] == "w\tn0\tn1"
    assert lines[1] == f"x0\t{VALUES[0, 0]!s}\t{VALUES[0, 1]!s}"


def test_the_archive_holds_numbers_names_and_the_iteration() -> None:
    with np.load(io.BytesIO(matrices.as_npz(named())), allow_pickle=False) as archive:
        np.testing.assert_array_equal(archive["values"], VALUES)
        assert archive["values"].dtype == np.float32
        assert archive["rows"].tolist() == ["x0", "row; 2", "x2"]
        assert archive["columns"].tolist() == ['with "quotes", and', "n1"]
        assert (str(archive["title"]), int(archive["iteration"])) == ("Dense 1 · weights_matrix", 1_840)


def test_what_nobody_named_is_counted() -> None:
    text = matrices.as_text(NamedMatrix("m", "w", np.zeros((2, 3)), (), ("only",), 0))
    assert text.splitlines() == ["w\tonly\t1\t2", "0\t0.0\t0.0\t0.0", "1\t0.0\t0.0\t0.0"]


def test_too_many_cells_for_text_are_refused_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(matrices, "MOST_CELLS", 5)
    with pytest.raises(
        ExportError, match=r"Dense 1 · weights_matrix has 3×2 cells, too many .* NumPy archive"
    ):
        matrices.as_csv(named())


def test_a_place_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    with pytest.raises(ExportError, match="nowhere"):
        matrices.write(tmp_path / "nowhere" / "w.csv", b"")
    there = tmp_path / "w.csv"
    matrices.write(there, b"1")
    matrices.write(there, b"2")
    assert there.read_bytes() == b"2"
    assert list(tmp_path.iterdir()) == [there]
