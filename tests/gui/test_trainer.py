"""The window's side of training: one frame at a time, none when nothing changes, and no late answers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QObject, Signal
from pytestqt.qtbot import QtBot

from flux_studio.gui import trainer as trainer_module
from flux_studio.gui.trainer import SHOWN_ROWS, Trainer
from flux_studio.gui.worker import Ready
from flux_studio.project.curve import Curve
from flux_studio.project.project import Project, Run
from flux_studio.training.events import (
    Close,
    Command,
    Failed,
    Finished,
    Frame,
    FrameRequest,
    GoTo,
    MatrixKey,
    Moved,
    Moving,
    Pause,
    Paused,
    Play,
    Progress,
    Return,
    Scores,
    SetLearningRate,
    SetPace,
    Started,
    Step,
    When,
)
from flux_studio.training.questions import Question
from tests.gui.windows import sample, until

W1: MatrixKey = ("layer-1", "weights_matrix")
W2: MatrixKey = ("layer-2", "weights_matrix")


class ScriptedWorker(QObject):
    """A worker that does nothing on its own: the test says what it tells."""

    told = Signal(object, object)
    finished = Signal()
    made: list[ScriptedWorker]  # set by the fixture, afresh for each test

    def __init__(self, project: Project, executor: str, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.project, self.executor = project, executor
        self.commands: list[Command] = []
        self.running = False
        self.run: Run | None = None
        self.waited = False
        self.made.append(self)

    def start(self) -> None:
        self.running = True

    def send(self, command: Command) -> None:
        self.commands.append(command)

    def isRunning(self) -> bool:
        return self.running

    def isFinished(self) -> bool:
        return not self.running

    def take_run(self) -> Run | None:
        return self.run

    def wait(self) -> bool:
        self.waited = True
        return True

    def tell(self, event: object) -> None:
        self.told.emit(self, event)

    def end(self) -> None:
        self.running = False
        self.finished.emit()

    def requests(self) -> list[FrameRequest]:
        return [command for command in self.commands if isinstance(command, FrameRequest)]


class Window:
    """A trainer, what it is asked to show, and what it said."""

    def __init__(self) -> None:
        self.visible: tuple[MatrixKey, ...] = (W1,)
        self.questions: tuple[Question, ...] = ()
        self.trainer = Trainer(lambda: (self.visible, self.questions))
        self.frames: list[Frame] = []
        self.failures: list[str] = []
        self.finished: list[Finished] = []
        self.progress_changes = self.ready_changes = 0
        self.trainer.frame_arrived.connect(self.frames.append)
        self.trainer.failed.connect(self.failures.append)
        self.trainer.finished.connect(self.finished.append)
        self.trainer.progress_changed.connect(self._progress_changed)
        self.trainer.ready_changed.connect(self._ready_changed)

    def _progress_changed(self) -> None:
        self.progress_changes += 1

    def _ready_changed(self) -> None:
        self.ready_changes += 1

    def begin(self, name: str = "parity-4") -> ScriptedWorker:
        self.trainer.start(sample(name))
        return ScriptedWorker.made[-1]

    def ready(self, name: str = "parity-4") -> ScriptedWorker:
        worker = self.begin(name)
        worker.tell(READY)
        return worker


READY = Ready("compiled", {W1: (4, 8), W2: (8, 4)}, 81)


def progress(iteration: int) -> Progress:
    return Progress(iteration, 0.25, None, 0.6, 100.0)


def frame(request: FrameRequest, iteration: int = 1) -> Frame:
    points = Curve().points()
    when = When(0, iteration, iteration)
    return Frame(
        request.generation,
        progress(iteration),
        Scores(),
        {},
        np.arange(0),
        0,
        points,
        None,
        0.25,
        False,
        when,
    )


@pytest.fixture
def window(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr(trainer_module, "Worker", ScriptedWorker)
    monkeypatch.setattr(ScriptedWorker, "made", [], raising=False)
    window = Window()
    yield window
    window.trainer.close()
    window.trainer.deleteLater()


def ticks(qtbot: QtBot, window: Window, count: int) -> None:
    """Let the timer for frames go off so many times."""
    timer = window.trainer._timer
    seen: list[None] = []

    def tick() -> None:
        seen.append(None)

    timer.timeout.connect(tick)
    until(qtbot, lambda: len(seen) >= count or not timer.isActive())
    timer.timeout.disconnect(tick)


class TestFrames:
    def test_one_is_asked_for_when_the_network_is_ready(self, qtbot: QtBot, window: Window) -> None:
        worker = window.begin()
        assert window.trainer.busy
        worker.tell(READY)
        assert not window.trainer.busy
        assert worker.requests() == []
        until(qtbot, lambda: len(worker.requests()) == 1)
        assert worker.requests()[0].keys == (W1,)
        assert worker.requests()[0].rows == SHOWN_ROWS

    def test_at_most_one_is_outstanding(self, qtbot: QtBot, window: Window) -> None:
        worker = window.ready()
        worker.tell(Started(0, "compiled"))
        ticks(qtbot, window, 6)
        assert len(worker.requests()) == 1
        for _ in range(3):
            window.trainer.refresh()
        ticks(qtbot, window, 3)
        assert len(worker.requests()) == 1
        worker.tell(frame(worker.requests()[-1]))
        until(qtbot, lambda: len(worker.requests()) == 2)

    def test_they_go_on_while_it_trains(self, qtbot: QtBot, window: Window) -> None:
        worker = window.ready()
        worker.tell(Started(0, "compiled"))
        for count in range(1, 6):
            until(qtbot, lambda count=count: len(worker.requests()) == count)
            worker.tell(frame(worker.requests()[-1], count))
        assert [one.progress.iteration for one in window.frames] == [1, 2, 3, 4, 5]
        generations = [request.generation for request in worker.requests()]
        assert generations == sorted(set(generations))

    def test_they_stop_when_nothing_changes(self, qtbot: QtBot, window: Window) -> None:
        worker = window.ready()
        until(qtbot, lambda: len(worker.requests()) == 1)
        worker.tell(frame(worker.requests()[-1]))
        until(qtbot, lambda: not window.trainer._timer.isActive())
        assert len(worker.requests()) == 1
        window.trainer.refresh()  # something else is to be shown
        until(qtbot, lambda: len(worker.requests()) == 2)
        worker.tell(frame(worker.requests()[-1]))
        until(qtbot, lambda: not window.trainer._timer.isActive())

    def test_the_last_one_follows_when_training_rests(self, qtbot: QtBot, window: Window) -> None:
        worker = window.ready()
        worker.tell(Started(0, "compiled"))
        until(qtbot, lambda: len(worker.requests()) == 1)
        worker.tell(Paused(progress(9)))
        worker.tell(frame(worker.requests()[0], 7))  # asked for while it still ran
        until(qtbot, lambda: len(worker.requests()) == 2)
        worker.tell(frame(worker.requests()[1], 9))
        until(qtbot, lambda: not window.trainer._timer.isActive())
        assert window.frames[-1].progress.iteration == 9

    def test_they_carry_what_is_visible_now(self, qtbot: QtBot, window: Window) -> None:
        worker = window.ready()
        until(qtbot, lambda: len(worker.requests()) == 1)
        worker.tell(frame(worker.requests()[-1]))
        window.visible = (W2,)
        window.trainer.refresh()
        until(qtbot, lambda: len(worker.requests()) == 2)
        assert [request.keys for request in worker.requests()] == [(W1,), (W2,)]

    def test_one_that_was_not_asked_for_is_dropped(self, qtbot: QtBot, window: Window) -> None:
        worker = window.ready()
        until(qtbot, lambda: len(worker.requests()) == 1)
        worker.tell(frame(FrameRequest(worker.requests()[0].generation + 7, ())))
        assert window.frames == []
        window.trainer.refresh()
        ticks(qtbot, window, 3)
        assert len(worker.requests()) == 1  # the real one is still to come

    def test_a_failure_does_not_stop_them_for_ever(self, qtbot: QtBot, window: Window) -> None:
        worker = window.ready()
        worker.tell(Started(0, "compiled"))
        until(qtbot, lambda: len(worker.requests()) == 1)
        worker.tell(Failed("training diverged", 3))  # in place of the frame
        until(qtbot, lambda: len(worker.requests()) == 2)
        worker.tell(frame(worker.requests()[-1]))
        until(qtbot, lambda: not window.trainer._timer.isActive())


class TestEvents:
    def test_the_states_of_training(self, window: Window) -> None:
        worker = window.ready()
        worker.tell(Started(5, "compiled"))
        assert window.trainer.running
        worker.tell(Paused(progress(8)))
        assert not window.trainer.running
        assert window.trainer.iteration == 8
        worker.tell(Started(8, "compiled"))
        done = Finished(progress(20), 1.0, Scores())
        worker.tell(done)
        assert not window.trainer.running
        assert window.trainer.iteration == 20
        assert window.finished == [done]
        worker.tell(Started(20, "compiled"))
        worker.tell(Failed("training diverged", 21))
        assert not window.trainer.running
        assert window.failures == ["training diverged"]

    def test_commands_reach_the_worker_even_before_it_is_ready(self, window: Window) -> None:
        worker, trainer = window.begin(), window.trainer
        trainer.play(100)
        trainer.pause()
        trainer.step()
        trainer.set_pace(5.0)
        trainer.set_learning_rate(0.25)
        assert worker.commands == [Play(100), Pause(), Step(1), SetPace(5.0), SetLearningRate(0.25)]

    def test_without_a_worker_commands_are_for_nobody(self, window: Window) -> None:
        trainer = window.trainer
        trainer.play(100)
        trainer.step()
        trainer.refresh()
        trainer.set_pace(None)
        assert not trainer.running
        assert not trainer.busy
        assert not trainer.ended
        assert trainer.iteration == 0
        assert not trainer._timer.isActive()
        project = sample("xor")
        assert trainer.latest(project) is project

    def test_a_network_that_cannot_be_made(self, qtbot: QtBot, window: Window) -> None:
        worker = window.begin()
        assert window.trainer.busy
        before = window.ready_changes
        worker.tell(Failed("this network needs 12 GB", 0))
        worker.end()
        assert window.failures == ["this network needs 12 GB"]
        assert not window.trainer.busy
        assert window.trainer.ended
        assert window.ready_changes > before  # so that the window stops saying that it is being made
        assert not window.trainer._timer.isActive()

    def test_a_worker_that_failed_is_asked_for_nothing(self, qtbot: QtBot, window: Window) -> None:
        worker = window.ready()
        until(qtbot, lambda: len(worker.requests()) == 1)
        worker.tell(Failed("training stopped by an error inside Flux Studio", 0))
        worker.end()
        until(qtbot, lambda: not window.trainer._timer.isActive())
        assert len(worker.requests()) == 1
        assert window.trainer.ended


class TestReplacing:
    def test_late_events_of_a_replaced_worker_are_dropped(self, qtbot: QtBot, window: Window) -> None:
        old = window.ready()
        until(qtbot, lambda: len(old.requests()) == 1)
        new = window.begin("xor")
        assert old.commands[-1] == Close()
        changes = window.progress_changes
        for event in (
            Started(3, "compiled"),
            Paused(progress(4)),
            Finished(progress(5), 1.0, Scores()),
            Failed("too late", 6),
            frame(old.requests()[0]),
            READY,
        ):
            old.tell(event)
        assert (window.frames, window.failures, window.finished) == ([], [], [])
        assert window.progress_changes == changes
        assert not window.trainer.running
        assert window.trainer.ready is None
        assert window.trainer.busy
        new.tell(READY)
        assert window.trainer.ready is READY

    def test_a_frame_of_the_old_one_does_not_answer_for_the_new_one(
        self, qtbot: QtBot, window: Window
    ) -> None:
        old = window.ready()
        until(qtbot, lambda: len(old.requests()) == 1)
        new = window.ready("xor")
        until(qtbot, lambda: len(new.requests()) == 1)
        assert new.requests()[0].generation > old.requests()[0].generation
        old.tell(frame(old.requests()[0]))
        assert window.frames == []

    def test_nothing_of_the_old_run_is_shown(self, window: Window) -> None:
        worker = window.ready()
        worker.tell(Paused(progress(300)))
        window.begin("xor")
        assert window.trainer.progress is None
        assert window.trainer.iteration == 0

    def test_an_old_worker_goes_when_it_has_ended(self, qtbot: QtBot, window: Window) -> None:
        workers = [window.begin() for _ in range(5)]
        assert len(window.trainer._leaving) == 4
        gone = []
        for worker in workers[:4]:
            worker.destroyed.connect(lambda: gone.append(None))
            worker.end()
        assert window.trainer._leaving == []
        until(qtbot, lambda: len(gone) == 4)
        assert window.trainer._worker is workers[4]

    def test_a_worker_that_failed_goes_when_it_is_replaced(self, qtbot: QtBot, window: Window) -> None:
        worker = window.begin()
        worker.tell(Failed("no", 0))
        worker.end()
        gone = []
        worker.destroyed.connect(lambda: gone.append(None))
        window.begin()
        until(qtbot, lambda: bool(gone))

    def test_closing_waits_for_all_of_them(self, window: Window) -> None:
        workers = [window.begin() for _ in range(3)]
        window.trainer.close()
        assert all(worker.waited for worker in workers)
        assert all(Close() in worker.commands for worker in workers)


class TestLatest:
    def test_the_run_is_taken_from_the_worker(self, window: Window) -> None:
        project = sample("parity-4")
        worker = window.ready()
        weights = project.network("reference").parameters()
        curve = Curve()
        curve.extend(np.zeros(12))
        worker.run = Run(11, weights, weights, curve, None, 0.0)
        assert window.trainer.latest(project).run is worker.run

    def test_a_project_that_was_not_trained_stays_without_a_run(self, window: Window) -> None:
        project = sample("parity-4")
        worker = window.ready()
        weights = project.network("reference").parameters()
        worker.run = Run.at_start(weights)
        assert window.trainer.latest(project) is project

    def test_weights_of_its_own_at_iteration_0_stay(self, window: Window) -> None:
        project = sample("parity-4")
        worker = window.ready()
        worker.run = Run.at_start(project.network("reference").parameters())
        with_run = project.with_run(worker.run)
        assert window.trainer.latest(with_run).run is worker.run


class TestMoments:
    def test_one_at_a_time_and_the_newest_wish_wins(self, window: Window) -> None:
        worker, trainer = window.ready(), window.trainer
        for iteration in (9, 8, 7, 3):
            trainer.go_to(iteration)
        wishes = [command for command in worker.commands if isinstance(command, GoTo)]
        assert wishes == [GoTo(9)]
        assert trainer.moving
        worker.tell(Moved(progress(9), When(0, 20, 9)))
        assert [command for command in worker.commands if isinstance(command, GoTo)] == [GoTo(9), GoTo(3)]
        assert trainer.moving
        worker.tell(Moved(progress(3), When(0, 20, 3)))
        assert not trainer.moving
        assert trainer.is_past
        assert (trainer.iteration, trainer.shown) == (20, 3)

    def test_returning_forgets_older_wishes(self, window: Window) -> None:
        worker, trainer = window.ready(), window.trainer
        trainer.go_to(9)
        trainer.go_to(4)
        trainer.return_to_now()
        worker.tell(Moved(progress(20), When(0, 20, 20)))
        assert worker.commands[-1] == Return()
        assert not trainer.moving
        assert not trainer.is_past

    def test_what_takes_long_is_told(self, window: Window) -> None:
        worker, trainer = window.ready(), window.trainer
        trainer.go_to(9)
        worker.tell(Moving(4, 9))
        assert trainer.reached == 4
        worker.tell(Moved(progress(9), When(0, 20, 9)))
        assert trainer.reached is None

    def test_a_failure_ends_the_wait(self, window: Window) -> None:
        worker, trainer = window.ready(), window.trainer
        trainer.go_to(9)
        worker.tell(Failed("no", 0))
        assert not trainer.moving
        trainer.go_to(5)
        assert worker.commands[-1] == GoTo(5)
