"""A real window for tests, and the ways in which they wait for it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from pytestqt.qtbot import QtBot

from flux_studio import locations
from flux_studio.gui.dialogs import Answer, Dialogs
from flux_studio.gui.main_window import MainWindow
from flux_studio.project import files
from flux_studio.project.project import Project
from tests.gui.shown import themed

PATIENCE_MS = 60_000


class Answers(Dialogs):
    """Dialogs that are answered beforehand; what was told is remembered."""

    def __init__(self) -> None:
        self.path: Path | None = None
        self.out: Path | None = None
        self.answer: Answer = "discard"
        self.asked: list[str] = []

    def open_file(self, parent: object, folder: str) -> Path | None:
        return self.path

    def open_table(self, parent: object, folder: str) -> Path | None:
        return self.path

    def save_project(self, parent: object, suggestion: str) -> Path | None:
        return self.out

    def choose_folder(self, parent: object, folder: str) -> Path | None:
        return self.path

    def open_weights(self, parent: object, folder: str) -> Path | None:
        return self.path

    def save_predictions(self, parent: object, suggestion: str) -> Path | None:
        return self.out

    def save_taken(self, parent: object, suggestion: str, title: str, suffix: str) -> Path | None:
        self.asked.append(f"{suggestion}{suffix}")
        return self.out

    def save_worked_example(self, parent: object, suggestion: str) -> tuple[Path, int] | None:
        self.asked.append(suggestion)
        return None if self.out is None else (self.out, 5)

    def ask_to_save(self, parent: object, title: str) -> Answer:
        self.asked.append(title)
        return self.answer

    def may_discard(self, parent: object, title: str) -> bool:
        self.asked.append(title)
        return self.answer == "discard"

    def tell(self, parent: object, title: str, text: str) -> None:
        self.asked.append(text)


def sample(name: str) -> Project:
    """A ready sample project, at full speed and soon done."""
    project = files.load(locations.sample(f"{name}.flux"))
    iterations = min(2_000, project.specification.iterations)
    return project.with_specification(project.specification.replace(pace=None, iterations=iterations))


def open_window(qtbot: QtBot, project: Project, path: Path | None = None) -> MainWindow:
    """A window whose matrices are on screen. It is closed when the test ends."""
    themed()
    window = MainWindow(project, path, dialogs=Answers())
    qtbot.addWidget(window, before_close_func=discard)
    window.resize(1280, 800)
    window.show()
    with qtbot.waitSignal(window.frame_shown, timeout=PATIENCE_MS):
        window.begin()
    return window


def discard(window: MainWindow) -> None:
    """Let the window close without a question."""
    assert isinstance(window.dialogs, Answers)
    window.dialogs.answer = "discard"


def until(qtbot: QtBot, condition: Callable[[], bool]) -> None:
    """Let the application run until the condition holds."""
    qtbot.waitUntil(condition, timeout=PATIENCE_MS)


def save(window: MainWindow, path: Path) -> bool:
    """Save the document and wait for it; whether it worked."""
    window.saving.save(path)
    return window.saving.wait()
