"""Each suspicion is raised by a table that deserves it, and by no other."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest

from flux_studio import locations
from flux_studio.data.columns import Column, suggest_columns
from flux_studio.data.dataset import prepare
from flux_studio.data.facts import all_facts
from flux_studio.data.readers import read_table
from flux_studio.data.suspicions import suspicions
from flux_studio.data.windows import Windowing

from .strategies import table_of

ROWS = 100
DRAWN = np.random.default_rng(0)
NUMBERS = [f"{value:.4f}" for value in DRAWN.normal(size=ROWS)]
OTHERS = [f"{value:.4f}" for value in DRAWN.normal(size=ROWS)]
CLASSES = ["red", "blue"] * (ROWS // 2)


def found(target=CLASSES, dataset=False, windowing=None, **columns):
    """The suspicions of a table with an ordinary column, those named and a target."""
    names = ["usual", *columns, "y"]
    table = table_of(names, list(zip(NUMBERS, *columns.values(), target, strict=True)))
    guessed = suggest_columns(table, ["y"])
    # As a person might have it who knows no better.
    used = [msgspec.structs.replace(c, role="input") if c.role == "ignore" else c for c in guessed]
    data = prepare(table, used, 0.3, np.random.default_rng(0)) if dataset else None
    return suspicions(table, used, all_facts(table, used), data)


def kinds(*args, **settings):
    return [each.kind for each in found(*args, **settings)]


def test_an_ordinary_table_has_none():
    assert found(dataset=True, x=OTHERS) == ()


def test_a_constant():
    (one,) = found(x=["7"] * ROWS)
    assert (one.kind, one.columns, one.remedy[0].role) == ("constant", ("x",), "ignore")
    assert one.what == "'x' has the same value in all rows"
    assert [each.columns for each in found(target=["1"] * ROWS)] == [("y",)]


@pytest.mark.parametrize(
    "cells",
    [[f"row {n}" for n in range(ROWS)], list(map(str, range(ROWS))), [f"{n + 1}" for n in range(ROWS)]],
)
def test_names_of_rows(cells):
    (one,) = found(x=cells)
    assert (one.kind, one.columns, one.remedy[0].role) == ("identity", ("x",), "ignore")


@pytest.mark.parametrize(
    ("x", "target"),
    [
        (CLASSES, CLASSES),
        ([{"red": "1", "blue": "0"}[word] for word in CLASSES], CLASSES),
        (
            [{"red": "1", "blue": "0"}[word] for word in CLASSES],
            ["rot" if w == "red" else "blau" for w in CLASSES],
        ),
        (NUMBERS[::-1], NUMBERS[::-1]),
        ([f"{-3 * float(cell) + 7:.9f}" for cell in OTHERS], OTHERS),
    ],
)
def test_the_answer_among_the_inputs(x, target):
    (one,) = found(target=target, x=x)
    assert (one.kind, one.columns, one.remedy[0].role) == ("answer", ("x",), "ignore")


def test_what_comes_near_the_answer_is_none():
    nearly = ["blue", *CLASSES[1:]]
    assert kinds(x=nearly) == []
    noisy = [f"{float(cell) + 0.01 * n:.4f}" for n, cell in enumerate(OTHERS)]
    assert kinds(target=OTHERS, x=noisy) == []


def test_a_target_that_stands_ahead_is_no_answer():
    cells = [(cell, cell) for cell in NUMBERS]
    table = table_of(["x", "y"], cells)
    columns = [Column("x"), Column("y", "target")]
    data = prepare(table, columns, 0.2, np.random.default_rng(0), windowing=Windowing(3, 1))
    assert suspicions(table, columns, all_facts(table, columns), data) == ()


def test_imbalance():
    (one,) = found(target=["a"] * 95 + ["b"] * 5)
    assert one.kind == "imbalance"
    assert one.what == "'y' is 'a' in 95 rows and 'b' in 5"
    assert one.advice.endswith("always answering 'a' is right in 95%")
    assert kinds(target=["a"] * 85 + ["b"] * 15) == []


def test_few_values():
    codes = [str(n % 4 + 1) for n in range(ROWS)]
    (one,) = found(x=codes)
    assert (one.kind, one.columns, one.remedy[0].kind) == ("few_values", ("x",), "category")
    (one,) = found(target=codes)
    assert (one.columns, one.remedy[0].role) == (("y",), "target")
    assert kinds(x=[str(n % 4 + 0.5) for n in range(ROWS)]) == []


def test_outliers():
    far = [*NUMBERS[1:], "1000"]
    (one,) = found(x=far)
    assert (one.kind, one.remedy[0].scaling) == ("outliers", "robust")
    assert one.what.startswith("'x' reaches 1000, while half of its values lie from -0.")


def test_mostly_missing():
    (one,) = found(x=[cell if n % 3 == 0 else "" for n, cell in enumerate(OTHERS)])
    assert (one.kind, one.what) == ("mostly_missing", "'x' has no value in 66 of 100 rows")


def test_the_same_rows_on_both_sides():
    twice = table_of(["x", "y"], [(NUMBERS[n // 2], str(n)) for n in range(ROWS)])
    columns = [Column("x"), Column("y", "target")]
    data = prepare(twice, columns, 0.3, np.random.default_rng(0))
    (one,) = suspicions(twice, columns, all_facts(twice, columns), data)
    training = {NUMBERS[row // 2] for row in data.table_rows[data.training]}
    same = sum(NUMBERS[row // 2] in training for row in data.table_rows[data.validation])
    assert one.what == f"{same} of 30 validation rows have the same inputs as a row that is trained on"


def test_dates_that_could_be_read_both_ways():
    cells = [f"{n % 12 + 1}/{n % 11 + 1}/2021" for n in range(ROWS)]
    (one,) = found(x=cells)
    assert one.kind == "dates"
    assert "'2/2/2021'" not in one.what
    assert [each.date_order for each in one.remedy] == ["month_first"]
    assert kinds(x=[*cells[1:], "13/1/2021"]) == []


@pytest.mark.parametrize(
    ("name", "target", "expected"),
    [
        ("iris", "species", {"same_rows"}),
        ("wine", "class", set()),
        ("breast-cancer", "diagnosis", set()),
        ("auto-mpg", "mpg", {"few_values"}),
        ("penguins", "species", set()),
    ],
)
def test_the_samples(name, target, expected):
    table = read_table(locations.sample(f"{name}.csv"))
    columns = suggest_columns(table, [target])
    data = prepare(table, columns, 0.3, np.random.default_rng([0, 0]))
    assert {each.kind for each in suspicions(table, columns, all_facts(table, columns), data)} == expected
