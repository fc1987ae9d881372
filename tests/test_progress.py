"""How training is told: strict JSON, a bar that keeps its line on a terminal, plain lines elsewhere."""

from __future__ import annotations

import json
import sys

import pytest

from flux_studio.progress import ProgressBar, tell_json
from flux_studio.training.events import Failed, Finished, Paused, Progress, Scores, Started

NO, INFINITE = float("nan"), float("inf")


def progress(iteration: int, loss: float = 0.25, validation: float | None = None) -> Progress:
    return Progress(iteration, loss, validation, 0.5, 1000.0)


@pytest.mark.parametrize("loss", [NO, INFINITE, -INFINITE])
def test_json_has_no_number_that_is_none(capsys: pytest.CaptureFixture[str], loss: float) -> None:
    tell_json(progress(0, loss, loss))
    line = capsys.readouterr().out
    assert json.loads(line, parse_constant=pytest.fail) == {
        "event": "progress",
        "iteration": 0,
        "loss": None,
        "validation_loss": None,
        "learning_rate": 0.5,
        "iterations_per_second": 1000.0,
    }


def test_json_keeps_its_line_whatever_the_message(capsys: pytest.CaptureFixture[str]) -> None:
    tell_json(Failed('two\nlines and "quotes"', 7))
    (line,) = capsys.readouterr().out.splitlines()
    assert json.loads(line)["message"] == 'two\nlines and "quotes"'


def test_json_passes_over_what_is_not_for_the_command_line(capsys: pytest.CaptureFixture[str]) -> None:
    tell_json(Paused(progress(3)))
    assert capsys.readouterr().out == ""


def test_on_a_terminal_the_bar_stays_on_its_line(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    bar = ProgressBar("SGD", 100, 200)
    for event in (
        Started(100, "compiled"),
        progress(100),
        progress(150),
        Finished(progress(200), 1.5, Scores(3, 4, 0.75, 0.5)),
    ):
        bar.tell(event)
    shown = capsys.readouterr().out
    assert shown.startswith("training with SGD, from iteration 100 to 200\n")
    drawn = [part.split("  ")[0] for part in shown.split("\r")[1:]]
    assert [(part.count("█"), part.count("·")) for part in drawn] == [(0, 24), (12, 12), (24, 0)]
    assert shown.endswith("\nfinished in 1.50 s, 3 of 4 right, 50.0% of the validation rows right\n")


def test_a_failure_ends_the_bars_line(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    bar = ProgressBar("SGD", 0, 200)
    bar.tell(progress(50))
    bar.tell(Failed("training diverged", 51))
    assert capsys.readouterr().out.endswith("loss 0.25        \n")


def test_elsewhere_a_line_for_each_tenth(capsys: pytest.CaptureFixture[str]) -> None:
    bar = ProgressBar("SGD", 0, 1000)
    for iteration in range(0, 1001, 10):
        bar.tell(progress(iteration, validation=0.5))
    lines = capsys.readouterr().out.splitlines()
    assert [line[:4] for line in lines] == [f"{share:>3}%" for share in range(0, 101, 10)]
    assert all("\r" not in line and "validation 0.5" in line for line in lines)


def test_nothing_to_do_is_done(capsys: pytest.CaptureFixture[str]) -> None:
    bar = ProgressBar("SGD", 7, 7)
    bar.tell(progress(7))
    bar.tell(Finished(progress(7), 0.0, Scores()))
    assert capsys.readouterr().out.splitlines()[-1] == "finished in 0.00 s"
