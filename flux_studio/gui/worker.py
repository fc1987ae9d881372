"""The training thread: a session on a background thread, with its events sent to the window."""

from __future__ import annotations

import queue
import traceback
from collections.abc import Mapping
from dataclasses import dataclass

from PySide6.QtCore import QObject, QThread, Signal

from flux_studio.engine.executors import ExecutorName
from flux_studio.engine.memory import give_back
from flux_studio.errors import FluxError
from flux_studio.project.project import Project, Run
from flux_studio.training.events import Command, Failed, MatrixKey, RunTaken, TakeRun
from flux_studio.training.session import Session

_TOLD = "told"


@dataclass(frozen=True, eq=False)
class Ready:
    """The network stands in memory and rests at its iteration."""

    executor: ExecutorName
    shapes: Mapping[MatrixKey, tuple[int, int]]
    """Rows and columns of every matrix that can be asked for, where it holds a whole batch."""
    parameter_count: int


class Worker(QThread):
    """Runs one session from beginning to end; a changed network gets a worker of its own.

    ``told`` carries the worker and an event, on the receiver's thread. Whoever listens drops the events of
    workers that are no longer theirs. A failure of any kind is told, and ends the thread cleanly.
    """

    told = Signal(object, object)

    def __init__(self, project: Project, executor: ExecutorName, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("training.worker")
        self.project = project
        self.ready = False
        self._runs: queue.SimpleQueue[Run] = queue.SimpleQueue()
        self._rescued: Run | None = None
        self._executor: ExecutorName = executor
        self._commands: queue.SimpleQueue[Command] = queue.SimpleQueue()

    def send(self, command: Command) -> None:
        """Hand in a command; it is obeyed between two iterations."""
        self._commands.put(command)

    def take_run(self) -> Run | None:
        """A copy of what training has left behind so far, after the present burst; ``None`` if nothing.

        When the thread has ended by a failure, it is what had been trained up to then.
        """
        if not self.ready:
            return None
        self.send(TakeRun())
        while self.isRunning():
            try:
                return self._runs.get(timeout=0.05)
            except queue.Empty:
                continue
        return self._rescued

    def ask_run(self) -> None:
        """Ask for such a copy without waiting: it is told as :class:`RunTaken`."""
        self.send(TakeRun(_TOLD))

    def run(self) -> None:
        session = None
        try:
            session = Session(self.project, self._executor, commands=self._commands)
            # The first instruction loads the compiled interpreter, or compiles it when the cache is cold.
            network = session.network
            self.ready = True
            self.told.emit(self, Ready(self._executor, network.shapes(), network.parameter_count))
            for event in session.events():
                if isinstance(event, RunTaken) and event.purpose != _TOLD:
                    self._runs.put(event.run)
                else:
                    self.told.emit(self, event)
        except FluxError as error:
            self.told.emit(self, Failed(str(error), 0))
        except Exception as error:
            traceback.print_exc()
            self._rescue(session)
            self.told.emit(self, Failed(f"training stopped by an error inside Flux Studio: {error!r}", 0))
        finally:
            session = network = event = None  # all that holds the arena and its snapshots
            give_back()

    def _rescue(self, session: Session | None) -> None:
        """Keep what was trained before the failure, where it can still be used."""
        if session is not None and session.network.state_is_finite():
            self._rescued = session.run()
