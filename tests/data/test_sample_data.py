"""The shipped tables hold what LICENSES.md says."""

from __future__ import annotations

import hashlib
import itertools

import numpy as np
import pytest

from flux_studio import locations
from flux_studio.data.columns import suggest_columns
from flux_studio.data.dataset import prepare
from flux_studio.data.readers import read_table

TABLES = ("parity-4.csv", "xor.csv", "iris.csv", "flux-readme.csv")


def test_iris_is_the_repositorys_file():
    table = read_table(locations.sample("iris.csv"))
    assert table.names == ("sepal_length", "sepal_width", "petal_length", "petal_width", "species")
    rows = zip(*table.columns[:4], (f"Iris-{species}" for species in table.column("species")), strict=True)
    original = "".join(",".join(row) + "\n" for row in rows) + "\n"
    digest = hashlib.sha256(original.encode()).hexdigest()
    assert digest == "6f608b71a7317216319b4d27b4d9bc84e6abd734eda7872b71a458569e2656c0"
    assert digest in locations.sample("LICENSES.md").read_text("utf-8")


def test_parity_is_complete_and_counts():
    text = locations.sample("parity-4.csv").read_text("utf-8")
    bits = list(itertools.product((0, 1), repeat=4))
    lines = [",".join(map(str, (*row, sum(row) % 2))) for row in bits]
    assert text.splitlines() == ["b3,b2,b1,b0,parity", *lines]


def test_xor_is_complete():
    assert locations.sample("xor.csv").read_text("utf-8").split() == [
        "x1,x2,y",
        "0,0,0",
        "0,1,1",
        "1,0,1",
        "1,1,0",
    ]


def test_flux_readme_is_made_as_described():
    generator = np.random.default_rng(1936)
    made = []
    while len(made) < 100:
        x1, x2, x3, x4 = generator.random(4).round(3)
        further = abs(x1 - x2) - abs(x3 - x4)
        if abs(further) >= 0.05:
            made.append(f"{x1:.3f},{x2:.3f},{x3:.3f},{x4:.3f},{further > 0:d}")
    assert locations.sample("flux-readme.csv").read_text("utf-8").splitlines() == ["x1,x2,x3,x4,y", *made]


def test_mackey_glass_is_made_as_described():
    values = [1.2] * 171
    for _ in range(14_000):
        past = values[-171]
        values.append(values[-1] + 0.1 * (0.2 * past / (1 + past**10) - 0.1 * values[-1]))
    made = [f"{value:.4f}" for value in values[5_170::30][:300]]
    assert locations.sample("mackey-glass.csv").read_text("utf-8").splitlines() == ["x", *made]


@pytest.mark.parametrize("name", TABLES)
def test_each_is_ready_to_train_on(name):
    table = read_table(locations.sample(name))
    data = prepare(table, suggest_columns(table), 0.0, np.random.default_rng(0))
    shape = {
        "parity-4.csv": (16, 4, 1),
        "xor.csv": (4, 2, 1),
        "iris.csv": (150, 4, 3),
        "flux-readme.csv": (100, 4, 1),
    }
    assert (*data.inputs.shape, data.targets.shape[1]) == shape[name]
    assert data.dropped == ()
    assert data.preprocessor.task == ("classes" if name == "iris.csv" else "yes_no")


def test_every_table_is_described_with_its_licence():
    text = locations.sample("LICENSES.md").read_text("utf-8")
    shipped = sorted(path.name for path in locations.sample("iris.csv").parent.glob("*.csv"))
    assert all(f"## {name}" in text for name in shipped)
    assert set(TABLES) <= set(shipped)
