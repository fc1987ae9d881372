"""A main window that takes files dropped on it from other programs, and whose bars reach from edge to edge."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QDragEnterEvent, QDragLeaveEvent, QDragMoveEvent, QDropEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QMainWindow, QToolBar

from flux_studio.gui.theme import colour
from flux_studio.gui.widgets.drop_hint import DropHint

_WHAT = {
    ".flux": "open this project",
    ".safetensors": "take in these weights",
    ".npz": "take in these weights or this data",
}


class FileDrops(QMainWindow):
    """Says what a drop would do while a file is over the window, and tells which file was dropped."""

    file_dropped = Signal(object)
    """The path of a single local file; whether it can be read is seen when it is."""

    def __init__(self) -> None:
        super().__init__()
        self.setAcceptDrops(True)
        self.drop_hint = DropHint(self)
        self.drop_hint.hide()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        path = _dropped_file(event)
        if path is not None:
            what = _WHAT.get(path.suffix.lower(), "use this table as data")
            self.drop_hint.tell(f"Drop to {what}: {path.name}")
            event.setDropAction(Qt.DropAction.CopyAction)
            event.accept()

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:
        self.dragEnterEvent(event)

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        self.drop_hint.hide()

    def dropEvent(self, event: QDropEvent) -> None:
        self.drop_hint.hide()
        path = _dropped_file(event)
        if path is not None:
            event.setDropAction(Qt.DropAction.CopyAction)
            event.accept()
            self.file_dropped.emit(path)

    def paintEvent(self, event: QPaintEvent) -> None:
        # The margin beside the docks would leave a grey strip at both ends of the bars as well.
        painter = QPainter(self)
        bars = (self.menuBar(), self.findChild(QToolBar, "toolbar.training"), self.statusBar())
        for bar in bars:
            painter.fillRect(0, bar.y(), self.width(), bar.height(), colour("surface"))
            painter.fillRect(
                0, bar.y() + (bar.height() - 1) * (bar is not bars[2]), self.width(), 1, colour("border")
            )


def _dropped_file(event: QDropEvent) -> Path | None:
    """The single local file that is being dropped."""
    urls = event.mimeData().urls()
    return Path(urls[0].toLocalFile()) if len(urls) == 1 and urls[0].isLocalFile() else None
