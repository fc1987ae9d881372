"""Taking weights in through the real window: the menu, a dropped file, choices by hand, Undo, and refusals."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QComboBox, QLabel, QPushButton, QTableWidget
from pytestqt.qtbot import QtBot

from flux_studio.export import exporters
from flux_studio.gui.main_window import MainWindow
from flux_studio.gui.panels.take_in_dialog import TakeInDialog
from tests.gui.shown import child
from tests.gui.test_main_window import drag_drop, file_mime
from tests.gui.windows import Answers, open_window, sample, until

W2 = ("layer-2", "weights_matrix")


@pytest.fixture
def window(qtbot: QtBot) -> MainWindow:
    return open_window(qtbot, sample("parity-4"))


def opened(window: MainWindow, path: Path) -> TakeInDialog:
    assert isinstance(window.dialogs, Answers)
    window.dialogs.path = path
    window.actions_by_name["file.take_in"].trigger()
    assert window.taking_in.dialog is not None
    return window.taking_in.dialog


def lines(dialog: TakeInDialog) -> list[tuple[str, ...]]:
    table = child(dialog, QTableWidget, "take_in.table")

    def text(row: int, column: int) -> str:
        field = table.cellWidget(row, column)
        item = table.item(row, column)
        return field.currentText() if isinstance(field, QComboBox) else item.text() if item else ""

    return [tuple(text(row, column) for column in range(5)) for row in range(table.rowCount())]


def take(qtbot: QtBot, window: MainWindow) -> None:
    dialog = window.taking_in.dialog
    assert dialog is not None
    qtbot.mouseClick(child(dialog, QPushButton, "take_in.begin"), Qt.MouseButton.LeftButton)
    until(qtbot, lambda: window.taking_in.dialog is None)


def torch_file(path: Path, **more: np.ndarray) -> dict[str, np.ndarray]:
    """An archive as PyTorch names things: weights the other way round."""
    rng = np.random.default_rng(3)
    arrays = {}
    for number, (ins, outs) in enumerate(((4, 8), (8, 4), (4, 1))):
        arrays[f"{2 * number}.weight"] = rng.normal(size=(outs, ins)).astype(np.float32)
        arrays[f"{2 * number}.bias"] = rng.normal(size=outs).astype(np.float32)
    arrays |= more
    np.savez(path, **arrays)
    return arrays


def test_pytorchs_weights_come_in_as_one_edit(qtbot: QtBot, window: MainWindow, tmp_path: Path) -> None:
    arrays = torch_file(tmp_path / "theirs.npz", extra=np.zeros((5, 5)))
    dialog = opened(window, tmp_path / "theirs.npz")
    shown = lines(dialog)
    assert shown[0] == ("Dense 1 · weights_matrix", "4×8", "0.weight, transposed", "8×4", "transposed")
    assert shown[1] == ("Dense 1 · bias_matrix", "1×8", "0.bias", "8", "fits")
    assert shown[-1] == ("–", "", "extra", "5×5", "not used")
    before = window.document.latest()
    with qtbot.waitSignal(window.frame_shown, timeout=60_000):
        take(qtbot, window)
    assert window.actions_by_name["edit.undo"].text() == "Undo Take in theirs.npz"
    assert window.document.project.run is not None
    np.testing.assert_array_equal(window.document.project.run.parameters[W2], arrays["2.weight"].T)
    until(qtbot, lambda: np.array_equal(window.focus.frame.matrices[W2], arrays["2.weight"].T))
    window.actions_by_name["edit.undo"].trigger()
    assert window.document.project is before or window.document.project.run == before.run


def test_our_own_export_comes_back(qtbot: QtBot, window: MainWindow, tmp_path: Path) -> None:
    window.workbench.set_iterations(20)
    with qtbot.waitSignal(window.trainer.finished, timeout=60_000):
        window.workbench.toggle_training()
    exporters.export(window.document.latest(), tmp_path / "ours.safetensors")
    trained = window.document.latest().run
    window.workbench.start_over(True)
    until(qtbot, lambda: window.trainer.shown == 0)
    assert drag_drop(window, file_mime(tmp_path / "ours.safetensors"), QPoint(600, 300))
    take(qtbot, window)
    assert trained is not None
    np.testing.assert_array_equal(window.document.project.run.parameters[W2], trained.parameters[W2])


def test_what_is_not_clear_is_chosen_by_hand(qtbot: QtBot, tmp_path: Path) -> None:
    window = open_window(qtbot, sample("parity-4"))
    window.workbench.change_layer("layer-2", "units", 8)
    until(qtbot, lambda: window.trainer.ready is not None)
    square = np.arange(64, dtype=np.float32).reshape(8, 8) / 64
    np.savez(tmp_path / "square.npz", some=square)
    dialog = opened(window, tmp_path / "square.npz")
    unclear = next(place for place, line in enumerate(lines(dialog)) if line[4] == "choose how")
    button = child(dialog, QPushButton, "take_in.begin")
    assert not button.isEnabled()
    assert "1 to be chosen" in child(dialog, QLabel, "take_in.sentence").text()
    field = child(dialog, QComboBox, f"take_in.{unclear}")
    field.setFocus()
    QTest.keyClick(field, Qt.Key.Key_Down)
    QTest.keyClick(field, Qt.Key.Key_Down)
    assert field.currentText() == "some, transposed"
    assert button.isEnabled()
    take(qtbot, window)
    np.testing.assert_array_equal(window.document.project.run.parameters[W2], square.T)


def test_thinking_better_of_it_changes_nothing(qtbot: QtBot, window: MainWindow, tmp_path: Path) -> None:
    torch_file(tmp_path / "theirs.npz")
    before = window.document.project
    dialog = opened(window, tmp_path / "theirs.npz")
    qtbot.mouseClick(child(dialog, QPushButton, "take_in.cancel"), Qt.MouseButton.LeftButton)
    assert window.document.project is before
    assert window.taking_in.dialog is None


def test_refusals_are_one_line(qtbot: QtBot, window: MainWindow, tmp_path: Path) -> None:
    (tmp_path / "broken.safetensors").write_bytes(b"nonsense")
    assert drag_drop(window, file_mime(tmp_path / "broken.safetensors"), QPoint(600, 300))
    assert "broken.safetensors" in window.trouble.text
    assert window.taking_in.dialog is None
    arrays = {"0.weight": np.full((8, 4), np.nan, np.float32)}
    np.savez(tmp_path / "nan.npz", **arrays)
    dialog = opened(window, tmp_path / "nan.npz")
    before = window.document.project
    qtbot.mouseClick(child(dialog, QPushButton, "take_in.begin"), Qt.MouseButton.LeftButton)
    until(qtbot, lambda: "not finite" in dialog.trouble.text)
    assert window.document.project is before
    dialog.reject()


def test_a_table_in_an_archive_is_no_weights(window: MainWindow, tmp_path: Path) -> None:
    np.savez(tmp_path / "table.npz", x=np.zeros((10, 4)), y=np.zeros(10))
    assert not window.taking_in.wants(tmp_path / "table.npz")
    assert not window.taking_in.wants(tmp_path / "missing.npz")
