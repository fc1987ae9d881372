"""What ``flux-studio new`` cannot do: one clear line that names the part, exit code 2, and nothing is written."""

from __future__ import annotations

from pathlib import Path

import pytest

from flux_studio.project.stack import DEEPEST
from tests.command_line import IRIS_CSV, PARITY_CSV, Terminal


@pytest.fixture
def run(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Terminal:
    monkeypatch.chdir(tmp_path)
    return Terminal(tmp_path, capsys)


@pytest.mark.parametrize(
    ("layers", "words"),
    [
        ("0", "--layers: layer 1, '0': units must be a whole number from 1 to"),
        ("8,0", "--layers: layer 2, '0': units must be a whole number from 1 to"),
        ("-4,3", "units must be a whole number from 1 to 4,096, not -4"),
        ("", "--layers: layer 1: nothing is written there"),
        ("8:,3", "layer 1, '8:': nothing stands behind a colon"),
        ("8:softplus,3", "--layers: layer 1, '8:softplus': 'softplus' fits no setting of a Dense layer"),
        ("8,residual(8:tahn),3", "--layers: layer 2.1, '8:tahn': 'tahn' fits no setting"),
        ("conv:8,3", "--layers: layer 1, 'conv:8': 'conv' begins no layer"),
        ("residual(8,3", "--layers: layer 1.2, '3': it stands in a block that is never closed"),
        ("residual(" * 9999, f"in each other at most {DEEPEST} deep"),
        (
            "lstm:8:steps=3,3",
            "LSTM 1: 4 columns cannot be read as 3 steps of as many each: choose 1, 2 or 4 steps",
        ),
        ("8,2", "Dense 2 has 2 outputs, but there are 3 to predict"),
    ],
)
def test_layers(run: Terminal, layers: str, words: str) -> None:
    told = run.refused("new", "o.flux", "--data", IRIS_CSV, "--target", "species", f"--layers={layers}")
    assert words in told
    if "outputs" in words:
        assert told.endswith("give the last layer 3 units")


@pytest.mark.parametrize(
    ("option", "value", "words"),
    [
        ("--optimizer", "sdg:0.1", "--optimizer: optimizer 'sdg' is not known; choose one of sgd"),
        ("--optimizer", "sgd:nan", "the learning rate must be a number above zero, not nan"),
        ("--optimizer", "sgd:inf", "above zero, not inf"),
        ("--optimizer", "sgd:-0.1", "above zero, not -0.1"),
        ("--optimizer", "sgd:0", "above zero, not 0"),
        ("--optimizer", "sgd:fast", "--optimizer: learning_rate must be a number, not 'fast'"),
        ("--optimizer", "sgd:", "--optimizer: nothing stands behind a colon"),
        ("--optimizer", "", "optimizer '' is not known"),
        ("--loss", "hinge", "loss 'hinge' is not known; choose one of mse"),
        ("--seed", "-1", "--seed must not be negative, not -1"),
        ("--seed", "1.5", "--seed: invalid int value: '1.5'"),
        ("--batch", "0", "--batch: '0' is not a number of rows; write 32, or all"),
        ("--batch", "-4", "'-4' is not a number of rows"),
        ("--batch", "few", "'few' is not a number of rows"),
        ("--batch", "106", "there are only 105 rows to train on, not 106; write all"),
        ("--optimizer", "adam:0.1:beta_1=1", "beta_1 must be at least 0 and below 1, not 1.0"),
        ("--optimizer", "sgd:0.1:beta_1=0.9", "--optimizer: 'beta_1=0.9' fits no setting of SGD"),
        ("--schedule", "sine", "--schedule: schedule 'sine' is not known; choose one of constant, step"),
        ("--schedule", "", "--schedule: schedule '' is not known"),
        ("--schedule", "cosine:0", "the schedule's period must be a number above 0, not 0.0"),
        ("--schedule", "cosine:inf", "the schedule's period must be a number above 0, not inf"),
        ("--schedule", "cosine:floor=2", "the schedule's floor must be from 0 to 1, not 2.0"),
        ("--schedule", "step:nan", "the schedule's factor must be above 0 and up to 1, not nan"),
        ("--warm-up", "-1", "the schedule's warm-up must be 0 or more updates, not -1"),
        (
            "--start-weights",
            "he",
            "--start-weights: start weights 'he' is not known; choose one of xavier",
        ),
        ("--l1", "-1", "the L1 penalty must be a number of at least 0, not -1"),
        ("--l2", "nan", "the L2 penalty must be a number of at least 0, not nan"),
        ("--clip-value", "0", "gradients can be clipped to a value above 0, not 0"),
        ("--clip-norm", "inf", "gradients can be clipped to a norm above 0, not inf"),
        ("--clip-norm", "x", "argument --clip-norm: invalid float value: 'x'"),
        ("--iterations", "0", "the number of iterations must be at least 1, not 0"),
        ("--iterations", "1e3", "argument --iterations: invalid int value: '1e3'"),
        ("--stop-loss", "nan", "a loss that is good enough must be a number, not nan"),
        ("--patience", "-1", "early stopping must wait for at least 1 validation, not -1"),
        ("--seconds", "0", "training must be allowed a number of seconds above 0, not 0"),
        ("--seconds", "inf", "training must be allowed a number of seconds above 0, not inf"),
        ("--validate-every", "0", "validation must run every 1 or more iterations, not 0"),
        ("--pace", "0", "the pace must be above zero iterations a second, not 0"),
        ("--dtype", "float16", "argument --dtype: invalid choice: 'float16'"),
        ("--epochs", "4", "unrecognized arguments: --epochs 4"),
    ],
)
def test_options(run: Terminal, option: str, value: str, words: str) -> None:
    assert words in run.refused("new", "o.flux", "--data", IRIS_CSV, "--target", "species", option, value)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--generate", "moon"), "--generate: there is no generator 'moon'; choose one of xor, parity"),
        (
            ("--generate", "moons:rows=3"),
            "--generate: moons: rows must be a whole number from 10 to 100,000, not 3",
        ),
        (("--generate", "moons:turns=3"), "'turns=3' fits no setting of the generator Moons"),
        (
            ("--generate", "moons", "--target", "class"),
            "--target: a generated table names its own; leave it out",
        ),
        (
            ("--generate", "moons", "--data", str(IRIS_CSV)),
            "argument --data: not allowed with argument --generate",
        ),
    ],
)
def test_sources(run: Terminal, words: tuple[str, ...], told: str) -> None:
    assert told in run.refused("new", "o.flux", *words)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--column", "petal:mean"), "--column: there is no column 'petal'; did you mean 'petal_width'?"),
        (("--column", "petal_width:men"), "--column: 'men' says nothing of a column; did you mean mean?"),
        (
            ("--column", "species:ordinal"),
            "a category that is encoded by its place in an order cannot be a target",
        ),
        (("--derive", "product:petal_width"), "a product takes 2 columns, not 1"),
        (
            ("--derive", "sine:species"),
            "a sine of 'species' needs an input that is a number; choose one of sepal",
        ),
    ],
)
def test_columns(run: Terminal, words: tuple[str, ...], told: str) -> None:
    assert told in run.refused("new", "o.flux", "--data", IRIS_CSV, "--target", "species", *words)


def test_patience_without_rows_to_validate(run: Terminal) -> None:
    told = run.refused("new", "o.flux", "--data", PARITY_CSV, "--target", "parity", "--patience", "3")
    assert told == "--patience: no rows are kept to validate; give --validation 0.2"


@pytest.mark.parametrize(
    "option", ["--data", "--target", "--layers", "--loss", "--optimizer", "--batch", "--seed"]
)
def test_options_without_a_value(run: Terminal, option: str) -> None:
    words = ("new", "o.flux", "--data", IRIS_CSV, "--target", "species")
    told = run.refused(*(words if option not in words else ("new", "o.flux")), option)
    assert told == f"argument {option}: expected one argument; see flux-studio new --help"


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ((), "the following arguments are required: OUT.flux;"),
        (("o.flux",), "one of the arguments --data --generate is required;"),
        (("o.flux", "--data", "x.csv"), "say which columns to predict, with --target COL[,COL]"),
    ],
)
def test_what_is_required(run: Terminal, words: tuple[str, ...], told: str) -> None:
    assert told in run.refused("new", *words)


def test_a_table_is_never_written_over(run: Terminal) -> None:
    run.write("t.flux", "a,b\n1,2\n2,3\n")
    assert "is the file that is read" in run.refused("new", "t.flux", "--data", "t.flux", "--target", "b")
    assert "write t.csv.flux" in run.refused("new", "t.csv", "--data", "t.flux", "--target", "b")
