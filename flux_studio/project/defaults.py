"""What a new project begins with: a sensible network for a table and what is to be predicted."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import msgspec

from flux_studio.data.columns import Column, Derived, suggest_columns
from flux_studio.data.dataset import Dataset
from flux_studio.data.formats import TableFormat
from flux_studio.data.split import Shares
from flux_studio.data.table import Table
from flux_studio.data.windows import EACH_ROW, Windowing
from flux_studio.engine.updating import OPTIMIZERS
from flux_studio.errors import FluxError
from flux_studio.project.catalogue import layer_kind
from flux_studio.project.project import Project
from flux_studio.project.specification import (
    DataSpecification,
    LayerSpecification,
    OptimizerSpecification,
    ScheduleSpecification,
    Specification,
    StopSpecification,
)
from flux_studio.project.stack import check_targets, with_loss

_FEWEST_ROWS_TO_SPLIT = 50
_ROWS_TO_JUDGE = 50
_MOST_ROWS_AT_ONCE = 1_000
_MANY_ROWS = 20_000
_EPOCHS = 50
_L2 = 3e-4
_PATIENCE = 50
"""Validations without a better loss; the curve of a small table has flat stretches."""
_SERIES = Windowing(window=8, ahead=1)


def new_project(
    table: Table,
    *,
    format: TableFormat | None = None,
    targets: Sequence[str] | None = None,
    columns: Sequence[Column] | None = None,
    layers: tuple[LayerSpecification, ...] | None = None,
    hidden: tuple[LayerSpecification, ...] | None = None,
    seed: int = 0,
    windowing: Windowing | None = None,
    validation: float | None = None,
    test: float = 0.0,
    derived: tuple[Derived, ...] = (),
) -> Project:
    """A project ready to train: roles by what the columns hold, and a hidden layer that suits the task.

    Where targets stand ahead, their columns are read as well: what comes next in a series is told by its past. A
    table with nothing to read but its one target can only be a series, and without a ``windowing`` it is read as
    one. Without a share for ``validation`` it is :func:`usual_validation`. With ``layers`` of its own the project
    need not be ready: the table may still want other roles. With ``hidden`` layers the output layer is added.
    """
    if columns is None:
        columns = suggest_columns(table, targets)
        # Dates beside a single target tell that it is a series; what comes next is told by its past, not by the day.
        others = [column for column in columns if column.role != "ignore" and column.kind != "date"]
        alone = [column.role for column in others] == ["target"]
        if alone and windowing is None and table.rows >= _FEWEST_ROWS_TO_SPLIT:
            windowing = _SERIES
            columns = tuple(
                msgspec.structs.replace(column, role="ignore") if column.kind == "date" else column
                for column in columns
            )
        if windowing is not None and windowing.is_series:
            # What stands for a missing value in the middle of a series would be taken for a step of it.
            columns = tuple(
                msgspec.structs.replace(column, missing="drop", indicator=False) for column in columns
            )
    columns, windowing = tuple(columns), windowing or EACH_ROW
    if windowing.ahead > 0:
        columns = tuple(
            msgspec.structs.replace(column, role="both") if column.is_target else column for column in columns
        )
    if validation is None:
        validation = usual_validation(table.rows)
    Shares(validation, test).check()
    data = DataSpecification(
        source=table.source,
        columns=columns,
        format=format or TableFormat(),
        validation_fraction=validation,
        test_fraction=test,
        window=windowing.window,
        ahead=windowing.ahead,
        derived=derived,
    )
    rows = round(table.rows * (1 - validation - test))
    specification = Specification(data=data, layers=layers or (), seed=seed).replace(
        **usual_training(rows, validation > 0)
    )
    if layers is not None:
        return Project(specification, table)
    project = Project(specification, table)
    specification = specification.replace(layers=_default_layers(project.dataset(), hidden))
    return project.with_specification(with_loss(specification, usual_loss(project.dataset())))


def usual_validation(rows: int) -> float:
    """Which share of the rows to keep for validation: none of fewer than fifty, else a fifth.

    Of a small table it is more, up to three in ten, so that about fifty rows judge: of thirty, one single row is worth
    more than three per cent, and which rows were drawn matters more than what was learnt.
    """
    if rows < _FEWEST_ROWS_TO_SPLIT:
        return 0.0
    return min(0.3, max(0.2, round(_ROWS_TO_JUDGE / rows, 2)))


def _default_layers(
    dataset: Dataset, hidden: tuple[LayerSpecification, ...] | None
) -> tuple[LayerSpecification, ...]:
    """The hidden layers, one where none are named, and an output layer of the right width."""
    dense = layer_kind("dense.v1")
    if hidden is None:
        units = int(min(64, max(8, 2 * dataset.inputs.shape[1])))
        hidden = (dense.new("layer-1", units=units, activation="tanh"),)
    identity = f"layer-{len(hidden) + 1}"
    n_targets, activation = dataset.targets.shape[1], output_activation(dataset)
    return (*hidden, dense.new(identity, units=n_targets, activation=activation))


def usual_loss(dataset: Dataset) -> str:
    """What suits the task: a cross-entropy for classes and for yes/no, the mean squared error for numbers."""
    return {"classes": "cross_entropy", "yes_no": "bce"}.get(dataset.preprocessor.task, "mse")


def output_activation(dataset: Dataset) -> str:
    """What the last layer should end in: a sigmoid for classes and yes/no, nothing for numbers."""
    return "identity" if dataset.preprocessor.task == "numbers" else "sigmoid"


def fitted_to(project: Project) -> Project:
    """The project with an output layer as wide as its targets, where the last layer can be made so.

    Used when other columns are to be predicted; the hidden layers stay as they are.
    """
    specification, dataset = project.specification, project.dataset()
    if not specification.layers:
        return project
    last = specification.layers[-1]
    n_targets, activation = dataset.targets.shape[1], output_activation(dataset)
    if last.kind != "dense.v1":
        return project
    changed = specification
    if last.settings.get("units") != n_targets:
        changed = changed.change_layer(last.identity, units=n_targets)
    if (last.settings.get("activation") == "identity") != (activation == "identity"):
        changed = changed.change_layer(last.identity, activation=activation)
    try:
        check_targets(changed, dataset)
    except FluxError:
        # The loss belonged to what was predicted before.
        changed = with_loss(changed, usual_loss(dataset))
    return project.with_specification(changed)


def usual_optimizer(kind: str, before: OptimizerSpecification) -> OptimizerSpecification:
    """Another optimizer with its usual rate and settings; schedule, penalties and clipping stay."""
    rate = OPTIMIZERS[kind].learning_rate
    return msgspec.structs.replace(before, kind=kind, learning_rate=rate, settings={})


def usual_schedule(kind: str, iterations: int, warm_up: int = 0) -> ScheduleSpecification:
    """A schedule that suits a run of so many iterations: five steps, down to a tenth, or half a wave to zero."""
    length = max(1, iterations - warm_up)
    suited: dict[str, dict[str, float]] = {
        "step": {"factor": 0.5, "period": float(max(1, length // 5))},
        "exponential": {"factor": float(f"{0.1 ** (1 / length):.7g}")},
        "cosine": {"period": float(length), "floor": 0.0},
    }
    return ScheduleSpecification(kind, warm_up=warm_up, **suited.get(kind, {}))


def usual_training(rows: int, validates: bool) -> dict[str, Any]:
    """How to train on so many rows: fields of a specification.

    Adam, with a weak penalty on large weights and early stopping where rows validate. All rows at once while that is
    quick, because then every iteration shows the same rows; else mini-batches, validated once an epoch.
    """
    found: dict[str, Any] = {"optimizer": OptimizerSpecification("adam", 0.01), "iterations": 5_000}
    if validates:
        found["optimizer"] = OptimizerSpecification("adam", 0.01, l2=_L2)
        found["stop"] = StopSpecification(patience=_PATIENCE)
    if rows > _MOST_ROWS_AT_ONCE:
        found["batch"] = 64 if rows <= _MANY_ROWS else 128
        epoch = math.ceil(rows / found["batch"])
        found["iterations"] = max(5_000, _EPOCHS * epoch)
        found["validate_every"] = epoch
    return found
