"""The visible part of the network stack, and the one stop of the Tab key for all of its cards."""

from __future__ import annotations

from collections.abc import Iterator

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QContextMenuEvent, QKeyEvent
from PySide6.QtWidgets import QApplication, QFrame, QScrollArea, QWidget

from flux_studio.gui.theme import look


class StackScroll(QScrollArea):
    """Hands on what is typed; whoever does not want a key ignores its event."""

    key_pressed = Signal(object)
    """A :class:`QKeyEvent`."""
    menu_key_pressed = Signal()

    def __init__(self, content: QWidget, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("network.stack")
        self.setAccessibleName("Network stack")
        self.setAccessibleDescription(
            "Up and Down select a layer, with Alt they move it; Alt+Right moves it into a block beside it, Alt+Left out "
            "again; Enter edits, Insert adds, Delete removes."
        )
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setWidget(content)

    def bring_into_view(self, widget: QWidget) -> None:
        """Scroll until the widget, as high as it has just become, can be seen."""
        # The scroll area hears of grown cards with the next events only; it has to know them now.
        for each in (*_around(widget), self.widget()):
            if each.layout() is not None:
                each.layout().activate()
        QApplication.sendEvent(self, QEvent(QEvent.Type.LayoutRequest))
        self.ensureWidgetVisible(widget, 0, look.length(28))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        event.accept()
        self.key_pressed.emit(event)
        if not event.isAccepted():
            super().keyPressEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        if event.reason() == QContextMenuEvent.Reason.Keyboard:
            self.menu_key_pressed.emit()


def _around(widget: QWidget) -> Iterator[QWidget]:
    """The widgets that hold this one, from the inside out."""
    while (widget := widget.parentWidget()) is not None:
        yield widget
