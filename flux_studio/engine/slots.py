"""Places in the arena, and the instructions that work on them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flux_studio.engine.operations import Operation, Shape, kernel_code
from flux_studio.engine.operations.base import Array, Elementwise
from flux_studio.engine.recording import Phase

_ALIGNMENT = 8
_ALIGNED_FROM = 8 * _ALIGNMENT
"""Smaller matrices begin anywhere: aligned, many of them would be mostly gap."""
MatrixKey = tuple[str, str]
"""Layer identity and matrix name."""


@dataclass(frozen=True)
class Slot:
    """A matrix's place in the arena. ``by_feature``: stored column by column, as batch matrices are."""

    offset: int
    rows: int
    columns: int
    by_feature: bool = False

    @property
    def size(self) -> int:
        """Number of cells."""
        return self.rows * self.columns

    @property
    def shape(self) -> Shape:
        """Rows and columns, as people see the matrix."""
        return self.rows, self.columns

    def part(self, start: int, columns: int) -> Slot:
        """The place of some columns, from ``start`` on, of a batch matrix."""
        return Slot(self.offset + start * self.rows, self.rows, columns, by_feature=True)

    def address(self, cell: tuple[int, int]) -> int:
        """Where a cell, by row and column, stands in the arena."""
        row, column = cell
        return self.offset + (column * self.rows + row if self.by_feature else row * self.columns + column)

    def cell(self, address: int) -> tuple[int, int]:
        """Row and column of what stands at an address inside."""
        across, along = divmod(address - self.offset, self.rows if self.by_feature else self.columns)
        return (along, across) if self.by_feature else (across, along)

    def holds(self, address: int) -> bool:
        """Whether an address lies inside."""
        return self.offset <= address < self.offset + self.size

    def view(self, arena: Array) -> Array:
        """The matrix itself, rows×columns: a view, not a copy."""
        flat = arena[self.offset : self.offset + self.size]
        if self.by_feature:
            return flat.reshape(self.columns, self.rows).T
        return flat.reshape(self.rows, self.columns)


@dataclass(frozen=True)
class Instruction:
    """One operation on slots of the arena; it writes exactly one matrix."""

    operation: Operation
    output: Slot
    inputs: tuple[Slot, ...]
    phase: Phase
    layer: str

    def row(self) -> tuple[int, ...]:
        """The instruction as numbers: code, o, a, b, c, d, m, k, n."""
        if isinstance(self.operation, Elementwise):
            # Constants stand in third and fourth place, however many matrices come before them.
            matrices = self.inputs[: self.operation.matrices]
            numbers = self.inputs[self.operation.matrices :]
            places = [*_offsets(matrices, 2), *_offsets(numbers, 2)]
        else:
            places = _offsets(self.inputs[1:] if self.operation.in_place else self.inputs, 4)
        sizes = self.operation.sizes(self.output.shape, *(slot.shape for slot in self.inputs))
        return (kernel_code(self.operation, sizes), self.output.offset, *places, *sizes)


def _offsets(slots: Sequence[Slot], count: int) -> list[int]:
    return [*(slot.offset for slot in slots), *[0] * (count - len(slots))]


@dataclass
class Memory:
    """Hands out places of an arena, one behind the other."""

    used: int = 0

    def take(self, shape: Shape, *, by_feature: bool = False, packed: bool = False) -> Slot:
        """A place for a matrix; ``packed`` ones follow each other without a gap."""
        if not packed:
            self.align(shape[0] * shape[1])
        slot = Slot(self.used, shape[0], shape[1], by_feature)
        self.used += slot.size
        return slot

    def align(self, size: int) -> None:
        """Let the next place begin at a round offset, if what comes there is large enough to gain from it."""
        if size >= _ALIGNED_FROM:
            self.used += -self.used % _ALIGNMENT
