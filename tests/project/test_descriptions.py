"""Training in words."""

from __future__ import annotations

import msgspec
import pytest

from flux_studio import locations
from flux_studio.project import descriptions, files
from flux_studio.project.defaults import new_project
from flux_studio.project.specification import OptimizerSpecification, ScheduleSpecification
from tests.project.projects import table

SGD = OptimizerSpecification()


@pytest.mark.parametrize(
    ("batch", "rows", "text", "epoch"),
    [
        (None, 16, "all 16 rows", "each iteration is an epoch"),
        (None, 1, "1 row", "each iteration is an epoch"),
        (16, 16, "all 16 rows", "each iteration is an epoch"),
        (500, 16, "all 16 rows", "each iteration is an epoch"),
        (4, 16, "4 of 16 rows", "4 batches an epoch"),
        (32, 1437, "32 of 1,437 rows", "45 batches an epoch, the last of 29 rows"),
        (3, 7, "3 of 7 rows", "3 batches an epoch, the last of 1 row"),
    ],
)
def test_batches(batch: int | None, rows: int, text: str, epoch: str) -> None:
    specification = files.load(locations.sample("iris.flux")).specification.replace(batch=batch)
    assert descriptions.batch_text(specification, rows) == text
    assert descriptions.epoch_text(batch, rows) == epoch


def test_a_whole_batch_is_what_the_engine_takes_for_one() -> None:
    assert [descriptions.is_whole(batch, 16) for batch in (None, 1, 15, 16, 17)] == [
        True,
        False,
        False,
        True,
        True,
    ]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"kind": "adam", "learning_rate": 0.01}, "Optimizer Adam"),
        ({"learning_rate": 0.5}, "Learning rate 0.5"),
        ({"schedule": ScheduleSpecification("cosine", period=99.0)}, "Schedule cosine"),
        ({"schedule": ScheduleSpecification(warm_up=10)}, "Schedule: warm-up 10"),
        ({"l2": 0.01}, "L2 penalty 0.01"),
        ({"clip_value": 1.5}, "Clip gradient to value 1.5"),
        ({"clip_norm": 1.0}, "Clip gradient to norm 1"),
    ],
)
def test_an_edit_is_named_after_what_it_changes(changes: dict[str, object], words: str) -> None:
    after = msgspec.structs.replace(SGD, **changes)
    assert descriptions.optimizer_change(SGD, after) == words


def test_switching_off_is_named_too() -> None:
    before = msgspec.structs.replace(SGD, l1=0.1, clip_norm=1.0)
    assert descriptions.optimizer_change(before, msgspec.structs.replace(before, l1=0.0)) == "L1 penalty: off"
    off = msgspec.structs.replace(before, clip_norm=None)
    assert descriptions.optimizer_change(before, off) == "Clip gradient to norm: off"


def test_a_setting_is_named_with_its_symbol_and_against_its_usual_value() -> None:
    momentum = OptimizerSpecification("momentum", 0.05)
    other = msgspec.structs.replace(momentum, settings={"beta_1": 0.95})
    assert descriptions.optimizer_change(momentum, other) == "Momentum β 0.95"
    assert descriptions.optimizer_text(other) == "momentum, learning rate 0.05, β 0.95"
    usual = msgspec.structs.replace(momentum, settings={"beta_1": 0.9})
    assert descriptions.optimizer_text(usual) == "momentum, learning rate 0.05"


def test_what_is_trained_on_is_a_row_or_a_window() -> None:
    series = files.load(locations.sample("mackey-glass.flux")).specification
    assert descriptions.batch_text(series.replace(batch=32), 700) == "32 of 700 windows"
    assert descriptions.batch_text(series.replace(batch=None), 700) == "all 700 windows"
    assert descriptions.epoch_text(32, 700, "window") == "22 batches an epoch, the last of 28 windows"


def test_gaps_are_told_with_what_fills_them() -> None:
    lines = "".join(f"{n or ''},{'NA' if n == 3 else 'ab'[n % 2]},{'' if n == 5 else n}\n" for n in range(40))
    project = new_project(table("x,word,y\n" + lines), targets=["y"])
    told = [words for _, words in descriptions.data_lines("t.csv", project.dataset(), 40)]
    assert told == [
        "t.csv, 40 rows",
        "39 to train on, 0 to validate",
        "1 row without a value left out",
        "filled with x 20.5, word a",
    ]
