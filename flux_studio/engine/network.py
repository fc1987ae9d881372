"""A network that runs: layers and a loss, recorded, laid out over an arena and executed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from flux_studio.engine.batches import Batches, Rows
from flux_studio.engine.executors import Executor, ExecutorName, Feed, ReferenceExecutor, load, loss_place
from flux_studio.engine.layers import Layer, everything_learned
from flux_studio.engine.losses import Loss
from flux_studio.engine.operations import shape_text
from flux_studio.engine.operations.base import Array
from flux_studio.engine.operations.updates import RATES
from flux_studio.engine.program import EVALUATION, FORWARD_ONLY, Program, lay_out
from flux_studio.engine.recording import NETWORK, PHASES, Phase, Recording
from flux_studio.engine.slots import MatrixKey
from flux_studio.engine.updating import UpdateRule, Updating
from flux_studio.errors import ProgramError, ShapeError

MAXIMUM_ARENA_BYTES = 8 * 2**30
EVALUATION_ROWS = 1024
"""How many training rows are evaluated at once, where they are trained on in mini-batches."""


class Network:
    """Layers with a loss, ready to train on fixed rows.

    ``inputs`` (N×I) and ``targets`` (N×O) are the training rows; ``validation`` may hold further rows that are
    only evaluated. ``layers`` pairs each layer with its identity. All matrices are views into one arena.
    """

    def __init__(
        self,
        layers: Sequence[tuple[str, Layer]],
        loss: Loss,
        inputs: Array,
        targets: Array,
        *,
        validation: tuple[Array, Array] | None = None,
        dtype: Any = np.float32,
        executor: ExecutorName = "compiled",
        rule: UpdateRule | None = None,
        batch: int | None = None,
        seed: int = 0,
    ) -> None:
        if len(inputs) == 0:
            raise ShapeError("a network needs at least one row to train on")
        if len(inputs) != len(targets):
            raise ShapeError(
                f"inputs {shape_text(inputs.shape)} and targets {shape_text(targets.shape)} must have the same rows"
            )
        self.layers = tuple(layers)
        self.dtype = np.dtype(dtype)
        self.executor_name: ExecutorName = executor
        self.recording = record(self.layers, loss, inputs.shape[1], targets.shape[1])
        loss.check_targets(targets)
        if validation is not None:
            loss.check_targets(validation[1])
        self.rule = rule or UpdateRule()
        self.batches = None if batch is None or batch >= len(inputs) else Batches(len(inputs), batch, seed)
        plan = _plan(len(inputs), self.batches, 0 if validation is None else len(validation[0]))
        self.layout = lay_out(self.recording, plan.values(), self.rule)
        if self.layout.size * self.dtype.itemsize > MAXIMUM_ARENA_BYTES:
            needed = self.layout.size * self.dtype.itemsize / 2**30
            raise ProgramError(
                f"this network needs {needed:.1f} GB for its matrices, more than the "
                f"{MAXIMUM_ARENA_BYTES // 2**30} GB allowed: use fewer units or fewer rows"
            )
        self.arena: Array = np.zeros(self.layout.size, self.dtype)
        programs = dict(zip(plan, self.layout.programs, strict=True))
        self.program = self._batch_program = programs["training"]
        """The program whose matrices are of the present resting point."""
        self.validation = programs.get("validation")
        self._remainder = programs.get("remainder")
        self._evaluations = [programs[name] for name in ("evaluation", "last evaluation") if name in programs]
        self.executor = make_executor(executor, self.arena)
        self.layout.prepare(self.arena)
        if self.batches is None:
            self.fill(self.program, inputs, targets)
        else:
            self._inputs, self._targets = (_rows(values, self.dtype) for values in (inputs, targets))
        if self.validation is not None and validation is not None:
            self.fill(self.validation, *validation)
        self._learning_rate = self.rule.learning_rate
        for parameter in self.recording.parameters:
            self.parameter(parameter.key)[...] = parameter.tensor.data

    @property
    def learning_rate(self) -> float:
        """η as it was given, before any schedule."""
        return self._learning_rate

    @learning_rate.setter
    def learning_rate(self, value: float) -> None:
        # Kept as it was given: the arena's copy may be rounded to float32.
        self._learning_rate = value
        with np.errstate(over="ignore"):  # infinite is what it is then, and training says where that leads
            self.arena[self._updating.base_rate.offset] = value

    @property
    def effective_learning_rate(self) -> float:
        """η of the last update, as the schedule has made it."""
        if not self.rule.is_scheduled:
            return self._learning_rate
        return float(self.arena[self._updating.learning_rate.offset])

    @property
    def _updating(self) -> Updating:
        if self.layout.updating is None:
            raise ProgramError("this network does not learn, so it has no learning rate")
        return self.layout.updating

    @property
    def parameter_count(self) -> int:
        """How many numbers the network learns."""
        return self.layout.parameter_block.size

    @property
    def loss(self) -> float:
        """The training loss that the arena holds."""
        return float(self.arena[loss_place(self.program)])

    @property
    def gradient_norm(self) -> float:
        """‖g‖ over the gradients of all parameters at once, before any penalty or clipping."""
        measuring = self.layout.measuring
        if measuring is None:
            raise ProgramError("this network does not learn, so it has no gradients")
        self.executor.run(measuring, 0, len(measuring.instructions))
        return float(measuring.outputs.view(self.arena)[0, 0])

    @property
    def outputs(self) -> Array:
        """The network's outputs for the training rows, N×O: a view."""
        return self.program.outputs.view(self.arena)

    def matrix(self, key: MatrixKey) -> Array:
        """A training matrix by layer identity and name: a view, rows×columns as people see it."""
        if key not in self.program.matrices:
            raise ProgramError(f"there is no matrix {key[1]!r} in layer {key[0]!r}")
        return self.program.matrices[key].view(self.arena)

    def shapes(self) -> dict[MatrixKey, tuple[int, int]]:
        """Rows and columns of every training matrix, where it holds a whole batch."""
        return {key: slot.shape for key, slot in self._batch_program.matrices.items()}

    def batch_rows(self, iteration: int) -> Rows:
        """Which training rows the matrices of an iteration are of, in their order."""
        return np.arange(self.program.rows) if self.batches is None else self.batches.indices(iteration)

    def parameter(self, key: MatrixKey) -> Array:
        """A parameter by layer identity and name: a view that can be written to."""
        return self.layout.parameters[key].view(self.arena)

    def parameters(self) -> dict[MatrixKey, Array]:
        """Copies of all parameters."""
        return {key: slot.view(self.arena).copy() for key, slot in self.layout.parameters.items()}

    def set_parameters(self, values: Mapping[MatrixKey, Array]) -> None:
        """Put parameters in place; each must be known and of the right shape."""
        for key, value in values.items():
            if key not in self.layout.parameters:
                raise ShapeError(f"the network has no parameter {key[1]!r} in layer {key[0]!r}")
            slot = self.layout.parameters[key]
            if np.shape(value) != slot.shape:
                raise ShapeError(
                    f"{key[1]} of {key[0]} is {shape_text(slot.shape)}, not {shape_text(np.shape(value))}"
                )
            _put(slot.view(self.arena), np.asarray(value), f"{key[1]} of {key[0]}")

    def optimizer_state(self) -> dict[str, Array]:
        """Copies of what the optimizer keeps from one update to the next, by name; empty where it keeps nothing."""
        updating = self._updating
        blocks = {name: slot.view(self.arena).copy() for name, slot in updating.state.items()}
        return {**blocks, "rates": updating.rates.view(self.arena).copy()} if blocks else {}

    def set_optimizer_state(self, state: Mapping[str, Array]) -> None:
        """Put an optimizer's state back; of its rates only the running powers, for the others may have changed."""
        if not state:
            return
        updating = self._updating
        blocks = {**updating.state, "rates": updating.rates}
        if {name: block.shape for name, block in blocks.items()} != {
            n: np.shape(v) for n, v in state.items()
        }:
            raise ShapeError(f"this is not the state of the optimizer {self.rule.kind.title} on this network")
        for name, slot in updating.state.items():
            slot.view(self.arena)[...] = state[name]
        powers = [RATES.index(name) for name in ("beta_1_power", "beta_2_power")]
        updating.rates.view(self.arena)[0, powers] = state["rates"][0, powers]

    def forget_updates(self) -> None:
        """Let the optimizer begin anew, as if no update had been made."""
        for slot in self._updating.state.values():
            slot.view(self.arena)[...] = 0
        powers = [RATES.index(name) for name in ("beta_1_power", "beta_2_power")]
        self._updating.rates.view(self.arena)[0, powers] = 1
        self.arena[self._updating.learning_rate.offset] = self._learning_rate
        self.clear_update_matrices()

    def clear_update_matrices(self) -> None:
        """Blank what updates leave behind beside a snapshot's contents, such as clipped gradients."""
        for slot in self._updating.matrices.values():
            if slot.offset >= self.layout.state.stop:
                slot.view(self.arena)[...] = 0

    def fill(self, program: Program, inputs: Array, targets: Array | None = None) -> None:
        """Copy rows into a program's input and target matrices."""
        self.fill_arena(self.arena, program, inputs, targets)

    @staticmethod
    def fill_arena(arena: Array, program: Program, inputs: Array, targets: Array | None) -> None:
        """Copy rows into the input and target matrices of a program in another arena."""
        _put(program.inputs.view(arena), inputs, "inputs")
        if targets is not None and program.targets is not None:
            _put(program.targets.view(arena), targets, "targets")

    def forward(self) -> None:
        """Run the forward phase on the training rows."""
        self.executor.run(self.program, *self.program.span("forward"))

    def rest(self, iteration: int = 0) -> float:
        """Forward, loss and backward without an update: all matrices belong to the present weights.

        With mini-batches these are of the batch that ``iteration`` looks at.
        """
        program = self.load(iteration)
        self.executor.run(program, *program.span("forward", "backward"), iteration)
        return self.loss

    def load(self, iteration: int) -> Program:
        """Put the batch of an iteration in place and return the program that works on it."""
        if self.batches is not None:
            feed = self._feed(self.batches, iteration, 1)
            self.program = feed.program(self._batch_program, 0)
            load(self.program, self.arena, feed, 0)
        return self.program

    def blank(self) -> None:
        """Set what the present program works out to zero, until it is worked out anew."""
        fixed = {slot.offset for slot, _ in self.program.constants}
        fixed |= {slot.offset for slot in self._updating.matrices.values()}
        for slot in self.program.matrices.values():
            if slot.offset >= self.layout.state.stop and slot.offset not in fixed:
                slot.view(self.arena)[...] = 0

    def evaluate(self) -> tuple[float, Array]:
        """The loss over all training rows with the present weights, and their outputs N×O."""
        if self.batches is None:
            return self.loss, self.outputs
        total, outputs, start = 0.0, [], 0
        chunk, last = self._evaluations[0], self._evaluations[-1]
        while start < len(self._inputs):
            program = chunk if start + chunk.rows <= len(self._inputs) else last
            part = slice(start, start + program.rows)
            program.inputs.view(self.arena)[...] = self._inputs[part]
            self._target_matrix(program)[...] = self._targets[part]
            self.executor.run(program, 0, len(program.instructions))
            total += float(self.arena[loss_place(program)]) * program.rows
            outputs.append(program.outputs.view(self.arena).copy())
            start += program.rows
        return total / start, np.concatenate(outputs)

    def validate(self) -> float | None:
        """The loss over the validation rows, or ``None`` where there are none."""
        if self.validation is None:
            return None
        self.executor.run(self.validation, 0, len(self.validation.instructions))
        return float(self.arena[loss_place(self.validation)])

    def iterate(
        self,
        losses: Array,
        iteration: int = 0,
        every: int = 0,
        validation_losses: Array | None = None,
        norms: Array | None = None,
    ) -> tuple[int, int]:
        """Whole iterations from a resting point, one for each place of ``losses``; see :meth:`Executor.iterate`.

        ``norms`` has as many places and takes :attr:`gradient_norm` of each.
        """
        if norms is None:
            return self._burst(losses, iteration, self.validation, every, validation_losses)
        # Executors run one program beside training. Here that is the one that measures; validations come between.
        done = validated = 0
        every = 0 if self.validation is None or validation_losses is None else every
        while done < len(losses) and (not done or np.isfinite(losses[done - 1])):
            stop = min(len(losses), done + every - (iteration + done) % every) if every else len(losses)
            part = slice(done, stop)
            done += self._burst(losses[part], iteration + done, self.layout.measuring, 1, norms[part])[0]
            due = every and (iteration + done) % every == 0 and np.isfinite(losses[done - 1])
            if due and validation_losses is not None and (loss := self.validate()) is not None:
                validation_losses[validated] = loss
                validated += 1
        return done, validated

    def _burst(
        self, losses: Array, iteration: int, beside: Program | None, every: int, found: Array | None
    ) -> tuple[int, int]:
        feed = None if self.batches is None else self._feed(self.batches, iteration + 1, len(losses))
        done = self.executor.iterate(self._batch_program, losses, iteration, beside, every, found, feed)
        if feed is not None and done[0]:
            self.program = feed.program(self._batch_program, done[0] - 1)
        return done

    def _feed(self, batches: Batches, iteration: int, count: int) -> Feed:
        order, bounds = batches.window(iteration, count)
        return Feed(self._inputs, self._targets, order, bounds, self._remainder)

    def _target_matrix(self, program: Program) -> Array:
        if program.targets is None:
            raise ProgramError("a program without targets cannot be evaluated")
        return program.targets.view(self.arena)

    def snapshot(self) -> Array:
        """A copy of parameters and gradients: what :meth:`restore` needs."""
        return self.arena[self.layout.state].copy()

    def restore(self, snapshot: Array) -> None:
        """Put parameters and gradients back."""
        self.arena[self.layout.state] = snapshot

    def state_is_finite(self) -> bool:
        """Whether every parameter and gradient is a number."""
        return bool(np.isfinite(self.arena[self.layout.state]).all())

    def predict(self, inputs: Array, chunk: int = 4096) -> Array:
        """Outputs for other rows, with the present weights; never touches the training matrices."""
        results = [self.trial(part).outputs.copy() for part in _chunks(np.atleast_2d(inputs), chunk)]
        return np.concatenate(results) if results else np.empty((0, self.program.outputs.columns), self.dtype)

    def trial(self, inputs: Array, targets: Array | None = None) -> Trial:
        """All matrices of a forward pass of other rows N×I, with the present weights; with targets, the loss's too.

        The arena that they lie in is the trial's own. As always without a backward phase, dropout leaves nothing out.
        """
        inputs, expected = np.atleast_2d(inputs), self.program.inputs.columns
        if inputs.shape[1] != expected:
            raise ShapeError(f"predict: the network takes {expected} inputs a row, not {inputs.shape[1]}")
        phases = FORWARD_ONLY if targets is None else EVALUATION
        layout = lay_out(self.recording, [(len(inputs), phases)])
        program = layout.programs[0]
        arena: Array = np.zeros(layout.size, self.dtype)
        layout.prepare(arena)
        source, place = self.layout.parameter_block, layout.parameter_block
        arena[place.offset : place.offset + place.size] = source.view(self.arena)[0]
        self.fill_arena(arena, program, inputs, targets)
        make_executor(self.executor_name, arena).run(program, 0, len(program.instructions))
        return Trial(program, arena)


@dataclass(frozen=True, eq=False)
class Trial:
    """What a network makes of rows that it is not trained on."""

    program: Program
    arena: Array

    @property
    def outputs(self) -> Array:
        """N×O: a view."""
        return self.program.outputs.view(self.arena)

    def matrix(self, key: MatrixKey) -> Array | None:
        """A matrix of the pass, by layer identity and name: a view; ``None`` where the pass makes no such matrix."""
        slot = self.program.matrices.get(key)
        return None if slot is None else slot.view(self.arena)


def record(layers: Iterable[tuple[str, Layer]], loss: Loss, n_inputs: int, n_targets: int) -> Recording:
    """Write down what layers and loss do, forward and backward."""
    recording = Recording()
    recording.inputs = x = recording.batch(n_inputs)
    for identity, layer in layers:
        for (owner, name), each in everything_learned(identity, layer):
            with recording.scope(owner, "forward"):
                recording.parameter(each.tensor, name, each.gradient, is_bias=each.is_bias)
        with recording.scope(identity, "forward"):
            x = layer.forward(x)
    recording.outputs = x
    if x.shape[1] != n_targets:
        raise ShapeError(
            f"the last layer has {x.shape[1]} outputs and the data {n_targets} target columns: make them the same"
        )
    with recording.scope(NETWORK, "loss"):
        recording.targets = recording.batch(n_targets)
        recording.targets.named("target_matrix")
        recording.loss = loss.forward(x, recording.targets).named("loss_matrix")
    recording.differentiate()
    return recording


def _plan(rows: int, batches: Batches | None, validation: int) -> dict[str, tuple[int, tuple[Phase, ...]]]:
    """Which programs a network needs: how many rows each works on, and its phases."""
    plan = {"training": (rows if batches is None else batches.size, PHASES)}
    if batches is not None:
        if batches.rest:
            plan["remainder"] = (batches.rest, PHASES)
        chunk = min(rows, EVALUATION_ROWS)
        plan["evaluation"] = (chunk, EVALUATION)
        if rows % chunk:
            plan["last evaluation"] = (rows % chunk, EVALUATION)
    if validation:
        plan["validation"] = (validation, EVALUATION)
    return plan


def _rows(values: Array, dtype: Any) -> Array:
    """All rows in the network's type, stored row by row: a batch is gathered from them."""
    kept = np.empty(values.shape, dtype)
    _put(kept, values, "the data")
    return kept


def _put(place: Array, values: Array, what: str) -> None:
    """Copy numbers into the arena, and refuse those that its type cannot hold."""
    with np.errstate(over="ignore"):
        place[...] = values
    if (lost := np.argwhere(np.isinf(place) & np.isfinite(values))).size:
        row, column = (int(index) for index in lost[0])
        raise ProgramError(
            f"{what}: {values[row, column]:g} in row {row + 1}, column {column + 1} is too large for {place.dtype}: "
            "scale the numbers, or use float64"
        )


def _chunks(inputs: Array, size: int) -> list[Array]:
    return [inputs[start : start + size] for start in range(0, len(inputs), size)]


def make_executor(name: ExecutorName, arena: Array) -> Executor:
    """An executor by name; ``compiled`` imports Numba, which takes a moment."""
    if name == "reference":
        return ReferenceExecutor(arena)
    if name == "compiled":
        try:
            from flux_studio.engine.compiled import CompiledExecutor
        except ModuleNotFoundError as error:
            raise ProgramError(
                f"the compiled executor needs {error.name}: install it, or use the reference executor"
            ) from error
        return CompiledExecutor(arena)
    raise ProgramError(f"executor {name!r} is not known; choose compiled or reference")
