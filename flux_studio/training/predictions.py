"""Questions about what a network predicts: for every row, over two inputs that vary, and for a row of one's own.

Each answer tells how many seconds it took, so that whoever asks while training goes on can ask the seldomer.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from flux_studio.data.dataset import Dataset
from flux_studio.engine.network import Network
from flux_studio.engine.operations.base import Array
from flux_studio.training.questions import Moment, Question
from flux_studio.training.viewing import evenly, judged, work

SIDE = 64
"""Points of a surface along each side."""
CURVE_POINTS = 257
_SMALLEST_SIDE = 16
_PICTURE_STEP = 2
MOST_NEURONS = 64
"""Neurons of a layer that get a picture."""
MARGIN = 0.2
"""How far a surface reaches beyond the training rows, as a share of what they span."""
# Multiplications: a surface should take a few milliseconds.
_SURFACE_WORK = 6e7

OUTPUT = "activated_output_matrix"

_ROWS_AT_ONCE = 1 << 14


@dataclass(frozen=True, eq=False)
class RowPredictions:
    """What is predicted for rows of the data set, and what each of them costs."""

    iteration: int
    rows: NDArray[np.intp]
    """R places in the data set, ascending."""
    parts: NDArray[np.int8]
    """For each of them the place of its part: training, validation or test."""
    losses: Array
    """R numbers; their mean over the training rows is the training loss, where dropout and penalties are off."""
    outputs: Array
    """R×O, as the network gives them."""
    of: int
    """How many rows there are, R or more."""
    seconds: float


@dataclass(frozen=True)
class AskRows(Question):
    """Predictions for all rows that belong to a part; of the test rows only on demand."""

    test: bool = False

    def answer(self, moment: Moment) -> RowPredictions:
        began = time.perf_counter()
        data, network = moment.dataset, moment.network
        wanted = [data.training, data.validation, data.test][: 3 if self.test else 2]
        rows = np.concatenate(wanted)
        parts = np.repeat(np.arange(len(wanted), dtype=np.int8), [len(each) for each in wanted])
        order = evenly(network, np.argsort(rows, kind="stable"))
        chosen, parts = rows[order], parts[order]
        losses, outputs = judged(network, data, moment.project.specification.loss, chosen)
        seconds = time.perf_counter() - began
        return RowPredictions(moment.iteration, chosen, parts, losses, outputs, len(rows), seconds)


@dataclass(frozen=True, eq=False)
class Surface:
    """Predictions over one or two inputs, while all others stand still."""

    iteration: int
    across: Array
    """The A values of the first input, as the network reads them, ascending."""
    up: Array
    """The U values of the second, ascending; a single one where only the first varies."""
    outputs: Array
    """U×A×O."""
    neurons: Mapping[str, Array]
    """By layer, what its neurons hand on over the same inputs: neurons×u×a, with every second value."""
    seconds: float


@dataclass(frozen=True)
class AskSurface(Question):
    """Predictions over the inputs ``across`` and ``up`` (places among the I inputs), with the others as in ``at``."""

    across: int
    up: int | None
    at: tuple[float, ...]
    layers: tuple[str, ...] = ()
    """Of which layers the neurons are wanted, too."""

    def answer(self, moment: Moment) -> Surface:
        began = time.perf_counter()
        network = moment.network
        across = _spread(moment.dataset, self.across, CURVE_POINTS if self.up is None else _side(network))
        up = np.zeros(1) if self.up is None else _spread(moment.dataset, self.up, len(across))
        inputs = np.tile(np.array(self.at), (len(across) * len(up), 1))
        inputs[:, self.across] = np.tile(across, len(up))
        if self.up is not None:
            inputs[:, self.up] = np.repeat(up, len(across))
        moment.dataset.preprocessor.complete(inputs)
        trial, shape, neurons = network.trial(inputs), (len(up), len(across)), {}
        for identity in self.layers:
            if (made := trial.matrix((identity, OUTPUT))) is not None:
                grid = made[:, :MOST_NEURONS].T.reshape(-1, *shape)
                neurons[identity] = grid[:, ::_PICTURE_STEP, ::_PICTURE_STEP].copy()
        outputs = np.ascontiguousarray(trial.outputs).reshape(*shape, -1)
        return Surface(moment.iteration, across, up, outputs, neurons, time.perf_counter() - began)


@dataclass(frozen=True, eq=False)
class OwnPrediction:
    """What is predicted for a row of one's own: O outputs, and what each layer's neurons hand on to get there."""

    iteration: int
    outputs: Array
    neurons: Mapping[str, Array]
    seconds: float


@dataclass(frozen=True)
class AskOwn(Question):
    """A prediction for one row of I inputs, as the network reads them."""

    inputs: tuple[float, ...]
    layers: tuple[str, ...] = ()
    """Of which layers the neurons are wanted, too."""

    def answer(self, moment: Moment) -> OwnPrediction:
        began = time.perf_counter()
        inputs = moment.dataset.preprocessor.complete(np.array([self.inputs]))
        trial, neurons = moment.network.trial(inputs), {}
        for identity in self.layers:
            if (made := trial.matrix((identity, OUTPUT))) is not None:
                neurons[identity] = made[0, :MOST_NEURONS].copy()
        return OwnPrediction(moment.iteration, trial.outputs[0].copy(), neurons, time.perf_counter() - began)


@dataclass(frozen=True)
class WrongRows(Question):
    """For each of the N rows of the data set, whether it is answered wrongly; ``None`` where targets are numbers."""

    def answer(self, moment: Moment) -> Array | None:
        data, found = moment.dataset, []
        for start in range(0, len(data.inputs), _ROWS_AT_ONCE):
            rows = slice(start, start + _ROWS_AT_ONCE)
            right = data.preprocessor.right(moment.network.predict(data.inputs[rows]), data.targets[rows])
            if right is None:
                return None
            found.append(~right)
        return np.concatenate(found)


def spans(dataset: Dataset, column: int) -> tuple[float, float]:
    """From where to where a surface shows one of the I inputs."""
    least, _, greatest = dataset.input_range
    low, high = float(least[column]), float(greatest[column])
    margin = MARGIN * (high - low) or 1.0
    return low - margin, high + margin


def _spread(dataset: Dataset, column: int, count: int) -> Array:
    return np.linspace(*spans(dataset, column), count)


def _side(network: Network) -> int:
    """Fewer points where the network is large, so that a surface stays cheap."""
    side = int((_SURFACE_WORK / work(network)) ** 0.5)
    return max(_SMALLEST_SIDE, min(SIDE, side))
