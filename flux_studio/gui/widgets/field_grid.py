"""Small fields for numbers, two side by side, each below its name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QGridLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from flux_studio.gui.theme import look
from flux_studio.gui.widgets.number_edit import NumberEdit
from flux_studio.gui.widgets.number_range import NumberRange

_COLUMNS = 2


@dataclass(frozen=True)
class NumberField:
    """One field: its name in the program, the words above it, what it takes, and what it teaches."""

    name: str
    caption: str
    takes: NumberRange
    tip: str


class FieldGrid(QWidget):
    """Tells each number that a person has finished with; shows those fields that are asked for."""

    committed = Signal(str, object)
    """A field's name and its new number; 0 where it was switched off."""
    refused = Signal(str)
    """Why something typed cannot be taken."""

    def __init__(
        self, fields: Iterable[NumberField], parent: QWidget | None = None, *, group: str = "train"
    ) -> None:
        super().__init__(parent)
        self._cells: dict[str, _Cell] = {}
        self._shown: tuple[str, ...] = ()
        # Beside a single field, so that it is half as wide as the grid.
        self._filler = QWidget(self)
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(look.length(10))
        self._grid.setVerticalSpacing(look.length(6))
        for column in range(_COLUMNS):
            self._grid.setColumnStretch(column, 1)
        fields = tuple(fields)
        for field in fields:
            # All of them at once: the order in which Tab visits fields is that in which they were made.
            cell = self._cells[field.name] = _Cell(field, group, self)
            cell.editor.committed.connect(lambda value, name=field.name: self.committed.emit(name, value))
            cell.editor.refused.connect(self.refused)
        self.set_fields(fields)

    def set_fields(self, fields: Iterable[NumberField]) -> None:
        """Show only these of the fields, in this order, perhaps with other captions and ranges."""
        fields = tuple(fields)
        for field in fields:
            self._cells[field.name].describe(field)
        names = tuple(field.name for field in fields)
        if names == self._shown:
            return
        self._shown = names
        for name, cell in self._cells.items():
            self._grid.removeWidget(cell)
            cell.setVisible(name in names)
        for place, name in enumerate(names):
            self._grid.addWidget(self._cells[name], *divmod(place, _COLUMNS))
        self._grid.removeWidget(self._filler)
        if len(names) % _COLUMNS:
            self._grid.addWidget(self._filler, *divmod(len(names), _COLUMNS))

    def set_values(self, values: Mapping[str, float | None]) -> None:
        """Show other numbers without telling them; ``None`` is off."""
        for name, value in values.items():
            if name in self._cells:
                self._cells[name].editor.set_value(0.0 if value is None else value)

    def set_able(self, name: str, able: bool) -> None:
        """Whether a field has a meaning now."""
        self._cells[name].setEnabled(able)


class _Cell(QWidget):
    """A caption and, below it, its field."""

    def __init__(self, field: NumberField, group: str, parent: QWidget) -> None:
        super().__init__(parent)
        self._caption = QLabel(self)
        self._caption.setProperty("muted", "true")
        self._caption.setFont(look.text_font(0.9))
        self.editor = NumberEdit(field.takes, self)
        self.editor.setFont(look.number_font(0.94))
        self.editor.setObjectName(f"{group}.{field.name}")
        self.editor.setMinimumWidth(look.length(60))
        self._caption.setBuddy(self.editor)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(look.length(2))
        column.addWidget(self._caption)
        column.addWidget(self.editor)

    def describe(self, field: NumberField) -> None:
        """Say what the field is for."""
        self._caption.setText(field.caption)
        self.editor.set_range(field.takes)
        self.editor.setAccessibleName(field.caption)
        self.editor.lineEdit().setPlaceholderText("" if field.takes.off is None else field.takes.off_word)
        for widget in (self._caption, self.editor):
            widget.setToolTip(field.tip)
