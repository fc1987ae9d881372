"""What ``flux-studio new`` can be told, and the project it makes of that."""

from __future__ import annotations

import argparse
import textwrap
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from flux_studio.errors import SpecificationError, UsageError

if TYPE_CHECKING:
    from flux_studio.data.columns import Column, Derived
    from flux_studio.data.formats import TableFormat
    from flux_studio.data.windows import Windowing
    from flux_studio.project.project import Project
    from flux_studio.project.specification import OptimizerSpecification, Setting, Specification

_LINE = 100
_LAYERS_ARE = """
the notation of --layers:
  16:tanh,3:softmax         layers with commas between them, from the inputs to the outputs
  16:tanh                   a Dense layer: its units, its activation
  tanh                      an activation by itself
  rnn:8:sigmoid:all         any kind: a number is its first setting, a word the setting that has it
  rnn:8:returns=all         any setting by its name
  residual(8:tanh,norm)     a block with layers inside, which may be blocks; a shell wants quotes around it
"""
_COLUMNS_ARE = """
the notation of --column and --derive:
  age:median:robust         a column's name, and words, each of which belongs to the one setting that offers it
  size:ordinal:order=small<medium<large
  sine:x1, product:x1:x2    a derived input, and the columns it is computed from
"""
_OPTIMIZERS_ARE = """\
--optimizer, --schedule and --generate follow the same rules:
  adam:0.01:beta_1=0.95, cosine:2000:floor=0.1, moons:500:noise=0.2
"""
_EXAMPLES = """\
examples:
  flux-studio new flowers.flux --data iris.csv --target species \\
      --layers "16:relu,residual(16:relu,dropout:20),3:softmax" --optimizer adamw --schedule cosine --warm-up 100
  flux-studio new penguins.flux --data penguins.csv --target species \\
      --column sex:category:constant=unknown --column body_mass_g:robust --derive product:bill_length_mm:bill_depth_mm
  flux-studio new moons.flux --generate moons:rows=500:noise=0.2:seed=1
  flux-studio new series.flux --data series.csv --target x --window 16 --ahead 1 --layers lstm:16,1:identity
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Everything that can be said behind ``new``; what is left out gets what suits the table."""
    parser.add_argument("out", type=Path, metavar="OUT.flux")
    data = parser.add_argument_group("data")
    source = data.add_mutually_exclusive_group(required=True)
    source.add_argument("--data", type=Path, metavar="FILE", help="the table, such as a CSV file")
    source.add_argument(
        "--generate", metavar="moons:rows=500", help="a table made from a formula and a seed, as told below"
    )
    add_format_arguments(parser)
    data.add_argument(
        "--target",
        action="append",
        metavar="COL[,COL]",
        help="columns to predict; a generated table names its own",
    )
    data.add_argument(
        "--column",
        action="append",
        default=[],
        metavar="NAME:WORD:…",
        help="what a column is for and how it becomes numbers, as told below; once for each column",
    )
    data.add_argument(
        "--derive",
        action="append",
        default=[],
        metavar="square:COL",
        help="one more input, computed from others, as told below; once for each",
    )
    data.add_argument("--window", type=int, metavar="T", help="successive rows in a sample; default: 1")
    data.add_argument(
        "--ahead",
        type=int,
        metavar="K",
        help="rows after the window at which the target stands; from 1 on the target's past is read, too",
    )
    data.add_argument(
        "--validation",
        type=float,
        metavar="F",
        help="share of the rows that validate; default: 0.2, of few rows up to 0.3, of fewer than 50 none",
    )
    data.add_argument("--test", type=float, default=0.0, metavar="F", help="share of the rows that only test")
    data.add_argument("--seed", type=int, default=0, metavar="S", help="of the split and the start weights")

    network = parser.add_argument_group("network")
    network.add_argument(
        "--layers", metavar="16:tanh,3:softmax", help="the stack; its notation is told below"
    )
    network.add_argument(
        "--start-weights", metavar="NAME", help="initializer of all layers that do not name their own"
    )
    network.add_argument("--loss", metavar="mse|bce|cross_entropy")
    network.add_argument(
        "--dtype", choices=("float32", "float64"), help="numbers to compute with; default: float32"
    )

    training = parser.add_argument_group("training")
    training.add_argument(
        "--optimizer",
        metavar="adam:0.01",
        help="with its settings, as told below; default: adam, where rows validate with --l2 0.0003 and --patience 50",
    )
    training.add_argument("--schedule", metavar="cosine", help="of the learning rate, as told below")
    training.add_argument(
        "--warm-up", type=int, default=0, metavar="N", help="updates in which the rate rises to its full"
    )
    training.add_argument(
        "--batch", metavar="N|all", help="rows an iteration looks at; default: all of up to 1,000"
    )
    training.add_argument("--l1", type=float, metavar="X", help="λ of the penalty λ·Σ|w|")
    training.add_argument("--l2", type=float, metavar="X", help="λ of the penalty (λ/2)·Σw²")
    training.add_argument(
        "--clip-value", type=float, metavar="X", help="keep each cell of the gradient within ± this"
    )
    training.add_argument("--clip-norm", type=float, metavar="X", help="keep the gradient's norm within this")
    training.add_argument(
        "--validate-every", type=int, metavar="N", help="iterations; default: 10, with mini-batches an epoch"
    )
    training.add_argument(
        "--pace", type=float, metavar="X", help="iterations a second in the window; default: full speed"
    )

    end = parser.add_argument_group("when training ends")
    end.add_argument(
        "--iterations",
        type=int,
        metavar="N",
        help="at this one at the latest; default: 5,000 or 50 epochs",
    )
    end.add_argument("--stop-loss", type=float, metavar="X", help="at a training loss this good")
    end.add_argument(
        "--patience",
        type=int,
        metavar="N",
        help="after N validations without a better loss, and back to the best; 0 is never; default: 50",
    )
    end.add_argument("--seconds", type=float, metavar="S", help="after so much time")


def add_format_arguments(parser: argparse.ArgumentParser) -> None:
    """How a table is read, where what is found is not what is meant."""
    reading = parser.add_argument_group("how the table is read; what is left out is found")
    reading.add_argument(
        "--delimiter", metavar="C", help="between two cells; tab and space can be written so"
    )
    reading.add_argument("--header", choices=("yes", "no"), help="whether the first row holds names")
    reading.add_argument("--encoding", metavar="NAME", help="such as utf-8, cp1252 or utf-16")
    reading.add_argument("--decimal", metavar="C", help="the decimal sign: a point or a comma")
    reading.add_argument("--thousands", metavar="C", help="what stands between thousands")
    reading.add_argument("--comment", metavar="C", help="what begins a line that is no row")
    reading.add_argument("--skip", type=int, metavar="N", help="lines ahead of the table")
    reading.add_argument("--sheet", metavar="NAME", help="of a workbook; or the arrays of an NPZ file: x,y")


def chosen_format(options: argparse.Namespace, found: TableFormat) -> TableFormat:
    """The format that was found, with what was said otherwise."""
    said = _given(options, "encoding", "decimal", "thousands", "comment", "skip", "sheet")
    if options.header is not None:
        said["header"] = options.header == "yes"
    if options.delimiter is not None:
        said["delimiter"] = {"tab": "\t", "space": " ", "\\t": "\t"}.get(options.delimiter, options.delimiter)
    return msgspec.structs.replace(found, **said)


def explanation() -> str:
    """The notations, for the end of the help: all kinds with all their settings, from the catalogue."""
    from flux_studio.data.derived import FUNCTIONS
    from flux_studio.data.generators.catalogue import GENERATORS
    from flux_studio.engine.updating import OPTIMIZERS, SCHEDULES
    from flux_studio.project.catalogue import LAYER_KINDS
    from flux_studio.project.column_notation import SETTINGS
    from flux_studio.project.notation import values

    kinds: list[tuple[str, str]] = []
    offers: list[tuple[str, str, str]] = []
    for kind in LAYER_KINDS.values():
        word = kind.words[0]
        settings = " : ".join(f"{each.name}={each.default}" for each in kind.fields)
        kinds.append((word, settings if kind.inside is None else f"{settings}(LAYER,LAYER,…)"))
        for each in kind.fields:
            offers.append((each.name, " | ".join(values(each)), word))
    optimizers = [
        (name, " : ".join(f"{key}={value:g}" for key, value in rates.items()))
        for name, each in OPTIMIZERS.items()
        for rates in ({"learning_rate": each.learning_rate, **each.settings},)
    ]
    generators = [
        (kind.name, f"{kind.summary} {kind.written({}).partition(':')[2].replace(':', ' : ')}")
        for kind in GENERATORS.values()
    ]
    ranges = [
        (each.name, f"{each.meaning}, {each.range}", kind.name)
        for kind in GENERATORS.values()
        for each in kind.settings
    ]
    schedules = [
        (name, f"{' : '.join(each.fields) or '(nothing)':<18} {each.formula}")
        for name, each in SCHEDULES.items()
    ]
    described = [(name, " | ".join(words)) for name, words in SETTINGS.items()]
    described += [("constant=X", "stands for a missing value"), ("order=A<B<C", "of an ordinal column")]
    described.append(("indicator", "one more input: whether the value is missing"))
    derived = [(each.name, each.written.format("x1", "x2")) for each in FUNCTIONS.values()]
    derived.append(("usual", "squares, products and sines of all inputs that are numbers"))
    return "\n".join(
        (
            _COLUMNS_ARE,
            _table("what can be said of a column:", described),
            _table("--derive:", derived),
            _LAYERS_ARE,
            _table("kinds of layers, and their settings where nothing is said:", kinds),
            _table("what the settings can be:", _grouped(offers)),
            _OPTIMIZERS_ARE,
            _table("--optimizer, and what its settings are where nothing is said:", optimizers),
            _table(
                "--schedule, and its settings, which suit the iterations where nothing is said:", schedules
            ),
            _table("--generate, and the settings where nothing is said:", generators),
            _table("what these can be:", _grouped(ranges)),
            _EXAMPLES,
        )
    )


def _grouped(offers: Sequence[tuple[str, str, str]]) -> list[tuple[str, str]]:
    """Settings and what they can be, each once; what differs in some kinds stands below, with their names."""
    by_name: dict[str, dict[str, list[str]]] = {}
    for name, offer, word in offers:
        by_name.setdefault(name, {}).setdefault(offer, []).append(word)
    return [
        ("", f"in {', '.join(words)}: {offer}") if number else (name, offer)
        for name, by_offer in by_name.items()
        for number, (offer, words) in enumerate(by_offer.items())
    ]


def _table(title: str, rows: Sequence[tuple[str, str]]) -> str:
    """Rows of a name and what is said of it, which goes on in further lines where it is long."""
    width = max(len(name) for name, _ in rows) + 2
    lines = [title]
    for name, words in rows:
        first, rest = f"  {name:<{width}}", " " * (width + 2)
        lines += textwrap.wrap(words, _LINE, initial_indent=first, subsequent_indent=rest) or [first.rstrip()]
    return "\n".join(lines) + "\n"


def new_project(options: argparse.Namespace) -> Project:
    """The project that the command line asks for; a :class:`FluxError` says what in it cannot be."""
    if options.seed < 0:
        raise UsageError(f"--seed must not be negative, not {options.seed}")
    project = _of_table(options) if options.generate is None else _generated(options)
    specification = _with_network(project.specification, options)
    specification = _with_training(specification, options)
    if options.batch is not None:
        specification = specification.replace(batch=_batch(options.batch, len(project.dataset().training)))
    project = project.with_specification(specification)
    project.check()
    if options.patience and not len(project.dataset().validation):
        raise UsageError("--patience: no rows are kept to validate; give --validation 0.2")
    return project


def _of_table(options: argparse.Namespace) -> Project:
    from flux_studio.data.columns import suggest_columns
    from flux_studio.data.readers import format_of, read_table
    from flux_studio.project.defaults import new_project

    if options.target is None:
        raise UsageError("--data: say which columns to predict, with --target COL[,COL]")
    format = chosen_format(options, format_of(options.data))
    table = read_table(options.data, format)
    targets = [name for text in options.target for name in _target_names(text, table.names)]
    if not targets:
        raise UsageError("--target names no column")
    columns: tuple[Column, ...] | None = None
    derived: tuple[Derived, ...] = ()
    if options.column or options.derive:
        columns, derived = _described(suggest_columns(table, targets), options)
    return new_project(
        table,
        format=format,
        targets=targets,
        columns=columns,
        derived=derived,
        seed=options.seed,
        windowing=_windowing(options),
        validation=options.validation,
        test=options.test,
    )


def _generated(options: argparse.Namespace) -> Project:
    from flux_studio.project.generated import generated_project
    from flux_studio.project.notation import read_generator

    if options.target is not None:
        raise UsageError("--target: a generated table names its own; leave it out")
    with _told_of("--generate"):
        kind, settings = read_generator(options.generate)
    columns, derived = _described(kind.columns(kind.table(settings)), options)
    return generated_project(
        kind,
        settings,
        columns=columns,
        derived=derived,
        windowing=_windowing(options),
        seed=options.seed,
        validation=options.validation,
        test=options.test,
    )


def _described(
    columns: Sequence[Column], options: argparse.Namespace
) -> tuple[tuple[Column, ...], tuple[Derived, ...]]:
    """The columns as they were described, and the inputs that are derived from them."""
    from flux_studio.project.column_notation import read_column, read_derived

    described = {column.name: column for column in columns}
    with _told_of("--column"):
        for text in options.column:
            changed = read_column(text, tuple(described.values()))
            described[changed.name] = changed
    columns = tuple(described.values())
    with _told_of("--derive"):
        return columns, tuple(each for text in options.derive for each in read_derived(text, columns))


def _windowing(options: argparse.Namespace) -> Windowing | None:
    """What was said of windows; nothing where the table decides."""
    from flux_studio.data.windows import Windowing

    said = {name: value for name in ("window", "ahead") if (value := getattr(options, name)) is not None}
    return Windowing(**said) if said else None


def _target_names(text: str, known: Sequence[str]) -> list[str]:
    """A column's whole name, which may hold commas, or several names with commas between them."""
    return [text] if text in known else [name.strip() for name in text.split(",") if name.strip()]


@contextmanager
def _told_of(option: str) -> Iterator[None]:
    """Complaints begin with the option that they are about."""
    try:
        yield
    except SpecificationError as error:
        raise UsageError(f"{option}: {error}") from error


def _with_network(specification: Specification, options: argparse.Namespace) -> Specification:
    """The network and the loss that were asked for; what is left out is made to suit the rest."""
    from flux_studio.engine.losses import make_loss
    from flux_studio.project.notation import read_layers, read_usual, write_layers
    from flux_studio.project.stack import ending, with_loss

    usual: dict[str, Setting] = {}
    if options.start_weights is not None:
        with _told_of("--start-weights"):
            usual = read_usual("initializer", options.start_weights)
    with _told_of("--layers"):
        # The usual network, too, is read again from its notation, so that it begins with the start weights asked for.
        layers = options.layers if options.layers is not None else write_layers(specification.layers)
        specification = specification.replace(layers=read_layers(layers, usual))
    if options.layers is None:
        return specification if options.loss is None else with_loss(specification, options.loss)
    fits = make_loss(specification.loss).activation in ("", ending(specification.layers[-1]))
    return (
        specification if options.loss is None and fits else specification.replace(loss=options.loss or "mse")
    )


def _with_training(specification: Specification, options: argparse.Namespace) -> Specification:
    from flux_studio.project.specification import StopSpecification

    # Who names an optimizer gets that, and nothing beside it that was not asked for.
    usual = specification.stop.patience if options.optimizer is None else None
    patience = usual if options.patience is None else options.patience or None
    specification = specification.replace(
        **_given(options, "iterations", "validate_every", "dtype", "pace"),
        stop=StopSpecification(options.stop_loss, patience, options.seconds),
    )
    return specification.replace(optimizer=_optimizer(specification, options))


def _optimizer(specification: Specification, options: argparse.Namespace) -> OptimizerSpecification:
    from flux_studio.project.notation import read_optimizer, read_schedule

    optimizer = specification.optimizer
    if options.optimizer is not None:
        with _told_of("--optimizer"):
            optimizer = read_optimizer(options.optimizer, msgspec.structs.replace(optimizer, l2=0.0))
    with _told_of("--schedule"):
        asked = "constant" if options.schedule is None else options.schedule
        schedule = read_schedule(asked, specification.iterations, options.warm_up)
    limits = _given(options, "l1", "l2", "clip_value", "clip_norm")
    return msgspec.structs.replace(optimizer, schedule=schedule, **limits)


def _given(options: argparse.Namespace, *names: str) -> dict[str, object]:
    """Those of the options that were given."""
    return {name: value for name in names if (value := getattr(options, name)) is not None}


def _batch(text: str, rows: int) -> int | None:
    if text == "all":
        return None
    if not (text.isascii() and text.isdecimal()) or int(text) < 1:
        raise UsageError(f"--batch: {text!r} is not a number of rows; write 32, or all")
    if int(text) > rows:
        raise UsageError(f"--batch: there are only {rows:,} rows to train on, not {int(text):,}; write all")
    return int(text)
