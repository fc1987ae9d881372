"""Opening, saving and predicting, with the questions that belong to it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtGui import QGuiApplication, QImage

from flux_studio.data.formats import TableFormat
from flux_studio.data.readers import Pasted, Place, Preview, preview
from flux_studio.errors import DataError, FluxError
from flux_studio.gui.reading import is_hopeless, is_plain, is_project, is_soon_read, name_of
from flux_studio.gui.reading_dialog import ReadingDialog
from flux_studio.gui.working import Task

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
            self.take_table(path)

    def take_table(self, path: Path) -> None:
        """Use the table in this file as data for this network."""
        self._settings.folder = str(path.parent)
        self._look_at(path, self._workbench.load_table)

    def paste_table(self) -> None:
        """Use the table that was copied, or the file, as data for this network."""
        mime = QGuiApplication.clipboard().mimeData()
        # A clipboard that nobody has filled yet has nothing at all.
        urls, text = (mime.urls(), mime.text()) if mime is not None else ([], "")
        files = [Path(url.toLocalFile()) for url in urls if url.isLocalFile()]
        if files:
            self.take_table(files[0])
        elif text.strip():
            self._look_at(Pasted(text), self._workbench.load_table)
        else:
            self._workbench.troubled.emit(
                "the clipboard holds no table: copy the cells in a spreadsheet, then paste them here"
            )

    def change_reading(self) -> None:
        """Let the person see how the present table was read, and correct it."""
        place, format = self._workbench.table_place, self._document.project.specification.data.format
        if place is None:
            self._workbench.set_format(format)  # says why that cannot be
        else:
            self._look_at(place, lambda _, format: self._workbench.set_format(format), format)

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
        if is_project(path):
            self._workbench.open(path, may_leave=self.may_leave)
        else:
            self._look_at(
                path, lambda place, format: self._workbench.open(place, format, may_leave=self.may_leave)
            )

    def _look_at(
        self, place: Place, then: Callable[[Place, TableFormat], object], format: TableFormat | None = None
    ) -> None:
        """Find out how a table is to be read, and let the person correct that where it may be necessary.

        With a ``format`` it is asked for, and not found.
        """
        bench = self._workbench

        def seen(found: Preview) -> None:
            if format is None and is_plain(place, found):
                then(place, found.format)
                return
            if is_hopeless(place, found):
                refuse(DataError(found.trouble))
                return
            bench.troubled.emit("")
            dialog = ReadingDialog(self._window, place, found, "Open" if format is None else "Read Again")
            dialog.chosen.connect(lambda format: then(place, format))
            dialog.open()

        def refuse(error: FluxError) -> None:
            bench.data_refused.emit(str(error))
            bench.troubled.emit(str(error))

        bench.working.do(
            Task("table", f"Looking at {name_of(place)}", lambda _: preview(place, format), seen, refuse),
            at_once=is_soon_read(place),
        )

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
