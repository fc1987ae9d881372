"""The button that says which rows the matrices are of, and its menu."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtGui import QActionGroup
from PySide6.QtWidgets import QHBoxLayout, QLabel, QLineEdit, QMenu, QWidget, QWidgetAction

from flux_studio.gui.theme import look
from flux_studio.gui.widgets.menu_button import MenuButton

KINDS: dict[str, tuple[str, str]] = {
    "batch": ("This batch", "The rows that the present iteration trains on"),
    "fixed": ("Fixed rows", "The same rows at every iteration: those of these numbers in the table"),
    "training": ("The worst training rows", "Those training rows that cost most at the moment shown"),
    "validation": ("The worst validation rows", "Those validation rows that cost most at the moment shown"),
}
"""Words and meaning of each choice."""


class RowsButton(MenuButton):
    """Tells which choice a person made, and which numbers of rows they typed; decides nothing."""

    chosen = Signal(str)
    """One of :data:`KINDS`."""
    typed = Signal(str)
    """Numbers of rows of the table, as they were typed."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("matrices.rows", parent=parent)
        menu = self.choices
        group = QActionGroup(menu)
        self.numbers = QLineEdit()
        """The numbers of the fixed rows."""
        self._kinds = {}
        for kind, (words, meaning) in KINDS.items():
            action = menu.addAction(words)
            action.setObjectName(f"action.rows.{kind}")
            action.setToolTip(meaning)
            action.setCheckable(True)
            action.triggered.connect(lambda _=False, kind=kind: self.chosen.emit(kind))
            group.addAction(action)
            self._kinds[kind] = action
            if kind == "fixed":
                menu.addAction(self._field(menu))

    def set_choice(self, kind: str, words: str, tip: str) -> None:
        """Say which choice is in force, in few words."""
        self._kinds[kind].setChecked(True)
        self.setText(f"rows: {words}")
        self.setAccessibleName(f"Rows: {words}")
        self.setToolTip(tip)

    def set_offered(self, kind: str, offered: bool) -> None:
        """Whether there are such rows at all."""
        self._kinds[kind].setVisible(offered)

    def set_numbers(self, text: str) -> None:
        """Which rows of the table the fixed ones are."""
        self.numbers.setText(text)

    def _field(self, menu: QMenu) -> QWidgetAction:
        box = QWidget()
        row = QHBoxLayout(box)
        row.setContentsMargins(look.length(40), look.length(2), look.length(10), look.length(4))
        row.setSpacing(look.length(8))
        words = QLabel("rows of the table")
        words.setProperty("muted", "true")
        self.numbers.setObjectName("matrices.rows.numbers")
        self.numbers.setAccessibleName("Numbers of the fixed rows")
        self.numbers.setPlaceholderText("1–12, 40")
        self.numbers.setToolTip("Numbers of rows in the table, such as 1–12, 40; press Enter to show them")
        self.numbers.setMinimumWidth(look.length(130))
        self.numbers.returnPressed.connect(self._take_numbers)
        row.addWidget(words)
        row.addWidget(self.numbers, 1)
        action = QWidgetAction(menu)
        action.setDefaultWidget(box)
        return action

    def _take_numbers(self) -> None:
        self.choices.close()
        self.typed.emit(self.numbers.text())
