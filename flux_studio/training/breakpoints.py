"""Conditions at which training stops: at an iteration, or where a loss or the gradients pass a limit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from flux_studio.engine.network import Network
from flux_studio.engine.operations.base import Array

Kind = Literal["iteration", "loss", "validation", "gradient"]
KINDS: dict[Kind, str] = {
    "iteration": "iteration",
    "loss": "loss below",
    "validation": "validation loss below",
    "gradient": "gradient norm above",
}
"""What each kind says in front of its number."""


@dataclass(frozen=True)
class Condition:
    """Training stops at the first resting point where it holds, and did not hold at the one before.

    The loss is that of the batch, as on the curve; validation losses are looked at where they are worked out; the
    gradient norm is ‖∂C/∂θ‖ over all parameters.
    """

    kind: Kind
    value: float

    @property
    def text(self) -> str:
        """In words, such as ``loss below 0.01``."""
        number = f"{int(self.value):,}" if self.kind == "iteration" else f"{self.value:g}"
        return f"{KINDS[self.kind]} {number}"


@dataclass(frozen=True)
class Hit:
    """The first resting point where a condition came to hold."""

    condition: Condition
    iteration: int
    value: float

    @property
    def reason(self) -> str:
        """Why training stopped, in words."""
        if self.condition.kind == "iteration":
            return f"stopped at iteration {self.iteration:,}: there is a breakpoint"
        # As many digits as tell the number from its limit.
        limit = f"{self.condition.value:g}"
        number = next(
            (text for digits in range(3, 17) if (text := f"{self.value:.{digits}g}") != limit), limit
        )
        name, side = KINDS[self.condition.kind].rsplit(" ", 1)
        return f"stopped: {name} {number} {side} {limit} at iteration {self.iteration:,}"


class Watch:
    """Looks for conditions in what bursts have recorded. Without conditions nothing is looked at."""

    def __init__(self) -> None:
        self.conditions: tuple[Condition, ...] = ()
        self._norms = np.empty(0)
        self._before: dict[Kind, float] = {}
        self._validated = np.inf

    def begin(self, network: Network, count: int) -> Array | None:
        """So many iterations are to follow this rest; the place for their gradient norms, where those are watched."""
        if not self.conditions:
            return None
        self._before = {"loss": network.loss, "validation": self._validated}
        if all(condition.kind != "gradient" for condition in self.conditions):
            return None
        self._before["gradient"] = network.gradient_norm
        if len(self._norms) < count:
            self._norms = np.empty(count, network.dtype)
        return self._norms[:count]

    def first(self, iteration: int, losses: Array, every: int, validation_losses: Array) -> Hit | None:
        """What came to hold first in the iterations behind ``iteration``, whose losses these are."""
        if not self.conditions:
            return None
        after = iteration + 1 + np.arange(len(losses))
        series: dict[Kind, tuple[NDArray[np.int64], NDArray[Any]]] = {
            "iteration": (after, after),
            "loss": (after, losses),
            "validation": (after[after % every == 0][: len(validation_losses)], validation_losses),
            "gradient": (after, self._norms[: len(losses)]),
        }
        hits = []
        for condition in self.conditions:
            iterations, values = series[condition.kind]
            came = self._came(condition, values)
            if len(came):
                hits.append(Hit(condition, int(iterations[came[0]]), float(values[came[0]])))
        return min(hits, key=lambda hit: hit.iteration, default=None)

    def forget(self) -> None:
        """Other validations than those seen so far come before what follows."""
        self._validated = np.inf

    def note(self, validation_losses: Array) -> None:
        """These validations belong to the run."""
        if len(validation_losses):
            self._validated = float(validation_losses[-1])

    def _came(self, condition: Condition, values: NDArray[Any]) -> NDArray[np.int64]:
        """The places where it holds and did not hold before."""
        if condition.kind == "iteration":
            return np.flatnonzero(values == condition.value)
        with_before = np.concatenate([[self._before[condition.kind]], values]).astype(np.float64)
        over, under = with_before > condition.value, with_before < condition.value
        holds = over if condition.kind == "gradient" else under
        return np.flatnonzero(holds[1:] & ~holds[:-1])
