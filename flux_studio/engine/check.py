"""The gradient check: analytic gradients beside numeric ones, cell by cell, in float64.

The numeric gradient is the five-point stencil (f(−2ε) − 8f(−ε) + 8f(ε) − f(2ε)) / 12ε, whose error is of the order
ε⁴. Where a kink (of ReLU and its kind) lies between the points no derivative exists; the step is then made
smaller, and if that does not help the cell is passed over and named.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from flux_studio.engine.network import Network
from flux_studio.engine.operations.base import Array
from flux_studio.engine.slots import MatrixKey, Slot
from flux_studio.engine.twin import Twin
from flux_studio.errors import ProgramError

LIMIT = 1e-6
_STEPS = (1e-3, 1e-4, 1e-5)
_ROUNDING = 30
"""How many last digits of the cost may be wrong."""
_STENCIL = ((-2.0, 1.0), (-1.0, -8.0), (1.0, 8.0), (2.0, -1.0))


@dataclass(frozen=True)
class MatrixCheck:
    """How well one gradient matrix agrees with finite differences."""

    key: MatrixKey
    """Layer identity and the parameter's matrix name."""
    cells: int
    """How many cells were compared."""
    passed_over: tuple[tuple[int, int], ...]
    """Cells that lie at a kink."""
    worst_error: float
    """The largest relative error, in the sense of :func:`relative_error`."""
    worst_cell: tuple[int, int]
    analytic: float
    """∂C/∂w of the worst cell by backpropagation."""
    numeric: float
    """∂C/∂w of the worst cell by finite differences."""

    @property
    def passes(self) -> bool:
        """Whether every compared cell agrees to a relative error below 10⁻⁶."""
        return self.worst_error < LIMIT


def relative_error(analytic: float, numeric: float, scale: float) -> float:
    """The difference over the larger of both and a thousandth of ``scale``, the matrix's largest gradient.

    Without the last term a cell whose gradient is nearly zero would compare rounding with rounding. Infinite where
    a gradient is not a number.
    """
    if analytic == numeric:
        return 0.0
    error = abs(analytic - numeric) / max(abs(analytic), abs(numeric), 1e-3 * scale)
    return math.inf if math.isnan(error) else error


def check_gradients(
    network: Network, *, cells: int = 400, generator: np.random.Generator | None = None
) -> tuple[MatrixCheck, ...]:
    """Compare every parameter's gradient; of matrices with more than ``cells`` cells a random sample.

    The network must be in float64; its parameters and matrices are as before afterwards.
    """
    if network.dtype != np.float64:
        raise ProgramError(f"a gradient check needs a network in float64; this one is in {network.dtype}")
    generator = np.random.default_rng(0) if generator is None else generator
    network.rest()
    probe = _Probe(Twin(network))
    # The gradients that the network itself computes, by the executor that it has.
    probe.gradients = {
        key: network.layout.gradients[key].view(network.arena).copy() for key in network.layout.parameters
    }
    return tuple(_check(probe, key, cells, generator) for key in network.layout.parameters)


@dataclass(frozen=True, eq=False)
class CellErrors:
    """One gradient matrix beside finite differences, cell by cell. NaN where a cell was passed over or not come to."""

    key: MatrixKey
    """Layer identity and the parameter's matrix name."""
    analytic: Array
    numeric: Array
    errors: Array
    """Relative errors in the sense of :func:`relative_error`."""
    done: int
    """How many cells were looked at: all, unless somebody had enough."""

    @property
    def compared(self) -> int:
        """How many cells have a finite difference beside them."""
        return int(np.count_nonzero(~np.isnan(self.errors)))

    @property
    def worst(self) -> tuple[int, int] | None:
        """The cell with the largest error; ``None`` where no cell was compared."""
        if np.isnan(self.errors).all():
            return None
        row, column = divmod(int(np.nanargmax(self.errors)), self.errors.shape[1])
        return row, column


def check_cells(
    twin: Twin, key: MatrixKey, goes_on: Callable[[int, int], bool] = lambda done, of: True
) -> CellErrors:
    """Compare every cell of one parameter's gradient; ``goes_on`` is told how many of all are done and may end it."""
    probe = _Probe(twin)
    analytic = probe.gradients[key]
    numeric, errors = np.full_like(analytic, np.nan), np.full_like(analytic, np.nan)
    scale, done = float(np.abs(analytic).max()), 0
    for cell in np.ndindex(*analytic.shape):
        if not goes_on(done, analytic.size):
            break
        place = (cell[0], cell[1])
        found = probe.compared(key, place)
        if found is not None:
            numeric[place] = found
            errors[place] = relative_error(float(analytic[place]), found, scale)
        done += 1
    return CellErrors(key, analytic, numeric, errors, done)


def errors_by_step(
    twin: Twin,
    key: MatrixKey,
    cell: tuple[int, int],
    steps: Sequence[float],
    goes_on: Callable[[int, int], bool] = lambda done, of: True,
) -> list[float]:
    """The relative error of (C(w + ε) − C(w − ε)) / 2ε for each step ε.

    Large steps feel the curve of the cost (truncation, of the order ε²), small ones its last digits (rounding, 1/ε).
    A step that crosses a kink has no error that would say anything: NaN. ``goes_on`` is told how many of
    them are done and may end it: the rest are NaN.
    """
    probe = _Probe(twin)
    analytic = float(probe.gradients[key][cell])
    scale = float(np.abs(probe.gradients[key]).max())
    errors = [math.nan] * len(steps)
    for place, step in enumerate(steps):
        if not goes_on(place, len(steps)):
            break
        above, below = probe.moved(key, cell, step), probe.moved(key, cell, -step)
        if above is not None and below is not None:
            errors[place] = relative_error(analytic, (above - below) / (2 * step), scale)
    return errors


class _Probe:
    """Evaluates the loss with one parameter moved, and sees whether a kink was crossed."""

    def __init__(self, twin: Twin) -> None:
        self.twin = twin
        loss = twin.rest()
        self.gradients = {key: twin.gradient(key).copy() for key in twin.layout.parameters}
        self.kinks: list[Slot] = [
            each.inputs[0]
            for each in twin.program.instructions
            if each.phase == "forward" and each.operation.has_kinks
        ]
        self.sides = self._sides()
        self.rounding = _ROUNDING * float(np.finfo(np.float64).eps) * abs(loss)
        """By how much the cost may be wrong."""

    def _sides(self) -> list[NDArray[np.bool_]]:
        return [slot.view(self.twin.arena) > 0 for slot in self.kinks]

    def moved(self, key: MatrixKey, cell: tuple[int, int], by: float) -> float | None:
        """The loss with one number moved, or ``None`` where that crosses a kink."""
        loss = self.twin.moved(key, cell, by)
        return None if self._crossed() else loss

    def _crossed(self) -> bool:
        return any((side != known).any() for side, known in zip(self._sides(), self.sides, strict=True))

    def compared(self, key: MatrixKey, cell: tuple[int, int]) -> float | None:
        """:meth:`difference` of a cell of a parameter, 0 where it is rounding only."""
        numeric = self.difference(self.twin.parameter(key), cell)
        if (
            numeric is not None
            and self.gradients[key][cell] == 0
            and abs(numeric) <= self.rounding / _STEPS[0]
        ):
            return 0.0  # what takes no part in the cost, such as weights that meet zeros only
        return numeric

    def difference(self, parameter: Array, cell: tuple[int, int]) -> float | None:
        """∂C/∂(that cell) by finite differences, or ``None`` at a kink.

        A large step feels the curve of the cost, a small one its rounding: a smaller step is believed only where it
        tells something else than rounding can explain.
        """
        start = float(parameter[cell])
        found: float | None = None
        try:
            for step in _STEPS:
                size = step * max(1.0, abs(start))
                numeric = self._stencil(parameter, cell, start, size)
                if found is not None and numeric is not None and abs(numeric - found) <= self.rounding / size:
                    return found
                found = numeric if numeric is not None else found
            return found
        finally:
            parameter[cell] = start

    def _stencil(self, parameter: Array, cell: tuple[int, int], start: float, step: float) -> float | None:
        total = 0.0
        for place, weight in _STENCIL:
            parameter[cell] = start + place * step
            loss = self.twin.loss()
            if self._crossed():
                return None
            total += weight * loss
        return total / (12.0 * step)


def _check(probe: _Probe, key: MatrixKey, cells: int, generator: np.random.Generator) -> MatrixCheck:
    analytic = probe.gradients[key]
    chosen = np.arange(analytic.size)
    if analytic.size > cells:
        chosen = np.sort(generator.choice(analytic.size, cells, replace=False))
    scale = float(np.abs(analytic).max())
    passed_over: list[tuple[int, int]] = []
    worst, worst_cell, worst_numeric = -1.0, (0, 0), 0.0
    for index in chosen:
        cell = divmod(int(index), analytic.shape[1])
        numeric = probe.compared(key, cell)
        if numeric is None:
            passed_over.append(cell)
            continue
        error = relative_error(float(analytic[cell]), numeric, scale)
        if error > worst:
            worst, worst_cell, worst_numeric = error, cell, numeric
    return MatrixCheck(
        key=key,
        cells=len(chosen) - len(passed_over),
        passed_over=tuple(passed_over),
        worst_error=max(0.0, worst),
        worst_cell=worst_cell,
        analytic=float(analytic[worst_cell]),
        numeric=worst_numeric,
    )
