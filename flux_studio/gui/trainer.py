"""The window's side of training: one worker at a time, frames at thirty a second, and what is known of the run."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer, Signal

from flux_studio.engine.executors import fastest_executor
from flux_studio.gui.worker import Ready, Worker
from flux_studio.project.project import Project, Run
from flux_studio.training.breakpoints import Condition, Hit
from flux_studio.training.events import (
    Answered,
    Ask,
    Branch,
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
    RunTaken,
    SetBreakpoints,
    SetBudget,
    SetConditions,
    SetLearningRate,
    SetPace,
    ShowRows,
    Started,
    Step,
    StepBy,
    TakeReport,
    When,
)
from flux_studio.training.questions import Question
from flux_studio.training.report import Report
from flux_studio.training.stepping import Unit
from flux_studio.training.viewing import RowChoice

FRAME_MS = 33
PATIENCE_MS = 250
SHOWN_ROWS = 256
Wanted = tuple[tuple[MatrixKey, ...], tuple[Question, ...]]


class Trainer(QObject):
    """Keeps a worker for the present project, asks it for frames, and tells the window what happens.

    ``wanted`` says which matrices are on screen and what else is asked of the moment they show; at most one frame is
    asked for at a time. Events of a worker
    that was replaced are dropped, and so is progress told between two frames: all numbers on screen are of one
    moment.
    """

    ready_changed = Signal()
    frame_arrived = Signal(object)
    progress_changed = Signal()
    failed = Signal(str)
    finished = Signal(object)
    report_arrived = Signal(object)
    stopped = Signal(str)
    """Why training rests, as in :attr:`why`; empty when that is over."""
    moved = Signal()
    """Another moment is shown, or on its way; :attr:`when`, :attr:`moving` and :attr:`reached` tell which."""
    answered = Signal(object)
    """The answer to a question that was asked by itself."""

    def __init__(self, wanted: Callable[[], Wanted], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.executor = fastest_executor()
        self.running = False
        self.ready: Ready | None = None
        self.progress: Progress | None = None
        self.when: When | None = None
        """Which moment is shown, of which that can be; ``None`` before the first frame."""
        self.moving = False
        """Whether a moment was asked for and is not there yet."""
        self.reached: int | None = None
        """How far a moment that takes long has been made again."""
        self.goal = 0
        """Up to where it is being made again."""
        self.why = ""
        """Why training rests, where a breakpoint is the reason."""
        self.hit: Hit | None = None
        """The condition that it stopped at, if it was one."""
        self._conditions: tuple[Condition, ...] = ()
        self._budget: int | None = None
        self._next_moment: int | None = None
        self._wanted = wanted
        self._rows: RowChoice = None
        self._worker: Worker | None = None
        self._leaving: list[Worker] = []
        self._fetching: list[tuple[Worker, Project, Callable[[Project], None]]] = []
        self._generation = 0
        self._started_at = 0
        self._reached: float | None = None
        self._answered = True
        self._stale = False
        self._timer = QTimer(self)
        self._timer.setObjectName("trainer.frames")
        self._timer.setInterval(FRAME_MS)
        self._timer.timeout.connect(self._ask)
        # A network is ready in a blink as a rule: only a longer wait is worth words.
        self._patience = QTimer(self, singleShot=True, interval=PATIENCE_MS)
        self._patience.timeout.connect(self.ready_changed)

    @property
    def busy(self) -> bool:
        """Whether a network is being made ready."""
        return self._worker is not None and self.ready is None and self._worker.isRunning()

    @property
    def takes_long(self) -> bool:
        """Whether a network has been being made ready for longer than a blink: only then it is worth a word."""
        return self.busy and not self._patience.isActive()

    @property
    def ended(self) -> bool:
        """Whether a failure has ended the worker: it obeys no more, and needs another one in its place."""
        return self._worker is not None and self._worker.isFinished()

    @property
    def speed(self) -> float | None:
        """Iterations a second: now, or over the whole of the training that has just finished."""
        if self.running and self.progress is not None:
            return self.progress.iterations_per_second
        return self._reached

    @property
    def iteration(self) -> int:
        """Where training stands, as far as was told, whatever earlier moment is shown."""
        if self.when is not None and self.when.is_past:
            return self.when.now
        return self.shown

    @property
    def shown(self) -> int:
        """The iteration that the numbers on screen are of."""
        return self.progress.iteration if self.progress else 0

    @property
    def is_past(self) -> bool:
        """Whether an earlier moment is shown."""
        return self.when is not None and self.when.is_past

    @property
    def is_now(self) -> bool:
        """Whether what is shown is where training stands, and not the middle of an iteration either."""
        return self.when is None or not (self.when.is_past or self.when.done)

    def start(self, project: Project) -> None:
        """Make the project's network ready, in place of the one before."""
        kept = self._kept_progress(project)
        self.leave()
        self.progress = kept
        self._worker = Worker(project, self.executor, self)
        self._worker.told.connect(self._take)
        self._worker.finished.connect(self._ended)
        if self._conditions:
            self._send(SetConditions(self._conditions))
        if self._budget is not None:
            self._send(SetBudget(self._budget))
        self._worker.start()
        if self._rows is not None:
            self._send(ShowRows(self._rows))
        self._patience.start()
        self.ready_changed.emit()

    def _kept_progress(self, project: Project) -> Progress | None:
        """The numbers on screen, where the project goes on from them: they stay until the next frame."""
        kept, run = self.progress, project.run
        if kept is None or run is None or not run.begun:
            return None
        # While training runs, what is on screen is up to a frame behind.
        goes_on = kept.iteration <= run.iteration if self.running else kept.iteration == run.iteration
        return kept if goes_on else None

    def leave(self) -> None:
        """Let the present worker end; nothing it still says is heard."""
        worker, self._worker = self._worker, None
        self.running, self.ready, self.progress = False, None, None
        self.when, self.moving, self.reached, self._next_moment = None, False, None, None
        self._answered, self._stale = True, False
        self._reached = None
        self.why, self.hit = "", None
        self._timer.stop()
        self._patience.stop()
        if worker is None:
            return
        if worker.isRunning():
            worker.send(Close())
            self._leaving.append(worker)
        else:
            worker.deleteLater()

    def latest(self, project: Project) -> Project:
        """The project with what has been trained so far."""
        return _with_run(project, self._worker.take_run() if self._worker is not None else None)

    def fetch(self, project: Project, then: Callable[[Project], None]) -> None:
        """The same without waiting: ``then`` is called with it, soon or at once, even if the worker has to go."""
        worker = self._worker
        if worker is None or not worker.ready or worker.isFinished():
            then(self.latest(project))
            return
        self._fetching.append((worker, project, then))
        worker.ask_run()

    def close(self) -> None:
        """End all workers and wait for them."""
        self.leave()
        for worker in self._leaving:
            worker.wait()

    def play(self, until: int) -> None:
        """Train until an iteration; as soon as the network is ready."""
        self._send(Play(until))
        if self._worker is not None and self.ready is None:
            self._set_running(True)

    def pause(self) -> None:
        """Rest after the present iteration."""
        self._send(Pause())

    def step(self, unit: Unit = "iteration", back: bool = False) -> None:
        """Go on by so much, or back, and rest."""
        self._send(StepBy(unit, back) if back or unit != "iteration" else Step(1))

    def go_to(self, iteration: int) -> None:
        """Show another moment; while one is on its way, only the newest wish is remembered."""
        if self.moving:
            self._next_moment = iteration
            return
        self.moving = True
        self._send(GoTo(iteration))
        self.moved.emit()

    def return_to_now(self) -> None:
        """Show the present moment again."""
        self.moving, self._next_moment = True, None
        self._send(Return())

    def branch(self) -> None:
        """Let training go on from the moment that is shown."""
        self._next_moment = None
        self._send(Branch())

    def set_breakpoints(self, operations: frozenset[int]) -> None:
        """Let training stop before each of these operations of an iteration."""
        self._send(SetBreakpoints(operations))

    def set_conditions(self, conditions: tuple[Condition, ...]) -> None:
        """Let training stop where one of these comes to hold, also that of a network to come."""
        self._conditions = conditions
        self._send(SetConditions(conditions))

    def set_budget(self, budget: int) -> None:
        """How many bytes the moments may take that are kept for rewinding, also those of a network to come."""
        self._budget = budget
        self._send(SetBudget(budget))
        self.refresh()

    def show_rows(self, choice: RowChoice) -> None:
        """Let frames and answers be of these rows, also those of networks to come."""
        if choice != self._rows:
            self._rows = choice
            self._send(ShowRows(choice))
            self.refresh()

    def set_pace(self, pace: float | None) -> None:
        """Iterations a second, or as fast as the machine can."""
        self._send(SetPace(pace))

    def set_learning_rate(self, rate: float) -> None:
        """A new learning rate, from the next update on."""
        self._send(SetLearningRate(rate))

    def ask_report(self, test: bool) -> None:
        """Ask how well the network fits, with ``test`` also on the test rows; :attr:`report_arrived` answers."""
        self._send(TakeReport(test))

    def ask(self, question: Question) -> None:
        """Ask something of the present moment; :attr:`answered` tells the answer."""
        self._send(Ask(question))

    def refresh(self) -> None:
        """Ask for a frame also while training rests: something else is to be shown."""
        self._stale = True
        if self.ready is not None and not self._timer.isActive():
            self._timer.start()

    def _send(self, command: Command) -> None:
        if self._worker is not None:
            self._worker.send(command)

    def _ask(self) -> None:
        if self._worker is None or not self._answered:
            return
        if self.ended or not (self.running or self._stale):
            self._timer.stop()
            return
        self._generation += 1
        self._answered, self._stale = False, False
        keys, questions = self._wanted()
        self._worker.send(FrameRequest(self._generation, keys, SHOWN_ROWS, questions))

    def _take(self, worker: Worker, event: object) -> None:
        if isinstance(event, RunTaken):
            self._fetched(worker, event.run)
        if worker is not self._worker:
            return
        match event:
            case Ready():
                self.ready = event
                self._patience.stop()
                self.ready_changed.emit()
                self.refresh()
            case Started(iteration):
                self._started_at = iteration
                self._rest_because("")
                self._set_running(True)
            case Paused(progress, hit):
                self._rest_because("" if hit is None else hit.reason, hit)
                self._set_running(False)
                self._set_progress(progress)
            case Finished(progress):
                self._reached = (progress.iteration - self._started_at) / max(event.seconds, 1e-9)
                self._set_running(False)
                self._set_progress(progress)
                self.finished.emit(event)
            case Answered():
                self.answered.emit(event)
            case Report():
                self.report_arrived.emit(event)
            case Moved():
                self._take_moment(event)
            case Moving():
                self.reached, self.goal = event.reached, event.wanted
                self.moved.emit()
            case Failed(message):
                self._answered = True
                self.moving, self._next_moment = False, None
                self._set_running(False)
                self.failed.emit(message)
            case Frame():
                if event.generation == self._generation:
                    self._answered = True
                    self.when = event.when
                    self._set_progress(event.progress)
                    self.frame_arrived.emit(event)

    def _fetched(self, worker: Worker, run: Run | None) -> None:
        """Hand a run to whoever asked this worker first."""
        first = next((each for each in self._fetching if each[0] is worker), None)
        if first is None:
            return
        self._fetching.remove(first)
        _, project, then = first
        then(_with_run(project, run))

    def _take_moment(self, event: Moved) -> None:
        """Let the frame that follows show it; the numbers come with the matrices."""
        wish, self._next_moment = self._next_moment, None
        self.moving, self.reached = False, None
        self.when = event.when
        self.running = False
        if wish is not None and wish != event.when.shown:
            self.go_to(wish)
        self._rest_because(event.reason)
        self._set_progress(event.progress)
        self.moved.emit()
        self.refresh()

    def _rest_because(self, why: str, hit: Hit | None = None) -> None:
        self.why, self.hit = why, hit
        self.stopped.emit(why)

    def _set_running(self, running: bool) -> None:
        self.running = running
        self.refresh()
        self.progress_changed.emit()

    def _set_progress(self, progress: Progress) -> None:
        self.progress = progress
        self.progress_changed.emit()

    def _ended(self) -> None:
        worker = self.sender()
        while isinstance(worker, Worker) and any(each[0] is worker for each in self._fetching):
            self._fetched(worker, worker.take_run())  # it failed before it could answer
        if worker in self._leaving:
            self._leaving.remove(worker)
        if worker is self._worker and self.ready is None:
            # The network could not be made; why has been told.
            self.running = False
            self.ready_changed.emit()
        if isinstance(worker, Worker) and worker is not self._worker:
            worker.deleteLater()


def _with_run(project: Project, run: Run | None) -> Project:
    """A run that has not begun is no reason to change a project that has none."""
    return project if run is None or (run.iteration == 0 and project.run is None) else project.with_run(run)
