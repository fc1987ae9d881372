"""A network once more in float64, in an arena of its own: weights can be moved there and the network never notices."""

from __future__ import annotations

import numpy as np

from flux_studio.engine.executors import ReferenceExecutor, loss_place
from flux_studio.engine.network import Network
from flux_studio.engine.operations.base import Array
from flux_studio.engine.program import lay_out
from flux_studio.engine.recording import Phase
from flux_studio.engine.slots import MatrixKey
from flux_studio.errors import ProgramError

_PHASES: tuple[Phase, ...] = ("forward", "loss", "backward")
MAXIMUM_BYTES = 2 * 2**30


class Twin:
    """Forward, loss and backward on the rows that the network looks at now, with the weights that it has now.

    NumPy computes it: its rounding is the plainest there is, and nothing needs compiling. A twin shares nothing that
    changes with its network, so it may be used on another thread.
    """

    def __init__(self, network: Network, iteration: int = 0) -> None:
        self.rows = network.program.rows
        self.layout = lay_out(network.recording, [(self.rows, _PHASES)])
        self.program = self.layout.programs[0]
        if 8 * self.layout.size > MAXIMUM_BYTES:
            raise ProgramError(
                f"a copy of this network in float64 would need {8 * self.layout.size / 2**30:.1f} GB, more than the "
                f"{MAXIMUM_BYTES // 2**30} GB allowed: use mini-batches"
            )
        self.arena: Array = np.zeros(self.layout.size, np.float64)
        self.layout.prepare(self.arena)
        self._executor = ReferenceExecutor(self.arena)
        self.follow(network, iteration)

    def follow(self, network: Network, iteration: int) -> None:
        """Take the network's weights and batch as they are now; it must look at as many rows as before."""
        self.iteration = iteration
        source, place = network.layout.parameter_block, self.layout.parameter_block
        place.view(self.arena)[...] = source.view(network.arena)
        pairs = (
            (self.program.inputs, network.program.inputs),
            (self.program.targets, network.program.targets),
        )
        for own, theirs in pairs:
            if own is not None and theirs is not None:
                own.view(self.arena)[...] = theirs.view(network.arena)

    def parameter(self, key: MatrixKey) -> Array:
        """A parameter: a view that can be written to."""
        return self.layout.parameters[key].view(self.arena)

    def gradient(self, key: MatrixKey) -> Array:
        """A parameter's gradient, as :meth:`rest` left it: a view."""
        return self.layout.gradients[key].view(self.arena)

    def loss(self) -> float:
        """The loss of the present weights."""
        self._executor.run(self.program, *self.program.span("forward", "loss"), self.iteration)
        return float(self.arena[loss_place(self.program)])

    def rest(self) -> float:
        """Forward, loss and backward; the loss."""
        self._executor.run(self.program, *self.program.span("forward", "backward"), self.iteration)
        return float(self.arena[loss_place(self.program)])

    def moved(self, key: MatrixKey, cell: tuple[int, int], by: float) -> float:
        """The loss with one number moved, which is put back."""
        parameter = self.parameter(key)
        before = float(parameter[cell])
        try:
            parameter[cell] = before + by
            return self.loss()
        finally:
            parameter[cell] = before
