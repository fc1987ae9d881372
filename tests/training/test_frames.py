"""Frames say which rows their matrices are of."""

from __future__ import annotations

import numpy as np
import pytest

from flux_studio import locations
from flux_studio.project import files
from flux_studio.project.project import Project
from flux_studio.training.events import Close, Frame, FrameRequest, Paused, Step
from flux_studio.training.session import Session

X = ("layer-1", "input_matrix")


def frames(project: Project, steps: int, rows: int = 256) -> list[Frame]:
    """A frame at rest and one after each step."""
    session = Session(project, "reference")
    session.send(FrameRequest(0, (X,), rows))
    for generation in range(1, steps + 1):
        session.send(Step())
        session.send(FrameRequest(generation, (X,), rows))
    session.send(Close())
    return [event for event in session.events() if not isinstance(event, Paused)]


def batched(batch: int | None) -> Project:
    project = files.load(locations.sample("iris.flux"))
    return project.with_specification(project.specification.replace(batch=batch))


def test_mini_batches_show_the_rows_they_name() -> None:
    project = batched(32)
    data = project.dataset()
    inputs = data.inputs.astype(np.float32)
    shown = frames(project, 5)
    assert [len(frame.samples) for frame in shown] == [32, 32, 32, 24, 32, 32]
    for frame in shown:
        np.testing.assert_array_equal(frame.matrices[X], inputs[frame.samples])
    epoch = np.concatenate([frame.samples for frame in shown[:4]])
    assert sorted(epoch) == data.training.tolist()
    assert not np.array_equal(shown[0].samples, shown[4].samples)


@pytest.mark.parametrize("batch", [None, 120, 500])
def test_a_full_batch_shows_all_rows_in_their_order(batch: int | None) -> None:
    project = batched(batch)
    for frame in frames(project, 2):
        np.testing.assert_array_equal(frame.samples, project.dataset().training)


def test_no_more_rows_are_named_than_are_shown() -> None:
    for frame in frames(batched(32), 4, rows=10):
        assert len(frame.samples) == len(frame.matrices[X]) == 10


def test_shapes_are_those_of_a_whole_batch_wherever_training_rests() -> None:
    network = batched(32).network("reference")
    network.rest(3)
    assert network.matrix(X).shape == (24, 4)
    assert network.shapes()[X] == (32, 4)
