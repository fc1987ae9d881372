"""The program panel: every operation of an iteration, where in it training stands, and where it is to stop."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QLabel, QStackedLayout, QVBoxLayout, QWidget

from flux_studio.gui.theme import look
from flux_studio.gui.widgets.condition_list import ConditionList
from flux_studio.gui.widgets.numbers import whole
from flux_studio.gui.widgets.panel_header import PanelHeader
from flux_studio.gui.widgets.program_table import ProgramTable
from flux_studio.training.listing import Listed

_NOTHING = "The operations of an iteration appear here as soon as the network can be trained."


class ProgramPanel(QWidget):
    """A table of operations; says which one a person chose."""

    operation_chosen = Signal(int)
    breakpoint_toggled = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("program")
        self.setAccessibleName("Program")
        self.header = PanelHeader("Program")
        self.table = ProgramTable()
        self.table.operation_chosen.connect(self.operation_chosen)
        self.table.breakpoint_toggled.connect(self.breakpoint_toggled)
        self.conditions = ConditionList()
        self.header.add_control(self.conditions.button)
        self._empty = QLabel(_NOTHING)
        self._empty.setObjectName("program.empty")
        self._empty.setProperty("muted", "true")
        self._empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._pages = QStackedLayout()
        column = QVBoxLayout(self)
        column.setContentsMargins(look.length(4), look.length(2), look.length(4), look.length(4))
        column.setSpacing(look.length(2))
        column.addWidget(self.conditions)
        column.addLayout(self._pages, 1)
        self._pages.addWidget(self._empty)
        self._pages.addWidget(self.table)

    def set_operations(self, operations: Sequence[Listed]) -> None:
        """Show a program; without operations the panel says when there will be one."""
        self.table.lines.set_operations(operations)
        self.header.set_detail(f"{whole(len(operations))} operations an iteration" if operations else "")
        self._pages.setCurrentWidget(self.table if operations else self._empty)

    def set_breakpoints(self, operations: frozenset[int]) -> None:
        """Mark the operations before which training stops."""
        self.table.lines.set_breakpoints(operations)

    def set_done(self, done: int | None) -> None:
        """Mark where the iteration stands; ``None`` while it trains."""
        self.table.set_done(done)

    def minimumSizeHint(self) -> QSize:
        # However many breakpoints there are: they must not push the window's other panels aside.
        return QSize(look.length(200), look.length(90))

    def sizeHint(self) -> QSize:
        return QSize(look.length(870), look.length(220))
