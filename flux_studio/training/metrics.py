"""How well predictions fit: the share of right answers."""

from __future__ import annotations

from flux_studio.data.dataset import Dataset
from flux_studio.engine.network import Network
from flux_studio.engine.operations.base import Array
from flux_studio.training.events import Scores


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
