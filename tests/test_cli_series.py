"""Series on the command line: windows, targets ahead, test rows, and predictions that keep the table's order."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import msgspec
import numpy as np
import pytest

from flux_studio.data.readers import read_table
from flux_studio.export.exporters import export
from flux_studio.locations import sample
from flux_studio.project import files
from tests.command_line import IRIS_CSV, Terminal

SERIES = sample("mackey-glass.csv")


@pytest.fixture
def run(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Terminal:
    monkeypatch.chdir(tmp_path)
    return Terminal(tmp_path, capsys)


def new(run: Terminal, *words: str) -> Path:
    run.done("new", "mg.flux", "--data", SERIES, "--target", "x", *words)
    return run.folder / "mg.flux"


def test_a_series_is_predicted_from_its_own_past(run: Terminal) -> None:
    file = new(run, "--window", "8", "--ahead", "1", "--test", "0.1", "--optimizer", "adam:0.01")
    project = files.load(file)
    data = project.specification.data
    assert (data.window, data.ahead, data.test_fraction, data.columns[0].role) == (8, 1, 0.1, "both")
    values = np.array([float(cell) for cell in project.table.column("x")])
    dataset = project.dataset()
    encoder = dataset.preprocessor.input_encoders[0]
    raw = dataset.inputs * encoder.scale + encoder.offset  # type: ignore[union-attr]
    np.testing.assert_allclose(raw[20], values[20:28], rtol=1e-12)
    run.done("train", file, "--iterations", "800", "--executor", "reference", "--save", file)
    header, *lines = csv.reader(io.StringIO(run.done("predict", file, SERIES).out))
    assert header == ["prediction"]
    assert lines[:7] == [[""]] * 7
    predicted = np.array([float(line[0]) for line in lines[7:]])
    assert len(lines) == 300
    # The last row's prediction is of a row that the table does not have yet.
    error = np.abs(predicted[:-1] - values[8:])
    assert error.mean() < 0.3 * np.abs(np.diff(values)).mean()


def test_a_table_of_one_column_needs_no_further_words(run: Terminal) -> None:
    assert files.load(new(run)).specification.data.windowing.text == "windows of 8 rows, target 1 row ahead"


def test_info_says_what_a_sample_is(run: Terminal) -> None:
    lines = run.done("info", new(run, "--window", "8", "--ahead", "1", "--test", "0.1")).lines
    assert lines[1:4] == [
        "data         mackey-glass.csv, 300 rows, windows of 8 rows, target 1 row ahead",
        "             189 to train on, 58 to validate, 29 to test",
        "             16 windows across the border of two parts left out",
    ]
    assert lines[4].startswith("inputs       x (t−7), x (t−6), ")
    assert lines[5] == "targets      x (t+1)"


def test_rows_without_a_whole_window_have_empty_predictions_and_shares(run: Terminal) -> None:
    rows = [f"{number % 7},{'ab'[number % 3 == 0]}" for number in range(40)]
    table = run.write("t.csv", "x,c\n" + "\n".join(rows) + "\n")
    run.done("new", "t.flux", "--data", table, "--target", "c", "--window", "3")
    rows[10] = f",{rows[10][-1]}"
    gap = run.write("gap.csv", "x,c\n" + "\n".join(rows) + "\n")
    header, *lines = csv.reader(io.StringIO(run.done("predict", "t.flux", gap).out))
    assert header == ["prediction", "p(a)", "p(b)"]
    assert [number for number, line in enumerate(lines) if line == [""] * 3] == [0, 1, 10, 11, 12]
    assert len(lines) == 40


def test_an_export_tells_the_window(run: Terminal) -> None:
    file = new(run, "--window", "2", "--ahead", "3")
    export(files.load(file), run.folder / "w.json")
    content = json.loads((run.folder / "w.json").read_text())
    assert content["inputs"] == ["x (t−1)", "x (t)"]
    assert content["outputs"] == ["x (t+3)"]
    assert content["preprocessing"]["windowing"] == {"window": 2, "ahead": 3}


def test_test_rows_are_kept_from_training_and_validation(run: Terminal) -> None:
    words = ("--validation", "0.1", "--test", "0.3")
    run.done("new", "iris.flux", "--data", IRIS_CSV, "--target", "species", *words)
    project = files.load(run.folder / "iris.flux")
    data = project.dataset()
    assert [len(part) for part in (data.training, data.validation, data.test)] == [90, 15, 45]
    network = project.network("reference")
    assert network.program.inputs.rows == 90
    assert network.validation is not None
    assert network.validation.inputs.rows == 15
    assert "90 to train on, 15 to validate, 45 to test" in run.done("info", "iris.flux").out


def test_without_these_words_a_project_is_what_it_was(run: Terminal) -> None:
    run.done("new", "iris.flux", "--data", IRIS_CSV, "--target", "species")
    data = files.load(run.folder / "iris.flux").dataset()
    assert [len(part) for part in (data.training, data.validation, data.test)] == [105, 45, 0]
    assert "to validate\n" in run.done("info", "iris.flux").out


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--window", "0"), "a window must hold at least 1 row, not 0"),
        (
            ("--window", "301", "--ahead", "1"),
            "300 rows are too few for a window of 301 rows with its target 1 row",
        ),
        (("--window", "2.5"), "argument --window: invalid int value: '2.5'"),
        (("--ahead", "-1"), "the target cannot stand 1 row before the end of the window"),
        (("--window", "2"), "no column has the role input"),
        (("--ahead", "1", "--validation", "0.5", "--test", "0.5"), "must add to less than 1"),
        (("--ahead", "1", "--test", "1"), "the share of test rows must be at least 0 and below 1, not 1.0"),
        (("--ahead", "1", "--test", "nan"), "the share of test rows must be at least 0 and below 1, not nan"),
        (("--window", "200", "--ahead", "1"), "no window is left to train on"),
    ],
)
def test_what_cannot_be(run: Terminal, words: tuple[str, ...], told: str) -> None:
    with run.unchanged():
        assert told in run("new", "mg.flux", "--data", SERIES, "--target", "x", *words).complaint


def test_a_table_too_short_to_predict_for(run: Terminal) -> None:
    file = new(run, "--window", "8", "--ahead", "1")
    short = run.write("short.csv", "x\n1\n2\n")
    told = "short.csv: 2 rows are too few for a window of 8 rows, which takes 8"
    assert told in run("predict", file, short).complaint
    assert read_table(short).rows == 2


def test_a_file_with_a_window_that_cannot_be_is_told(run: Terminal) -> None:
    file = new(run, "--window", "8", "--ahead", "1")
    project = files.load(file)
    specification = project.specification
    for changes, told in (
        ({"window": 0}, "a window must hold at least 1 row"),
        ({"ahead": 0}, "input and target at once"),
        ({"test_fraction": 0.9}, "must add to less than 1"),
    ):
        data = msgspec.structs.replace(specification.data, **changes)
        files.save(project.with_specification(specification.replace(data=data)), run.folder / "bad.flux")
        assert told in run("info", "bad.flux").complaint
