"""The shipped tables hold what LICENSES.md says."""

from __future__ import annotations

import hashlib
import itertools
import statistics
from collections import Counter

import numpy as np
import pytest

from flux_studio import locations
from flux_studio.data.cells import is_missing
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


PUBLISHED = {
    "auto-mpg.csv": {
        "mpg": (398, 23.514573, 7.815984, 9, 46.6),
        "cylinders": (398, 5.454774, 1.701004, 3, 8),
        "displacement": (398, 193.425879, 104.269838, 68, 455),
        "horsepower": (392, 104.469388, 38.491160, 46, 230),
        "weight": (398, 2970.424623, 846.841774, 1613, 5140),
        "acceleration": (398, 15.568090, 2.757689, 8, 24.8),
        "model_year": (398, 76.010050, 3.697627, 70, 82),
    },
    "penguins.csv": {
        "bill_length_mm": (342, 43.921930, 5.459584, 32.1, 59.6),
        "bill_depth_mm": (342, 17.151170, 1.974793, 13.1, 21.5),
        "flipper_length_mm": (342, 200.915205, 14.061714, 172, 231),
        "body_mass_g": (342, 4201.754386, 801.954536, 2700, 6300),
    },
    "wine.csv": {
        "alcohol": (178, 13.000618, 0.811827, 11.03, 14.83),
        "malic_acid": (178, 2.336348, 1.117146, 0.74, 5.8),
        "proline": (178, 746.893258, 314.907474, 278, 1680),
    },
    "breast-cancer.csv": {
        "mean_radius": (569, 14.127292, 3.524049, 6.981, 28.11),
        "mean_area": (569, 654.889104, 351.914129, 143.5, 2501),
        "worst_fractal_dimension": (569, 0.083946, 0.018061, 0.05504, 0.2075),
    },
}
"""Count, mean, standard deviation (of a sample), smallest and largest, as statistics of these data are published."""

CLASSES = {
    "penguins.csv": ("species", {"Adelie": 152, "Chinstrap": 68, "Gentoo": 124}),
    "wine.csv": ("class", {"1": 59, "2": 71, "3": 48}),
    "breast-cancer.csv": ("diagnosis", {"malignant": 212, "benign": 357}),
    "optdigits.csv": (
        "digit",
        dict(zip("0123456789", (178, 182, 177, 183, 181, 182, 181, 179, 174, 180), strict=True)),
    ),
    "auto-mpg.csv": ("origin", {"usa": 249, "europe": 70, "japan": 79}),
}


@pytest.mark.parametrize("name", PUBLISHED)
def test_statistics_are_the_published_ones(name):
    table = read_table(locations.sample(name))
    for column, published in PUBLISHED[name].items():
        values = [float(cell) for cell in table.column(column) if not is_missing(cell)]
        found = (len(values), statistics.fmean(values), statistics.stdev(values), min(values), max(values))
        assert found == pytest.approx(published, abs=1e-6), column


@pytest.mark.parametrize("name", CLASSES)
def test_classes_are_as_many_as_published(name):
    column, published = CLASSES[name]
    assert Counter(read_table(locations.sample(name)).column(column)) == published


def test_pixels_are_ink_from_0_to_16():
    table = read_table(locations.sample("optdigits.csv"))
    pixels = np.array([list(map(int, cells)) for cells in table.columns[:-1]])
    assert pixels.shape == (64, 1797)
    assert (pixels.min(), pixels.max()) == (0, 16)
    # The first digit of the file, which its documentation shows: a zero.
    assert pixels[:8, 0].tolist() == [0, 0, 5, 13, 9, 1, 0, 0]


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
