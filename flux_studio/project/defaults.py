"""What a new project begins with: a sensible network for a table and what is to be predicted."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from flux_studio.data.columns import Column, CsvFormat, suggest_columns
from flux_studio.data.dataset import prepare
from flux_studio.data.table import Table
from flux_studio.project.catalogue import layer_kind
from flux_studio.project.project import Project
from flux_studio.project.specification import (
    DataSpecification,
    LayerSpecification,
    OptimizerSpecification,
    Specification,
)

_FEWEST_ROWS_TO_SPLIT = 50


def new_project(
    table: Table,
    *,
    format: CsvFormat | None = None,
    targets: Sequence[str] | None = None,
    columns: Sequence[Column] | None = None,
    seed: int = 0,
) -> Project:
    """A project ready to train: roles by what the columns hold, and a hidden layer that suits the task.

    Tables of fewer than fifty rows are trained on whole; of others a fifth is kept for validation.
    """
    columns = tuple(columns) if columns is not None else suggest_columns(table, targets)
    data = DataSpecification(
        source=table.source,
        columns=columns,
        format=format or CsvFormat(),
        validation_fraction=0.2 if table.rows >= _FEWEST_ROWS_TO_SPLIT else 0.0,
    )
    specification = Specification(data=data, layers=(), seed=seed)
    return Project(
        specification.replace(layers=default_layers(table, data, seed), **_training(table, data)), table
    )


def default_layers(table: Table, data: DataSpecification, seed: int = 0) -> tuple[LayerSpecification, ...]:
    """One hidden layer and an output layer of the right width and activation for these data."""
    dataset = prepare(table, data.columns, data.validation_fraction, np.random.default_rng(seed))
    n_inputs, n_targets = dataset.inputs.shape[1], dataset.targets.shape[1]
    hidden = int(min(32, max(8, 2 * n_inputs)))
    output = "identity" if dataset.preprocessor.task == "numbers" else "sigmoid"
    dense = layer_kind("dense.v1")
    return (
        dense.new("layer-1", units=hidden, activation="tanh"),
        dense.new("layer-2", units=n_targets, activation=output),
    )


def _training(table: Table, data: DataSpecification) -> dict[str, object]:
    numbers = any(column.role == "target" and column.kind == "number" for column in data.columns)
    rate = 0.05 if numbers else 0.3
    return {"optimizer": OptimizerSpecification("sgd", rate), "iterations": 5_000}
