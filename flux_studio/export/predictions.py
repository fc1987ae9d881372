"""Predictions of a project for the rows of a table, as CSV."""

from __future__ import annotations

import csv
import io
from pathlib import Path

from flux_studio.data.readers import read_table
from flux_studio.errors import ExportError, ProjectFileError
from flux_studio.project.files import write_atomically
from flux_studio.project.project import Project


def as_csv(project: Project, table_path: Path) -> str:
    """One line a row, in order, below a header: ``prediction`` and, for classes, ``p(NAME)`` for each class."""
    preprocessor = project.dataset().preprocessor
    outputs = project.network("reference").predict(preprocessor.inputs(read_table(table_path)))
    predicted = preprocessor.decode(outputs)
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([predicted.header, *predicted.rows])
    return text.getvalue()


def write(project: Project, table_path: Path, out: Path) -> None:
    """Write :func:`as_csv` to a file, whole or not at all."""
    content = as_csv(project, table_path).encode()
    try:
        write_atomically(out, content)
    except ProjectFileError as error:
        raise ExportError(str(error)) from error
