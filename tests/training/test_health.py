"""Health: networks made dead, saturated, vanishing, exploding or stuck are called that, and sound ones are not."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from flux_studio import locations
from flux_studio.engine.executors import ExecutorName
from flux_studio.project import files
from flux_studio.project.project import Project
from flux_studio.training.events import Step
from flux_studio.training.health import AskHealth, Finding, Health, History, LayerHealth
from flux_studio.training.questions import Moment
from flux_studio.training.session import Session
from tests.engine.networks import EXECUTORS
from tests.project.projects import number_table, parity_project, project_of, stack
from tests.training.sessions import obey, session_of


def moment_of(project: Project, executor: ExecutorName = "reference", **weights: Any) -> Moment:
    """A session's moment at rest, with some of its parameters set: ``layer_1_b=…``."""
    session = Session(project, executor)
    for name, value in weights.items():
        layer, _, letter = name.rpartition("_")
        key = (layer.replace("_", "-"), {"w": "weights_matrix", "b": "bias_matrix"}[letter])
        session.network.parameter(key)[...] = value
    session.network.rest()
    return Moment(project, session.dataset, session.network, 0, training=False)


def look(project: Project, norms: tuple[float, ...] = (), **weights: Any) -> Health:
    answer = AskHealth(norms).answer(moment_of(project, **weights))
    assert isinstance(answer, Health)
    return answer


def one(health: Health, kind: str) -> Finding:
    found = [each for each in health.findings if each.kind == kind]
    assert len(found) == 1, health.findings
    return found[0]


def relu(rate: float = 0.1) -> Project:
    return project_of(number_table(), stack((4, "relu"), (1, "identity")), rate=rate)


@pytest.mark.parametrize("executor", EXECUTORS)
def test_sizes_are_root_mean_squares(executor: ExecutorName) -> None:
    moment = moment_of(parity_project(dtype="float64"), executor)
    health: Health = AskHealth().answer(moment)
    assert [(each.owner, each.title) for each in health.layers] == [
        (f"layer-{number}", f"Dense {number}") for number in (1, 2, 3)
    ]
    matrix = moment.network.matrix
    for each in health.layers:
        gradients = np.concatenate(
            [matrix((each.owner, name)).ravel() for name in ("dC_dw_matrix", "dC_db_matrix")]
        )
        assert each.gradient == pytest.approx(np.sqrt(np.mean(gradients**2)), rel=1e-12)
        outputs = matrix((each.owner, "activated_output_matrix"))
        assert each.activation == pytest.approx(np.sqrt(np.mean(outputs**2)), rel=1e-12)
    assert health.norm == pytest.approx(
        np.sqrt(
            sum(
                (slot.view(moment.network.arena) ** 2).sum()
                for slot in moment.network.layout.gradients.values()
            )
        )
    )


def test_a_sound_network_has_no_findings() -> None:
    assert look(parity_project()).findings == ()
    for name in ("parity-4", "iris", "mackey-glass", "xor"):
        session = Session(files.load(locations.sample(f"{name}.flux")), "reference")
        moment = Moment(session.project, session.dataset, session.network, 0, training=False)
        assert AskHealth().answer(moment).findings == (), name


def test_dead_neurons_are_named_with_where_to_see_them() -> None:
    finding = one(look(relu(), layer_1_b=[[0.5, -40.0, 0.5, -40.0]]), "dead")
    assert finding.what == "Dense 1: 2 of 4 neurons are dead (n1, n3)"
    assert "ReLU gives 0 for every row of the batch" in finding.why
    assert "the slope is 0" in finding.why
    assert "leaky ReLU" in finding.advice
    assert (finding.matrix, finding.columns) == (("layer-1", "activated_output_matrix"), (1, 3))


def test_a_neuron_that_one_row_wakes_is_not_dead() -> None:
    moment = moment_of(relu())
    sums = moment.network.matrix(("layer-1", "weight_and_input_matrix"))
    bias = -np.sort(sums, axis=0)[-2:].mean(axis=0)  # between the largest sum and the next
    assert look(relu(), layer_1_b=bias).findings == ()


def test_when_all_are_dead_training_cannot_move() -> None:
    health = look(relu(), layer_1_b=-40.0, layer_2_b=0.0)
    assert one(health, "dead").what == "Dense 1: all 4 neurons are dead"
    moved = {each.owner: each.gradient for each in health.layers}
    assert moved["layer-1"] == 0 < moved["layer-2"]  # the last bias still learns
    stuck = look(project_of(number_table(), stack((4, "relu"), (1, "relu"))), layer_2_b=-90.0)
    assert stuck.findings[0].what == "Every gradient is zero: training cannot move"
    assert "the cause is below: Dense 2: the only neuron is dead" in stuck.findings[0].why


def test_a_perfect_fit_is_not_stuck() -> None:
    moment = moment_of(project_of(number_table(), stack((1, "identity"))))
    moment.network.program.targets.view(moment.network.arena)[...] = moment.network.outputs  # type: ignore[union-attr]
    moment.network.rest()
    assert (moment.network.loss, AskHealth().answer(moment).findings) == (0.0, ())


@pytest.mark.parametrize(("activation", "bias"), [("tanh", 9.0), ("sigmoid", -12.0), ("elu", -12.0)])
def test_saturated_neurons_are_named_with_the_slope(activation: str, bias: float) -> None:
    project = project_of(number_table(), stack((3, activation), (1, "identity")))
    finding = one(look(project, layer_1_b=[[0.0, bias, 0.0]]), "saturated")
    assert finding.what == "Dense 1: 1 of 3 neurons is saturated (n1)"
    assert "is flat: the slope is" in finding.why
    assert (finding.matrix, finding.columns) == (("layer-1", "dh_da_matrix"), (1,))


def test_outputs_may_be_flat_where_they_are_right() -> None:
    table = number_table()
    project = project_of(table, stack((1, "sigmoid")))
    assert one(look(project, layer_1_b=40.0), "saturated").owner == "layer-1"
    moment = moment_of(project, layer_1_b=40.0)
    moment.network.program.targets.view(moment.network.arena)[...] = 1.0  # type: ignore[union-attr]
    moment.network.rest()
    assert AskHealth().answer(moment).findings == ()


def test_a_vanishing_gradient_names_what_shrinks_it() -> None:
    layers = stack(*[(6, "sigmoid")] * 6, (1, "identity"))
    tiny = {f"layer_{number}_w": 0.05 for number in range(2, 7)}
    health = look(project_of(number_table(), layers, dtype="float64"), **tiny)
    found = one(health, "vanishing")
    sizes = {each.owner: each.gradient for each in health.layers}
    small = [each.title for each in health.layers if each.gradient <= 1e-4 * sizes["layer-7"]]
    assert 1 < len(small) < 6
    assert found.owner == "layer-1"
    assert found.what == f"{', '.join(small)}: the gradient vanishes"
    assert f"that of Dense 1 is {sizes['layer-1'] / sizes['layer-7']:.1g} times that of Dense 7" in found.why
    assert "what shrinks it most is" in found.why


def test_an_exploding_gradient_names_what_enlarges_it() -> None:
    layers = stack(*[(6, "identity")] * 3, (1, "identity"))
    finding = one(look(project_of(number_table(), layers), layer_2_w=50.0, layer_3_w=50.0), "exploding")
    assert finding.what.startswith("Gradients explode: together they are")
    assert "what enlarges it most is the product with the weights of Dense" in finding.why
    assert finding.matrix is not None
    assert finding.matrix[1] == "dC_dw_matrix"


def test_growth_without_bound_is_seen_before_the_limit() -> None:
    growing = tuple(1e-4 * 1.5**place for place in range(15))
    health = look(relu(), norms=growing)
    assert one(health, "exploding").what.startswith("Gradients keep growing: from 0.0001 to")
    assert look(relu(), norms=(*growing[:7], 1e9, *growing[8:])).findings == ()
    assert look(relu(), norms=growing[8:]).findings == ()


@pytest.mark.parametrize("name", ["mackey-glass"])
def test_gates_of_a_sequence_are_looked_at_over_all_steps(name: str) -> None:
    session = Session(files.load(locations.sample(f"{name}.flux")), "reference")
    key = next(key for key in session.network.layout.parameters if key[0] == "layer-1" and "bias" in key[1])
    session.network.parameter(key)[...] = 60.0
    session.network.rest()
    health: Health = AskHealth().answer(
        Moment(session.project, session.dataset, session.network, 0, training=False)
    )
    matrices = {each.matrix for each in health.findings if each.kind == "saturated"}
    assert ("layer-1/step-1", "dgates_da_matrix") in matrices
    assert all(
        "every row and step" in each.why
        for each in health.findings
        if each.owner == "layer-1" and each.kind == "saturated"
    )


def test_looking_changes_nothing_and_is_quick() -> None:
    moment = moment_of(parity_project())
    before = moment.network.arena.copy()
    times = [AskHealth().answer(moment).seconds for _ in range(20)]
    np.testing.assert_array_equal(moment.network.arena, before)
    assert min(times) < 1e-3


def health_at(iteration: int, gradient: float = 1.0, owner: str = "layer-1") -> Health:
    return Health(iteration, (LayerHealth(owner, owner, gradient, None),), gradient, (), 0.0)


def test_the_history_is_bounded_and_spans_the_run() -> None:
    history = History(capacity=32)
    for iteration in range(10_000):
        history.add(health_at(iteration, float(iteration)))
    assert 16 <= len(history.iterations) <= 33
    assert history.iterations[0] < 400
    assert history.iterations[-1] > 9_000
    sizes = list(history.gradients("layer-1"))
    assert sizes == sorted(sizes)


def test_the_history_follows_a_run_back_and_forgets_another_network() -> None:
    history = History()
    for iteration in (0, 5, 9, 9, 9):
        history.add(health_at(iteration, float(iteration)))
    assert history.gradients("layer-1") == [0.0, 5.0, 9.0]
    history.add(health_at(6, 7.0))
    assert history.gradients("layer-1") == [0.0, 5.0, 7.0]
    assert np.isnan(history.activations("layer-1")).all()
    history.add(health_at(7, owner="layer-9"))
    assert list(history.iterations) == [7]


def test_a_session_answers_it_with_a_frame() -> None:
    session, _ = session_of(parity_project())
    obey(session, Step(3))
    assert (
        AskHealth()
        .answer(Moment(session.project, session.dataset, session.network, session.iteration, training=False))
        .iteration
        == 3
    )
