"""Panels that live with the frames: each asks for what it shows, while it is in view, and gets all of one moment."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from flux_studio.gui.widgets.panel_header import PanelHeader
from flux_studio.project.project import Project
from flux_studio.training.events import Frame, MatrixKey
from flux_studio.training.questions import Question


class Live(QObject):
    """Stands between the window and one panel, which has setters and signals and decides nothing.

    Hidden panels cost nothing: only while :attr:`seen` is true the panel's keys and questions go with the requests
    for frames, and only then it is shown frames.
    """

    follows_cell = False
    """Whether it shows the chosen cell: then it stays in front when another cell is chosen."""

    stale = Signal()
    """Something else is to be shown: ask for a frame, also while training rests."""

    def __init__(self, name: str, panel: QWidget, header: PanelHeader, beside: str, parent: QObject) -> None:
        super().__init__(parent)
        self.name, self.panel, self.header = name, panel, header
        self.beside = beside
        """The dock that this panel at first shares a place with; empty where :class:`Docks` knows its place."""
        self.seen = False

    def set_seen(self, seen: bool) -> None:
        """Whether the panel is in view, and not behind another tab."""
        if seen != self.seen:
            self.seen = seen
            if seen:
                self.stale.emit()

    def show_project(self, project: Project) -> None:
        """Another document, or another state of it; no frame of it has come yet."""

    def keys(self) -> tuple[MatrixKey, ...]:
        """Matrices to be copied into the next frame."""
        return ()

    def questions(self) -> tuple[Question, ...]:
        """What to ask with the next frame; it is asked anew each time."""
        return ()

    def show_frame(self, frame: Frame) -> None:
        """Show a frame, which holds what was asked for, or what another panel asked for just before."""
