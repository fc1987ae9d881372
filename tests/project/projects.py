"""Small projects that tests of projects and of training use."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np

from flux_studio.data.columns import Column
from flux_studio.data.formats import TableFormat
from flux_studio.data.readers import parse_table
from flux_studio.data.table import Table
from flux_studio.project.catalogue import layer_kind
from flux_studio.project.project import Project
from flux_studio.project.specification import (
    DataSpecification,
    LayerSpecification,
    OptimizerSpecification,
    Specification,
)

DENSE = layer_kind("dense.v1")
ACTIVATION = layer_kind("activation.v1")


def table(text: str, source: str = "table.csv") -> Table:
    """A table from its text."""
    return parse_table(text, source, TableFormat())


def parity_table() -> Table:
    """All rows of four bits, and whether their sum is odd."""
    lines = ["a,b,c,d,odd"]
    for bits in itertools.product((0, 1), repeat=4):
        lines.append(",".join(map(str, (*bits, sum(bits) % 2))))
    return table("\n".join(lines) + "\n", "parity-4.csv")


def number_table(rows: int = 30, seed: int = 0) -> Table:
    """Two inputs and a target that depends on them."""
    generator = np.random.default_rng(seed)
    x = generator.uniform(-1, 1, (rows, 2))
    y = x[:, 0] * x[:, 1] + 0.5 * x[:, 0]
    lines = [f"{a:.4f},{b:.4f},{c:.4f}" for (a, b), c in zip(x, y, strict=True)]
    return table("a,b,y\n" + "\n".join(lines) + "\n", "numbers.csv")


def stack(*layers: tuple[int, str]) -> tuple[LayerSpecification, ...]:
    """Dense layers of these units and activations."""
    return tuple(
        DENSE.new(f"layer-{number}", units=units, activation=activation)
        for number, (units, activation) in enumerate(layers, start=1)
    )


def project_of(
    table: Table,
    layers: Sequence[LayerSpecification],
    *,
    kind: Any = "number",
    rate: float = 0.3,
    validation: float = 0.0,
    **settings: Any,
) -> Project:
    """A project that predicts the table's last column, with numbers as they are."""
    columns = [Column(name, "input", "number", "none") for name in table.names[:-1]]
    columns.append(Column(table.names[-1], "target", kind, "none"))
    specification = Specification(
        data=DataSpecification(table.source, tuple(columns), validation_fraction=validation),
        layers=tuple(layers),
        optimizer=OptimizerSpecification("sgd", rate),
        **settings,
    )
    return Project(specification, table)


def parity_project(**settings: Any) -> Project:
    """4-bit parity with 8-4-1 neurons."""
    layers = stack((8, "leaky_relu"), (4, "leaky_relu"), (1, "sigmoid"))
    return project_of(parity_table(), layers, **{"kind": "yes_no", **settings})


def number_project(**settings: Any) -> Project:
    """A regression on thirty rows, a third of them for validation."""
    defaults = {"validation": 1 / 3, "rate": 0.1}
    return project_of(number_table(), stack((6, "tanh"), (1, "identity")), **{**defaults, **settings})
