"""The scores of one target as a small table: a line for each measure, a column for each part of the rows."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QFont, QFontMetrics
from PySide6.QtWidgets import QGridLayout, QLabel, QWidget

from flux_studio.gui.theme import look
from flux_studio.gui.widgets.elided_label import ElidedLabel
from flux_studio.training.report import CLASS_MEASURES, NUMBER_MEASURES, PARTS, Part, Report, TargetReport

PART_MEANINGS: dict[Part, str] = {
    "training": "The rows that the weights are fitted to",
    "validation": "Rows kept away from training, to see while it runs how well the network does on new ones",
    "test": "Rows that nothing is learnt or chosen by: how good the network is in the end",
}
_NOT_SCORED = "–"
_LONGEST = {True: "100.0 %", False: "0.00000000"}
_LINES = max(len(CLASS_MEASURES), len(NUMBER_MEASURES))


class ScoreTable(QWidget):
    """Shows numbers in place: its labels are made once, so that nothing moves while they change."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("scores.table")
        self.setAccessibleName("Scores")
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(look.length(6))
        self._grid.setVerticalSpacing(look.length(4))
        self._grid.setColumnStretch(0, 1)
        self._heads = {part: self._label(f"head.{part}", 0, place) for place, part in enumerate(PARTS, 1)}
        self._titles = [self._title(f"title.{line}", line + 1) for line in range(_LINES + 1)]
        self._cells = {
            (line, part): self._label(f"{line}.{part}", line + 1, place, number=True)
            for line in range(_LINES + 1)
            for place, part in enumerate(PARTS, 1)
        }
        for part, head in self._heads.items():
            head.setText(part)
            head.setToolTip(f"{part.capitalize()}: {PART_MEANINGS[part]}")
            head.setProperty("muted", "true")
            head.setFont(look.text_font(0.88))
        self._titles[0].setText("rows")

    def set_scores(self, report: Report, target: TargetReport) -> None:
        """Show the scores of a target; parts without rows have no column."""
        # As wide as the longest number and a gap: columns stay in place when one is scored later than the others.
        width = QFontMetrics(_number_font()).horizontalAdvance(_LONGEST[bool(target.classes)])
        for place, part in enumerate(PARTS, 1):
            self._grid.setColumnMinimumWidth(place, width if part in report.rows else 0)
            self._heads[part].setVisible(part in report.rows)
            self._cells[0, part].setText(f"{report.rows.get(part, 0):,}")
            self._cells[0, part].setVisible(part in report.rows)
        for line in range(_LINES):
            measure = target.measures[line] if line < len(target.measures) else None
            title = self._titles[line + 1]
            title.setVisible(measure is not None)
            if measure is not None:
                title.setText(measure.title)
                title.setToolTip(f"{measure.title}: {measure.meaning}")
            for part in PARTS:
                cell = self._cells[line + 1, part]
                cell.setVisible(measure is not None and part in report.rows)
                metrics = target.metrics.get(part)
                cell.setText(_NOT_SCORED if measure is None or metrics is None else measure.text(metrics))

    def text(self, line: int, part: Part) -> str:
        """What stands in a line, from 0 for the number of rows, below a part."""
        return self._cells[line, part].text()

    def _title(self, name: str, row: int) -> ElidedLabel:
        label = ElidedLabel(parent=self)
        label.setObjectName(f"scores.{name}")
        label.setProperty("muted", "true")
        label.setFont(look.text_font(0.92))
        self._grid.addWidget(label, row, 0)
        return label

    def _label(self, name: str, row: int, column: int, *, number: bool = False) -> QLabel:
        label = QLabel(self)
        label.setObjectName(f"scores.{name}")
        label.setTextFormat(Qt.TextFormat.PlainText)
        label.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        if number:
            label.setProperty("number", "true")
            label.setFont(_number_font())
        self._grid.addWidget(label, row, column)
        return label


def _number_font() -> QFont:
    return look.number_font(0.9)
