"""How well a network can learn just now: gradient and activation sizes by layer, and what is wrong, in sentences.

A *finding* names one trouble, the layer that has it, the factor that caused it and what one could try:

- dead: a ReLU that gives 0 for every row of the batch, so that its slope is 0 and nothing reaches its weights;
- saturated: another activation whose slope is below 10⁻³ for every row;
- vanishing: a layer whose gradient, per weight, is at most 10⁻⁴ of the last layer's;
- exploding: gradients that taken together are longer than 10³, or that keep on growing;
- stuck: every gradient is zero while the loss is not.
"""

from __future__ import annotations

import math
import re
import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Literal
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from flux_studio.engine.operations.activations import ActivationOperation, Slope
from flux_studio.engine.operations.base import Array
from flux_studio.engine.program import Program
from flux_studio.engine.slots import MatrixKey, Slot
from flux_studio.project.catalogue import titled, titles
from flux_studio.training.questions import Moment, Question

FLAT = 1e-3
"""An activation whose slope is below this everywhere lets hardly anything through."""
VANISHING = 1e-4
EXPLODING = 1e3
_GROWTH = 1e2
_GROWING_POINTS = 16
_MOST_NAMED = 6
_WRONG = 0.5
"""An output may rest where its activation is flat, unless it is that far from what it should be."""
_STEP = re.compile(r"/step-\d+")

Kind = Literal["dead", "saturated", "vanishing", "exploding", "stuck"]


@dataclass(frozen=True)
class LayerHealth:
    """One layer that learns, or a part of one. Sizes are root mean squares, so that layers of any width compare."""

    owner: str
    title: str
    gradient: float
    """Of ∂C/∂(a number that it learns)."""
    activation: float | None
    """Of what it hands on; ``None`` where no matrix says so."""


@dataclass(frozen=True)
class Finding:
    """Something that keeps a layer from learning."""

    kind: Kind
    owner: str
    what: str
    """In a few words: ``Dense 1: 3 of 8 neurons are dead``."""
    why: str
    """The numbers that show it, and the factor that caused it."""
    advice: str
    matrix: MatrixKey | None
    """Where it can be seen."""
    columns: tuple[int, ...] = ()
    """Which columns of that matrix have it."""


@dataclass(frozen=True)
class Health:
    """How one resting point is; ``seconds`` is what it took to find out."""

    iteration: int
    layers: tuple[LayerHealth, ...]
    norm: float
    """The length of all gradients taken together."""
    findings: tuple[Finding, ...]
    seconds: float


@dataclass(frozen=True)
class AskHealth(Question):
    """Asks how the network is; ``norms`` are the lengths of the gradient seen before, oldest first."""

    norms: tuple[float, ...] = ()

    def answer(self, moment: Moment) -> Health:
        begun = time.perf_counter()
        examination = _Examination(moment, self.norms)
        layers, findings = examination.layers(), examination.findings()
        return Health(
            moment.iteration, layers, examination.norm, findings, seconds=time.perf_counter() - begun
        )


class History:
    """What layers were like over a run, in bounded memory: when it is full, every other point goes."""

    def __init__(self, capacity: int = 240) -> None:
        self._capacity = capacity
        self.clear()

    def clear(self) -> None:
        """Forget everything."""
        self._every, self._seen = 1, 0
        self._iterations: list[int] = []
        self._norms: list[float] = []
        self._gradients: dict[str, list[float]] = {}
        self._activations: dict[str, list[float]] = {}

    @property
    def iterations(self) -> Sequence[int]:
        """Of which iterations something is known, oldest first."""
        return self._iterations

    @property
    def norms(self) -> tuple[float, ...]:
        """The latest lengths of the gradient, oldest first."""
        return tuple(self._norms[-_GROWING_POINTS:])

    def gradients(self, owner: str) -> Sequence[float]:
        """The gradient sizes of a layer, oldest first."""
        return self._gradients.get(owner, ())

    def activations(self, owner: str) -> Sequence[float]:
        """The activation sizes of a layer, oldest first; NaN where nothing says so."""
        return self._activations.get(owner, ())

    def add(self, health: Health) -> None:
        """Keep one more; what came after it in another life of the run is forgotten."""
        if list(self._gradients) != [each.owner for each in health.layers]:
            self.clear()
            self._gradients = {each.owner: [] for each in health.layers}
            self._activations = {each.owner: [] for each in health.layers}
        later = sum(iteration >= health.iteration for iteration in self._iterations)
        again = later > 0 and health.iteration in self._iterations
        for line in self._lines():
            del line[len(line) - later :]
        if not again:
            self._seen += 1
        if again or self._seen % self._every == 0 or not self._iterations:
            self._iterations.append(health.iteration)
            self._norms.append(health.norm)
            for each in health.layers:
                self._gradients[each.owner].append(each.gradient)
                self._activations[each.owner].append(math.nan if each.activation is None else each.activation)
        if len(self._iterations) > self._capacity:
            for line in self._lines():
                del line[1::2]
            self._every *= 2

    def _lines(self) -> list[list[Any]]:
        return [self._iterations, self._norms, *self._gradients.values(), *self._activations.values()]


@dataclass(frozen=True)
class _Activation:
    """An activation as it stands in a program, over all the steps of a sequence."""

    owner: str
    operation: ActivationOperation
    slopes: tuple[Slot, ...]
    sums: tuple[Slot, ...]
    slope_key: MatrixKey


@dataclass(frozen=True)
class _Plan:
    """Where in a program to look."""

    owners: dict[str, tuple[MatrixKey, ...]]
    """Each layer that learns, in order, with what it learns."""
    activations: tuple[_Activation, ...]


_plans: WeakKeyDictionary[Program, _Plan] = WeakKeyDictionary()


def _plan(moment: Moment) -> _Plan:
    program = moment.network.program
    if program not in _plans:
        owners: dict[str, list[MatrixKey]] = {}
        for parameter in moment.network.recording.parameters:
            owners.setdefault(parameter.key[0], []).append(parameter.key)
        _plans[program] = _Plan({owner: tuple(keys) for owner, keys in owners.items()}, _activations(program))
    return _plans[program]


def _activations(program: Program) -> tuple[_Activation, ...]:
    """All slopes that the way back takes; those of the steps of a sequence are one."""
    names = {(slot.offset, slot.shape): key for key, slot in program.matrices.items()}
    found: dict[tuple[str, str], list[tuple[MatrixKey, Slope, Slot, Slot]]] = {}
    for each in program.instructions:
        if isinstance(each.operation, Slope):
            key = names.get((each.output.offset, each.output.shape))
            if key is not None:
                owner = _STEP.sub("", key[0])
                found.setdefault((owner, key[1]), []).append(
                    (key, each.operation, each.output, each.inputs[0])
                )
    return tuple(
        _Activation(
            owner=owner,
            operation=uses[0][1].activation,
            slopes=tuple(use[2] for use in uses),
            sums=tuple(use[3] for use in uses),
            slope_key=min(uses, key=lambda use: use[0])[0],
        )
        for (owner, _), uses in found.items()
    )


class _Examination:
    """Looks at one moment."""

    def __init__(self, moment: Moment, norms: Sequence[float]) -> None:
        self.moment = moment
        self.network = moment.network
        self.plan = _plan(moment)
        self.norms = norms
        self._sizes: dict[MatrixKey, float | None] = {}
        block = self._view(self.network.layout.gradient_block)
        self.norm = math.sqrt(_sum_of_squares(block))
        self.titles = titles(moment.project.specification)
        self.gradients = {owner: self._gradient(keys) for owner, keys in self.plan.owners.items()}

    def layers(self) -> tuple[LayerHealth, ...]:
        """Every layer that learns, in order."""
        return tuple(
            LayerHealth(owner, self._title(owner), size, self._size((owner, "activated_output_matrix")))
            for owner, size in self.gradients.items()
        )

    def findings(self) -> tuple[Finding, ...]:
        """Everything that is wrong, the gravest first."""
        stuck = self.norm == 0 and self.network.loss != 0
        flat = [one for each in self.plan.activations if (one := self._flat(each)) is not None]
        whole = [self._stuck(flat)] if stuck else []
        whole += [self._exploding()] if self._explodes() else []
        return (*whole, *flat, *(self._vanishing() if self.norm else ()))

    # What is wrong

    def _flat(self, each: _Activation) -> Finding | None:
        steepest = np.max([np.abs(self._view(slot)).max(axis=0) for slot in each.slopes], axis=0)
        dead = each.operation.name == "relu"
        columns = np.flatnonzero(steepest == 0 if dead else steepest < FLAT)
        if not len(columns) or (self._is_right(each) and not dead):
            return None
        sums = np.stack([self._view(slot)[:, columns] for slot in each.sums])
        title, name = self._title(each.owner), each.operation.title
        counted = _counted(len(columns), len(steepest), "neuron", "dead" if dead else "saturated")
        which = f" ({_names(columns)})" if len(columns) < len(steepest) else ""
        rows = "every row and step" if len(each.slopes) > 1 else "every row"
        if dead:
            why = (
                f"{name} gives 0 for {rows} of the batch, because a is never above {sums.max():.3g}: "
                "the slope is 0, and no gradient reaches the weights"
            )
            advice = "Try leaky ReLU, a smaller learning rate, or start over with new weights."
        else:
            why = (
                f"|a| is at least {np.abs(sums).min():.3g} in {rows}, where {name} is flat: the slope is "
                f"{steepest[columns].max():.1g} at most, and hardly any gradient gets through"
            )
            advice = "Try scaled inputs, smaller start weights, or a smaller learning rate."
        key = (each.slope_key[0], "activated_output_matrix")
        seen = key if dead and key in self.network.program.matrices else each.slope_key
        return Finding(
            "dead" if dead else "saturated",
            each.owner,
            f"{title}: {counted}{which}",
            why,
            advice,
            seen,
            tuple(columns.tolist()),
        )

    def _is_right(self, each: _Activation) -> bool:
        """Whether these are the network's outputs and all of them are about what they should be."""
        program = self.network.program
        if program.targets is None or program.outputs != program.matrices.get(
            (each.owner, "activated_output_matrix")
        ):
            return False
        error = np.abs(self._view(program.outputs) - self._view(program.targets))
        return bool(error.max() < _WRONG)

    def _stuck(self, flat: Sequence[Finding]) -> Finding:
        why = f"the loss is {self.network.loss:.4g}, but no weight changes it: an update changes nothing"
        if flat:
            why += f"; the cause is below: {flat[0].what}"
        first = next(iter(self.plan.owners), "")
        return Finding(
            "stuck",
            first,
            "Every gradient is zero: training cannot move",
            why,
            "Start over with new weights, or choose another activation.",
            flat[0].matrix if flat else self._gradient_key(first),
            flat[0].columns if flat else (),
        )

    def _explodes(self) -> bool:
        return not self.norm <= EXPLODING or self._grows()

    def _grows(self) -> bool:
        """Whether the gradient has become longer at each look, and a hundred times as long over all of them."""
        norms = (*self.norms, self.norm)[-_GROWING_POINTS:]
        rises = all(before <= after for before, after in pairwise(norms))
        return len(norms) == _GROWING_POINTS and rises and norms[-1] > _GROWTH * norms[0] > 0

    def _exploding(self) -> Finding:
        owner = max(self.gradients, key=lambda each: self.gradients[each])
        if not self.norm <= EXPLODING:
            what = f"Gradients explode: together they are {self.norm:.3g} long"
        else:
            first = (*self.norms, self.norm)[-_GROWING_POINTS:][0]
            what = f"Gradients keep growing: from {first:.2g} to {self.norm:.2g}, and at every look"
        why = f"{self._title(owner)} has the largest, {self.gradients[owner]:.3g} per weight"
        if (factor := self._factor(grows=True)) is not None:
            why += f"; {factor}"
        largest = float(np.abs(self._view(self.network.program.inputs)).max())
        if largest > 10:
            why += f"; inputs reach {largest:.3g}"
        advice = "Try a smaller learning rate, a limit for the gradients (clipping)"
        advice += ", or scaled inputs." if largest > 10 else ", or smaller start weights."
        key = self._gradient_key(owner)
        return Finding("exploding", owner, what, why, advice, key, self._worst_column(key))

    def _vanishing(self) -> list[Finding]:
        """The layers whose gradient is next to nothing beside that of the last, in one sentence."""
        *others, last = self.gradients
        whole = self.gradients[last]
        shares = {owner: self.gradients[owner] / whole if whole else math.inf for owner in others}
        found = [owner for owner, share in shares.items() if 0 < share <= VANISHING]
        if not found:
            return []
        worst = min(found, key=lambda owner: shares[owner])
        words = _listed([self._title(owner) for owner in found])
        why = f"per weight, that of {self._title(worst)} is {shares[worst]:.1g} times that of {self._title(last)}"
        if (factor := self._factor(below=worst)) is not None:
            why += f"; {factor}"
        return [
            Finding(
                "vanishing",
                worst,
                f"{words}: the gradient vanishes",
                why,
                "Try ReLU or its kin in place of sigmoid and tanh, a residual block, layer norm, or fewer layers.",
                self._gradient_key(worst),
            )
        ]

    def _factor(self, *, below: str = "", grows: bool = False) -> str | None:
        """Which slope, or which product with weights, changes the gradient most on its way back, in words."""
        owners = [each for each in self.plan.owners if self._size((each, "dC_da_matrix")) is not None]
        if below in owners:
            owners = owners[owners.index(below) :]
        factors: list[tuple[float, str]] = []
        for place, owner in enumerate(owners):
            delta, arriving = (self._size((owner, name)) for name in ("dC_da_matrix", "dC_dy_matrix"))
            if arriving and delta is not None:
                factors.append((delta / arriving, f"the slope of {self._title(owner)}"))
            after = owners[place + 1] if place + 1 < len(owners) else None
            next_delta = self._size((after, "dC_da_matrix")) if after else None
            if arriving and next_delta:
                factors.append(
                    (arriving / next_delta, f"the product with the weights of {self._title(after or '')}")
                )
        if not factors:
            return None
        factor, whose = max(factors) if grows else min(factors)
        if (factor <= 1) if grows else (factor >= 1):
            return None
        return f"what {'enlarges' if grows else 'shrinks'} it most is {whose}, by a factor of {factor:.2g}"

    # Numbers

    def _view(self, slot: Slot) -> Array:
        return slot.view(self.network.arena)

    def _gradient(self, keys: Sequence[MatrixKey]) -> float:
        views = [self._view(self.network.layout.gradients[key]) for key in keys]
        return math.sqrt(sum(map(_sum_of_squares, views)) / sum(view.size for view in views))

    def _size(self, key: MatrixKey) -> float | None:
        if key not in self._sizes:
            slot = self.network.program.matrices.get(key)
            self._sizes[key] = (
                None if slot is None else math.sqrt(_sum_of_squares(self._view(slot)) / slot.size)
            )
        return self._sizes[key]

    def _gradient_key(self, owner: str) -> MatrixKey | None:
        keys = (
            (owner, "dC_dw_matrix"),
            *((owner, name) for name in self._names(owner) if name.startswith("dC_d")),
        )
        return next((key for key in keys if key in self.network.program.matrices), None)

    def _names(self, owner: str) -> list[str]:
        return [name for each, name in self.network.program.matrices if each == owner]

    def _worst_column(self, key: MatrixKey | None) -> tuple[int, ...]:
        if key is None:
            return ()
        return (int(np.abs(self.network.matrix(key)).max(axis=0).argmax()),)

    def _title(self, owner: str) -> str:
        return titled(self.titles, owner)


def _sum_of_squares(matrix: Array) -> float:
    """In float64 where float32 would overflow; the order of the cells plays no part."""
    flat = matrix.ravel(order="K")
    with np.errstate(over="ignore"):
        total = float(np.dot(flat, flat))
    return total if math.isfinite(total) else float(np.square(flat, dtype=np.float64).sum())


def _counted(count: int, whole: int, noun: str, state: str) -> str:
    if count == whole:
        return f"the only {noun} is {state}" if whole == 1 else f"all {whole:,} {noun}s are {state}"
    return f"{count:,} of {whole:,} {noun}s {'is' if count == 1 else 'are'} {state}"


def _names(columns: NDArray[np.intp]) -> str:
    return _listed([f"n{column}" for column in columns])


def _listed(names: Sequence[str]) -> str:
    more = len(names) - _MOST_NAMED
    return ", ".join(names[:_MOST_NAMED]) + (f" and {more:,} more" if more > 0 else "")
