"""A network as columns of neurons with links between them, and the numbers to draw it with at one moment.

The graph is made once for a network; of large layers only the neurons with the strongest connections are shown, so
that an answer stays small however large the network is.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from flux_studio.data.dataset import Dataset
from flux_studio.engine.network import Network
from flux_studio.engine.operations.base import Array, Shape
from flux_studio.engine.recording import below
from flux_studio.engine.slots import MatrixKey
from flux_studio.project.catalogue import arriving, detail, reads, titles
from flux_studio.project.specification import LayerSpecification, Specification
from flux_studio.training.questions import Moment, Question

MOST_WHOLE = 16
"""Layers up to this size are shown whole."""
SHOWN = 8
_FEW_SHOWN, _MANY_COLUMNS = 5, 60

Form = Literal["inputs", "neurons", "thin", "recurrent"]
OUTPUT, WEIGHTS, RECURRENT = "activated_output_matrix", "weights_matrix", "recurrent_weights_matrix"
_GRADIENTS = ("dC_da_matrix", "dC_dy_matrix")


@dataclass(frozen=True)
class Column:
    """What a layer hands on, as a column of ``size`` neurons; or the inputs, whose identity is empty."""

    identity: str
    title: str
    detail: str
    size: int
    form: Form
    value: MatrixKey
    """N×size: what fills the neurons."""
    gradient: MatrixKey | None = None
    bias: MatrixKey | None = None
    gate: MatrixKey | None = None
    """N×size: how much of each neuron passes."""
    names: tuple[str, ...] = ()
    """Of the inputs and of the outputs; neurons in between have numbers."""


@dataclass(frozen=True)
class Link:
    """Connections from one column to another: by weights, or without weights each to the one beside it.

    Weights are rows×(blocks·width). Neuron a of the first column reads row a mod rows, and neuron b of the second
    column b mod width of a block; of a sequence that hands on all its steps only those of one step are connected.
    """

    start: int
    end: int
    weights: MatrixKey | None = None
    gradient: MatrixKey | None = None
    rows: int = 0
    width: int = 0
    block: int = 0
    stepwise: bool = False
    skip: bool = False
    """The way past a block."""

    def cell(self, a: int, b: int) -> tuple[int, int]:
        """Which cell of the weights connects neuron a with neuron b."""
        return a % self.rows, self.block * self.width + b % self.width


@dataclass(frozen=True)
class Bracket:
    """A block: from its first column inside to the one where the way past it comes in again."""

    first: int
    last: int
    title: str
    depth: int


@dataclass(frozen=True, eq=False)
class Graph:
    """Columns from left to right, and what lies between and around them."""

    columns: tuple[Column, ...]
    links: tuple[Link, ...]
    brackets: tuple[Bracket, ...]
    loops: Mapping[int, MatrixKey]
    """The recurrent weights of those columns that remember."""

    @property
    def most_shown(self) -> int:
        """How many neurons of a large layer are shown."""
        return SHOWN if len(self.columns) <= _MANY_COLUMNS else _FEW_SHOWN


def graph(specification: Specification, dataset: Dataset, shapes: Mapping[MatrixKey, Shape]) -> Graph:
    """The graph of a network whose training matrices have these shapes."""
    maker = _Maker(specification, dataset, shapes)
    maker.layers(specification.layers, maker.inputs(), 0)
    columns = maker.columns
    targets = dataset.preprocessor.target_encoders
    names = dataset.preprocessor.target_names
    if len(targets) == 1 and len(names) > 1:
        names = targets[0].classes  # the column's name before each of them would say nothing
    last = columns[-1]
    if last.size == len(names):
        columns[-1] = Column(**{**last.__dict__, "names": names})
    return Graph(tuple(columns), tuple(maker.links), tuple(maker.brackets), maker.loops)


@dataclass
class _Maker:
    specification: Specification
    dataset: Dataset
    shapes: Mapping[MatrixKey, Shape]
    columns: list[Column] = field(default_factory=list)
    links: list[Link] = field(default_factory=list)
    brackets: list[Bracket] = field(default_factory=list)
    loops: dict[int, MatrixKey] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.titles = titles(self.specification)
        self.arriving = arriving(self.specification, self.dataset.inputs.shape[1])

    def inputs(self) -> int:
        first = self.specification.layers[0].identity
        names = self.dataset.preprocessor.input_names
        gradient = self._known(first, "dC_dx_matrix")
        key = (first, "input_matrix")
        self.columns.append(Column("", "Input", "", len(names), "inputs", key, gradient, names=names))
        return 0

    def layers(self, layers: Iterable[LayerSpecification], start: int, depth: int) -> int:
        for layer in layers:
            start = self._layer(layer, start, depth)
        return start

    def _layer(self, layer: LayerSpecification, start: int, depth: int) -> int:
        identity = layer.identity
        if layer.layers:
            return self._block(layer, start, depth)
        recurrent, weights = self._known(identity, RECURRENT), self._known(identity, WEIGHTS)
        if recurrent is not None and weights is not None:
            return self._recurrent(layer, start, weights, recurrent)
        if weights is not None:
            return self._connected(layer, start, identity)
        if self._known(below(identity, "value"), WEIGHTS):
            gate = self._known(below(identity, "gate"), OUTPUT)
            return self._connected(layer, start, below(identity, "value"), gate)
        end = self._column(layer, "thin")
        self.links.append(Link(start, end))
        return end

    def _connected(
        self, layer: LayerSpecification, start: int, owner: str, gate: MatrixKey | None = None
    ) -> int:
        end = self._column(layer, "neurons", self._known(owner, "bias_matrix"), gate)
        rows, width = self.shapes[owner, WEIGHTS]
        self.links.append(Link(start, end, (owner, WEIGHTS), self._known(owner, "dC_dw_matrix"), rows, width))
        return end

    def _recurrent(
        self, layer: LayerSpecification, start: int, weights: MatrixKey, recurrent: MatrixKey
    ) -> int:
        end = self._column(layer, "recurrent")
        self.loops[end] = recurrent
        rows, hidden = self.shapes[weights][0], self.shapes[recurrent][0]
        # Of the four sums of an LSTM the last makes the candidate: what could be remembered.
        block = self.shapes[weights][1] // hidden - 1
        stepwise = self.columns[end].size > hidden
        gradient = self._known(layer.identity, "dC_dw_matrix")
        self.links.append(Link(start, end, weights, gradient, rows, hidden, block, stepwise))
        return end

    def _block(self, layer: LayerSpecification, start: int, depth: int) -> int:
        place = len(self.brackets)
        first = len(self.columns)
        inner = self.layers(layer.layers, start, depth + 1)
        end = self._column(layer, "thin")
        self.links.append(Link(inner, end))
        skip, weights = below(layer.identity, "skip"), self._known(below(layer.identity, "skip"), WEIGHTS)
        if weights is None:
            self.links.append(Link(start, end, skip=True))
        else:
            gradient, (rows, width) = self._known(skip, "dC_dw_matrix"), self.shapes[weights]
            self.links.append(Link(start, end, weights, gradient, rows, width, skip=True))
        self.brackets.insert(place, Bracket(first, end, self.titles[layer.identity], depth))
        return end

    def _column(
        self,
        layer: LayerSpecification,
        form: Form,
        bias: MatrixKey | None = None,
        gate: MatrixKey | None = None,
    ) -> int:
        identity = layer.identity
        value = (identity, OUTPUT)
        size = self.shapes[value][1]
        gradients = (self._known(identity, name) for name in _GRADIENTS)
        gradient = next((key for key in gradients if key and self.shapes[key][1] == size), None)
        words = reads(layer, self.arriving[identity]) or detail(layer)
        title = "+" if layer.layers else self.titles[identity].rpartition(" · ")[2]
        self.columns.append(
            Column(identity, title, "" if layer.layers else words, size, form, value, gradient, bias, gate)
        )
        return len(self.columns) - 1

    def _known(self, identity: str, name: str) -> MatrixKey | None:
        return (identity, name) if (identity, name) in self.shapes else None


Picks = tuple[tuple[int, ...], ...]


@dataclass(frozen=True, eq=False)
class Drawn:
    """The numbers of a picture at one moment; all arrays are of the neurons that are shown."""

    iteration: int
    picks: Picks
    """Which neurons of each column are shown, ascending."""
    values: tuple[Array | None, ...]
    """For each column what its neurons hand on, or in a picture of gradients how the cost changes with them."""
    gates: tuple[Array | None, ...]
    links: tuple[Array | None, ...]
    """For each link its weights, or gradients, from each neuron shown to each; NaN where there is no connection."""
    row: int
    """Which row of the batch the neurons are of."""
    sample: int
    """Which training row that is."""
    rows: int
    seconds: float


@dataclass(frozen=True)
class AskPicture(Question):
    """The numbers for a picture of one row of the batch; ``picks`` keeps the neurons that were shown before."""

    graph: Graph
    row: int = 0
    gradients: bool = False
    picks: Picks | None = None

    def answer(self, moment: Moment) -> Drawn:
        began = time.perf_counter()
        plan = self.graph
        picks = self.picks or strongest(plan, moment.network)
        samples = moment.samples
        row = min(self.row, len(samples) - 1)
        chosen = [np.array(each, np.intp) for each in picks]
        values, gates = [], []
        for column, pick in zip(plan.columns, chosen, strict=True):
            values.append(_cells(moment, column.gradient if self.gradients else column.value, row, pick))
            gates.append(None if self.gradients else _cells(moment, column.gate, row, pick))
        links = [self._weights(moment, link, chosen) for link in plan.links]
        return Drawn(
            moment.iteration,
            picks,
            tuple(values),
            tuple(gates),
            tuple(links),
            row,
            int(samples[row]),
            len(samples),
            time.perf_counter() - began,
        )

    def _weights(self, moment: Moment, link: Link, chosen: list[NDArray[np.intp]]) -> Array | None:
        key = link.gradient if self.gradients else link.weights
        if key is None:
            return None
        a, b = chosen[link.start], chosen[link.end]
        matrix = moment.matrix(key)
        found = matrix[np.ix_(a % link.rows, link.block * link.width + b % link.width)]
        if link.stepwise:
            found = np.where((a // link.rows)[:, None] == (b // link.width)[None], found, np.nan)
        return found


def strongest(plan: Graph, network: Network) -> Picks:
    """Of each column that is too large the neurons with the strongest connections, in and out; of others all."""
    scores = [np.zeros(column.size) for column in plan.columns]
    for link in plan.links:
        if link.weights is not None:
            part = network.matrix(link.weights)[:, link.block * link.width : (link.block + 1) * link.width]
            strength = np.abs(part)
            scores[link.start] += np.resize(strength.sum(axis=1), len(scores[link.start]))
            scores[link.end] += np.resize(strength.sum(axis=0), len(scores[link.end]))
    beside = {link.end: link.start for link in plan.links if link.weights is None and not link.skip}
    # Neurons that only hand on count as much as what is done with them.
    for end in sorted(beside, reverse=True):
        if len(scores[end]) == len(scores[beside[end]]):
            scores[beside[end]] += scores[end]
    picks: list[tuple[int, ...]] = []
    for place, own in enumerate(scores):
        if len(own) <= MOST_WHOLE and plan.most_shown == SHOWN:
            picks.append(tuple(range(len(own))))
        elif place in beside and len(own) == len(scores[beside[place]]):
            picks.append(picks[beside[place]])
        else:
            best = np.argsort(-np.nan_to_num(own), kind="stable")[: plan.most_shown]
            picks.append(tuple(sorted(best.tolist())))
    return tuple(picks)


def _cells(moment: Moment, key: MatrixKey | None, row: int, pick: NDArray[np.intp]) -> Array | None:
    return None if key is None else moment.matrix(key)[row, pick]
