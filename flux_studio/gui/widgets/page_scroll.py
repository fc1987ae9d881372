"""A page that scrolls up and down only, and is never narrower than what stands on it."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QSize, Qt
from PySide6.QtWidgets import QFrame, QScrollArea, QWidget

from flux_studio.gui.theme import look

_WIDEST_NEED = 330


class PageScroll(QScrollArea):
    """Asks for the width that its page needs and room for the scroll bar, so that nothing is cut at the right."""

    def __init__(self, page: QWidget, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setWidget(page)

    def minimumSizeHint(self) -> QSize:
        # A single long word in a message must not push the window's other panels aside.
        needed = min(self.widget().minimumSizeHint().width(), look.length(_WIDEST_NEED))
        return QSize(needed + self.verticalScrollBar().sizeHint().width(), look.length(80))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self.widget() and event.type() == QEvent.Type.LayoutRequest:
            self.updateGeometry()
        return super().eventFilter(watched, event)
