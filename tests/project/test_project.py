"""Projects: the same seed gives the same numbers, and an edit costs only the weights it must."""

from __future__ import annotations

from typing import Any

import msgspec
import numpy as np
import pytest

from flux_studio.data.columns import Column
from flux_studio.data.rows import with_cell
from flux_studio.errors import DataError, FluxError, ShapeError, SpecificationError
from flux_studio.project.project import Project, Run, make_layers
from flux_studio.project.specification import (
    DataSpecification,
    LayerSpecification,
    OptimizerSpecification,
    Place,
)
from flux_studio.training.session import Session
from tests.project.projects import ACTIVATION, DENSE, number_project, parity_project, project_of, stack, table


def weights(project: Project) -> dict[tuple[str, str], Any]:
    return project.network("reference").parameters()


def trained(project: Project, iterations: int = 10) -> Project:
    session = Session(project, "reference")
    for _ in session.train(iterations):
        pass
    return project.with_run(session.run())


def run_of(project: Project) -> Run:
    assert project.run is not None
    return project.run


def test_the_same_seed_gives_the_same_weights_and_split() -> None:
    one, other = number_project(seed=3), number_project(seed=3)
    for key, value in weights(one).items():
        np.testing.assert_array_equal(value, weights(other)[key])
    assert one.dataset().fingerprint == other.dataset().fingerprint
    assert len(one.dataset().validation) == 10


def test_another_seed_gives_others() -> None:
    one, other = number_project(seed=3), number_project(seed=4)
    assert (weights(one)["layer-1", "weights_matrix"] != weights(other)["layer-1", "weights_matrix"]).any()
    assert one.dataset().validation.tolist() != other.dataset().validation.tolist()


def test_another_draw_changes_the_weights_but_not_the_split() -> None:
    one = number_project(seed=3)
    other = one.with_specification(one.specification.replace(draw=1))
    for layer in ("layer-1", "layer-2"):
        key = layer, "weights_matrix"
        assert (weights(one)[key] != weights(other)[key]).any()
    assert one.dataset().fingerprint == number_project(seed=3, draw=1).dataset().fingerprint
    assert other.dataset() is one.dataset()


def test_start_weights_do_not_depend_on_other_layers() -> None:
    project = number_project(seed=5)
    before = weights(project)
    specification = project.specification.insert_layer(Place(1), ACTIVATION.new("layer-8", activation="relu"))
    after = weights(project.with_specification(specification))
    for key, value in before.items():
        np.testing.assert_array_equal(value, after[key])
    # A dense layer between them has other neighbours, and none of their numbers.
    wider = project.specification.insert_layer(Place(0), DENSE.new("layer-9", units=2, activation="tanh"))
    for key, value in weights(project.with_specification(wider)).items():
        if key[0] != "layer-9":
            np.testing.assert_array_equal(value, before[key])


def test_layers_of_the_same_shape_have_weights_of_their_own() -> None:
    project = project_of(table("a,b,c\n1,2,3\n2,3,4\n"), stack((2, "tanh"), (2, "tanh"), (1, "identity")))
    drawn = weights(project)
    assert (drawn["layer-1", "weights_matrix"] != drawn["layer-2", "weights_matrix"]).any()


def test_start_weights_are_known_numbers() -> None:
    """The stream of a layer is part of what a file means: other numbers would change everyone's runs."""
    drawn = weights(parity_project(seed=0))["layer-1", "weights_matrix"]
    limit = (6 / (4 + 8)) ** 0.5
    crc_of_the_identity = 0xCC694674
    generator = np.random.default_rng([0, 1, 0, crc_of_the_identity])
    np.testing.assert_array_equal(drawn, generator.uniform(-limit, limit, (4, 8)).astype(np.float32))


def test_a_network_has_the_specifications_settings_and_the_runs_weights() -> None:
    project = trained(number_project(rate=0.07, dtype="float64"))
    network = project.network("reference")
    assert network.learning_rate == 0.07
    assert network.dtype == np.float64
    assert network.validation is not None
    assert network.validation.rows == 10
    for key, value in run_of(project).parameters.items():
        np.testing.assert_array_equal(network.parameter(key), value)
    assert (weights(project.with_run(None))["layer-1", "weights_matrix"] != value_of(project)).any()
    assert project.network("reference", dtype="float32").dtype == np.float32


def value_of(project: Project) -> Any:
    return run_of(project).parameters["layer-1", "weights_matrix"]


def test_the_data_set_is_made_once_and_anew_when_it_must_be() -> None:
    project = number_project()
    dataset = project.dataset()
    assert project.dataset() is dataset
    faster = project.specification.replace(optimizer=OptimizerSpecification("sgd", 1.0))
    assert project.with_specification(faster).dataset() is dataset
    assert project.with_specification(project.specification.replace(seed=9)).dataset() is not dataset


class TestEdited:
    def test_layers_of_the_same_identity_and_shape_keep_their_weights(self) -> None:
        project = trained(parity_project())
        specification = project.specification.change_layer("layer-2", units=6)
        edited = project.edited(specification)
        run = run_of(edited)
        assert run.iteration == 0
        assert not run.begun
        kept = run_of(project).parameters
        np.testing.assert_array_equal(
            run.parameters["layer-1", "weights_matrix"], kept["layer-1", "weights_matrix"]
        )
        np.testing.assert_array_equal(
            run.parameters["layer-1", "bias_matrix"], kept["layer-1", "bias_matrix"]
        )
        assert run.parameters["layer-2", "weights_matrix"].shape == (8, 6)
        fresh = weights(project.with_specification(specification).with_run(None))
        # The inputs of layer 3 are others, so it begins anew as a whole.
        for key in [key for key in fresh if key[0] != "layer-1"]:
            np.testing.assert_array_equal(run.parameters[key], fresh[key])
        network = edited.network("reference")
        for key, value in run.parameters.items():
            np.testing.assert_array_equal(network.parameter(key), value)

    def test_another_activation_keeps_all_weights(self) -> None:
        project = trained(parity_project())
        edited = project.edited(project.specification.change_layer("layer-1", activation="tanh"))
        for key, value in run_of(project).parameters.items():
            np.testing.assert_array_equal(run_of(edited).parameters[key], value)

    def test_the_project_itself_stays(self) -> None:
        project = trained(parity_project())
        before = value_of(project).copy()
        edited = project.edited(project.specification.change_layer("layer-1", activation="tanh"))
        trained(edited)
        np.testing.assert_array_equal(value_of(project), before)
        assert run_of(project).iteration == 10

    def test_training_an_edited_project_begins_at_iteration_0(self) -> None:
        project = trained(parity_project())
        edited = project.edited(project.specification.change_layer("layer-1", activation="tanh"))
        session = Session(edited, "reference")
        assert session.iteration == 0
        run = session.run()
        assert run.curve.count == 1
        for key, value in run_of(project).parameters.items():
            np.testing.assert_array_equal(run.start[key], value)

    def test_a_stack_that_cannot_be_built_has_no_run(self) -> None:
        project = trained(parity_project())
        assert project.edited(project.specification.remove_layer("layer-3")).run is None
        assert project.edited(project.specification.replace(layers=())).run is None

    def test_an_untrained_project_gets_no_run(self) -> None:
        project = parity_project()
        assert project.edited(project.specification.change_layer("layer-1", units=3)).run is None


def test_restarted_goes_back_to_the_first_weights() -> None:
    project = trained(parity_project())
    restarted = project.restarted()
    assert run_of(restarted).iteration == 0
    for key, value in weights(parity_project()).items():
        np.testing.assert_array_equal(run_of(restarted).parameters[key], value)
    assert parity_project().restarted().run is None


WRONG: list[tuple[dict[str, Any], type[FluxError], str]] = [
    ({"layers": ()}, SpecificationError, "has no layers"),
    ({"layers": stack((0, "tanh"))}, SpecificationError, "Dense 1: units must be a whole number from 1"),
    ({"layers": stack((10**6, "tanh"))}, SpecificationError, "not 1000000"),
    ({"layers": (LayerSpecification("a", "conv.v1"),)}, SpecificationError, "'conv.v1' is not known"),
    ({"layers": stack((3, "rely"))}, SpecificationError, "Dense 1: activation 'rely' is not known"),
    ({"layers": (*stack((2, "tanh")), *stack((1, "tanh")))}, SpecificationError, "the same identity"),
    (
        {"layers": stack((8, "tanh"), (3, "sigmoid"))},
        ShapeError,
        "Dense 2 has 3 outputs, but there is 1 to predict (y): give the last layer 1 unit",
    ),
    ({"loss": "hinge"}, SpecificationError, "'hinge' is not known"),
    ({"optimizer": OptimizerSpecification("sdg", 0.1)}, SpecificationError, "'sdg' is not known"),
    ({"optimizer": OptimizerSpecification("sgd", 0.0)}, SpecificationError, "above zero, not 0.0"),
    ({"optimizer": OptimizerSpecification("sgd", float("nan"))}, SpecificationError, "above zero, not nan"),
    ({"optimizer": OptimizerSpecification("sgd", float("inf"))}, SpecificationError, "above zero, not inf"),
    ({"iterations": 0}, SpecificationError, "at least 1, not 0"),
    ({"validate_every": 0}, SpecificationError, "every 1 or more iterations"),
    ({"pace": 0.0}, SpecificationError, "pace must be above zero"),
    ({"pace": float("nan")}, SpecificationError, "pace must be above zero"),
    ({"seed": -1}, SpecificationError, "must not be negative"),
    ({"draw": -1}, SpecificationError, "must not be negative"),
]


@pytest.mark.parametrize(("changes", "kind", "reason"), WRONG, ids=lambda value: str(value)[:30])
def test_what_cannot_be_trained_says_why(changes: dict[str, Any], kind: type[FluxError], reason: str) -> None:
    project = number_project()
    wrong = project.with_specification(project.specification.replace(**changes))
    for attempt in (wrong.check, lambda: wrong.network("reference")):
        with pytest.raises(kind) as caught:
            attempt()
        assert reason in str(caught.value)
        assert "\n" not in str(caught.value)


def test_data_that_do_not_fit_say_why() -> None:
    project = number_project()
    columns = (Column("a"), Column("z", "target"))
    data = DataSpecification("numbers.csv", columns)
    with pytest.raises(DataError, match="no column 'z'"):
        project.with_specification(project.specification.replace(data=data)).check()


def test_a_target_of_several_columns() -> None:
    text = "a,species\n1,x\n2,y\n3,z\n4,x\n"
    project = project_of(table(text), stack((5, "tanh"), (2, "sigmoid")), kind="category")
    with pytest.raises(
        ShapeError, match=r"2 outputs, but there are 3 to predict \(species=x, species=y, species=z\)"
    ):
        project.check()


def test_layers_are_made_with_the_widths_of_the_data() -> None:
    specification = parity_project().specification
    shapes = [each.tensor.shape for _, layer in make_layers(specification, 4) for each in layer.learned()]
    assert shapes == [(4, 8), (1, 8), (8, 4), (1, 4), (4, 1), (1, 1)]


def test_an_edit_with_another_table_keeps_the_weights_and_what_was_made_of_the_table() -> None:
    project = parity_project()
    session = Session(project)
    trained = project.with_run(session.run())
    other = project.with_table(with_cell(project.table, 3, project.table.names[0], "1"))
    changed = trained.edited(trained.specification, table_of=other)
    assert changed.table is other.table
    assert changed.dataset() is other.dataset()
    assert changed.dataset() is not project.dataset()
    assert changed.run is not None
    assert trained.run is not None
    assert changed.run.iteration == 0
    for key, weights in trained.run.parameters.items():
        np.testing.assert_array_equal(changed.run.parameters[key], weights)


def test_data_that_were_refused_are_not_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    project = parity_project()
    columns = tuple(Column(name, "ignore") for name in project.table.names)
    data = msgspec.structs.replace(project.specification.data, columns=columns)
    refused = project.with_specification(project.specification.replace(data=data))
    with pytest.raises(DataError) as first:
        refused.dataset()
    monkeypatch.setattr("flux_studio.project.project.prepare", None)
    with pytest.raises(DataError) as second:
        refused.dataset()
    assert second.value is first.value
