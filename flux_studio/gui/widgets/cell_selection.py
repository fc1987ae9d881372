"""Which cells of a grid are chosen: one of them is current, and a block may reach from it to another."""

from __future__ import annotations

from dataclasses import dataclass

Cell = tuple[int, int]


@dataclass(frozen=True)
class CellSelection:
    """``current`` is the cell last chosen; the block spans from ``anchor`` to it."""

    anchor: Cell
    current: Cell

    @classmethod
    def single(cls, cell: Cell) -> CellSelection:
        """Just one cell."""
        return cls(cell, cell)

    @property
    def rows(self) -> range:
        """Rows of the block."""
        low, high = sorted((self.anchor[0], self.current[0]))
        return range(low, high + 1)

    @property
    def columns(self) -> range:
        """Columns of the block."""
        low, high = sorted((self.anchor[1], self.current[1]))
        return range(low, high + 1)

    @property
    def is_single(self) -> bool:
        """Whether the block is one cell."""
        return self.anchor == self.current

    def to(self, cell: Cell, *, extend: bool) -> CellSelection:
        """The selection after going to ``cell``; ``extend`` keeps the anchor, so that the block grows."""
        return CellSelection(self.anchor if extend else cell, cell)

    def within(self, rows: int, columns: int) -> CellSelection | None:
        """The same selection if its cells exist in a grid of that shape."""
        low, high = (max(self.anchor[i], self.current[i]) for i in (0, 1))
        return self if low < rows and high < columns else None
