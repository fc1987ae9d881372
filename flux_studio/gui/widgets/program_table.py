"""The operations of a program as a table, with a mark at the one that comes next; steps of sequences fold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt, Signal
from PySide6.QtGui import QFont, QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView, QWidget

from flux_studio.gui.theme import colour, look
from flux_studio.gui.widgets.numbers import whole
from flux_studio.training.listing import Listed

_Index = QModelIndex | QPersistentModelIndex
HEADS = ("", "phase", "layer", "operation", "writes", "reads", "work")
NUMBER, PHASE, OWNER, OPERATION, WRITES, READS, WORK = range(7)
_WIDTHS = (62, 74, 118, 138, 136, 200, 70)
_MEANINGS = (
    "In which order the operations come; the arrow is at the next one",
    "Update, forward, loss, backward: then the iteration is done",
    "To which layer it belongs",
    "What is done",
    "The matrix that is written; click the row to see it",
    "What is read for it",
    "About how many additions, multiplications and the like",
)
_BREAK = "Click to let training stop before this operation"
_NO_BREAK = "Training stops before this operation; click to let it pass"
_STEP = "/step-"
_TONES = {"forward": "forward", "loss": "forward", "backward": "backward"}


@dataclass(frozen=True)
class Line:
    """A line of the table: one operation, or those of a step of a sequence, folded or above their lines."""

    first: int
    count: int
    group: int | None = None
    """Which step it stands for; ``None`` for an operation."""


class ProgramTable(QTableView):
    """Tells which operation a person chose, by its number; a click on a step opens or folds it."""

    operation_chosen = Signal(int)
    breakpoint_toggled = Signal(int)
    """By a click on its number, or the space bar."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("program.operations")
        self.setAccessibleName("Operations of an iteration, in their order")
        self.lines = ProgramLines(self)
        self.setModel(self.lines)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setTabKeyNavigation(False)
        self.setFrameShape(QTableView.Shape.NoFrame)
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(self.fontMetrics().height() + look.length(5))
        header = self.horizontalHeader()
        header.setHighlightSections(False)
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        for place, width in enumerate(_WIDTHS):
            self.setColumnWidth(place, look.length(width))
        header.setSectionResizeMode(READS, QHeaderView.ResizeMode.Stretch)
        self.clicked.connect(self._choose)
        self.activated.connect(self._choose)
        self.lines.modelReset.connect(self._fit)
        look.changed.connect(self.viewport().update)

    def set_done(self, done: int | None) -> None:
        """Mark where the iteration stands: so many operations have been carried out; ``None`` while it trains."""
        if done != self.lines.done:
            self.lines.set_done(done)
            if done:
                self.lines.unfold(done - 1)
                # What comes next is to be seen, too.
                for number in (self.lines.following(done), done - 1):
                    self.scrollTo(self.lines.index(self.lines.line_of(number), 0))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        """Give each column what its texts need, as far as there is room beside what is read."""
        metrics, spare = self.fontMetrics(), look.length(28)
        least = {place: look.length(_WIDTHS[place]) for place in range(len(HEADS)) if place != READS}
        wanted = {
            place: max([0, *(metrics.horizontalAdvance(text) + spare for text in self.lines.texts(place))])
            for place in (PHASE, OWNER, OPERATION, WRITES)
        }
        more = {place: max(0, width - least[place]) for place, width in wanted.items()}
        room = self.viewport().width() - sum(least.values()) - look.length(_WIDTHS[READS])
        share = min(1.0, max(0, room) / max(1, sum(more.values())))
        # A word of phase is short, and told in every line.
        for place, width in least.items():
            part = 1.0 if place == PHASE else share
            self.setColumnWidth(place, width + int(part * more.get(place, 0)))

    def text(self, line: int, column: int) -> str:
        """What stands in a line."""
        return str(self.lines.data(self.lines.index(line, column)))

    def _choose(self, index: QModelIndex) -> None:
        line = self.lines.lines[index.row()]
        if line.group is not None:
            self.lines.toggle(line.group)
        elif index.column() == NUMBER:
            self.breakpoint_toggled.emit(line.first)
        else:
            self.operation_chosen.emit(line.first)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        line = self.lines.lines[self.currentIndex().row()] if self.currentIndex().isValid() else None
        if event.key() == Qt.Key.Key_Space and line is not None and line.group is None:
            self.breakpoint_toggled.emit(line.first)
        else:
            super().keyPressEvent(event)


class ProgramLines(QAbstractTableModel):
    """The model: only lines in sight are put into words."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.done: int | None = None
        self.breakpoints: frozenset[int] = frozenset()
        self.lines: list[Line] = []
        self._operations: Sequence[Listed] = ()
        self._open: set[int] = set()

    def set_operations(self, operations: Sequence[Listed]) -> None:
        """Show another program, with all steps folded."""
        self._operations, self._open, self.done = operations, set(), None
        self._fold()

    def texts(self, column: int) -> set[str]:
        """What the operations say in a column, each text once."""
        return {self._text(each.number, column) for each in self._operations}

    def following(self, done: int) -> int:
        """The operation that comes after so many; after the last one, the last."""
        return min(done, len(self._operations) - 1)

    def toggle(self, group: int) -> None:
        """Open a step, or fold it."""
        self._open ^= {group}
        self._fold()

    def unfold(self, number: int) -> None:
        """Open the step that an operation belongs to, if it belongs to one."""
        line = self.lines[self.line_of(number)]
        if line.group is not None and line.group not in self._open:
            self.toggle(line.group)

    def set_done(self, done: int | None) -> None:
        """See :meth:`ProgramTable.set_done`."""
        self.done = done
        self._change()

    def _change(self) -> None:
        if self.lines:
            self.dataChanged.emit(self.index(0, 0), self.index(len(self.lines) - 1, len(HEADS) - 1))

    def set_breakpoints(self, operations: frozenset[int]) -> None:
        """Mark the operations before which training stops."""
        self.breakpoints = operations
        self._change()

    def line_of(self, number: int) -> int:
        """The line in which an operation stands, or its folded step."""
        found = [
            place for place, line in enumerate(self.lines) if line.first <= number < line.first + line.count
        ]
        return found[-1] if found else 0

    def rowCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self.lines)

    def columnCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(HEADS)

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> object:
        if orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return HEADS[section]
        if orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.ToolTipRole:
            return _MEANINGS[section]
        return None

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        line, column = self.lines[index.row()], index.column()
        if role == Qt.ItemDataRole.DisplayRole:
            return self._step_text(line, column) if line.group is not None else self._text(line.first, column)
        if (
            role == Qt.ItemDataRole.ToolTipRole
            and line.group is None
            and column in (WRITES, READS, OPERATION)
        ):
            return self._text(line.first, column)
        if role == Qt.ItemDataRole.ToolTipRole and line.group is None and column == NUMBER:
            return _BREAK if line.first not in self.breakpoints else _NO_BREAK
        if role == Qt.ItemDataRole.ForegroundRole:
            return self._tone(line, column)
        if role == Qt.ItemDataRole.BackgroundRole and self._just_written(line):
            return colour("accent_soft")
        if role == Qt.ItemDataRole.FontRole:
            return self._font(line, column)
        if role == Qt.ItemDataRole.TextAlignmentRole and column == WORK:
            return int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        return None

    def _text(self, number: int, column: int) -> str:
        each = self._operations[number]
        if column == NUMBER:
            dot = "●" if number in self.breakpoints else " "
            return f"{'▶' if number == self.done else ' '}{dot} {number + 1}"
        if column == READS:
            return ", ".join(each.reads)
        return {
            PHASE: each.phase,
            OWNER: each.owner,
            OPERATION: each.operation,
            WRITES: each.writes,
            WORK: whole(each.work),
        }[column]

    def _step_text(self, line: Line, column: int) -> str:
        each = self._operations[line.first]
        here = self.done is not None and line.first <= self.done < line.first + line.count
        is_open = line.group in self._open
        return {
            NUMBER: f"{'▶' if here and not is_open else ' '}{'●' if self._stops_within(line) and not is_open else ''}",
            PHASE: each.phase,
            OWNER: each.owner,
            OPERATION: f"{'▾' if is_open else '▸'}  {line.count} operations",
            WORK: whole(sum(one.work for one in self._operations[line.first : line.first + line.count])),
        }.get(column, "")

    def _stops_within(self, line: Line) -> bool:
        return any(line.first <= number < line.first + line.count for number in self.breakpoints)

    def _just_written(self, line: Line) -> bool:
        return bool(self.done) and line.group is None and line.first == (self.done or 0) - 1

    def _tone(self, line: Line, column: int) -> object:
        if column == NUMBER and line.group is None and line.first in self.breakpoints:
            return colour("error")
        if column == PHASE:
            return colour(_TONES.get(self._operations[line.first].phase, "text_soft"))
        if column in (OWNER, WORK) or (column == NUMBER and line.first != self.done):
            return colour("text_soft")
        return colour("accent") if column == NUMBER else None

    def _font(self, line: Line, column: int) -> QFont | None:
        if column in (NUMBER, WORK):
            return look.number_font(0.88)
        return None

    def _fold(self) -> None:
        self.beginResetModel()
        self.lines = []
        runs = groupby(self._operations, lambda each: (each.phase, each.layer))
        for group, ((_, layer), run) in enumerate(runs):
            numbers = [each.number for each in run]
            if _STEP in layer:
                self.lines.append(Line(numbers[0], len(numbers), group))
            if _STEP not in layer or group in self._open:
                self.lines += [Line(number, 1) for number in numbers]
        self.endResetModel()
