"""A table of exporters: each writes a project in one format that other tools read, and tries it before it is kept."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from flux_studio.errors import ExportError, ProjectFileError
from flux_studio.export import (
    archives,
    c_header,
    numpy_script,
    onnx_model,
    program_script,
    torch_script,
    verification,
)
from flux_studio.export.subject import Subject
from flux_studio.export.verification import Found, Sample, Verifying
from flux_studio.export.weight_files import load_all
from flux_studio.project.files import check_place, write_atomically
from flux_studio.project.project import Project


@dataclass(frozen=True)
class Exporter:
    """One format: how it is called, the end of a name that means it, what it is for, and how it is made and tried."""

    name: str
    suffix: str
    title: str
    sentence: str
    """What it is, in one sentence for people."""
    covers: str
    """How much of the project it carries."""
    make: Callable[[Subject], bytes]
    """The file's content; :class:`ExportError` with the reason where the project cannot be written so."""
    verify: Callable[[Path, Sample], Verifying]
    """Runs a file that :attr:`make` has made."""
    check: Callable[[Subject], object] = lambda subject: None
    """Raises the same error before anything is made; quick."""

    def refusal(self, subject: Subject) -> str:
        """Why the project cannot be written in this format, in one line; empty when it can."""
        try:
            self.check(subject)
        except ExportError as error:
            return str(error)
        return ""


@dataclass(frozen=True)
class Progress:
    """What is being done, and which of how many steps that is."""

    step: int
    steps: int
    words: str


@dataclass(frozen=True)
class Exported:
    """A file in its place, and how it was tried."""

    path: Path
    exporter: Exporter
    rows: int
    """On how many rows it was run; 0 where that was not possible."""
    difference: float
    """How far it was from our own predictions at most."""
    words: str
    """For people: ``verified on 150 rows: largest difference 3e-08``."""


def export(
    project: Project,
    path: Path | str,
    format: str | None = None,
    *,
    metrics: Mapping[str, Any] | None = None,
    date: str | None = None,
) -> Exported:
    """Write a project in a format that is known by its name or by the end of the path's; see :func:`exporting`."""
    steps = exporting(project, path, format, metrics=metrics, date=date)
    while True:
        try:
            next(steps)
        except StopIteration as end:
            done: Exported = end.value
            return done


def exporting(
    project: Project,
    path: Path | str,
    format: str | None = None,
    *,
    metrics: Mapping[str, Any] | None = None,
    date: str | None = None,
) -> Generator[Progress, None, Exported]:
    """The same a little at a time: says what it is doing, and closing it leaves everything as it was.

    The file is made, read back, run on up to 1,000 rows of the data and compared with our own predictions, and only
    then put in its place, whole or not at all. ``metrics`` and ``date`` (ISO 8601; now) go into its metadata.
    :class:`ExportError` says why it was not written.
    """
    path = Path(path)
    exporter = choose(path, format)
    try:
        check_place(path)
        yield Progress(1, 3, f"writing the {exporter.title}")
        subject = Subject(project, metrics or {}, **({} if date is None else {"date": date}))
        if not all(np.isfinite(array).all() for array in subject.weights.values()):
            raise ExportError("the weights are not all finite: go back to before the training went wrong")
        exporter.check(subject)
        content = exporter.make(subject)
        sample = Sample(subject)
        trying = Progress(2, 3, f"trying it on {sample.rows:,} {'row' if sample.rows == 1 else 'rows'}")
        yield trying
        with tempfile.TemporaryDirectory(prefix="flux-studio-export-") as folder:
            trial = Path(folder) / f"exported{exporter.suffix}"
            trial.write_bytes(content)
            # What it has started ends before the folder goes.
            with contextlib.closing(exporter.verify(trial, sample)) as steps:
                found = yield from _telling(steps, trying)
        difference = verification.verify(found, sample)
        yield Progress(3, 3, f"putting {path.name} in place")
        write_atomically(path, content)
    except ProjectFileError as error:
        raise ExportError(str(error)) from error
    except ModuleNotFoundError as error:
        raise ExportError(
            f"{exporter.title} needs {error.name}: install it, or choose another format"
        ) from error
    except OSError as error:
        raise ExportError(
            f"{path}: cannot be tried ({error.strerror or error}), so it is not written"
        ) from error
    rows = sample.rows if found.rows is None else found.rows
    return Exported(path, exporter, rows, difference, found.words or _words(rows, difference))


def _telling(steps: Verifying, progress: Progress) -> Generator[Progress, None, Found]:
    """The same progress at each step."""
    while True:
        try:
            next(steps)
        except StopIteration as end:
            found: Found = end.value
            return found
        yield progress


def _words(rows: int, difference: float) -> str:
    apart = f"{difference:.0e}" if difference else "0"
    return f"verified on {rows:,} {'row' if rows == 1 else 'rows'}: largest difference {apart}"


def choose(path: Path, format: str | None = None) -> Exporter:
    """The exporter for a format's name, or else for the end of the file's; :class:`ExportError` if there is none."""
    if format is not None:
        for exporter in EXPORTERS:
            if exporter.name == format:
                return exporter
        known = ", ".join(exporter.name for exporter in EXPORTERS)
        raise ExportError(f"export format {format!r} is not known; choose one of {known}")
    fitting = [exporter for exporter in EXPORTERS if path.name.lower().endswith(exporter.suffix)]
    if fitting:
        return max(fitting, key=lambda exporter: len(exporter.suffix))
    suffixes = ", ".join(exporter.suffix for exporter in EXPORTERS)
    raise ExportError(f"{path}: the name does not say which format is meant; end it with one of {suffixes}")


_WEIGHTS = "Weights and description; preprocessing as metadata"
_WHOLE = "From the table's own columns to answers, preprocessing and names of classes inside"

EXPORTERS: tuple[Exporter, ...] = (
    Exporter(
        "npz",
        ".npz",
        "NumPy archive",
        "Every matrix by its name, for numpy.load.",
        _WEIGHTS,
        archives.npz,
        verification.weights(load_all),
    ),
    Exporter(
        "safetensors",
        ".safetensors",
        "safetensors",
        "Every matrix by its name, for PyTorch, JAX and many others; nothing in it can run.",
        _WEIGHTS,
        archives.safetensors,
        verification.weights(load_all),
    ),
    Exporter(
        "json",
        ".json",
        "JSON document",
        "Layers, settings and numbers in one text that any language reads.",
        _WEIGHTS,
        archives.json_document,
        verification.weights(archives.read_json),
    ),
    Exporter(
        "csv",
        ".zip",
        "CSV tables",
        "A zip with a table for each matrix, for spreadsheets.",
        _WEIGHTS,
        archives.csv_tables,
        verification.weights(archives.read_csv_tables),
    ),
    Exporter(
        "onnx",
        ".onnx",
        "ONNX model",
        "For ONNX Runtime, Netron and whatever else reads ONNX; a named input for each column.",
        _WHOLE,
        onnx_model.make,
        verification.onnx_model,
        onnx_model.check,
    ),
    Exporter(
        "numpy",
        ".py",
        "NumPy script",
        "A Python script that needs NumPy only: a table in, predictions out.",
        _WHOLE,
        numpy_script.make,
        verification.numpy_script,
        lambda subject: subject.lowered,
    ),
    Exporter(
        "c",
        ".h",
        "C header",
        "A single file of C99 that needs math.h only, for microcontrollers as well.",
        _WHOLE,
        c_header.make,
        verification.c_header_file,
        c_header.check,
    ),
    Exporter(
        "torch",
        "_torch.py",
        "PyTorch script",
        "A Python script that rebuilds the network of PyTorch's own layers and loads its weights.",
        _WEIGHTS,
        torch_script.make,
        verification.torch_script,
        torch_script.modules,
    ),
    Exporter(
        "program",
        "_program.py",
        "Printed program",
        "One iteration as readable NumPy, forward and backward: a line for each matrix.",
        "Every matrix and every gradient, with some rows to try it on",
        program_script.make,
        verification.program,
    ),
)
