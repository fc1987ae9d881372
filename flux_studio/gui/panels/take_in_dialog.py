"""The dialog for weights from a file: each parameter of the network beside what the file has for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QPushButton,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from flux_studio.gui.theme import colour, look
from flux_studio.gui.widgets.note import Note

HEADS = ("In the network", "Shape", "In the file", "Shape", "")
_MOST_ROWS = 14


@dataclass(frozen=True)
class TakenRow:
    """One line of the comparison, in words."""

    name: str
    shape: str
    choices: tuple[str, ...]
    """What can be taken for it; none for an array of the file that goes nowhere."""
    chosen: int | None
    """Which of them is taken; ``None`` while that must be said."""
    found: str
    """The shape of what is taken."""
    words: str
    missing: bool = False
    """Whether nothing is taken."""
    array: str = ""
    """The name of an array that goes nowhere."""


class TakeInDialog(QDialog):
    """Shows rows and tells what is chosen; decides nothing."""

    chosen = Signal(int, int)
    """Row, and which of its choices."""

    def __init__(self, parent: QWidget, title: str) -> None:
        super().__init__(parent)
        self.setObjectName("take_in")
        self.setWindowTitle("Take in Weights")
        heading = QLabel(title)
        heading.setProperty("heading", "true")
        self.table = QTableWidget(0, len(HEADS))
        self.table.setObjectName("take_in.table")
        self.table.setAccessibleName("Weights of the network and of the file")
        self.table.setHorizontalHeaderLabels(HEADS)
        self.table.verticalHeader().hide()
        self.table.verticalHeader().setDefaultSectionSize(look.length(30))
        self.table.setSelectionMode(QTableWidget.SelectionMode.NoSelection)
        self.table.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.table.setEditTriggers(QTableWidget.EditTrigger.NoEditTriggers)
        self.table.setShowGrid(False)
        header = self.table.horizontalHeader()
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        for place, width in enumerate((230, 80, 280, 80)):
            self.table.setColumnWidth(place, look.length(width))
        header.setSectionResizeMode(len(HEADS) - 1, QHeaderView.ResizeMode.Stretch)
        self.trouble = Note("warning", "error")
        self.trouble.setObjectName("take_in.trouble")
        self._sentence = QLabel()
        self._sentence.setObjectName("take_in.sentence")
        self._sentence.setProperty("muted", "true")
        cancel = QPushButton("Cancel")
        cancel.setObjectName("take_in.cancel")
        cancel.setAutoDefault(False)
        cancel.clicked.connect(self.reject)
        self.take = QPushButton("Take in")
        self.take.setObjectName("take_in.begin")
        self.take.setDefault(True)
        below = QHBoxLayout()
        below.setSpacing(look.length(8))
        below.addWidget(self._sentence, 1)
        below.addWidget(cancel)
        below.addWidget(self.take)
        column = QVBoxLayout(self)
        column.setContentsMargins(*(look.length(each) for each in (16, 14, 16, 14)))
        column.setSpacing(look.length(10))
        column.addWidget(heading)
        column.addWidget(self.table, 1)
        column.addWidget(self.trouble)
        column.addLayout(below)

    def set_rows(self, rows: Sequence[TakenRow]) -> None:
        """Show the comparison; fields that are there stay, so that the keyboard stays where it is."""
        self.table.setRowCount(len(rows))
        for place, row in enumerate(rows):
            soft = row.missing
            cells = (row.name, row.shape, row.array, row.found, row.words)
            for column, text in enumerate(cells):
                item = QTableWidgetItem(text)
                item.setToolTip(text)
                if soft:
                    item.setForeground(colour("text_faint"))
                if row.choices and row.chosen is None:
                    item.setForeground(colour("error"))
                if column in (1, 3):
                    item.setFont(look.number_font(0.94))
                self.table.setItem(place, column, item)
            if row.choices:
                self._set_field(place, row)
        height = look.length(30) * min(_MOST_ROWS, len(rows)) + self.table.horizontalHeader().height()
        self.table.setMinimumHeight(min(height, look.length(30 * 6)) + 4)
        if not self.isVisible():
            wanted = look.length(150) + height
            self.resize(look.length(900), min(wanted, int(self.screen().availableSize().height() * 0.9)))

    def _set_field(self, place: int, row: TakenRow) -> None:
        field = self.table.cellWidget(place, 2)
        if not isinstance(field, QComboBox):
            field = QComboBox()
            field.setObjectName(f"take_in.{place}")
            field.setAccessibleName(f"For {row.name}")
            field.addItems(row.choices)
            field.setPlaceholderText("choose…")
            field.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
            field.activated.connect(lambda choice, place=place: self.chosen.emit(place, choice))
            self.table.setCellWidget(place, 2, field)
        field.setCurrentIndex(-1 if row.chosen is None else row.chosen)
        field.setToolTip(field.currentText())

    def set_can_take(self, can: bool, words: str) -> None:
        """Whether it can be taken in as it is chosen, and in a sentence how much that is or what is to be said."""
        self.take.setEnabled(can)
        self._sentence.setText(words)
