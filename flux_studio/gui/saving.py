"""Saving the document: the run is taken between two bursts and written on a thread of its own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QBuffer, QByteArray, QEventLoop, QObject, Qt, Signal
from PySide6.QtGui import QImage

from flux_studio.data.progress import GoesOn
from flux_studio.errors import FluxError, ProjectFileError
from flux_studio.gui.background import Background
from flux_studio.project import files
from flux_studio.project.project import Project

if TYPE_CHECKING:
    from flux_studio.gui.main_window import MainWindow

_PICTURE_WIDTH = 480


class Saving(QObject):
    """Writes one file at a time; neither the window nor training waits for it."""

    ended = Signal(bool)
    """A file was written, or could not be: then the old one is as it was, and the workbench told why."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._document, self._trainer, self._bench = window.document, window.trainer, window.workbench
        self._background = Background(window)
        self._background.setObjectName("saving")
        self._background.finished_with.connect(self._finish)
        self._next: tuple[Path, QImage | None] | None = None
        self._succeeded = True

    @property
    def busy(self) -> bool:
        """Whether something is still to be written."""
        return self._document.saving

    def save(self, path: Path, picture: QImage | None = None) -> None:
        """Save the document as it is now, with what has been trained so far."""
        if self.busy:
            self._next = (path, picture)
            return
        try:
            files.check_place(path)
        except ProjectFileError as error:
            self._end(path, error)
            return
        self._document.begin_saving()
        self._trainer.fetch(self._document.project, lambda project: self._write(project, path, picture))

    def wait(self) -> bool:
        """Let the window live on, but take no input, until all is written; whether the last one worked."""
        while self.busy:
            loop = QEventLoop()
            self.ended.connect(loop.quit)
            loop.exec(QEventLoop.ProcessEventsFlag.ExcludeUserInputEvents)
        return self._succeeded

    def _write(self, project: Project, path: Path, picture: QImage | None) -> None:
        if not self._document.saving:
            return  # another document was opened meanwhile
        self._document.keep_trained(project)
        self._background.begin(path, _writer(project, path, picture))

    def _finish(self, path: object, result: object) -> None:
        assert isinstance(path, Path)
        self._document.end_saving(None if isinstance(result, FluxError) else path)
        self._end(path, result)

    def _end(self, path: Path, result: object) -> None:
        self._succeeded = not isinstance(result, FluxError)
        if isinstance(result, FluxError):
            self._bench.troubled.emit(str(result))
        else:
            self._bench.troubled.emit("")
            self._bench.informed.emit(f"saved {path.name}")
        self.ended.emit(self._succeeded)
        wish, self._next = self._next, None
        if wish is not None:
            self.save(*wish)


def _writer(project: Project, path: Path, picture: QImage | None) -> Callable[[GoesOn], None]:
    def write(_goes_on: GoesOn) -> None:
        files.save(project, path, thumbnail=None if picture is None else _png(picture))

    return write


def _png(picture: QImage) -> bytes:
    content = QByteArray()
    buffer = QBuffer(content)
    small = picture.scaledToWidth(_PICTURE_WIDTH, Qt.TransformationMode.SmoothTransformation)
    small.save(buffer, "PNG")
    return bytes(content.data())
