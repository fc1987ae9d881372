"""Exporting through the real window: the dialog, its formats, progress and cancel, and what goes wrong."""

from __future__ import annotations

import errno
import json
import os
import threading
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt, QUrl
from PySide6.QtGui import QDesktopServices, QGuiApplication
from PySide6.QtWidgets import QLabel, QLineEdit, QProgressBar, QPushButton
from pytestqt.qtbot import QtBot

from flux_studio.export import archives, exporters
from flux_studio.export.exporters import EXPORTERS
from flux_studio.export.subject import Subject
from flux_studio.gui.main_window import MainWindow
from flux_studio.gui.panels.export_dialog import ExportDialog
from flux_studio.gui.settings import Settings
from flux_studio.project import files
from tests.gui.shown import child
from tests.gui.windows import Answers, discard, open_window, sample, until

W1 = ("layer-1", "weights_matrix")


@pytest.fixture
def window(qtbot: QtBot, tmp_path: Path) -> MainWindow:
    Settings().export_folder = str(tmp_path)
    return open_window(qtbot, sample("parity-4"))


def opened(qtbot: QtBot, window: MainWindow) -> ExportDialog:
    qtbot.mouseClick(window.export_button, Qt.MouseButton.LeftButton)
    assert window.exporting.dialog.isVisible()
    return window.exporting.dialog


def click(qtbot: QtBot, dialog: ExportDialog, name: str) -> None:
    qtbot.mouseClick(child(dialog, QPushButton, f"export.{name}"), Qt.MouseButton.LeftButton)


def choose(qtbot: QtBot, dialog: ExportDialog, name: str) -> None:
    formats = dialog.formats
    place = next(place for place, row in enumerate(formats.rows()) if row.name == name)
    formats.scrollToItem(formats.item(place))
    middle = formats.visualItemRect(formats.item(place)).center()
    qtbot.mouseClick(formats.viewport(), Qt.MouseButton.LeftButton, pos=middle)


def said(dialog: ExportDialog) -> str:
    return child(dialog, QLabel, "export.words").text()


def exported(qtbot: QtBot, window: MainWindow, dialog: ExportDialog) -> None:
    with qtbot.waitSignal(window.exporting.ended, timeout=60_000):
        click(qtbot, dialog, "begin")


def held(monkeypatch: pytest.MonkeyPatch) -> threading.Event:
    """Let the making of an archive wait until it may go on."""
    may_go_on, npz = threading.Event(), EXPORTERS[0]

    def slow(subject: Subject) -> bytes:
        assert may_go_on.wait(60)
        return archives.npz(subject)

    slowed = exporters.Exporter(
        npz.name, npz.suffix, npz.title, npz.sentence, npz.covers, slow, npz.verify, npz.check
    )
    monkeypatch.setattr(exporters, "EXPORTERS", (slowed, *EXPORTERS[1:]))
    return may_go_on


def test_two_clicks_write_and_verify_and_two_more_do_it_again(
    qtbot: QtBot, window: MainWindow, tmp_path: Path
) -> None:
    for number in range(2):
        dialog = opened(qtbot, window)
        assert child(dialog, QPushButton, "export.begin").text() == "Export"
        exported(qtbot, window, dialog)
        assert said(dialog) == "parity-4.npz, iteration 0: verified on 16 rows: largest difference 0", number
        click(qtbot, dialog, "close")
    assert [path.name for path in tmp_path.iterdir()] == ["parity-4.npz"]
    assert window.focus.frame is not None
    with np.load(tmp_path / "parity-4.npz") as archive:
        np.testing.assert_array_equal(archive["layer-1.weights_matrix"], window.focus.frame.matrices[W1])


def test_every_format_is_a_row_and_the_name_follows_the_choice(
    qtbot: QtBot, window: MainWindow, tmp_path: Path
) -> None:
    dialog = opened(qtbot, window)
    assert [row.name for row in dialog.formats.rows()] == [each.name for each in EXPORTERS]
    assert not any(row.refusal for row in dialog.formats.rows())
    for each in EXPORTERS:
        choose(qtbot, dialog, each.name)
        assert dialog.name.text() == f"parity-4{each.suffix}"
    choose(qtbot, dialog, "json")
    exported(qtbot, window, dialog)
    assert json.loads((tmp_path / "parity-4.json").read_text())["data"] == "parity-4.csv"
    assert Settings().export_format == "json"


def test_a_typed_ending_chooses_its_format(qtbot: QtBot, window: MainWindow, tmp_path: Path) -> None:
    dialog = opened(qtbot, window)
    field = child(dialog, QLineEdit, "export.name")
    field.selectAll()
    qtbot.keyClicks(field, "mine.safetensors")
    assert dialog.formats.name == "safetensors"
    field.selectAll()
    qtbot.keyClicks(field, "yours")
    exported(qtbot, window, dialog)
    assert [path.name for path in tmp_path.iterdir()] == ["yours.safetensors"]
    assert field.text() == "yours.safetensors"


def test_a_file_of_somebody_else_is_replaced_only_where_the_button_says_so(
    qtbot: QtBot, window: MainWindow, tmp_path: Path
) -> None:
    (tmp_path / "parity-4.npz").write_text("precious")
    dialog = opened(qtbot, window)
    assert child(dialog, QPushButton, "export.begin").text() == "Replace"
    exported(qtbot, window, dialog)
    assert "verified" in said(dialog)
    assert child(dialog, QPushButton, "export.begin").text() == "Export"


def test_a_format_that_refuses_says_why_and_cannot_be_chosen(qtbot: QtBot, window: MainWindow) -> None:
    dialog = opened(qtbot, window)
    choose(qtbot, dialog, "torch")
    columns = window.workbench.specification.data.columns
    window.workbench.set_columns(
        tuple(c if c.role != "target" else type(c)(**{**vars_of(c), "role": "ignore"}) for c in columns)
    )
    until(qtbot, lambda: all(row.refusal for row in dialog.formats.rows()))
    assert not child(dialog, QPushButton, "export.begin").isEnabled()
    choose(qtbot, dialog, "npz")
    assert dialog.formats.name == ""
    window.document.undo_stack.undo()
    until(qtbot, lambda: child(dialog, QPushButton, "export.begin").isEnabled())


def vars_of(column: object) -> dict[str, object]:
    return {name: getattr(column, name) for name in column.__struct_fields__}  # type: ignore[attr-defined]


def test_training_goes_on_while_it_is_exported_and_the_iteration_is_told(
    qtbot: QtBot, window: MainWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    may_go_on = held(monkeypatch)
    window.workbench.set_iterations(10_000_000)
    window.workbench.toggle_training()
    until(qtbot, lambda: window.trainer.running and window.trainer.shown > 0)
    dialog = opened(qtbot, window)
    click(qtbot, dialog, "begin")
    until(qtbot, lambda: "writing the NumPy archive" in said(dialog))
    then = window.trainer.shown
    until(qtbot, lambda: window.trainer.shown > then + 100)
    assert window.trainer.running
    assert child(dialog, QProgressBar, "export.progress").value() > 0
    may_go_on.set()
    until(qtbot, lambda: "verified on 16 rows" in said(dialog))
    with np.load(tmp_path / "parity-4.npz") as archive:
        metadata = json.loads(str(archive["metadata"]))
    assert 0 < metadata["iteration"] <= window.trainer.shown
    assert f"iteration {metadata['iteration']:,}:" in said(dialog)
    assert metadata["metrics"]


def test_an_earlier_moment_is_exported_where_it_is_shown(
    qtbot: QtBot, window: MainWindow, tmp_path: Path
) -> None:
    window.workbench.set_iterations(50)
    with qtbot.waitSignal(window.trainer.finished, timeout=60_000):
        window.workbench.toggle_training()
    window.trainer.go_to(7)
    until(qtbot, lambda: window.trainer.is_past and window.trainer.shown == 7)
    dialog = opened(qtbot, window)
    assert "iteration 7, the earlier moment" in child(dialog, QLabel, "export.moment").text()
    exported(qtbot, window, dialog)
    until(qtbot, lambda: window.focus.frame is not None and window.focus.frame.progress.iteration == 7)
    with np.load(tmp_path / "parity-4.npz") as archive:
        assert json.loads(str(archive["metadata"]))["iteration"] == 7
        np.testing.assert_array_equal(archive["layer-1.weights_matrix"], window.focus.frame.matrices[W1])


def test_cancel_in_the_middle_leaves_everything_as_it_was(
    qtbot: QtBot, window: MainWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    may_go_on = held(monkeypatch)
    (tmp_path / "parity-4.npz").write_text("precious")
    dialog = opened(qtbot, window)
    click(qtbot, dialog, "begin")
    until(qtbot, lambda: "writing the NumPy archive" in said(dialog))
    click(qtbot, dialog, "cancel")
    with qtbot.waitSignal(window.exporting.ended, timeout=60_000):
        may_go_on.set()
    assert said(dialog) == "Cancelled: nothing was written."
    assert (tmp_path / "parity-4.npz").read_text() == "precious"
    exported(qtbot, window, dialog)
    assert "verified" in said(dialog)


def test_closing_the_window_gives_the_export_up(
    qtbot: QtBot, window: MainWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    may_go_on = held(monkeypatch)
    dialog = opened(qtbot, window)
    click(qtbot, dialog, "begin")
    until(qtbot, lambda: "writing the NumPy archive" in said(dialog))
    discard(window)
    threading.Timer(0.05, may_go_on.set).start()
    window.close()
    assert not window.isVisible()
    assert list(tmp_path.iterdir()) == []


def test_closing_the_dialog_does_not_and_the_window_tells_the_end(
    qtbot: QtBot, window: MainWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    may_go_on = held(monkeypatch)
    dialog = opened(qtbot, window)
    click(qtbot, dialog, "begin")
    until(qtbot, lambda: "writing the NumPy archive" in said(dialog))
    click(qtbot, dialog, "close")
    with qtbot.waitSignal(window.exporting.ended, timeout=60_000):
        may_go_on.set()
    assert window.status.currentMessage().startswith("exported parity-4.npz, iteration 0: verified on 16")


def test_a_full_disk_is_told_beside_the_name(
    qtbot: QtBot, window: MainWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(files, "_replace", full)
    dialog = opened(qtbot, window)
    exported(qtbot, window, dialog)
    assert "No space left on device" in dialog.trouble.text
    assert dialog.trouble.isVisible()
    assert said(dialog) == ""
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_written_to(
    qtbot: QtBot, window: MainWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed = tmp_path / "closed"
    closed.mkdir()
    dialog = opened(qtbot, window)
    assert isinstance(window.dialogs, Answers)
    window.dialogs.path = closed
    click(qtbot, dialog, "folder")
    monkeypatch.setattr(os, "access", lambda path, mode: Path(path) != closed)  # root may write anywhere
    exported(qtbot, window, dialog)
    assert "closed cannot be written to; choose another one" in dialog.trouble.text
    window.dialogs.path = tmp_path
    click(qtbot, dialog, "folder")
    assert not dialog.trouble.isVisible()
    exported(qtbot, window, dialog)
    assert (tmp_path / "parity-4.npz").exists()


def test_what_people_try_next(
    qtbot: QtBot, window: MainWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    went: list[QUrl] = []
    monkeypatch.setattr(QDesktopServices, "openUrl", went.append)
    dialog = opened(qtbot, window)
    exported(qtbot, window, dialog)
    click(qtbot, dialog, "show")
    assert went == [QUrl.fromLocalFile(str(tmp_path))]
    click(qtbot, dialog, "copy")
    assert QGuiApplication.clipboard().text() == str(tmp_path / "parity-4.npz")


def test_changing_the_network_while_weights_are_fetched(
    qtbot: QtBot, window: MainWindow, tmp_path: Path
) -> None:
    dialog = opened(qtbot, window)
    with qtbot.waitSignal(window.exporting.ended, timeout=60_000):
        click(qtbot, dialog, "begin")
        window.workbench.change_layer("layer-1", "units", 5)
    assert "verified" in said(dialog)
    assert (tmp_path / "parity-4.npz").exists()
