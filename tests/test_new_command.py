"""``flux-studio new``: what can be chosen reaches the file, and what was made trains and passes the check."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from flux_studio.project import files
from flux_studio.project.specification import OptimizerSpecification
from tests.command_line import IRIS_CSV, Terminal


@pytest.fixture
def run(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Terminal:
    monkeypatch.chdir(tmp_path)
    return Terminal(tmp_path, capsys)


def test_makes_a_project_with_sensible_defaults(run: Terminal) -> None:
    said = run.done("new", "mine.flux", "--data", IRIS_CSV, "--target", "species")
    assert said.out == "mine.flux: a network 4-8-3\n"
    specification = files.load(run.folder / "mine.flux").specification
    assert [layer.settings["activation"] for layer in specification.layers] == ["tanh", "softmax"]
    assert specification.loss == "cross_entropy"
    assert specification.seed == 0
    assert {column.name: column.role for column in specification.data.columns}["species"] == "target"


def test_takes_layers_optimizer_and_seed(run: Terminal) -> None:
    words = ("--layers", "16:tanh, 8 : swish ,3:sigmoid", "--optimizer", "sgd:0.25", "--seed", "7")
    run.done("new", "mine.flux", "--data", IRIS_CSV, "--target", "species", *words, "--loss", "mse")
    specification = files.load(run.folder / "mine.flux").specification
    layers = [(layer.settings["units"], layer.settings["activation"]) for layer in specification.layers]
    assert layers == [(16, "tanh"), (8, "swish"), (3, "sigmoid")]
    assert specification.optimizer == OptimizerSpecification("sgd", 0.25)
    assert specification.seed == 7


@pytest.mark.parametrize(("text", "batch"), [("32", 32), ("120", 120), ("all", None)])
def test_takes_the_rows_of_a_batch(run: Terminal, text: str, batch: int | None) -> None:
    words = ("--batch", text, "--optimizer", "adam")
    run.done("new", "mine.flux", "--data", IRIS_CSV, "--target", "species", *words)
    specification = files.load(run.folder / "mine.flux").specification
    assert specification.batch == batch
    assert specification.optimizer == OptimizerSpecification("adam", 0.01)


def test_the_seed_decides_split_and_weights(run: Terminal) -> None:
    for name, seed in (("a", "1"), ("b", "1"), ("c", "2")):
        run.done("new", f"{name}.flux", "--data", IRIS_CSV, "--target", "species", "--seed", seed)
    a, b, c = (files.load(run.folder / f"{name}.flux") for name in "abc")
    assert (run.folder / "a.flux").read_bytes() == (run.folder / "b.flux").read_bytes()
    assert a.dataset().fingerprint == b.dataset().fingerprint != c.dataset().fingerprint
    key = ("layer-1", "weights_matrix")
    assert not np.array_equal(a.network("reference").parameter(key), c.network("reference").parameter(key))


@pytest.mark.parametrize(
    "words", [("--target", "a,b"), ("--target", " a , b "), ("--target", "a", "--target", "b")]
)
def test_several_targets(run: Terminal, words: tuple[str, ...]) -> None:
    table = run.write("two.csv", "x,y,a,b\n0,1,5,7\n1,0,6,8\n1,1,7,9\n")
    assert run.done("new", "two.flux", "--data", table, *words).out == "two.flux: a network 2-8-2\n"
    columns = files.load(run.folder / "two.flux").specification.data.columns
    assert [column.name for column in columns if column.role == "target"] == ["a", "b"]


def test_names_with_blanks_commas_and_other_alphabets(run: Terminal) -> None:
    table = run.write("a folder/my täble.csv", '"the x","c,d","ü é"\n1,2,0.5\n2,3,1.5\n4,4,1\n')
    project = run.folder / "a folder" / "my pröject.flux"
    for target, inputs in (("c,d", ["the x", "ü é"]), ("ü é", ["the x", "c,d"])):
        run.done("new", project, "--data", table, "--target", target)
        run.done("train", project, "--iterations", "5", "--save", project)
        preprocessor = files.load(project).dataset().preprocessor
        assert preprocessor.target_names == (target,)
        assert list(preprocessor.input_names) == inputs
        assert len(run.done("predict", project, table).lines) == 4


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_encodings_and_delimiters(run: Terminal, encoding: str, delimiter: str) -> None:
    text = "größe,b,t\r\n1.5,2,10\r\n2.5,3,20\r\n3,1,30\r\n".replace(",", delimiter)
    table = run.write("table.csv", text.encode(encoding))
    run.done("new", "mine.flux", "--data", table, "--target", "t")
    assert files.load(run.folder / "mine.flux").dataset().preprocessor.input_names == ("größe", "b")
    assert len(run.done("predict", "mine.flux", table).lines) == 4


@pytest.mark.parametrize(
    "text",
    [
        "x,t\n1,5\n",
        "x,y,t\n0,0,0\n0,1,0\n1,0,0\n",
        "x,t\n1,5\n2,5\n3,5\n",
        "x,t\n,1\n2,NaN\n3,null\n4,1\n5,2\n",
    ],
)
def test_one_row_a_constant_target_and_gaps_train(run: Terminal, text: str) -> None:
    run.done("new", "mine.flux", "--data", run.write("t.csv", text), "--target", "t")
    *_, finished = run.done("train", "mine.flux", "--iterations", "1000", "--json").events
    assert finished["loss"] < 1e-3
