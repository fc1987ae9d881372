"""The gradient check of one matrix: its errors cell by cell, the worst cell, and how they depend on the step."""

from __future__ import annotations

import math
from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QProgressBar, QPushButton, QSlider, QVBoxLayout, QWidget

from flux_studio.engine.check import LIMIT, CellErrors
from flux_studio.gui.theme import look
from flux_studio.gui.widgets.error_map import ErrorMap
from flux_studio.gui.widgets.facts_table import FactsTable
from flux_studio.gui.widgets.numbers import exact, whole
from flux_studio.gui.widgets.read_out import NOTHING
from flux_studio.gui.widgets.step_curve import StepCurve

STEPS: tuple[float, ...] = tuple(10.0 ** (power / 4) for power in range(-48, 1))
"""The steps ε that are tried, from 10⁻¹² to 1."""
USUAL_STEP = STEPS.index(min(STEPS, key=lambda step: abs(step - 1e-5)))


class CheckSection(QWidget):
    """Setters and signals only."""

    check_requested = Signal()
    cancel_requested = Signal()
    cell_chosen = Signal(int, int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        heading = QLabel("Gradient check")
        heading.setProperty("heading", "true")
        self._button = QPushButton("Check this gradient")
        self._button.setObjectName("nudge.check")
        self._button.setToolTip(
            "Compare every cell of the gradient with finite differences, on a copy of the network in float64"
        )
        self._button.clicked.connect(lambda _=False: self.check_requested.emit())
        self._progress = QProgressBar()
        self._progress.setObjectName("nudge.progress")
        self._progress.setTextVisible(False)
        self._progress.setFixedHeight(look.length(8))
        self._cancel = QPushButton("Cancel")
        self._cancel.setObjectName("nudge.cancel")
        self._cancel.clicked.connect(lambda _=False: self.cancel_requested.emit())
        self._verdict = QLabel()
        self._verdict.setObjectName("nudge.verdict")
        self._verdict.setWordWrap(True)
        self.map = ErrorMap()
        self.map.cell_clicked.connect(self.cell_chosen)
        scale = QLabel("pale: 10⁻¹² and below, red: 10⁻² and above, grey: at a kink, not compared")
        scale.setObjectName("nudge.scale")
        scale.setWordWrap(True)
        scale.setProperty("muted", "true")
        scale.setFont(look.text_font(0.82))
        self.facts = FactsTable(
            "nudge.check",
            {
                "cell": "cell",
                "analytic": "backpropagation",
                "numeric": "differences",
                "error": "relative error",
            },
        )
        self._curve_heading = QLabel("Central differences with step ε")
        self._curve_heading.setProperty("muted", "true")
        self.curve = StepCurve()
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setObjectName("nudge.step")
        self.slider.setAccessibleName("Step ε")
        self.slider.setRange(0, len(STEPS) - 1)
        self.slider.setValue(USUAL_STEP)
        self.slider.valueChanged.connect(self._show_step)
        self._at_step = QLabel()
        self._at_step.setObjectName("nudge.at_step")
        self._at_step.setFont(look.number_font(0.88))
        self._found: CellErrors | None = None
        self._results = (self._verdict, self.map, scale, self.facts)
        self._steps = (self._curve_heading, self.curve, self.slider, self._at_step)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(look.length(6))
        running = QHBoxLayout()
        running.addWidget(self._progress, 1)
        running.addWidget(self._cancel)
        column.addWidget(heading)
        column.addWidget(self._button)
        column.addLayout(running)
        for widget in (*self._results, *self._steps):
            column.addWidget(widget)
        self.clear()

    @property
    def found(self) -> CellErrors | None:
        """The result that is shown."""
        return self._found

    def clear(self) -> None:
        """Nothing has been checked."""
        self._found = None
        self._set_running(False)
        for widget in (*self._results, *self._steps):
            widget.hide()

    def set_progress(self, done: int, cells: int) -> None:
        """A check is going on."""
        self._set_running(True)
        self._progress.setRange(0, max(cells, 1))
        self._progress.setValue(done)
        self._progress.setAccessibleName(f"{whole(done)} of {whole(cells)} cells checked")

    def set_result(self, name: str, found: CellErrors, cell: tuple[int, int] | None = None) -> None:
        """Show what a check has found about the gradient of ``name``, and of it a cell or else the worst."""
        self._found = found
        self._set_running(False)
        self.map.set_errors(found.errors)
        self._verdict.setText(_verdict(name, found))
        for widget in self._results:
            widget.show()
        shown = found.worst if cell is None else cell
        if shown is not None:
            self.set_cell(shown)

    def set_cell(self, cell: tuple[int, int]) -> None:
        """Show one cell's numbers."""
        found = self._found
        if found is None or cell[0] >= found.errors.shape[0] or cell[1] >= found.errors.shape[1]:
            return
        self.map.set_cell(cell)
        error = float(found.errors[cell])
        compared = not math.isnan(error)
        self.facts.set_values(
            cell=f"[{cell[0]},{cell[1]}]" + (" (worst)" if cell == found.worst else ""),
            analytic=exact(float(found.analytic[cell])),
            numeric=exact(float(found.numeric[cell])) if compared else NOTHING,
            error=f"{error:.1e}" if compared else "not compared: at a kink",
        )

    def set_steps(self, errors: Sequence[float]) -> None:
        """Show how the error depends on the step."""
        self.curve.set_errors(STEPS, errors)
        for widget in self._steps:
            widget.show()
        self._show_step()

    def _show_step(self) -> None:
        place = self.slider.value()
        self.curve.set_mark(place)
        if self.curve.errors:
            error = self.curve.errors[place]
            words = "crosses a kink" if math.isnan(error) else f"relative error {error:.1e}"
            self._at_step.setText(f"ε {STEPS[place]:.1e}   {words}")

    def _set_running(self, running: bool) -> None:
        self._button.setVisible(not running)
        self._progress.setVisible(running)
        self._cancel.setVisible(running)


def _verdict(name: str, found: CellErrors) -> str:
    """In a sentence. The tick is for a gradient that was compared cell by cell, all of it."""
    total, worst = found.errors.size, found.worst
    if worst is None:
        return f"No cell of ∂C/∂{name} could be compared."
    error, kinks = found.errors[worst], found.done - found.compared
    part = "" if found.done == total else f"the first {whole(found.done)} of {whole(total)} cells of "
    if error >= LIMIT:
        words = f"✗ {part}∂C/∂{name}: a relative error of {error:.0e}"
    elif kinks:
        words = (
            f"{whole(found.compared)} of {whole(found.done)} cells of ∂C/∂{name} agree: "
            f"the largest relative error is {error:.0e}"
        )
    else:
        words = f"✓ {part}∂C/∂{name}: the largest relative error is {error:.0e}"
    if kinks:
        words += f". {whole(kinks)} lie at a kink, where no finite difference can tell"
    return words
