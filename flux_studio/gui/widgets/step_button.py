"""The button that steps, and beside it how far a step goes."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtGui import QAction, QActionGroup
from PySide6.QtWidgets import QHBoxLayout, QMenu, QPushButton, QWidget

from flux_studio.gui.theme import look
from flux_studio.training.stepping import UNITS, Unit

_MEANINGS: dict[Unit, str] = {
    "operation": "one matrix is worked out",
    "layer": "all that a layer works out in a phase",
    "phase": "update, forward, loss or backward",
    "iteration": "one whole update of the weights",
    "epoch": "until each row has been seen once more",
}


class StepButton(QWidget):
    """Two halves of one button: the left one is given, the right one opens a menu of units."""

    unit_changed = Signal(str)

    def __init__(self, step: QPushButton, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.unit: Unit = "iteration"
        self._choose = QPushButton()
        self._choose.setObjectName("action.train.unit")
        self._choose.setAccessibleName("How far a step goes")
        self._choose.setToolTip("How far a step goes, forwards (F10) and back (Shift+F10)")
        step.setProperty("joined", "left")
        self._choose.setProperty("joined", "right")
        menu = QMenu(self)
        group = QActionGroup(menu)
        self._actions: dict[str, QAction] = {}
        for unit in UNITS:
            action = menu.addAction(f"{unit.capitalize()}: {_MEANINGS[unit]}")
            action.setObjectName(f"action.train.unit.{unit}")
            action.setCheckable(True)
            action.triggered.connect(lambda _=False, unit=unit: self.set_unit(unit))
            group.addAction(action)
            self._actions[unit] = action
        self._choose.setMenu(menu)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        row.addWidget(step)
        row.addWidget(self._choose)
        self._keep_width()
        look.changed.connect(self._keep_width)
        self.set_unit(self.unit)

    def set_unit(self, unit: Unit) -> None:
        """Let steps go so far from now on."""
        self.unit = unit
        self._choose.setText(unit)
        self._actions[unit].setChecked(True)
        self.unit_changed.emit(unit)

    def _keep_width(self) -> None:
        widest = max(self._choose.fontMetrics().horizontalAdvance(unit) for unit in UNITS)
        self._choose.setFixedWidth(widest + look.length(33))
