"""A project: its specification, its table and what training left behind, and the network they make."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import msgspec
import numpy as np

from flux_studio.data.dataset import Dataset, prepare
from flux_studio.data.table import Table
from flux_studio.engine.executors import ExecutorName
from flux_studio.engine.layers import Layer, everything_learned
from flux_studio.engine.losses import make_loss
from flux_studio.engine.network import Network
from flux_studio.engine.operations.base import Array
from flux_studio.engine.slots import MatrixKey
from flux_studio.engine.updating import UpdateRule
from flux_studio.errors import DataError, FluxError, ShapeError, SpecificationError
from flux_studio.project.catalogue import Passing, arriving, build, layer_kind, outputs, titles, widths
from flux_studio.project.curve import Curve, CurvePoints
from flux_studio.project.specification import DataSpecification, OptimizerSpecification, Specification
from flux_studio.project.stack import (
    check_arriving,
    check_ending,
    check_filled,
    check_identities,
    check_layers,
    check_targets,
)

_SPLIT, _WEIGHTS = 0, 1
_MOST_PREPARED = 3

_Prepared = tuple[tuple[DataSpecification, int], Dataset | DataError]


@dataclass(frozen=True)
class LearningRateChange:
    """From this iteration on, updates used this rate."""

    iteration: int
    learning_rate: float


@dataclass(frozen=True)
class WeightSet:
    """At rest in this iteration, somebody set a number that the network learns."""

    iteration: int
    layer: str
    """The owner of the matrix, as in its key."""
    matrix: str
    row: int
    column: int
    value: float


@dataclass(frozen=True, eq=False)
class Run:
    """What training leaves behind: enough to go on exactly where it stopped."""

    iteration: int
    parameters: Mapping[MatrixKey, Array]
    start: Mapping[MatrixKey, Array]
    """The parameters of iteration 0."""
    curve: Curve
    validation_curve: Curve | None
    first_loss: float | None
    """The loss of iteration 0; ``None`` until it has been computed."""
    changes: tuple[LearningRateChange, ...] = ()
    optimizer: Mapping[str, Array] = field(default_factory=dict)
    """What the optimizer keeps from one update to the next, by name."""
    first_rate: float | None = None
    """The learning rate of iteration 0; ``None`` where that is not known."""
    edits: tuple[WeightSet, ...] = ()
    since: int = 0
    """The iteration since which it has been trained in the same way, but for the learning rate."""
    branches: tuple[CurvePoints, ...] = ()
    """Where training went before it was continued from an earlier moment; this is in no file."""

    @classmethod
    def at_start(cls, weights: Mapping[MatrixKey, Array]) -> Run:
        """A run of no iteration yet, with weights of its own."""
        return cls(0, weights, weights, Curve(), None, None)

    @property
    def begun(self) -> bool:
        """Whether its losses have been recorded from iteration 0 on."""
        return self.curve.count > 0

    def with_number(self, key: MatrixKey, cell: tuple[int, int], value: float) -> Run:
        """The run with another number in its weights; before the first iteration, one of its first weights."""
        values = {each: array.copy() for each, array in self.parameters.items()}
        values[key][cell] = value
        if self.iteration == 0:
            return replace(Run.at_start(values), branches=self.branches)
        edit = WeightSet(self.iteration, *key, *cell, float(values[key][cell]))
        return replace(self, parameters=values, edits=(*self.edits, edit))


@dataclass(frozen=True, eq=False)
class Project:
    """An immutable project; an edit makes another."""

    specification: Specification
    table: Table
    run: Run | None = None
    _prepared: list[_Prepared] = field(default_factory=list, repr=False)
    """What was made of this table, for each way to make it, the newest last; shared by all projects of the table."""

    def dataset(self) -> Dataset:
        """The table as numbers; made once. :class:`DataError` when table and columns do not fit."""
        data, seed = key = (self.specification.data, self.specification.seed)
        for known, found in list(self._prepared):
            if known == key:
                if isinstance(found, DataError):
                    raise found.with_traceback(None)
                return found
        found = self._prepare(data, seed)
        self._prepared[:] = [*self._prepared[1 - _MOST_PREPARED :], (key, found)]
        return self.dataset()

    def _prepare(self, data: DataSpecification, seed: int) -> Dataset | DataError:
        try:
            return prepare(
                self.table,
                data.columns,
                data.validation_fraction,
                _generator(self.specification, _SPLIT),
                test_fraction=data.test_fraction,
                windowing=data.windowing,
                derived=data.derived,
            )
        except DataError as error:
            return error

    def with_specification(self, specification: Specification) -> Project:
        """The project with another specification; data sets that were made of the table are not made again."""
        return replace(self, specification=specification)

    def with_run(self, run: Run | None) -> Project:
        """The project with another record of training."""
        return replace(self, run=run)

    def check(self) -> None:
        """Raise the first reason why this project cannot be trained, if there is one."""
        check(self.specification, self.dataset())

    def network(
        self,
        executor: ExecutorName = "compiled",
        dtype: str | None = None,
        *,
        batched: bool = True,
        rows: int | None = None,
    ) -> Network:
        """A network ready to train, with the run's weights or else the start weights; not yet at rest.

        Without ``batched`` it looks at all training rows at once, whatever the specification says. With ``rows`` it
        holds no more than the first so many of them, which is enough to predict with and saves memory.
        """
        dataset = self.dataset()
        specification = self.specification
        check(specification, dataset)
        network = Network(
            make_layers(specification, dataset.inputs.shape[1]),
            make_loss(specification.loss),
            dataset.training_inputs[:rows],
            dataset.training_targets[:rows],
            validation=(dataset.validation_inputs[:rows], dataset.validation_targets[:rows]),
            dtype=np.dtype(dtype or specification.dtype),
            executor=executor,
            rule=update_rule(specification.optimizer),
            batch=specification.batch if batched else None,
            seed=specification.seed,
        )
        if self.run is not None:
            network.set_parameters(self.run.parameters)
            network.set_optimizer_state(self.run.optimizer)
        return network

    def with_table(self, table: Table) -> Project:
        """The project with another table under the same specification; its run is as it was."""
        return replace(self, table=table, _prepared=[])

    def edited(
        self,
        specification: Specification,
        moved: tuple[str, str] | None = None,
        table_of: Project | None = None,
    ) -> Project:
        """The project with another specification, perhaps another one's table, and what that leaves of its run.

        Where only the way to train changes, the run goes on; another optimizer begins without a state. Another
        stack or other data begin a run at iteration 0: the weights of every layer whose identity and shapes are
        the same go on from where they were, all others begin as their initializer says. ``moved`` are the identity
        that a layer had and the one that it has now: it is the same for all that.
        """
        if self.run is not None and table_of is None and _same_network(self.specification, specification):
            run = self.run
            if self.specification.optimizer.kind != specification.optimizer.kind:
                run = replace(run, optimizer={})
            if _way_to_train(self.specification) != _way_to_train(specification):
                run = replace(run, since=run.iteration)
            return self.with_specification(specification).with_run(run)
        fresh = self.with_specification(specification).with_run(None)
        if table_of is not None:
            fresh = replace(fresh, table=table_of.table, _prepared=table_of._prepared)
        if self.run is None:
            return fresh
        try:
            start = _start_weights(fresh)
        except FluxError:
            # A stack that cannot be built has no weights to hand on; what is wrong with it is shown elsewhere.
            return fresh
        old, new = moved or ("", "")
        here = {
            (new + owner[len(old) :] if moved and f"{owner}/".startswith(f"{old}/") else owner, name): value
            for (owner, name), value in self.run.parameters.items()
        }
        others = {key[0] for key, value in start.items() if key not in here or here[key].shape != value.shape}
        kept = {key: here[key] for key in start if key[0] not in others}
        return fresh.with_run(Run.at_start({**start, **kept})) if kept else fresh

    def restarted(self) -> Project:
        """The project back at iteration 0, with the weights its run began with."""
        return self.with_run(None if self.run is None else Run.at_start(self.run.start))


def update_rule(optimizer: OptimizerSpecification) -> UpdateRule:
    """The engine's rule for what the specification says."""
    schedule = optimizer.schedule
    return UpdateRule(
        optimizer=optimizer.kind,
        learning_rate=optimizer.learning_rate,
        settings=optimizer.settings,
        schedule=schedule.kind,
        factor=schedule.factor,
        period=schedule.period,
        floor=schedule.floor,
        warm_up=schedule.warm_up,
        l1=optimizer.l1,
        l2=optimizer.l2,
        clip_value=optimizer.clip_value,
        clip_norm=optimizer.clip_norm,
    )


def _same_network(one: Specification, other: Specification) -> bool:
    """Whether the same parameters mean the same network in both."""
    return (one.data, one.layers, one.loss, one.seed, one.draw, one.dtype) == (
        other.data,
        other.layers,
        other.loss,
        other.seed,
        other.draw,
        other.dtype,
    )


def _way_to_train(specification: Specification) -> tuple[object, ...]:
    """What the weights of an iteration depend on, beside the network and the learning rate."""
    rule = msgspec.structs.replace(specification.optimizer, learning_rate=1.0)
    return rule, specification.batch


def make_layers(specification: Specification, n_inputs: int) -> list[tuple[str, Layer]]:
    """The engine's layers for a stack; each draws its start weights from a stream of its own.

    So adding or removing a layer leaves the start weights of the others as they were.
    """
    passing = arriving(specification, n_inputs)
    made = []

    def stream(identity: str) -> np.random.Generator:
        own = zlib.crc32(identity.encode())
        return _generator(specification, _WEIGHTS, specification.draw, own)

    for layer in specification.layers:
        made.append((layer.identity, build(layer, passing[layer.identity], stream)))
    return made


def _generator(specification: Specification, *stream: int) -> np.random.Generator:
    """The project's own randomness, a stream for each use."""
    _check_seed(specification)
    return np.random.default_rng([specification.seed, *stream])


def _start_weights(project: Project) -> dict[MatrixKey, Array]:
    """The start weights of every layer, without a network to hold them."""
    check(project.specification, project.dataset())
    return {
        key: each.tensor.data.astype(project.specification.dtype)
        for identity, layer in make_layers(project.specification, project.dataset().inputs.shape[1])
        for key, each in everything_learned(identity, layer)
    }


def check(specification: Specification, dataset: Dataset) -> None:
    """Raise a :class:`FluxError` that says why these layers cannot be trained on these data, if so."""
    check_stack(specification)
    check_arriving(specification, dataset.inputs.shape[1])
    passing = widths(specification, dataset.inputs.shape[1])
    n_targets = dataset.targets.shape[1]
    if passing[-1] != n_targets:
        last = titles(specification)[specification.layers[-1].identity]
        names = ", ".join(dataset.preprocessor.target_names[:4])
        raise ShapeError(
            f"{last} has {passing[-1]} {'output' if passing[-1] == 1 else 'outputs'}, "
            f"but there {'is' if n_targets == 1 else 'are'} {n_targets} to predict ({names}): "
            f"{_width_advice(specification, n_targets)}"
        )
    check_targets(specification, dataset)


def _width_advice(specification: Specification, n_targets: int) -> str:
    """Which layer to give as many units as there are targets: the last that says how many there are."""
    units = f"{n_targets} {'unit' if n_targets == 1 else 'units'}"
    for layer in reversed(specification.layers):
        if any(field.name == "units" for field in layer_kind(layer.kind).fields):
            last = layer is specification.layers[-1]
            return f"give {'the last layer' if last else titles(specification)[layer.identity]} {units}"
        if any(outputs(layer, Passing(width)).columns != width for width in (1, 2)):
            break
    return f"let a Dense layer of {units} be the last"


def check_stack(specification: Specification) -> None:
    """Raise :class:`SpecificationError` for settings that no data could make right."""
    if not specification.layers:
        raise SpecificationError("the network has no layers: drag a Dense layer from the palette into it")
    check_layers(specification, titles(specification))
    check_identities(specification)
    check_filled(specification)
    check_ending(specification)
    check_training(specification)


def check_training(specification: Specification) -> None:
    """Raise :class:`SpecificationError` for a way to train that no network could make right."""
    _check_optimizer(specification.optimizer)
    if specification.batch is not None and specification.batch < 1:
        raise SpecificationError(f"a batch must hold at least 1 row, not {specification.batch}")
    stop = specification.stop
    if stop.loss is not None and not np.isfinite(stop.loss):
        raise SpecificationError(f"a loss that is good enough must be a number, not {stop.loss}")
    if stop.patience is not None and stop.patience < 1:
        raise SpecificationError(f"early stopping must wait for at least 1 validation, not {stop.patience}")
    if stop.seconds is not None and not 0 < stop.seconds < float("inf"):
        raise SpecificationError(f"training must be allowed a number of seconds above 0, not {stop.seconds}")
    if specification.iterations < 1:
        raise SpecificationError(
            f"the number of iterations must be at least 1, not {specification.iterations}"
        )
    if specification.validate_every < 1:
        raise SpecificationError(
            f"validation must run every 1 or more iterations, not {specification.validate_every}"
        )
    if specification.pace is not None and not 0 < specification.pace < float("inf"):
        raise SpecificationError(f"the pace must be above zero iterations a second, not {specification.pace}")
    _check_seed(specification)


def _check_seed(specification: Specification) -> None:
    if specification.seed < 0 or specification.draw < 0:
        raise SpecificationError("the seed and the draw of start weights must not be negative")


def _check_optimizer(optimizer: OptimizerSpecification) -> None:
    rate, schedule = optimizer.learning_rate, optimizer.schedule
    if not (np.isfinite(rate) and rate > 0):
        raise SpecificationError(f"the learning rate must be a number above zero, not {rate}")
    update_rule(optimizer).check()
    for name, value in optimizer.settings.items():
        if not 0 <= value < 1:
            raise SpecificationError(f"{name} must be at least 0 and below 1, not {value}")
    for name, value in (("L1 penalty", optimizer.l1), ("L2 penalty", optimizer.l2)):
        if not 0 <= value < float("inf"):
            raise SpecificationError(f"the {name} must be a number of at least 0, not {value}")
    for name, limit in (("value", optimizer.clip_value), ("norm", optimizer.clip_norm)):
        if limit is not None and not 0 < limit < float("inf"):
            raise SpecificationError(f"gradients can be clipped to a {name} above 0, not {limit}")
    for name, value, fits, wanted in (
        ("factor", schedule.factor, 0 < schedule.factor <= 1, "above 0 and up to 1"),
        ("period", schedule.period, 0 < schedule.period < float("inf"), "a number above 0"),
        ("floor", schedule.floor, 0 <= schedule.floor <= 1, "from 0 to 1"),
        ("warm-up", schedule.warm_up, schedule.warm_up >= 0, "0 or more updates"),
    ):
        if not fits:
            raise SpecificationError(f"the schedule's {name} must be {wanted}, not {value}")
