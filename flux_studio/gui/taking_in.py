"""Taking weights in from a file: compared beside the network's own, chosen by hand where that is not clear."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from flux_studio.engine.operations import shape_text
from flux_studio.errors import FluxError
from flux_studio.export import taking_in
from flux_studio.export.taking_in import Comparison, Match, Source
from flux_studio.gui import presenting
from flux_studio.gui.background import Background
from flux_studio.gui.panels.take_in_dialog import TakeInDialog, TakenRow
from flux_studio.project.project import Project

if TYPE_CHECKING:
    from flux_studio.gui.main_window import MainWindow

_STAYS = "nothing: stays as it is"


class TakingIn(QObject):
    """One file at a time; what is taken in is one edit, which Undo takes back."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        self._path = Path()
        self._comparison = Comparison((), ())
        self._choices: list[tuple[Source | None, ...]] = []
        self._chosen: list[int | None] = []
        self.dialog: TakeInDialog | None = None
        self._background = Background(window)
        self._background.setObjectName("taking in")
        self._background.finished_with.connect(self._finish)

    def wants(self, path: Path) -> bool:
        """Whether a dropped file holds weights rather than a project or a table."""
        suffix = path.suffix.lower()
        return suffix == ".safetensors" or (suffix == ".npz" and taking_in.holds_weights(path))

    def ask(self) -> None:
        """Ask for a file, and compare it."""
        window = self._window
        if path := window.dialogs.open_weights(window, window.settings.folder):
            window.settings.folder = str(path.parent)
            self.open(path)

    def open(self, path: Path) -> None:
        """Show what of a file could go where."""
        project = self._window.document.project
        try:
            if trouble := presenting.problem(project):
                raise FluxError(f"{path.name} cannot be taken in: {trouble}")
            self._comparison = taking_in.compare(project, path)
        except FluxError as error:
            self._window.workbench.troubled.emit(str(error))
            return
        self._window.workbench.troubled.emit("")
        self._path = path
        matches = self._comparison.matches
        self._choices = [(*self._comparison.choices(match), None) for match in matches]
        self._chosen = [_first(match, choices) for match, choices in zip(matches, self._choices, strict=True)]
        dialog = self.dialog = TakeInDialog(self._window, path.name)
        dialog.chosen.connect(self._choose)
        dialog.take.clicked.connect(self._take)
        dialog.finished.connect(self._forget)
        self._show()
        dialog.open()

    def _choose(self, row: int, choice: int) -> None:
        self._chosen[row] = choice
        self._show()

    def _show(self) -> None:
        assert self.dialog is not None
        taken = self._taken()
        rows = [self._row(place, match) for place, match in enumerate(self._comparison.matches)]
        used = {name for source in taken.values() for name in source.names}
        rows += [
            TakenRow("–", "", (), None, _sized(shape), "not used", missing=True, array=name)
            for name, shape in self._comparison.arrays.items()
            if name not in used
        ]
        self.dialog.set_rows(rows)
        unclear = sum(choice is None for choice in self._chosen)
        if unclear:
            words = f"{unclear} to be chosen: fits as it is and transposed, and nobody else can tell"
        elif not taken:
            words = "Nothing is taken in: nothing of the file fits, or nothing is chosen."
        else:
            words = f"{len(taken)} of {len(self._chosen)} parameters; training begins anew at iteration 0."
        self.dialog.trouble.set_text("")
        self.dialog.set_can_take(bool(taken) and not unclear, words)

    def _row(self, place: int, match: Match) -> TakenRow:
        choice, choices = self._chosen[place], self._choices[place]
        source = None if choice is None else choices[choice]
        if choice is None:
            words, found = "choose how", match.found
        elif source is None:
            words, found = "missing" if len(choices) == 1 else "stays as it is", ()
        else:
            words = replace(match, source=source).words
            words = "fits" if words == "as it is" else words
            found = self._comparison.arrays[source.names[0]]
        name = f"{match.title} · {match.key[1]}"
        texts = tuple(_STAYS if each is None else _words(each) for each in choices)
        shape = _sized(found) if found else ""
        missing = choice is not None and source is None
        return TakenRow(name, shape_text(match.shape), texts, choice, shape, words, missing)

    def _taken(self) -> dict[tuple[str, str], Source]:
        return {
            match.key: source
            for match, choice, choices in zip(
                self._comparison.matches, self._chosen, self._choices, strict=True
            )
            if choice is not None and (source := choices[choice]) is not None
        }

    def _take(self) -> None:
        """Read the file where nobody waits for it."""
        assert self.dialog is not None
        self.dialog.set_can_take(False, f"Reading {self._path.name}…")
        project, path, taken = self._window.document.latest(), self._path, self._taken()
        self._background.begin(self.dialog, lambda _: taking_in.take_in(project, path, taken))

    def _finish(self, dialog: object, result: object) -> None:
        if dialog is not self.dialog or self.dialog is None:
            return  # thought better of
        if isinstance(result, Project):
            count, path = len(self._taken()), self._path
            self.dialog.accept()
            self._window.document.replace(f"Take in {path.name}", result)
            self._window.workbench.informed.emit(
                f"{path.name}: {count} parameters taken in; Undo takes this back"
            )
        else:
            self._show()
            self.dialog.trouble.set_text(str(result))

    def _forget(self) -> None:
        if self.dialog is not None:
            self.dialog.deleteLater()
        self.dialog = None


def _first(match: Match, choices: tuple[Source | None, ...]) -> int | None:
    """What is chosen to begin with; ``None`` where a person must say."""
    if match.source is not None and match.source.turned is None:
        return None
    return choices.index(match.source)


def _words(source: Source) -> str:
    return " + ".join(source.names) + (", transposed" if source.turned else "")


def _sized(shape: tuple[int, ...]) -> str:
    return "×".join(map(str, shape)) or "1"
