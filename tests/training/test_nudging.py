"""Nudging: the change that really happens is that of the network with the number moved; nothing is left moved."""

from __future__ import annotations

import numpy as np
import pytest

from flux_studio import locations
from flux_studio.errors import DataError
from flux_studio.project import files
from flux_studio.training.nudging import Nudge, Nudged, TakeTwin, learned_as
from flux_studio.training.questions import Moment
from flux_studio.training.session import Session

W = ("layer-2", "weights_matrix")


def moment(name: str = "parity-4") -> Moment:
    session = Session(files.load(locations.sample(f"{name}.flux")), "reference")
    return Moment(session.project, session.dataset, session.network, session.iteration, training=False)


def test_prediction_and_truth() -> None:
    at = moment()
    before = at.network.arena.copy()
    found = Nudge(W, (3, 1), 0.25).answer(at)
    assert isinstance(found, Nudged)
    np.testing.assert_array_equal(at.network.arena, before)
    assert found.value == at.network.parameter(W)[3, 1]
    assert found.gradient == at.network.matrix(("layer-2", "dC_dw_matrix"))[3, 1]
    assert found.predicted == found.gradient * 0.25
    loss = at.network.loss
    at.network.parameter(W)[3, 1] += 0.25
    assert found.actual == pytest.approx(at.network.rest() - loss, abs=1e-6)
    # The next question is of the network as it is now.
    assert Nudge(W, (3, 1), 0.0).answer(at).loss == pytest.approx(at.network.loss, rel=1e-5)


def test_for_a_small_step_the_gradient_is_right() -> None:
    at = moment()
    for step in (1e-3, -1e-4):
        found = Nudge(W, (0, 0), step).answer(at)
        assert found.actual == pytest.approx(found.predicted, rel=0.02, abs=1e-9)


def test_a_gradient_matrix_stands_for_its_parameter() -> None:
    at = moment()
    assert Nudge(("layer-2", "dC_dw_matrix"), (3, 1), 0.25).answer(at).parameter == W
    with pytest.raises(DataError, match="only what the network learns can be nudged"):
        Nudge(("layer-2", "activated_output_matrix"), (3, 1), 0.25).answer(at)


@pytest.mark.parametrize("name", ["parity-4", "iris", "mackey-glass"])
def test_everything_that_is_learned_can_be_reached_by_its_gradient(name: str) -> None:
    network = moment(name).network
    gradients = {key for key in network.program.matrices if key[1].startswith("dC_d")}
    reached = set()
    for key in gradients:
        try:
            reached.add(learned_as(network, key))
        except DataError:
            continue
    assert reached == set(network.layout.parameters)


def test_a_twin_can_be_taken_away() -> None:
    at = moment()
    key, twin = TakeTwin(("layer-2", "dC_dw_matrix")).answer(at)
    assert key == W
    assert twin.loss() == pytest.approx(at.network.loss, rel=1e-5)


def test_with_mini_batches_it_is_the_batch_that_is_seen() -> None:
    project = files.load(locations.sample("iris.flux"))
    project = project.with_specification(project.specification.replace(batch=32))
    session = Session(project, "reference")
    key = ("layer-1", "weights_matrix")
    for _ in range(6):  # past the smaller last batch of an epoch
        list(session.train(session.iteration + 1))
        at = Moment(project, session.dataset, session.network, session.iteration, training=False)
        found = Nudge(key, (0, 0), 0.01).answer(at)
        assert found.loss == pytest.approx(at.network.loss, rel=1e-5)
        assert found.actual == pytest.approx(found.predicted, rel=0.2, abs=1e-6)
