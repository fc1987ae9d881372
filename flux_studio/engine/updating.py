"""How weights change: the optimizers, and the rule from which a program's update phase is laid out.

The update phase runs: schedule, penalty, clipping, weight decay, optimizer. Whatever a rule does not ask for has no
instruction and no memory. Every number it works with is a slot of the arena.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from flux_studio.engine.operations import COPY, SCALE, Operation, limits, schedules, updates
from flux_studio.engine.recording import NETWORK, Phase
from flux_studio.engine.slots import Instruction, MatrixKey, Memory, Slot
from flux_studio.errors import SpecificationError


@dataclass(frozen=True)
class Optimizer:
    """A named way to change the weights: its operation, its usual learning rate and its other settings."""

    name: str
    title: str
    update: updates.Update
    learning_rate: float
    decay: float = 0.0
    """λ of weight decay that is kept apart from the gradient."""

    @property
    def settings(self) -> dict[str, float]:
        """The settings beyond the learning rate, with their usual values."""
        return {**dict(self.update.defaults), **({"weight_decay": self.decay} if self.decay else {})}


OPTIMIZERS: dict[str, Optimizer] = {
    optimizer.name: optimizer
    for optimizer in (
        Optimizer("sgd", "SGD", updates.GRADIENT_DESCENT, 0.1),
        Optimizer("momentum", "momentum", updates.MOMENTUM, 0.05),
        Optimizer("nesterov", "Nesterov", updates.NESTEROV, 0.05),
        Optimizer("rmsprop", "RMSProp", updates.RMSPROP, 0.01),
        Optimizer("adam", "Adam", updates.ADAM, 0.01),
        Optimizer("adamw", "AdamW", updates.ADAM, 0.01, decay=0.01),
    )
}

SCHEDULES: dict[str, schedules.Schedule] = {
    "constant": schedules.CONSTANT_RATE,
    "step": schedules.STEP_RATE,
    "exponential": schedules.EXPONENTIAL_RATE,
    "cosine": schedules.COSINE_RATE,
}


@dataclass(frozen=True)
class UpdateRule:
    """What happens between a backward phase and the next forward phase."""

    optimizer: str = "sgd"
    learning_rate: float = 0.1
    settings: Mapping[str, float] = field(default_factory=dict)
    """The optimizer's other settings; what is left out has its usual value."""
    schedule: str = "constant"
    factor: float = 0.5
    """γ of the step and the exponential schedule."""
    period: float = 1_000.0
    """Updates between two steps, or until the cosine has reached its floor."""
    floor: float = 0.0
    """The share of the learning rate at which the cosine ends."""
    warm_up: int = 0
    """Updates during which the rate rises in a straight line, before the schedule begins."""
    l1: float = 0.0
    l2: float = 0.0
    clip_value: float | None = None
    clip_norm: float | None = None

    @property
    def kind(self) -> Optimizer:
        """The optimizer by its name."""
        if self.optimizer not in OPTIMIZERS:
            known = ", ".join(OPTIMIZERS)
            raise SpecificationError(f"optimizer {self.optimizer!r} is not known; choose one of {known}")
        return OPTIMIZERS[self.optimizer]

    def check(self) -> None:
        """Raise :class:`SpecificationError` for a name that is not known."""
        self.rates()
        if self.schedule not in SCHEDULES:
            known = ", ".join(SCHEDULES)
            raise SpecificationError(f"schedule {self.schedule!r} is not known; choose one of {known}")

    @property
    def is_scheduled(self) -> bool:
        """Whether the learning rate depends on the iteration."""
        return self.schedule != "constant" or self.warm_up > 0

    def rates(self) -> list[float]:
        """The row of rates as an update finds it before iteration 1; see :data:`updates.RATES`."""
        values = {**self.kind.settings, **self.settings}
        for name in self.settings:
            if name not in self.kind.settings:
                raise SpecificationError(f"the optimizer {self.kind.title} has no setting {name!r}")
        places = {"learning_rate": self.learning_rate, "beta_1_power": 1.0, "beta_2_power": 1.0, **values}
        return [places.get(name, 0.0) for name in updates.RATES]

    def schedule_row(self) -> list[float]:
        """The row of schedule settings; see :data:`schedules.SETTINGS`."""
        return [self.learning_rate, self.factor, self.period, self.floor, float(self.warm_up)]


@dataclass(frozen=True, eq=False)
class Updating:
    """A rule laid out: its places, the numbers to put there at the start, and its instructions."""

    rates: Slot
    learning_rate: Slot
    """η as the next update uses it."""
    base_rate: Slot
    """η as it was given; with a schedule, a place of its own."""
    state: Mapping[str, Slot]
    numbers: tuple[tuple[Slot, tuple[float, ...]], ...]
    matrices: Mapping[MatrixKey, Slot]
    instructions: Mapping[Phase, tuple[Instruction, ...]]


@dataclass
class UpdateBuilder:
    """Lays a rule out over blocks of parameters and gradients that are there already."""

    rule: UpdateRule
    memory: Memory
    rates: Slot
    parameters: Slot
    gradients: Slot
    weights: int
    """How many of the parameters, from the first, are weights."""
    numbers: list[tuple[Slot, tuple[float, ...]]] = field(default_factory=list)
    matrices: dict[MatrixKey, Slot] = field(default_factory=dict)
    update: list[Instruction] = field(default_factory=list)
    loss: list[Instruction] = field(default_factory=list)

    def build(self, state: Mapping[str, Slot]) -> Updating:
        """All of it; ``state`` are the optimizer's blocks."""
        rule = self.rule
        learning_rate = Slot(self.rates.offset, 1, 1)
        self.numbers.append((self.rates, tuple(rule.rates())))
        base_rate = self._schedule(learning_rate)
        gradients = self._clip(self._penalize(self.gradients))
        if rule.rates()[updates.RATES.index("weight_decay")]:
            decayed = self._weights_of(self.parameters)
            self._add(updates.DECAY_WEIGHTS, decayed, decayed, decayed, self.rates)
        blocks = [state[name] for name in rule.kind.update.state]
        self._add(rule.kind.update, self.parameters, self.parameters, gradients, self.rates, *blocks)
        self.matrices[NETWORK, "learning_rate"] = learning_rate
        phases: dict[Phase, tuple[Instruction, ...]] = {
            "update": tuple(self.update),
            "loss": tuple(self.loss),
        }
        return Updating(
            self.rates, learning_rate, base_rate, state, tuple(self.numbers), self.matrices, phases
        )

    def _schedule(self, learning_rate: Slot) -> Slot:
        self.rule.check()
        if not self.rule.is_scheduled:
            return learning_rate
        row = self._row(*self.rule.schedule_row())
        self._add(SCHEDULES[self.rule.schedule], learning_rate, row)
        return Slot(row.offset, 1, 1)

    def _penalize(self, gradients: Slot) -> Slot:
        if not (self.rule.l1 or self.rule.l2):
            return gradients
        l1, l2 = self._row(self.rule.l1), self._row(self.rule.l2)
        weights, total = self._weights_of(self.parameters), self._block("penalized_gradients")
        penalty = self.memory.take((1, 1))
        self.matrices[NETWORK, "penalty"] = penalty
        self.loss.append(Instruction(limits.PENALTY, penalty, (weights, l1, l2), "loss", NETWORK))
        self._add(COPY, total, gradients)
        part = self._weights_of(total)
        self._add(limits.PENALTY_GRADIENT, part, part, weights, l1, l2)
        return total

    def _clip(self, gradients: Slot) -> Slot:
        rule = self.rule
        if rule.clip_value is not None:
            clipped = self._block("clipped_gradients")
            self._add(limits.CLIP_VALUE, clipped, gradients, self._row(rule.clip_value))
            gradients = clipped
        if rule.clip_norm is not None:
            norm, factor = self.memory.take((1, 1)), self.memory.take((1, 1))
            self.matrices[NETWORK, "gradient_norm"], self.matrices[NETWORK, "clip_factor"] = norm, factor
            scaled = self._block("scaled_gradients")
            self._add(limits.NORM, norm, gradients)
            self._add(limits.CLIP_FACTOR, factor, norm, self._row(rule.clip_norm), self._row(1e-6))
            self._add(SCALE, scaled, gradients, factor)
            gradients = scaled
        return gradients

    def _block(self, name: str) -> Slot:
        block = self.memory.take(self.parameters.shape)
        self.matrices[NETWORK, name] = block
        return block

    def _weights_of(self, block: Slot) -> Slot:
        return Slot(block.offset, 1, self.weights)

    def _row(self, *values: float) -> Slot:
        slot = self.memory.take((1, len(values)))
        self.numbers.append((slot, values))
        return slot

    def _add(self, operation: Operation, output: Slot, *inputs: Slot) -> None:
        self.update.append(Instruction(operation, output, inputs, "update", NETWORK))
