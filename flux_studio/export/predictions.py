"""Predictions of a project for the rows of a table, as CSV."""

from __future__ import annotations

import csv
import io
from pathlib import Path

from flux_studio.data.formats import TableFormat
from flux_studio.data.progress import GoesOn, always, ask, part_of
from flux_studio.data.readers import format_like, read_table
from flux_studio.errors import ExportError, ProjectFileError
from flux_studio.project.files import write_atomically
from flux_studio.project.project import Project

_BLOCK = 8_192


def as_csv(
    project: Project, table_path: Path, format: TableFormat | None = None, goes_on: GoesOn = always
) -> str:
    """One line a row, in order, below a header: ``prediction`` and, for classes, ``p(NAME)`` for each class.

    Without a ``format`` the table is read as the project's own was, if it is like that. ``goes_on`` is told how much
    is done, of whatever; with ``False`` it ends by :class:`~flux_studio.errors.GivenUpError`.

    Where rows are read in windows, the line of a row has what is predicted from the window that ends there; rows
    that no full window ends at have empty cells.
    """
    preprocessor = project.dataset().preprocessor
    table = read_table(table_path, format or format_for(project, table_path), part_of(goes_on, 0.0, 0.5))
    rows, network = preprocessor.predictable(table), project.network("reference", rows=1)
    inputs = preprocessor.inputs(table, rows)
    text = io.StringIO()
    writer, written = csv.writer(text, lineterminator="\n"), 0
    for start in range(0, max(1, len(rows)), _BLOCK):
        ask(part_of(goes_on, 0.5, 1.0), start, max(1, len(rows)))
        predicted = preprocessor.decode(network.predict(inputs[start : start + _BLOCK]))
        nothing = ("",) * len(predicted.header)
        if not start:
            writer.writerow(predicted.header)
        for row, line in zip(rows[start : start + _BLOCK].tolist(), predicted.rows, strict=True):
            writer.writerows([nothing] * (row - written))
            writer.writerow(line)
            written = row + 1
    writer.writerows([nothing] * (table.rows - written))
    return text.getvalue()


def format_for(project: Project, table_path: Path) -> TableFormat:
    """How a table is to be read that is predicted for: as the project's own was, if it is like that."""
    needed = [encoder.column for encoder in project.dataset().preprocessor.input_encoders]
    return format_like(table_path, project.specification.data.format, needed)


def write(
    project: Project,
    table_path: Path,
    out: Path,
    format: TableFormat | None = None,
    goes_on: GoesOn = always,
) -> None:
    """Write :func:`as_csv` to a file, whole or not at all."""
    content = as_csv(project, table_path, format, goes_on).encode()
    try:
        write_atomically(out, content)
    except ProjectFileError as error:
        raise ExportError(str(error)) from error
