"""What is predicted: rows with losses, surfaces, neurons, rows of one's own; all against plain predictions."""

from __future__ import annotations

import time

import numpy as np
import pytest

from flux_studio import locations
from flux_studio.data.fields import input_fields, usual_row
from flux_studio.data.readers import parse_table, read_table
from flux_studio.data.windows import Windowing
from flux_studio.project import files
from flux_studio.project.defaults import new_project
from flux_studio.project.project import Project
from flux_studio.training.predictions import (
    MARGIN,
    MOST_NEURONS,
    SIDE,
    AskOwn,
    AskRows,
    AskSurface,
    spans,
)
from flux_studio.training.questions import Moment

SAMPLES = ("xor", "parity-4", "iris", "flux-readme", "mackey-glass")


def moment(project: Project, iteration: int = 0) -> Moment:
    network = project.network("reference")
    network.rest(iteration)
    return Moment(project, project.dataset(), network, iteration, False)


def sample(name: str) -> Project:
    return files.load(locations.sample(f"{name}.flux"))


def with_loss(name: str, loss: str, activation: str) -> Project:
    project = sample(name)
    specification = project.specification
    changed = specification.change_layer(specification.layers[-1].identity, activation=activation)
    return project.with_specification(changed.replace(loss=loss))


@pytest.mark.parametrize(
    "project",
    [
        *(sample(name) for name in SAMPLES),
        with_loss("xor", "bce", "sigmoid"),
        with_loss("iris", "cross_entropy", "softmax"),
    ],
)
def test_the_mean_of_the_rows_losses_is_the_loss(project: Project) -> None:
    asked = moment(project)
    found = AskRows().answer(asked)
    network = asked.network
    loss, _ = network.evaluate()
    assert found.losses[found.parts == 0].mean() == pytest.approx(loss, rel=1e-5)
    validation = network.validate()
    if validation is not None:
        assert found.losses[found.parts == 1].mean() == pytest.approx(validation, rel=1e-5)
    data = asked.dataset
    np.testing.assert_array_equal(found.rows[found.parts == 0], data.training)
    np.testing.assert_allclose(found.outputs, network.predict(data.inputs[found.rows]), atol=1e-6)
    assert found.of == len(found.rows) == len(data.training) + len(data.validation)


def test_test_rows_only_where_asked_for() -> None:
    project = new_project(read_table(locations.sample("iris.csv")), validation=0.2, test=0.2)
    assert set(AskRows().answer(moment(project)).parts) == {0, 1}
    found = AskRows(test=True).answer(moment(project))
    np.testing.assert_array_equal(found.rows[found.parts == 2], project.dataset().test)
    assert list(found.rows) == list(range(150))


def test_nothing_of_the_moment_changes_and_nothing_leaves_it() -> None:
    asked = moment(sample("iris"))
    before = asked.network.arena.copy()
    answers = (
        AskRows().answer(asked).outputs,
        AskSurface(0, 1, (0.0,) * 4, ("layer-1",)).answer(asked).neurons["layer-1"],
        AskOwn((0.0,) * 4).answer(asked).outputs,
    )
    np.testing.assert_array_equal(asked.network.arena, before)
    for array in answers:
        assert not np.shares_memory(array, asked.network.arena)


def test_a_surface_is_what_each_of_its_points_predicts() -> None:
    asked = moment(sample("iris"))
    at = usual_row(asked.dataset)
    found = AskSurface(2, 0, tuple(at), ("layer-1", "layer-2", "gone")).answer(asked)
    assert found.outputs.shape == (SIDE, SIDE, 3)
    assert (found.across[0], found.across[-1]) == pytest.approx(spans(asked.dataset, 2))
    column = asked.dataset.training_inputs[:, 2]
    assert found.across[0] == pytest.approx(column.min() - MARGIN * np.ptp(column))
    for u, a in ((0, 0), (5, 40), (63, 62)):
        row = at.copy()
        row[2], row[0] = found.across[a], found.up[u]
        np.testing.assert_allclose(found.outputs[u, a], asked.network.predict(row)[0], atol=1e-6)
        weights, bias = (
            asked.network.parameter(("layer-1", name)) for name in ("weights_matrix", "bias_matrix")
        )
        if u % 2 == a % 2 == 0:
            hidden = np.tanh(row @ weights + bias)[0]
            np.testing.assert_allclose(found.neurons["layer-1"][:, u // 2, a // 2], hidden, atol=1e-5)
    assert list(found.neurons) == ["layer-1", "layer-2"]
    np.testing.assert_array_equal(found.neurons["layer-2"][1], found.outputs[::2, ::2, 1])


def test_a_row_of_ones_own_flows_through_every_layer() -> None:
    asked = moment(sample("iris"))
    found = AskOwn(tuple(asked.dataset.inputs[7]), ("layer-1", "layer-2", "gone")).answer(asked)
    np.testing.assert_allclose(found.outputs, asked.network.predict(asked.dataset.inputs[7])[0])
    row = int(np.flatnonzero(asked.dataset.training == 7)[0])
    for identity in ("layer-1", "layer-2"):
        expected = asked.network.matrix((identity, "activated_output_matrix"))[row]
        np.testing.assert_allclose(found.neurons[identity], expected, rtol=1e-5)
    assert list(found.neurons) == ["layer-1", "layer-2"]


def test_a_curve_over_one_input() -> None:
    text = "x,y\n" + "".join(f"{n / 10},{np.sin(n / 10):.4f}\n" for n in range(60))
    project = new_project(parse_table(text, "sine.csv"))
    asked = moment(project)
    found = AskSurface(0, None, (0.0,), ("layer-1",)).answer(asked)
    assert found.outputs.shape == (1, 257, 1)
    np.testing.assert_allclose(found.outputs[0], asked.network.predict(found.across[:, None]), atol=1e-6)


def test_large_networks_get_a_coarser_surface_of_their_first_neurons() -> None:
    project = sample("xor")
    project = project.with_specification(project.specification.change_layer("layer-1", units=4096))
    found = AskSurface(0, 1, (0.0, 0.0), ("layer-1",)).answer(moment(project))
    assert 16 <= len(found.across) < SIDE
    assert len(found.neurons["layer-1"]) == MOST_NEURONS


@pytest.mark.parametrize("name", SAMPLES)
def test_answers_take_milliseconds(name: str) -> None:
    """Generous: the point is the order of magnitude, on a machine that does other things, too."""
    asked = moment(sample(name))
    at = tuple(usual_row(asked.dataset))
    for question in (AskRows(), AskSurface(0, 1, at), AskOwn(at)):
        seconds = []
        for _ in range(5):
            began = time.perf_counter()
            told = question.answer(asked).seconds
            seconds.append(time.perf_counter() - began)
            assert 0 < told <= seconds[-1]
        assert min(seconds) < 0.1


def test_fields_take_and_tell_values_in_their_own_units() -> None:
    text = "size,colour,big,y\n" + "".join(
        f"{n},{('red', 'green', 'blue')[n % 3]},{('no', 'yes')[n > 6]},{n}\n" for n in range(1, 20)
    )
    data = new_project(parse_table(text, "mixed.csv"), validation=0.0).dataset()
    fields = input_fields(data)
    assert [(field.name, field.choices, field.varies) for field in fields] == [
        ("size", (), True),
        ("colour", ("blue", "green", "red"), False),
        ("big", ("no", "yes"), True),
    ]
    row = usual_row(data)
    assert [field.value(row) for field in fields] == [pytest.approx(10.0), "green", "yes"]
    for field, value in zip(fields, (3.0, "red", "no"), strict=True):
        field.put(row, value)
    np.testing.assert_allclose(row, data.inputs[2])
    assert fields[0].units(row[:1]) == pytest.approx([3.0])


def test_fields_of_a_window_name_their_step() -> None:
    text = "a,b\n" + "".join(f"{n},{n * n}\n" for n in range(30))
    project = new_project(parse_table(text, "steps.csv"), windowing=Windowing(2, 1))
    fields = input_fields(project.dataset())
    assert [field.name for field in fields] == list(project.dataset().preprocessor.input_names)
    assert [field.start for field in fields] == list(range(len(fields)))
