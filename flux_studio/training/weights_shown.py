"""The project with the weights of one moment, for those who take them away: an earlier one, where that is shown."""

from __future__ import annotations

from dataclasses import dataclass, replace

from flux_studio.project.project import Project, Run
from flux_studio.training.questions import Moment, Question


@dataclass(frozen=True)
class TakeWeights(Question):
    """Asks for the project with the weights and the iteration that are shown; of the curve it knows nothing."""

    def answer(self, moment: Moment) -> Project:
        run = Run.at_start(moment.network.parameters())
        return moment.project.with_run(replace(run, iteration=moment.iteration))
