"""``flux-studio new`` makes loss and ending suit each other where one of them is left out."""

from __future__ import annotations

from pathlib import Path

import pytest

from flux_studio.project import files
from tests.command_line import IRIS_CSV, Terminal


@pytest.fixture
def run(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Terminal:
    monkeypatch.chdir(tmp_path)
    return Terminal(tmp_path, capsys)


def test_a_loss_alone_brings_its_ending(run: Terminal) -> None:
    run.done("new", "mine.flux", "--data", IRIS_CSV, "--target", "species", "--loss", "bce")
    specification = files.load(run.folder / "mine.flux").specification
    assert (specification.loss, specification.layers[-1].settings["activation"]) == ("bce", "sigmoid")


@pytest.mark.parametrize(
    ("layers", "loss"), [("4:tanh,3:softmax", "cross_entropy"), ("4:tanh,3:sigmoid", "mse")]
)
def test_an_ending_alone_brings_its_loss(run: Terminal, layers: str, loss: str) -> None:
    run.done("new", "mine.flux", "--data", IRIS_CSV, "--target", "species", "--layers", layers)
    assert files.load(run.folder / "mine.flux").specification.loss == loss
