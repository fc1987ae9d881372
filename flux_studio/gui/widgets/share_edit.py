"""The share of the rows that is kept away from training, as a slider with its number beside it."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import QGridLayout, QLabel, QSlider, QWidget

from flux_studio.gui.theme import look
from flux_studio.gui.widgets.field_editors import WholeNumberEdit

MOST = 50
"""Per cent of the rows."""
_TEACH = "Share of the rows that is kept away from training, to see how well the network does on new ones"


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
        self._slider.setRange(0, MOST)
        self._percent = WholeNumberEdit(0, MOST, _refusal, self, suffix=" %")
        self._percent.setFixedWidth(look.length(72))
        self._sentence = QLabel(self)
        self._sentence.setObjectName("data.validation.error")
        self._sentence.setProperty("error", "true")
        self._sentence.setWordWrap(True)
        self._sentence.hide()
        for control, name in ((self._slider, "data.validation"), (self._percent, "data.validation.percent")):
            control.setObjectName(name)
            control.setAccessibleName("Validation share in per cent")
            control.setToolTip(_TEACH)
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(look.length(10))
        grid.setVerticalSpacing(look.length(4))
        grid.addWidget(self._slider, 0, 0)
        grid.addWidget(self._percent, 0, 1)
        grid.addWidget(self._sentence, 1, 0, 1, 2)
        self._slider.valueChanged.connect(self._ask)
        self._slider.sliderMoved.connect(self._follow)
        self._percent.committed.connect(self._ask)
        self._percent.refused.connect(self._say)

    def set_share(self, share: float) -> None:
        """Show another share without asking for it."""
        self._share = share
        percent = round(share * 100)
        with QSignalBlocker(self._slider):
            self._slider.setValue(percent)
        self._percent.set_value(percent)

    def _follow(self, percent: int) -> None:
        self._percent.give_up()
        self._percent.set_value(percent)

    def _ask(self, percent: int) -> None:
        self._follow(percent)
        self.chosen.emit(percent / 100)
        # A change that the owner refused must not stay on screen.
        self.set_share(self._share)

    def _say(self, sentence: str) -> None:
        self._sentence.setText(sentence)
        self._sentence.setVisible(bool(sentence))


def _refusal(value: object) -> str:
    if isinstance(value, int) and 0 <= value <= MOST:
        return ""
    return f"the validation share must be a whole number from 0 to {MOST} per cent, not {value!r}"
