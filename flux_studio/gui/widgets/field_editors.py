"""Editors for one setting of a layer: a whole number, or one word of a list.

They tell a value only when a person has finished with it, and leave the wheel to the page unless they have
the focus.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QKeyEvent, QWheelEvent
from PySide6.QtWidgets import QComboBox, QWidget

from flux_studio.gui.theme import look
from flux_studio.gui.widgets.typed_edit import TypedEdit, undo_of_the_project

if TYPE_CHECKING:
    from flux_studio.project.catalogue import Field
    from flux_studio.project.specification import Setting


class WholeNumberEdit(TypedEdit):
    """A whole number in a range; ``refusal_of`` says why a value cannot stand there, or nothing.

    ``zero`` is a word to read and write for 0.
    """

    left = Signal()
    """A person is done here."""

    def __init__(
        self,
        minimum: int,
        maximum: int,
        refusal_of: Callable[[Setting], str],
        parent: QWidget | None = None,
        zero: str = "",
    ) -> None:
        self._zero = zero
        super().__init__(self._take, self._written, minimum, parent)
        self._range = (minimum, maximum)
        self._refusal_of = refusal_of
        self.setMinimumWidth(look.length(60))

    @property
    def maximum(self) -> int:
        """The largest number that the steps lead to."""
        return self._range[1]

    def stepped(self, steps: int) -> int:
        low, high = self._range
        return min(high, max(low, self.value + steps))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.give_up()
            self.left.emit()
        else:
            super().keyPressEvent(event)

    def _take(self, text: str) -> Setting:
        value = 0 if self._zero and text.strip() in ("", self._zero) else whole_number(text)
        if sentence := self._refusal_of(value):
            raise ValueError(sentence)
        return value

    def _written(self, value: Setting) -> str:
        return self._zero or "0" if value == 0 else str(value)


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

    def set_value(self, value: Setting) -> None:
        """Show another value without telling it."""
        self.setCurrentIndex(self.findData(value))

    def event(self, event: QEvent) -> bool:
        if undo_of_the_project(event):
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
    return WholeNumberEdit(field.minimum, field.maximum, field.refusal, parent, field.zero)


def whole_number(text: str) -> int | str:
    """The whole number that ``text`` writes, perhaps as ``1,000``; else the text as it is."""
    text = text.strip()
    digits = text.replace(",", "") if re.fullmatch(r"\d{1,3}(,\d{3})+", text) else text
    return int(digits) if re.fullmatch(r"[+-]?[0-9]{1,300}", digits) else text
