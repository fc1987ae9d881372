"""Reasons to stop before the last iteration: they depend on iterations and losses, never on bursts."""

from __future__ import annotations

import numpy as np
import pytest

from flux_studio import locations
from flux_studio.project import files
from flux_studio.project.project import Project
from flux_studio.project.specification import OptimizerSpecification, StopSpecification
from flux_studio.training.events import Close, Finished, StartOver, Step
from flux_studio.training.session import Session


def iris(stop: StopSpecification, **changes: object) -> Project:
    project = files.load(locations.sample("iris.flux"))
    changed = project.specification.replace(stop=stop, pace=None, iterations=4_000, **changes)
    return project.with_specification(changed)


def finished(session: Session) -> Finished:
    events = list(session.train(session.project.specification.iterations))
    assert isinstance(events[-1], Finished)
    return events[-1]


def test_a_loss_that_is_good_enough_stops_at_the_first_iteration_that_has_it() -> None:
    session = Session(iris(StopSpecification(loss=0.1)))
    end = finished(session)
    plain = Session(iris(StopSpecification()))
    losses = np.empty(4_000, np.float32)
    plain.network.iterate(losses)
    first = int(np.flatnonzero(losses <= 0.1)[0]) + 1
    assert end.progress.iteration == first < 4_000
    assert end.progress.loss == losses[first - 1]
    assert "reached 0.1" in end.reason


@pytest.mark.parametrize("batch", [None, 32])
def test_early_stopping_goes_back_to_the_best_weights(batch: int | None) -> None:
    optimizer = OptimizerSpecification("adam", 0.05)
    project = iris(StopSpecification(patience=8), batch=batch, optimizer=optimizer)
    session = Session(project)
    end = finished(session)
    assert "no better validation loss" in end.reason
    plain = Session(iris(StopSpecification(), batch=batch, optimizer=optimizer))
    losses, validation = np.empty(4_000, np.float32), np.empty(4_000, np.float32)
    plain.network.iterate(losses, 0, 10, validation)
    best, waited = -1, 0
    for index, loss in enumerate(validation):
        if best < 0 or loss < validation[best]:
            best, waited = index, 0
        else:
            waited += 1
        if waited == 8:
            break
    assert end.progress.iteration == 10 * (best + 1)
    assert end.progress.validation_loss == pytest.approx(float(validation[best]), rel=1e-6)
    run = session.run()
    assert run.curve.count == run.iteration + 1
    again = Session(project.with_run(run))
    assert again.progress().validation_loss == pytest.approx(float(validation[best]), rel=1e-6)


def test_time_is_a_reason_too() -> None:
    ticks = iter(np.arange(0.0, 1e6, 0.4))
    session = Session(iris(StopSpecification(seconds=3.0)), clock=lambda: float(next(ticks)))
    end = finished(session)
    assert end.reason == "the time is up"
    assert end.progress.iteration < 4_000


def test_starting_over_forgets_the_optimizers_state() -> None:
    project = iris(StopSpecification(), optimizer=OptimizerSpecification("adam", 0.02))
    once = Session(project)
    list(once.train(200))
    first = once.run().parameters
    once.send(StartOver())
    once.send(Step(200))
    once.send(Close())
    list(once.events())
    for key, value in once.run().parameters.items():
        np.testing.assert_array_equal(value, first[key])
