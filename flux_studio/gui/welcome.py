"""The welcome page over the window: what is on it, what its buttons do, and when it goes."""

from __future__ import annotations

import datetime
import os
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, Qt, QTimer
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QWidget

from flux_studio.errors import FluxError
from flux_studio.gui import predicting
from flux_studio.gui.panels.welcome import LeftView, RecentView, WelcomePage
from flux_studio.gui.samples import Sample, samples
from flux_studio.gui.widgets.choice_card import Picture
from flux_studio.gui.widgets.data_picture import DataPicture
from flux_studio.project import files
from flux_studio.project.descriptions import counted
from flux_studio.project.recovery import Slot

if TYPE_CHECKING:
    from flux_studio.gui.main_window import MainWindow

_MOST_RECENT = 4


class Welcome(QObject):
    """Lies between menu and status bar; whatever brings a project to the screen takes it away."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        self._page: WelcomePage | None = None
        self._was_running = False

    @property
    def shown(self) -> bool:
        """Whether the page covers the panels."""
        return self._page is not None and not self._page.isHidden()

    def show(self) -> None:
        """Show the page, with what is recent and what is left now."""
        page = self._page = self._page or self._make()
        self._was_running = self._window.trainer.running
        self._fill_left()
        page.set_recents([_recent(path) for path in self._window.recents.present()[:_MOST_RECENT]])
        for each in self._below():
            each.installEventFilter(self)
        self._place()
        page.show()
        self._painting.start()
        self._raise()
        page.focus_first()

    def hide(self) -> None:
        """Back to the project that is open."""
        if self._page is not None and self.shown:
            self._page.hide()
            for each in self._below():
                each.removeEventFilter(self)
            self._window.setFocus()

    def _make(self) -> WelcomePage:
        window, page = self._window, WelcomePage(self._window)
        page.set_samples(samples())
        # Their data take a moment to read: the page is on the screen before that.
        self._unpainted = list(samples())
        self._painting = QTimer(self, interval=0)
        self._painting.timeout.connect(self._paint_next)
        page.sample_chosen.connect(window.filing.open_sample)
        page.recent_chosen.connect(lambda path: window.filing.may_leave() and window.filing.open(path))
        page.new_requested.connect(window.filing.new_from_table)
        page.open_requested.connect(window.filing.open_file)
        page.recover_requested.connect(self._recover)
        page.discard_requested.connect(self._discard)
        page.closed.connect(self.hide)
        window.document.opened.connect(self.hide)
        window.document.project_changed.connect(self.hide)
        window.trainer.progress_changed.connect(self._note_running)
        window.installEventFilter(self)
        return page

    def _paint_next(self) -> None:
        assert self._page is not None
        if not self._unpainted or not self.shown:
            self._painting.stop()
            return
        sample = self._unpainted.pop(0)
        self._page.set_picture(sample, _picture(sample))

    def _place(self) -> None:
        assert self._page is not None
        top = self._window.menuBar().geometry().bottom() + 1
        self._page.setGeometry(0, top, self._window.width(), self._window.statusBar().y() - top)

    def _below(self) -> list[QWidget]:
        """All that the page is to cover: panels are brought to the front, too, of those that share their place."""
        window = self._window
        above = (self._page, window.trouble, window.drop_hint)
        children = window.findChildren(QWidget, options=Qt.FindChildOption.FindDirectChildrenOnly)
        return [each for each in children if each not in above]

    def _raise(self) -> None:
        assert self._page is not None
        self._page.raise_()
        self._window.trouble.raise_()
        self._window.drop_hint.raise_()

    def _note_running(self) -> None:
        """Training that began while the page is shown is to be seen."""
        running = self._window.trainer.running
        if running and not self._was_running:
            self.hide()
        self._was_running = running

    # What was left

    def _fill_left(self) -> None:
        assert self._page is not None
        self._page.set_left([_left(slot) for slot in self._slots])

    @property
    def _slots(self) -> list[Slot]:
        return self._window.autosave.left if self._window.autosave is not None else []

    def _recover(self, place: int) -> None:
        if self._window.filing.may_leave() and self._window.autosave is not None:
            self._window.autosave.recover(self._slots[place])

    def _discard(self, place: int) -> None:
        slot = self._slots[place]
        if self._window.autosave is None or not self._window.dialogs.may_discard(
            self._window, _left(slot).title
        ):
            return
        self._window.autosave.discard(slot)
        self._fill_left()
        if self._page is not None:
            self._page.focus_first()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if self._page is not None and self.shown:
            if event.type() == QEvent.Type.ZOrderChange:
                self._raise()
            elif watched is self._window and event.type() in (QEvent.Type.Resize, QEvent.Type.LayoutRequest):
                self._place()
        return super().eventFilter(watched, event)


def _left(slot: Slot) -> LeftView:
    try:
        note = slot.note
    except FluxError as error:
        return LeftView("A damaged project", str(error), whole=False)
    if note is None:
        return LeftView("An empty project", "", whole=False)
    where = f" · {note.path}" if note.path else " · never saved"
    words = f"iteration {note.iteration:,} · {_when(note.time)}{where}"
    return LeftView(note.title, words, whole=True)


def _recent(path: Path) -> RecentView:
    try:
        content = files.read_part(path, files.THUMBNAIL)
    except FluxError:
        content = None
    picture = QImage.fromData(content) if content else None
    return RecentView(path, _when(os.stat(path).st_mtime), picture)


def _when(seconds: float) -> str:
    """A moment as people tell it."""
    moment, now = datetime.datetime.fromtimestamp(seconds), datetime.datetime.now()
    ago = now - moment
    if datetime.timedelta(0) <= ago < datetime.timedelta(minutes=1):
        return "just now"
    if datetime.timedelta(0) <= ago < datetime.timedelta(hours=1):
        return f"{counted(int(ago.total_seconds() // 60), 'minute')} ago"
    clock = f"{moment:%H:%M}"
    days = (now.date() - moment.date()).days
    if days in (0, 1):
        return f"{('today', 'yesterday')[days]} at {clock}"
    return f"{moment.day} {moment:%B %Y} at {clock}"


def _picture(sample: Sample) -> Picture | None:
    try:
        project = files.load(sample.path)
        fields = predicting.first_axes(predicting.predictions_view(project))
        return DataPicture(project, tuple(field.start for field in fields)).paint
    except FluxError:
        return None  # what is wrong with it is told when it is opened
