"""Exporting from the window: the weights of the moment shown, and a thread that writes and tries the file."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QUrl, Signal
from PySide6.QtGui import QDesktopServices, QGuiApplication

from flux_studio.data.progress import GoesOn
from flux_studio.errors import FluxError
from flux_studio.export.exporters import EXPORTERS, Exported, Exporter, Progress, choose, exporting
from flux_studio.export.subject import Subject
from flux_studio.gui import presenting
from flux_studio.gui.background import Background
from flux_studio.gui.panels.export_dialog import ExportDialog
from flux_studio.gui.status_bar import MESSAGE_MS
from flux_studio.gui.widgets.format_list import FormatRow
from flux_studio.project.project import Project
from flux_studio.training import report
from flux_studio.training.events import Answered
from flux_studio.training.weights_shown import TakeWeights

if TYPE_CHECKING:
    from flux_studio.gui.main_window import MainWindow


class Exporting(QObject):
    """Writes one export at a time; the window and training go on, with the dialog open or closed."""

    _advanced = Signal(object)
    ended = Signal()
    """An export is done, failed or was cancelled."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        self._stem = ""
        self._file: tuple[Path, Exporter] | None = None
        """What is being exported."""
        self._asked = False
        """Whether its weights have been asked for and are not there yet."""
        self._iteration = 0
        self._cancelled = False
        self._done: Path | None = None
        """The last file that was written: one that may be replaced without a word, and gone on with."""
        self._background = Background(window)
        self._background.setObjectName("exporting")
        self._background.finished_with.connect(self._finish)
        self._advanced.connect(self._tell)
        self._dialog: ExportDialog | None = None
        window.trainer.answered.connect(self._take)
        window.trainer.ready_changed.connect(self._lose)
        window.document.project_changed.connect(self._show_formats)
        window.document.opened.connect(self._forget_name)
        window.frame_shown.connect(self._show_moment)

    @property
    def busy(self) -> bool:
        """Whether something is being exported."""
        return self._file is not None

    @property
    def dialog(self) -> ExportDialog:
        """The dialog, made when it is first asked for."""
        if self._dialog is None:
            dialog = self._dialog = ExportDialog(self._window)
            dialog.formats.chosen.connect(self._choose)
            dialog.name_typed.connect(self._take_name)
            dialog.folder_wanted.connect(self._change_folder)
            dialog.export_wanted.connect(self.begin)
            dialog.cancel_wanted.connect(self.cancel)
            dialog.show_wanted.connect(self._show_folder)
            dialog.copy_wanted.connect(self._copy_path)
        return self._dialog

    def show(self) -> None:
        """Open the dialog, or bring it to the front."""
        dialog = self.dialog
        if not dialog.isVisible() and not self.busy:
            dialog.set_result("")
            dialog.trouble.set_text("")
        self._fill()
        if not dialog.isVisible():
            dialog.fit()
        dialog.show()
        dialog.raise_()
        dialog.activateWindow()
        self._show_moment()
        dialog.export.setFocus()

    def begin(self) -> None:
        """Export what the dialog says."""
        if self.busy or not self.dialog.formats.name:
            return
        self._show_name()  # with its ending
        exporter = choose(Path(), self.dialog.formats.name)
        path = self._path()
        self._file, self._cancelled = (path, exporter), False
        self._window.settings.export_format = exporter.name
        self.dialog.trouble.set_text("")
        self.dialog.set_busy(True)
        self.dialog.set_progress(0, "taking the weights…")
        if self._window.trainer.ready is None or self._window.trainer.ended:
            self._write(self._window.document.latest())
        else:
            self._asked = True
            self._window.trainer.ask(TakeWeights())

    def cancel(self) -> None:
        """Give up what is being exported; everything stays as it was."""
        self._cancelled = True
        if self._asked:
            self._finish(self._file, None)
        else:
            self._background.give_up()

    # The export

    def _take(self, event: Answered) -> None:
        if not (self._asked and isinstance(event.question, TakeWeights)):
            return
        self._asked = False
        if isinstance(event.answer, FluxError):
            self._finish(self._file, event.answer)
        else:
            self._write(event.answer)

    def _lose(self) -> None:
        """Another network is being made ready: the one that was asked answers no more."""
        if self._asked:
            self._asked = False
            self._write(self._window.document.latest())

    def _write(self, project: Project) -> None:
        assert self._file is not None
        path, exporter = self._file
        self._iteration = 0 if project.run is None else project.run.iteration

        def work(goes_on: GoesOn) -> Exported | None:
            self._advanced.emit(Progress(0, 3, "finding the scores"))
            metrics = report.of(project)
            with contextlib.closing(exporting(project, path, exporter.name, metrics=metrics)) as steps:
                while goes_on(0, 1):
                    try:
                        self._advanced.emit(next(steps))
                    except StopIteration as end:
                        done: Exported = end.value
                        return done
            return None

        self._background.begin(self._file, work)

    def _tell(self, progress: Progress) -> None:
        if self.busy and not self._cancelled:
            words = f"Iteration {self._iteration:,}: {progress.words}…"
            self.dialog.set_progress(progress.step / (progress.steps + 1), words)
            if not self.dialog.isVisible():
                self._window.status.showMessage(words)

    def _finish(self, _token: object, result: object) -> None:
        assert self._file is not None
        path, _ = self._file
        self._file, self._asked = None, False
        dialog = self.dialog
        dialog.set_busy(False)
        if isinstance(result, Exported):
            self._done = path
            self._window.settings.export_folder = str(path.parent)
            words = f"{path.name}, iteration {self._iteration:,}: {result.words}"
            dialog.set_result(words, good=result.rows > 0, found=True)
            self._window.workbench.informed.emit(f"exported {words}")
        elif isinstance(result, FluxError):
            dialog.set_result("")
            dialog.trouble.set_text(str(result))
            self._window.status.clearMessage()
            if not dialog.isVisible():
                self._window.workbench.troubled.emit(str(result))
        else:
            dialog.set_result("Cancelled: nothing was written.")
            self._window.status.showMessage("export cancelled", MESSAGE_MS)
        self._show_name()
        self.ended.emit()

    # The dialog

    def _show_formats(self) -> None:
        if self._dialog is not None and self._dialog.isVisible():
            self._fill()

    def _fill(self) -> None:
        """Show the formats, and which of them refuse the present network."""
        project = self._window.document.project
        subject, trouble = Subject(project), presenting.problem(project)
        rows = [
            FormatRow(
                each.name,
                each.title,
                each.suffix,
                each.sentence,
                each.covers,
                trouble or each.refusal(subject),
            )
            for each in EXPORTERS
        ]
        formats = self.dialog.formats
        formats.set_rows(rows, formats.name or self._window.settings.export_format)
        self.dialog.set_can_export(bool(formats.name))
        self._show_name()

    def _show_moment(self) -> None:
        if self._dialog is not None and self._dialog.isVisible():
            trainer = self._window.trainer
            earlier = ", the earlier moment that is shown" if trainer.is_past else ""
            self._dialog.set_moment(f"The weights are those of iteration {trainer.shown:,}{earlier}.")

    def _choose(self, _name: str) -> None:
        self._clear()
        self._show_name()

    def _take_name(self, name: str) -> None:
        """A name that ends as another format's does chooses that one; while it is typed nothing is added to it."""
        self._clear()
        formats = self.dialog.formats
        try:
            meant = choose(Path(name)).name
        except FluxError:
            meant = formats.name
        if meant != formats.name and not name.endswith(self._suffix()):
            formats.blockSignals(True)
            formats.choose(meant)
            formats.blockSignals(False)
        self._stem = name.removesuffix(self._suffix())
        self.dialog.set_file(name, self._window.settings.export_folder, self._verb())

    def _clear(self) -> None:
        """What was said is of another file."""
        if not self.busy:
            self.dialog.trouble.set_text("")
            self.dialog.set_result("")

    def _forget_name(self) -> None:
        self._stem = ""

    def _show_name(self) -> None:
        name = self._stem or Path(self._window.document.title).stem
        self.dialog.set_file(f"{name}{self._suffix()}", self._window.settings.export_folder, self._verb())

    def _verb(self) -> str:
        path = self._path()
        return "Replace" if path != self._done and path.exists() else "Export"

    def _suffix(self) -> str:
        name = self.dialog.formats.name
        return choose(Path(), name).suffix if name else ""

    def _path(self) -> Path:
        name = self._stem or Path(self._window.document.title).stem
        return Path(self._window.settings.export_folder) / f"{name}{self._suffix()}"

    def _change_folder(self) -> None:
        settings = self._window.settings
        if folder := self._window.dialogs.choose_folder(self.dialog, settings.export_folder):
            settings.export_folder = str(folder)
            self._clear()
            self._show_name()

    def _show_folder(self) -> None:
        if self._done is not None:
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(self._done.parent)))

    def _copy_path(self) -> None:
        if self._done is not None:
            QGuiApplication.clipboard().setText(str(self._done))
            self._window.workbench.informed.emit(f"copied {self._done}")
