"""What ``flux-studio new`` can be told, and the project it makes of that."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from flux_studio.errors import UsageError

if TYPE_CHECKING:
    from flux_studio.project.project import Project
    from flux_studio.project.specification import LayerSpecification, OptimizerSpecification, Specification


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Everything that can be said behind ``new``."""
    parser.add_argument("out", type=Path, metavar="OUT.flux")
    parser.add_argument("--data", type=Path, required=True, metavar="FILE")
    parser.add_argument("--target", action="append", required=True, metavar="COL[,COL]")
    parser.add_argument("--layers", metavar="16:tanh,3:softmax")
    parser.add_argument("--loss", metavar="mse|bce|cross_entropy")
    parser.add_argument("--optimizer", metavar="adam:0.01")
    parser.add_argument("--batch", metavar="N|all", help="rows that each iteration looks at; default: all")
    parser.add_argument(
        "--window", type=int, default=1, metavar="T", help="successive rows in a sample; default: 1"
    )
    parser.add_argument(
        "--ahead",
        type=int,
        default=0,
        metavar="K",
        help="rows after the window at which the target stands; from 1 on the target's past is read, too",
    )
    parser.add_argument(
        "--validation",
        type=float,
        metavar="F",
        help="share of the rows that validate; default: 0.2 from 50 rows on",
    )
    parser.add_argument(
        "--test", type=float, default=0.0, metavar="F", help="share of the rows that only test"
    )
    parser.add_argument("--seed", type=int, default=0)


def new_project(options: argparse.Namespace) -> Project:
    """The project that the command line asks for; a :class:`FluxError` says what in it cannot be."""
    from flux_studio.data.readers import preview, read_table
    from flux_studio.data.windows import Windowing
    from flux_studio.project.defaults import new_project

    format, _ = preview(options.data)
    table = read_table(options.data, format)
    targets = [name for text in options.target for name in _target_names(text, table.names)]
    if not targets:
        raise UsageError("--target names no column")
    project = new_project(
        table,
        format=format,
        targets=targets,
        seed=_not_negative(options.seed, "--seed"),
        windowing=Windowing(options.window, options.ahead),
        validation=options.validation,
        test=options.test,
    )
    specification = _with_stack(project.specification, options.layers, options.loss)
    if options.optimizer is not None:
        specification = specification.replace(optimizer=_optimizer(options.optimizer))
    if options.batch is not None:
        specification = specification.replace(batch=_batch(options.batch, len(project.dataset().training)))
    project = project.with_specification(specification)
    project.check()
    return project


def _with_stack(specification: Specification, layers: str | None, loss: str | None) -> Specification:
    """The network and the loss that were asked for; what is left out is made to suit the rest."""
    from flux_studio.engine.losses import make_loss
    from flux_studio.project.stack import ending, with_loss

    if layers is None:
        return specification if loss is None else with_loss(specification, loss)
    specification = specification.replace(layers=_layers(layers))
    if loss is None and make_loss(specification.loss).activation in ("", ending(specification.layers[-1])):
        return specification
    return specification.replace(loss=loss or "mse")


def _target_names(text: str, known: Sequence[str]) -> list[str]:
    """A column's whole name, which may hold commas, or several names with commas between them."""
    return [text] if text in known else [name.strip() for name in text.split(",") if name.strip()]


def _layers(text: str) -> tuple[LayerSpecification, ...]:
    from flux_studio.project.catalogue import layer_kind

    dense = layer_kind("dense.v1")
    made = []
    for number, part in enumerate(text.split(","), start=1):
        units, colon, activation = (piece.strip() for piece in part.partition(":"))
        if not _is_whole(units) or (colon and not activation):
            raise UsageError(f"--layers: {part.strip()!r} is not UNITS:ACTIVATION, such as 16:tanh")
        settings: dict[str, int | float | str] = {"units": int(units)}
        if activation:
            settings["activation"] = activation
        layer = dense.new(f"layer-{number}", **settings)
        dense.check(layer.settings, f"layer {number}")
        made.append(layer)
    return tuple(made)


def _optimizer(text: str) -> OptimizerSpecification:
    from flux_studio.engine.updating import UpdateRule
    from flux_studio.project.specification import OptimizerSpecification

    kind, colon, rate = text.partition(":")
    try:
        return OptimizerSpecification(kind, float(rate) if colon else UpdateRule(kind).kind.learning_rate)
    except ValueError as error:
        raise UsageError(f"--optimizer: {rate!r} is not a learning rate; write sgd:0.5") from error


def _batch(text: str, rows: int) -> int | None:
    if text == "all":
        return None
    if not _is_whole(text) or int(text) < 1:
        raise UsageError(f"--batch: {text!r} is not a number of rows; write 32, or all")
    if int(text) > rows:
        raise UsageError(f"--batch: there are only {rows:,} rows to train on, not {int(text):,}; write all")
    return int(text)


def _is_whole(text: str) -> bool:
    return text.isascii() and text.isdecimal()


def _not_negative(value: int, option: str) -> int:
    if value < 0:
        raise UsageError(f"{option} must not be negative, not {value}")
    return value
