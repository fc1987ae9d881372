"""The docks: each panel in a card of its own, and the places where they stand at first.

Panels that share a place have tabs, which then stand at the top of the card instead of the panel's own header.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from PySide6.QtCore import QByteArray, Qt, QTimer
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QDockWidget, QMainWindow, QTabBar, QTabWidget, QToolButton, QWidget

from flux_studio.gui.theme import look
from flux_studio.gui.widgets.panel_header import PanelHeader
from flux_studio.gui.widgets.tab_corner import TabCorner

# A panel that floats over its own place looks as if nothing had happened; it can be moved and hidden.
_FEATURES = QDockWidget.DockWidgetFeature.DockWidgetMovable | QDockWidget.DockWidgetFeature.DockWidgetClosable
_ACROSS, _DOWN = Qt.Orientation.Horizontal, Qt.Orientation.Vertical


class Docks:
    """Layers and network at the left; matrices, focus and loss in the middle; cell, data and training at the right."""

    def __init__(
        self,
        window: QMainWindow,
        panels: Mapping[str, tuple[QWidget, PanelHeader]],
        beside: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        """``beside`` tells of some panels with which other one they share a place at first; empty: one of its own."""
        self._window, self._beside = window, beside
        self._front: tuple[str, ...] = ()
        """What is to come in front of those that share its place, once there are tabs."""
        window.setTabPosition(Qt.DockWidgetArea.AllDockWidgetAreas, QTabWidget.TabPosition.North)
        self._headers = {name: header for name, (_, header) in panels.items()}
        self._docks = {name: self._dock(name, *parts) for name, parts in panels.items()}
        # At the end of a row of tabs, for panels with controls: their headers are folded then.
        self._corners = {
            name: TabCorner(window, header)
            for name, header in self._headers.items()
            if not header.controls.isHidden()
        }
        # Many signals come together, and some of them before the layout has taken its new form.
        self._settling = QTimer(window, singleShot=True, interval=0)
        self._settling.timeout.connect(self.settle)
        for dock in self._docks.values():
            for changed in (dock.dockLocationChanged, dock.topLevelChanged, dock.visibilityChanged):
                changed.connect(lambda *_: self._settling.start())

    def __getitem__(self, name: str) -> QDockWidget:
        return self._docks[name]

    def actions(self) -> list[QAction]:
        """Show or hide, for each dock."""
        return [dock.toggleViewAction() for dock in self._docks.values()]

    def arrange(self) -> None:
        """All docks in their first places and sizes."""
        window, docks = self._window, self._docks
        for dock in docks.values():
            dock.setFloating(False)
            window.removeDockWidget(dock)
        window.addDockWidget(Qt.DockWidgetArea.LeftDockWidgetArea, docks["layers"])
        window.splitDockWidget(docks["layers"], docks["matrices"], _ACROSS)
        window.splitDockWidget(docks["matrices"], docks["cell"], _ACROSS)
        window.splitDockWidget(docks["layers"], docks["network"], _DOWN)
        window.splitDockWidget(docks["matrices"], docks["focus"], _DOWN)
        window.splitDockWidget(docks["focus"], docks["loss"], _DOWN)
        window.tabifyDockWidget(docks["cell"], docks["data"])
        window.tabifyDockWidget(docks["data"], docks["training"])
        window.tabifyDockWidget(docks["training"], docks["scores"])
        beside = {name: other for name, other in self._beside.items() if other}
        for name, other in beside.items():
            window.tabifyDockWidget(docks[other], docks[name])
        docks["layers"].setMaximumHeight(look.length(190))
        for dock in docks.values():
            dock.show()
        self._front = (*dict.fromkeys(beside.values()), "data")
        self.settle()
        self.share_space()

    def restore(self, state: QByteArray) -> bool:
        """All docks as the window was left, also which of them are in front."""
        self._front = ()
        return self._window.restoreState(state)

    def bring(self, name: str) -> None:
        """Show a panel, in front of those it shares its place with."""
        self._docks[name].show()
        self._docks[name].raise_()

    def settle(self) -> None:
        """Let tabs take the place of the headers of panels that share a place."""
        if self._window.isVisible():
            # Before, there are no tabs yet, and what is raised stays behind.
            front, self._front = self._front, ()
            for name in front:
                self._docks[name].raise_()
            if front:
                # Only now panels know how little room they can do with.
                self.share_space()
        for name, dock in self._docks.items():
            others = self._window.tabifiedDockWidgets(dock)
            self._headers[name].set_folded(any(not other.isHidden() for other in others))
        for bar in self._window.findChildren(QTabBar, options=Qt.FindChildOption.FindDirectChildrenOnly):
            bar.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
            bar.setAccessibleName("Panels that share this place")
            bar.setExpanding(False)
        for name, corner in self._corners.items():
            corner.follow(self._bar_of(name))

    def _bar_of(self, name: str) -> QTabBar | None:
        """The row of tabs in which a panel has one."""
        if not any(not other.isHidden() for other in self._window.tabifiedDockWidgets(self._docks[name])):
            return None
        title = self._headers[name].title
        bars = self._window.findChildren(QTabBar, options=Qt.FindChildOption.FindDirectChildrenOnly)
        return next((bar for bar in bars if title in map(bar.tabText, range(bar.count()))), None)

    def share_space(self) -> None:
        """Give each dock its share of the window as it is now."""
        window, docks = self._window, self._docks
        width, height = window.width(), window.height()
        left, right = min(look.length(240), width // 5), look.length(310)
        columns = [docks["layers"], docks["matrices"], docks["data"]]
        window.resizeDocks(columns, [left, width - left - right, right], _ACROSS)
        middle = [docks["matrices"], docks["focus"], docks["loss"]]
        window.resizeDocks(middle, [round(height * share) for share in (0.425, 0.265, 0.21)], _DOWN)
        palette = docks["layers"].sizeHint().height()
        window.resizeDocks([docks["layers"], docks["network"]], [palette, height - palette], _DOWN)

    def _dock(self, name: str, panel: QWidget, header: PanelHeader) -> QDockWidget:
        dock = QDockWidget(header.title, self._window)
        dock.setObjectName(f"dock.{name}")
        dock.setAccessibleName(header.title)
        panel.setProperty("panel", "true")
        panel.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        dock.setTitleBarWidget(header)
        dock.setFeatures(_FEATURES)
        close = QToolButton(header)
        close.setObjectName(f"dock.{name}.close")
        close.setText("×")
        close.setProperty("kind", "close")
        close.setAccessibleName(f"Hide {header.title}")
        close.setToolTip(f"Hide this panel; View › Panels brings {header.title} back")
        close.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        close.setFixedSize(look.length(16), look.length(16))
        close.clicked.connect(dock.hide)
        header.layout().addWidget(close)
        dock.setWidget(panel)
        return dock
