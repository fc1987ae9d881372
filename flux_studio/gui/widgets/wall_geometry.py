"""Where everything on the wall of matrices stands: a header above, names at the left, tiles in between."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate

from PySide6.QtCore import QPoint, QRect

_UNIT = 8
_SMALLEST_SIDE = 32
_LARGEST_SIDE = 96
_WIDEST_GAP = 44
# The longest word of a column's title fits into this.
_SMALLEST_PITCH = 50


@dataclass(frozen=True)
class WallGeometry:
    """Lengths in pixels. The body scrolls under the header and the names; ``scroll`` is its offset.

    ``labels`` has for each line of tiles the height of what is written above them, 0 for nothing.

    All ``columns`` fit beside the names into ``view_width``, in pictures as large as that allows; only where
    these would become too small to read does the body grow wider than the view.
    """

    view_width: int
    view_height: int
    names: int
    header: int
    caption: int
    labels: tuple[int, ...]
    columns: int
    margin: int
    scale: float

    @property
    def _share(self) -> int:
        return (self.view_width - self.names - self.margin) // max(self.columns, 1)

    @cached_property
    def side(self) -> int:
        """Edge of the square that each picture fits into; a multiple of 8, so that eight cells fill it."""
        room = (self._share - self.margin) // _UNIT * _UNIT
        return min(max(room, round(_SMALLEST_SIDE * self.scale)), round(_LARGEST_SIDE * self.scale))

    @cached_property
    def pitch(self) -> int:
        """From one column to the next."""
        least = max(self.side + self.margin, round(_SMALLEST_PITCH * self.scale))
        return min(max(self._share, least), self.side + round(_WIDEST_GAP * self.scale))

    @property
    def line_pitch(self) -> int:
        """From one line of tiles to the next, where nothing is written above them."""
        return self.side + self.caption + 3 * self.margin // 2

    @cached_property
    def _tops(self) -> list[int]:
        """Where each line begins, from the top of the body, and where the last one ends."""
        return [0, *accumulate(label + self.line_pitch for label in self.labels)]

    @property
    def range(self) -> QPoint:
        """How far the body can be scrolled to the right and down."""
        width = self.names + self.columns * self.pitch + self.margin
        height = self.header + self._tops[-1] + self.margin
        return QPoint(max(0, width - self.view_width), max(0, height - self.view_height))

    def body(self) -> QRect:
        """The part of the view in which tiles are seen."""
        return QRect(self.names, self.header, self.view_width - self.names, self.view_height - self.header)

    def column_left(self, column: int, scroll: QPoint) -> int:
        """Left edge of a column in the view."""
        return self.names + column * self.pitch - scroll.x()

    def line_top(self, line: int, scroll: QPoint) -> int:
        """Top edge of a line of tiles in the view; of the line behind the last one, the end of all."""
        return self.header + self._tops[line] - scroll.y()

    def tile(self, line: int, column: int, scroll: QPoint) -> QRect:
        """A matrix with what is written above and below it and the room around, in the view."""
        left, top = self.column_left(column, scroll), self.line_top(line, scroll)
        return QRect(left + 1, top, self.pitch - 2, self.labels[line] + self.line_pitch - 2)

    def visible_lines(self, scroll: QPoint) -> range:
        """Lines of which at least a part is in view."""
        last = bisect_right(self._tops, scroll.y() + self.view_height - self.header - 1)
        return range(self._line_at(scroll.y()), min(len(self.labels), last))

    def visible_columns(self, scroll: QPoint) -> range:
        """Columns of which at least a part is in view."""
        first = scroll.x() // self.pitch
        last = (scroll.x() + self.view_width - self.names - 1) // self.pitch
        return range(max(0, first), min(self.columns, last + 1))

    def hit(self, position: QPoint, scroll: QPoint) -> tuple[int, int] | None:
        """The (line, column) of the tile at a place in the view."""
        column = (position.x() - self.names + scroll.x()) // self.pitch
        line = self.line_at(position, scroll)
        inside = self.body().contains(position) and column < self.columns
        return (line, column) if inside and line is not None else None

    def line_at(self, position: QPoint, scroll: QPoint) -> int | None:
        """The line at a place in the view, also beside the tiles."""
        line = self._line_at(position.y() - self.header + scroll.y())
        return line if position.y() >= self.header and line < len(self.labels) else None

    def _line_at(self, y: int) -> int:
        return bisect_right(self._tops, y) - 1
