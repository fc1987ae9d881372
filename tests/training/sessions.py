"""Sessions under a clock of the test's own, so that nothing waits and no number depends on the machine."""

from __future__ import annotations

import queue
from collections import deque
from collections.abc import Iterator
from typing import Any, cast

from flux_studio.engine.executors import ExecutorName
from flux_studio.project.project import Project
from flux_studio.training.events import Close, Command, Event, Failed, Finished, Paused
from flux_studio.training.session import Session


class Clock:
    """Time that passes when a session waits, and by ``tick`` at each look."""

    def __init__(self, tick: float = 0.0) -> None:
        self.now = 1000.0
        self.tick = tick

    def __call__(self) -> float:
        self.now += self.tick
        return self.now


class Commands:
    """A queue of commands that lets the clock run on in place of waiting."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.waiting: deque[Command] = deque()

    def put(self, command: Command) -> None:
        self.waiting.append(command)

    def get(self, timeout: float | None = None) -> Command:
        if self.waiting:
            return self.waiting.popleft()
        assert timeout is not None, "the session waits for a command, and none will come"
        assert timeout > 0
        self.clock.now += max(timeout, 1e-6)  # a real clock never stands still
        raise queue.Empty

    def get_nowait(self) -> Command:
        if self.waiting:
            return self.waiting.popleft()
        raise queue.Empty


def session_of(
    project: Project, executor: ExecutorName = "reference", tick: float = 0.0
) -> tuple[Session, Clock]:
    """A session whose time passes only while it waits, and by ``tick`` at each look at the clock."""
    clock = Clock(tick)
    commands = cast("queue.SimpleQueue[Command]", Commands(clock))
    return Session(project, executor, commands=commands, clock=clock), clock


def obey(session: Session, *commands: Command) -> list[Event]:
    """The events of some commands, up to the end that :class:`Close` makes."""
    for command in (*commands, Close()):
        session.send(command)
    return list(session.events())


def until_rest(session: Session, *commands: Command) -> list[Event]:
    """The events of some commands until training rests; a frame or a progress is no rest."""
    for command in commands:
        session.send(command)
    return list(_until_rest(session.events()))


def _until_rest(events: Iterator[Event]) -> Iterator[Event]:
    for event in events:
        yield event
        if isinstance(event, Finished | Paused | Failed):
            return


def one(events: list[Event], kind: type[Any]) -> Any:
    """The only event of that kind."""
    found = [event for event in events if isinstance(event, kind)]
    assert len(found) == 1, events
    return found[0]
