"""Where everything on the wall of matrices stands: a header above, names at the left, tiles in between."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

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

    All ``columns`` fit beside the names into ``view_width``, in pictures as large as that allows; only where
    these would become too small to read does the body grow wider than the view.
    """

    view_width: int
    view_height: int
    names: int
    header: int
    caption: int
    rows: int
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
    def row_pitch(self) -> int:
        """From one layer's row to the next."""
        return self.side + self.caption + 3 * self.margin // 2

    @property
    def range(self) -> QPoint:
        """How far the body can be scrolled to the right and down."""
        width = self.names + self.columns * self.pitch + self.margin
        height = self.header + self.rows * self.row_pitch + self.margin
        return QPoint(max(0, width - self.view_width), max(0, height - self.view_height))

    def body(self) -> QRect:
        """The part of the view in which tiles are seen."""
        return QRect(self.names, self.header, self.view_width - self.names, self.view_height - self.header)

    def column_left(self, column: int, scroll: QPoint) -> int:
        """Left edge of a column in the view."""
        return self.names + column * self.pitch - scroll.x()

    def row_top(self, row: int, scroll: QPoint) -> int:
        """Top edge of a layer's row in the view."""
        return self.header + row * self.row_pitch - scroll.y()

    def tile(self, row: int, column: int, scroll: QPoint) -> QRect:
        """A matrix with its caption and the room around both, in the view."""
        left, top = self.column_left(column, scroll), self.row_top(row, scroll)
        return QRect(left + 1, top, self.pitch - 2, self.row_pitch - 2)

    def visible_rows(self, scroll: QPoint) -> range:
        """Rows of which at least a part is in view."""
        first = scroll.y() // self.row_pitch
        last = (scroll.y() + self.view_height - self.header - 1) // self.row_pitch
        return range(max(0, first), min(self.rows, last + 1))

    def visible_columns(self, scroll: QPoint) -> range:
        """Columns of which at least a part is in view."""
        first = scroll.x() // self.pitch
        last = (scroll.x() + self.view_width - self.names - 1) // self.pitch
        return range(max(0, first), min(self.columns, last + 1))

    def hit(self, position: QPoint, scroll: QPoint) -> tuple[int, int] | None:
        """The (row, column) of the tile at a place in the view."""
        if not self.body().contains(position):
            return None
        row = (position.y() - self.header + scroll.y()) // self.row_pitch
        column = (position.x() - self.names + scroll.x()) // self.pitch
        return (row, column) if row < self.rows and column < self.columns else None
