"""The document: the project that is open, where it is kept, and the edits that can be undone."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QUndoCommand, QUndoStack

from flux_studio.project.project import Project
from flux_studio.project.specification import Specification

_MOST_EDITS = 500
_MOST_BYTES = 512 * 2**20


class Document(QObject):
    """Holds one project and replaces it by others.

    ``latest`` is asked for the project with what training has left behind up to now; an edit keeps that, so that
    undo brings back the specification *and* its weights.
    """

    opened = Signal()
    """Another document altogether, told before :attr:`project_changed`."""
    project_changed = Signal()
    """Another network or other data: training begins anew, or where the project's run stands."""
    setting_changed = Signal()
    """A setting that training takes up as it goes, such as the learning rate."""
    state_changed = Signal()
    """The path, or whether there are unsaved changes."""

    def __init__(self, project: Project, path: Path | None = None, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.undo_stack = QUndoStack(self)
        self.undo_stack.setUndoLimit(_MOST_EDITS)
        self.undo_stack.cleanChanged.connect(self.state_changed)
        self.latest: Callable[[], Project] = lambda: self.project
        self._project = project
        self._path = path
        self._trained = False
        self._far = self._moved = False
        """While one goes over several edits at once, and whether the project is another one by now."""
        self._before_saving: tuple[bool, bool] | None = None
        self.kept_iteration = _iteration(project)
        """The iteration that was saved or opened: whoever has trained on from there has something to save."""

    @property
    def project(self) -> Project:
        """The project as of the last edit; :attr:`latest` also knows what was trained since."""
        return self._project

    @property
    def path(self) -> Path | None:
        """Where the project is kept; ``None`` for one that was never saved or is a sample."""
        return self._path

    @property
    def title(self) -> str:
        """The name that people know the document by."""
        return self._path.name if self._path else f"{Path(self._project.specification.data.source).stem}.flux"

    @property
    def modified(self) -> bool:
        """Whether there is something that saving would keep; also while it is still being saved."""
        return self.saving or self._trained or not self.undo_stack.isClean()

    @property
    def saving(self) -> bool:
        """Whether it is being saved."""
        return self._before_saving is not None

    @property
    def kept_words(self) -> str:
        """Whether the file holds all of it, in a word or two; nothing for a sample as it came."""
        if self.saving:
            return "saving…"
        return "not saved" if self.modified else "saved" if self._path else ""

    def open(self, project: Project, path: Path | None) -> None:
        """Another document altogether; its history begins empty."""
        self._project, self._path, self._trained = project, path, False
        self._before_saving = None
        self.kept_iteration = _iteration(project)
        self.undo_stack.clear()
        self.opened.emit()
        self.project_changed.emit()
        self.state_changed.emit()

    def edit(self, words: str, specification: Specification, moved: tuple[str, str] | None = None) -> None:
        """Change the network or the data; ``words`` tell what undo takes back.

        ``moved`` is what :meth:`Project.edited` has to know of a layer with another identity.
        """
        if specification != self._project.specification:
            before = self.latest()
            self._push(words, before, before.edited(specification, moved))

    def replace(self, words: str, project: Project, before: Project | None = None) -> None:
        """Put another project in this one's place, as an edit that can be undone.

        Undo brings back ``before``: the present one, where nothing is said.
        """
        self._push(words, before or self.latest(), project)

    def _push(self, words: str, before: Project, after: Project) -> None:
        self.undo_stack.push(_Edit(self, words, before, after))
        # Weights of long ago may go, for they can be large; what the edits did to the network stays.
        known, size = set[int](), 0
        for place in reversed(range(self.undo_stack.count())):
            command = self.undo_stack.command(place)
            if isinstance(command, _Edit):
                size += command.bytes(known)
                if size > _MOST_BYTES:
                    command.forget_weights()

    def go_to(self, index: int) -> None:
        """To behind the edit of this number, 0 for the beginning, over all edits in between and in one go."""
        self._far = True
        try:
            self.undo_stack.setIndex(index)
        finally:
            moved, self._far, self._moved = self._moved, False, False
        (self.project_changed if moved else self.setting_changed).emit()

    def now(self) -> Project:
        """What an edit puts aside: the project with what was trained, or one that was only passed on the way."""
        return self._project if self._moved else self.latest()

    def revert(self, project: Project) -> None:
        """Put the project that its file holds in this one's place: can be undone, and nothing is unsaved."""
        self.replace("Revert to saved", project)
        self._trained = False
        self.undo_stack.setClean()
        self.state_changed.emit()

    def set_setting(self, words: str, specification: Specification) -> None:
        """Change a setting that training takes up as it goes; the network and its run stay."""
        if specification != self._project.specification:
            self.undo_stack.push(_Setting(self, words, self._project.specification, specification))

    def set_pace(self, pace: float | None) -> None:
        """Remember the pace; how fast one watches is kept with the project but is no edit."""
        self._take_specification(self._project.specification.replace(pace=pace))

    def mark_trained(self) -> None:
        """Training has gone on since the last save."""
        if not self._trained:
            self._trained = True
            self.state_changed.emit()

    def begin_saving(self) -> None:
        """The project is to be written as it is now; edits from here on are not saved."""
        self._before_saving = (self.undo_stack.isClean(), self._trained)
        self.undo_stack.setClean()
        self.state_changed.emit()

    def keep_trained(self, project: Project) -> None:
        """This much of the training is in what is being written."""
        if self.undo_stack.isClean():
            self._trained, self.kept_iteration = False, _iteration(project)

    def end_saving(self, path: Path | None) -> None:
        """It stands in this file now; ``None`` when it could not be written, and is as unsaved as it was."""
        if self._before_saving is None:
            return
        was_clean, was_trained = self._before_saving
        self._before_saving = None
        if path is not None:
            self._path = path
        else:
            self._trained |= was_trained
            if not was_clean:
                self.undo_stack.resetClean()
        self.state_changed.emit()

    def take_project(self, project: Project) -> None:
        """What an edit does and undoes; the pace stays, being no part of any edit."""
        pace = self._project.specification.pace
        self._project = project.with_specification(project.specification.replace(pace=pace))
        self.kept_iteration = _iteration(project)
        if self._far:
            self._moved = True
        else:
            self.project_changed.emit()

    def take_specification(self, specification: Specification) -> None:
        """What a change of a setting does and undoes; the pace stays here, too."""
        pace = self._project.specification.pace
        self._take_specification(specification.replace(pace=pace))

    def _take_specification(self, specification: Specification) -> None:
        self._project = self._project.with_specification(specification)
        if not self._far:
            self.setting_changed.emit()


class _Edit(QUndoCommand):
    """Replaces the project; undoing keeps what was trained meanwhile, for redo."""

    def __init__(self, document: Document, words: str, before: Project, after: Project) -> None:
        super().__init__(words)
        self._document, self._before, self._after = document, before, after
        self._first = True

    def redo(self) -> None:
        if not self._first:
            self._before = self._document.now()
        self._first = False
        self._document.take_project(self._after)

    def undo(self) -> None:
        self._after = self._document.now()
        self._document.take_project(self._before)

    def bytes(self, known: set[int]) -> int:
        """How much memory the weights take that are not ``known`` from elsewhere; notes them there."""
        arrays = [each for project in (self._before, self._after) for each in _arrays(project)]
        new = {id(each): each.nbytes for each in arrays if id(each) not in known}
        known.update(new)
        return sum(new.values())

    def forget_weights(self) -> None:
        """Going back there begins with the first weights."""
        self._before, self._after = self._before.with_run(None), self._after.with_run(None)


class _Setting(QUndoCommand):
    """Replaces the specification in a way that needs no other network."""

    def __init__(self, document: Document, words: str, before: Specification, after: Specification) -> None:
        super().__init__(words)
        self._document, self._before, self._after = document, before, after

    def redo(self) -> None:
        self._document.take_specification(self._after)

    def undo(self) -> None:
        self._document.take_specification(self._before)


def _iteration(project: Project) -> int:
    return project.run.iteration if project.run else 0


def _arrays(project: Project) -> list[np.ndarray]:
    run = project.run
    return [] if run is None else [*run.parameters.values(), *run.start.values(), *run.optimizer.values()]
