"""What the wall is told to show: rows of matrices, rows inside rows, and where in a row each matrix stands."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from flux_studio.engine.matrices import MatrixKind
from flux_studio.training.events import MatrixKey


@dataclass(frozen=True)
class WallMatrix:
    """One matrix: what it is, how large, and what people call the layer that owns it."""

    key: MatrixKey
    kind: MatrixKind
    shape: tuple[int, int]
    owner: str


@dataclass(frozen=True)
class WallRow:
    """A layer, or a part of one, with all its matrices.

    ``rows`` stand below it and can be folded away. ``pages`` are alike, such as the steps of a sequence: of these
    one is shown at a time, with its matrices in this row; ``page`` is the word for one.
    """

    identity: str
    title: str
    subtitle: str = ""
    matrices: tuple[WallMatrix, ...] = ()
    rows: tuple[WallRow, ...] = ()
    folded: bool = False
    pages: tuple[WallRow, ...] = ()
    page: str = ""

    def everything(self) -> Iterator[WallMatrix]:
        """All matrices of the row, of its pages and of the rows inside."""
        yield from self.matrices
        for row in (*self.pages, *self.rows):
            yield from row.everything()


Tiles = Mapping[int, WallMatrix]
"""The matrices of one line of tiles, by column."""


def lines_of(matrices: Sequence[WallMatrix], columns: Sequence[MatrixKind]) -> list[Tiles]:
    """Where the matrices of a row stand, line by line.

    A matrix that has a column of its own stands there; others stand behind the one before, on their side of the wall.
    What finds no room goes on in the next line.
    """
    named = {kind.name: column for column, kind in enumerate(columns)}
    lines: list[dict[int, WallMatrix]] = []
    for side in ("forward", "backward", "update"):
        places = [column for column, kind in enumerate(columns) if side in ("update", kind.side)]
        line, cursor = len(lines) if side == "update" else 0, places[0]
        for matrix in (each for each in matrices if each.kind.side == side):
            column = named.get(matrix.kind.name, cursor)
            if not cursor <= column <= places[-1]:
                line, column = line + 1, named.get(matrix.kind.name, places[0])
            lines += [{} for _ in range(line + 1 - len(lines))]
            lines[line][column] = matrix
            cursor = column + 1
    return lines
