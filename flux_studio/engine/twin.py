"""Networks once more, in arenas of their own: what looks at other rows or moves weights does it there.

A replica shares nothing that changes with its network, which never notices; it may be used on another thread.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from flux_studio.engine.batches import Batches
from flux_studio.engine.executors import ExecutorName, loss_place
from flux_studio.engine.network import Network, make_executor
from flux_studio.engine.operations.base import Array
from flux_studio.engine.program import lay_out
from flux_studio.engine.recording import PHASES, Phase
from flux_studio.engine.slots import MatrixKey
from flux_studio.errors import ProgramError

_PHASES: tuple[Phase, ...] = ("forward", "loss", "backward")
MAXIMUM_BYTES = 2 * 2**30


class Replica:
    """Forward, loss and backward of a network's recording on ``rows`` rows; it never updates."""

    batches: Batches | None = None
    """A replica looks at the rows that it was given, whatever the iteration."""

    def __init__(self, network: Network, rows: int, dtype: Any, executor: ExecutorName, advice: str) -> None:
        self.rows, self.rule = rows, network.rule
        self.layout = lay_out(network.recording, [(rows, _PHASES)])
        self.program = self.layout.programs[0]
        self.iteration = 0
        needed = np.dtype(dtype).itemsize * self.layout.size
        if needed > MAXIMUM_BYTES:
            raise ProgramError(
                f"a copy of this network would need {needed / 2**30:.1f} GB, more than the "
                f"{MAXIMUM_BYTES // 2**30} GB allowed: {advice}"
            )
        self.arena: Array = np.zeros(self.layout.size, dtype)
        self.layout.prepare(self.arena)
        self._executor = make_executor(executor, self.arena)

    def matrix(self, key: MatrixKey) -> Array:
        """A matrix by layer identity and name: a view."""
        return self.program.matrices[key].view(self.arena)

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

    def _take_parameters(self, network: Network) -> None:
        source, place = network.layout.parameter_block, self.layout.parameter_block
        place.view(self.arena)[...] = source.view(network.arena)


class Viewing(Replica):
    """What a network makes of rows that it is only to be looked at with: in its own type, by its own executor."""

    def __init__(self, network: Network, rows: int) -> None:
        super().__init__(network, rows, network.dtype, network.executor_name, "look at fewer rows")
        own, theirs = self.program.phases, network.program.phases
        # Updates write ahead of the recording's own instructions in each phase, and a viewing has none of theirs.
        self._ahead = {phase: theirs[phase][1] - own[phase][1] for phase in PHASES}

    def look(self, network: Network, iteration: int, inputs: Array, targets: Array) -> float:
        """Carry out forward, loss and backward for these rows with the network's present weights; the loss.

        What depends on the iteration, such as dropout masks, is that of a batch of these rows at ``iteration``.
        """
        self.iteration = iteration
        self._take_parameters(network)
        network.fill_arena(self.arena, self.program, inputs, targets)
        return self.rest()

    def number(self, number: int, phase: Phase) -> int:
        """Which instruction of the network's own program one of this program is, counted likewise."""
        return number + self._ahead[phase]


class Twin(Replica):
    """A network in float64 on the rows that it looks at now, with the weights that it has now: they can be moved there.

    NumPy computes it: its rounding is the plainest there is, and nothing needs compiling.
    """

    def __init__(self, network: Network, iteration: int = 0) -> None:
        super().__init__(network, network.program.rows, np.float64, "reference", "use mini-batches")
        self.follow(network, iteration)

    def follow(self, network: Network, iteration: int) -> None:
        """Take the network's weights and batch as they are now; it must look at as many rows as before."""
        self.iteration = iteration
        self._take_parameters(network)
        pairs = (
            (self.program.inputs, network.program.inputs),
            (self.program.targets, network.program.targets),
        )
        for own, theirs in pairs:
            if own is not None and theirs is not None:
                own.view(self.arena)[...] = theirs.view(network.arena)

    def moved(self, key: MatrixKey, cell: tuple[int, int], by: float) -> float:
        """The loss with one number moved, which is put back."""
        parameter = self.parameter(key)
        before = float(parameter[cell])
        try:
            parameter[cell] = before + by
            return self.loss()
        finally:
            parameter[cell] = before
