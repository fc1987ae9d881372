"""The ``flux-studio`` command: open the window, or make, train, export, use and check a project without one."""

from __future__ import annotations

import argparse
import difflib
import json
import os
import sys
from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import flux_studio
from flux_studio import locations
from flux_studio.errors import FluxError, UsageError

if TYPE_CHECKING:
    from flux_studio.project.project import Project
    from flux_studio.project.specification import LayerSpecification, OptimizerSpecification
    from flux_studio.training.events import Event, Progress

BAD_INPUT = 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns the exit code: 0 for success, 2 for bad input, 130 for Ctrl+C."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    try:
        return _run(words)
    except FluxError as error:
        print(f"flux-studio: {error}", file=sys.stderr)
        return BAD_INPUT
    except KeyboardInterrupt:
        print("flux-studio: stopped", file=sys.stderr)
        return 130
    except BrokenPipeError:
        # Whoever read our output has gone; there is nobody left to tell.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


def _run(words: list[str]) -> int:
    opens_window = not words or (words[0] not in _COMMANDS and not words[0].startswith("-"))
    if opens_window:
        return _window(Path(words[0]) if words else None, words[1:])
    options = _command_parser().parse_args(words)
    run: Callable[[argparse.Namespace], int] = options.run
    return run(options)


class _Parser(argparse.ArgumentParser):
    """A parser whose complaints are errors of ours: one line."""

    def error(self, message: str) -> NoReturn:
        raise UsageError(f"{message}; see {self.prog} --help")


def _command_parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="flux-studio",
        description="Design a neural network, watch every matrix it computes, and take the trained weights away.",
        epilog="flux-studio [FILE] opens the window.",
    )
    parser.add_argument("--version", action="version", version=f"flux-studio {flux_studio.__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def command(
        name: str, run: Callable[[argparse.Namespace], int], help: str | None
    ) -> argparse.ArgumentParser:
        # A parser added without help is not listed.
        added = commands.add_parser(name, description=help, help=help) if help else commands.add_parser(name)
        added.set_defaults(run=run)
        return added

    new = command("new", _new, "make a project for a table")
    new.add_argument("out", type=Path, metavar="OUT.flux")
    new.add_argument("--data", type=Path, required=True, metavar="FILE")
    new.add_argument("--target", required=True, metavar="COL[,COL]")
    new.add_argument("--layers", metavar="16:tanh,3:sigmoid")
    new.add_argument("--loss", default="mse", metavar="mse")
    new.add_argument("--optimizer", metavar="sgd:0.5")
    new.add_argument("--seed", type=int, default=0)

    train = command("train", _train, "train a project, from where it stands")
    train.add_argument("file", type=Path, metavar="FILE")
    train.add_argument(
        "--iterations", type=int, metavar="N", help="N more; default: to the project's own end"
    )
    train.add_argument("--restart", action="store_true", help="begin again with the start weights")
    train.add_argument("--executor", choices=("compiled", "reference"), default="compiled")
    train.add_argument("--json", action="store_true", help="one JSON object a line instead of a progress bar")
    train.add_argument("--save", type=Path, metavar="OUT.flux")
    train.add_argument("--export", type=Path, metavar="OUT")

    export = command("export", _export, "write the weights for other tools")
    export.add_argument("file", type=Path, metavar="FILE")
    export.add_argument("out", type=Path, metavar="OUT")
    export.add_argument("--format", metavar="npz|csv|json")

    predict = command("predict", _predict, "predict for the rows of a table")
    predict.add_argument("file", type=Path, metavar="FILE")
    predict.add_argument("data", type=Path, metavar="DATA")
    predict.add_argument("--out", type=Path, metavar="predictions.csv")

    info = command("info", _info, "say what a project is")
    info.add_argument("file", type=Path, metavar="FILE")

    check = command("check", _check, "compare the gradients with finite differences")
    check.add_argument("file", type=Path, metavar="FILE")

    picture = command("screenshot", _screenshot, "save a picture of the window")
    picture.add_argument("file", type=Path, metavar="FILE")
    picture.add_argument("out", type=Path, metavar="OUT.png")
    picture.add_argument("--size", default="1600x1000", metavar="1600x1000")
    picture.add_argument("--theme", choices=("light", "dark"), default="light")

    command("warm", _warm, None)
    demo = command("demo", _demo, None)
    demo.add_argument("--output", type=Path, required=True)
    return parser


def _window(file: Path | None, others: Sequence[str]) -> int:
    if file is not None and not file.exists():
        close = difflib.get_close_matches(str(file), _LISTED, n=1)
        advice = f"did you mean {close[0]!r}?" if close else "see flux-studio --help"
        raise UsageError(f"{file}: there is no such file or command; {advice}")
    if others:
        raise UsageError(f"the window opens one file; {' '.join(others)} is too much")
    from flux_studio.gui.app import run

    return run(file)


def _new(options: argparse.Namespace) -> int:
    from flux_studio.data.readers import preview, read_table
    from flux_studio.project import files
    from flux_studio.project.defaults import new_project

    format, _ = preview(options.data)
    table = read_table(options.data, format)
    targets = [name.strip() for name in options.target.split(",") if name.strip()]
    if not targets:
        raise UsageError("--target names no column")
    project = new_project(table, format=format, targets=targets, seed=_not_negative(options.seed, "--seed"))
    specification = project.specification.replace(loss=options.loss)
    if options.layers is not None:
        specification = specification.replace(layers=_layers(options.layers))
    if options.optimizer is not None:
        specification = specification.replace(optimizer=_optimizer(options.optimizer))
    project = project.with_specification(specification)
    project.check()
    files.save(project, options.out)
    print(f"{options.out}: {_describe(project)}")
    return 0


def _layers(text: str) -> tuple[LayerSpecification, ...]:
    from flux_studio.project.catalogue import layer_kind

    dense = layer_kind("dense.v1")
    made = []
    for number, part in enumerate(text.split(","), start=1):
        units, _, activation = part.strip().partition(":")
        if not units.isdigit():
            raise UsageError(f"--layers: {part.strip()!r} is not UNITS:ACTIVATION, such as 16:tanh")
        settings: dict[str, int | float | str] = {"units": int(units)}
        if activation:
            settings["activation"] = activation.strip()
        layer = dense.new(f"layer-{number}", **settings)
        dense.check(layer.settings, f"layer {number}")
        made.append(layer)
    return tuple(made)


def _optimizer(text: str) -> OptimizerSpecification:
    from flux_studio.project.specification import OptimizerSpecification

    kind, _, rate = text.partition(":")
    try:
        return OptimizerSpecification(kind, float(rate)) if rate else OptimizerSpecification(kind)
    except ValueError as error:
        raise UsageError(f"--optimizer: {rate!r} is not a learning rate; write sgd:0.5") from error


def _train(options: argparse.Namespace) -> int:
    from flux_studio.export import exporters
    from flux_studio.project import files
    from flux_studio.training.events import Failed
    from flux_studio.training.session import Session

    project = files.load(options.file)
    for out in (options.save, options.export):
        _check_folder(out)
    if options.export is not None:
        exporters.choose(options.export)
    if options.restart:
        project = project.with_run(None)
    session = Session(project, options.executor)
    until = project.specification.iterations
    if options.iterations is not None:
        until = session.iteration + _not_negative(options.iterations, "--iterations")
    tell = _tell_json if options.json else _Bar(session.iteration, until).tell
    failed = None
    for event in session.train(until):
        tell(event)
        if isinstance(event, Failed):
            failed = event
    trained = project.with_run(session.run())
    if options.save is not None:
        files.save(trained, options.save)
    if options.export is not None:
        exporters.export(trained, options.export)
    if failed is not None:
        raise FluxError(failed.message)
    return 0


def _tell_json(event: Event) -> None:
    from flux_studio.training.events import Failed, Finished, Progress, Started

    line: dict[str, Any]
    match event:
        case Started():
            line = {"event": "started", "iteration": event.iteration, "executor": event.executor}
        case Progress():
            line = {"event": "progress", **_progress_fields(event)}
        case Finished():
            line = {
                "event": "finished",
                "iteration": event.progress.iteration,
                "loss": event.progress.loss,
                "validation_loss": event.progress.validation_loss,
                "seconds": event.seconds,
            }
            if event.scores.accuracy is not None:
                line["accuracy"] = event.scores.accuracy
                line["validation_accuracy"] = event.scores.validation_accuracy
        case Failed():
            line = {"event": "failed", "iteration": event.iteration, "message": event.message}
        case _:
            return
    print(json.dumps(line), flush=True)


def _progress_fields(progress: Progress) -> dict[str, Any]:
    return {
        "iteration": progress.iteration,
        "loss": progress.loss,
        "validation_loss": progress.validation_loss,
        "learning_rate": progress.learning_rate,
        "iterations_per_second": progress.iterations_per_second,
    }


class _Bar:
    """A progress bar on a terminal; plain lines, a tenth apart, everywhere else."""

    def __init__(self, start: int, until: int) -> None:
        self.start = start
        self.until = until
        self._last_tenth = -1
        self._live = sys.stdout.isatty()

    def tell(self, event: Event) -> None:
        from flux_studio.training.events import Finished, Progress

        if isinstance(event, Progress):
            self._show(event)
        elif isinstance(event, Finished):
            self._show(event.progress)
            if self._live:
                print()
            print(f"finished in {event.seconds:.2f} s{_right(event.scores.right, event.scores.rows)}", end="")
            if event.scores.validation_accuracy is not None:
                print(f", {event.scores.validation_accuracy:.1%} of the validation rows right", end="")
            print()

    def _show(self, progress: Progress) -> None:
        share = (progress.iteration - self.start) / max(1, self.until - self.start)
        text = f"iteration {progress.iteration:>9,}  loss {progress.loss:<12.6g}"
        if progress.validation_loss is not None:
            text += f"  validation {progress.validation_loss:<12.6g}"
        if self._live:
            full = round(24 * share)
            print(f"\r{'█' * full}{'·' * (24 - full)}  {text}", end="", flush=True)
        elif int(share * 10) > self._last_tenth:
            self._last_tenth = int(share * 10)
            print(f"{share:>4.0%}  {text}", flush=True)


def _right(right: int | None, rows: int | None) -> str:
    return "" if right is None else f", {right:,} of {rows:,} right"


def _export(options: argparse.Namespace) -> int:
    from flux_studio.export import exporters
    from flux_studio.project import files

    project = files.load(options.file)
    exporter = exporters.export(project, options.out, options.format)
    print(f"{options.out}: {exporter.title}")
    return 0


def _predict(options: argparse.Namespace) -> int:
    from flux_studio.export import predictions
    from flux_studio.project import files

    project = files.load(options.file)
    _check_folder(options.out)
    if options.out is None:
        sys.stdout.write(predictions.as_csv(project, options.data))
    else:
        predictions.write(project, options.data, options.out)
        print(f"{options.out}: predictions")
    return 0


def _info(options: argparse.Namespace) -> int:
    from flux_studio.project import files
    from flux_studio.project.catalogue import titles, widths

    project = files.load(options.file)
    specification, dataset = project.specification, project.dataset()
    print(f"{options.file}: {_describe(project)}")
    print(f"data         {specification.data.source}, {project.table.rows:,} rows")
    print(f"             {len(dataset.training):,} to train on, {len(dataset.validation):,} to validate")
    print(f"inputs       {', '.join(dataset.preprocessor.input_names)}")
    print(f"targets      {', '.join(dataset.preprocessor.target_names)}")
    passing = widths(specification, dataset.inputs.shape[1])
    named = titles(specification)
    for layer, (before, after) in zip(specification.layers, pairwise(passing), strict=True):
        print(f"{named[layer.identity]:<12} {before} → {after} {layer.settings.get('activation', '')}")
    print(f"loss         {specification.loss}")
    print(
        f"optimizer    {specification.optimizer.kind}, learning rate {specification.optimizer.learning_rate:g}"
    )
    print(f"seed         {specification.seed}, {specification.dtype}")
    trained = "not trained yet" if project.run is None else f"trained to iteration {project.run.iteration:,}"
    print(f"state        {trained}; its own end is {specification.iterations:,}")
    return 0


def _describe(project: Project) -> str:
    from flux_studio.project.catalogue import widths

    passing = widths(project.specification, project.dataset().inputs.shape[1])
    return f"a network {'-'.join(map(str, passing))}"


def _check(options: argparse.Namespace) -> int:
    from flux_studio.engine.check import check_gradients
    from flux_studio.project import files
    from flux_studio.project.catalogue import titles

    project = files.load(options.file)
    named = titles(project.specification)
    # NumPy's rounding is the plainest there is, and nothing needs compiling for it.
    checks = check_gradients(project.network("reference", dtype="float64"))
    for check in checks:
        layer, matrix = check.key
        row, column = check.worst_cell
        passed_over = f", {len(check.passed_over)} passed over at a kink" if check.passed_over else ""
        if not check.cells:
            print(f"--   {named[layer]:<10} {matrix:<15} no cell to compare{passed_over}")
            continue
        print(
            f"{'ok  ' if check.passes else 'BAD '} {named[layer]:<10} {matrix:<15} "
            f"{check.cells:>6,} cells{passed_over}, "
            f"worst relative error {check.worst_error:.1e} at row {row + 1}, column {column + 1}: "
            f"{check.analytic:+.9e} against {check.numeric:+.9e}"
        )
    bad = [check for check in checks if not check.passes]
    print("every gradient agrees with finite differences" if not bad else f"{len(bad)} matrices disagree")
    return 1 if bad else 0


def _screenshot(options: argparse.Namespace) -> int:
    width, _, height = options.size.partition("x")
    if not (width.isdigit() and height.isdigit() and 0 < int(width) <= 8192 and 0 < int(height) <= 8192):
        raise UsageError(f"--size: {options.size!r} is not WIDTHxHEIGHT, such as 1600x1000")
    _check_folder(options.out)
    if not options.file.exists():
        raise UsageError(f"{options.file}: there is no such file")
    from flux_studio.gui.picture import save_picture

    save_picture(options.file, options.out, (int(width), int(height)), options.theme)
    print(f"{options.out}: {width}×{height}")
    return 0


def _warm(options: argparse.Namespace) -> int:
    import numpy as np

    from flux_studio.engine import compiled

    for dtype in (np.float32, np.float64):
        print(f"compiling the engine for {np.dtype(dtype).name} (a few seconds, once)", flush=True)
        compiled.warm(dtype)
    return 0


def _demo(options: argparse.Namespace) -> int:
    """What ``python3 studio.py`` does where there is no display."""
    folder: Path = options.output
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"{folder}: this folder cannot be made ({error.strerror})") from error
    source = locations.sample("parity-4.flux")
    trained, exported, picture = (
        folder / "parity-4.flux",
        folder / "parity-4-weights.npz",
        folder / "window.png",
    )
    print("no display: training the 4-bit parity sample without a window", flush=True)
    code = main(["train", str(source), "--save", str(trained), "--export", str(exported)])
    if code == 0:
        code = main(["screenshot", str(trained), str(picture)])
    if code == 0:
        print(f"project   {trained.resolve()}\nweights   {exported.resolve()}\npicture   {picture.resolve()}")
    return code


def _check_folder(path: Path | None) -> None:
    """Complain about a missing output folder before any work is done for it."""
    if path is not None and not path.parent.is_dir():
        raise UsageError(f"{path}: the folder {path.parent} does not exist; make it first")
    if path is not None and path.is_dir():
        raise UsageError(f"{path}: this is a folder; give a file name")


def _not_negative(value: int, option: str) -> int:
    if value < 0:
        raise UsageError(f"{option} must not be negative, not {value}")
    return value


_LISTED = ("new", "train", "export", "predict", "info", "check", "screenshot")
_COMMANDS = (*_LISTED, "warm", "demo")
