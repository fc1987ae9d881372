"""Where the cells of a big grid stand, when only those in view are painted."""

from __future__ import annotations

from dataclasses import dataclass, replace

from PySide6.QtCore import QPoint, QRect


@dataclass(frozen=True)
class GridGeometry:
    """Lengths in pixels. Cells scroll under the labels above and at the left; ``scroll`` is their offset.

    Of a huge matrix seen from afar, ``block``×``block`` cells are painted as one, of the size of a cell.
    """

    view_width: int
    view_height: int
    labels_width: int
    labels_height: int
    cell_width: int
    cell_height: int
    rows: int
    columns: int
    block: int = 1

    def with_bars(self, bar: int) -> GridGeometry:
        """The same grid with the scroll bars it needs, ``bar`` pixels thick, taken off the view."""
        tall = self.range.y() > 0
        wide = self.range.x() > 0 or (
            tall and self._length(self.columns) * self.cell_width > self.body.width() - bar
        )
        tall = tall or (wide and self._length(self.rows) * self.cell_height > self.body.height() - bar)
        return replace(
            self, view_width=self.view_width - bar * tall, view_height=self.view_height - bar * wide
        )

    @property
    def body(self) -> QRect:
        """The part of the view in which cells are seen."""
        left, top = self.labels_width, self.labels_height
        return QRect(left, top, max(0, self.view_width - left), max(0, self.view_height - top))

    @property
    def range(self) -> QPoint:
        """How far the cells can be scrolled to the right and down."""
        width = self._length(self.columns) * self.cell_width - self.body.width()
        height = self._length(self.rows) * self.cell_height - self.body.height()
        return QPoint(max(0, width), max(0, height))

    def cells(self, rows: range, columns: range, scroll: QPoint) -> QRect:
        """Where some cells stand in the view."""
        down, across = self.blocks(rows), self.blocks(columns)
        return QRect(
            self.labels_width + across.start * self.cell_width - scroll.x(),
            self.labels_height + down.start * self.cell_height - scroll.y(),
            len(across) * self.cell_width,
            len(down) * self.cell_height,
        )

    def blocks(self, cells: range) -> range:
        """In which blocks some rows or columns are."""
        return range(cells.start // self.block, self._length(cells.stop))

    def visible_rows(self, scroll: QPoint) -> range:
        """Rows of which at least a part is in view."""
        return self._visible(
            scroll.y() // self.cell_height, scroll.y() + self.body.height(), self.cell_height, self.rows
        )

    def visible_columns(self, scroll: QPoint) -> range:
        """Columns of which at least a part is in view."""
        return self._visible(
            scroll.x() // self.cell_width, scroll.x() + self.body.width(), self.cell_width, self.columns
        )

    def nearest(self, position: QPoint, scroll: QPoint) -> tuple[int, int]:
        """The cell at a place in the view, or the nearest one to it; the first of a block."""
        row = (position.y() - self.labels_height + scroll.y()) // self.cell_height * self.block
        column = (position.x() - self.labels_width + scroll.x()) // self.cell_width * self.block
        return min(max(row, 0), self.rows - 1), min(max(column, 0), self.columns - 1)

    def hit(self, position: QPoint, scroll: QPoint) -> tuple[int, int] | None:
        """The cell at a place in the view, if there is one."""
        whole = self.cells(range(self.rows), range(self.columns), scroll)
        inside = self.body.contains(position) and whole.contains(position)
        return self.nearest(position, scroll) if inside else None

    def _length(self, cells: int) -> int:
        return -(-cells // self.block)

    def _visible(self, first: int, end: int, side: int, count: int) -> range:
        last = (end - 1) // side
        return range(first * self.block, min(count, (last + 1) * self.block))
