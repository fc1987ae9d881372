"""scikit-learn's ``MLPClassifier``."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier

from flux_studio.engine.batches import Batches
from tests.benchmarks.workloads import Workload

_WITHOUT_END: dict[str, Any] = {"tol": 0.0, "n_iter_no_change": 10**9, "early_stopping": False, "alpha": 0.0}


class ScikitLearn:
    """Trains whole epochs, by ``fit`` with ``max_iter``, which shuffles on its own.

    ``fit`` checks the data and begins a new optimizer once a call, ``partial_fit`` checks once an epoch: so this is
    its fastest way. :meth:`train_in_our_order` does the same epochs in our order, to compare losses.
    """

    def __init__(self, workload: Workload) -> None:
        inputs, targets = workload.data
        self.inputs, self.labels = inputs, targets.argmax(axis=1)
        self.batches = Batches(len(inputs), workload.batch or len(inputs), seed=0)
        self.iteration = 0
        self.model = MLPClassifier(
            workload.widths[1:-1],
            batch_size=self.batches.size,
            learning_rate_init=workload.rate,
            max_iter=1,
            warm_start=True,
            random_state=0,
            **_WITHOUT_END,
        )
        self._fit()  # makes room for the weights
        parameters = [each.copy() for each in workload.parameters()]
        self.model.coefs_ = parameters[::2]
        self.model.intercepts_ = [bias[0] for bias in parameters[1::2]]
        del self.model._optimizer  # it holds those that were there before

    def train(self, iterations: int) -> None:
        self.model.max_iter = _epochs(iterations, self.batches)
        self._fit()

    def train_in_our_order(self, iterations: int) -> None:
        """Whole epochs, each in the order in which we visit the rows."""
        self.model.shuffle = False
        for _ in range(_epochs(iterations, self.batches)):
            order, _ = self.batches.window(self.iteration, self.batches.steps)
            rows = order[: self.batches.rows]
            self.model.partial_fit(self.inputs[rows], self.labels[rows], classes=np.unique(self.labels))
            self.iteration += self.batches.steps
        self.model.shuffle = True

    def loss(self) -> float:
        given = self.model.predict_proba(self.inputs)[np.arange(len(self.labels)), self.labels]
        return float(-np.log(given).mean())

    def _fit(self) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            self.model.fit(self.inputs, self.labels)


def _epochs(iterations: int, batches: Batches) -> int:
    epochs, rest = divmod(iterations, batches.steps)
    if rest:
        raise ValueError(f"scikit-learn trains whole epochs of {batches.steps} iterations, not {iterations}")
    return epochs
