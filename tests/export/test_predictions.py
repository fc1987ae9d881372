"""Predictions as CSV: a line a row, in order, in the words and units of the table."""

from __future__ import annotations

import csv
import io
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from flux_studio.data.columns import Column
from flux_studio.data.readers import parse_table
from flux_studio.errors import DataError, ExportError, FluxError, GivenUpError
from flux_studio.export.predictions import as_csv, write
from flux_studio.locations import sample
from flux_studio.project import files
from flux_studio.project.catalogue import layer_kind
from flux_studio.project.defaults import new_project
from flux_studio.project.project import Project, Run


def linear(scale: float) -> Project:
    """y = scale·x, with nothing scaled and nothing to train."""
    table = parse_table("x,y\n0,0\n1,1\n", "line.csv")
    columns = (Column("x", "input", "number", "none"), Column("y", "target", "number", "none"))
    project = new_project(table, columns=columns)
    layers = (layer_kind("dense.v1").new("layer-1", units=1, activation="identity"),)
    project = project.with_specification(project.specification.replace(layers=layers))
    weights = {
        ("layer-1", "weights_matrix"): np.array([[scale]], np.float32),
        ("layer-1", "bias_matrix"): np.zeros((1, 1), np.float32),
    }
    return project.with_run(Run.at_start(weights))


def test_rows_keep_their_order_across_the_chunks_of_the_network(tmp_path: Path) -> None:
    count = 9_000  # more than two chunks
    (tmp_path / "t.csv").write_text("x\n" + "".join(f"{row}\n" for row in range(count)))
    header, *rows = as_csv(linear(0.5), tmp_path / "t.csv").splitlines()
    assert header == "prediction"
    np.testing.assert_array_equal([float(row) for row in rows], np.arange(count) * 0.5)


def test_progress_is_told_and_predicting_is_given_up_when_asked(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("x\n" + "".join(f"{row}\n" for row in range(40_000)))
    told: list[float] = []

    def goes_on(done: int, of: int) -> bool:
        told.append(done / of)
        return True

    write(linear(0.5), tmp_path / "t.csv", tmp_path / "out.csv", None, goes_on)
    assert told == sorted(told)
    assert told[0] <= 0.5 < told[-1] <= 1

    def before(most: float, done: int, of: int) -> bool:
        return done / of < most

    for most in (0.2, 0.7):
        with pytest.raises(GivenUpError):
            as_csv(linear(0.5), tmp_path / "t.csv", None, partial(before, most))


def test_one_row_is_enough(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("x\n7\n")
    assert as_csv(linear(2.0), tmp_path / "t.csv") == "prediction\n14.0\n"


def test_several_targets_have_names_in_the_header(tmp_path: Path) -> None:
    text = "x,y,z\n0,1,a\n1,2,b\n2,3,c\n3,4,a\n"
    columns = (Column("x"), Column("y", "target"), Column("z", "target", "category"))
    project = new_project(parse_table(text, "t.csv"), columns=columns)
    (tmp_path / "t.csv").write_text(text)
    header, *rows = csv.reader(io.StringIO(as_csv(project, tmp_path / "t.csv")))
    assert header == ["prediction(y)", "prediction(z)", "p(z=a)", "p(z=b)", "p(z=c)"]
    assert len(rows) == 4
    for row in rows:
        assert row[1] == "abc"[int(np.argmax([float(cell) for cell in row[2:]]))]


def test_predicting_changes_nothing_in_the_project() -> None:
    project = files.load(sample("parity-4.flux"))
    first = as_csv(project, sample("parity-4.csv"))
    assert project.run is None
    assert as_csv(project, sample("parity-4.csv")) == first


def test_outputs_that_overflow_are_told(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("x\n1\n1e30\n")
    with pytest.raises(DataError, match=r"row 2.*not finite"):
        as_csv(linear(1e20), tmp_path / "t.csv")


def test_inputs_too_large_for_the_network_are_told(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("x\n1\n1e300\n")
    with pytest.raises(FluxError, match="too large"):
        as_csv(linear(1.0), tmp_path / "t.csv")


def test_write_is_whole_or_not_at_all(tmp_path: Path) -> None:
    project = files.load(sample("parity-4.flux"))
    out = tmp_path / "p.csv"
    out.write_text("what was there")
    (tmp_path / "bad.csv").write_text("b3,b2,b1,b0\n1,0,0,maybe\n")
    with pytest.raises(DataError, match="line 2, column 'b0'"):
        write(project, tmp_path / "bad.csv", out)
    assert out.read_text() == "what was there"
    with pytest.raises(ExportError, match="does not exist"):
        write(project, sample("parity-4.csv"), tmp_path / "nowhere" / "p.csv")
    write(project, sample("parity-4.csv"), out)
    assert out.read_text() == as_csv(project, sample("parity-4.csv"))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bad.csv", "p.csv"]
