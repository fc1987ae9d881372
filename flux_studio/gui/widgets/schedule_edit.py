"""How the learning rate changes over a run: the schedule, the numbers it reads, and a picture of both."""

from __future__ import annotations

import msgspec
from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from flux_studio.engine.updating import SCHEDULES
from flux_studio.gui.theme import look
from flux_studio.gui.widgets.field_editors import ChoiceEdit
from flux_studio.gui.widgets.field_grid import FieldGrid, NumberField
from flux_studio.gui.widgets.formula_view import FormulaView, say_numbers
from flux_studio.gui.widgets.number_range import NumberRange, WholeRange
from flux_studio.gui.widgets.rate_curve import RateCurve
from flux_studio.project.defaults import usual_schedule
from flux_studio.project.specification import OptimizerSpecification, ScheduleSpecification

_MOST = 1_000_000_000
_WARM_UP = NumberField(
    "warm_up",
    "warm-up updates",
    WholeRange("warm-up", 1, _MOST, off=100),
    "Warm-up: during so many updates the rate rises in a straight line, η = η₀·(u + 1)/warm-up; "
    "the schedule begins behind it.\nEmpty is off.",
)
_FIELDS = {
    "factor": NumberField(
        "factor",
        "factor γ",
        NumberRange("factor γ", 1e-6, 1.0),
        "Factor γ: what the rate is multiplied by, at each step or at each update; at most 1",
    ),
    "period": NumberField(
        "period",
        "period T",
        NumberRange("period T", 1.0, float(_MOST)),
        "Period T: updates from one step to the next, or until the cosine has reached its floor",
    ),
    "floor": NumberField(
        "floor",
        "floor f",
        NumberRange("floor f", 0.0, 1.0),
        "Floor f: the share of the learning rate that is left at the end, from 0 to 1",
    ),
}


class ScheduleEdit(QWidget):
    """Asks for another schedule; a new kind comes with numbers that suit the length of the run."""

    chosen = Signal(object)
    """The wanted :class:`ScheduleSpecification`."""
    refused = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._schedule = ScheduleSpecification()
        self._iterations = 1
        self._kind = ChoiceEdit(tuple((name, kind.title) for name, kind in SCHEDULES.items()), self)
        self._kind.setObjectName("train.schedule")
        self._kind.setAccessibleName("Schedule of the learning rate")
        self._formula = say_numbers(FormulaView("train.schedule.formula", self, tint="text_soft"))
        self._fields = FieldGrid((*_FIELDS.values(), _WARM_UP), self)
        self._curve = RateCurve(self)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(look.length(6))
        for widget in (self._kind, self._formula, self._fields, self._curve):
            column.addWidget(widget)
        self._kind.committed.connect(self._ask_kind)
        self._fields.committed.connect(self._ask_number)
        self._fields.refused.connect(self.refused)

    def set_schedule(self, optimizer: OptimizerSpecification, iterations: int) -> None:
        """Show the optimizer's schedule over a run without asking for it."""
        self._schedule, self._iterations = optimizer.schedule, iterations
        kind = SCHEDULES[self._schedule.kind]
        self._kind.set_value(self._schedule.kind)
        self._kind.setToolTip(
            f"Schedule: the learning rate η at update u, from the rate η₀ above\n{kind.formula}"
        )
        self._formula.set_formula(kind.formula)
        self._fields.set_fields((*(_FIELDS[name] for name in kind.fields), _WARM_UP))
        self._fields.set_values(msgspec.structs.asdict(self._schedule))
        self._curve.set_run(optimizer, iterations)

    def set_now(self, iteration: int) -> None:
        """Mark where training stands; cheap enough for every frame."""
        self._curve.set_now(iteration)

    def _ask_kind(self, kind: str) -> None:
        if kind != self._schedule.kind:
            self.chosen.emit(usual_schedule(kind, self._iterations, self._schedule.warm_up))

    def _ask_number(self, name: str, value: float) -> None:
        self.chosen.emit(msgspec.structs.replace(self._schedule, **{name: value}))
