"""The bar at the top: train, pause, step, start over, how fast, and the numbers that tell how it goes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QCursor, QIcon
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QMenu,
    QPushButton,
    QSizePolicy,
    QStackedWidget,
    QWidget,
)

from flux_studio.gui.theme import look
from flux_studio.gui.widgets.icons import icon
from flux_studio.gui.widgets.number_edit import NumberEdit
from flux_studio.gui.widgets.number_range import LEARNING_RATES
from flux_studio.gui.widgets.pace_slider import PaceSlider
from flux_studio.gui.widgets.read_out import NOTHING, ReadOut, loss_text, speed_text
from flux_studio.gui.widgets.short_message import ShortMessage
from flux_studio.gui.widgets.step_button import StepButton
from flux_studio.gui.widgets.typed_edit import TypedEdit, first_refusal


@dataclass(frozen=True)
class TrainingView:
    """All that the bar shows.

    ``reason`` says why ``can_train`` is false. ``loss`` and ``speed`` (iterations a second) are ``None`` while
    there are none; so is ``pace`` at full speed. ``rows`` tells the batch (``all 16 rows``), ``busy`` what the
    person waits for (``compiling…``).
    """

    running: bool = False
    past: int | None = None
    """Where training stands while an earlier iteration is shown."""
    can_train: bool = True
    reason: str = ""
    iteration: int = 0
    loss: float | None = None
    loss_title: str = "MSE"
    speed: float | None = None
    optimizer: str = "SGD"
    learning_rate: float = 0.1
    pace: float | None = None
    rows: str = ""
    busy: str = ""


class TrainingBar(QWidget):
    """Shows a :class:`TrainingView` and asks; :meth:`set_state` is cheap enough for every frame."""

    train_requested = Signal()
    pause_requested = Signal()
    step_requested = Signal(str, bool)
    """By which :data:`Unit`, and whether back."""
    start_over_requested = Signal(bool)
    """Whether with new weights."""
    pace_changed = Signal(object)
    """Iterations a second as a float; ``None`` is full speed."""
    learning_rate_changed = Signal(float)
    refused = Signal(str)
    """Why something typed cannot be taken, as one line for a person; empty as soon as that is over."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._view = TrainingView()
        self._waiting: QPushButton | None = None
        self.setObjectName("training.bar")
        self._train = _button("action.train.start", "Train", "play", self.toggle, kind="primary")
        self._step = _button("action.train.step", "Step", "step", self.step)
        self._step.setIcon(QIcon())  # there is no room for a drawing beside the words of both halves
        self._steps = StepButton(self._step)
        self._steps.unit_changed.connect(lambda _: self._show_buttons(self._view))
        self._start_over = _button("action.train.start_over", "Start over", "start-over", None)
        self._start_over.setToolTip(
            "Start over: back to iteration 0, with the weights this run began with or with newly drawn ones.\n"
            "After an edit it began with what had been learnt before."
        )
        self._start_over.setMenu(self._start_over_menu())
        self._pace = PaceSlider()
        self._pace.chosen.connect(self.pace_changed)
        self._iteration = ReadOut("iteration", "88,888,888")
        self._loss = ReadOut("MSE", "8.88e-888")
        self._speed = ReadOut("speed", "88.8 M it/s")
        self._rows = ReadOut("batch", "128 of 60,000 rows", words=True)
        self._rate = NumberEdit(LEARNING_RATES)
        self._optimizer = QLabel("SGD")
        self._message = ShortMessage()
        self._middle = QStackedWidget()
        self._name_things()
        self._lay_out()
        self._keep_train_width()
        self._rate.committed.connect(self.learning_rate_changed.emit)
        self._rate.refused.connect(self.refused)
        look.changed.connect(self.update)
        self._show_all()

    def set_state(self, view: TrainingView) -> None:
        """Show another state; only what differs is touched."""
        if view != self._view:
            self._view = view
            self._show_all()

    def toggle(self) -> None:
        """Ask to train or to rest, as the first button does; not to train while a field holds something refused."""
        if self._view.running:
            self.pause_requested.emit()
        elif self._may_train():
            self.train_requested.emit()

    def step(self) -> None:
        """Ask for a step, as its button does."""
        if self._may_train():
            self.step_requested.emit(self._steps.unit, False)

    def step_back(self) -> None:
        """Ask for a step back to what was."""
        if self._step.isEnabled():
            self.step_requested.emit(self._steps.unit, True)

    # Showing

    def _show_all(self) -> None:
        view = self._view
        self._show_buttons(view)
        self._iteration.set_text(f"{view.iteration:,}")
        self._iteration.set_caption("iteration" if view.past is None else "at iteration")
        self._loss.set_caption(view.loss_title)
        self._loss.set_text(loss_text(view.loss))
        self._speed.set_text(speed_text(view.speed))
        self._rows.set_text(view.rows or NOTHING)
        self._optimizer.setText(f"{view.optimizer} · rate")
        self._rate.set_value(view.learning_rate)
        self._pace.set_pace(view.pace)
        message = view.busy or ("" if view.can_train or view.running else view.reason)
        self._message.set_text(message, "text_soft" if view.busy else "error")
        self._middle.setCurrentIndex(1 if message else 0)

    def _show_buttons(self, view: TrainingView) -> None:
        words, drawing = ("Pause", "pause") if view.running else ("Train", "play")
        if view.past is not None:
            words = "Train on"
        if self._train.text() != words:
            self._train.setText(words)
            self._train.setIcon(icon(drawing, "accent_text"))
            self._train.setAccessibleName(words)
        self._enable(self._train, view.running or (view.can_train and not view.busy))
        self._train.setToolTip(view.reason if not view.can_train else _TEACH[words].format(now=view.past))
        words = _STEP if view.past is None else _STEP_PAST
        self._step.setToolTip(words.format(unit=self._steps.unit))
        self._enable(self._step, view.can_train and not view.running and not view.busy)
        self._enable(self._start_over, view.can_train and not view.busy)

    def _enable(self, button: QPushButton, able: bool) -> None:
        """Enable or disable; a button that was waited for gets the keyboard back unless it went elsewhere."""
        if able == button.isEnabled():
            return
        if button.hasFocus():
            # Qt would hand the keyboard to the next control, which nobody asked for.
            self._waiting = button
            button.clearFocus()
        button.setEnabled(able)
        if able and button is self._waiting:
            self._waiting = None
            if self.window().focusWidget() in (None, self.window()):
                button.setFocus(Qt.FocusReason.OtherFocusReason)

    # Building

    def _name_things(self) -> None:
        self._iteration.setToolTip("How many times all weights were changed since the start")
        self._loss.setToolTip("The loss over all training rows, with the weights as they are now")
        self._speed.setToolTip("Iterations a second")
        self._rows.setToolTip("The rows that each iteration looks at")
        for name, read_out in (
            ("iteration", self._iteration),
            ("loss", self._loss),
            ("speed", self._speed),
            ("rows", self._rows),
        ):
            read_out.setObjectName(f"training.{name}")
        self._rate.setObjectName("training.rate")
        self._rate.setAccessibleName("Learning rate")
        self._rate.setFixedWidth(look.length(84))
        self._rate.setToolTip(
            "Learning rate: how far each iteration goes against the gradient. It can be changed while training runs.\n"
            "Type 0.6 or 6e-1 and press Enter; Up and Down change it by a tenth, Page Up and Page Down tenfold."
        )
        self._optimizer.setProperty("muted", "true")
        self._optimizer.setBuddy(self._rate)
        self._message.setObjectName("training.message")

    def _lay_out(self) -> None:
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(look.length(6))
        for button in (self._train, self._steps, self._start_over):
            row.addWidget(button)
        row.addSpacing(look.length(4))
        row.addWidget(self._pace)
        self._add_rule(row)
        row.addWidget(self._read_outs())
        self._add_rule(row)
        row.addWidget(self._optimizer)
        row.addWidget(self._rate)
        self._add_rule(row)
        row.addWidget(self._rows)
        row.addStretch(1)

    def _read_outs(self) -> QWidget:
        numbers = QWidget()
        row = QHBoxLayout(numbers)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(look.length(8))
        for place, read_out in enumerate((self._iteration, self._loss, self._speed)):
            if place:
                self._add_rule(row)
            row.addWidget(read_out)
        self._middle.addWidget(numbers)
        self._middle.addWidget(self._message)
        self._middle.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        return self._middle

    def _add_rule(self, row: QHBoxLayout) -> None:
        rule = QFrame()
        rule.setFrameShape(QFrame.Shape.VLine)
        rule.setFixedHeight(look.length(30))
        row.addSpacing(look.length(2))
        row.addWidget(rule, 0, Qt.AlignmentFlag.AlignVCenter)
        row.addSpacing(look.length(2))

    def _keep_train_width(self) -> None:
        """One button with two words: it is as wide as the wider of them from the start."""
        widths = []
        for words in _TEACH:
            self._train.setText(words)
            widths.append(self._train.sizeHint().width())
        self._train.setFixedWidth(max(widths) + look.length(6))

    def _start_over_menu(self) -> QMenu:
        menu = QMenu(self)
        for name, words, new in (
            ("same", "With the weights this run began with", False),
            ("new", "With new random weights", True),
        ):
            action = menu.addAction(words)
            action.setObjectName(f"action.train.start_over.{name}")
            action.triggered.connect(lambda _=False, new=new: self.start_over_requested.emit(new))
        menu.aboutToHide.connect(self._forget_hover)
        return menu

    def _forget_hover(self) -> None:
        """The pointer went over the menu, of which Qt tells the button nothing."""
        button = self._start_over
        if not button.rect().contains(button.mapFromGlobal(QCursor.pos())):
            button.setAttribute(Qt.WidgetAttribute.WA_UnderMouse, False)
            button.update()

    def _may_train(self) -> bool:
        """Whether nothing in the window waits to be mended: training with another value would surprise."""
        typing = self.window().focusWidget()
        if isinstance(typing, TypedEdit):
            typing.commit()
        found = first_refusal(self.window())
        if found is None:
            return True
        widget, sentence = found
        if widget.focusPolicy() is not Qt.FocusPolicy.NoFocus:
            widget.setFocus(Qt.FocusReason.OtherFocusReason)
        self.refused.emit(sentence)
        return False


_TEACH = {
    "Train": "Train: change the weights again and again so that the loss falls",
    "Pause": "Pause: rest after this iteration; Train goes on from there",
    "Train on": "Train on: return to now, iteration {now:,}, and go on from there.\n"
    "To train from the moment shown instead, choose Continue from here at the lower edge.",
}
_STEP = "Step: go on by one {unit} and rest; Shift+F10 goes back"
_STEP_PAST = "Step: show the next {unit}, as it was; from the last iteration on, it trains"


def _button(
    name: str, words: str, drawing: str, pressed: Callable[[], object] | None, kind: str = ""
) -> QPushButton:
    button = QPushButton(words)
    button.setObjectName(name)
    button.setAccessibleName(words)
    if kind:
        button.setProperty("kind", kind)
    button.setIcon(icon(drawing, "accent_text" if kind == "primary" else "text_soft"))
    button.setIconSize(QSize(look.length(15), look.length(15)))
    if pressed is not None:
        button.clicked.connect(lambda _=False: pressed())
    return button
