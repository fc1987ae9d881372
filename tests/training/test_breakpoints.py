"""Conditional breakpoints: training stops at exactly the iteration that an independent run says, and goes on."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest

from flux_studio.engine.executors import ExecutorName
from flux_studio.project.project import Project
from flux_studio.training.breakpoints import Condition, Hit
from flux_studio.training.events import (
    Branch,
    Failed,
    Finished,
    GoTo,
    Moved,
    Paused,
    Play,
    SetBreakpoints,
    SetConditions,
    Started,
    StartOver,
    Step,
    StepBy,
)
from flux_studio.training.session import Session
from tests.engine.networks import EXECUTORS
from tests.project.projects import number_project, parity_project
from tests.training.sessions import obey, one, session_of, until_rest
from tests.training.test_rewinding import assert_same, everything
from tests.training.test_rewinding import project as everything_project

LENGTH = 120


def norm(session: Session) -> float:
    """Over what is shown as ∂C/∂w and ∂C/∂b, by NumPy."""
    layout = session.network.layout
    gradients = [slot.view(session.network.arena) for slot in layout.gradients.values()]
    return math.sqrt(sum(float((each.astype(np.float64) ** 2).sum()) for each in gradients))


def by_steps(
    project: Project, executor: ExecutorName, value: Callable[[Session], float | None]
) -> list[float]:
    """A number of each iteration of a run that is trained one by one; NaN where there is none."""
    session, _ = session_of(project, executor)
    found = [value(session)]
    for _ in range(LENGTH):
        obey(session, Step())
        found.append(value(session))
    return [math.nan if each is None else each for each in found]


def validated(session: Session) -> float | None:
    every = session.project.specification.validate_every
    return session.network.validate() if session.iteration % every == 0 and session.iteration else None


def curves(session: Session) -> tuple[np.ndarray, np.ndarray]:
    run = session.run()
    assert run.validation_curve is not None
    return run.curve.array(), run.validation_curve.array()


def comes_to_hold(holds: list[bool]) -> list[int]:
    return [place for place in range(1, len(holds)) if holds[place] and not holds[place - 1]]


def stops(session: Session) -> list[int]:
    """Where training rests, played again and again to the end."""
    found = []
    while True:
        end = until_rest(session, Play(LENGTH))[-1]
        if isinstance(end, Finished):
            return found
        assert isinstance(end, Paused)
        assert end.hit is not None
        assert end.hit.iteration == end.progress.iteration == session.iteration
        found.append(end.progress.iteration)


@pytest.mark.parametrize("executor", EXECUTORS)
@pytest.mark.parametrize("make", [everything_project, number_project])
@pytest.mark.parametrize("kind", ["loss", "gradient"])
def test_it_stops_wherever_the_condition_comes_to_hold(
    executor: ExecutorName, make: Callable[[], Project], kind: str
) -> None:
    known = by_steps(make(), executor, (lambda each: each.network.loss) if kind == "loss" else norm)
    place = 42 if kind == "loss" else 78
    limit = float(np.mean(sorted(known)[place : place + 2]))  # between two of them: no rounding decides
    expected = comes_to_hold([each < limit if kind == "loss" else each > limit for each in known])
    assert expected
    session, _ = session_of(make(), executor)
    obey(session, SetConditions((Condition(kind, limit),)))  # type: ignore[arg-type]
    assert stops(session) == expected
    straight, _ = session_of(make(), executor)
    obey(straight, Step(LENGTH))
    assert_same(everything(session), everything(straight))
    for ours, theirs in zip(curves(session), curves(straight), strict=True):
        np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize("executor", EXECUTORS)
def test_the_validation_loss_is_looked_at_where_it_is_worked_out(executor: ExecutorName) -> None:
    project = everything_project()
    known = by_steps(project, executor, validated)
    seen = [(place, value) for place, value in enumerate(known) if not math.isnan(value)]
    limit = float(np.median([value for _, value in seen]))
    holds = [False, *(value < limit for _, value in seen)]
    expected = [seen[place - 1][0] for place in comes_to_hold(holds)]
    assert expected
    session, _ = session_of(project, executor)
    obey(session, SetConditions((Condition("validation", limit),)))
    assert stops(session) == expected


@pytest.mark.parametrize("executor", EXECUTORS)
def test_an_iteration_is_met_exactly_with_all_its_matrices(executor: ExecutorName) -> None:
    session, _ = session_of(everything_project(), executor)
    obey(session, SetConditions((Condition("iteration", 37), Condition("iteration", 90))))
    assert stops(session) == [37, 90]
    obey(session, StartOver())
    assert until_rest(session, Play(LENGTH))[-1].progress.iteration == 37  # type: ignore[union-attr]
    straight, _ = session_of(everything_project(), executor)
    obey(straight, Step(37))
    assert_same(everything(session), everything(straight))


def test_the_first_of_several_wins_and_the_others_come_later() -> None:
    session, _ = session_of(parity_project())
    known = by_steps(parity_project(), "reference", lambda each: each.network.loss)
    limit = (known[50] + known[51]) / 2
    conditions = (Condition("iteration", 70), Condition("loss", limit), Condition("iteration", 20))
    obey(session, SetConditions(conditions))
    expected = sorted([20, 70, *comes_to_hold([each < limit for each in known])])
    assert stops(session) == expected


def test_with_none_set_nothing_stops_and_nothing_is_measured() -> None:
    session, _ = session_of(number_project())
    obey(session, SetConditions((Condition("iteration", 5), Condition("gradient", 1e9))), SetConditions(()))
    assert stops(session) == []
    assert not len(session._watch._norms)


def test_what_holds_already_does_not_stop_until_it_did_not_hold() -> None:
    session, _ = session_of(number_project())
    obey(session, Step(10), SetConditions((Condition("loss", 1e9), Condition("iteration", 10))))
    assert stops(session) == []


def test_a_step_of_several_iterations_stops_there_too() -> None:
    session, _ = session_of(everything_project())  # 20 rows in batches of 7: three iterations an epoch
    obey(session, SetConditions((Condition("iteration", 4),)))
    paused = one(obey(session, Step(50)), Paused)
    assert paused.progress.iteration == 4
    assert paused.hit.reason == "stopped at iteration 4: there is a breakpoint"
    obey(session, StartOver())
    epochs = [obey(session, StepBy("epoch"))[-1] for _ in range(3)]
    assert [each.progress.iteration for each in epochs] == [3, 4, 6]  # type: ignore[union-attr]


def test_the_last_operation_of_an_iteration_tells_the_reason() -> None:
    session, _ = session_of(number_project())
    obey(session, SetConditions((Condition("iteration", 1),)))
    operations = len(session.network.program.instructions)
    last = [obey(session, StepBy("operation"))[-1] for _ in range(operations)][-1]
    assert isinstance(last, Paused)
    assert last.hit == Hit(Condition("iteration", 1), 1, 1.0)


def test_an_operation_and_a_condition_take_turns() -> None:
    session, _ = session_of(number_project())
    obey(session, SetBreakpoints(frozenset({3})), SetConditions((Condition("iteration", 2),)))
    seen = []
    for _ in range(5):
        end = obey(session, Play(50))[-1]
        seen.append((session.iteration, end.when.done if isinstance(end, Moved) else end.hit is not None))  # type: ignore[union-attr]
    assert seen == [(0, 3), (1, 3), (2, True), (2, 3), (3, 3)]


def test_looking_back_stops_nowhere_and_a_branch_stops_again() -> None:
    session, _ = session_of(everything_project())
    obey(session, SetConditions((Condition("iteration", 40),)))
    assert stops(session) == [40]
    moved = [event for event in obey(session, GoTo(10), Step(50)) if isinstance(event, Moved)]
    assert [each.when.shown for each in moved] == [10, 60]
    obey(session, GoTo(10), Branch())
    assert stops(session) == [40]


def test_a_breakpoint_set_while_it_trains_is_met() -> None:
    session, _ = session_of(parity_project(pace=10.0))
    events = session.events()
    session.send(Play(1000))
    assert isinstance(next(events), Started)
    while session.iteration < 5:
        next(events)
    session.send(SetConditions((Condition("iteration", 30),)))
    assert next(event for event in events if isinstance(event, Paused)).progress.iteration == 30


@pytest.mark.parametrize("executor", EXECUTORS)
def test_a_divergence_behind_a_breakpoint_is_met_after_it(executor: ExecutorName) -> None:
    made = number_project(rate=50.0)
    failed = until_rest(session_of(made, executor)[0], Play(LENGTH))[-1]
    assert isinstance(failed, Failed)
    session, _ = session_of(made, executor)
    obey(session, SetConditions((Condition("iteration", failed.iteration - 2),)))
    assert one(until_rest(session, Play(LENGTH)), Paused).progress.iteration == failed.iteration - 2
    again = one(until_rest(session, Play(LENGTH)), Failed)
    assert (again.iteration, again.message) == (failed.iteration, failed.message)


@pytest.mark.parametrize(
    ("condition", "value", "expected"),
    [
        (Condition("loss", 0.01), 0.0099, "stopped: loss 0.0099 below 0.01 at iteration 1,234"),
        (Condition("loss", 0.01), 0.009999996, "stopped: loss 0.009999996 below 0.01 at iteration 1,234"),
        (Condition("validation", 2), 1.5, "stopped: validation loss 1.5 below 2 at iteration 1,234"),
        (Condition("gradient", 5), 7.12345, "stopped: gradient norm 7.12 above 5 at iteration 1,234"),
        (Condition("iteration", 1234), 1234, "stopped at iteration 1,234: there is a breakpoint"),
    ],
)
def test_the_reason_in_words(condition: Condition, value: float, expected: str) -> None:
    assert Hit(condition, 1234, value).reason == expected


def test_conditions_in_words() -> None:
    texts = [Condition("iteration", 1500).text, Condition("loss", 0.01).text, Condition("gradient", 5.0).text]
    assert texts == ["iteration 1,500", "loss below 0.01", "gradient norm above 5"]
