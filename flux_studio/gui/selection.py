"""The cell that the whole window speaks of, and the way back to those it spoke of before."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QObject, Signal

from flux_studio.training.events import MatrixKey

_MOST_KEPT = 100


@dataclass(frozen=True)
class CellPlace:
    """A cell of a matrix, by row and column."""

    key: MatrixKey
    cell: tuple[int, int]


class Selection(QObject):
    """One chosen cell. Going about in one matrix is one visit; each other matrix is another, and Back returns."""

    changed = Signal()
    """Another cell is the chosen one, or none."""
    chosen = Signal()
    """A person wants to see another cell."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.place: CellPlace | None = None
        self._before: list[CellPlace] = []

    @property
    def before(self) -> CellPlace | None:
        """Where Back would lead; ``None`` at the beginning."""
        return self._before[-1] if self._before else None

    def choose(self, place: CellPlace, *, follow: bool = False) -> None:
        """Choose a cell; with ``follow`` one comes back to the present one even within its matrix."""
        if place == self.place:
            return
        if self.place is not None and (follow or place.key != self.place.key):
            self._before = [*self._before, self.place][-_MOST_KEPT:]
        self.move(place)
        self.chosen.emit()

    def move(self, place: CellPlace) -> None:
        """Let the chosen cell be another one because its row stands elsewhere now."""
        if place != self.place:
            self.place = place
            self.changed.emit()

    def go_back(self) -> None:
        """Choose the cell from which one came, if there is one."""
        if self._before:
            self.move(self._before.pop())
            self.chosen.emit()

    def clear(self) -> None:
        """Choose none, and forget the way back."""
        self._before = []
        if self.place is not None:
            self.place = None
            self.changed.emit()
