"""The docks: each panel in a card of its own, and the places where they stand at first."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QDockWidget, QMainWindow, QWidget

from flux_studio.gui.theme import look
from flux_studio.gui.widgets.panel_header import PanelHeader

_ACROSS, _DOWN = Qt.Orientation.Horizontal, Qt.Orientation.Vertical


class Docks:
    """Layers and network at the left; matrices, focus and loss in the middle; data at the right."""

    def __init__(self, window: QMainWindow, panels: Mapping[str, tuple[QWidget, PanelHeader]]) -> None:
        self._window = window
        self._docks = {name: self._dock(name, *parts) for name, parts in panels.items()}

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
        window.splitDockWidget(docks["matrices"], docks["data"], _ACROSS)
        window.splitDockWidget(docks["layers"], docks["network"], _DOWN)
        window.splitDockWidget(docks["matrices"], docks["focus"], _DOWN)
        window.splitDockWidget(docks["focus"], docks["loss"], _DOWN)
        for dock in docks.values():
            dock.show()
        self.share_space()

    def share_space(self) -> None:
        """Give each dock its share of the window as it is now."""
        window, docks = self._window, self._docks
        width, height = window.width(), window.height()
        left, right = min(look.length(240), width // 5), look.length(310)
        columns = [docks["layers"], docks["matrices"], docks["data"]]
        window.resizeDocks(columns, [left, width - left - right, right], _ACROSS)
        middle = [docks["matrices"], docks["focus"], docks["loss"]]
        window.resizeDocks(middle, [round(height * share) for share in (0.42, 0.275, 0.205)], _DOWN)
        palette = docks["layers"].sizeHint().height()
        window.resizeDocks([docks["layers"], docks["network"]], [palette, height - palette], _DOWN)

    def _dock(self, name: str, panel: QWidget, header: PanelHeader) -> QDockWidget:
        dock = QDockWidget(header.title, self._window)
        dock.setObjectName(f"dock.{name}")
        dock.setAccessibleName(header.title)
        panel.setProperty("panel", "true")
        panel.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        dock.setTitleBarWidget(header)
        dock.setWidget(panel)
        return dock
