"""Projects to export: one with every kind of column, layer and activation, and random ones."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import msgspec
import numpy as np

from flux_studio.data.columns import Column
from flux_studio.data.readers import parse_table
from flux_studio.data.windows import Windowing
from flux_studio.engine.operations import ACTIVATIONS
from flux_studio.export.verification import Found, Verifying
from flux_studio.locations import sample
from flux_studio.project import catalogue, files
from flux_studio.project.catalogue import Passing, layer_kind
from flux_studio.project.defaults import new_project
from flux_studio.project.project import Project, Run
from flux_studio.project.specification import LayerSpecification
from flux_studio.training.session import Session

MIXED = """size,colour,wet,depth,price,good
10.5,red,yes,0,100,no
20,blue,no,1,250,yes
35.25,green,yes,-1,90,yes
-4,red,no,0.5,310,no
8,blue,yes,0.25,130,yes
15,red,no,-0.5,205,no
"""
COLUMNS = (
    Column("size", "input", "number", "standard"),
    Column("colour", "input", "category"),
    Column("wet", "input", "yes_no"),
    Column("depth", "input", "number", "min_max"),
    Column("price", "target", "number", "standard"),
    Column("good", "target", "yes_no"),
)


def trained(project: Project, iterations: int = 60) -> Project:
    """The project after a little training."""
    session = Session(project, "reference")
    list(session.train(iterations))
    return project.with_run(session.run())


def trained_sample(name: str, iterations: int = 60) -> Project:
    """One of the samples, trained a little."""
    return trained(files.load(sample(f"{name}.flux")), iterations)


def stack(*layers: tuple[str, dict[str, Any]]) -> tuple[LayerSpecification, ...]:
    return tuple(
        layer_kind(kind).new(f"box {number}", **settings) for number, (kind, settings) in enumerate(layers)
    )


def mixed(dtype: str) -> Project:
    """Every kind of column and of layer, several targets, every activation but softmax."""
    project = new_project(parse_table(MIXED, "mixed.csv"), columns=COLUMNS)
    layers = stack(
        ("activation.v1", {"activation": "identity"}),
        ("dense.v1", {"units": 5, "activation": "gelu"}),
        ("dense.v1", {"units": 7, "activation": "swish"}),
        ("activation.v1", {"activation": "elu"}),
        ("dense.v1", {"units": 6, "activation": "relu"}),
        ("layer_norm.v1", {}),
        ("gated_linear.v1", {"units": 5}),
        ("dropout.v1", {"percent": 30}),
        ("residual.v1", {}),
        ("residual.v1", {}),
        ("lstm.v1", {"units": 3, "returns": "all", "steps": 4}),
        ("rnn.v1", {"units": 2, "activation": "sigmoid", "returns": "all"}),
        ("lstm.v1", {"units": 6}),
        ("rnn.v1", {"units": 5, "steps": 2}),
        ("dense.v1", {"units": 4, "activation": "leaky_relu"}),
        ("activation.v1", {"activation": "sigmoid"}),
        ("dense.v1", {"units": 2, "activation": "tanh"}),
    )
    return project.with_specification(project.specification.replace(layers=layers, dtype=dtype))


def random_project(seed: int, dtype: str, name: str = "random") -> Project:
    """A stack of a few random layers, blocks in blocks among them, with random weights, on rows or windows of rows."""
    generator = np.random.default_rng(seed)
    project = new_project(parse_table(MIXED, f"{name}.csv"), columns=COLUMNS)
    specification = project.specification
    if generator.random() < 0.5:
        windowing = Windowing(int(generator.integers(2, 4)), int(generator.integers(0, 2)))
        specification = specification.replace(
            data=msgspec.structs.replace(specification.data, window=windowing.window, ahead=windowing.ahead)
        )
    passing = Passing(6 * specification.data.window, specification.data.window)
    layers, _ = _layers(generator, passing, int(generator.integers(1, 5)), "layer-", 0)
    last = layer_kind("dense.v1").new("last", units=2, activation=str(generator.choice(["identity", "tanh"])))
    specification = specification.replace(layers=(*layers, last), dtype=dtype, loss="mse")
    project = project.with_specification(specification)
    weights = {
        key: (array + generator.normal(0, 0.3, array.shape)).astype(dtype)
        for key, array in project.network("reference").parameters().items()
    }
    return project.with_run(Run.at_start(weights))


def _layers(
    generator: np.random.Generator, passing: Passing, count: int, prefix: str, depth: int
) -> tuple[list[LayerSpecification], Passing]:
    made = []
    for number in range(count):
        kinds = sorted(set(catalogue.LAYER_KINDS) - ({"residual.v1"} if depth == 2 else set()))
        layer = _layer(generator, str(generator.choice(kinds)), passing, f"{prefix}{number}", depth)
        made.append(layer)
        passing = catalogue.outputs(layer, passing)
    return made, passing


def _layer(
    generator: np.random.Generator, kind: str, passing: Passing, identity: str, depth: int
) -> LayerSpecification:
    row = layer_kind(kind)
    settings: dict[str, Any] = {}
    for field in row.fields:
        if field.name == "activation":
            known = [choice.value for choice in field.choices]
            settings["activation"] = str(generator.choice(known or list(ACTIVATIONS)))
        elif field.name == "units":
            settings["units"] = int(generator.integers(1, 6))
        elif field.name == "steps":
            fitting = [steps for steps in range(1, passing.columns + 1) if passing.columns % steps == 0]
            settings["steps"] = int(generator.choice(fitting))
        elif field.name == "returns":
            settings["returns"] = str(generator.choice(["last", "all"]))
    layer = row.new(identity, **settings)
    if row.inside is None:
        return layer
    inside, _ = _layers(generator, passing, int(generator.integers(1, 3)), f"{identity}/", depth + 1)
    return LayerSpecification(identity, kind, {}, tuple(inside))


FOR_PEERS: dict[str, Callable[[], Project]] = {
    "every kind, float32": lambda: trained(mixed("float32"), 5),
    "every kind, float64": lambda: trained(mixed("float64"), 5),
    "classes": lambda: trained_sample("iris", 20),
    "a series": lambda: trained_sample("mackey-glass", 5),
    **{f"random {seed}": partial(random_project, seed, "float64") for seed in range(4)},
}
"""What other libraries are to predict as we do."""


def drained(steps: Verifying) -> Found:
    """What a verification comes to."""
    while True:
        try:
            next(steps)
        except StopIteration as end:
            return end.value
