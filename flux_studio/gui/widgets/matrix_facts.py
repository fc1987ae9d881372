"""What can be said about one matrix in a few words: formula, name, shape, spread, and one exact cell."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QBoxLayout,
    QGridLayout,
    QLabel,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from flux_studio.engine.matrices import MatrixKind, describe, kinds_beside
from flux_studio.gui.theme import look
from flux_studio.gui.widgets.formula_view import FormulaView
from flux_studio.gui.widgets.histogram import Histogram
from flux_studio.gui.widgets.numbers import NumberFormat, exact, whole

_NOTHING = "–"
_WIDE = 270
"""From this width on, the histogram stands beside the numbers."""


class MatrixFacts(QScrollArea):
    """Setters only."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("matrices.facts")
        self.setAccessibleName("Facts about the chosen matrix")
        self.setFrameShape(QScrollArea.Shape.NoFrame)
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        body = QWidget()
        column = QVBoxLayout(body)
        column.setContentsMargins(look.length(14), look.length(10), look.length(12), look.length(8))
        column.setSpacing(look.length(2))
        self._formula = FormulaView("matrices.facts.formula")
        column.addWidget(self._formula)
        self._name = self._line(column, "name")
        self._shape = self._line(column, "shape", caption=True)
        column.addSpacing(look.length(5))
        self._cell = self._line(column, "cell", caption=True)
        self._exact = self._line(column, "cell_value", heading=True, number=True)
        self._exact.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        column.addSpacing(look.length(5))
        spread = QGridLayout()
        spread.setHorizontalSpacing(look.length(8))
        spread.setVerticalSpacing(look.length(1))
        self._values = {}
        for place, name in enumerate(("min", "max", "mean", "below zero")):
            words = QLabel(name)
            words.setProperty("muted", True)
            value = QLabel(_NOTHING)
            value.setObjectName(f"matrices.facts.{name.replace(' ', '_')}")
            value.setProperty("number", True)
            value.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            value.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            spread.addWidget(words, place, 0)
            spread.addWidget(value, place, 1)
            self._values[name] = value
        self.histogram = Histogram()
        self._beside = QBoxLayout(QBoxLayout.Direction.TopToBottom)
        self._beside.setSpacing(look.length(6))
        self._beside.addLayout(spread)
        self._beside.addWidget(self.histogram, 1)
        column.addLayout(self._beside)
        self._broken = self._line(column, "not_finite")
        self._broken.setProperty("error", True)
        column.addSpacing(look.length(3))
        self._line(column, "keys", caption=True).setText("Ctrl+C copies cells, Ctrl+wheel zooms")
        column.addStretch(1)
        self.setWidget(body)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        across = self.width() >= look.length(_WIDE)
        directions = QBoxLayout.Direction
        self._beside.setDirection(directions.LeftToRight if across else directions.TopToBottom)

    def _line(self, column: QBoxLayout, name: str, **style: bool) -> QLabel:
        label = QLabel()
        label.setObjectName(f"matrices.facts.{name}")
        label.setWordWrap(True)
        label.setTextFormat(Qt.TextFormat.PlainText)
        for key, value in style.items():
            label.setProperty(key, value)
        column.addWidget(label)
        return label

    def set_matrix(
        self, kind: MatrixKind, layer_title: str, shown_rows: int, full_shape: tuple[int, int]
    ) -> None:
        """Name the matrix: its formula, whose it is, and how large."""
        told = any(sign in kind.formula for sign in "=←")
        self._formula.set_formula(kind.formula if told else f"{kind.symbol} – {kind.title}")
        self._formula.set_names(lambda symbol: describe(symbol, kinds_beside(kind), layer_title))
        self._name.setText(f"{layer_title} · {kind.name}")
        self.set_shape(kind, shown_rows, full_shape)
        self._name.setToolTip(kind.meaning)

    def set_shape(self, kind: MatrixKind, shown_rows: int, full_shape: tuple[int, int]) -> None:
        """Say how large the matrix is, and how much of it is shown."""
        self._shape.setText(_shape_text(kind.shape, shown_rows, full_shape))

    def set_spread(self, matrix: np.ndarray, style: NumberFormat, level: float) -> None:
        """Minimum, maximum, mean, share below zero and histogram of the finite numbers; colours reach to ``level``."""
        self.histogram.set_matrix(matrix, level)
        numbers, broken = matrix, 0
        # float64, so that many float32 numbers neither overflow nor lose their mean.
        total = float(matrix.sum(dtype=np.float64))
        # The sum is NaN or infinite as soon as one number is.
        if not np.isfinite(total):
            numbers = matrix[np.isfinite(matrix)]
            broken = matrix.size - numbers.size
            total = float(numbers.sum(dtype=np.float64))
        texts = dict.fromkeys(self._values, _NOTHING)
        if numbers.size:
            spread = {"min": numbers.min(), "max": numbers.max(), "mean": total / numbers.size}
            texts.update({name: style.text(float(value), more=1) for name, value in spread.items()})
            texts["below zero"] = f"{np.count_nonzero(numbers < 0) / numbers.size:.0%}".replace("%", " %")
        for name, text in texts.items():
            self._values[name].setText(text)
        self._broken.setVisible(broken > 0)
        self._broken.setText(f"{whole(broken)} of {whole(matrix.size)} numbers are not finite")

    def set_cell(self, place: str, value: float | None) -> None:
        """The chosen cell in nine significant digits; ``None`` when none is chosen."""
        self._cell.setText(place if value is not None else "Click a cell for its exact value.")
        self._exact.setText(_NOTHING if value is None else exact(value))


def _shape_text(shape: str, shown_rows: int, full_shape: tuple[int, int]) -> str:
    """``16 rows (samples) × 8 columns (neurons)``; ``shape`` is written like N×O."""
    down, across = shape.partition(" or ")[0].split("×")
    rows, columns = full_shape
    row_noun = {"N": "sample", "I": "input"}.get(down, "")
    column_noun = {"O": "neuron", "I": "input"}.get(across, "")
    first = f"first {whole(shown_rows)} of " if shown_rows < rows else ""
    return f"{first}{_counted(rows, 'row', row_noun)} × {_counted(columns, 'column', column_noun)}"


def _counted(count: int, word: str, noun: str) -> str:
    plural = "" if count == 1 else "s"
    return f"{whole(count)} {word}{plural}" + (f" ({noun}{plural})" if noun else "")
