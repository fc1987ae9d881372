"""The projects that were open lately, and the menu of them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QMenu

if TYPE_CHECKING:
    from flux_studio.gui.main_window import MainWindow

_MOST = 10


class Recents:
    """Newest first; one that is gone stays listed, for its disk may only be unplugged."""

    def __init__(self, window: MainWindow, menu: QMenu) -> None:
        self._window, self._settings, self._menu = window, window.settings, menu
        window.document.state_changed.connect(self._note)
        menu.aboutToShow.connect(self._fill)
        self._note()
        self._fill()

    def present(self) -> list[Path]:
        """Those that are there now."""
        return [path for path in self._settings.recents if path.is_file()]

    def _note(self) -> None:
        """The document's file is the newest."""
        path = self._window.document.path
        if path is None:
            return
        path = path.absolute()
        if self._settings.recents[:1] != [path]:
            self._settings.recents = [path, *(each for each in self._settings.recents if each != path)][
                :_MOST
            ]

    def _fill(self) -> None:
        self._menu.clear()
        known = self._settings.recents
        for place, path in enumerate(known):
            action = self._menu.addAction(path.name.replace("&", "&&"))
            action.setObjectName(f"action.recent.{place}")
            there = path.is_file()
            action.setEnabled(there)
            action.setToolTip(str(path) if there else f"{path}: there is no such file now")
            action.triggered.connect(lambda _=False, path=path: self._open(path))
        if known:
            self._menu.addSeparator()
        missing = self._menu.addAction("Clear Missing", lambda: self._keep(self.present()))
        missing.setObjectName("action.recent.clear_missing")
        missing.setEnabled(len(self.present()) < len(known))
        every = self._menu.addAction("Clear All", lambda: self._keep([]))
        every.setObjectName("action.recent.clear")
        every.setEnabled(bool(known))

    def _keep(self, paths: list[Path]) -> None:
        self._settings.recents = paths
        self._fill()

    def _open(self, path: Path) -> None:
        if self._window.filing.may_leave():
            self._window.filing.open(path)
