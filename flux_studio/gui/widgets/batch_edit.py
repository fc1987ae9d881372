"""How many rows each iteration looks at: all of them, a usual number, or any other."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QGridLayout, QLabel, QWidget

from flux_studio.gui.theme import look
from flux_studio.gui.widgets.number_edit import NumberEdit
from flux_studio.gui.widgets.number_range import WholeRange
from flux_studio.gui.widgets.segmented import Segment, SegmentedControl
from flux_studio.project.descriptions import epoch_text, is_whole

USUAL = (16, 32, 64, 128)
_MANY = 1_000_000_000
_ALL = "all"
_TEACH = (
    "Batch: the rows N that each iteration looks at; the loss and its gradient are means over them.\n"
    "All rows give the exact gradient; fewer give a rough one much sooner. "
    "An epoch looks at each row once, in an order drawn anew."
)


class BatchEdit(QWidget):
    """Asks for another number of rows; ``None`` is all of them."""

    chosen = Signal(object)
    refused = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._batch: int | None = None
        self._rows = 0
        segments = [
            Segment(_ALL, "All", "All rows: each iteration looks at every row", "train.batch.all"),
            *(Segment(str(n), str(n), f"{n} rows at a time", f"train.batch.{n}") for n in USUAL),
        ]
        self._usual = SegmentedControl(segments, self, wide=True)
        self._usual.setObjectName("train.batch.usual")
        self._usual.setAccessibleName("Usual batches")
        self._number = NumberEdit(WholeRange("batch", 1, _MANY), self)
        self._number.setFont(look.number_font(0.94))
        self._number.setObjectName("train.batch")
        self._number.setAccessibleName("Rows in a batch")
        self._number.lineEdit().setPlaceholderText("all")
        self._number.setToolTip(f"{_TEACH}\nEmpty is all rows.")
        self._of = QLabel(self)
        self._epoch = QLabel(self)
        self._epoch.setObjectName("train.batch.epoch")
        for label in (self._of, self._epoch):
            label.setProperty("muted", "true")
            label.setFont(look.text_font(0.9))
            label.setToolTip(_TEACH)
        self._lay_out()
        self._usual.chosen.connect(lambda value: self._ask(None if value == _ALL else int(value)))
        self._number.committed.connect(lambda value: self._ask(int(value) or None))
        self._number.refused.connect(self.refused)

    def set_batch(self, batch: int | None, rows: int, noun: str) -> None:
        """Show another batch out of so many rows without asking for it; 0 rows are not known yet.

        ``noun`` is what a row is: a row of the table, or a window.
        """
        self._batch, self._rows, self._noun = batch, rows, noun
        whole = bool(rows) and is_whole(batch, rows)
        self._number.set_range(
            WholeRange("batch", 1, rows or _MANY, off=min(USUAL[1], rows or _MANY), off_word="all")
        )
        self._number.set_value(0 if whole or batch is None else batch)
        shown = _ALL if whole or batch is None else str(batch)
        self._usual.set_value(shown if shown == _ALL or batch in USUAL else None)
        for usual in USUAL:
            self._usual.set_able(str(usual), not rows or usual < rows)
        self._of.setText(f"of {rows:,} training {noun}s" if rows else "")
        self._epoch.setText(epoch_text(batch, rows, noun) if rows else "")

    def _ask(self, batch: int | None) -> None:
        wanted = None if self._rows and is_whole(batch, self._rows) else batch
        if wanted != self._batch:
            self.chosen.emit(wanted)
        # A change that the owner refused must not stay on screen, nor all the rows as a number.
        self.set_batch(self._batch, self._rows, self._noun)

    def _lay_out(self) -> None:
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(look.length(10))
        grid.setVerticalSpacing(look.length(6))
        grid.setColumnStretch(0, 1)
        grid.setColumnStretch(1, 1)
        grid.addWidget(self._usual, 0, 0, 1, 2)
        grid.addWidget(self._number, 1, 0)
        grid.addWidget(self._of, 1, 1)
        grid.addWidget(self._epoch, 2, 0, 1, 2)
