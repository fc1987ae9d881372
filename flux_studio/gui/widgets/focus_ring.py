"""A ring inside a panel that paints itself, while the keyboard works on it."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QRectF, Qt
from PySide6.QtGui import QFocusEvent, QKeyEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from flux_studio.gui.theme import colour, look
from flux_studio.gui.widgets.paint import rounded_box

_WIDTH = 2.0
_COMING_BACK = (
    Qt.FocusReason.ActiveWindowFocusReason,
    Qt.FocusReason.PopupFocusReason,
    Qt.FocusReason.MenuBarFocusReason,
)
_MODIFIERS = (Qt.Key.Key_Control, Qt.Key.Key_Shift, Qt.Key.Key_Alt, Qt.Key.Key_Meta, Qt.Key.Key_AltGr)


class FocusRing(QWidget):
    """Lies over ``target`` and lets the mouse through.

    It is there while ``target`` has the focus and a person uses the keyboard: it came there by a key, or a key was
    pressed there. After a click it would only frame what the pointer is on anyway.
    """

    def __init__(self, target: QWidget) -> None:
        super().__init__(target)
        self.setObjectName("focus.ring")
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._target = target
        self._keys = False
        target.installEventFilter(self)
        self.hide()
        look.changed.connect(self.update)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        kind = event.type()
        if isinstance(event, QFocusEvent) and event.reason() not in _COMING_BACK:
            self._keys = event.reason() != Qt.FocusReason.MouseFocusReason
        elif isinstance(event, QKeyEvent) and kind == QEvent.Type.KeyPress and event.key() not in _MODIFIERS:
            self._keys = True
        if kind in (QEvent.Type.FocusIn, QEvent.Type.FocusOut, QEvent.Type.KeyPress, QEvent.Type.Resize):
            self.setGeometry(self._target.rect())
            self.raise_()
            self.setVisible(self._keys and kind != QEvent.Type.FocusOut and self._target.hasFocus())
        return False

    def paintEvent(self, event: QPaintEvent) -> None:
        area = QRectF(self.rect()).adjusted(1, 1, -1, -1)
        rounded_box(QPainter(self), area, None, colour("accent"), radius=look.length(6), width=_WIDTH)
