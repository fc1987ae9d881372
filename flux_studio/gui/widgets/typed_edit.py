"""A field in which anything may be typed; what cannot be taken stays there, in red, until it is mended."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent, QKeySequence, QWheelEvent
from PySide6.QtWidgets import QAbstractSpinBox, QWidget

from flux_studio.gui.style import restyle
from flux_studio.gui.theme import look

REFUSAL = "refusal"
"""The dynamic property that has the sentence why what stands in a widget cannot be taken."""


class TypedEdit(QAbstractSpinBox):
    """``read`` turns text into a value, or raises :class:`ValueError` in words for a person; ``write`` undoes it."""

    committed = Signal(object)
    """A new value, told on Enter, on leaving and on each step, never between two keystrokes."""
    refused = Signal(str)
    """Why what was typed cannot be taken; empty as soon as that is over."""

    def __init__(
        self,
        read: Callable[[str], Any],
        write: Callable[[Any], str],
        value: Any,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._read, self._write = read, write
        self._value = value
        self.setFont(look.number_font(0.94))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.lineEdit().setAcceptDrops(False)
        self.lineEdit().textEdited.connect(lambda _: self._refuse(""))
        self._show_value()

    @property
    def value(self) -> Any:
        """The last good value."""
        return self._value

    @property
    def pending(self) -> bool:
        """Whether something stands there that is not told: half typed, or refused."""
        return self.text() != self._write(self._value)

    @property
    def refusal(self) -> str:
        """Why what stands there cannot be taken; empty while it can, or was not tried."""
        return self.property(REFUSAL) or ""

    def set_value(self, value: Any) -> None:
        """Show another value without telling it; what a person is typing or has yet to mend stays."""
        changed, pending = value != self._value, self.pending
        self._value = value
        if not changed and not pending:
            return  # to write the same again would take a person's selection away
        # Typing goes on also where the window system has not told yet that this window has the keyboard.
        typing = self.hasFocus() or (self.lineEdit().isModified() and not self.refusal)
        if not pending or not (typing or (self.refusal and not changed)):
            self._show_value()
        elif not self.pending:
            self._refuse("")

    def type_text(self, text: str) -> bool:
        """Put ``text`` there as if it had been typed, and try to take it."""
        self.lineEdit().setText(text)
        return self.commit()

    def commit(self) -> bool:
        """Take what is typed, or say why not."""
        if not self.pending:
            return True
        try:
            value = self._read(self.text())
        except ValueError as error:
            self._refuse(str(error))
            return False
        self._tell(value)
        return True

    def give_up(self) -> None:
        """Go back to the last good value."""
        self._show_value()

    def stepped(self, steps: int) -> Any:
        """The value that many steps away; ten are a page."""
        raise NotImplementedError

    # What Qt asks and people do

    def stepBy(self, steps: int) -> None:
        if self.commit():
            self._tell(self.stepped(steps))
            self.selectAll()

    def stepEnabled(self) -> QAbstractSpinBox.StepEnabledFlag:
        return (
            QAbstractSpinBox.StepEnabledFlag.StepUpEnabled | QAbstractSpinBox.StepEnabledFlag.StepDownEnabled
        )

    def event(self, event: QEvent) -> bool:
        if not self.pending and undo_of_the_project(event):
            event.ignore()
            return False
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = Qt.Key(event.key())
        if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            if self.commit():
                self.selectAll()
        elif key == Qt.Key.Key_Escape and self.pending:
            self.give_up()
        else:
            super().keyPressEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        self.commit()
        super().focusOutEvent(event)

    def wheelEvent(self, event: QWheelEvent) -> None:
        # Without the focus the wheel belongs to the page.
        if self.hasFocus():
            super().wheelEvent(event)
        else:
            event.ignore()

    # Inside

    def _tell(self, value: Any) -> None:
        changed, self._value = value != self._value, value
        self._show_value()
        if changed:
            self.committed.emit(value)

    def _show_value(self) -> None:
        self._refuse("")
        self.lineEdit().setText(self._write(self._value))

    def _refuse(self, sentence: str) -> None:
        if sentence == self.refusal:
            return
        self.setProperty(REFUSAL, sentence)
        self.setProperty("error", "true" if sentence else None)
        self.setAccessibleDescription(sentence)
        restyle(self)
        self.refused.emit(sentence)


def first_refusal(window: QWidget) -> tuple[QWidget, str] | None:
    """A widget of a window that holds something refused, a field if there is one, and the sentence why."""
    found = [
        (widget, str(widget.property(REFUSAL)))
        for widget in window.findChildren(QWidget)
        if widget.property(REFUSAL) and widget.isVisibleTo(window)
    ]
    fields = [pair for pair in found if isinstance(pair[0], TypedEdit)]
    return next(iter([*fields, *found]), None)


def commit_typing(window: QWidget) -> None:
    """Take what is half typed in a window, before something else is done with what it belongs to."""
    focused = window.focusWidget()
    if isinstance(focused, TypedEdit):
        focused.commit()


def forget_typing(window: QWidget) -> None:
    """Drop what is half typed or refused in a window: what it belonged to has gone."""
    for edit in window.findChildren(TypedEdit):
        edit.give_up()


def undo_of_the_project(event: QEvent) -> bool:
    """Undo and redo belong to the whole project as long as nothing is half typed."""
    return (
        event.type() == QEvent.Type.ShortcutOverride
        and isinstance(event, QKeyEvent)
        and (event.matches(QKeySequence.StandardKey.Undo) or event.matches(QKeySequence.StandardKey.Redo))
    )
