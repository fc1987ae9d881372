"""Which rule changes the weights, its formula, and the numbers that the formula reads."""

from __future__ import annotations

import msgspec
from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from flux_studio.engine.operations.updates import MEANINGS
from flux_studio.engine.updating import OPTIMIZERS, Optimizer
from flux_studio.gui.theme import look
from flux_studio.gui.widgets.field_editors import ChoiceEdit
from flux_studio.gui.widgets.field_grid import FieldGrid, NumberField
from flux_studio.gui.widgets.formula_view import FormulaView, say_numbers
from flux_studio.gui.widgets.number_range import LEARNING_RATES, NumberRange
from flux_studio.project.defaults import usual_optimizer
from flux_studio.project.specification import OptimizerSpecification

_BELOW_ONE = 0.999999
_RATE = NumberField(
    "rate",
    "learning rate η",
    LEARNING_RATES,
    "Learning rate η: how far each update goes; the same number as in the bar above.\n"
    "Too small and the loss falls slowly; too large and it jumps or grows without end.",
)


class OptimizerEdit(QWidget):
    """Asks for another optimizer; a new kind comes with its usual numbers."""

    chosen = Signal(object)
    """The wanted :class:`OptimizerSpecification`."""
    refused = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._optimizer = OptimizerSpecification()
        self._kind = ChoiceEdit(tuple((name, kind.title) for name, kind in OPTIMIZERS.items()), self)
        self._kind.setObjectName("train.optimizer")
        self._kind.setAccessibleName("Optimizer")
        self._formula = say_numbers(FormulaView("train.optimizer.formula", self, tint="text_soft"))
        # Every setting that any optimizer has; those of the chosen one are shown.
        known = {name: _setting(kind, name) for kind in OPTIMIZERS.values() for name in kind.settings}
        self._fields = FieldGrid((_RATE, *known.values()), self)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(look.length(6))
        for widget in (self._kind, self._formula, self._fields):
            column.addWidget(widget)
        self._kind.committed.connect(self._ask_kind)
        self._fields.committed.connect(self._ask_number)
        self._fields.refused.connect(self.refused)
        self.set_optimizer(self._optimizer)

    def set_optimizer(self, optimizer: OptimizerSpecification) -> None:
        """Show another optimizer without asking for it."""
        self._optimizer = optimizer
        kind = OPTIMIZERS[optimizer.kind]
        self._kind.set_value(optimizer.kind)
        self._kind.setToolTip(f"Optimizer: how a gradient becomes a step\n{_lines(kind)}")
        self._formula.set_formula(kind.formula)
        self._fields.set_fields((_RATE, *(_setting(kind, name) for name in kind.settings)))
        self._fields.set_values(
            {"rate": optimizer.learning_rate, **kind.settings, **optimizer.settings},
        )

    def _ask_kind(self, kind: str) -> None:
        if kind != self._optimizer.kind:
            self._ask(usual_optimizer(kind, self._optimizer))

    def _ask_number(self, name: str, value: float) -> None:
        if name == "rate":
            self._ask(msgspec.structs.replace(self._optimizer, learning_rate=value))
        else:
            settings = {**self._optimizer.settings, name: value}
            self._ask(msgspec.structs.replace(self._optimizer, settings=settings))

    def _ask(self, wanted: OptimizerSpecification) -> None:
        self.chosen.emit(wanted)
        # A change that the owner refused must not stay on screen.
        self.set_optimizer(self._optimizer)


def _setting(kind: Optimizer, name: str) -> NumberField:
    title, meaning = MEANINGS.get(name, (name.replace("_", " "), ""))
    caption = f"{title} {kind.symbol(name)}"
    usual = f"{kind.settings[name]:g} is usual"
    tip = f"{caption}: {meaning}; {usual}\n{_lines(kind)}" if meaning else f"{caption}: {usual}"
    return NumberField(name, caption, NumberRange(caption, 0.0, _BELOW_ONE), tip)


def _lines(kind: Optimizer) -> str:
    return "\n".join(part.strip() for part in kind.formula.split(";"))
