"""The rows of the wall: nothing that is computed and named is missing, and every cell can be called by name."""

from __future__ import annotations

import numpy as np
import pytest

from flux_studio.engine.layers import LSTM, RNN
from flux_studio.engine.losses import LOSSES, MSELoss
from flux_studio.engine.matrices import DENSE_MATRICES, LSTM_STEP_MATRICES, RNN_STEP_MATRICES
from flux_studio.engine.network import Network
from flux_studio.engine.updating import OPTIMIZERS
from flux_studio.gui import matrices
from flux_studio.gui.widgets.wall_rows import WallMatrix, WallRow, lines_of
from flux_studio.project.catalogue import LAYER_KINDS, layer_kind
from flux_studio.project.project import Project
from flux_studio.project.specification import (
    OptimizerSpecification,
    Place,
    ScheduleSpecification,
    Specification,
)
from flux_studio.training.events import MatrixKey
from tests.gui.test_presenting import BITS, INPUTS, H, N, sample_names, with_activation
from tests.gui.windows import sample


@pytest.fixture(scope="module")
def parity() -> Project:
    return sample("parity-4")


def shapes_of(project: Project) -> dict[MatrixKey, tuple[int, int]]:
    return project.network("reference").shapes()


def everything(project: Project) -> list[WallMatrix]:
    return [matrix for row in matrices.wall_rows(project, shapes_of(project)) for matrix in row.everything()]


def with_block(project: Project, *kinds: str, optimizer: str = "sgd") -> Project:
    """Behind the first layer a block that holds a dense layer and these, one in the other where they are blocks."""
    specification = project.specification.replace(optimizer=OptimizerSpecification(optimizer, 0.01))
    place = Place(1)
    for kind in ("residual.v1", *kinds):
        layer = layer_kind(kind).new(specification.new_identity(place.block))
        specification = specification.insert_layer(place, layer)
        place = Place(1, layer.identity if layer.layers else place.block)
    return project.with_specification(specification)


def of_every_kind(specification: Specification) -> Specification:
    for kind in LAYER_KINDS:
        new = layer_kind(kind).new(specification.new_identity())
        specification = specification.insert_layer(Place(1), new)
    return specification


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_every_named_matrix_is_on_the_wall_exactly_once(parity: Project, loss: str, optimizer: str) -> None:
    """Whatever kinds of layer, loss, optimizer, penalty and clipping a project has."""
    way = OptimizerSpecification(
        optimizer,
        0.01,
        l1=0.1,
        l2=0.1,
        clip_value=1.0,
        clip_norm=1.0,
        schedule=ScheduleSpecification("cosine"),
    )
    specification = of_every_kind(parity.specification).replace(loss=loss, optimizer=way)
    if loss == "cross_entropy":
        project = sample("iris")
        specification = project.specification.replace(loss=loss, optimizer=way)
        last = specification.layers[-1].identity
        specification = of_every_kind(specification.change_layer(last, activation="softmax"))
        project = project.with_specification(specification).with_run(None)
    else:
        project = parity.with_specification(specification).with_run(None)
    shapes = shapes_of(project)
    found = everything(project)
    assert sorted(each.key for each in found) == sorted(shapes)
    for each in found:
        assert each.kind.name == each.key[1]
        assert each.shape == shapes[each.key]
        assert each.owner


def test_layers_the_loss_and_the_optimizer_have_a_row_each(parity: Project) -> None:
    project = with_activation(parity, 1)
    rows = matrices.wall_rows(project, shapes_of(project))
    assert [(row.title, row.subtitle) for row in rows] == [
        ("Dense 1", "4 → 8 · leaky ReLU"),
        ("Activation 1", "8 → 8 · tanh"),
        ("Dense 2", "8 → 4 · leaky ReLU"),
        ("Dense 3", "4 → 1 · sigmoid"),
        ("Loss", "MSE"),
        ("Optimizer", "SGD"),
    ]
    assert [each.kind for each in rows[0].matrices] == list(DENSE_MATRICES)
    assert "weights_matrix" not in {each.kind.name for each in rows[1].matrices}
    assert [each.key[1] for each in rows[4].matrices] == ["target_matrix", "error_matrix", "loss_matrix"]


def test_parts_and_what_is_inside_blocks_stand_in_their_layer(parity: Project) -> None:
    project = with_block(parity, "gated_linear.v1")
    block = matrices.wall_rows(project, shapes_of(project))[1]
    assert (block.title, [row.title for row in block.rows]) == ("Residual 1", ["Dense 1", "Gated linear 1"])
    gated = block.rows[1]
    assert [(row.title, row.subtitle) for row in gated.rows] == [("value", "8 → 8"), ("gate", "8 → 8")]
    assert gated.rows[1].matrices[0].owner == "Residual 1 · Gated linear 1 · gate"
    assert [each.kind.symbol for each in block.matrices] == [
        "x",
        "F(x)",
        "s",
        "h",
        "∂C/∂h",
        "∂C/∂x (F)",
        "∂C/∂x (s)",
        "∂C/∂x",
    ]


def test_what_the_optimizer_keeps_is_shown_for_each_layer_and_folded_away(parity: Project) -> None:
    project = with_block(parity, optimizer="adam")
    row = matrices.wall_rows(project, shapes_of(project))[-1]
    assert (row.subtitle, row.folded) == ("Adam", True)
    assert [each.kind.symbol for each in row.matrices] == ["η", "m", "v"]
    assert [each.title for each in row.rows] == ["Dense 1", "Residual 1 · Dense 1", "Dense 2", "Dense 3"]
    first = row.rows[0].matrices
    assert [each.kind.symbol for each in first] == ["m(w)", "m(b)", "v(w)", "v(b)"]
    assert first[0].kind.formula == "m ← β₁·m + (1 − β₁)·g"
    assert first[0].shape == (4, 8)


def test_numbered_parts_are_pages_of_one_row(parity: Project) -> None:
    """As the steps of a sequence are: alike, and too many to stand below each other."""
    generator = np.random.default_rng(0)
    series, targets = generator.normal(size=(6, 12)), generator.normal(size=(6, 3))
    for layer, kinds in ((RNN(1, 3), RNN_STEP_MATRICES), (LSTM(1, 3), LSTM_STEP_MATRICES)):
        network = Network([("layer-1", layer)], MSELoss(), series, targets, executor="reference")
        steps = {key: shape for key, shape in network.shapes().items() if "/step-" in key[0]}
        first = matrices.wall_rows(parity, shapes_of(parity) | steps)[0]
        assert (first.page, first.rows) == ("step", ())
        assert [page.title for page in first.pages] == [f"step {number}" for number in range(1, 13)]
        assert {each.key for page in first.pages for each in page.everything()} == set(steps)
        for each in first.pages[10].everything():
            assert each.owner == "Dense 1 · step 11"
            assert each.kind in kinds
            rows, columns = matrices.labels(parity, each, each.shape, BITS[:6])
            assert (len(rows), len(columns)) == each.shape


class TestLines:
    def lines(self, row: WallRow) -> list[dict[int, str]]:
        lines = lines_of(row.matrices, DENSE_MATRICES)
        return [{column: each.kind.symbol for column, each in line.items()} for line in lines]

    def rows(self, project: Project, kind: str) -> WallRow:
        specification = project.specification.insert_layer(Place(1), layer_kind(kind).new("new"))
        project = project.with_specification(specification)
        return matrices.wall_rows(project, shapes_of(project))[1]

    def test_a_dense_layer_fills_the_eleven_columns(self, parity: Project) -> None:
        (line,) = self.lines(matrices.wall_rows(parity, shapes_of(parity))[0])
        assert list(line.values()) == [kind.symbol for kind in DENSE_MATRICES]

    def test_what_has_a_column_stands_there_and_the_rest_behind_it(self, parity: Project) -> None:
        (line,) = self.lines(self.rows(parity, "dropout.v1"))
        assert line == {0: "x", 1: "m", 5: "h", 6: "∂C/∂h", 7: "∂C/∂x"}

    @pytest.mark.parametrize("kind", LAYER_KINDS)
    def test_each_side_keeps_to_its_band_and_to_its_order(self, parity: Project, kind: str) -> None:
        row = self.rows(parity, kind)
        lines = lines_of(row.matrices, DENSE_MATRICES)
        for side in ("forward", "backward"):
            shown = [
                line[column].kind
                for line in lines
                for column in sorted(line)
                if DENSE_MATRICES[column].side == side
            ]
            assert shown == [each.kind for each in row.matrices if each.kind.side == side]

    def test_a_layer_norm_goes_on_in_further_lines(self, parity: Project) -> None:
        lines = self.lines(self.rows(parity, "layer_norm.v1"))
        assert len(lines) == 3
        assert [lines[1][column] for column in (0, 1, 5)] == ["γ ⊙ x̂", "β", "h"]


class TestLabels:
    @pytest.mark.parametrize("layer", ["layer-1", "layer-2", "layer-3"])
    def test_every_matrix_of_a_dense_layer(self, parity: Project, layer: str) -> None:
        before = {"layer-1": INPUTS, "layer-2": H[:8], "layer-3": H[:4]}[layer]
        neurons = {"layer-1": N[:8], "layer-2": N[:4], "layer-3": ["parity"]}[layer]
        for matrix in (each for each in everything(parity) if each.key[0] == layer):
            rows, columns = matrices.labels(parity, matrix, matrix.shape, sample_names(parity))
            expected = {
                "weights_matrix": (before, neurons),
                "dC_dw_matrix": (before, neurons),
                "bias_matrix": (["b"], neurons),
                "dC_db_matrix": (["b"], neurons),
                "input_matrix": (BITS, before),
            }.get(matrix.key[1], (BITS, neurons))
            assert (list(rows), list(columns)) == expected

    @pytest.mark.parametrize("kind", LAYER_KINDS)
    @pytest.mark.parametrize("position", [0, 1, 2])
    def test_there_is_one_for_each_row_and_column(self, parity: Project, kind: str, position: int) -> None:
        new = layer_kind(kind).new("layer-9")
        specification = parity.specification.insert_layer(Place(position), new)
        specification = specification.replace(optimizer=OptimizerSpecification("adam", 0.01, clip_norm=1.0))
        project = parity.with_specification(specification).with_run(None)
        for matrix in everything(project):
            rows, columns = matrices.labels(project, matrix, matrix.shape, sample_names(project))
            assert (len(rows), len(columns)) == matrix.shape, matrix.key

    def test_inputs_and_targets_are_named_inside_blocks_and_parts_too(self, parity: Project) -> None:
        block = layer_kind("residual.v1").new("layer-9")
        project = parity.with_specification(parity.specification.insert_layer(Place(0), block))
        named = {each.key: each for each in everything(project)}

        def columns(identity: str, name: str) -> list[str]:
            matrix = named[identity, name]
            return list(matrices.labels(project, matrix, matrix.shape, sample_names(project))[1])

        assert columns("layer-9/1", "input_matrix") == INPUTS
        assert columns("layer-9/skip", "input_matrix") == INPUTS
        assert columns("layer-9/1", "activated_output_matrix") == N[:8]
        assert columns("layer-1", "input_matrix") == H[:8]
        assert columns("", "error_matrix") == ["parity"]
        assert columns("", "loss_matrix") == ["C"]
