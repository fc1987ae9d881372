"""The share of the rows that is kept away from training, as a slider with its number beside it."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QSlider, QSpinBox, QWidget

from flux_studio.gui.theme import look

MOST = 50
"""Per cent of the rows."""


class ShareEdit(QWidget):
    """Asks for another share when the slider is let go or the number is finished; the number follows the slider."""

    chosen = Signal(float)
    """From 0 to 0.5."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._share = 0.0
        self._slider = QSlider(Qt.Orientation.Horizontal, self)
        self._slider.setTracking(False)
        self._slider.setPageStep(5)
        self._percent = QSpinBox(self)
        self._percent.setSuffix(" %")
        self._percent.setKeyboardTracking(False)
        self._percent.setFixedWidth(look.length(72))
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(look.length(10))
        for control, name in ((self._slider, "data.validation"), (self._percent, "data.validation.percent")):
            control.setObjectName(name)
            control.setAccessibleName("Validation share in per cent")
            control.setRange(0, MOST)
            control.setToolTip(
                "Share of the rows that is kept away from training, to see how well the network does on new ones"
            )
            control.valueChanged.connect(self._ask)
            row.addWidget(control)
        self._slider.sliderMoved.connect(self._show_percent)

    def set_share(self, share: float) -> None:
        """Show another share without asking for it."""
        self._share = share
        percent = round(share * 100)
        with QSignalBlocker(self._slider):
            self._slider.setValue(percent)
        self._show_percent(percent)

    def _show_percent(self, percent: int) -> None:
        with QSignalBlocker(self._percent):
            self._percent.setValue(percent)

    def _ask(self, percent: int) -> None:
        self.chosen.emit(percent / 100)
        # A change that the owner refused must not stay on screen.
        self.set_share(self._share)
