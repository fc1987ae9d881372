"""A field for a number that may span many magnitudes, such as a learning rate."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent, QKeySequence
from PySide6.QtWidgets import QLineEdit, QWidget

from flux_studio.gui.style import restyle
from flux_studio.gui.theme import look
from flux_studio.gui.widgets.number_range import NumberRange

_STEPS = {
    Qt.Key.Key_Up: 1.1,
    Qt.Key.Key_Down: 1 / 1.1,
    Qt.Key.Key_PageUp: 10.0,
    Qt.Key.Key_PageDown: 0.1,
}


class NumberEdit(QLineEdit):
    """Takes ``0.6`` as well as ``6e-1``; Up and Down change it by a tenth, Page Up and Page Down tenfold."""

    committed = Signal(object)
    """A new number, told on Enter, on leaving and on each key step."""
    refused = Signal(str)
    """Why what was typed cannot be taken; the field goes back to the last good number when it is left."""

    def __init__(self, takes: NumberRange, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._takes = takes
        self._value = takes.minimum
        self.setFont(look.number_font())
        self.setAcceptDrops(False)
        self.textEdited.connect(lambda _: self._mark_wrong(False))
        self.set_value(takes.minimum)

    @property
    def value(self) -> float:
        """The last good number."""
        return self._value

    @property
    def pending(self) -> bool:
        """Whether something was typed that is not told yet."""
        return self.text() != self._takes.text(self._value)

    def set_range(self, takes: NumberRange) -> None:
        """Take other numbers from now on; what is shown stays."""
        self._takes = takes

    def set_value(self, value: float) -> None:
        """Show another number without telling it; what a person is typing just now stays."""
        typing = self.hasFocus() and self.pending
        self._value = value
        if not typing:
            self._show_value()

    def commit(self) -> bool:
        """Take what is typed, or say why not."""
        if not self.pending:
            return True
        try:
            value = self._takes.read(self.text())
        except ValueError as error:
            self._mark_wrong(True)
            self.refused.emit(str(error))
            return False
        self._tell(value)
        return True

    def event(self, event: QEvent) -> bool:
        # Undo and redo belong to the whole project as long as nothing is half typed.
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent) and not self.pending:
            keys = QKeySequence.StandardKey
            if event.matches(keys.Undo) or event.matches(keys.Redo):
                event.ignore()
                return False
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = Qt.Key(event.key())
        if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            if self.commit():
                self.selectAll()
        elif key == Qt.Key.Key_Escape and self.pending:
            self._show_value()
        elif key in _STEPS:
            self._step(_STEPS[key])
        else:
            super().keyPressEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        if not self.commit():
            self._show_value()
        super().focusOutEvent(event)

    def _step(self, factor: float) -> None:
        if self.commit():
            self._tell(self._takes.stepped(self._value, factor))

    def _tell(self, value: float) -> None:
        changed, self._value = value != self._value, value
        self._show_value()
        if changed:
            self.committed.emit(value)

    def _show_value(self) -> None:
        self._mark_wrong(False)
        self.setText(self._takes.text(self._value))

    def _mark_wrong(self, wrong: bool) -> None:
        if bool(self.property("error")) != wrong:
            self.setProperty("error", "true" if wrong else None)
            restyle(self)
