"""What a training session tells and can be told: frozen records, safe to hand from thread to thread."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flux_studio.project.curve import CurvePoints
from flux_studio.project.project import LearningRateChange, Run, WeightSet
from flux_studio.training.breakpoints import Condition, Hit
from flux_studio.training.questions import Question
from flux_studio.training.report import Report
from flux_studio.training.stepping import Unit
from flux_studio.training.timeline import Memory
from flux_studio.training.viewing import RowChoice

MatrixKey = tuple[str, str]
"""Which matrix: the layer's identity and the matrix's name, such as ``("layer-1", "weights_matrix")``."""


@dataclass(frozen=True)
class Started:
    """Training begins, or goes on, at ``iteration``."""

    iteration: int
    executor: str


@dataclass(frozen=True)
class Progress:
    """Where training stands. ``loss`` is over all training rows; ``None``: no such rows."""

    iteration: int
    loss: float
    validation_loss: float | None
    learning_rate: float
    iterations_per_second: float


@dataclass(frozen=True)
class Scores:
    """Share of right answers, for classes and yes/no; ``None`` where it has no meaning."""

    right: int | None = None
    rows: int | None = None
    accuracy: float | None = None
    validation_accuracy: float | None = None


@dataclass(frozen=True)
class Paused:
    """Training rests at ``iteration``: all matrices belong together."""

    progress: Progress
    hit: Hit | None = None
    """The condition that training stopped at, where that is why it rests."""


@dataclass(frozen=True)
class Finished:
    """Training reached its stop condition."""

    progress: Progress
    seconds: float
    scores: Scores
    reason: str = ""
    """Why training stopped before the last iteration, in words; empty when it did not."""
    report: Report | None = None
    """How well the network fits at the end, also on the test rows."""


@dataclass(frozen=True)
class Failed:
    """Training could not go on; the last good weights stand. ``message`` is one line for a person."""

    message: str
    iteration: int


@dataclass(frozen=True)
class When:
    """Which moment is shown: iteration ``shown`` of those from ``first`` to ``now``, where training stands.

    With ``done`` above 0, so many of the ``operations`` of the iteration that follows ``shown`` have been carried out.
    """

    first: int
    now: int
    shown: int
    done: int = 0
    operations: int = field(default=0, compare=False)
    lost: str = field(default="", compare=False)
    """Why what came before ``first`` cannot be seen, where something did."""
    memory: Memory | None = field(default=None, compare=False)
    """What the moments that are kept take."""

    @property
    def is_past(self) -> bool:
        """Whether an earlier moment than now is shown."""
        return self.shown < self.now


@dataclass(frozen=True)
class Moved:
    """Another moment is shown than before, or another one is now."""

    progress: Progress
    when: When
    reason: str = ""
    """Why training stopped here, in words, where it is not what was asked for."""


@dataclass(frozen=True)
class Moving:
    """A moment is being made again, and that takes a while: so far up to iteration ``reached`` of ``wanted``."""

    reached: int
    wanted: int


@dataclass(frozen=True, eq=False)
class Frame:
    """Copies of the matrices that were asked for, all of one resting point."""

    generation: int
    progress: Progress
    scores: Scores
    matrices: Mapping[MatrixKey, np.ndarray]
    """Each N×F as people see it; batch matrices hold the first ``rows`` rows that the request allowed."""
    samples: NDArray[np.int64]
    """Which rows of the data set the batch matrices show, in their order."""
    rows: int
    """How many rows the batch matrices have; more than ``samples`` where the request allowed fewer."""
    curve: CurvePoints
    validation_curve: CurvePoints | None
    first_loss: float
    training: bool
    when: When
    branches: tuple[CurvePoints, ...] = ()
    """The curves of where training went before it was continued from an earlier moment."""
    by_hand: tuple[LearningRateChange | WeightSet, ...] = ()
    """What was changed on the way, in its order."""
    choice: RowChoice = None
    """Which rows were chosen that the batch matrices are of; ``None``: of the batch, as always between rests."""
    written: Mapping[MatrixKey, range] = field(default_factory=dict)
    """The matrices that the step just done has written, and of each the columns; empty outside of an iteration."""
    answers: Mapping[Question, Any] = field(default_factory=dict)
    """What was asked with the request, of the same resting point; a :class:`FluxError` where there is no answer."""


@dataclass(frozen=True)
class FrameRequest:
    """Asks for one :class:`Frame`; ``generation`` comes back in it, so that late answers stand out."""

    generation: int
    keys: tuple[MatrixKey, ...]
    rows: int = 256
    questions: tuple[Question, ...] = ()


@dataclass(frozen=True)
class Ask:
    """Asks one question by itself."""

    question: Question


@dataclass(frozen=True, eq=False)
class Answered:
    """The answer to :class:`Ask`; a :class:`FluxError` where there is none."""

    question: Question
    answer: Any
    iteration: int


@dataclass(frozen=True, eq=False)
class RunTaken:
    """A copy of what training has left behind so far, in answer to :class:`TakeRun`."""

    run: Run
    purpose: str


@dataclass(frozen=True)
class TakeRun:
    """Asks for a copy of the run, to save or export it; ``purpose`` comes back in the answer."""

    purpose: str = ""


@dataclass(frozen=True)
class TakeReport:
    """Asks for one :class:`Report`; the test rows are scored only where that is asked for."""

    test: bool = False


@dataclass(frozen=True)
class Play:
    """Train on from now, until ``until`` (an iteration) or the project's own stop condition."""

    until: int | None = None


@dataclass(frozen=True)
class Pause:
    """Rest after the present iteration."""


@dataclass(frozen=True)
class Step:
    """Train ``iterations`` iterations and rest. At an earlier moment: go on to the one so many iterations later."""

    iterations: int = 1


@dataclass(frozen=True)
class GoTo:
    """Show the moment of an iteration, or the nearest there is; training rests. :class:`Moved` answers.

    A later :class:`GoTo`, :class:`Return` or :class:`Close` makes it needless: it may then be left without an answer.
    """

    iteration: int


@dataclass(frozen=True)
class StepBy:
    """Go on by an operation, a layer, a phase, an iteration or an epoch, or back; :class:`Moved` or, where that
    trains, :class:`Paused` answers."""

    unit: Unit
    back: bool = False


@dataclass(frozen=True)
class Return:
    """Show the present moment again."""


@dataclass(frozen=True)
class Branch:
    """Let the moment that is shown be the present one: training goes on from there."""


@dataclass(frozen=True)
class SetBreakpoints:
    """Let training stop before each of these operations of an iteration, by their numbers; :class:`Moved` tells."""

    operations: frozenset[int]


@dataclass(frozen=True)
class SetConditions:
    """Let training stop where one of these comes to hold; :class:`Paused` tells."""

    conditions: tuple[Condition, ...]


@dataclass(frozen=True)
class SetBudget:
    """How many bytes the moments may take that are kept for rewinding."""

    budget: int


@dataclass(frozen=True)
class ShowRows:
    """Let frames and answers be of these rows from now on."""

    choice: RowChoice


@dataclass(frozen=True)
class SetPace:
    """Iterations a second; ``None`` is as fast as the machine can."""

    pace: float | None


@dataclass(frozen=True)
class SetLearningRate:
    """A new learning rate, from the next update on."""

    learning_rate: float


@dataclass(frozen=True)
class StartOver:
    """Back to iteration 0 with the run's first weights."""


@dataclass(frozen=True)
class Close:
    """End the session; nothing follows but the end of its events."""


Event = (
    Started | Progress | Paused | Finished | Failed | Moved | Moving | Frame | Report | Answered | RunTaken
)
Command = (
    FrameRequest
    | Ask
    | TakeReport
    | TakeRun
    | Play
    | Pause
    | Step
    | GoTo
    | StepBy
    | Return
    | Branch
    | SetBreakpoints
    | SetConditions
    | SetBudget
    | ShowRows
    | SetPace
    | SetLearningRate
    | StartOver
    | Close
)
