"""One line about trouble, laid over the lower edge of the tool bar so that nothing under it moves."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QToolButton, QWidget

from flux_studio.gui.theme import look
from flux_studio.gui.widgets.icons import icon


class MessageStrip(QWidget):
    """Hangs below ``above`` across the window while it has something to say; Escape or its × takes it away."""

    def __init__(self, window: QWidget, above: QWidget) -> None:
        super().__init__(window)
        self.setObjectName("window.trouble")
        self.setProperty("strip", "error")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self._above = above
        self._drawing = QLabel()
        self._drawing.setPixmap(icon("warning", "error").pixmap(look.length(16), look.length(16)))
        self._label = QLabel()
        self._label.setWordWrap(True)
        self._label.setProperty("error", "true")
        self._label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._label.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Minimum)
        self._close = QToolButton()
        self._close.setObjectName("window.trouble.close")
        self._close.setText("×")
        self._close.setAccessibleName("Close the message")
        self._close.setToolTip("Close the message (Escape)")
        self._close.setProperty("kind", "close")
        self._close.clicked.connect(lambda: self.set_text(""))
        row = QHBoxLayout(self)
        row.setContentsMargins(look.length(12), look.length(5), look.length(8), look.length(5))
        row.setSpacing(look.length(8))
        row.addWidget(self._drawing, 0, Qt.AlignmentFlag.AlignVCenter)
        row.addWidget(self._label, 1)
        row.addWidget(self._close, 0, Qt.AlignmentFlag.AlignVCenter)
        window.installEventFilter(self)
        above.installEventFilter(self)
        look.changed.connect(self._repaint)
        self.hide()

    @property
    def text(self) -> str:
        """What is said."""
        return self._label.text()

    def set_text(self, text: str) -> None:
        """Say something else; an empty text takes the strip away."""
        # A sentence begins with a capital, a file's name as it is written.
        sentence = text[:1].upper() + text[1:] if text.split(" ")[0].isalpha() else text
        self._label.setText(sentence)
        self.setAccessibleName(sentence)
        self.setVisible(bool(text))
        if text:
            self._place()
            self.raise_()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.set_text("")
        else:
            super().keyPressEvent(event)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() in (QEvent.Type.Resize, QEvent.Type.Move) and self.isVisible():
            self._place()
        return False

    def _place(self) -> None:
        window = self.parentWidget()
        # As wide as its words need on one line, where the window has the room; else on several.
        words = self._label.fontMetrics().horizontalAdvance(self._label.text()) + look.length(84)
        width = min(words, window.width() - look.length(24), look.length(1100))
        height = self.layout().heightForWidth(width)
        top = self._above.geometry().bottom() + look.length(6)
        self.setGeometry((window.width() - width) // 2, top, width, height)

    def _repaint(self) -> None:
        self._drawing.setPixmap(icon("warning", "error").pixmap(look.length(16), look.length(16)))
