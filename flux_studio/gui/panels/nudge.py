"""The nudge panel: move one number that the network learns, and compare what its gradient says with what happens."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QSlider, QVBoxLayout, QWidget

from flux_studio.gui.theme import look
from flux_studio.gui.widgets.check_section import CheckSection
from flux_studio.gui.widgets.facts_table import FactsTable
from flux_studio.gui.widgets.levels import step_above
from flux_studio.gui.widgets.number_range import NumberRange
from flux_studio.gui.widgets.page_scroll import PageScroll
from flux_studio.gui.widgets.panel_header import PanelHeader
from flux_studio.gui.widgets.typed_edit import TypedEdit
from flux_studio.training.nudging import Nudged

HINT = "Choose a cell of a weight or bias matrix (w, b), or of its gradient, in the focus view."
_TICKS = 1000
_LEAST_REACH = 0.1
_LARGEST = 1e6


class _NumberField(TypedEdit):
    """Any number; the arrows move it by a hundredth of the slider's reach."""

    def __init__(self, parent: QWidget | None = None) -> None:
        takes = NumberRange("number", -_LARGEST, _LARGEST)
        super().__init__(takes.read, takes.text, 0.0, parent)
        self.reach = 1.0

    def stepped(self, steps: int) -> float:
        return float(f"{self.value + steps * self.reach / 100:.7g}")


class NudgePanel(QWidget):
    """Shows a :class:`Nudged`; the network itself is not changed by it."""

    delta_changed = Signal()
    """A person moves the number: another question is to be asked."""
    touched = Signal()
    """A person begins to move it: training should rest."""
    keep_requested = Signal()
    refused = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("nudge")
        self.setAccessibleName("Nudge a weight")
        self.header = PanelHeader("Nudge", self)
        self._hint = QLabel(HINT)
        self._hint.setObjectName("nudge.hint")
        self._hint.setProperty("muted", "true")
        self._hint.setWordWrap(True)
        self._name = QLabel()
        self._name.setObjectName("nudge.name")
        self._name.setProperty("heading", "true")
        self._name.setWordWrap(True)
        self._value = 0.0
        self._delta = 0.0
        self._reach = 1.0
        self.field = _NumberField()
        self.field.setObjectName("nudge.value")
        self.field.setAccessibleName("Value")
        self.field.setToolTip("What the number would be; the network keeps its own until you keep this one")
        self.field.committed.connect(self._type)
        self.field.refused.connect(self.refused)
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setObjectName("nudge.slider")
        self.slider.setAccessibleName("Δ")
        self.slider.setToolTip("Move the number: nothing in the network changes until you keep it")
        self.slider.setRange(-_TICKS, _TICKS)
        self.slider.setPageStep(_TICKS // 20)
        self.slider.valueChanged.connect(self._slide)
        self.facts = FactsTable(
            "nudge",
            {
                "delta": "Δ",
                "gradient": "its gradient",
                "predicted": "ΔC by the gradient",
                "actual": "ΔC as it is",
            },
        )
        self.keep = QPushButton("Keep")
        self.keep.setObjectName("nudge.keep")
        self.keep.setToolTip(
            "Set this number in the network; Undo brings the old one back.\n"
            "At an earlier moment, training goes on from there with it: the curve of what came after stays, paler."
        )
        self.keep.clicked.connect(lambda _=False: self.keep_requested.emit())
        self.back = QPushButton("Put back")
        self.back.setObjectName("nudge.back")
        self.back.setToolTip("Back to the number that the network has")
        self.back.clicked.connect(lambda _=False: self._move(0.0))
        self.check = CheckSection()
        self._parts = (self._name, self.field, self.slider, self.facts, self.keep, self.back, self.check)
        self._lay_out()
        self.set_hint(HINT)

    @property
    def delta(self) -> float:
        """By how much the number is moved."""
        return self._delta

    @property
    def number(self) -> float:
        """The number as it is moved and shown."""
        return float(self.field.value)

    def set_hint(self, words: str) -> None:
        """There is nothing to nudge; say why."""
        self._hint.setText(words)
        self._hint.show()
        for part in self._parts:
            part.hide()

    def begin(self) -> None:
        """Another cell: its number has not been moved."""
        self._reach = 0.0
        self._set_delta(0.0)

    def set_nudged(self, name: str, nudged: Nudged) -> None:
        """Show what moving the number ``name`` does."""
        self._hint.hide()
        for part in self._parts:
            part.show()
        self._name.setText(name)
        self._value = nudged.value
        if not self._reach:
            self._reach = self.field.reach = step_above(max(abs(nudged.value), _LEAST_REACH))
        self.field.set_value(float(f"{nudged.value + self._delta:.7g}"))
        if nudged.delta == self._delta:  # else an answer to an older question
            self.facts.set_values(
                delta=f"{nudged.delta:+.6f}" if nudged.delta else "0",
                gradient=_signed(nudged.gradient),
                predicted=_signed(nudged.predicted),
                actual=_signed(nudged.actual),
            )

    # Inside

    def _slide(self, place: int) -> None:
        self.touched.emit()
        self._set_delta((self._reach or 1.0) * place / _TICKS)
        self.delta_changed.emit()

    def _type(self, value: float) -> None:
        self.touched.emit()
        self._move(value - self._value)

    def _move(self, delta: float) -> None:
        self._set_delta(delta)
        self.delta_changed.emit()

    def _set_delta(self, delta: float) -> None:
        self._delta = delta
        self.slider.blockSignals(True)
        reach = self._reach or 1.0
        self.slider.setValue(round(max(-1.0, min(1.0, delta / reach)) * _TICKS))
        self.slider.blockSignals(False)
        for button in (self.keep, self.back):
            button.setEnabled(delta != 0)

    def _lay_out(self) -> None:
        page = QWidget()
        column = QVBoxLayout(page)
        side = look.length(12)
        column.setContentsMargins(side, side, side, side)
        column.setSpacing(look.length(8))
        for widget in (self._hint, self._name, self.field, self.slider, self.facts):
            column.addWidget(widget)
        buttons = QHBoxLayout()
        buttons.addWidget(self.keep)
        buttons.addWidget(self.back)
        column.addLayout(buttons)
        column.addSpacing(look.length(8))
        column.addWidget(self.check)
        column.addStretch(1)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(0)
        outer.addWidget(self.header)
        outer.addWidget(PageScroll(page, self), 1)


def _signed(value: float) -> str:
    """Five digits with a sign; always as wide, whatever the size."""
    return "0" if not value else f"{value:+.4e}"
