"""Sessions: events in their order, commands obeyed between iterations, and an end that always comes."""

from __future__ import annotations

import itertools
import threading

import numpy as np
import pytest

from flux_studio.engine.executors import ExecutorName
from flux_studio.errors import ShapeError
from flux_studio.project.project import LearningRateChange, Project, Run
from flux_studio.training.events import (
    Close,
    Event,
    Failed,
    Finished,
    Frame,
    FrameRequest,
    Pause,
    Paused,
    Play,
    Progress,
    RunTaken,
    SetLearningRate,
    SetPace,
    Started,
    StartOver,
    Step,
    TakeRun,
)
from flux_studio.training.session import Session
from tests.engine.networks import EXECUTORS
from tests.project.projects import number_project, parity_project, project_of, stack, table
from tests.training.sessions import obey, one, session_of, until_rest


@pytest.mark.parametrize("executor", EXECUTORS)
def test_training_starts_tells_and_finishes(executor: ExecutorName) -> None:
    session, clock = session_of(parity_project(), executor, tick=0.06)
    start = clock.now
    events = list(session.train(400))
    assert events[0] == Started(0, executor)
    assert isinstance(events[1], Progress)
    assert isinstance(events[-1], Finished)
    told = events[1:-1]
    assert all(isinstance(event, Progress) for event in told)
    iterations = [event.iteration for event in told if isinstance(event, Progress)]
    assert iterations == sorted(set(iterations))
    assert iterations[0] == 0
    assert len(iterations) > 2
    last = events[-1]
    assert last.progress.iteration == session.iteration == 400
    assert 0 < last.seconds <= clock.now - start
    assert last.scores.rows == 16
    assert last.progress.loss == session.network.loss


def test_the_projects_own_end_holds_where_none_is_said() -> None:
    session, _ = session_of(parity_project(iterations=37))
    assert one(until_rest(session, Play()), Finished).progress.iteration == 37


def test_playing_at_the_end_finishes_at_once() -> None:
    session, _ = session_of(parity_project(iterations=5))
    until_rest(session, Play())
    before = session.network.parameters()
    events = until_rest(session, Play())
    assert [type(event) for event in events] == [Started, Progress, Finished]
    assert session.iteration == 5
    for key, value in session.network.parameters().items():
        np.testing.assert_array_equal(value, before[key])


def test_pausing_and_going_on() -> None:
    session, _ = session_of(parity_project(pace=10.0))
    events = session.events()
    session.send(Play(1000))
    assert isinstance(next(events), Started)
    while session.iteration < 30:
        assert isinstance(next(events), Progress)
    session.send(Pause())
    paused = next(event for event in events if not isinstance(event, Progress))
    assert isinstance(paused, Paused)
    assert paused.progress.iteration == session.iteration < 1000
    assert paused.progress.iterations_per_second == 0
    session.send(Play(session.iteration + 3))
    assert isinstance(next(events), Started)
    finished = next(event for event in events if isinstance(event, Finished))
    assert finished.progress.iteration == paused.progress.iteration + 3


def test_pausing_at_rest_says_nothing() -> None:
    session, _ = session_of(parity_project())
    assert obey(session, Pause(), Pause()) == []


def test_steps() -> None:
    session, _ = session_of(parity_project())
    events = obey(session, Step(), Step(5), Step(0))
    assert [type(event) for event in events] == [Paused] * 3
    assert [event.progress.iteration for event in events if isinstance(event, Paused)] == [1, 6, 6]


def test_a_step_while_training_stops_it() -> None:
    session, _ = session_of(parity_project(pace=1.0))
    events = until_rest(session, Play(100), Step(2))
    assert one(events, Paused).progress.iteration == session.iteration == 2


def test_starting_over_brings_the_first_weights_back() -> None:
    session, _ = session_of(number_project())
    first = session.network.parameters()
    loss = session.network.loss
    until_rest(session, Play(50))
    assert session.network.loss != loss
    paused = one(until_rest(session, StartOver()), Paused)
    assert (paused.progress.iteration, paused.progress.loss) == (0, loss)
    for key, value in session.network.parameters().items():
        np.testing.assert_array_equal(value, first[key])
    run = session.run()
    assert run.curve.count == 1
    assert run.validation_curve is not None
    assert run.validation_curve.count == 1
    again, _ = session_of(number_project())
    until_rest(session, Play(20))
    until_rest(again, Play(20))
    assert session.network.loss == again.network.loss


def test_starting_over_while_training_rests() -> None:
    session, _ = session_of(parity_project(pace=5.0))
    events = until_rest(session, Play(100), StartOver())
    assert one(events, Paused).progress.iteration == 0


def test_a_learning_rate_holds_from_the_next_update_on() -> None:
    session, _ = session_of(number_project(dtype="float64", rate=0.1))
    until_rest(session, Step(4))
    key = ("layer-1", "weights_matrix")
    before = session.network.parameter(key).copy()
    gradient = session.network.layout.gradients[key].view(session.network.arena).copy()
    events = obey(session, SetLearningRate(0.7), Step())
    assert one(events, Paused).progress.learning_rate == 0.7
    np.testing.assert_allclose(session.network.parameter(key), before - 0.7 * gradient, rtol=1e-14)
    assert session.run().changes == (LearningRateChange(4, 0.7),)


def test_a_learning_rate_can_be_changed_while_training() -> None:
    session, _ = session_of(parity_project(pace=10.0))
    events = session.events()
    session.send(Play(10_000))
    while session.iteration < 5:
        next(events)
    session.send(SetLearningRate(0.05))
    session.send(SetLearningRate(0.05))  # the same again is no change
    progress = next(event for event in events if isinstance(event, Progress) and event.learning_rate == 0.05)
    assert session.run().changes == (LearningRateChange(5, 0.05),)
    assert progress.iteration >= 5
    events.close()


def test_after_starting_over_the_rate_in_use_is_on_record() -> None:
    session, _ = session_of(parity_project(rate=0.3))
    obey(session, SetLearningRate(0.05), Step(3), StartOver(), Step(2))
    assert session.network.learning_rate == 0.05
    assert (session.run().first_rate, session.run().changes) == (0.05, ())


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        (SetLearningRate(0.0), "the learning rate must be a number above zero, not 0.0"),
        (SetLearningRate(-1.0), "not -1.0"),
        (SetLearningRate(float("nan")), "not nan"),
        (SetLearningRate(float("inf")), "not inf"),
        (SetPace(0.0), "the pace must be above zero iterations a second, not 0.0"),
        (SetPace(-2.0), "not -2.0"),
        (SetPace(float("nan")), "not nan"),
        (SetPace(float("inf")), "not inf"),
    ],
)
def test_commands_that_cannot_be_are_refused_and_the_session_lives_on(
    command: SetLearningRate | SetPace, reason: str
) -> None:
    session, _ = session_of(parity_project())
    events = obey(session, command, Play(3), Step(2))
    failed = one(events, Failed)
    assert reason in failed.message
    assert "\n" not in failed.message
    assert session.iteration == 2
    assert session.network.learning_rate == 0.3


def test_a_taken_run_stands_on_its_own() -> None:
    session, _ = session_of(number_project())
    taken = one(obey(session, Step(12), TakeRun("save")), RunTaken)
    assert taken.purpose == "save"
    run: Run = taken.run
    weights = run.parameters["layer-1", "weights_matrix"].copy()
    values = run.curve.points().low.copy()
    obey(session, Step(30))
    assert run.iteration == 12
    np.testing.assert_array_equal(run.parameters["layer-1", "weights_matrix"], weights)
    np.testing.assert_array_equal(run.curve.points().low, values)


def test_close_ends_the_events_at_once() -> None:
    session, _ = session_of(parity_project())
    session.send(Close())
    session.send(Step())
    assert list(session.events()) == []
    assert session.iteration == 0


def test_close_while_training_leaves_a_resting_point() -> None:
    session, _ = session_of(parity_project(pace=10.0))
    events = session.events()
    session.send(Play(10**6))
    while session.iteration < 7:
        next(events)
    session.send(Close())
    assert not [event for event in events if not isinstance(event, Progress)]
    assert session.network.loss == session.network.rest()


SMALL = {
    "one row": table("a,b,y\n0.5,-1,2\n"),
    "one column": table("a,y\n1,2\n2,3\n3,5\n"),
    "all zeros": table("a,b,y\n0,0,0\n0,0,0\n0,0,0\n"),
    "constant targets": table("a,b,y\n1,2,5\n3,4,5\n5,6,5\n"),
    "equal rows": table("a,b,y\n1,2,3\n1,2,3\n"),
}


@pytest.mark.parametrize("executor", EXECUTORS)
@pytest.mark.parametrize("case", SMALL)
def test_small_and_dull_data_can_be_trained_on(case: str, executor: ExecutorName) -> None:
    project = project_of(SMALL[case], stack((4, "tanh"), (1, "identity")), rate=0.01)
    session, _ = session_of(project, executor)
    first = session.network.loss
    finished = one(until_rest(session, Play(300)), Finished)
    assert np.isfinite(finished.progress.loss)
    assert finished.progress.loss <= first
    assert finished.progress.validation_loss is None
    assert session.run().validation_curve is None


def test_a_project_that_cannot_be_trained_has_no_session() -> None:
    project = project_of(SMALL["one column"], stack((4, "tanh"), (2, "identity")))
    with pytest.raises(ShapeError, match="give the last layer 1 unit"):
        Session(project, "reference")


@pytest.mark.parametrize("executor", EXECUTORS)
def test_a_session_on_a_thread_obeys_another(executor: ExecutorName) -> None:
    session = Session(parity_project(iterations=10**9), executor)
    told: list[Event] = []
    news = threading.Condition()

    def consume() -> None:
        for event in session.events():
            with news:
                told.append(event)
                news.notify_all()

    def wait_for(kind: type[Event], number: int = 1) -> Event:
        with news:
            assert news.wait_for(lambda: sum(isinstance(event, kind) for event in told) >= number, timeout=20)
            return [event for event in told if isinstance(event, kind)][number - 1]

    thread = threading.Thread(target=consume, name="session")
    thread.start()
    try:
        session.send(Play())
        wait_for(Progress, 3)
        session.send(FrameRequest(7, (("layer-1", "weights_matrix"),)))
        frame = wait_for(Frame)
        assert isinstance(frame, Frame)
        assert frame.training
        assert frame.progress.iterations_per_second > 0
        session.send(SetLearningRate(0.01))
        session.send(Pause())
        paused = wait_for(Paused)
        assert isinstance(paused, Paused)
        assert paused.progress.learning_rate == 0.01
        assert paused.progress.iteration >= frame.progress.iteration > 0
        session.send(Step(3))
        stepped = wait_for(Paused, 2)
        assert isinstance(stepped, Paused)
        assert stepped.progress.iteration == paused.progress.iteration + 3
    finally:
        session.send(Close())
        thread.join(timeout=20)
    assert not thread.is_alive()
    order = [key for key, _ in itertools.groupby(type(event) for event in told)]
    assert order[:2] == [Started, Progress]
    assert order[-1] is Paused


def test_a_project_without_a_target_for_people_has_no_scores() -> None:
    finished = one(until_rest(session_of(number_project())[0], Play(2)), Finished)
    assert finished.scores.accuracy is None
    assert finished.scores.right is None


def test_scores_count_the_right_answers() -> None:
    project: Project = parity_project()
    session, _ = session_of(project)
    finished = one(until_rest(session, Play(40)), Finished)
    targets = project.dataset().training_targets
    right = int(((session.network.outputs >= 0.5) == (targets >= 0.5)).sum())
    assert finished.scores.right == right
    assert finished.scores.accuracy == right / 16
    assert finished.scores.validation_accuracy is None
