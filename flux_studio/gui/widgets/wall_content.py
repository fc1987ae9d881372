"""What the wall of matrices shows: layers, the matrices each of them has, and the latest numbers of these."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from PySide6.QtGui import QImage

from flux_studio.engine.matrices import MatrixKind
from flux_studio.gui.widgets import heat, levels
from flux_studio.training.events import MatrixKey

Place = tuple[int, int]
"""Row and column on the wall, from 0."""


@dataclass(frozen=True)
class WallLayer:
    """One row of the wall. ``shapes`` gives each matrix's full shape; those not named stay blank."""

    identity: str
    title: str
    subtitle: str
    shapes: Mapping[str, tuple[int, int]]


@dataclass
class WallPicture:
    """What is known of one matrix: its numbers, its steady colour level, its picture once it was painted."""

    matrix: np.ndarray
    level: float
    finite: bool
    image: QImage = field(default_factory=QImage)


class WallContent:
    """A row for each layer, a column for each kind of matrix."""

    def __init__(self, kinds: tuple[MatrixKind, ...]) -> None:
        self.kinds = kinds
        self.layers: tuple[WallLayer, ...] = ()
        self._pictures: dict[MatrixKey, WallPicture] = {}

    @property
    def is_empty(self) -> bool:
        """Whether there is no matrix at all."""
        return not any(layer.shapes for layer in self.layers)

    def set_layers(self, layers: tuple[WallLayer, ...]) -> None:
        """Take these layers; matrices whose shapes stay the same keep their pictures."""
        before = {layer.identity: dict(layer.shapes) for layer in self.layers}
        self.layers = tuple(layers)
        kept = {
            (layer.identity, name)
            for layer in self.layers
            for name, shape in layer.shapes.items()
            if before.get(layer.identity, {}).get(name) == shape
        }
        self._pictures = {key: picture for key, picture in self._pictures.items() if key in kept}

    def set_matrix(self, key: MatrixKey, array: np.ndarray) -> None:
        """Take new numbers; the colour level moves only when it must."""
        matrix = heat.as_matrix(array)
        before = self._pictures.get(key)
        largest, finite = heat.magnitude(matrix)
        level = levels.settle(largest, before.level if before else None)
        self._pictures[key] = WallPicture(matrix, level, finite)

    def forget_images(self) -> None:
        """Paint every picture anew the next time it is seen."""
        for picture in self._pictures.values():
            picture.image = QImage()

    def picture(self, key: MatrixKey | None) -> WallPicture | None:
        """What is known of a matrix; ``None`` before it ever came."""
        return self._pictures.get(key) if key is not None else None

    def key(self, place: Place) -> MatrixKey | None:
        """The matrix at a place; ``None`` where the place is blank or beyond the wall."""
        row, column = place
        if not (0 <= row < len(self.layers) and 0 <= column < len(self.kinds)):
            return None
        layer, name = self.layers[row], self.kinds[column].name
        return (layer.identity, name) if name in layer.shapes else None

    def place(self, key: MatrixKey | None) -> Place | None:
        """Where a matrix stands; ``None`` if it is not on the wall."""
        for row, layer in enumerate(self.layers):
            if key is not None and key[0] == layer.identity and key[1] in layer.shapes:
                names = [kind.name for kind in self.kinds]
                return (row, names.index(key[1])) if key[1] in names else None
        return None
