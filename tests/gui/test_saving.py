"""Saving in the real window: beside training, in order, whole or not at all, and closing waits for it."""

from __future__ import annotations

import threading
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QThread
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from flux_studio.errors import ProjectFileError
from flux_studio.gui.main_window import MainWindow
from flux_studio.project import files
from tests.gui.windows import open_window, sample, save, until


@pytest.fixture
def window(qtbot: QtBot) -> MainWindow:
    project = sample("parity-4")
    endless = project.specification.replace(iterations=2**40)
    return open_window(qtbot, project.with_specification(endless))


class Gate:
    """Holds every write up until it is opened, and remembers on which threads there were any."""

    def __init__(self) -> None:
        self.open = threading.Event()
        self.threads: list[QThread] = []


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> Iterator[Gate]:
    gate, write = Gate(), files.write_atomically

    def wait(*arguments: object) -> None:
        gate.threads.append(QThread.currentThread())
        assert gate.open.wait(20)
        write(*arguments)

    monkeypatch.setattr(files, "write_atomically", wait)
    yield gate
    gate.open.set()


def test_neither_training_nor_the_window_waits(
    qtbot: QtBot, window: MainWindow, gate: Gate, tmp_path: Path
) -> None:
    window.workbench.toggle_training()
    until(qtbot, lambda: window.trainer.iteration > 100)
    window.dialogs.out = tmp_path / "mine.flux"
    window.actions_by_name["file.save"].trigger()
    until(qtbot, lambda: bool(gate.threads))
    assert gate.threads[0] is not QApplication.instance().thread()
    asked = window.trainer.iteration
    until(qtbot, lambda: window.trainer.iteration > asked + 1_000)  # frames come, training goes on
    assert window.status._kept.text() == "saving…"
    assert window.isWindowModified()
    assert not (tmp_path / "mine.flux").exists()
    gate.open.set()
    assert window.saving.wait()
    assert window.windowTitle().startswith("mine.flux")
    run = files.load(tmp_path / "mine.flux").run
    assert run.iteration >= 100
    until(qtbot, lambda: window.trainer.iteration > run.iteration)
    until(qtbot, lambda: window.status._kept.text() == "not saved")  # what was trained since
    window.workbench.toggle_training()


def test_what_rests_is_saved_to_its_last_iteration(qtbot: QtBot, window: MainWindow, tmp_path: Path) -> None:
    window.workbench.step()
    until(qtbot, lambda: window.trainer.iteration == 1)
    assert window.isWindowModified()
    assert save(window, tmp_path / "mine.flux")
    assert files.load(tmp_path / "mine.flux").run.iteration == 1
    assert not window.isWindowModified()
    assert window.status._kept.text() == "saved"


def test_an_edit_while_it_is_written_is_not_in_it(
    qtbot: QtBot, window: MainWindow, gate: Gate, tmp_path: Path
) -> None:
    window.saving.save(tmp_path / "mine.flux")
    until(qtbot, lambda: bool(gate.threads))
    window.workbench.set_learning_rate(0.25)
    gate.open.set()
    assert window.saving.wait()
    assert files.load(tmp_path / "mine.flux").specification.optimizer.learning_rate == 0.6
    assert window.isWindowModified()
    window.document.undo_stack.undo()
    assert not window.isWindowModified()


def test_an_edit_before_the_run_was_taken_does_not_mix_with_it(window: MainWindow, tmp_path: Path) -> None:
    window.saving.save(tmp_path / "mine.flux")
    window.workbench.change_layer("layer-1", "units", 3)  # ends the worker that was just asked
    assert window.saving.wait()
    assert files.load(tmp_path / "mine.flux").specification.layer("layer-1").settings["units"] == 8
    assert window.isWindowModified()


def test_of_many_wishes_the_last_is_written_last(
    qtbot: QtBot, window: MainWindow, gate: Gate, tmp_path: Path
) -> None:
    window.saving.save(tmp_path / "mine.flux")
    until(qtbot, lambda: bool(gate.threads))
    for rate in (0.1, 0.2):
        window.workbench.set_learning_rate(rate)
        window.saving.save(tmp_path / "mine.flux")
    gate.open.set()
    assert window.saving.wait()
    assert files.load(tmp_path / "mine.flux").specification.optimizer.learning_rate == 0.2
    assert len(gate.threads) == 2
    assert not window.isWindowModified()


def test_a_failure_tells_why_and_leaves_the_old_file(
    window: MainWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert save(window, tmp_path / "mine.flux")
    old = (tmp_path / "mine.flux").read_bytes()
    window.workbench.set_learning_rate(0.25)

    def full(*_: object) -> None:
        raise ProjectFileError("mine.flux: cannot be written (No space left on device)")

    with monkeypatch.context() as patch:
        patch.setattr(files, "write_atomically", full)
        assert not save(window, tmp_path / "mine.flux")
    assert "No space left" in window.trouble.text
    assert window.isWindowModified()
    assert (tmp_path / "mine.flux").read_bytes() == old
    assert save(window, tmp_path / "mine.flux")
    assert window.trouble.text == ""


def test_closing_waits_for_what_is_being_written(
    qtbot: QtBot, window: MainWindow, gate: Gate, tmp_path: Path
) -> None:
    window.workbench.set_learning_rate(0.25)
    window.saving.save(tmp_path / "mine.flux")
    until(qtbot, lambda: bool(gate.threads))
    threading.Timer(0.2, gate.open.set).start()
    assert window.close()
    assert window.dialogs.asked == []
    assert files.load(tmp_path / "mine.flux").specification.optimizer.learning_rate == 0.25


def test_the_file_has_a_picture_of_the_window(window: MainWindow, tmp_path: Path) -> None:
    window.dialogs.out = tmp_path / "mine.flux"
    window.actions_by_name["file.save_as"].trigger()
    assert window.saving.wait()
    with zipfile.ZipFile(tmp_path / "mine.flux") as archive:
        assert archive.testzip() is None
    picture = files.read_part(tmp_path / "mine.flux", files.THUMBNAIL)
    assert picture.startswith(b"\x89PNG")
    assert len(picture) > 2_000
