"""The pace: as many iterations a second as were asked for, by a clock of the test's own."""

from __future__ import annotations

import itertools
import time

import pytest

from flux_studio.training.events import Finished, Play, Progress, SetPace, Started
from tests.project.projects import parity_project
from tests.training.sessions import one, session_of, until_rest


@pytest.mark.parametrize(
    ("pace", "iterations"),
    [(0.5, 6), (1.0, 5), (10.0, 25), (59.0, 100), (61.0, 200), (700.0, 2000), (3e4, 9000)],
)
def test_iterations_come_at_the_pace(pace: float, iterations: int) -> None:
    session, clock = session_of(parity_project(pace=pace))
    begin = clock.now
    finished = one(until_rest(session, Play(iterations)), Finished)
    # At high paces the session wakes at most sixty times a second, and a little late.
    assert clock.now - begin == pytest.approx(iterations / pace, abs=1 / 60 + 1e-3)
    assert finished.seconds == pytest.approx(clock.now - begin)


def test_slow_enough_to_see_each_iteration() -> None:
    session, clock = session_of(parity_project(pace=2.0))
    begin = clock.now
    seen = []
    for event in until_rest(session, Play(4)):
        if isinstance(event, Progress):
            seen.append((event.iteration, round(clock.now - begin, 3)))
    assert [iteration for iteration, _ in seen] == [0, 1, 2, 3, 4]


def test_progress_is_told_ten_times_a_second() -> None:
    session, clock = session_of(parity_project(pace=1000.0))
    begin = clock.now
    events = until_rest(session, Play(3000))
    told = sum(isinstance(event, Progress) for event in events)
    assert 0.7 * 10 * (clock.now - begin) <= told <= 10 * (clock.now - begin) + 1


def test_the_speed_is_that_of_the_pace() -> None:
    session, _ = session_of(parity_project(pace=200.0))
    speeds = [
        event.iterations_per_second for event in until_rest(session, Play(600)) if isinstance(event, Progress)
    ]
    assert speeds[-1] == pytest.approx(200, rel=0.1)


def test_without_a_pace_nothing_waits() -> None:
    session, clock = session_of(parity_project(pace=None))
    begin = clock.now
    until_rest(session, Play(5000))
    assert clock.now == begin
    assert session.iteration == 5000


def test_the_pace_can_be_changed_on_the_way() -> None:
    session, clock = session_of(parity_project(pace=1.0))
    begin = clock.now
    events = session.events()
    session.send(Play(103))
    assert isinstance(next(events), Started)
    while session.iteration < 3:
        next(events)
    assert clock.now - begin == pytest.approx(3, abs=0.01)
    session.send(SetPace(50.0))
    list(iter(lambda: isinstance(next(events), Finished), True))
    assert clock.now - begin == pytest.approx(5, abs=0.05)
    events.close()


def test_a_machine_slower_than_the_pace_does_not_race_to_catch_up() -> None:
    # Each look at the clock takes a tenth of a second, so a thousand a second cannot be kept.
    session, clock = session_of(parity_project(pace=1000.0), tick=0.1)
    until_rest(session, Play(200))
    behind = clock.now
    session.send(SetPace(10.0))
    until_rest(session, Play(210))
    assert session.iteration == 210
    assert clock.now - behind >= 0.9


def test_a_very_slow_pace_waits_in_pieces_that_a_queue_can_wait() -> None:
    session, clock = session_of(parity_project(pace=1e-4))
    begin = clock.now
    until_rest(session, Play(1))
    assert clock.now - begin == pytest.approx(1e4, abs=1)
    forever, _ = session_of(parity_project(pace=1e-300))
    forever.send(Play(1))
    events = forever.events()
    next(events), next(events)
    assert forever._pacing.pause() <= 3600
    events.close()


def test_bursts_are_as_long_as_their_work_and_not_as_the_wait_for_the_window(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # Each look at the clock costs a second, as if another thread held Python's lock all the time.
    session, _ = session_of(parity_project(), "compiled", tick=1.0)
    work = iter(count * 1e-6 for count in itertools.count())
    monkeypatch.setattr(time, "thread_time", lambda: next(work))
    until_rest(session, Play(100_000))
    assert session._pacing.burst > 50_000
