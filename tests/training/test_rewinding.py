"""Rewinding: any iteration comes back bit for bit, and the present is never lost."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

from flux_studio.engine.executors import ExecutorName
from flux_studio.engine.updating import OPTIMIZERS
from flux_studio.project.catalogue import layer_kind
from flux_studio.project.project import LearningRateChange, Project
from flux_studio.project.specification import OptimizerSpecification, ScheduleSpecification, StopSpecification
from flux_studio.training import rewinding
from flux_studio.training.events import (
    Branch,
    Finished,
    Frame,
    FrameRequest,
    GoTo,
    Moved,
    Moving,
    Pause,
    Paused,
    Play,
    Return,
    RunTaken,
    SetBudget,
    SetLearningRate,
    StartOver,
    Step,
    TakeRun,
    When,
)
from flux_studio.training.session import Session
from tests.engine.networks import EXECUTORS
from tests.project.projects import DENSE, number_project, number_table, parity_project, project_of
from tests.training.sessions import obey, one, session_of, until_rest

LENGTH = 60


def project(optimizer: str = "adam", **changes: Any) -> Project:
    """Batches of seven of twenty rows with dropout, a schedule, a penalty and clipping: all there is."""
    made = project_of(
        number_table(),
        (
            DENSE.new("layer-1", units=6, activation="tanh"),
            layer_kind("dropout.v1").new("layer-2", percent=30),
            DENSE.new("layer-3", units=1, activation="identity"),
        ),
        validation=1 / 3,
        batch=7,
        validate_every=9,
        **changes,
    )
    rule = OptimizerSpecification(
        optimizer,
        0.3 * OPTIMIZERS[optimizer].learning_rate,
        schedule=ScheduleSpecification("cosine", period=40.0, floor=0.1, warm_up=5),
        l2=0.01,
        clip_norm=0.5,
    )
    return made.with_specification(made.specification.replace(optimizer=rule))


def everything(session: Session) -> Mapping[Any, np.ndarray]:
    """All named matrices and the whole state of the moment that is shown."""
    network = session.network
    known = {key: network.matrix(key).copy() for key in network.program.matrices}
    return {**known, "state": network.snapshot()}


def assert_same(one: Mapping[Any, np.ndarray], other: Mapping[Any, np.ndarray]) -> None:
    assert set(one) == set(other)
    for key, value in one.items():
        np.testing.assert_array_equal(value, other[key], err_msg=str(key))


def stepped(
    session: Session, length: int, rates: Mapping[int, float] | None = None
) -> list[Mapping[Any, np.ndarray]]:
    """Every moment of a run that is trained iteration by iteration."""
    moments = [everything(session)]
    for iteration in range(length):
        if rates and iteration in rates:
            obey(session, SetLearningRate(rates[iteration]))
            moments[-1] = everything(session)
        obey(session, Step())
        moments.append(everything(session))
    return moments


@pytest.mark.parametrize("executor", EXECUTORS)
@pytest.mark.parametrize("optimizer", ["sgd", "momentum", "adam", "adamw"])
def test_every_moment_comes_back_with_the_same_bits(executor: ExecutorName, optimizer: str) -> None:
    moments = stepped(session_of(project(optimizer), executor)[0], LENGTH)
    session, _ = session_of(project(optimizer), executor)
    obey(session, Step(LENGTH))
    for iteration in (59, 13, 14, 0, 27, 1, 60, 2, 58):
        moved = one(obey(session, GoTo(iteration)), Moved)
        assert moved.when == When(0, LENGTH, iteration)
        assert moved.progress.iteration == iteration
        assert_same(everything(session), moments[iteration])
    obey(session, GoTo(5), Return())
    assert_same(everything(session), moments[LENGTH])


@pytest.mark.parametrize("executor", EXECUTORS)
def test_changes_of_the_rate_are_made_again(executor: ExecutorName) -> None:
    rates = {0: 0.2, 7: 0.9, 8: 0.05, 30: 0.4}
    plain = number_project(validate_every=4)
    session, _ = session_of(plain, executor)
    moments = stepped(session, 40, rates)
    for iteration in (3, 0, 7, 8, 9, 31, 39, 30, 40):
        obey(session, GoTo(iteration))
        assert_same(everything(session), moments[iteration])
    assert session.network.learning_rate == 0.4


@pytest.mark.parametrize("executor", EXECUTORS)
def test_looking_back_changes_nothing_of_what_comes(executor: ExecutorName) -> None:
    straight, _ = session_of(project(), executor)
    obey(straight, Step(100))
    session, _ = session_of(project(), executor)
    obey(session, Step(60), GoTo(20), Return(), Step(10), GoTo(65), GoTo(3))
    until_rest(session, Play(100))
    assert_same(everything(session), everything(straight))
    np.testing.assert_array_equal(session.run().curve.array(), straight.run().curve.array())
    assert session.run().changes == straight.run().changes


def test_a_frame_is_of_the_moment_that_it_names() -> None:
    session, _ = session_of(project())
    key = ("layer-1", "input_matrix")
    request = FrameRequest(1, (key,))
    then = one(obey(session, Step(10), request), Frame)
    now = one(obey(session, Step(30), request), Frame)
    frame = one(obey(session, GoTo(10), request), Frame)
    assert frame.when == When(0, 40, 10)
    assert frame.when.is_past
    assert not now.when.is_past
    assert frame.progress.iteration == 10
    assert frame.progress.loss == then.progress.loss
    assert frame.progress.validation_loss == then.progress.validation_loss
    np.testing.assert_array_equal(frame.samples, then.samples)
    np.testing.assert_array_equal(frame.matrices[key], then.matrices[key])
    # The curve is that of the whole run.
    np.testing.assert_array_equal(frame.curve.low, now.curve.low)


def test_what_is_saved_meanwhile_is_the_present() -> None:
    session, _ = session_of(project())
    obey(session, Step(40))
    before, present = session.run(), everything(session)
    taken = one(obey(session, GoTo(10), TakeRun()), RunTaken).run
    assert (taken.iteration, session.iteration) == (40, 40)
    for key, value in before.parameters.items():
        np.testing.assert_array_equal(taken.parameters[key], value)
    np.testing.assert_array_equal(taken.optimizer["rates"], before.optimizer["rates"])
    assert one(obey(session, FrameRequest(0, ())), Frame).when.shown == 10
    obey(session, Return())
    assert_same(everything(session), present)


def test_stepping_in_the_past_goes_along_what_was() -> None:
    session, _ = session_of(project())
    moments = stepped(session, 30)
    obey(session, GoTo(10), Step())
    assert_same(everything(session), moments[11])
    moved = one(obey(session, Step(100)), Moved)
    assert moved.when == When(0, 30, 30)
    assert one(obey(session, Step()), Paused).progress.iteration == 31


def test_going_there_while_training_rests() -> None:
    session, _ = session_of(parity_project(pace=10.0))
    events = session.events()
    session.send(Play(1000))
    while session.iteration < 20:
        next(events)
    session.send(GoTo(5))
    moved = next(event for event in events if isinstance(event, Moved))
    assert moved.when == When(0, session.iteration, 5)
    session.send(Pause())  # rests already: nothing is told
    session.send(Return())
    assert next(events) == Moved(session.progress(), When(0, session.iteration, session.iteration))


def test_beyond_the_ends_are_the_ends() -> None:
    session, _ = session_of(parity_project())
    obey(session, Step(20))
    assert one(obey(session, GoTo(-3)), Moved).when == When(0, 20, 0)
    assert one(obey(session, GoTo(99)), Moved).when == When(0, 20, 20)


def test_the_newest_wish_wins_where_jumps_take_long() -> None:
    session, _ = session_of(parity_project(), tick=0.06)
    obey(session, Step(3000), GoTo(0))
    session.send(GoTo(2500))
    events = session.events()
    moving = next(events)
    assert isinstance(moving, Moving)
    assert (0 < moving.reached < 2500, moving.wanted) == (True, 2500)
    session.send(GoTo(1000))
    session.send(FrameRequest(0, ()))
    told = [next(event for event in events if not isinstance(event, Moving)) for _ in range(2)]
    assert isinstance(told[0], Moved)
    assert told[0].when.shown == 1000
    assert isinstance(told[1], Frame)
    assert told[1].when.shown == 1000
    plain, _ = session_of(parity_project())
    obey(plain, Step(1000))
    assert_same(everything(session), everything(plain))


@pytest.mark.parametrize("executor", EXECUTORS)
@pytest.mark.parametrize("patience", [0.0, 1e9])
@pytest.mark.parametrize("here", [0, 8, 9, 17, 4999])
def test_a_branch_is_as_if_the_rest_had_not_been(
    executor: ExecutorName, patience: float, here: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rewinding, "_PATIENCE_SECONDS", patience)
    length = 5_000 if executor == "compiled" else 60
    here = min(here, length - 1)
    session, _ = session_of(project(), executor)
    obey(session, Step(length))
    old = session.run().curve.points()
    moved = obey(session, GoTo(here), Branch())[-1]
    assert isinstance(moved, Moved)
    assert moved.when == When(0, here, here)
    straight, _ = session_of(project(), executor)
    obey(straight, Step(here))
    assert_same(everything(session), everything(straight))
    for each in (session, straight):
        obey(each, Step(40))
    assert_same(everything(session), everything(straight))
    curves = [(each.run().curve, each.run().validation_curve) for each in (session, straight)]
    for ours, theirs in zip(*curves, strict=True):
        assert ours is not None
        assert theirs is not None
        assert ours.count == theirs.count
        assert ours.array().min() == theirs.array().min()
        assert ours.array().max() == theirs.array().max()
        if patience:
            np.testing.assert_array_equal(ours.array(), theirs.array())
    (branch,) = one(obey(session, FrameRequest(0, ())), Frame).branches
    assert branch.iterations[0] <= here
    np.testing.assert_array_equal(branch.low, old.low[-len(branch.low) :])
    # What was left is no longer there to go to.
    assert obey(session, GoTo(length))[-1].when.now == here + 40  # type: ignore[union-attr]


def test_a_branch_keeps_the_rate_that_is_set() -> None:
    session, _ = session_of(number_project(rate=0.1))
    obey(session, Step(10), SetLearningRate(0.2), Step(10), GoTo(5))
    assert session.network.learning_rate == 0.1
    obey(session, SetLearningRate(0.7))
    assert session.network.learning_rate == 0.1, "what is looked at stays as it was"
    obey(session, Branch())
    assert session.network.learning_rate == 0.7
    assert session.run().changes == (LearningRateChange(5, 0.7),)
    straight, _ = session_of(number_project(rate=0.1))
    obey(straight, Step(5), SetLearningRate(0.7), Step(20))
    obey(session, Step(20))
    assert_same(everything(session), everything(straight))


def test_a_branch_from_now_is_nothing() -> None:
    session, _ = session_of(parity_project())
    assert one(obey(session, Step(5), Branch(), FrameRequest(0, ())), Frame).branches == ()


def test_the_weights_that_early_stopping_went_back_to_are_now() -> None:
    made = number_project(validate_every=2, rate=0.9, iterations=4000)
    stop = StopSpecification(patience=3)
    session, _ = session_of(made.with_specification(made.specification.replace(stop=stop)))
    finished = one(until_rest(session, Play()), Finished)
    assert finished.reason
    best, present = session.iteration, everything(session)
    obey(session, GoTo(best // 2), GoTo(best + 50))
    assert one(obey(session, FrameRequest(0, ())), Frame).when == When(0, best, best)
    np.testing.assert_array_equal(everything(session)["state"], present["state"])


def test_the_budget_is_set_while_it_trains_and_holds_after_starting_over() -> None:
    session, _ = session_of(parity_project())
    for _ in range(40):
        obey(session, Step())
    size = session.network.snapshot().nbytes
    when = one(obey(session, SetBudget(10 * size), FrameRequest(0, ())), Frame).when
    assert when.memory is not None
    assert (when.memory.budget, when.memory.used <= 10 * size) == (10 * size, True)
    obey(session, StartOver())
    assert session._rewinding.when.memory is not None
    assert session._rewinding.when.memory.budget == 10 * size


def test_the_best_validation_is_never_lost() -> None:
    session, _ = session_of(number_project(rate=0.5, validate_every=3))
    size = session.network.snapshot().nbytes
    obey(session, SetBudget(5 * size))
    seen = {}
    for iteration in range(1, 200):
        obey(session, Step())
        if iteration % 3 == 0:
            seen[iteration] = session.network.validate()
    best = min(seen, key=lambda iteration: (seen[iteration], iteration))
    kept = session._rewinding.timeline.kept
    assert best - 1 in kept or best in kept
    assert len(kept) <= 5


def test_going_back_to_the_best_weights_keeps_the_rate_that_was_set_after_them() -> None:
    made = number_project(validate_every=2, rate=0.05, iterations=4000, pace=10.0)
    session, _ = session_of(
        made.with_specification(made.specification.replace(stop=StopSpecification(patience=3)))
    )
    events = session.events()
    session.send(Play())
    while session.iteration < 11:
        next(events)
    session.send(SetLearningRate(3.0))
    assert next(event for event in events if isinstance(event, Finished)).reason
    best = session.iteration
    assert best == 10
    assert session.run().changes == (LearningRateChange(10, 3.0),)
    session.send(Step(4))
    next(event for event in events if isinstance(event, Paused))
    now = everything(session)
    obey(session, GoTo(best + 2), Return())
    assert_same(everything(session), now)
