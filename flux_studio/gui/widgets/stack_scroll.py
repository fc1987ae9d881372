"""The visible part of the network stack, and the one stop of the Tab key for all of its cards."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QContextMenuEvent, QKeyEvent
from PySide6.QtWidgets import QApplication, QFrame, QScrollArea, QWidget

from flux_studio.gui.theme import look
from flux_studio.gui.widgets.stack_body import StackBody


class StackScroll(QScrollArea):
    """Hands on what is typed; whoever does not want a key ignores its event."""

    key_pressed = Signal(object)
    """A :class:`QKeyEvent`."""
    menu_key_pressed = Signal()

    def __init__(self, content: StackBody, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("network.stack")
        self.setAccessibleName("Network stack")
        self.setAccessibleDescription(
            "Up and Down select a layer, with Alt they move it; Alt+Right moves it into a block beside it, "
            "Alt+Left out of its block; Enter edits, Insert adds, Delete removes."
        )
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._body = content
        self.setWidget(content)

    def fit(self) -> None:
        """Give everything the height that it needs now.

        Events would do so level by level, and squeeze the cards of a block until the block itself has grown.
        """
        holders = self._body.holders()
        for holder in reversed(holders):
            holder.layout().invalidate()
            holder.updateGeometry()
        QApplication.sendEvent(self, QEvent(QEvent.Type.LayoutRequest))
        for holder in holders:
            holder.layout().activate()

    def bring_into_view(self, widget: QWidget) -> None:
        """Scroll until the widget, as high as it has just become, can be seen."""
        self.fit()
        self.ensureWidgetVisible(widget, 0, look.length(28))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        event.accept()
        self.key_pressed.emit(event)
        if not event.isAccepted():
            super().keyPressEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        if event.reason() == QContextMenuEvent.Reason.Keyboard:
            self.menu_key_pressed.emit()
