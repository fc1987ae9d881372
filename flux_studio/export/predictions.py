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
    """One line a row, in order, below a header: ``prediction`` and, for classes, ``p(NAME)`` for each class.

    Where rows are read in windows, the line of a row has what is predicted from the window that ends there; rows
    that no full window ends at have empty cells.
    """
    preprocessor, table = project.dataset().preprocessor, read_table(table_path)
    rows = preprocessor.predictable(table)
    predicted = preprocessor.decode(
        project.network("reference", rows=1).predict(preprocessor.inputs(table, rows))
    )
    lines: list[tuple[str | float, ...]] = [("",) * len(predicted.header)] * table.rows
    for row, line in zip(rows.tolist(), predicted.rows, strict=True):
        lines[row] = line
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([predicted.header, *lines])
    return text.getvalue()


def write(project: Project, table_path: Path, out: Path) -> None:
    """Write :func:`as_csv` to a file, whole or not at all."""
    content = as_csv(project, table_path).encode()
    try:
        write_atomically(out, content)
    except ProjectFileError as error:
        raise ExportError(str(error)) from error
