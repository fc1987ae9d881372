"""Stepping: operation by operation to exactly where a whole iteration leads, and back to exactly where one was."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import msgspec
import numpy as np
import pytest

from flux_studio.engine.executors import ExecutorName
from flux_studio.project.catalogue import layer_kind
from flux_studio.project.project import Project
from flux_studio.training import stepping
from flux_studio.training.events import (
    Branch,
    Frame,
    FrameRequest,
    GoTo,
    Moved,
    Paused,
    Play,
    Return,
    RunTaken,
    SetBreakpoints,
    SetLearningRate,
    Step,
    StepBy,
    TakeRun,
    When,
)
from flux_studio.training.session import Session
from tests.engine.networks import EXECUTORS
from tests.project.projects import DENSE, number_project, number_table, project_of
from tests.training.sessions import obey, one, session_of, until_rest
from tests.training.test_rewinding import assert_same, everything, project

FORWARD, BACK = StepBy("operation"), StepBy("operation", back=True)


def lstm() -> Project:
    """Three steps of an LSTM, mini-batches and validation."""
    made = project_of(
        number_table(),
        (layer_kind("lstm.v1").new("layer-1", units=4), DENSE.new("layer-2", units=1, activation="identity")),
        validation=1 / 3,
        batch=6,
        validate_every=2,
    )
    data = msgspec.structs.replace(made.specification.data, window=3)
    return made.with_specification(made.specification.replace(data=data))


def when(session: Session) -> When:
    return one(obey(session, FrameRequest(0, ())), Frame).when


@pytest.mark.parametrize("executor", EXECUTORS)
@pytest.mark.parametrize("rest", range(5))
def test_all_operations_of_an_iteration_are_the_iteration(executor: ExecutorName, rest: int) -> None:
    # Batches of seven of twenty rows: the third of three is smaller.
    ours, theirs = (session_of(project(), executor)[0] for _ in range(2))
    for session in (ours, theirs):
        obey(session, Step(rest))
    network = ours.network
    count = len(network.program.instructions)
    for place in range(count):
        stepping.run(network, rest, place, place + 1)
    obey(theirs, Step())
    assert network.program.rows == theirs.network.program.rows
    assert_same(everything(ours), everything(theirs))


@pytest.mark.parametrize("executor", EXECUTORS)
@pytest.mark.parametrize("make", [project, number_project])
def test_through_the_session_forwards_and_back(executor: ExecutorName, make: Any) -> None:
    session, _ = session_of(make(), executor)
    straight, _ = session_of(make(), executor)
    count = len(session.network.program.instructions)
    moments: dict[tuple[int, int], Mapping[Any, np.ndarray]] = {(0, 0): everything(session)}
    for rest in range(4):
        for done in range(1, count + 1):
            event = obey(session, FORWARD)[-1]
            if done < count:
                assert isinstance(event, Moved)
                assert event.when == When(0, rest, rest, done, count)
                moments[rest, done] = everything(session)
        assert isinstance(event, Paused)
        assert event.progress.iteration == rest + 1
        obey(straight, Step())
        assert_same(everything(session), everything(straight))
        moments[rest + 1, 0] = everything(session)
    np.testing.assert_array_equal(session.run().curve.array(), straight.run().curve.array())
    for place in reversed([*moments][:-1]):
        obey(session, BACK)
        found = when(session)
        assert (found.shown, found.done) == place
        assert_same(everything(session), moments[place])
    # Forwards again along what was, into what is new.
    for place in [*moments][1:]:
        obey(session, FORWARD)
        assert_same(everything(session), moments[place])
    assert when(session) == When(0, 4, 4, 0, count)


@pytest.mark.parametrize("executor", EXECUTORS)
def test_the_batch_is_loaded_with_the_first_operation_forward(executor: ExecutorName) -> None:
    session, _ = session_of(project(), executor)
    data = session.dataset
    key = ("layer-1", "input_matrix")
    obey(session, Step())
    first = session.network.program.phases["forward"][0]
    for done in range(1, first + 3):
        frame = one(obey(session, FORWARD, FrameRequest(0, (key,))), Frame)
        expected = data.training[session.network.batch_rows(1 if done <= first else 2)]
        np.testing.assert_array_equal(frame.samples, expected)
        np.testing.assert_array_equal(frame.matrices[key], data.inputs[expected].astype(np.float32))
    # That of iteration 2 is the smaller one: nothing of an older iteration stands in its matrices.
    assert not session.network.matrix(("layer-3", "dC_da_matrix")).any()


@pytest.mark.parametrize("unit", ["layer", "phase"])
def test_larger_steps_stop_at_the_borders(unit: stepping.Unit) -> None:
    session, _ = session_of(number_project())
    obey(session, Step(2))
    instructions = session.network.program.instructions
    seen = [0]
    while isinstance(event := obey(session, StepBy(unit))[-1], Moved):
        seen.append(event.when.done)
    runs = [
        {(each.phase, each.layer if unit == "layer" else "") for each in instructions[start:stop]}
        for start, stop in zip(seen, [*seen[1:], len(instructions)], strict=True)
    ]
    assert all(len(run) == 1 for run in runs)
    assert all(one != other for one, other in pairwise(runs))
    if unit == "phase":
        assert [next(iter(run))[0] for run in runs] == ["update", "forward", "loss", "backward"]
    back = []
    while (moved := one(obey(session, StepBy(unit, back=True)), Moved)).when.shown == 2:
        back.append(moved.when.done)
    assert back == seen[::-1]


def test_epochs_begin_where_each_row_has_been_seen() -> None:
    session, _ = session_of(project())  # three batches an epoch
    steps = [StepBy("epoch"), StepBy("epoch"), FORWARD]
    back = StepBy("epoch", back=True)
    obey(session, *steps)
    assert (when(session).shown, when(session).done) == (6, 1)
    for expected in (6, 3, 0, 0):
        obey(session, back)
        assert (when(session).shown, when(session).done) == (expected, 0)
    assert session.iteration == 6
    obey(session, Return(), StepBy("iteration"), back)
    assert when(session).shown == 6
    straight, _ = session_of(project())
    obey(straight, Step(6))
    assert_same(everything(session), everything(straight))


def test_before_the_first_moment_there_is_none() -> None:
    session, _ = session_of(number_project())
    for unit in stepping.UNITS:
        obey(session, StepBy(unit, back=True))
        found = when(session)
        assert (found.shown, found.done) == (0, 0)


def test_sequences_are_stepped_through() -> None:
    session, straight = (session_of(lstm())[0] for _ in range(2))
    obey(session, Step(2), *[StepBy("layer")] * 4, *[FORWARD] * 3, StepBy("iteration"))
    obey(straight, Step(3))
    assert_same(everything(session), everything(straight))


@pytest.mark.parametrize(
    "command",
    [Return(), Branch(), SetLearningRate(0.1), TakeRun(), Step(0)],
    ids=lambda each: type(each).__name__,
)
def test_the_middle_of_an_iteration_gets_in_nobodys_way(command: Any) -> None:
    session, straight = (session_of(number_project(rate=0.1))[0] for _ in range(2))
    obey(session, Step(5), *[FORWARD] * 4, command, Step(5))
    obey(straight, Step(10))
    assert_same(everything(session), everything(straight))


def test_a_run_taken_in_the_middle_leaves_the_moment_as_it_was() -> None:
    session, _ = session_of(project())
    obey(session, Step(5), GoTo(3), *[FORWARD] * 9)
    before = everything(session)
    assert one(obey(session, TakeRun()), RunTaken).run.iteration == 5
    assert (when(session).shown, when(session).done) == (3, 9)
    assert_same(everything(session), before)


def test_training_stops_before_each_breakpoint() -> None:
    session, straight = (session_of(number_project())[0] for _ in range(2))
    obey(session, SetBreakpoints(frozenset({3, 9})))
    for place in [(0, 3), (0, 9), (1, 3), (1, 9), (2, 3)]:
        moved = obey(session, Play(50))[-1]
        assert isinstance(moved, Moved)
        assert (moved.when.shown, moved.when.done) == place
        assert moved.reason == f"stopped before operation {place[1] + 1}: there is a breakpoint"
    obey(straight, Step(2), *[FORWARD] * 3)
    assert_same(everything(session), everything(straight))
    obey(session, SetBreakpoints(frozenset()))
    until_rest(session, Play(50))
    until_rest(straight, Play(50))
    assert_same(everything(session), everything(straight))


def test_a_breakpoint_stops_what_runs() -> None:
    session, _ = session_of(number_project(pace=10.0))
    events = session.events()
    session.send(Play(1000))
    while session.iteration < 5:
        next(events)
    session.send(SetBreakpoints(frozenset({2})))
    moved = next(event for event in events if isinstance(event, Moved))
    assert (moved.when.shown, moved.when.done) == (session.iteration, 2)


def test_from_the_past_training_returns_and_then_stops_at_a_breakpoint() -> None:
    session, _ = session_of(number_project())
    events = obey(session, Step(5), SetBreakpoints(frozenset({4})), GoTo(2), Play(50))
    assert [(event.when.shown, event.when.done) for event in events if isinstance(event, Moved)] == [
        (2, 0),
        (5, 0),
        (5, 4),
    ]
