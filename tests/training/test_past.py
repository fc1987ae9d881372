"""What came before a session: made again from the first weights, shown only where it leads to what was saved."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from flux_studio.engine.executors import ExecutorName
from flux_studio.project import files
from flux_studio.project.project import Project, Run, WeightSet
from flux_studio.training.events import (
    Branch,
    Failed,
    Frame,
    FrameRequest,
    GoTo,
    Moved,
    Moving,
    Play,
    Return,
    SetLearningRate,
    Step,
    When,
)
from flux_studio.training.session import Session
from tests.engine.networks import EXECUTORS
from tests.project.projects import number_project, parity_project
from tests.training.sessions import obey, one, session_of, until_rest
from tests.training.test_rewinding import assert_same, everything, project, stepped

SAVED, END = 40, 60
W1 = ("layer-1", "weights_matrix")


def opened(made: Project, session: Session, folder: Path, executor: ExecutorName = "reference") -> Session:
    """A session on a file that another one's run was saved in."""
    files.save(made.with_run(session.run()), folder / "p.flux")
    return session_of(files.load(folder / "p.flux"), executor)[0]


@pytest.mark.parametrize("executor", EXECUTORS)
@pytest.mark.parametrize("optimizer", ["sgd", "momentum", "adam"])
def test_every_moment_before_the_file_was_saved_comes_back(
    executor: ExecutorName, optimizer: str, tmp_path: Path
) -> None:
    moments = stepped(session_of(project(optimizer), executor)[0], END)
    first, _ = session_of(project(optimizer), executor)
    obey(first, Step(SAVED))
    again = opened(project(optimizer), first, tmp_path, executor)
    assert one(obey(again, FrameRequest(0, ())), Frame).when == When(0, SAVED, SAVED)
    obey(again, Step(END - SAVED))
    for iteration in (17, 0, 39, 40, 41, 1, 59, END):
        assert one(obey(again, GoTo(iteration)), Moved).when == When(0, END, iteration)
        assert_same(everything(again), moments[iteration])


def test_nothing_is_made_again_before_somebody_looks(tmp_path: Path) -> None:
    first, _ = session_of(parity_project())
    obey(first, Step(SAVED))
    again = opened(parity_project(), first, tmp_path)
    obey(again, Step(5), GoTo(42), Return())
    assert again._rewinding.timeline.sure == SAVED
    obey(again, GoTo(3))
    assert again._rewinding.timeline.sure == 0


@pytest.mark.parametrize("executor", EXECUTORS)
def test_changes_of_the_rate_and_weights_set_by_hand_are_made_again(
    executor: ExecutorName, tmp_path: Path
) -> None:
    made = number_project(rate=0.1, validate_every=4)
    session, _ = session_of(made, executor)
    moments = stepped(session, 12, {5: 0.3})
    changed = session.run().with_number(W1, (0, 2), -0.75)
    assert changed.edits == (WeightSet(12, *W1, 0, 2, -0.75),)
    session, _ = session_of(made.with_run(changed), executor)
    moments[12:] = stepped(session, 10, {4: 0.05})
    again = opened(made, session, tmp_path, executor)
    # The specification's own rate holds from where the file was opened on.
    assert [each.learning_rate for each in again.run().changes] == [0.3, 0.1, 0.05, 0.1]
    for iteration in (3, 0, 5, 6, 11, 13, 16, 17, 21):
        obey(again, GoTo(iteration))
        assert_same(everything(again), moments[iteration])
    obey(again, GoTo(12))
    for key in (W1, ("layer-1", "activated_output_matrix"), ("layer-1", "dC_dw_matrix")):
        np.testing.assert_array_equal(again.network.matrix(key), moments[12][key])


@pytest.mark.parametrize("tamper", ["weights", "rate", "optimizer"])
def test_what_comes_out_otherwise_is_not_shown(tamper: str) -> None:
    made = project("momentum")
    first, _ = session_of(made)
    obey(first, Step(SAVED))
    run = first.run()
    if tamper == "weights":
        parameters = {key: value.copy() for key, value in run.parameters.items()}
        parameters[W1][0, 0] += 1e-5
        run = replace(run, parameters=parameters)
    elif tamper == "rate":
        run = replace(run, first_rate=0.2)
    else:
        run = replace(run, optimizer={**run.optimizer, "velocity": run.optimizer["velocity"] * 1.001})
    session, _ = session_of(made.with_run(run))
    before = everything(session)
    failed = one(obey(session, GoTo(3)), Failed)
    assert failed.message.startswith(f"what came before iteration {SAVED} cannot be shown")
    assert_same(everything(session), before)
    frame = one(obey(session, FrameRequest(0, ())), Frame)
    assert frame.when == When(SAVED, SAVED, SAVED)
    assert frame.when.lost == failed.message.split(": ", 1)[1]
    assert one(obey(session, GoTo(3)), Moved).when == When(SAVED, SAVED, SAVED)
    obey(session, Step(5))
    assert session.iteration == SAVED + 5


def test_a_run_of_another_executor_is_found_out() -> None:
    made = number_project(rate=0.3)
    first, _ = session_of(made, "reference")
    obey(first, Step(200))
    session, _ = session_of(made.with_run(first.run()), "compiled")
    assert one(obey(session, GoTo(3)), Failed).message.startswith("what came before iteration 200")


def test_another_way_to_train_is_known_beforehand(tmp_path: Path) -> None:
    made = parity_project()
    first, _ = session_of(made)
    obey(first, Step(SAVED))
    changed = made.with_run(first.run()).edited(made.specification.replace(batch=4))
    second, _ = session_of(changed)
    assert one(obey(second, FrameRequest(0, ())), Frame).when == When(SAVED, SAVED, SAVED)
    obey(second, Step(5))
    again = opened(changed, second, tmp_path)
    when = one(obey(again, FrameRequest(0, ())), Frame).when
    assert when == When(SAVED + 5, SAVED + 5, SAVED + 5)
    assert when.lost == f"the way to train was changed at iteration {SAVED}"
    same = made.with_run(first.run()).edited(made.specification.replace(iterations=77))
    assert same.run is not None
    assert same.run.since == 0


def test_an_old_file_without_its_first_rate() -> None:
    made = number_project(rate=0.1)
    first, _ = session_of(made)
    obey(first, Step(9))
    session, _ = session_of(made.with_run(replace(first.run(), first_rate=None)))
    assert one(obey(session, GoTo(2)), Moved).when.shown == 2
    obey(first, SetLearningRate(0.3), Step(9))
    session, _ = session_of(made.with_run(replace(first.run(), first_rate=None)))
    when = one(obey(session, GoTo(2)), Moved).when
    assert (when.first, when.lost) == (18, "the file does not say with which learning rate it began")


def test_it_can_be_given_up_and_goes_on_from_there() -> None:
    first, _ = session_of(parity_project())
    until_rest(first, Play(3000))
    moments = dict.fromkeys((100,))
    straight, _ = session_of(parity_project())
    obey(straight, Step(100))
    moments[100] = everything(straight)
    session, _ = session_of(parity_project().with_run(first.run()), tick=0.06)
    present = everything(session)
    events = session.events()
    session.send(GoTo(100))
    moving = next(events)
    assert isinstance(moving, Moving)
    assert (0 < moving.reached < 3000, moving.wanted) == (True, 3000)
    session.send(FrameRequest(0, (W1,)))
    session.send(Return())
    told = [next(event for event in events if not isinstance(event, Moving)) for _ in range(2)]
    assert isinstance(told[0], Frame)
    assert told[0].when == When(0, 3000, 3000), "what has not proved true is not shown"
    np.testing.assert_array_equal(told[0].matrices[W1], present[W1])
    assert isinstance(told[1], Moved)
    assert_same({"state": everything(session)["state"]}, {"state": present["state"]})
    reached = session._rewinding.timeline._before_us
    assert reached is not None
    assert len(reached.kept) > 1
    session.send(GoTo(100))
    assert next(event for event in events if isinstance(event, Moved)).when.shown == 100
    assert_same(everything(session), moments[100])


@pytest.mark.parametrize("executor", EXECUTORS)
@pytest.mark.parametrize("here", [0, 1, 8, 25, SAVED, 50])
def test_a_branch_from_before_the_session(executor: ExecutorName, here: int, tmp_path: Path) -> None:
    first, _ = session_of(project(), executor)
    obey(first, Step(SAVED))
    session = opened(project(), first, tmp_path, executor)
    obey(session, Step(END - SAVED), GoTo(here), Branch(), Step(40))
    straight, _ = session_of(project(), executor)
    obey(straight, Step(here), Step(40))
    assert_same(everything(session), everything(straight))
    ours, theirs = session.run(), straight.run()
    np.testing.assert_array_equal(ours.curve.array(), theirs.curve.array())
    assert ours.validation_curve is not None
    assert theirs.validation_curve is not None
    np.testing.assert_array_equal(ours.validation_curve.array(), theirs.validation_curve.array())
    assert ours.iteration == theirs.iteration == here + 40


def test_a_branch_forgets_what_was_set_by_hand_behind_it() -> None:
    made = parity_project()
    session, _ = session_of(made)
    obey(session, Step(20))
    session, _ = session_of(made.with_run(session.run().with_number(W1, (0, 0), 0.5)))
    obey(session, Step(5), GoTo(10), Branch())
    assert session.run().edits == ()
    obey(session, Step(30))
    straight, _ = session_of(made)
    obey(straight, Step(40))
    assert_same(everything(session), everything(straight))


def test_both_branches_stay_with_the_run() -> None:
    session, _ = session_of(parity_project())
    obey(session, Step(30), GoTo(10), Branch(), Step(5))
    again, _ = session_of(parity_project().with_run(session.run()))
    (branch,) = one(obey(again, FrameRequest(0, ())), Frame).branches
    assert branch.iterations[-1] == 30
    obey(again, GoTo(0), Branch())
    first, _ = session_of(parity_project().with_run(again.run().with_number(W1, (0, 0), 0.5)))
    frame = one(obey(first, FrameRequest(0, ())), Frame)
    assert (frame.when.now, len(frame.branches)) == (0, 2)


def test_before_the_first_iteration_a_number_is_a_first_weight() -> None:
    session, _ = session_of(parity_project())
    run = session.run().with_number(W1, (1, 1), 0.25)
    assert isinstance(run, Run)
    assert (run.edits, run.begun, run.start[W1][1, 1]) == ((), False, 0.25)
