"""Editors for one setting of a layer: a whole number, or one word of a list.

They tell a value only when a person has finished with it, and leave the wheel to the page unless they have
the focus.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QKeyEvent, QKeySequence, QWheelEvent
from PySide6.QtWidgets import QComboBox, QSpinBox, QWidget

from flux_studio.gui.theme import look

if TYPE_CHECKING:
    from flux_studio.project.catalogue import Field
    from flux_studio.project.specification import Setting


class WholeNumberEdit(QSpinBox):
    """A whole number in a range, told on Enter, on leaving and on each step, never between two keystrokes."""

    committed = Signal(object)
    left = Signal()

    def __init__(self, minimum: int, maximum: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setRange(minimum, maximum)
        self.setKeyboardTracking(False)
        self.setFont(look.number_font(0.94))
        self.setMinimumWidth(look.length(60))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.lineEdit().setAcceptDrops(False)
        self.valueChanged.connect(lambda value: self.committed.emit(value))

    def show_value(self, value: Setting) -> None:
        """Show another value without telling it."""
        if value == self.value() and not self.pending:
            return
        self.blockSignals(True)
        self.setValue(int(value))
        self.lineEdit().setText(self.textFromValue(self.value()))
        self.blockSignals(False)

    @property
    def pending(self) -> bool:
        """Whether something was typed that is not told yet."""
        return self.text() != self.textFromValue(self.value())

    def event(self, event: QEvent) -> bool:
        if not self.pending and _undo_of_the_project(event):
            event.ignore()
            return False
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.show_value(self.value())
            self.left.emit()
        else:
            super().keyPressEvent(event)

    def wheelEvent(self, event: QWheelEvent) -> None:
        if self.hasFocus():
            super().wheelEvent(event)
        else:
            event.ignore()


class ChoiceEdit(QComboBox):
    """One word of a list; its value is the one kept in the file."""

    committed = Signal(object)
    left = Signal()

    def __init__(self, choices: tuple[tuple[str, str], ...], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        for value, title in choices:
            self.addItem(title, value)
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.setMinimumContentsLength(4)
        self.setFont(look.text_font(0.94))
        self.setMinimumWidth(look.length(60))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.activated.connect(lambda index: self.committed.emit(self.itemData(index)))

    def set_choices(self, choices: tuple[tuple[str, str], ...]) -> None:
        """Offer other words."""
        if choices != tuple((self.itemData(place), self.itemText(place)) for place in range(self.count())):
            self.clear()
            for value, title in choices:
                self.addItem(title, value)

    def show_value(self, value: Setting) -> None:
        """Show another value without telling it."""
        self.setCurrentIndex(self.findData(value))

    def event(self, event: QEvent) -> bool:
        if _undo_of_the_project(event):
            event.ignore()
            return False
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.left.emit()
        else:
            super().keyPressEvent(event)

    def showPopup(self) -> None:
        # The list may be wider than the box, so that no title is cut.
        widest = max(
            (self.fontMetrics().horizontalAdvance(self.itemText(i)) for i in range(self.count())), default=0
        )
        self.view().setMinimumWidth(widest + look.length(44))
        super().showPopup()

    def wheelEvent(self, event: QWheelEvent) -> None:
        if self.hasFocus():
            super().wheelEvent(event)
        else:
            event.ignore()


def editor_for(field: Field, parent: QWidget) -> WholeNumberEdit | ChoiceEdit:
    """The editor that suits a field of the catalogue."""
    if field.choices:
        return ChoiceEdit(tuple((choice.value, choice.title) for choice in field.choices), parent)
    return WholeNumberEdit(field.minimum, field.maximum, parent)


def _undo_of_the_project(event: QEvent) -> bool:
    """Undo and redo belong to the whole project as long as nothing is half typed."""
    return (
        event.type() == QEvent.Type.ShortcutOverride
        and isinstance(event, QKeyEvent)
        and (event.matches(QKeySequence.StandardKey.Undo) or event.matches(QKeySequence.StandardKey.Redo))
    )
