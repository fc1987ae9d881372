"""How the network is trained: optimizer, schedule, batch, loss, penalties, clipping, and when it ends."""

from __future__ import annotations

from dataclasses import dataclass, field

import msgspec
from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QLabel, QScrollArea, QVBoxLayout, QWidget

from flux_studio.engine.losses import LOSSES
from flux_studio.gui.theme import look
from flux_studio.gui.widgets.batch_edit import BatchEdit
from flux_studio.gui.widgets.field_editors import ChoiceEdit
from flux_studio.gui.widgets.field_grid import FieldGrid
from flux_studio.gui.widgets.formula_view import FormulaView, say_numbers
from flux_studio.gui.widgets.optimizer_edit import OptimizerEdit
from flux_studio.gui.widgets.panel_header import PanelHeader
from flux_studio.gui.widgets.schedule_edit import ScheduleEdit
from flux_studio.gui.widgets.soft_label import SoftLabel
from flux_studio.gui.widgets.training_fields import CLIPPING, PENALTIES, SEED, STOP
from flux_studio.project.specification import OptimizerSpecification, StopSpecification


@dataclass(frozen=True)
class TrainingSettingsView:
    """All that the panel shows.

    ``losses`` are the names and titles that can be chosen, ``rows`` the training rows and ``validation_rows`` those
    that are kept away from it; ``batch`` is ``None`` for all rows.
    """

    optimizer: OptimizerSpecification = field(default_factory=OptimizerSpecification)
    loss: str = "mse"
    losses: tuple[tuple[str, str], ...] = tuple((name, loss.title) for name, loss in LOSSES.items())
    batch: int | None = None
    rows: int = 0
    noun: str = "row"
    """What a row is: a row of the table, or a window of rows."""
    iterations: int = 5_000
    validate_every: int = 10
    seed: int = 0
    stop: StopSpecification = field(default_factory=StopSpecification)
    validation_rows: int = 0


class TrainingSettings(QWidget):
    """Shows a :class:`TrainingSettingsView` and asks for changes."""

    optimizer_changed = Signal(object)
    """The new :class:`OptimizerSpecification`, with its schedule, penalties and clipping."""
    loss_changed = Signal(str)
    batch_changed = Signal(object)
    """Rows that each iteration looks at; ``None`` is all of them."""
    iterations_changed = Signal(object)
    """A whole number, as large as it likes."""
    stop_changed = Signal(object)
    """The new :class:`StopSpecification`."""
    seed_changed = Signal(object)
    """A whole number, as large as it likes."""
    refused = Signal(str)
    """Why something typed cannot be taken, as one line for a person."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._view = TrainingSettingsView()
        self.setObjectName("training.settings")
        self.setAccessibleName("How the network is trained")
        self.header = PanelHeader("Training", self)
        self._optimizer = OptimizerEdit()
        self._batch = BatchEdit()
        self._schedule = ScheduleEdit()
        self._loss = ChoiceEdit(self._view.losses)
        self._loss.setObjectName("train.loss")
        self._loss.setAccessibleName("Loss")
        self._formula = say_numbers(FormulaView("train.loss.formula", tint="text_soft"))
        self._penalties = FieldGrid(PENALTIES)
        self._clipping = FieldGrid(CLIPPING)
        self._stop = FieldGrid(STOP)
        self._validation = SoftLabel("train.validation")
        self._seed = FieldGrid((SEED,))
        self._lay_out()
        self._connect()
        self._show_all()

    def set_view(self, view: TrainingSettingsView) -> None:
        """Show another state; what a person is typing just now stays."""
        if view != self._view:
            self._view = view
            self._show_all()

    def set_now(self, iteration: int) -> None:
        """Mark on the schedule where training stands; cheap enough for every frame."""
        self._schedule.set_now(iteration)

    # Showing

    def _show_all(self) -> None:
        view, optimizer = self._view, self._view.optimizer
        self._optimizer.set_optimizer(optimizer)
        self._schedule.set_schedule(optimizer, view.iterations)
        self._batch.set_batch(view.batch, view.rows, view.noun)
        self._loss.set_choices(view.losses)
        self._loss.set_value(view.loss)
        formula = LOSSES[view.loss].formula if view.loss in LOSSES else ""
        self._formula.set_formula(formula)
        self._loss.setToolTip(f"Loss: the one number C that training makes small\n{formula}")
        self._penalties.set_values({"l1": optimizer.l1, "l2": optimizer.l2})
        self._clipping.set_values({"clip_value": optimizer.clip_value, "clip_norm": optimizer.clip_norm})
        stop = view.stop
        self._stop.set_values(
            {
                "iterations": view.iterations,
                "stop_loss": stop.loss,
                "patience": stop.patience,
                "seconds": stop.seconds,
            }
        )
        self._stop.set_able("patience", view.validation_rows > 0)
        self._validation.set_words(_validation_text(view))
        self._seed.set_values({"seed": view.seed})

    # Asking

    def _connect(self) -> None:
        self._optimizer.chosen.connect(self._ask_optimizer)
        self._schedule.chosen.connect(lambda schedule: self._ask_change(schedule=schedule))
        self._batch.chosen.connect(self.batch_changed)
        self._loss.committed.connect(self._ask_loss)
        self._penalties.committed.connect(lambda name, value: self._ask_change(**{name: value}))
        self._clipping.committed.connect(lambda name, value: self._ask_change(**{name: value or None}))
        self._stop.committed.connect(self._ask_stop)
        self._seed.committed.connect(lambda _, value: self.seed_changed.emit(value))
        for part in (
            self._optimizer,
            self._schedule,
            self._batch,
            self._penalties,
            self._clipping,
            self._stop,
            self._seed,
        ):
            part.refused.connect(self.refused)
        look.changed.connect(self.update)

    def _ask_change(self, **changes: object) -> None:
        self._ask_optimizer(msgspec.structs.replace(self._view.optimizer, **changes))

    def _ask_optimizer(self, wanted: OptimizerSpecification) -> None:
        if wanted != self._view.optimizer:
            self.optimizer_changed.emit(wanted)
        # A change that the owner refused must not stay on screen.
        self._show_all()

    def _ask_loss(self, name: str) -> None:
        if name != self._view.loss:
            self.loss_changed.emit(name)
        self._show_all()

    def _ask_stop(self, name: str, value: float) -> None:
        if name == "iterations":
            self.iterations_changed.emit(value)
        else:
            name = "loss" if name == "stop_loss" else name
            self.stop_changed.emit(msgspec.structs.replace(self._view.stop, **{name: value or None}))
        self._show_all()

    # Building

    def _lay_out(self) -> None:
        page = QWidget()
        column = QVBoxLayout(page)
        side = look.length(12)
        column.setContentsMargins(side, side, side, side)
        column.setSpacing(look.length(6))
        for place, (words, parts) in enumerate(
            (
                ("Optimizer", (self._optimizer,)),
                ("Batch", (self._batch,)),
                ("Schedule", (self._schedule,)),
                ("Loss", (self._loss, self._formula, self._penalties)),
                ("Gradient clipping", (self._clipping,)),
                ("Stop", (self._stop, self._validation)),
                ("Randomness", (self._seed,)),
            )
        ):
            if place:
                column.addSpacing(look.length(8))
            heading = QLabel(words)
            heading.setProperty("heading", "true")
            column.addWidget(heading)
            for part in parts:
                column.addWidget(part)
        column.addStretch(1)
        scroll = QScrollArea(self)
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setWidget(page)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(0)
        outer.addWidget(self.header)
        outer.addWidget(scroll, 1)


def _validation_text(view: TrainingSettingsView) -> str:
    if not view.validation_rows:
        return "no rows are kept for validation"
    rows = "row" if view.validation_rows == 1 else "rows"
    return f"validated on {view.validation_rows:,} {rows} every {view.validate_every:,} iterations"
