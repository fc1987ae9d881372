"""What one number that the network learns does to the cost: what its gradient predicts, and what really happens."""

from __future__ import annotations

from dataclasses import dataclass
from weakref import WeakKeyDictionary

from flux_studio.engine.layers import everything_learned
from flux_studio.engine.network import Network
from flux_studio.engine.slots import MatrixKey
from flux_studio.engine.twin import Twin
from flux_studio.errors import DataError
from flux_studio.training.questions import Moment, Question


@dataclass(frozen=True)
class Nudged:
    """A weight or a bias and what moving it by ``delta`` does to the cost."""

    parameter: MatrixKey
    cell: tuple[int, int]
    delta: float
    iteration: int
    value: float
    gradient: float
    """∂C/∂w as the network has it."""
    loss: float
    """C before."""
    actual: float
    """ΔC: the loss with the number moved, less the loss as it is."""

    @property
    def predicted(self) -> float:
        """∂C/∂w·Δw."""
        return self.gradient * self.delta


@dataclass(frozen=True)
class Nudge(Question):
    """Asks what moving a cell does. ``key`` is a parameter, or its gradient; nothing of the network is changed."""

    key: MatrixKey
    cell: tuple[int, int]
    delta: float

    def answer(self, moment: Moment) -> Nudged:
        network = moment.network
        key = learned_as(network, self.key)
        rows, columns = network.parameter(key).shape
        if not (0 <= self.cell[0] < rows and 0 <= self.cell[1] < columns):
            raise DataError("choose a cell of the matrix to see what moving it does")
        value = float(network.parameter(key)[self.cell])
        loss = there = network.loss
        if self.delta:  # a look at the number alone must cost nothing while training goes on
            twin = twin_of(network, moment.iteration)
            loss, there = twin.loss(), twin.moved(key, self.cell, self.delta)
        return Nudged(
            parameter=key,
            cell=self.cell,
            delta=self.delta,
            iteration=moment.iteration,
            value=value,
            gradient=float(network.layout.gradients[key].view(network.arena)[self.cell]),
            loss=loss,
            actual=there - loss,
        )


@dataclass(frozen=True)
class TakeTwin(Question):
    """Asks for a twin of the network, to be used on another thread."""

    key: MatrixKey

    def answer(self, moment: Moment) -> tuple[MatrixKey, Twin]:
        return learned_as(moment.network, self.key), Twin(moment.network, moment.iteration)


_twins: WeakKeyDictionary[Network, Twin] = WeakKeyDictionary()


def twin_of(network: Network, iteration: int) -> Twin:
    """A twin that follows the network; made once, and again when the batch has another size."""
    twin = _twins.get(network)
    if twin is None or twin.rows != network.program.rows:
        twin = _twins[network] = Twin(network, iteration)
    else:
        twin.follow(network, iteration)
    return twin


def learned_as(network: Network, key: MatrixKey) -> MatrixKey:
    """The parameter that a matrix is, or is the gradient of; :class:`DataError` where it is neither."""
    for identity, layer in network.layers:
        for parameter, learned in everything_learned(identity, layer):
            if key in (parameter, (parameter[0], learned.gradient)):
                return parameter
    raise DataError("only what the network learns can be nudged: weights, biases, and their gradients")
