"""A training session: obeys commands, trains in short bursts and tells what happens as frozen events.

It knows no window and no thread. The command line, tests and the window's worker all consume
:meth:`Session.events`; commands may be sent from any thread.
"""

from __future__ import annotations

import math
import queue
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np

from flux_studio.engine.executors import ExecutorName
from flux_studio.errors import FluxError
from flux_studio.project.curve import Curve
from flux_studio.project.project import Project, Run
from flux_studio.training.breakpoints import Watch
from flux_studio.training.bursts import Bursts
from flux_studio.training.evaluation import Evaluation
from flux_studio.training.events import (
    Answered,
    Ask,
    Branch,
    Close,
    Command,
    Event,
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
    RunTaken,
    Scores,
    SetBreakpoints,
    SetBudget,
    SetConditions,
    SetLearningRate,
    SetPace,
    ShowRows,
    Started,
    StartOver,
    Step,
    StepBy,
    TakeReport,
    TakeRun,
)
from flux_studio.training.pacing import Pacing
from flux_studio.training.questions import Moment, answer_to
from flux_studio.training.record import Record
from flux_studio.training.rewinding import Rewinding
from flux_studio.training.stepping import Unit
from flux_studio.training.timeline import BUDGET
from flux_studio.training.viewing import Viewer
from flux_studio.training.written import Written

PROGRESS_SECONDS = 0.1


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
        self._every = project.specification.validate_every
        self._clock = clock
        self._commands: queue.SimpleQueue[Command] = queue.SimpleQueue() if commands is None else commands
        self._later: deque[Command] = deque()
        self._training = False
        self._breakpoints: frozenset[int] = frozenset()
        self._watch = Watch()
        self._budget = BUDGET
        self._until = 0
        self._pacing = Pacing(project.specification.pace, clock)
        self._began = 0.0
        self._told = 0.0
        self._evaluation = Evaluation(self.network, self.dataset, clock)
        self._written = Written(self.network)
        self._viewer = Viewer(self.network, self.dataset, project.specification.loss, clock)
        self._begin(project.run)

    def send(self, command: Command) -> None:
        """Hand in a command; it is obeyed between two iterations."""
        self._commands.put(command)

    @property
    def iteration(self) -> int:
        """How many iterations have been trained: now, whatever earlier moment is looked at."""
        return self._record.iteration

    def run(self) -> Run:
        """A copy of what training left behind so far. Only from the thread that consumes the events."""
        return self._rewinding.run()

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
                    self._evaluation.forget()
                    yield Failed(str(error), self.iteration)
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
        """Where training stands now, or stood at the moment that is shown."""
        return Progress(
            iteration=self._rewinding.shown,
            loss=self._evaluate()[0],
            validation_loss=self.network.validate(),
            learning_rate=self.network.effective_learning_rate,
            iterations_per_second=self._pacing.speed if self._training else 0.0,
        )

    def _evaluate(self) -> tuple[float, Scores]:
        return self._evaluation.now(self._rewinding.shown, self._training)

    def _begin(self, run: Run | None) -> None:
        """Come to rest at the iteration that ``run`` stands at, or at 0."""
        loss = self.network.rest(run.iteration if run is not None else 0)
        self._evaluation.forget()
        if run is not None and run.begun:
            self._record = Record.of(run, loss, self.network.learning_rate)
        else:
            self._record = self._first_record(loss)
            self._record.branches = () if run is None else run.branches
        self._rewinding = Rewinding(self.network, self._record, self._budget)
        self._watch.forget()
        self._bursts = Bursts(
            self.project.specification, self.network, self._record, self._rewinding, self._watch
        )

    def _first_record(self, loss: float) -> Record:
        """The record of a run that begins here, at iteration 0."""
        rate = self.network.learning_rate
        curve, validation_curve = Curve(), None
        curve.extend(np.array([loss]))
        first_loss = self._evaluation.now(0, self._training)[0]
        validation = self.network.validate()
        if validation is not None:
            validation_curve = Curve(every=self._every)
            validation_curve.extend(np.array([validation]))
        return Record(0, self.network.parameters(), first_loss, curve, validation_curve, (), rate)

    def _waiting(self) -> Iterator[Command]:
        """The commands that have come; waits for one while there is nothing else to do."""
        found = self._later
        if not found and not self._training:
            found.append(self._commands.get())
        elif not found and (pause := self._pacing.pause()) > 0:
            try:
                found.append(self._commands.get(timeout=pause))
            except queue.Empty:
                return
        found.extend(self._arrived())
        while found:
            yield found.popleft()

    def _arrived(self) -> Iterator[Command]:
        """The commands that have come by now, without waiting."""
        while True:
            try:
                yield self._commands.get_nowait()
            except queue.Empty:
                return

    def _obey(self, command: Command) -> Iterator[Event]:
        match command:
            case Play(until):
                yield from self._play(self.project.specification.iterations if until is None else until)
            case Pause():
                if self._training:
                    yield from self._stop()
            case Step(iterations):
                yield from self._step(iterations)
            case GoTo(iteration):
                yield from self._go_to(iteration)
            case StepBy(unit, back):
                yield from self._step_by(unit, back)
            case Return():
                yield from self._go_to(self.iteration)
            case Branch():
                yield from self._branch()
            case SetBreakpoints(operations):
                self._breakpoints = operations
                if self._training and operations:
                    yield from self._run_to_breakpoint()
            case SetConditions(conditions):
                self._watch.conditions = conditions
            case SetBudget(budget):
                self._budget = budget
                self._rewinding.timeline.set_budget(budget)
            case ShowRows(choice):
                self._viewer.choose(choice)
            case SetPace(pace):
                self._pacing.set(pace)
            case SetLearningRate(rate):
                self._set_learning_rate(rate)
            case StartOver():
                yield from self._start_over()
            case FrameRequest():
                yield self._frame(command)
            case Ask(question):
                yield Answered(question, answer_to(question, self._moment()), self._rewinding.shown)
            case TakeReport(test):
                yield self._evaluation.report(self._rewinding.shown, self._training, test)
            case TakeRun(purpose):
                yield RunTaken(self.run(), purpose)

    def _play(self, until: int) -> Iterator[Event]:
        if self._rewinding.is_past:
            yield from self._go_to(self.iteration)
            if self._rewinding.is_past:
                return
        if self._breakpoints and self.iteration < until:
            yield from self._run_to_breakpoint()
            return
        self._rewinding.settle()
        self._until = until
        self._training = True
        self._bursts.begin()
        self._began = self._told = self._clock()
        self._pacing.begin(self.iteration)
        yield Started(self.iteration, self.executor_name)
        yield self.progress()
        if self.iteration >= until:
            yield self._finish()

    def _stop(self) -> Iterator[Event]:
        self._training = False
        yield Paused(self.progress(), self._bursts.hit)

    def _step(self, iterations: int) -> Iterator[Event]:
        self._rewinding.settle()
        if self._rewinding.is_past:
            yield from self._go_to(self._rewinding.shown + iterations)
            return
        self._training = False
        self._bursts.begin()
        failed = self._bursts.iterate(iterations)
        yield failed if failed is not None else Paused(self.progress(), self._bursts.hit)

    def _set_learning_rate(self, rate: float) -> None:
        if not (math.isfinite(rate) and rate > 0):
            raise FluxError(f"the learning rate must be a number above zero, not {rate}")
        if rate == self._rewinding.timeline.rate:
            return
        self._rewinding.set_rate(rate)

    def _start_over(self) -> Iterator[Event]:
        self._training = False
        self.network.set_parameters(self._record.start)
        self.network.forget_updates()
        self._begin(None)
        yield Paused(self.progress())

    def _step_by(self, unit: Unit, back: bool) -> Iterator[Event]:
        rest, done = self._rewinding.target(unit, back)
        if rest <= self.iteration:
            yield from self._go_to(rest, done)
            return
        # Beyond now a whole iteration is trained as always, with all that is watched: its bits are the same.
        yield from self._go_to(self.iteration)
        if not self._rewinding.is_past:
            yield from self._step(rest - self.iteration)

    def _run_to_breakpoint(self) -> Iterator[Event]:
        """Go on, if need be into the next iteration, until the next operation is one to stop before."""
        done = self._rewinding.done
        ahead = [number for number in self._breakpoints if number > done]
        if not ahead:
            for event in self._step(1):
                yield event
                if isinstance(event, Failed) or self._bursts.hit:
                    return
        number = min(ahead or self._breakpoints)
        reason = f"stopped before operation {number + 1}: there is a breakpoint"
        for event in self._go_to(self.iteration, number):
            yield replace(event, reason=reason) if isinstance(event, Moved) else event

    def _go_to(self, iteration: int, done: int = 0) -> Iterator[Event]:
        """Show another moment; when a later wish for one comes meanwhile, that one is to be obeyed at once."""
        self._training = False
        told = self._clock()
        for part in self._rewinding.go(iteration, done):
            if self._clock() - told < PROGRESS_SECONDS:
                continue
            told = self._clock()
            self._later.extend(self._arrived())
            if any(isinstance(command, GoTo | Return | Close) for command in self._later):
                break
            yield Moving(part.iteration, part.until)
        else:
            self._evaluation.forget()
            yield Moved(self.progress(), self._rewinding.when)

    def _branch(self) -> Iterator[Event]:
        self._rewinding.branch()
        self._watch.forget()
        self._evaluation.forget()
        yield Moved(self.progress(), self._rewinding.when)

    def _finish(self) -> Finished:
        self._training = False
        progress, seconds = self.progress(), self._clock() - self._began
        report = self._evaluation.report(self.iteration, training=False, test=True)
        return Finished(progress, seconds, self._evaluate()[1], self._bursts.reason, report)

    def _train(self) -> Iterator[Event]:
        count = min(self._pacing.due(), self._until - self.iteration)
        if count > 0:
            # Not by the clock: it also runs while the window holds Python's lock, and bursts would become ever shorter.
            begun = time.thread_time()
            failed = self._bursts.iterate(count)
            worked = time.thread_time() - begun
            now = self._clock()
            self._pacing.note(count, worked, self.iteration, now)
            if failed is not None:
                self._training = False
                yield failed
                return
            if now - self._told >= PROGRESS_SECONDS:
                self._told = now
                yield self.progress()
        self._bursts.note_time(self._clock() - self._began)
        if self._bursts.hit and not self._bursts.reason:
            yield from self._stop()
        elif self.iteration >= self._until or self._bursts.reason:
            yield self._finish()

    def _frame(self, request: FrameRequest) -> Frame:
        record, progress, moment = self._record, self.progress(), self._moment(anew=True)
        samples = moment.samples
        return Frame(
            generation=request.generation,
            progress=progress,
            scores=self._evaluate()[1],
            matrices={
                key: self._copy(moment, key, request.rows)
                for key in request.keys
                if key in self.network.program.matrices
            },
            samples=np.array(samples[: request.rows]),
            rows=len(samples),
            curve=record.curve.points(),
            validation_curve=None if record.validation_curve is None else record.validation_curve.points(),
            first_loss=record.first_loss,
            training=self._training,
            when=self._rewinding.when,
            branches=record.branches,
            by_hand=record.by_hand,
            written=self._written.at(self._rewinding.when, self._training),
            choice=None if moment.viewed is None else moment.viewed.choice,
            answers={question: answer_to(question, moment) for question in request.questions},
        )

    def _moment(self, *, anew: bool = False) -> Moment:
        """What is shown, chosen rows as they were seen last, or ``anew``; between rests only the batch is there."""
        shown, done, training = self._rewinding.shown, self._rewinding.done, self._training
        look = self._viewer.look if anew else self._viewer.seen
        viewed = None if done else look(shown, training)
        return Moment(self.project, self.dataset, self.network, shown, training, done, viewed)

    def _copy(self, moment: Moment, key: MatrixKey, rows: int) -> np.ndarray:
        matrix = moment.matrix(key)
        return matrix[:rows].copy() if self.network.program.matrices[key].by_feature else matrix.copy()


__all__ = ["Scores", "Session"]
