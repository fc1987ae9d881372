"""The training thread: what it tells, what it obeys, and that every failure is told and ends it cleanly."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QObject
from pytestqt.qtbot import QtBot

from flux_studio.errors import FluxError, ProgramError
from flux_studio.gui import worker as worker_module
from flux_studio.gui.worker import Ready, Worker
from flux_studio.training.bursts import Bursts
from flux_studio.training.events import (
    Close,
    Failed,
    Frame,
    FrameRequest,
    Pause,
    Play,
    SetLearningRate,
    Started,
    Step,
    TakeRun,
)
from flux_studio.training.session import Session
from tests.gui.windows import PATIENCE_MS, sample

W1 = ("layer-1", "weights_matrix")
Start = Callable[..., Worker]


class Ear(QObject):
    """What a worker told, in order, and on which thread."""

    def __init__(self, worker: Worker) -> None:
        super().__init__()
        self.events: list[object] = []
        self.workers: list[Worker] = []
        self.threads: set[int] = set()
        worker.told.connect(self.hear)

    def hear(self, worker: Worker, event: object) -> None:
        self.workers.append(worker)
        self.events.append(event)
        self.threads.add(threading.get_ident())

    def of(self, kind: type[Any]) -> list[Any]:
        return [event for event in self.events if isinstance(event, kind)]


@pytest.fixture
def make(qtbot: QtBot) -> Iterator[Callable[[], Worker]]:
    made: list[Worker] = []

    def make(name: str = "parity-4") -> Worker:
        made.append(Worker(sample(name), "reference"))
        return made[-1]

    yield make
    for worker in made:
        worker.send(Close())
        assert worker.wait(PATIENCE_MS)
        worker.deleteLater()


def run_to_the_end(qtbot: QtBot, worker: Worker) -> None:
    with qtbot.waitSignal(worker.finished, timeout=PATIENCE_MS):
        worker.start()
    assert worker.isFinished()


def test_commands_before_it_is_ready_are_obeyed_afterwards(qtbot: QtBot, make: Start) -> None:
    worker = make()
    ear = Ear(worker)
    for command in (Step(5), FrameRequest(3, (W1,)), Close()):
        worker.send(command)
    run_to_the_end(qtbot, worker)
    assert isinstance(ear.events[0], Ready)
    assert [frame.generation for frame in ear.of(Frame)] == [3]
    assert ear.of(Frame)[0].progress.iteration == 5
    assert set(ear.workers) == {worker}
    assert not ear.of(Failed)


def test_ready_says_shapes_and_parameters(qtbot: QtBot, make: Start) -> None:
    worker = make()
    ear = Ear(worker)
    worker.send(Close())
    run_to_the_end(qtbot, worker)
    (ready,) = ear.events
    assert ready.executor == "reference"
    assert ready.parameter_count == (4 * 8 + 8) + (8 * 4 + 4) + (4 * 1 + 1)
    assert ready.shapes[W1] == (4, 8)
    assert ready.shapes["layer-3", "activated_output_matrix"] == (16, 1)


def test_it_tells_on_the_listeners_thread(qtbot: QtBot, make: Start) -> None:
    worker = make()
    ear = Ear(worker)
    worker.send(Close())
    run_to_the_end(qtbot, worker)
    assert ear.threads == {threading.get_ident()}


def test_steps_give_the_numbers_of_a_session_without_a_thread(qtbot: QtBot, make: Start) -> None:
    worker = make()
    ear = Ear(worker)
    for command in (Step(7), FrameRequest(1, (W1,)), Close()):
        worker.send(command)
    run_to_the_end(qtbot, worker)
    session = Session(sample("parity-4"), "reference")
    list(session.train(7))
    np.testing.assert_array_equal(ear.of(Frame)[0].matrices[W1], session.run().parameters[W1])


def test_frames_are_copies(qtbot: QtBot, make: Start) -> None:
    worker = make()
    ear = Ear(worker)
    for command in (FrameRequest(1, (W1,)), Step(1), FrameRequest(2, (W1,)), Close()):
        worker.send(command)
    run_to_the_end(qtbot, worker)
    one, two = ear.of(Frame)
    assert not np.array_equal(one.matrices[W1], two.matrices[W1])


def test_the_run_can_be_taken_while_it_trains(qtbot: QtBot, make: Start) -> None:
    worker = make()
    assert worker.take_run() is None  # not ready yet: nothing can have been trained
    ear = Ear(worker)
    worker.send(Play(1_000_000_000))
    worker.start()
    qtbot.waitUntil(lambda: bool(ear.of(Started)), timeout=PATIENCE_MS)
    first = worker.take_run()
    assert first is not None
    qtbot.waitUntil(lambda: worker.take_run().iteration > first.iteration, timeout=PATIENCE_MS)
    second = worker.take_run()
    assert second is not None
    assert second.curve.count == second.iteration + 1
    assert worker.isRunning()


@pytest.mark.parametrize(
    "error",
    [ProgramError("this network needs 12 GB"), FluxError("something of ours")],
    ids=["program", "flux"],
)
def test_an_error_of_ours_while_it_is_made_ready_is_told_as_it_is(
    qtbot: QtBot,
    make: Start,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    error: FluxError,
) -> None:
    monkeypatch.setattr(worker_module, "Session", raising(error))
    worker = make()
    ear = Ear(worker)
    run_to_the_end(qtbot, worker)
    assert ear.events == [Failed(str(error), 0)]
    assert capfd.readouterr().err == ""
    assert worker.take_run() is None


@pytest.mark.parametrize(
    "kind", [RuntimeError, RecursionError, MemoryError, ZeroDivisionError, StopIteration]
)
@pytest.mark.parametrize("place", ["making", "frame", "training", "obeying"])
def test_any_other_error_is_told_and_ends_the_thread(
    qtbot: QtBot,
    make: Start,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    kind: type[Exception],
    place: str,
) -> None:
    if place == "making":
        monkeypatch.setattr(worker_module, "Session", raising(kind("the reason")))
    else:
        owner, method = {
            "frame": (Session, "_frame"),
            "training": (Bursts, "iterate"),
            "obeying": (Session, "_set_learning_rate"),
        }[place]
        monkeypatch.setattr(owner, method, raising(kind("the reason")))
    worker = make()
    ear = Ear(worker)
    worker.send({"frame": FrameRequest(1, ()), "obeying": SetLearningRate(0.5)}.get(place, Play(10)))
    run_to_the_end(qtbot, worker)
    (failed,) = ear.of(Failed)
    assert ear.events[-1] is failed
    assert failed.message.startswith("training stopped by an error inside Flux Studio: ")
    assert "\n" not in failed.message
    if kind is not StopIteration:  # Python turns one that leaves a generator into a RuntimeError
        assert kind.__name__ in failed.message
        assert "the reason" in failed.message
    assert "Traceback" in capfd.readouterr().err  # for those who can mend it


def test_recursion_that_is_real_is_told_as_well(
    qtbot: QtBot, make: Start, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def deeper(self: Session, request: FrameRequest) -> Frame:
        return deeper(self, request)

    monkeypatch.setattr(Session, "_frame", deeper)
    worker = make()
    ear = Ear(worker)
    worker.send(FrameRequest(1, ()))
    run_to_the_end(qtbot, worker)
    assert "RecursionError" in ear.of(Failed)[0].message
    capfd.readouterr()


def test_what_was_trained_before_a_failure_is_not_lost(
    qtbot: QtBot, make: Start, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(Session, "_frame", raising(MemoryError("no room for a frame")))
    worker = make()
    for command in (Step(9), FrameRequest(1, ())):
        worker.send(command)
    run_to_the_end(qtbot, worker)
    run = worker.take_run()
    assert run is not None
    assert run.iteration == 9
    session = Session(sample("parity-4"), "reference")
    list(session.train(9))
    np.testing.assert_array_equal(run.parameters[W1], session.run().parameters[W1])
    capfd.readouterr()


def test_weights_that_are_no_numbers_are_not_kept(
    qtbot: QtBot, make: Start, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def spoil(self: Bursts, count: int) -> None:
        self._network.parameter(W1)[0, 0] = np.nan
        raise RuntimeError("in the middle of an iteration")

    monkeypatch.setattr(Bursts, "iterate", spoil)
    worker = make()
    worker.send(Step(1))
    run_to_the_end(qtbot, worker)
    assert worker.take_run() is None
    capfd.readouterr()


def test_nothing_follows_close(qtbot: QtBot, make: Start) -> None:
    worker = make()
    ear = Ear(worker)
    for command in (Close(), Play(10), TakeRun(), Pause()):
        worker.send(command)
    run_to_the_end(qtbot, worker)
    assert len(ear.events) == 1


def raising(error: Exception) -> Callable[..., Any]:
    """Whatever is called raises this."""

    def fail(*arguments: object, **named: object) -> Any:
        raise error

    return fail
