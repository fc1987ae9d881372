"""The network's picture: columns and links for every kind of layer, and true numbers for the neurons shown."""

from __future__ import annotations

import numpy as np
import pytest

from flux_studio import locations
from flux_studio.data.readers import read_table
from flux_studio.data.windows import Windowing
from flux_studio.project import files
from flux_studio.project.catalogue import LAYER_KINDS, layer_kind
from flux_studio.project.defaults import new_project
from flux_studio.project.notation import read_layers
from flux_studio.project.project import Project
from flux_studio.project.specification import Place
from flux_studio.training.network_picture import AskPicture, Graph, graph, strongest
from flux_studio.training.questions import Moment


def sample(name: str) -> Project:
    return files.load(locations.sample(f"{name}.flux"))


def moment(project: Project) -> tuple[Graph, Moment]:
    network = project.network("reference")
    network.rest()
    plan = graph(project.specification, project.dataset(), network.shapes())
    return plan, Moment(project, project.dataset(), network, 0, False)


def test_dense_layers_are_columns_with_all_their_weights_between() -> None:
    plan, asked = moment(sample("parity-4"))
    assert [(column.title, column.size, column.form) for column in plan.columns] == [
        ("Input", 4, "inputs"),
        ("Dense 1", 8, "neurons"),
        ("Dense 2", 4, "neurons"),
        ("Dense 3", 1, "neurons"),
    ]
    assert plan.columns[0].names == ("b3", "b2", "b1", "b0")
    assert plan.columns[-1].names == ("parity",)
    drawn = AskPicture(plan, row=5).answer(asked)
    network = asked.network
    for place, link in enumerate(plan.links):
        identity = plan.columns[link.end].identity
        np.testing.assert_array_equal(drawn.links[place], network.parameter((identity, "weights_matrix")))
    np.testing.assert_array_equal(drawn.values[0], asked.dataset.inputs[5])
    np.testing.assert_array_equal(drawn.values[2], network.matrix(("layer-2", "activated_output_matrix"))[5])
    assert (drawn.row, drawn.sample, drawn.rows) == (5, 5, 16)
    backward = AskPicture(plan, row=5, gradients=True).answer(asked)
    np.testing.assert_array_equal(backward.links[1], network.matrix(("layer-2", "dC_dw_matrix")))
    np.testing.assert_array_equal(backward.values[1], network.matrix(("layer-1", "dC_da_matrix"))[5])


@pytest.mark.parametrize("kind", LAYER_KINDS)
def test_every_kind_of_layer_shows_something_true(kind: str) -> None:
    project = sample("parity-4")
    layer = layer_kind(kind).new("layer-9")
    project = project.with_specification(project.specification.insert_layer(Place(1), layer))
    plan, asked = moment(project)
    place = next(i for i, column in enumerate(plan.columns) if column.identity == "layer-9")
    assert any(link.end == place for link in plan.links)
    for gradients in (False, True):
        drawn = AskPicture(plan, 3, gradients).answer(asked)
        assert all(each is None or np.isfinite(each).all() for each in (*drawn.values, *drawn.gates))
        column = plan.columns[place]
        key = column.gradient if gradients else column.value
        np.testing.assert_array_equal(drawn.values[place], asked.network.matrix(key)[3])


def test_a_block_has_a_bracket_and_a_way_past() -> None:
    project = sample("parity-4")
    layers = read_layers("8,residual(8:tanh,norm),residual(3:relu),1:sigmoid")
    plan, _ = moment(project.with_specification(project.specification.replace(layers=layers)))
    assert [column.title for column in plan.columns] == [
        "Input", "Dense 1", "Dense 1", "Layer norm 1", "+", "Dense 1", "+", "Dense 2",
    ]  # fmt: skip
    assert [(each.first, each.last, each.title) for each in plan.brackets] == [
        (2, 4, "Residual 1"),
        (5, 6, "Residual 2"),
    ]
    past = [(link.start, link.end, link.weights is not None) for link in plan.links if link.skip]
    assert past == [(1, 4, False), (4, 6, True)]


@pytest.mark.parametrize(
    ("notation", "stepwise"), [("lstm:6", False), ("rnn:4:all", True), ("lstm:3:all", True)]
)
def test_sequences_connect_each_step_with_the_same_weights(notation: str, stepwise: bool) -> None:
    project = new_project(read_table(locations.sample("mackey-glass.csv")), windowing=Windowing(4, 1))
    layers = read_layers(f"{notation},1")
    plan, asked = moment(project.with_specification(project.specification.replace(layers=layers)))
    column, link = plan.columns[1], plan.links[0]
    assert column.form == "recurrent"
    assert plan.loops[1] == (column.identity, "recurrent_weights_matrix")
    assert link.stepwise == stepwise
    drawn = AskPicture(plan).answer(asked)
    weights = asked.network.parameter(link.weights)
    found = drawn.links[0]
    for a in range(4):
        for b in range(column.size):
            if stepwise and b // link.width != a:
                assert np.isnan(found[a, b])
            else:
                assert found[a, b] == weights[link.cell(a, b)]


def test_of_large_layers_the_strongest_are_shown_and_stay() -> None:
    project = sample("iris")
    specification = project.specification.change_layer("layer-1", units=128)
    plan, asked = moment(project.with_specification(specification))
    weights = asked.network.parameter(("layer-1", "weights_matrix"))
    weights[:, [100, 7, 55]] = 50
    drawn = AskPicture(plan).answer(asked)
    assert len(drawn.picks[1]) == 8
    assert {7, 55, 100} <= set(drawn.picks[1])
    assert drawn.picks == strongest(plan, asked.network)
    np.testing.assert_array_equal(drawn.links[0], weights[:, list(drawn.picks[1])])
    weights[:, [100, 7, 55]] = 0
    assert AskPicture(plan, picks=drawn.picks).answer(asked).picks == drawn.picks
    assert not np.shares_memory(drawn.links[0], asked.network.arena)
