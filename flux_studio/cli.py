"""The ``flux-studio`` command: open the window, or make, train, export, use and check a project without one."""

from __future__ import annotations

import argparse
import contextlib
import difflib
import io
import os
import sys
from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import flux_studio
from flux_studio import locations, new_command
from flux_studio.errors import FluxError, UsageError

if TYPE_CHECKING:
    from flux_studio.project.project import Project

BAD_INPUT = 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns the exit code: 0 for success, 2 for bad input, 130 for Ctrl+C."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    if sys.stdout is None:
        sys.stdout = io.StringIO()  # closed by whoever started us
    elif isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # a terminal that has no arrow gets \u2192
    try:
        code = _run(words)
        sys.stdout.flush()  # while what goes wrong with it can still be told
        return code
    except FluxError as error:
        return _complain(str(error))
    except KeyboardInterrupt:
        if sys.stdout.isatty():
            print()  # a progress bar keeps its line
        print("flux-studio: stopped", file=sys.stderr)
        return 130
    except BrokenPipeError:
        # Whoever read our output has gone; there is nobody left to tell.
        _forget_output()
        return 0
    except MemoryError:
        return _complain("there is not enough memory for this; use fewer units or fewer rows")
    except OSError as error:
        place = "standard output" if error.filename is None else os.fspath(error.filename)
        _forget_output()
        return _complain(f"{place}: {error.strerror or error}")


def _complain(message: str) -> int:
    # A file's name may hold a line break; a complaint is one line.
    print(f"flux-studio: {' '.join(message.splitlines())}", file=sys.stderr)
    return BAD_INPUT


def _forget_output() -> None:
    """Leave nothing in standard output that Python would fail to write at its end."""
    with contextlib.suppress(OSError):
        sys.stdout.flush()
        return
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _run(words: list[str]) -> int:
    opens_window = not words or (words[0] not in _COMMANDS and not words[0].startswith("-"))
    if opens_window:
        return _window(Path(words[0]) if words else None, words[1:])
    options = _command_parser().parse_args(words)
    run: Callable[[argparse.Namespace], int] = options.run
    return run(options)


class _Parser(argparse.ArgumentParser):
    """A parser whose complaints are errors of ours, one line, and whose help may go on behind its options."""

    explanation: Callable[[], str] | None = None
    """Asked only when the help is wanted, because much may have to be loaded for it."""

    def format_help(self) -> str:
        return super().format_help() + ("" if self.explanation is None else self.explanation())

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

    def command(name: str, run: Callable[[argparse.Namespace], int], help: str | None) -> _Parser:
        # A parser added without help is not listed.
        added = commands.add_parser(name, description=help, help=help) if help else commands.add_parser(name)
        added.set_defaults(run=run)
        return added

    new = command("new", _new, "make a project for a table")
    new_command.add_arguments(new)
    new.explanation = new_command.explanation

    train = command("train", _train, "train a project, from where it stands")
    train.add_argument("file", type=Path, metavar="FILE")
    train.add_argument(
        "--iterations", type=int, metavar="N", help="N more; default: to the project's own end"
    )
    train.add_argument("--restart", action="store_true", help="begin again with the start weights")
    train.add_argument("--executor", choices=("compiled", "reference"))
    train.add_argument("--json", action="store_true", help="one JSON object a line instead of a progress bar")
    train.add_argument("--save", type=Path, metavar="OUT.flux")
    train.add_argument("--export", type=Path, metavar="OUT")

    export = command("export", _export, "write the weights for other tools, or a worked example for LaTeX")
    export.add_argument("file", type=Path, metavar="FILE")
    export.add_argument("out", type=Path, metavar="OUT")
    export.add_argument("--format", metavar="NAME", help="one of those below; else the end of OUT says which")
    export.add_argument(
        "--digits", type=int, default=4, metavar="N", help="significant digits in a worked example (.tex)"
    )
    export.explanation = _formats

    take_in = command("take-in", _take_in, "put weights from an NPZ or safetensors file into a network")
    take_in.add_argument("file", type=Path, metavar="FILE")
    take_in.add_argument("weights", type=Path, metavar="WEIGHTS")
    take_in.add_argument(
        "--save", type=Path, metavar="OUT.flux", help="without it, only say what would go where"
    )
    take_in.add_argument(
        "--take",
        action="append",
        default=[],
        metavar="PARAMETER=ARRAY",
        help="take this array for a parameter, such as layer-1.weights_matrix=fc1.w; may be given again",
    )
    take_in.add_argument(
        "--transposed",
        choices=("yes", "no"),
        help="how square matrices lie of which that cannot be told",
    )

    predict = command("predict", _predict, "predict for the rows of a table")
    predict.add_argument("file", type=Path, metavar="FILE")
    predict.add_argument("data", type=Path, metavar="DATA")
    predict.add_argument("--out", type=Path, metavar="predictions.csv")
    new_command.add_format_arguments(predict)

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
    if file is not None and file.is_dir():
        raise UsageError(f"{file}: this is a folder; give a .flux or CSV file in it")
    if others:
        raise UsageError(f"the window opens one file; {' '.join(others)} is too much")
    if not _has_display():
        raise UsageError(
            "there is no display to open a window on; flux-studio train FILE and the other commands work without one"
        )
    from flux_studio.gui.app import run

    return run(file)


def _has_display() -> bool:
    """Whether a window can be opened: everywhere but on a Linux without a screen."""
    if not sys.platform.startswith("linux") or os.environ.get("QT_QPA_PLATFORM"):
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def _new(options: argparse.Namespace) -> int:
    from flux_studio.project import files

    _check_project_name(options.out)
    _check_output(options.out, *filter(None, (options.data,)))
    project = new_command.new_project(options)
    files.save(project, options.out)
    print(f"{options.out}: {_describe(project)}")
    return 0


def _train(options: argparse.Namespace) -> int:
    from flux_studio import progress
    from flux_studio.engine.executors import fastest_executor
    from flux_studio.export import exporters
    from flux_studio.project import descriptions, files
    from flux_studio.training.events import Failed
    from flux_studio.training.session import Session

    if options.save is not None:
        _check_project_name(options.save)
        _check_output(options.save)
    if options.export is not None:
        _check_output(options.export, options.file)
        exporters.choose(options.export)
    project = files.load(options.file)
    if options.restart:
        project = project.restarted()
    session = Session(project, options.executor or fastest_executor())
    until = project.specification.iterations
    if options.iterations is not None:
        until = session.iteration + _not_negative(options.iterations, "--iterations")
    how = descriptions.training_text(project.specification, len(project.dataset().training))
    bar = progress.ProgressBar(how, session.iteration, until)
    tell = progress.tell_json if options.json else bar.tell
    failed = None
    for event in session.train(until):
        try:
            tell(event)
        except BrokenPipeError:
            if options.save is None and options.export is None:
                raise
            _forget_output()  # nobody listens any more, but what was asked for is still to be written
        if isinstance(event, Failed):
            failed = event
    trained = project.with_run(session.run())
    if options.save is not None:
        files.save(trained, options.save)
    if options.export is not None:
        said = _exported(trained, options.export, None)
        if not options.json:
            print(said)
    if failed is not None:
        raise FluxError(failed.message)
    return 0


def _export(options: argparse.Namespace) -> int:
    from flux_studio.export import exporters
    from flux_studio.project import files

    _check_output(options.out, options.file)
    if options.format == "tex" or (options.format is None and options.out.suffix.lower() == ".tex"):
        return _work_out(options)
    exporters.choose(options.out, options.format)
    print(_exported(files.load(options.file), options.out, options.format))
    return 0


def _exported(project: Project, out: Path, format: str | None) -> str:
    """Write an export and say how it was tried."""
    from flux_studio.export import exporters
    from flux_studio.training import report

    done = exporters.export(project, out, format, metrics=report.of(project))
    return f"{out}: {done.exporter.title}, {done.words}"


def _formats() -> str:
    from flux_studio.export.exporters import EXPORTERS

    lines = [
        f"  {each.name:<12} {'*' + each.suffix:<14} {each.sentence}\n{'':<30}{each.covers}."
        for each in EXPORTERS
    ]
    lines.append(f"  {'tex':<12} {'*.tex':<14} One iteration worked out with all of its numbers, for LaTeX.")
    return (
        "\nformats:\n"
        + "\n".join(lines)
        + "\n\nEach file but the last is read back and run on up to 1,000 rows of the data before it is put in place.\n"
    )


def _take_in(options: argparse.Namespace) -> int:
    from flux_studio.export import taking_in
    from flux_studio.project import files

    if options.save is not None:
        _check_project_name(options.save)
        _check_output(options.save, options.weights)
    project = files.load(options.file)
    comparison = taking_in.compare(project, options.weights)
    mapping = taking_in.chosen(comparison, options.take, options.transposed)
    for line in taking_in.lines(comparison, mapping):
        print(line)
    if options.save is not None:
        files.save(taking_in.take_in(project, options.weights, mapping), options.save)
        print(f"{options.save}: {len(mapping)} of {len(comparison.matches)} parameters taken in")
    return 0


def _work_out(options: argparse.Namespace) -> int:
    """Write the iteration at which the project stands as a LaTeX document that works it out."""
    from flux_studio.engine.worked import work_out
    from flux_studio.export import worked_example
    from flux_studio.project import files
    from flux_studio.project.catalogue import titles
    from flux_studio.training.session import Session

    project = files.load(options.file)
    session = Session(project, "reference")
    worked = work_out(session.network, session.iteration)
    named = titles(project.specification)
    worked_example.save(options.out, worked, named, options.file.stem, options.digits)
    print(f"{options.out}: iteration {worked.iteration} worked out")
    return 0


def _predict(options: argparse.Namespace) -> int:
    from flux_studio.export import predictions
    from flux_studio.project import files

    if options.out is not None:
        _check_output(options.out, options.file, options.data)
    project = files.load(options.file)
    format = new_command.chosen_format(options, predictions.format_for(project, options.data))
    if options.out is None:
        sys.stdout.write(predictions.as_csv(project, options.data, format))
    else:
        predictions.write(project, options.data, options.out, format)
        print(f"{options.out}: predictions")
    return 0


def _info(options: argparse.Namespace) -> int:
    from flux_studio.data.facts import all_facts
    from flux_studio.data.suspicions import suspicions
    from flux_studio.project import descriptions, files
    from flux_studio.project.catalogue import arriving, layer_kind, reads, titles, widths
    from flux_studio.project.notation import write_layers
    from flux_studio.training import report

    project = files.load(options.file)
    specification, dataset = project.specification, project.dataset()
    print(f"{options.file}: {_describe(project)}")
    for name, words in descriptions.data_lines(specification.data.source, dataset, project.table.rows):
        print(f"{name:<12} {words}")
    print(f"inputs       {', '.join(dataset.preprocessor.input_names)}")
    print(f"targets      {', '.join(dataset.preprocessor.target_names)}")
    facts = all_facts(project.table, specification.data.columns)
    for each in suspicions(project.table, specification.data.columns, facts, dataset):
        print(f"caution      {each.what}: {each.advice}")
    print(f"layers       {write_layers(specification.layers)}")
    passing = widths(specification, dataset.inputs.shape[1])
    named, comes = titles(specification), arriving(specification, dataset.inputs.shape[1])
    for layer, (before, after) in zip(specification.layers, pairwise(passing), strict=True):
        activation = layer_kind(layer.kind).complete(layer.settings).get("activation", "")
        line = f"{named[layer.identity]:<12} {before} → {after} {activation}".rstrip()
        how = reads(layer, comes[layer.identity])
        print(f"{line}, reads {how}" if how else line)
    print(f"loss         {specification.loss}")
    for name, words in descriptions.training_lines(specification, len(dataset.training)):
        print(f"{name:<12} {words}")
    print(f"seed         {specification.seed}, {specification.dtype}")
    trained = "not trained yet" if project.run is None else f"trained to iteration {project.run.iteration:,}"
    print(f"state        {trained}; its own end is {specification.iterations:,}")
    if project.run is not None:
        for line in report.lines(report.score(project.network("reference"), dataset, project.run.iteration)):
            print(line)
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
    checks = check_gradients(project.network("reference", dtype="float64", batched=False))
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
    if not all(_is_whole(side) and 0 < int(side) <= 8192 for side in (width, height)):
        raise UsageError(f"--size: {options.size!r} is not WIDTHxHEIGHT, such as 1600x1000")
    _check_output(options.out, options.file)
    from flux_studio.gui.picture import save_picture

    save_picture(options.file, options.out, (int(width), int(height)), options.theme)
    print(f"{options.out}: {width}×{height}")
    return 0


def _warm(options: argparse.Namespace) -> int:
    import numpy as np

    from flux_studio.engine import compiled

    with contextlib.suppress(RuntimeError):  # Numba finds no place to keep it: tables are read by csv then
        from flux_studio.data import scanning

        scanning.warm()
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


def _check_output(out: Path, *read: Path) -> None:
    """Complain about a place that cannot be written to, or that holds what is read, before any work is done."""
    from flux_studio.project import files

    files.check_place(out)
    for file in read:
        if out.exists() and file.exists() and out.samefile(file):
            raise UsageError(f"{out}: this is the file that is read; give another name")


def _check_project_name(out: Path) -> None:
    if out.suffix.lower() != ".flux":
        raise UsageError(f"{out}: a project's file is called .flux; write {out.name}.flux")


def _is_whole(text: str) -> bool:
    return text.isascii() and text.isdecimal()


def _not_negative(value: int, option: str) -> int:
    if value < 0:
        raise UsageError(f"{option} must not be negative, not {value}")
    return value


_LISTED = ("new", "train", "export", "take-in", "predict", "info", "check", "screenshot")
_COMMANDS = (*_LISTED, "warm", "demo")
