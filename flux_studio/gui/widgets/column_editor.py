"""What the selected columns are for: their role, their kind and how their numbers are scaled."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QGridLayout, QLabel, QWidget

from flux_studio.data.columns import Column
from flux_studio.gui.theme import look
from flux_studio.gui.widgets.segmented import Segment, SegmentedControl

_CHOICES = {
    "role": (
        ("input", "Input", "goes into the network"),
        ("target", "Target", "what the network learns to predict"),
        ("both", "Both", "input and target: the past goes in, and what comes next is predicted"),
        ("ignore", "Ignore", "left out"),
    ),
    "kind": (
        ("number", "Number", "used as it is, after scaling"),
        ("category", "Category", "words; each different one becomes a column of zeros and ones"),
        ("yes_no", "Yes/no", "exactly two different values, which become 0 and 1"),
    ),
    "scaling": (
        ("standard", "Standard", "mean 0 and standard deviation 1 over the training rows"),
        ("min_max", "Min–max", "from 0 to 1 over the training rows"),
        ("none", "None", "the numbers as they stand in the table"),
    ),
}
"""Each field of a column: its values, their words, and what they mean."""


class ColumnEditor(QWidget):
    """Shows what the given columns have in common; a choice is meant for all of them."""

    chosen = Signal(str, str)
    """A field of :class:`Column` and its new value."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._rows: dict[str, tuple[QLabel, SegmentedControl]] = {}
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(look.length(7))
        grid.setVerticalSpacing(look.length(6))
        grid.setColumnStretch(1, 1)
        for row, (field, choices) in enumerate(_CHOICES.items()):
            label = QLabel(field, self)
            label.setProperty("muted", "true")
            label.setFont(look.text_font(0.94))
            segments = [
                Segment(value, title, f"{title}: {meaning}", f"data.{field}.{value}")
                for value, title, meaning in choices
            ]
            control = SegmentedControl(segments, self, wide=True)
            control.setObjectName(f"data.{field}")
            control.setAccessibleName(field.capitalize())
            control.chosen.connect(lambda value, field=field: self.chosen.emit(field, value))
            grid.addWidget(label, row, 0)
            grid.addWidget(control, row, 1)
            self._rows[field] = (label, control)

    def set_columns(self, columns: tuple[Column, ...]) -> None:
        """Show these, the selected ones; what does not apply to any of them is disabled."""
        used = any(column.role != "ignore" for column in columns)
        numbers = any(column.role != "ignore" and column.kind == "number" for column in columns)
        for field, enabled in (("role", bool(columns)), ("kind", used), ("scaling", numbers)):
            values = {getattr(column, field) for column in columns}
            label, control = self._rows[field]
            label.setEnabled(enabled)
            control.setEnabled(enabled)
            control.set_value(values.pop() if enabled and len(values) == 1 else None)
