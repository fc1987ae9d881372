"""What the wall of matrices shows now: the lines of its open rows, and the latest numbers of each matrix."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np
from PySide6.QtGui import QImage

from flux_studio.engine.matrices import MatrixKind
from flux_studio.gui.widgets import heat
from flux_studio.gui.widgets.levels import ColourRange, Group, Levels
from flux_studio.gui.widgets.wall_rows import Tiles, WallMatrix, WallRow, lines_of
from flux_studio.training.events import MatrixKey

Place = tuple[int, int]
"""Line and column on the wall, from 0."""


@dataclass
class WallPicture:
    """What is known of one matrix: its numbers, its steady colour level, its picture once it was painted."""

    matrix: np.ndarray
    level: float
    finite: bool
    image: QImage = field(default_factory=QImage)


@dataclass(frozen=True)
class Heading:
    """A row as it stands on the wall: how deep inside others, and on which lines, from 0."""

    row: WallRow
    depth: int
    first: int
    last: int

    @property
    def foldable(self) -> bool:
        """Whether there are rows inside."""
        return any(each.rows for each in (self.row, *self.row.pages))


class WallContent:
    """Rows of tiles under columns of kinds; a row may need several lines."""

    def __init__(self, kinds: tuple[MatrixKind, ...]) -> None:
        self.kinds = kinds
        self.rows: tuple[WallRow, ...] = ()
        self.lines: list[Tiles] = []
        self.headings: list[Heading] = []
        self.has_marks = False
        """Whether any row can be folded."""
        self._matrices: dict[MatrixKey, WallMatrix] = {}
        self._places: dict[MatrixKey, Place] = {}
        self._pictures: dict[MatrixKey, WallPicture] = {}
        self._turned: set[str] = set()
        self._pages: dict[str, int] = {}
        self.levels = Levels()

    @property
    def is_empty(self) -> bool:
        """Whether there is no matrix at all."""
        return not self._matrices

    def set_rows(self, rows: tuple[WallRow, ...]) -> None:
        """Take these rows; matrices whose shapes stay the same keep their pictures, rows what was folded."""
        before, self.rows = self._matrices, rows
        self._matrices = {matrix.key: matrix for row in rows for matrix in row.everything()}
        self._pictures = {
            key: picture
            for key, picture in self._pictures.items()
            if key in self._matrices and self._matrices[key].shape == before[key].shape
        }
        self.levels.begin({matrix.key: group for row in rows for matrix, group in _groups(row, row.identity)})
        self._lay_out()

    def set_matrices(self, matrices: Mapping[MatrixKey, np.ndarray]) -> None:
        """Take new numbers; colour levels move only when they must."""
        for key, array in matrices.items():
            matrix = heat.as_matrix(array)
            largest, finite = heat.magnitude(matrix)
            self.levels.take(key, largest)
            self._pictures[key] = WallPicture(matrix, self.levels.of(key), finite)
        if self.levels.range.linked:
            self._follow_levels()

    def set_colour_range(self, chosen: ColourRange) -> None:
        """Let the colours reach over another time, from the numbers that are there now."""
        self.levels.range = chosen
        for key, picture in self._pictures.items():
            self.levels.take(key, heat.magnitude(picture.matrix)[0])
        self._follow_levels()

    def _follow_levels(self) -> None:
        """Colour anew what reaches elsewhere now, because of another matrix of its row."""
        for key, picture in self._pictures.items():
            if picture.level != self.levels.of(key):
                picture.level, picture.image = self.levels.of(key), QImage()

    def forget_images(self) -> None:
        """Paint every picture anew the next time it is seen."""
        for picture in self._pictures.values():
            picture.image = QImage()

    def picture(self, key: MatrixKey | None) -> WallPicture | None:
        """What is known of a matrix; ``None`` before it ever came."""
        return self._pictures.get(key) if key is not None else None

    def find(self, key: MatrixKey | None) -> WallMatrix | None:
        """A matrix of the wall, in view or folded away."""
        return self._matrices.get(key) if key is not None else None

    def at(self, place: Place) -> WallMatrix | None:
        """The matrix at a place; ``None`` where the place is blank or beyond the wall."""
        line, column = place
        return self.lines[line].get(column) if 0 <= line < len(self.lines) else None

    def place(self, key: MatrixKey | None) -> Place | None:
        """Where a matrix stands; ``None`` if it is folded away or not of this wall."""
        return self._places.get(key) if key is not None else None

    def is_labelled(self, line: int) -> bool:
        """Whether a line holds a matrix that the column's heading does not name."""
        return any(self.kinds[column].name != each.kind.name for column, each in self.lines[line].items())

    # Folding and paging

    def is_folded(self, row: WallRow) -> bool:
        """Whether the rows inside are hidden."""
        return row.folded != (row.identity in self._turned)

    def fold(self, row: WallRow) -> None:
        """Hide the rows inside, or show them again."""
        self._turned ^= {row.identity}
        self._lay_out()

    def page(self, row: WallRow) -> int:
        """Which of a row's pages is shown, from 0."""
        return min(self._pages.get(row.identity, 0), len(row.pages) - 1)

    def turn(self, row: WallRow, page: int) -> None:
        """Show another of a row's pages."""
        self._pages[row.identity] = page
        self._lay_out()

    def heading_of(self, key: MatrixKey | None) -> Heading | None:
        """The row in which a matrix stands."""
        place = self.place(key)
        return next((each for each in self.headings if place and each.first <= place[0] <= each.last), None)

    def reveal(self, key: MatrixKey) -> bool:
        """Unfold and turn pages until a matrix is on the wall; tells whether anything had to be done."""
        if key in self._places or key not in self._matrices:
            return False
        for row, page in _way_to(key, self.rows):
            if page is not None:
                self._pages[row.identity] = page
            elif self.is_folded(row):
                self._turned ^= {row.identity}
        self._lay_out()
        return True

    # Inside

    def _lay_out(self) -> None:
        self.lines, self.headings = [], []
        for row in self.rows:
            self._add(row, 0)
        self.has_marks = any(heading.foldable for heading in self.headings)
        self._places = {
            matrix.key: (line, column)
            for line, tiles in enumerate(self.lines)
            for column, matrix in tiles.items()
        }

    def _add(self, row: WallRow, depth: int) -> None:
        shown = [row, row.pages[self.page(row)]] if row.pages else [row]
        lines = lines_of([matrix for each in shown for matrix in each.matrices], self.kinds) or [{}]
        first = len(self.lines)
        self.lines += lines
        self.headings.append(Heading(row, depth, first, len(self.lines) - 1))
        if not self.is_folded(row):
            for each in shown:
                for inside in each.rows:
                    self._add(inside, depth + 1)


def _groups(row: WallRow, identity: str) -> Iterator[tuple[WallMatrix, Group]]:
    """Which matrices belong to one row, by side; the pages of a row, such as the steps of a sequence, are one."""
    for matrix in row.matrices:
        yield matrix, (identity, matrix.kind.side)
    for page in row.pages:
        yield from _groups(page, identity)
    for inside in row.rows:
        yield from _groups(inside, inside.identity)


def _way_to(key: MatrixKey, rows: tuple[WallRow, ...]) -> Iterator[tuple[WallRow, int | None]]:
    """The rows to unfold, and the pages to turn to, before a matrix can be seen."""
    for row in rows:
        if any(matrix.key == key for inside in row.rows for matrix in inside.everything()):
            yield row, None
            yield from _way_to(key, row.rows)
        for number, page in enumerate(row.pages):
            if any(matrix.key == key for matrix in page.everything()):
                yield row, number
                if not any(matrix.key == key for matrix in page.matrices):
                    yield row, None
                    yield from _way_to(key, page.rows)
