"""The right end of a row of tabs, where a panel's controls stand while a tab says its title."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject
from PySide6.QtWidgets import QHBoxLayout, QMainWindow, QTabBar, QWidget

from flux_studio.gui.theme import look
from flux_studio.gui.widgets.panel_header import PanelHeader


class TabCorner(QWidget):
    """Lies over the empty end of a tab bar, which belongs to Qt and comes and goes as it likes."""

    def __init__(self, window: QMainWindow, header: PanelHeader) -> None:
        super().__init__(window)
        self._header = header
        self._bar: QTabBar | None = None
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        self.hide()

    def follow(self, bar: QTabBar | None) -> None:
        """Stand at the end of this row of tabs; without one the controls go back into the header."""
        if bar is not self._bar:
            if self._bar is not None:
                self._bar.removeEventFilter(self)
                self._bar.currentChanged.disconnect(self._place)
                self._bar.destroyed.disconnect(self._forget)
            self._bar = bar
            if bar is not None:
                bar.installEventFilter(self)
                bar.currentChanged.connect(self._place)
                bar.destroyed.connect(self._forget)
        if bar is None:
            self._header.take_controls_back()
            self.hide()
            return
        self.layout().addWidget(self._header.controls)
        self._place()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        # Not when it is hidden: that is also told while Qt takes the bar apart.
        if event.type() in (QEvent.Type.Resize, QEvent.Type.Move, QEvent.Type.Show):
            self._place()
        return False

    def event(self, event: QEvent) -> bool:
        # A control that says something longer needs more room.
        if event.type() == QEvent.Type.LayoutRequest:
            self._place()
        return super().event(event)

    def _forget(self) -> None:
        self._bar = None
        self.hide()

    def _place(self) -> None:
        bar = self._bar
        if bar is None:
            return
        # Over another panel's tab, or over the tabs themselves, the controls would be in the way.
        own = bar.tabText(bar.currentIndex()) == self._header.title
        end = bar.tabRect(bar.count() - 1).right() if bar.count() else 0
        width, height = self.sizeHint().width(), min(self.sizeHint().height(), bar.height())
        left = bar.width() - width - look.length(10)
        self.setVisible(own and bar.isVisible() and left > end)
        self.setGeometry(bar.x() + left, bar.y() + (bar.height() - height) // 2, width, height)
        self.raise_()
