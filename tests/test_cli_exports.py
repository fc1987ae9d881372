"""``export`` and ``take-in``: what they say, what they write, and what they refuse."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from flux_studio.export.exporters import EXPORTERS
from flux_studio.locations import sample
from flux_studio.project import files
from tests.command_line import Terminal
from tests.export.plain_numpy import from_npz

IRIS = sample("iris.flux")


@pytest.fixture
def run(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Terminal:
    monkeypatch.chdir(tmp_path)
    return Terminal(tmp_path, capsys)


def test_the_help_tells_every_format(run: Terminal, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        run("export", "--help")
    text = capsys.readouterr().out
    for exporter in EXPORTERS:
        line = next(line for line in text.splitlines() if line.startswith(f"  {exporter.name} "))
        assert f"*{exporter.suffix} " in line
        assert exporter.sentence in line
        assert f"{exporter.covers}." in text


def test_the_words_say_how_it_was_tried(run: Terminal) -> None:
    assert run.done("export", IRIS, "iris.onnx").out.startswith(
        "iris.onnx: ONNX model, verified on 150 rows: largest difference "
    )
    assert run.done("export", IRIS, "iris.npz").lines == [
        "iris.npz: NumPy archive, verified on 150 rows: largest difference 0"
    ]


def test_the_metrics_of_what_was_trained_go_along(run: Terminal) -> None:
    run.done("train", IRIS, "--iterations", "50", "--export", "w.npz", "--executor", "reference")
    metrics = from_npz(run.folder / "w.npz")[0]["metrics"]["species"]
    assert metrics["classes"] == ["setosa", "versicolor", "virginica"]
    assert metrics["validation"]["rows"] == 30
    assert 0 <= metrics["validation"]["accuracy"] <= 1
    run.done("export", IRIS, "start.npz")  # not trained, so there is nothing to say
    assert from_npz(run.folder / "start.npz")[0]["metrics"] == {}


def test_with_json_only_json_is_printed(run: Terminal) -> None:
    out = run.done(
        "train", IRIS, "--iterations", "2", "--json", "--export", "w.py", "--executor", "reference"
    ).out
    assert all(json.loads(line) for line in out.splitlines())
    assert (run.folder / "w.py").exists()


def test_the_script_says_what_predict_says(run: Terminal) -> None:
    """By itself, on a table from the command line."""
    run.done("export", IRIS, "iris.py")
    table = IRIS.with_suffix(".csv")
    predicted = run.done("predict", IRIS, table).lines
    command = [sys.executable, "-I", str(run.folder / "iris.py"), str(table)]
    printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    assert printed[0] == predicted[0]
    assert [line.split(",")[0] for line in printed] == [line.split(",")[0] for line in predicted]
    numbers = [
        [float(cell) for line in lines[1:] for cell in line.split(",")[1:]] for lines in (printed, predicted)
    ]
    np.testing.assert_allclose(numbers[0], numbers[1], atol=1e-6)
    (run.folder / "bad.csv").write_text("sepal_length,sepal_width,petal_length,petal_width\n1,2,x,4\n")
    command[-1] = str(run.folder / "bad.csv")
    refused = subprocess.run(command, capture_output=True, text=True, check=False)
    assert refused.returncode == 1
    assert refused.stderr.endswith("bad.csv: column 'petal_length': could not convert string to float: 'x'\n")


class TestTakeIn:
    def test_compares_and_writes_nothing_unless_told_to(self, run: Terminal) -> None:
        run.done("train", IRIS, "--iterations", "5", "--export", "w.safetensors", "--executor", "reference")
        before = set(run.folder.iterdir())
        lines = run.done("take-in", IRIS, "w.safetensors").lines
        assert lines[0].split() == ["parameter", "shape", "in", "the", "file"]
        assert lines[1].split() == [
            "layer-1.weights_matrix",
            "4×8",
            "layer-1.weights_matrix",
            "as",
            "it",
            "is",
        ]
        assert set(run.folder.iterdir()) == before

    def test_the_network_then_predicts_the_same(self, run: Terminal) -> None:
        run.done(
            "train",
            IRIS,
            "--iterations",
            "5",
            "--save",
            "t.flux",
            "--export",
            "w.npz",
            "--executor",
            "reference",
        )
        said = run.done("take-in", IRIS, "w.npz", "--save", "taken.flux").lines
        assert said[-1] == "taken.flux: 4 of 4 parameters taken in"
        table = IRIS.with_suffix(".csv")
        assert run.done("predict", "taken.flux", table).out == run.done("predict", "t.flux", table).out
        taken = files.load(run.folder / "taken.flux").run
        assert taken is not None
        assert taken.iteration == 0

    def test_square_matrices_and_other_names_by_hand(self, run: Terminal) -> None:
        run.done(
            "new",
            "s.flux",
            "--data",
            IRIS.with_suffix(".csv"),
            "--target",
            "species",
            "--layers",
            "4:tanh,3:softmax",
        )
        matrix = np.arange(16, dtype=np.float32).reshape(4, 4)
        np.savez(run.folder / "w.npz", mine=matrix, other=np.zeros((9, 9), np.float32))
        told = run("take-in", "s.flux", "w.npz", "--save", "t.flux").complaint
        assert "'mine' fits layer-1.weights_matrix either way: say whether it is transposed" in told
        run.done("take-in", "s.flux", "w.npz", "--transposed", "yes", "--save", "t.flux")
        taken = files.load(run.folder / "t.flux").run
        assert taken is not None
        np.testing.assert_array_equal(taken.parameters["layer-1", "weights_matrix"], matrix.T)
        told = run(
            "take-in", "s.flux", "w.npz", "--take", "layer-1.weights_matrix=other", "--save", "t.flux"
        ).complaint
        assert "'other' is 9×9, but layer-1.weights_matrix is 4×4" in told

    @pytest.mark.parametrize(
        ("words", "told"),
        [
            (("none.npz",), "none.npz: there is no such file"),
            (("iris.csv",), "iris.csv: this is neither an NPZ nor a safetensors file"),
            (("w.npz", "--save", "out.npz"), "a project's file is called .flux"),
            (("w.npz", "--take", "x=y"), "the network has no parameter 'x'; it has layer-1.weights_matrix"),
            (("w.npz", "--save", "nowhere/o.flux"), "the folder nowhere does not exist"),
        ],
    )
    def test_what_cannot_be_is_one_line(self, run: Terminal, words: tuple[str, ...], told: str) -> None:
        np.savez(run.folder / "w.npz", a=np.zeros((4, 8), np.float32))
        (run.folder / "iris.csv").write_bytes(IRIS.with_suffix(".csv").read_bytes())
        assert told in run("take-in", IRIS, *words).complaint


def test_heavy_libraries_wait_until_they_are_needed() -> None:
    code = (
        "import sys, flux_studio.cli, flux_studio.export.exporters, flux_studio.export.taking_in as t;"
        "print(*{'onnx', 'safetensors', 'ml_dtypes', 'torch', 'numba'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""
