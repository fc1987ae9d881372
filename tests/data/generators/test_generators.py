"""Generated tables against formulas that are written once more here."""

from __future__ import annotations

import math

import numpy as np
import pytest

from flux_studio.data.dataset import prepare
from flux_studio.data.generators.catalogue import GENERATORS
from flux_studio.data.generators.kinds import sizes
from flux_studio.data.readers import parse_table
from flux_studio.errors import DataError


def made(name, **settings):
    table = GENERATORS[name].table(settings)
    return {name: np.array([float(cell) for cell in table.column(name)]) for name in table.names}


@pytest.mark.parametrize("kind", GENERATORS.values(), ids=lambda kind: kind.name)
def test_the_same_settings_make_the_same_table_and_another_seed_another(kind):
    one, again = kind.table({}), kind.table({})
    assert one == again
    noisy = {"rows": 40, **({"noise": 0.3} if kind.name in ("parity", "echo") else {})}
    assert kind.table(noisy) != kind.table({**noisy, "seed": 1})
    assert one.source.startswith(f"{kind.name}:")
    # The table stands in a file as it is.
    assert parse_table(one.to_csv(), one.source).columns == one.columns


@pytest.mark.parametrize("kind", GENERATORS.values(), ids=lambda kind: kind.name)
def test_every_table_is_ready_for_its_columns_and_windows(kind):
    table, complete = kind.table({}), kind.complete({})
    data = prepare(
        table, kind.columns(table), 0.2, np.random.default_rng(0), windowing=kind.windowing(complete)
    )
    assert not data.dropped
    assert len(data.inputs) >= 16
    assert kind.summary.endswith(".")


@pytest.mark.parametrize("kind", GENERATORS.values(), ids=lambda kind: kind.name)
def test_settings_at_both_ends_of_their_ranges(kind):
    for setting in kind.settings:
        for value in (setting.minimum, min(setting.maximum, 1_000)):
            others = {"rows": 60} if setting.name != "rows" else {}
            table = kind.table({**others, setting.name: value})
            assert all(math.isfinite(float(cell)) for cells in table.columns for cell in cells)


FIRST = {
    "moons": [1.85293, -0.212453, 1.0],
    "gaussians": [1.28993, -0.0422125, 0.0],
    "sine": [0.250191, 1.09214],
    "mackey_glass": [0.774579],
}


@pytest.mark.parametrize("name", FIRST)
def test_numbers_stay_what_they_are(name):
    # A change of these would change every project that was made from such a table.
    first = [float(cells[0]) for cells in GENERATORS[name].table({"seed": 7}).columns]
    assert first == pytest.approx(FIRST[name], abs=1e-5)


def test_xor_is_the_sign_of_the_product():
    rows = made("xor", noise=0)
    assert np.array_equal(rows["class"], rows["x1"] * rows["x2"] < 0)
    assert np.abs([rows["x1"], rows["x2"]]).max() <= 1


def test_parity_is_complete_and_counts():
    rows = made("parity", bits=5)
    numbers = sum(rows[f"b{place}"] * 2**place for place in range(5))
    assert numbers.tolist() == list(range(32))
    assert rows["parity"].tolist() == [bin(number).count("1") % 2 for number in range(32)]
    drawn = made("parity", bits=5, rows=4_000, noise=0.5)
    odd = sum(drawn[f"b{place}"] for place in range(5)) % 2
    assert np.mean(drawn["parity"] != odd) == pytest.approx(0.25, abs=0.03)


def test_circles_have_their_radii():
    rows = made("circles", noise=0, radius=0.3)
    radius = np.hypot(rows["x1"], rows["x2"])
    np.testing.assert_allclose(radius, np.where(rows["class"] == 1, 0.3, 1.0), atol=1e-5)


def test_moons_lie_on_two_half_circles():
    rows = made("moons", noise=0)
    lower = rows["class"] == 1
    x, y = np.where(lower, 1 - rows["x1"], rows["x1"]), np.where(lower, 0.5 - rows["x2"], rows["x2"])
    np.testing.assert_allclose(x**2 + y**2, 1, atol=1e-5)
    assert y.min() >= 0


def test_gaussians_stand_around_a_polygon():
    rows = made("gaussians", groups=4, rows=4_000, noise=0.2)
    for group, corner in enumerate([(1, 0), (0, 1), (-1, 0), (0, -1)]):
        own = rows["class"] == group
        points = np.stack([rows["x1"][own], rows["x2"][own]])
        assert points.mean(axis=1) == pytest.approx(corner, abs=0.03)
        assert points.std(axis=1) == pytest.approx(0.2, abs=0.02)


def test_spirals_turn_with_the_radius():
    rows = made("spirals", noise=0, turns=2)
    radius = np.hypot(rows["x1"], rows["x2"])
    angle = 4 * np.pi * radius + np.pi * rows["class"]
    np.testing.assert_allclose(rows["x1"], radius * np.cos(angle), atol=1e-4)
    np.testing.assert_allclose(rows["x2"], radius * np.sin(angle), atol=1e-4)


def test_a_checkerboard_changes_from_field_to_field():
    rows = made("checkerboard", squares=3)
    fields = [np.floor((rows[name] + 1) * 1.5) for name in ("x1", "x2")]
    inside = np.abs([(rows[name] + 1) * 1.5 % 1 - 0.5 for name in ("x1", "x2")]).max(axis=0) < 0.4999
    assert np.array_equal((sum(fields) % 2)[inside], rows["class"][inside])


def test_functions_of_numbers():
    plane, sine, curve = made("plane", noise=0), made("sine", noise=0, waves=3), made("polynomial", noise=0)
    np.testing.assert_allclose(plane["y"], plane["x1"] + plane["x2"], atol=1e-5)
    np.testing.assert_allclose(sine["y"], np.sin(3 * np.pi * sine["x"]), atol=1e-4)
    np.testing.assert_allclose(curve["y"], 4 * curve["x"] ** 3 - 3 * curve["x"], atol=1e-5)
    noisy = made("plane", noise=0.5, rows=4_000)
    assert np.std(noisy["y"] - noisy["x1"] - noisy["x2"]) == pytest.approx(0.5, abs=0.02)


def test_mackey_glass_follows_its_equation():
    # Rows at every Euler step, so that each follows from those before it.
    x = made("mackey_glass", step=0.1, rows=600)["x"]
    past, now = x[:-171], x[170:-1]
    expected = now + 0.1 * (0.2 * past / (1 + past**10) - 0.1 * now)
    np.testing.assert_allclose(x[171:], expected, atol=2e-5)
    assert 0.2 < x.min() < x.max() < 1.5


def test_every_third_unit_is_a_row():
    fine, coarse = made("mackey_glass", step=0.1, rows=301)["x"], made("mackey_glass", step=3, rows=11)["x"]
    np.testing.assert_array_equal(coarse, fine[::30])


def test_the_adding_problem_adds_what_is_marked():
    rows = made("adding", steps=7, rows=100)
    values, marks = (np.stack([rows[f"{name}{step}"] for step in range(1, 8)]) for name in ("x", "mark"))
    np.testing.assert_allclose((values * marks).sum(axis=0), rows["y"], atol=1e-5)
    assert np.array_equal(marks[:3].sum(axis=0), np.ones(100))
    assert np.array_equal(marks[3:].sum(axis=0), np.ones(100))


def test_an_echo_comes_later():
    rows = made("echo", delay=5)
    assert np.array_equal(rows["y"][5:], rows["x"][:-5])
    assert set(rows["x"]) == {0, 1}


@pytest.mark.parametrize("name", ["xor", "circles", "moons", "spirals", "checkerboard"])
def test_balance_is_the_share_of_the_second_class(name):
    rows = made(name, rows=1_000, balance=0.25)
    assert rows["class"].sum() == 200


@pytest.mark.parametrize(
    ("rows", "groups", "balance", "expected"),
    [(10, 3, 1, [3, 4, 3]), (70, 3, 0.5, [40, 20, 10]), (10, 5, 0.02, [6, 1, 1, 1, 1]), (12, 2, 1, [6, 6])],
)
def test_sizes(rows, groups, balance, expected):
    assert sizes(rows, groups, balance) == expected


@pytest.mark.parametrize(
    ("settings", "fragment"),
    [
        ({"rows": 5}, "moons: rows must be a whole number from 10 to 100,000, not 5"),
        ({"rows": 20.5}, "must be a whole number"),
        ({"noise": math.nan}, "noise must be a number from 0 to 2, not nan"),
        ({"rows": math.inf}, "not inf"),
        ({"turns": 2}, "moons has no setting 'turns'; it has rows, noise, balance, seed"),
    ],
)
def test_settings_that_cannot_be(settings, fragment):
    with pytest.raises(DataError) as caught:
        GENERATORS["moons"].table(settings)
    assert fragment in str(caught.value)
