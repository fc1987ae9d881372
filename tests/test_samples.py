"""Each sample, with nothing said but its target, gets a network and a way to train that solve it quickly."""

from __future__ import annotations

from pathlib import Path

import pytest

from flux_studio import locations
from flux_studio.engine.executors import fastest_executor
from flux_studio.project import files
from tests.command_line import Terminal

GOALS = {
    "iris": ("species", 0.93),
    "wine": ("class", 0.93),
    "breast-cancer": ("diagnosis", 0.95),
    "optdigits": ("digit", 0.95),
    "auto-mpg": ("mpg", 0.80),
    "penguins": ("species", 0.95),
}
"""The target, and the accuracy or R² that validation rows must reach."""


RECIPES = {
    "penguins": ("--data", "penguins.csv", "--target", "species", "--iterations", "600", "--pace", "50"),
    "optdigits": ("--data", "optdigits.csv", "--target", "digit", "--iterations", "1500", "--pace", "100"),
    "auto-mpg": ("--data", "auto-mpg.csv", "--target", "mpg", "--iterations", "1000", "--pace", "50"),
    "spirals": ("--generate", "spirals", "--iterations", "3000", "--pace", "200"),
}
"""What ``flux-studio new`` made ready projects of; they are made anew when its defaults change."""


@pytest.fixture
def run(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Terminal:
    monkeypatch.chdir(tmp_path)
    return Terminal(tmp_path, capsys)


@pytest.mark.parametrize("name", GOALS)
def test_a_new_project_learns_the_sample(run: Terminal, name: str) -> None:
    target, goal = GOALS[name]
    table = locations.sample(f"{name}.csv")
    run.done("new", "mine.flux", "--data", table, "--target", target)
    finished = run.done("train", "mine.flux", "--json", "--save", "mine.flux").events[-1]
    told = run.done("info", "mine.flux").out
    scores = finished["metrics"][target]["validation"]
    reached = scores["r2"] if "r2" in scores else scores["accuracy"]
    assert reached >= goal, told
    assert finished["seconds"] < 20 or fastest_executor() != "compiled", told
    # Nothing is lost for a gap in an input.
    assert len(run.done("predict", "mine.flux", table).lines) == 1 + len(
        table.read_text("utf-8").splitlines()[1:]
    )


@pytest.mark.parametrize("name", RECIPES)
def test_ready_projects_are_what_new_makes(run: Terminal, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.chdir(locations.sample("iris.csv").parent)
    made = run.folder / "made.flux"
    run.done("new", made, *RECIPES[name])
    one, other = files.load(made), files.load(locations.sample(f"{name}.flux"))
    assert one.specification == other.specification
    assert one.table == other.table
    assert one.run is other.run is None
