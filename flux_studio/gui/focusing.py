"""The matrix that the window has chosen, and the focus view, which shows its numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QObject

from flux_studio.gui import matrices
from flux_studio.gui.reading_pace import ReadingPace
from flux_studio.training.events import Frame, MatrixKey

if TYPE_CHECKING:
    from flux_studio.gui.main_window import MainWindow

_FIRST_MATRIX = "weight_input_bias_matrix"


class Focusing(QObject):
    """Keeps the wall, the stack of layers and the focus view on one matrix."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        self._panel = window.focus_panel
        self._samples: np.ndarray | None = None
        self._facts_pace = ReadingPace()
        self.frame: Frame | None = None
        """The last one; what a panel shows is of it."""
        self.matrix: MatrixKey | None = None
        """The chosen matrix."""
        self.shows: MatrixKey | None = None
        """The matrix whose numbers stand in the focus view: none until a frame with the chosen one has come."""

    def choose(self, key: MatrixKey) -> None:
        """Show this matrix in the focus view, and its layer in the stack."""
        window = self._window
        self.matrix = key
        window.wall.set_selected(key)
        if layer := self._layer_of(key):
            window.stack.select(layer)
        if self.frame is not None:
            self.show_frame(self.frame)
        window.trainer.refresh()

    def choose_layer(self, identity: str) -> None:
        """Show a matrix of this layer, if none of it is chosen already."""
        if not identity or self._window.trainer.ready is None:
            return
        if self.matrix is not None and self._layer_of(self.matrix) == identity:
            return
        if (key := self._matrix_of(identity)) is not None:
            self.choose(key)

    def copy(self) -> None:
        """Put the chosen matrix on the clipboard."""
        if self.matrix is not None:
            self._window.taking.copy(self.matrix)

    def forget(self) -> None:
        """The document has changed: what has been shown is no longer so."""
        self.frame, self.shows = None, None

    def begin(self) -> None:
        """A network is ready: go on with the same matrix where it has such a one."""
        window = self._window
        if window.trainer.ready is None:
            return
        if self.matrix not in window.trainer.ready.shapes:
            layers = window.document.project.specification.layers
            self.matrix = self._matrix_of(window.stack.selection or layers[0].identity)
        window.wall.set_selected(self.matrix)

    def show_frame(self, frame: Frame) -> None:
        """Put the chosen matrix of this frame into the focus view."""
        self.frame = frame
        window = self._window
        key, matrix = self.matrix, window.wall.find(self.matrix)
        if key is None or matrix is None or key not in frame.matrices:
            return
        array, is_batch = frame.matrices[key], matrix.kind.shape.startswith("N")
        # The last batch of an epoch may be smaller than the others.
        full = (frame.rows, matrix.shape[1]) if is_batch else matrix.shape
        if key == self.shows:
            if is_batch and not np.array_equal(frame.samples, self._samples):
                self._panel.set_rows(window.rows.names.of(frame.samples), full)
            self._samples = frame.samples
            self._panel.update_values(
                array, window.wall.level(key), facts=self._facts_pace.due(frame.training)
            )
            return
        self.shows, self._samples = key, frame.samples
        names = window.rows.names.of(frame.samples)
        rows, columns = matrices.labels(window.document.project, matrix, full, names)
        level = window.wall.level(key)
        self._panel.set_matrix(matrix.kind, matrix.owner, array, rows, columns, full, level)

    def _layer_of(self, key: MatrixKey) -> str:
        """The layer with a card that a matrix belongs to, perhaps by one of its parts; empty where there is none."""
        layer, cards = key[0], self._window.stack.body.identities
        while layer and layer not in cards:
            layer = layer.rpartition("/")[0]
        return layer

    def _matrix_of(self, identity: str) -> MatrixKey | None:
        """The matrix of a layer to look at first: one like the chosen one, if it has such a one."""
        ready, name = self._window.trainer.ready, self.matrix[1] if self.matrix else _FIRST_MATRIX
        wanted = ((identity, each) for each in (name, _FIRST_MATRIX, "activated_output_matrix"))
        return next((key for key in wanted if ready is not None and key in ready.shapes), None)
