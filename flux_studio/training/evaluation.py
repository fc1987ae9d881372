"""What is known of the weights over all rows; while training goes on it is found anew only where that is cheap."""

from __future__ import annotations

from collections.abc import Callable

from flux_studio.data.dataset import Dataset
from flux_studio.engine.network import Network
from flux_studio.engine.operations.base import Array
from flux_studio.training.events import Scores
from flux_studio.training.report import PARTS, Report, score

_SHARE = 20


class Evaluation:
    """Loss, scores and reports of a network's present weights.

    Over all rows each of them can be much work. While training, it is done again only when it costs less than a
    twentieth of the time, and what was found last stands until then. Nobody pays twice for one iteration.
    """

    def __init__(self, network: Network, dataset: Dataset, clock: Callable[[], float]) -> None:
        self._network, self._dataset, self._clock = network, dataset, clock
        self._known: tuple[float, Scores] | None = None
        self._report: Report | None = None
        self._at: int | None = None
        # When each was found last, and what it cost.
        self._evaluated = self._reported = (0.0, 0.0)

    def forget(self) -> None:
        """Other weights stand at the same iteration."""
        self._at, self._report = None, None

    def now(self, iteration: int, training: bool) -> tuple[float, Scores]:
        """Loss and scores over all training rows."""
        now, (since, cost), known = self._clock(), self._evaluated, self._known
        if known is not None and (self._at == iteration or (training and now - since < _SHARE * cost)):
            return known
        loss, outputs = self._network.evaluate()
        self._network.validate()
        self._known, self._at = (loss, scores(self._network, self._dataset, outputs)), iteration
        cost = 0.0 if self._network.batches is None else self._clock() - now
        self._evaluated = (self._clock(), cost)
        return self._known

    def report(self, iteration: int, training: bool, test: bool) -> Report:
        """The metrics of all parts; the test rows are scored only where that is asked for."""
        now, (since, cost), known = self._clock(), self._reported, self._report
        stands = known is not None and (
            known.iteration == iteration or (training and now - since < _SHARE * cost)
        )
        if known is None or not stands or (test and not known.is_tested):
            known = score(self._network, self._dataset, iteration, PARTS if test else PARTS[:2])
            self._report, self._reported = known, (self._clock(), self._clock() - now)
        return known


def scores(network: Network, dataset: Dataset, outputs: Array) -> Scores:
    """Right answers among ``outputs``, those of all training rows, and on the validation rows as the arena has them."""
    judge = dataset.preprocessor.right
    right = judge(outputs, dataset.training_targets)
    if right is None:
        return Scores()
    validation_accuracy = None
    if network.validation is not None:
        judged = judge(network.validation.outputs.view(network.arena), dataset.validation_targets)
        validation_accuracy = None if judged is None else float(judged.mean())
    return Scores(int(right.sum()), len(right), float(right.mean()), validation_accuracy)
