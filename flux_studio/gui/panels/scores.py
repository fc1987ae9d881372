"""The scores panel: how well the network fits the rows to train, to validate and to test."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QLabel, QPushButton, QVBoxLayout, QWidget

from flux_studio.gui.theme import look
from flux_studio.gui.widgets.confusion_matrix import ConfusionMatrix
from flux_studio.gui.widgets.field_editors import ChoiceEdit
from flux_studio.gui.widgets.page_scroll import PageScroll
from flux_studio.gui.widgets.panel_header import PanelHeader
from flux_studio.gui.widgets.score_table import PART_MEANINGS, ScoreTable
from flux_studio.gui.widgets.segmented import Segment, SegmentedControl
from flux_studio.training.metrics import ClassMetrics
from flux_studio.training.report import PARTS, Part, Report, TargetReport

_NOTHING = "The scores appear here as soon as the network can be trained."
_KEPT = "The test rows are scored when training ends, so that nothing is tuned on them."


class ScoresPanel(QWidget):
    """Shows a :class:`Report`; of several targets one at a time."""

    test_requested = Signal()
    """A person wants the test rows scored now."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("scores")
        self.setAccessibleName("How well the network fits")
        self.header = PanelHeader("Scores", self)
        self._report: Report | None = None
        self._running = False
        self._part: Part | None = None
        self._empty = _words(_NOTHING, "scores.empty")
        self._when = _words("", "scores.iteration")
        self._target = ChoiceEdit(())
        self._target.setObjectName("scores.target")
        self._target.setAccessibleName("Target")
        self._target.setToolTip("Of which target the scores are shown")
        self.table = ScoreTable()
        self._kept = _words(_KEPT, "scores.kept")
        self._test = QPushButton("Score the test rows now")
        self._test.setObjectName("scores.test")
        self._test.setAccessibleName("Score the test rows now")
        self._test.setToolTip(
            f"Test: {PART_MEANINGS['test']}. Whoever looks often, and changes things, tunes on them."
        )
        self._heading = _heading("Confusion matrix")
        self._of = SegmentedControl(
            [
                Segment(part, part.capitalize(), f"{part.capitalize()} rows", f"scores.of.{part}")
                for part in PARTS
            ],
            wide=True,
        )
        self._of.setObjectName("scores.of")
        self._of.setAccessibleName("Of which rows")
        self.confusion = ConfusionMatrix()
        self._axes = _words("rows: true class · columns: the network's answer", "scores.axes")
        self._lay_out()
        self._target.committed.connect(lambda _: self._show_all())
        self._of.chosen.connect(self._choose_part)
        self._test.clicked.connect(lambda _=False: self.test_requested.emit())
        self._show_all()

    @property
    def report(self) -> Report | None:
        """What is shown."""
        return self._report

    @property
    def target_name(self) -> str:
        """The target whose scores are shown; empty where there are none."""
        target = self._shown_target()
        return "" if target is None else target.name

    @property
    def part(self) -> Part:
        """Of which rows the confusion matrix is."""
        return next((part for part in PARTS if part == self._of.value), "training")

    def set_report(self, report: Report | None) -> None:
        """Show another report; ``None`` while there is nothing to score."""
        self._report = report
        if report is not None:
            chosen = self._target.currentData()
            names = tuple(target.name for target in report.targets)
            self._target.set_choices(tuple((name, name) for name in names))
            self._target.set_value(chosen if chosen in names else names[0])
        self._show_all()

    def set_running(self, running: bool) -> None:
        """Whether training goes on: the test rows wait for its end."""
        if running != self._running:
            self._running = running
            self._show_all()

    # Inside

    def _show_all(self) -> None:
        report, target = self._report, self._shown_target()
        self._empty.setVisible(report is None)
        for part in (self._when, self.table):
            part.setVisible(report is not None)
        self._target.setVisible(report is not None and len(report.targets) > 1)
        waits = report is not None and not report.is_tested
        self._kept.setVisible(waits)
        self._test.setVisible(waits)
        self._test.setEnabled(not self._running)
        if report is not None and target is not None:
            self._when.setText(f"At iteration {report.iteration:,}")
            self.table.set_scores(report, target)
        self._show_confusion(report, target)

    def _show_confusion(self, report: Report | None, target: TargetReport | None) -> None:
        scored = () if target is None or not target.classes else tuple(target.metrics)
        for widget in (self._heading, self.confusion, self._axes):
            widget.setVisible(bool(scored))
        self._of.setVisible(bool(scored) and report is not None and len(report.parts) > 1)
        if target is None or not scored:
            return
        # Rows that training does not see say most; those that nobody is to look at are shown on demand only.
        usual: Part = "validation" if "validation" in scored else scored[0]
        part = self._part if self._part in scored else usual
        for each in PARTS:
            self._of.set_able(each, each in scored)
        self._of.set_value(part)
        metrics = target.metrics[part]
        if isinstance(metrics, ClassMetrics):
            self.confusion.set_counts(target.classes, metrics.confusion)

    def _shown_target(self) -> TargetReport | None:
        if self._report is None:
            return None
        name = self._target.currentData()
        return next(
            (target for target in self._report.targets if target.name == name), self._report.targets[0]
        )

    def _choose_part(self, value: str) -> None:
        self._part = next(part for part in PARTS if part == value)
        self._show_all()

    def _lay_out(self) -> None:
        page = QWidget()
        column = QVBoxLayout(page)
        side = look.length(12)
        column.setContentsMargins(side, side, side, side)
        column.setSpacing(look.length(8))
        scores = (self._empty, self._when, self._target, self.table)
        # What comes and goes with training stands last, so that nothing else moves.
        classes, test = (self._heading, self._of, self.confusion, self._axes), (self._kept, self._test)
        for place, widgets in enumerate((scores, classes, test)):
            if place:
                column.addSpacing(look.length(6))
            for widget in widgets:
                column.addWidget(widget)
        column.addStretch(1)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(0)
        outer.addWidget(self.header)
        outer.addWidget(PageScroll(page, self), 1)


def _words(text: str, name: str) -> QLabel:
    label = QLabel(text)
    label.setObjectName(name)
    label.setProperty("muted", "true")
    label.setFont(look.text_font(0.92))
    label.setWordWrap(True)
    return label


def _heading(words: str) -> QLabel:
    label = QLabel(words)
    label.setProperty("heading", "true")
    return label
