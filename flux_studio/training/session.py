"""A training session: obeys commands, trains in short bursts and tells what happens as frozen events.

It knows no window and no thread. The command line, tests and the window's worker all consume
:meth:`Session.events`; commands may be sent from any thread.
"""

from __future__ import annotations

import math
import queue
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from flux_studio.engine.executors import ExecutorName
from flux_studio.errors import FluxError
from flux_studio.project.catalogue import titles
from flux_studio.project.curve import Curve
from flux_studio.project.project import LearningRateChange, Project, Run
from flux_studio.training import divergence
from flux_studio.training.evaluation import Evaluation
from flux_studio.training.events import (
    Answered,
    Ask,
    Close,
    Command,
    Event,
    Failed,
    Finished,
    Frame,
    FrameRequest,
    MatrixKey,
    Pause,
    Paused,
    Play,
    Progress,
    RunTaken,
    Scores,
    SetLearningRate,
    SetPace,
    Started,
    StartOver,
    Step,
    TakeReport,
    TakeRun,
)
from flux_studio.training.questions import Moment, Question
from flux_studio.training.stopping import Best, Stopping

BURST_SECONDS = 0.020
"""Each return to Python waits for the lock that a painting window holds: half as many returns cost half as much."""
PROGRESS_SECONDS = 0.1
_SPEED_SECONDS = 0.25
_LONGEST_BURST = 1 << 17
_SLOWEST_WAKE = 1 / 60
_LONGEST_WAIT = 3600.0
_DEBT_SECONDS = 0.25


class Session:
    """Trains one project. Make it, send commands, and consume :meth:`events` on one thread.

    The project's run, if it has one, is where training goes on.
    """

    def __init__(
        self,
        project: Project,
        executor: ExecutorName = "compiled",
        *,
        commands: queue.SimpleQueue[Command] | None = None,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self.project = project
        self.executor_name = executor
        self.dataset = project.dataset()
        self.network = project.network(executor)
        self._titles = titles(project.specification)
        self._every = project.specification.validate_every
        self._clock = clock
        self._commands: queue.SimpleQueue[Command] = queue.SimpleQueue() if commands is None else commands
        self._training = False
        self._until = 0
        self._stopping = Stopping(project.specification.stop)
        self._reason = ""
        self._pace = project.specification.pace
        self._pace_from: tuple[float, int] = (0.0, 0)
        self._burst = 1
        self._speed = 0.0
        self._began = 0.0
        self._told = 0.0
        self._speed_from = (0.0, 0)
        self._evaluation = Evaluation(self.network, self.dataset, clock)
        self._changes: tuple[LearningRateChange, ...] = ()
        self._validation_curve: Curve | None = None
        self._losses = np.empty(_LONGEST_BURST, self.network.dtype)
        self._validation_losses = np.empty(_LONGEST_BURST, self.network.dtype)
        self._begin(project.run)

    def send(self, command: Command) -> None:
        """Hand in a command; it is obeyed between two iterations."""
        self._commands.put(command)

    @property
    def iteration(self) -> int:
        """How many updates the weights have seen."""
        return self._iteration

    def run(self) -> Run:
        """A copy of what training left behind so far. Only from the thread that consumes the events."""
        return Run(
            iteration=self._iteration,
            parameters=self.network.parameters(),
            start=self._start,
            curve=self._curve.copy(),
            validation_curve=None if self._validation_curve is None else self._validation_curve.copy(),
            first_loss=self._first_loss,
            changes=self._changes,
            optimizer=self.network.optimizer_state(),
        )

    def events(self) -> Iterator[Event]:
        """Obey and train until :class:`Close`."""
        while True:
            for command in self._waiting():
                if isinstance(command, Close):
                    return
                try:
                    yield from self._obey(command)
                except FluxError as error:
                    self._training = False
                    yield Failed(str(error), self._iteration)
            if self._training:
                yield from self._train()

    def train(self, until: int) -> Iterator[Event]:
        """All events of training at full speed up to an iteration, and no further."""
        self.send(SetPace(None))
        self.send(Play(until))
        for event in self.events():
            yield event
            if isinstance(event, Finished | Failed):
                self.send(Close())

    def progress(self) -> Progress:
        """Where training stands now."""
        return Progress(
            iteration=self._iteration,
            loss=self._evaluate()[0],
            validation_loss=self.network.validate(),
            learning_rate=self.network.effective_learning_rate,
            iterations_per_second=self._speed if self._training else 0.0,
        )

    def _evaluate(self) -> tuple[float, Scores]:
        return self._evaluation.now(self._iteration, self._training)

    def _begin(self, run: Run | None) -> None:
        """Come to rest at the iteration that ``run`` stands at, or at 0."""
        loss = self.network.rest(run.iteration if run is not None else 0)
        self._evaluation.forget()
        if run is not None and run.begun:
            self._iteration = run.iteration
            self._start = dict(run.start)
            self._curve = run.curve.copy()
            self._validation_curve = None if run.validation_curve is None else run.validation_curve.copy()
            self._first_loss = loss if run.first_loss is None else run.first_loss
            self._changes = run.changes
            return
        self._iteration = 0
        self._start = self.network.parameters()
        self._first_loss = self._evaluate()[0]
        rate = self.network.learning_rate
        given = self.project.specification.optimizer.learning_rate
        self._changes = () if rate == given else (LearningRateChange(0, rate),)
        self._curve = Curve()
        self._curve.extend(np.array([loss]))
        self._validation_curve = None
        validation = self.network.validate()
        if validation is not None:
            self._validation_curve = Curve(every=self._every)
            self._validation_curve.extend(np.array([validation]))

    def _waiting(self) -> list[Command]:
        """The commands that have come; waits for one while there is nothing else to do."""
        found: list[Command] = []
        if not self._training:
            found.append(self._commands.get())
        elif (pause := self._pause_before_next()) > 0:
            try:
                found.append(self._commands.get(timeout=pause))
            except queue.Empty:
                return found
        while True:
            try:
                found.append(self._commands.get_nowait())
            except queue.Empty:
                return found

    def _pause_before_next(self) -> float:
        if self._pace is None:
            return 0.0
        since, done = self._pace_from
        due = since + (done + 1) / self._pace
        wait = min(due - self._clock(), _LONGEST_WAIT)
        return max(wait, _SLOWEST_WAKE if self._pace > 60 and wait > 0 else 0.0)

    def _due(self) -> int:
        """How many iterations the pace allows now."""
        if self._pace is None:
            return self._burst
        since, done = self._pace_from
        # The wait ends when the next one is due, and rounding must not make that a moment too early.
        late = int((self._clock() - since) * self._pace + 1e-6) - done
        if late > max(self._burst, self._pace * _DEBT_SECONDS):
            # The machine is slower than the pace: forget the debt rather than race to pay it.
            self._restart_pace()
            return self._burst
        return max(0, min(late, self._burst))

    def _restart_pace(self) -> None:
        self._pace_from = (self._clock(), 0)

    def _obey(self, command: Command) -> Iterator[Event]:
        match command:
            case Play(until):
                yield from self._play(self.project.specification.iterations if until is None else until)
            case Pause():
                if self._training:
                    yield from self._stop()
            case Step(iterations):
                yield from self._step(iterations)
            case SetPace(pace):
                self._set_pace(pace)
            case SetLearningRate(rate):
                self._set_learning_rate(rate)
            case StartOver():
                yield from self._start_over()
            case FrameRequest():
                yield self._frame(command)
            case Ask(question):
                yield Answered(question, self._answer(question), self._iteration)
            case TakeReport(test):
                yield self._evaluation.report(self._iteration, self._training, test)
            case TakeRun(purpose):
                yield RunTaken(self.run(), purpose)

    def _play(self, until: int) -> Iterator[Event]:
        self._until = until
        self._training = True
        self._stopping, self._reason = Stopping(self.project.specification.stop), ""
        self._began = self._told = self._clock()
        self._speed = 0.0
        self._speed_from = (self._began, self._iteration)
        self._restart_pace()
        yield Started(self._iteration, self.executor_name)
        yield self.progress()
        if self._iteration >= until:
            yield self._finish()

    def _stop(self) -> Iterator[Event]:
        self._training = False
        yield Paused(self.progress())

    def _step(self, iterations: int) -> Iterator[Event]:
        self._training, self._reason = False, ""
        failed = self._iterate(iterations)
        yield failed if failed is not None else Paused(self.progress())

    def _set_pace(self, pace: float | None) -> None:
        if pace is not None and not 0 < pace < math.inf:
            raise FluxError(f"the pace must be above zero iterations a second, not {pace}")
        self._pace = pace
        self._restart_pace()

    def _set_learning_rate(self, rate: float) -> None:
        if not (math.isfinite(rate) and rate > 0):
            raise FluxError(f"the learning rate must be a number above zero, not {rate}")
        if rate == self.network.learning_rate:
            return
        self.network.learning_rate = rate
        self._changes = (*self._changes, LearningRateChange(self._iteration, rate))

    def _start_over(self) -> Iterator[Event]:
        self._training = False
        self.network.set_parameters(self._start)
        self.network.forget_updates()
        self._begin(None)
        yield Paused(self.progress())

    def _finish(self) -> Finished:
        self._training = False
        progress, seconds = self.progress(), self._clock() - self._began
        report = self._evaluation.report(self._iteration, training=False, test=True)
        return Finished(progress, seconds, self._evaluate()[1], self._reason, report)

    def _train(self) -> Iterator[Event]:
        count = min(self._due(), self._until - self._iteration)
        if count > 0:
            # Not by the clock: it also runs while the window holds Python's lock, and bursts would become ever shorter.
            begun = time.thread_time()
            failed = self._iterate(count)
            worked = time.thread_time() - begun
            now = self._clock()
            self._pace_from = (self._pace_from[0], self._pace_from[1] + count)
            self._adapt(count, worked)
            if failed is not None:
                self._training = False
                yield failed
                return
            self._measure(now)
            if now - self._told >= PROGRESS_SECONDS:
                self._told = now
                yield self.progress()
        if self._stopping.overdue(self._clock() - self._began):
            self._reason = self._reason or "the time is up"
        if self._iteration >= self._until or self._reason:
            yield self._finish()

    def _adapt(self, count: int, seconds: float) -> None:
        """Choose the next burst so that its work takes about twenty milliseconds."""
        if count == self._burst or seconds > BURST_SECONDS:
            wanted = count * BURST_SECONDS / max(seconds, 1e-6)
            self._burst = int(min(max(1, wanted), self._burst * 4, _LONGEST_BURST))

    def _measure(self, now: float) -> None:
        """Iterations a second over the last quarter of a second, or since training began."""
        since, iteration = self._speed_from
        if now - since >= _SPEED_SECONDS or self._speed == 0.0:
            self._speed = (self._iteration - iteration) / max(now - since, 1e-9)
        if now - since >= _SPEED_SECONDS:
            self._speed_from = (now, self._iteration)

    def _iterate(self, count: int) -> Failed | None:
        """Train ``count`` iterations and keep the curves; on divergence, go back to the last good weights."""
        if not math.isfinite(self.network.loss):
            return Failed(
                f"the loss of iteration {self._iteration:,} is {self.network.loss}, so there is no way down from it: "
                "scale the inputs and targets, or start with other weights",
                self._iteration,
            )
        while count > 0 and not self._reason:
            part = min(count, _LONGEST_BURST)
            if self._stopping.is_early:
                # Each validation is looked at before training goes on.
                part = min(part, self._every - self._iteration % self._every)
            count -= part
            losses, start = self._losses[:part], self.network.snapshot()
            done, validated = self.network.iterate(
                losses, self._iteration, self._every, self._validation_losses
            )
            if not np.isfinite(losses[done - 1]) or not self.network.state_is_finite():
                found = divergence.find(self.network, start, self._iteration, done)
                if found is not None:
                    return self._failed(found, losses)
            good = self._good_enough(losses[:done])
            if good < done:
                self.network.restore(start)
                done, validated = self.network.iterate(
                    losses[:good], self._iteration, self._every, self._validation_losses
                )
            self._keep(losses[:done], self._validation_losses[:validated])
            if validated and self._stopping.is_early:
                self._look_at(float(self._validation_losses[validated - 1]))
        return None

    def _good_enough(self, losses: np.ndarray) -> int:
        """How many of these iterations there are up to the first whose loss is good enough to stop."""
        if self._stopping.conditions.loss is not None:
            reached = np.flatnonzero(losses <= self._stopping.conditions.loss)
            if len(reached):
                self._reason = f"the loss has reached {self._stopping.conditions.loss:g}"
                return int(reached[0]) + 1
        return len(losses)

    def _look_at(self, validation_loss: float) -> None:
        """Early stopping: remember the best weights, and go back to them when nothing better comes."""
        if self._validation_curve is None:
            return
        if self._stopping.is_better(validation_loss):
            self._stopping.best = Best(
                validation_loss,
                self._iteration,
                self.network.snapshot(),
                self._curve.copy(),
                self._validation_curve.copy(),
            )
        elif self._stopping.is_exhausted and self._stopping.best is not None:
            best, stopped = self._stopping.best, self._iteration
            self.network.restore(best.snapshot)
            self._iteration, self._curve, self._validation_curve = (
                best.iteration,
                best.curve,
                best.validation_curve,
            )
            self.network.rest(self._iteration)
            self._reason = (
                f"no better validation loss since iteration {best.iteration:,}, seen at iteration {stopped:,}: "
                "these are the weights of then"
            )

    def _keep(self, losses: np.ndarray, validation_losses: np.ndarray) -> None:
        self._iteration += len(losses)
        self._curve.extend(losses)
        if self._validation_curve is not None:
            self._validation_curve.extend(validation_losses)

    def _failed(self, found: divergence.Divergence, losses: np.ndarray) -> Failed:
        good = found.iteration - 1 - self._iteration
        first = self._iteration // self._every
        validated = (self._iteration + good) // self._every - first
        self._keep(losses[:good], self._validation_losses[:validated])
        cell = f"{found.matrix} of {self._titles.get(found.layer, 'the network')}"
        place = f"in row {found.row + 1}, column {found.column + 1}"
        if math.isfinite(found.value):
            what = f"the loss became infinite because {cell} reached {found.value:.2g} {place}"
        else:
            what = f"{cell} became {'not a number' if math.isnan(found.value) else 'infinite'} {place}"
        message = (
            f"training diverged at iteration {found.iteration:,}: {what}. The weights of iteration "
            f"{self._iteration:,} are kept; try a learning rate smaller than {self.network.learning_rate:g}"
        )
        return Failed(message, found.iteration)

    def _frame(self, request: FrameRequest) -> Frame:
        progress, samples = self.progress(), self.network.batch_rows(self._iteration)
        return Frame(
            generation=request.generation,
            progress=progress,
            scores=self._evaluate()[1],
            matrices={
                key: self._copy(key, request.rows)
                for key in request.keys
                if key in self.network.program.matrices
            },
            samples=samples[: request.rows].copy(),
            rows=len(samples),
            curve=self._curve.points(),
            validation_curve=None if self._validation_curve is None else self._validation_curve.points(),
            first_loss=self._first_loss,
            training=self._training,
            answers={question: self._answer(question) for question in request.questions},
        )

    def _answer(self, question: Question) -> Any:
        moment = Moment(self.project, self.dataset, self.network, self._iteration, self._training)
        try:
            return question.answer(moment)
        except FluxError as error:
            return error

    def _copy(self, key: MatrixKey, rows: int) -> np.ndarray:
        slot = self.network.program.matrices[key]
        matrix = slot.view(self.network.arena)
        return matrix[:rows].copy() if slot.by_feature else matrix.copy()


__all__ = ["Scores", "Session"]
