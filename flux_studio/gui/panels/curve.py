"""The loss curve, live: how training went so far, and where it stands."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QStackedLayout, QVBoxLayout, QWidget

from flux_studio.gui.theme import look
from flux_studio.gui.widgets.curve_facts import CurveFacts
from flux_studio.gui.widgets.curve_plot import CurvePlot
from flux_studio.gui.widgets.curve_points import Mark
from flux_studio.gui.widgets.segmented import Segment, SegmentedControl
from flux_studio.gui.widgets.still import Still
from flux_studio.gui.widgets.time_slider import TimeSlider
from flux_studio.training.events import CurvePoints

_SENTENCE = "Press Train to see the loss fall."
_LINEAR = Segment("linear", "linear", "Show the loss on a linear scale", "curve.scale.linear")
_LOG = Segment("log", "log scale", "Show powers of ten of the loss evenly spaced", "curve.scale.log")


class LossCurve(QWidget):
    """Shows the curves and the facts it is given; tells when a person asks for the other scale."""

    log_changed = Signal(bool)
    moment_chosen = Signal(object)
    """The iteration that a person wants to see, as an int."""
    refused = Signal(str)
    """Why what was typed cannot be taken; empty as soon as that is over."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("curve")
        self.setAccessibleName("Loss")
        self._log = False
        self._has_validation = self._batches = False
        self.plot = CurvePlot()
        self.plot.moment_chosen.connect(self.moment_chosen)
        self.timeline = TimeSlider(self.plot.place, self.plot.iteration_at)
        self.timeline.moment_chosen.connect(self.moment_chosen)
        # Its room is there from the start: nothing moves when the first iteration has been trained.
        policy = self.timeline.sizePolicy()
        policy.setRetainSizeWhenHidden(True)
        self.timeline.setSizePolicy(policy)
        self.timeline.hide()
        view = self.plot.getViewBox()
        view.sigXRangeChanged.connect(lambda *_: self.timeline.update())
        view.sigResized.connect(lambda *_: self.timeline.update())
        self.facts = CurveFacts()
        self.facts.iteration.committed.connect(self.moment_chosen)
        self.facts.iteration.refused.connect(self.refused)
        self._facts_place = Still(self.facts)
        self._scale = SegmentedControl((_LINEAR, _LOG))
        self._scale.set_value("linear")
        self._scale.chosen.connect(self._choose_scale)
        self._legend = QLabel()
        self._legend.setObjectName("curve.legend")
        self._legend.setProperty("muted", True)
        self._empty = QLabel(_SENTENCE)
        self._empty.setObjectName("curve.empty")
        self._empty.setProperty("muted", True)
        self._empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        head = QHBoxLayout()
        head.addWidget(self._scale)
        head.addStretch(1)
        head.addWidget(self._legend)
        self._pages = QStackedLayout()
        self._pages.addWidget(self._empty)
        self._pages.addWidget(self.plot)
        left = QVBoxLayout()
        left.setSpacing(look.length(3))
        left.addLayout(head)
        left.addLayout(self._pages, 1)
        left.addWidget(self.timeline)
        row = QHBoxLayout(self)
        row.setContentsMargins(look.length(12), look.length(8), look.length(8), look.length(6))
        row.setSpacing(0)
        row.addLayout(left, 1)
        row.addWidget(self._facts_place)
        self._write_legend()
        look.changed.connect(self._write_legend)

    def set_curve(
        self,
        train: CurvePoints,
        validation: CurvePoints | None,
        branches: tuple[CurvePoints, ...] = (),
        marks: tuple[Mark, ...] = (),
    ) -> None:
        """Draw these curves, with marks where something was changed by hand.

        Before the first iteration the panel says how to begin.
        """
        self._has_validation = validation is not None and len(validation.iterations) > 0
        self.plot.set_branches(branches)
        self.plot.set_marks(marks)
        self.plot.set_curves(train, validation)
        begun = len(train.iterations) > 1 or bool(branches)
        self._pages.setCurrentWidget(self.plot if begun else self._empty)
        self.timeline.setVisible(begun)
        self._write_legend()

    def set_moment(self, first: int, now: int, shown: int, *, settled: bool = True) -> None:
        """Which iterations can be seen and which one is; unless ``settled``, another one is on its way."""
        self.timeline.set_moment(first, now, shown, settled=settled)
        self.facts.iteration.set_range(first, now)
        self.plot.set_moment(shown if shown < now else None)

    def set_facts(
        self,
        iteration: int,
        loss: float | None,
        first_loss: float | None = None,
        right: int | None = None,
        rows: int | None = None,
        validation_loss: float | None = None,
        validation_accuracy: float | None = None,
    ) -> None:
        """Say where training stands; ``None`` leaves a line out."""
        self.facts.set_facts(iteration, loss, first_loss, right, rows, validation_loss, validation_accuracy)

    def set_loss_title(self, title: str, *, batches: bool = False) -> None:
        """What the loss is called, such as ``MSE``, and whether the curve shows that of each batch."""
        self._batches = batches
        self.facts.set_loss_title(title)
        self.plot.set_title(f"{title} of the batch" if batches else title)
        self._write_legend()

    def clear(self) -> None:
        """Show that nothing has been trained; the scale stays as it is."""
        self._has_validation = False
        self.plot.clear_curves()
        self.timeline.set_moment(0, 0, 0)
        self.timeline.hide()
        self.facts.iteration.set_range(0, 0)
        self.facts.clear()
        self._pages.setCurrentWidget(self._empty)
        self._write_legend()

    def set_log(self, log: bool) -> None:
        """Show the logarithmic or the linear scale; nothing is signalled."""
        self._log = log
        self._scale.set_value("log" if log else "linear")
        self.plot.set_log(log)

    def go_to(self) -> None:
        """Let a person type the iteration to see."""
        self.facts.iteration.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.facts.iteration.selectAll()

    def sizeHint(self) -> QSize:
        return QSize(look.length(870), look.length(220))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        # As wide as the facts of the focus view, so that both stand in one column.
        self._facts_place.setFixedWidth(
            min(max(round(self.width() * 0.27), look.length(196)), look.length(290))
        )

    def _choose_scale(self, value: str) -> None:
        log = value == "log"
        if log != self._log:
            self.set_log(log)
            self.log_changed.emit(log)

    def _write_legend(self) -> None:
        words = [("curve_train", "batch loss" if self._batches else "train")]
        if self._has_validation:
            words.append(("curve_validation", "validation"))
        entries = (
            f'<span style="color:{getattr(look.theme, name)}"><b>—</b></span>&nbsp;{word}'
            for name, word in words
        )
        text = "&nbsp;&nbsp;&nbsp;".join(entries)
        if text != self._legend.text():
            self._legend.setText(text)
