"""A ring inside a panel that paints itself, while the keyboard works on it."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QRectF, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from flux_studio.gui.theme import colour, look
from flux_studio.gui.widgets.paint import rounded_box

_WIDTH = 2.0


class FocusRing(QWidget):
    """Lies over ``target``, lets the mouse through, and is there only while ``target`` has the focus."""

    def __init__(self, target: QWidget) -> None:
        super().__init__(target)
        self.setObjectName("focus.ring")
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._target = target
        target.installEventFilter(self)
        self.setVisible(target.hasFocus())
        look.changed.connect(self.update)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        kind = event.type()
        if kind in (QEvent.Type.FocusIn, QEvent.Type.Resize):
            self.setGeometry(self._target.rect())
            self.raise_()
        if kind in (QEvent.Type.FocusIn, QEvent.Type.FocusOut):
            self.setVisible(kind == QEvent.Type.FocusIn)
        return False

    def paintEvent(self, event: QPaintEvent) -> None:
        area = QRectF(self.rect()).adjusted(1, 1, -1, -1)
        rounded_box(QPainter(self), area, None, colour("accent"), radius=look.length(6), width=_WIDTH)
