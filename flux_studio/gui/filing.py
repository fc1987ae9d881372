"""Opening, saving and predicting, with the questions that belong to it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtGui import QImage

if TYPE_CHECKING:
    from flux_studio.gui.main_window import MainWindow


class Filing:
    """Asks the person where, and lets the workbench do it."""

    def __init__(self, window: MainWindow) -> None:
        self._window = window
        self._workbench, self._document, self._saving = window.workbench, window.document, window.saving
        self._settings, self._dialogs = window.settings, window.dialogs

    def new_from_table(self) -> None:
        """A new project for a table."""
        if self.may_leave() and (path := self._dialogs.open_table(self._window, self._settings.folder)):
            self.open(path)

    def open_file(self) -> None:
        """A project, or a table as a new project."""
        if self.may_leave() and (path := self._dialogs.open_file(self._window, self._settings.folder)):
            self.open(path)

    def open_sample(self, path: Path) -> None:
        """A ready project; saving asks for a place of its own."""
        if self.may_leave():
            self._workbench.open(path, as_sample=True)

    def load_table(self) -> None:
        """Other data for this network."""
        if path := self._dialogs.open_table(self._window, self._settings.folder):
            self._settings.folder = str(path.parent)
            self._workbench.load_table(path)

    def save(self) -> bool:
        """Save in place, or ask where; whether it was begun."""
        if self._document.path is None:
            return self.save_as()
        self._saving.save(self._document.path, self._picture())
        return True

    def save_as(self) -> bool:
        """Ask where, and save; whether it was begun."""
        suggestion = str(Path(self._settings.folder) / self._document.title)
        path = self._dialogs.save_project(self._window, suggestion)
        if path is None:
            return False
        self._settings.folder = str(path.parent)
        self._saving.save(path, self._picture())
        return True

    def revert(self) -> None:
        """The project as its file has it, as an edit that can be undone."""
        self._saving.wait()
        if self._document.path is not None:
            self._workbench.revert(self._document.path)

    def predict(self) -> None:
        """Ask for a table and a place, and write predictions."""
        table = self._dialogs.open_table(self._window, self._settings.folder)
        if table is None:
            return
        suggestion = str(Path(self._settings.folder) / f"{table.stem}-predictions.csv")
        if out := self._dialogs.save_predictions(self._window, suggestion):
            self._workbench.predict(table, out)

    def open(self, path: Path) -> None:
        """Open this file in place of the present document."""
        self._settings.folder = str(path.parent)
        self._workbench.open(path)

    def may_leave(self) -> bool:
        """Whether the present document may go: saved, or given up by the person. Waits for what is being saved."""
        self._saving.wait()
        if not self._document.modified:
            return True
        answer = self._dialogs.ask_to_save(self._window, self._document.title)
        return answer == "discard" or (answer == "save" and self.save() and self._saving.wait())

    def _picture(self) -> QImage | None:
        """What the file shows of itself; the welcome page would be no picture of it."""
        return None if self._window.welcome.shown else self._window.grab().toImage()
