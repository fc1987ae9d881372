"""One matrix with the names of its rows and columns: as CSV for spreadsheets, as text to paste, as NumPy archive."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from flux_studio.engine.formulas import number, read
from flux_studio.engine.notation import Grid
from flux_studio.engine.operations import shape_text
from flux_studio.engine.operations.base import Array
from flux_studio.errors import ExportError, ProjectFileError
from flux_studio.project.files import write_atomically

MOST_CELLS = 2_000_000
"""Beyond this, text is no way to keep numbers, and no spreadsheet is comfortable with them."""

MOST_LATEX_CELLS = 2_500
"""Beyond this, LaTeX has no room for a formula."""


@dataclass(frozen=True, eq=False)
class NamedMatrix:
    """Numbers (rows×columns) with what they are called; names that are missing are counted from 0."""

    title: str
    """Whose matrix it is and which, such as ``Dense 1 · weights_matrix``."""
    symbol: str
    values: Array
    rows: Sequence[str]
    columns: Sequence[str]
    iteration: int

    def row(self, place: int) -> str:
        """What a row is called."""
        return str(self.rows[place]) if place < len(self.rows) else str(place)

    def column(self, place: int) -> str:
        """What a column is called."""
        return str(self.columns[place]) if place < len(self.columns) else str(place)


def as_csv(matrix: NamedMatrix) -> bytes:
    """A header with the names of the columns, then a line a row that begins with the row's name (RFC 4180, UTF-8).

    The first cell of the header is the matrix's symbol. Each number is the shortest text that reads back as the same.
    """
    text = _written(matrix, csv.excel, "\r\n")
    # Spreadsheets take UTF-8 for what it is only behind this mark; plain ASCII needs none.
    return text.encode("ascii" if text.isascii() else "utf-8-sig")


def as_text(matrix: NamedMatrix) -> str:
    """The same with tabs, which a spreadsheet takes apart when it is pasted."""
    return _written(matrix, csv.excel_tab, "\n")


def as_latex(matrix: NamedMatrix, digits: int = 6) -> str:
    """``w = (…)`` as a displayed formula, with what the matrix, its rows and its columns are called in comments."""
    rows, columns = matrix.values.shape
    if matrix.values.size > MOST_LATEX_CELLS:
        raise ExportError(
            f"{matrix.title} has {shape_text(matrix.values.shape)} cells, too many for a page of LaTeX: "
            "take it as a table (CSV)"
        )
    grid = Grid(
        tuple(tuple(read(number(float(value), digits)).latex() for value in row) for row in matrix.values)
    )
    names = (
        f"{matrix.title}, iteration {matrix.iteration}",
        f"rows: {', '.join(matrix.row(place) for place in range(rows))}",
        f"columns: {', '.join(matrix.column(place) for place in range(columns))}",
    )
    comments = "".join(f"% {' '.join(name.split())}\n" for name in names)
    return f"{comments}\\[\n{read(matrix.symbol).latex()} = {grid.latex()}\n\\]\n"


def as_npz(matrix: NamedMatrix) -> bytes:
    """``values`` with ``rows`` and ``columns`` (names), ``title`` and ``iteration``; needs no pickle to be read."""
    content = io.BytesIO()
    rows, columns = matrix.values.shape
    np.savez(
        content,
        values=np.ascontiguousarray(matrix.values),
        rows=np.array([matrix.row(place) for place in range(rows)], dtype=np.str_),
        columns=np.array([matrix.column(place) for place in range(columns)], dtype=np.str_),
        title=np.array(matrix.title),
        iteration=np.array(matrix.iteration),
    )
    return content.getvalue()


def write(path: Path, content: bytes) -> None:
    """Write a file whole or not at all; :class:`ExportError` says why not."""
    try:
        write_atomically(path, content)
    except ProjectFileError as error:
        raise ExportError(str(error)) from error


def _written(matrix: NamedMatrix, dialect: type[csv.Dialect], end: str) -> str:
    if matrix.values.size > MOST_CELLS:
        raise ExportError(
            f"{matrix.title} has {shape_text(matrix.values.shape)} cells, too many for a table of text: "
            "take it as a NumPy archive (NPZ)"
        )
    text = io.StringIO()
    writer = csv.writer(text, dialect, lineterminator=end)
    count = matrix.values.shape[1]
    writer.writerow([matrix.symbol, *(matrix.column(place) for place in range(count))])
    for place, line in enumerate(matrix.values):
        writer.writerow([matrix.row(place), *map(str, line)])
    return text.getvalue()
