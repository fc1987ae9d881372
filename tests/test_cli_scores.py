"""Scores on the command line: a table at the end of training and in info, and everything of it as JSON."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from flux_studio.project import files
from tests.command_line import IRIS, IRIS_CSV, PARITY, Terminal

END = files.load(PARITY).specification.iterations


@pytest.fixture
def run(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Terminal:
    monkeypatch.chdir(tmp_path)
    return Terminal(tmp_path, capsys)


def iris(run: Terminal) -> Path:
    words = ("--optimizer", "adam:0.02", "--validation", "0.2", "--test", "0.2")
    run.done("new", "iris.flux", "--data", IRIS_CSV, "--target", "species", *words)
    return run.folder / "iris.flux"


def test_classes_in_json(run: Terminal) -> None:
    file = iris(run)
    finished = run.done("train", file, "--iterations", "150", "--json", "--save", file).events[-1]
    species = finished["metrics"]["species"]
    assert list(species) == ["classes", "training", "validation", "test"]
    assert species["classes"] == ["setosa", "versicolor", "virginica"]
    assert list(species["test"]) == ["rows", "accuracy", "balanced_accuracy", "f1", "confusion"]
    assert species["training"]["accuracy"] == pytest.approx(finished["accuracy"])
    assert species["validation"]["accuracy"] == pytest.approx(finished["validation_accuracy"])
    project = files.load(file)
    data = project.dataset()
    taken = project.network("reference").predict(data.test_inputs).argmax(axis=1)
    confusion = np.zeros((3, 3), int)
    np.add.at(confusion, (data.test_targets.argmax(axis=1), taken), 1)
    assert species["test"]["confusion"] == confusion.tolist()
    assert species["test"]["rows"] == 30 == confusion.sum()


def test_the_table_of_train_and_of_info_is_the_same(run: Terminal) -> None:
    file = iris(run)
    assert "accuracy" not in run.done("info", file).out
    trained = run.done("train", file, "--iterations", "150", "--executor", "reference", "--save", file).lines
    assert trained[-5].split() == ["training", "validation", "test"]
    assert trained[-4].split() == ["rows", "90", "30", "30"]
    assert [line[:18].rstrip() for line in trained[-3:]] == ["accuracy", "balanced accuracy", "F1, mean"]
    assert trained[-6].startswith("finished in ")
    assert run.done("info", file).lines[-5:] == trained[-5:]


def test_numbers_are_told_in_their_own_units(run: Terminal) -> None:
    table = run.write("line.csv", "x,y\n" + "".join(f"{x},{1000 + 50 * x}\n" for x in range(-20, 20)))
    run.done("new", "line.flux", "--data", table, "--target", "y", "--test", "0.25")
    words = (
        "train",
        "line.flux",
        "--iterations",
        "30",
        "--executor",
        "reference",
        "--json",
        "--save",
        "line.flux",
    )
    metrics = run.done(*words).events[-1]["metrics"]["y"]
    assert list(metrics) == ["training", "test"]
    project = files.load(run.folder / "line.flux")
    predicted = [float(line) for line in run.done("predict", "line.flux", table).lines[1:]]
    errors = np.abs(np.array(predicted) - [1000 + 50 * x for x in range(-20, 20)])
    rows = project.dataset().test
    assert metrics["test"]["mae"] == pytest.approx(errors[rows].mean(), rel=1e-5)
    assert metrics["test"]["rmse"] == pytest.approx(np.sqrt((errors[rows] ** 2).mean()), rel=1e-5)
    assert metrics["test"]["rows"] == len(rows) == 10
    assert run.done("info", "line.flux").lines[-3].startswith("MAE ")


def test_a_part_without_rows_has_no_column(run: Terminal) -> None:
    lines = run.done("train", PARITY, "--iterations", "3").lines
    assert lines[-5].split() == ["training"]


def test_says_in_words_how_it_went(run: Terminal) -> None:
    lines = run.done("train", PARITY).lines
    assert lines[0] == f"training with SGD, learning rate 0.6, all 16 rows, from iteration 0 to {END:,}"
    assert lines[1].startswith("  0%  iteration         0  loss 0.2578")
    assert lines[-7].startswith(f"100%  iteration {END:>9,}")
    assert lines[-6].endswith("16 of 16 right")
    assert run.done("train", IRIS).lines[-6].endswith("of the validation rows right")
