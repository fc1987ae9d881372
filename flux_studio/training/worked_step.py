"""The question how one iteration is worked out: all of its matrices, with one cell of each in numbers."""

from __future__ import annotations

from dataclasses import dataclass

from flux_studio.engine.worked import WorkedIteration, work_out
from flux_studio.errors import FluxError
from flux_studio.training.questions import Moment, Question


@dataclass(frozen=True)
class WorkOut(Question):
    """Asks for the iteration at which the network rests, with the update behind it."""

    def answer(self, moment: Moment) -> WorkedIteration:
        if moment.done:
            raise FluxError(
                f"iteration {moment.iteration + 1:,} is only half done, so its numbers do not belong together yet: "
                "step to its end, or back, and try again"
            )
        return work_out(moment.network, moment.iteration)
