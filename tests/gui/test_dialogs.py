"""The window's questions: suffixes that are added, files that are not replaced unasked, and every answer."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication, QFileDialog, QInputDialog, QMessageBox, QWidget
from pytestqt.qtbot import QtBot

from flux_studio.gui.dialogs import PROJECTS, Dialogs

Choose = Callable[..., dict[str, str]]


@pytest.fixture
def parent(qtbot: QtBot) -> QWidget:
    widget = QWidget()
    qtbot.addWidget(widget)
    return widget


@pytest.fixture
def choose(monkeypatch: pytest.MonkeyPatch) -> Choose:
    """Let a file dialog answer at once; returns what it was asked."""

    def choose(name: str | Path, filter: str = "") -> dict[str, str]:
        asked: dict[str, str] = {}

        def answer(parent: QWidget, title: str, place: str, filters: str) -> tuple[str, str]:
            asked.update(title=title, place=place, filters=filters)
            return str(name), filter

        monkeypatch.setattr(QFileDialog, "getSaveFileName", answer)
        monkeypatch.setattr(QFileDialog, "getOpenFileName", answer)
        return asked

    return choose


class Unasked(Dialogs):
    """Says what it was asked about a file that is there, and answers as told."""

    def __init__(self, answer: bool) -> None:
        self.answer = answer
        self.asked: list[str] = []

    def may_replace(self, parent: QWidget, path: Path) -> bool:
        self.asked.append(path.name)
        return self.answer


@pytest.mark.parametrize(
    "name",
    ["open_file", "open_table", "save_project", "open_weights", "save_predictions", "save_worked_example"],
)
def test_thinking_better_of_it_is_none(parent: QWidget, choose: Choose, name: str) -> None:
    choose("")
    assert getattr(Dialogs(), name)(parent, "somewhere") is None


@pytest.mark.parametrize(
    ("typed", "saved"),
    [
        ("mine", "mine.flux"),
        ("mine.flux", "mine.flux"),
        ("mine.FLUX", "mine.FLUX"),
        ("model.v2", "model.v2.flux"),
        ("mine.csv", "mine.csv.flux"),
        (".hidden", ".hidden.flux"),
    ],
)
def test_a_project_always_ends_in_flux(
    parent: QWidget, choose: Choose, tmp_path: Path, typed: str, saved: str
) -> None:
    asked = choose(tmp_path / typed)
    assert Dialogs().save_project(parent, "parity-4.flux") == tmp_path / saved
    assert (asked["place"], asked["filters"]) == ("parity-4.flux", PROJECTS)


@pytest.mark.parametrize("answer", [True, False])
def test_a_suffix_that_was_added_may_lead_to_a_file_that_is_there(
    parent: QWidget, choose: Choose, tmp_path: Path, answer: bool
) -> None:
    """The file dialog itself has only asked about the name that was typed."""
    (tmp_path / "mine.flux").write_text("precious")
    dialogs = Unasked(answer)
    choose(tmp_path / "mine")
    assert dialogs.save_project(parent, "x") == (tmp_path / "mine.flux" if answer else None)
    assert dialogs.asked == ["mine.flux"]
    choose(tmp_path / "mine.flux")  # about this one it has asked
    assert dialogs.save_project(parent, "x") == tmp_path / "mine.flux"
    assert dialogs.asked == ["mine.flux"]


def test_predictions_are_csv(parent: QWidget, choose: Choose, tmp_path: Path) -> None:
    choose(tmp_path / "p")
    assert Dialogs().save_predictions(parent, "iris-predictions.csv") == tmp_path / "p.csv"


def test_opening_asks_for_projects_and_tables(parent: QWidget, choose: Choose, tmp_path: Path) -> None:
    asked = choose(tmp_path / "iris.csv")
    assert Dialogs().open_file(parent, "somewhere") == tmp_path / "iris.csv"
    assert asked["place"] == "somewhere"
    assert "*.flux *.csv *.tsv *.txt" in asked["filters"]
    assert Dialogs().open_table(parent, "somewhere") == tmp_path / "iris.csv"
    assert "*.flux" not in asked["filters"]


def press(button: QMessageBox.StandardButton, words: list[str]) -> None:
    """As soon as a message box is open, note its words and press one of its buttons."""

    def now() -> None:
        box = QApplication.activeModalWidget()
        assert isinstance(box, QMessageBox)
        words.append(box.text())
        box.button(button).click()

    QTimer.singleShot(0, now)


@pytest.mark.parametrize(
    ("button", "answer"),
    [
        (QMessageBox.StandardButton.Save, "save"),
        (QMessageBox.StandardButton.Discard, "discard"),
        (QMessageBox.StandardButton.Cancel, "cancel"),
    ],
)
def test_unsaved_changes_are_asked_about(
    parent: QWidget, button: QMessageBox.StandardButton, answer: str
) -> None:
    words: list[str] = []
    press(button, words)
    assert Dialogs().ask_to_save(parent, "mine.flux") == answer
    assert words == ["Save the changes to mine.flux?"]


def test_escape_is_cancel(parent: QWidget) -> None:
    QTimer.singleShot(0, lambda: QApplication.activeModalWidget().reject())
    assert Dialogs().ask_to_save(parent, "mine.flux") == "cancel"


@pytest.mark.parametrize("button", [QMessageBox.StandardButton.Yes, QMessageBox.StandardButton.No])
def test_replacing_is_asked_about(parent: QWidget, button: QMessageBox.StandardButton) -> None:
    words: list[str] = []
    press(button, words)
    yes = button == QMessageBox.StandardButton.Yes
    assert Dialogs().may_replace(parent, Path("folder/mine.flux")) == yes
    assert words == ["mine.flux is there already. Replace it?"]


def test_telling_is_read_and_closed(parent: QWidget) -> None:
    words: list[str] = []
    press(QMessageBox.StandardButton.Ok, words)
    Dialogs().tell(parent, "About", "some words")
    assert words == ["some words"]


def test_a_worked_example_asks_for_its_digits(
    parent: QWidget, choose: Choose, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = choose(tmp_path / "step")
    monkeypatch.setattr(QInputDialog, "getInt", lambda *words: (6, True))
    assert Dialogs().save_worked_example(parent, "xor.tex") == (tmp_path / "step.tex", 6)
    assert asked["place"] == "xor.tex"
    monkeypatch.setattr(QInputDialog, "getInt", lambda *words: (6, False))
    assert Dialogs().save_worked_example(parent, "xor.tex") is None
