"""A field for a few words, told when a person has finished with them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtWidgets import QAbstractSpinBox, QWidget

from flux_studio.gui.theme import look
from flux_studio.gui.widgets.typed_edit import TypedEdit


class WordsEdit(TypedEdit):
    """Takes any text, or what ``read`` takes; there is nothing to step through."""

    def __init__(
        self,
        parent: QWidget | None = None,
        read: Callable[[str], Any] = str.strip,
        write: Callable[[Any], str] = str,
        value: Any = "",
    ) -> None:
        super().__init__(read, write, value, parent)
        self.setButtonSymbols(QAbstractSpinBox.ButtonSymbols.NoButtons)
        self.setFont(look.text_font(0.94))

    def stepEnabled(self) -> QAbstractSpinBox.StepEnabledFlag:
        return QAbstractSpinBox.StepEnabledFlag.StepNone
