"""Conditions at which training stops, side by side: each is switched on and off, has a number, and can be removed."""

from __future__ import annotations

from PySide6.QtCore import QMargins, Qt, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QFrame,
    QHBoxLayout,
    QLabel,
    QSizePolicy,
    QToolButton,
    QWidget,
)

from flux_studio.gui.style import restyle
from flux_studio.gui.theme import look
from flux_studio.gui.widgets.flow_layout import FlowLayout
from flux_studio.gui.widgets.menu_button import MenuButton
from flux_studio.gui.widgets.number_edit import NumberEdit
from flux_studio.gui.widgets.number_range import NumberRange, WholeRange
from flux_studio.training.breakpoints import KINDS, Condition, Kind

_RANGES: dict[Kind, NumberRange] = {
    "iteration": WholeRange("iteration", 1, 1e15),
    "loss": NumberRange("loss", 1e-30, 1e30),
    "validation": NumberRange("validation loss", 1e-30, 1e30),
    "gradient": NumberRange("gradient norm", 1e-30, 1e30),
}
_MENU: dict[Kind, str] = {
    "iteration": "Iteration…",
    "loss": "Loss below…",
    "validation": "Validation loss below…",
    "gradient": "Gradient norm above…",
}
_MEANINGS: dict[Kind, str] = {
    "iteration": "Training rests at this iteration",
    "loss": "Training rests at the first iteration whose loss is below this; with batches, that of the batch",
    "validation": "Training rests at the first validation whose loss is below this",
    "gradient": "Training rests at the first iteration whose gradients, all of them together as one vector, are longer",
}
_AGAIN = "Going on, it stops again only where this comes to hold anew."


class ConditionChip(QFrame):
    """One condition."""

    changed = Signal()
    removed = Signal()
    refused = Signal(str)

    def __init__(self, condition: Condition, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._kind = condition.kind
        self.setObjectName("program.condition")
        self.setProperty("well", "true")
        again = "" if condition.kind == "iteration" else f".\n{_AGAIN}"
        self.setToolTip(f"{_MEANINGS[condition.kind]}{again}")
        self.check = QCheckBox(KINDS[condition.kind])
        self.check.setObjectName("program.condition.on")
        self.check.setChecked(True)
        self.check.toggled.connect(lambda _: self.changed.emit())
        self.number = NumberEdit(_RANGES[condition.kind])
        self.number.setObjectName("program.condition.number")
        self.number.setAccessibleName(KINDS[condition.kind])
        self.number.set_value(condition.value)
        self.number.setFixedWidth(look.length(92))
        self.number.committed.connect(lambda _: self.changed.emit())
        self.number.refused.connect(self.refused)
        remove = QToolButton()
        remove.setObjectName("program.condition.remove")
        remove.setText("×")
        remove.setProperty("kind", "quiet")
        remove.setToolTip("Remove this breakpoint")
        remove.setAccessibleName("Remove this breakpoint")
        remove.clicked.connect(lambda _=False: self.removed.emit())
        row = QHBoxLayout(self)
        row.setContentsMargins(look.length(8), look.length(1), look.length(2), look.length(1))
        row.setSpacing(look.length(4))
        for part in (self.check, self.number, remove):
            row.addWidget(part)

    @property
    def condition(self) -> Condition:
        """What is set, on or off."""
        return Condition(self._kind, self.number.value)

    def set_hit(self, hit: bool) -> None:
        """Whether training has stopped at this one."""
        if hit != bool(self.property("hit")):
            self.setProperty("hit", hit or None)
            restyle(self)


class ConditionList(QWidget):
    """Holds what a person sets; others are told of those that are switched on."""

    changed = Signal(object)
    """The tuple of conditions that are on."""
    add_requested = Signal(str)
    """A person wants another of that kind; :meth:`add` gives it its first number."""
    refused = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("program.conditions")
        self.setAccessibleName("Where training stops")
        self.chips: list[ConditionChip] = []
        side, gap = look.length(8), look.length(4)
        self._flow = FlowLayout(self, QMargins(side, gap, side, gap), look.length(6))
        policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        self.button = MenuButton("program.add", "add breakpoint", self)
        """Adds another; it stands in the panel's header."""
        self.button.setToolTip(
            "Let training stop at an iteration, a loss or a gradient norm.\n"
            "A click on an operation's number lets it stop before that one; at a NaN or an infinity it always stops."
        )
        self._kinds = {}
        for kind, words in _MENU.items():
            action = self._kinds[kind] = self.button.choices.addAction(words)
            action.setObjectName(f"action.program.add.{kind}")
            action.triggered.connect(lambda _=False, kind=kind: self.add_requested.emit(kind))
        self._title = QLabel("Stop at", self)
        self._title.setProperty("muted", "true")
        self._lay_out()

    @property
    def conditions(self) -> tuple[Condition, ...]:
        """Those that are on."""
        return tuple(chip.condition for chip in self.chips if chip.check.isChecked())

    def set_validates(self, validates: bool) -> None:
        """Whether there is a validation loss."""
        self._kinds["validation"].setVisible(validates)

    def add(self, condition: Condition) -> None:
        """Another condition, which is on; its number can be typed over at once."""
        chip = ConditionChip(condition, self)
        chip.changed.connect(self._tell)
        chip.removed.connect(lambda: self._remove(chip))
        chip.refused.connect(self.refused)
        self.chips.append(chip)
        self._lay_out()
        self._tell()
        chip.number.setFocus(Qt.FocusReason.OtherFocusReason)
        chip.number.selectAll()

    def clear(self) -> None:
        """Forget all of them."""
        for chip in tuple(self.chips):
            self._remove(chip)

    def set_hit(self, condition: Condition | None) -> None:
        """Mark the one that training has stopped at."""
        for chip in self.chips:
            chip.set_hit(chip.condition == condition)

    def _remove(self, chip: ConditionChip) -> None:
        self.chips.remove(chip)
        chip.hide()
        chip.deleteLater()
        self._lay_out()
        self._tell()

    def _tell(self) -> None:
        self.changed.emit(self.conditions)

    def _lay_out(self) -> None:
        while self._flow.count():
            self._flow.takeAt(0)
        for widget in (self._title, *self.chips):
            self._flow.addWidget(widget)
            widget.show()
        self.setVisible(bool(self.chips))
        self.updateGeometry()
