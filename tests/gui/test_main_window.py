"""The whole path in the real window: build, drop data, train, watch, export, save, open again."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QMimeData, QPoint, Qt, QUrl
from PySide6.QtWidgets import QPushButton, QToolButton, QWidget
from pytestqt.qtbot import QtBot

from flux_studio import locations
from flux_studio.data.readers import read_table
from flux_studio.engine.matrices import DENSE_MATRICES
from flux_studio.gui.main_window import MainWindow
from flux_studio.gui.theme import DARK, LIGHT, look
from flux_studio.gui.widgets.layer_drag import DraggedLayer
from flux_studio.project import files
from flux_studio.project.specification import Place
from tests.gui.drag import drag_away, drag_drop, drag_over
from tests.gui.windows import open_window, sample, until

W1 = ("layer-1", "weights_matrix")


@pytest.fixture
def window(qtbot: QtBot) -> MainWindow:
    return open_window(qtbot, sample("parity-4"))


def click(qtbot: QtBot, window: QWidget, name: str) -> None:
    button = window.findChild(QPushButton, name)
    assert button is not None
    assert button.isEnabled()
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)


def train_to_the_end(qtbot: QtBot, window: MainWindow) -> None:
    with qtbot.waitSignal(window.trainer.finished, timeout=60_000):
        click(qtbot, window, "action.train.start")
    with qtbot.waitSignal(window.frame_shown, timeout=10_000):
        window.trainer.refresh()


def file_mime(path: Path) -> QMimeData:
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(path))])
    return mime


def text_of(window: QWidget) -> str:
    """All words that labels show."""
    from PySide6.QtWidgets import QLabel

    return " | ".join(label.text() for label in window.findChildren(QLabel) if label.isVisible())


def test_opens_on_the_sample_with_all_matrices_of_all_layers(window: MainWindow) -> None:
    expected = {(f"layer-{n}", kind.name) for n in (1, 2, 3) for kind in DENSE_MATRICES}
    assert expected <= set(window.trainer.ready.shapes)
    assert len(window.wall.visible_keys()) >= 22
    assert "81 parameters" in window.stack.header.detail
    assert window.windowTitle() == "parity-4.flux[*] — Flux Studio"
    assert not window.isWindowModified()


def test_train_moves_every_matrix_and_the_loss_falls(qtbot: QtBot, window: MainWindow) -> None:
    before = dict(window.focus.frame.matrices)
    train_to_the_end(qtbot, window)
    frame = window.focus.frame
    assert frame.progress.iteration == 2000
    assert frame.progress.loss < 0.01
    assert frame.scores.right == 16
    data = {("layer-1", "input_matrix")}
    for key in set(before) - data:
        assert not np.array_equal(before[key], frame.matrices[key]), key
    for key in data:
        assert np.array_equal(before[key], frame.matrices[key])
    words = text_of(window)
    assert "2,000" in words
    assert "16 of 16" in words
    assert window.isWindowModified()


def test_the_whole_path(qtbot: QtBot, window: MainWindow, tmp_path: Path) -> None:
    """Add a layer, drop a CSV, train, see matrices change, export, save, open again, same predictions."""
    body = window.stack.body
    wire = body.wire(Place(1))
    middle = wire.mapTo(window.stack, QPoint(wire.width() // 2, wire.height() // 2))
    with qtbot.waitSignal(window.frame_shown, timeout=60_000):
        assert drag_drop(window.stack, DraggedLayer("dense.v1", standing=False).to_mime(), middle)
    layers = window.workbench.specification.layers
    assert [layer.settings["units"] for layer in layers] == [8, 8, 4, 1]
    assert len(body.identities) == 4

    with qtbot.waitSignal(window.frame_shown, timeout=60_000):
        assert drag_drop(window, file_mime(locations.sample("iris.csv")), QPoint(600, 300))
    data = window.workbench.specification.data
    assert {column.name: column.role for column in data.columns}["species"] == "target"
    assert [layer.settings["units"] for layer in window.workbench.specification.layers] == [8, 8, 4, 3]
    assert "iris.csv" in text_of(window.data)

    first = dict(window.focus.frame.matrices)
    train_to_the_end(qtbot, window)
    assert not np.array_equal(first[W1], window.focus.frame.matrices[W1])
    assert window.focus.frame.scores.validation_accuracy > 0.7

    window.settings.export_folder = str(tmp_path)
    window.actions_by_name["file.export"].trigger()
    with qtbot.waitSignal(window.exporting.ended, timeout=60_000):
        qtbot.mouseClick(window.exporting.dialog.export, Qt.MouseButton.LeftButton)
    with np.load(tmp_path / "iris.npz", allow_pickle=False) as archive:
        np.testing.assert_array_equal(archive["layer-1.weights_matrix"], window.focus.frame.matrices[W1])
        assert json.loads(str(archive["metadata"]))["inputs"][0] == "sepal_length"

    window.dialogs.out = tmp_path / "mine.flux"
    window.actions_by_name["file.save"].trigger()
    assert window.saving.wait()
    assert window.windowTitle().startswith("mine.flux")
    assert not window.isWindowModified()
    table = read_table(locations.sample("iris.csv"))
    kept = window.document.latest()
    ours = kept.network().predict(kept.dataset().preprocessor.inputs(table))

    again = open_window(qtbot, files.load(tmp_path / "mine.flux"), tmp_path / "mine.flux")
    theirs = again.document.latest()
    assert theirs.run.iteration == kept.run.iteration
    np.testing.assert_array_equal(theirs.network().predict(theirs.dataset().preprocessor.inputs(table)), ours)
    np.testing.assert_array_equal(again.focus.frame.matrices[W1], window.focus.frame.matrices[W1])


def test_undo_brings_back_the_network_and_its_weights(qtbot: QtBot, window: MainWindow) -> None:
    train_to_the_end(qtbot, window)
    trained = window.focus.frame.matrices[W1].copy()
    with qtbot.waitSignal(window.frame_shown, timeout=60_000):
        window.workbench.change_layer("layer-2", "units", 6)
    assert window.focus.frame.progress.iteration == 0
    # The first layer did not change its shape, so it goes on from its trained weights.
    np.testing.assert_array_equal(window.focus.frame.matrices[W1], trained)
    with qtbot.waitSignal(window.frame_shown, timeout=60_000):
        window.actions_by_name["edit.undo"].trigger()
    assert window.workbench.specification.layer("layer-2").settings["units"] == 4
    assert window.focus.frame.progress.iteration == 2000
    np.testing.assert_array_equal(window.focus.frame.matrices[W1], trained)
    with qtbot.waitSignal(window.frame_shown, timeout=60_000):
        window.actions_by_name["edit.redo"].trigger()
    assert window.workbench.specification.layer("layer-2").settings["units"] == 6


def test_start_over_with_the_same_and_with_new_weights(qtbot: QtBot, window: MainWindow) -> None:
    first = window.focus.frame.matrices[W1].copy()
    train_to_the_end(qtbot, window)
    with qtbot.waitSignal(window.frame_shown, timeout=60_000):
        window.actions_by_name["train.same"].trigger()
    np.testing.assert_array_equal(window.focus.frame.matrices[W1], first)
    assert window.focus.frame.progress.iteration == 0
    with qtbot.waitSignal(window.frame_shown, timeout=60_000):
        window.actions_by_name["train.new"].trigger()
    assert not np.array_equal(window.focus.frame.matrices[W1], first)


def test_step_trains_exactly_one_iteration(qtbot: QtBot, window: MainWindow) -> None:
    click(qtbot, window, "action.train.step")
    until(qtbot, lambda: window.focus.frame.progress.iteration == 1)
    assert not window.trainer.running
    network = sample("parity-4").network("reference")
    network.rest()
    losses = np.empty(1, np.float32)
    network.iterate(losses)
    np.testing.assert_allclose(window.focus.frame.matrices[W1], network.parameter(W1), rtol=1e-5, atol=1e-6)


def test_rate_and_pace_change_while_it_trains(qtbot: QtBot, window: MainWindow) -> None:
    window.workbench.set_pace(50.0)
    click(qtbot, window, "action.train.start")
    until(qtbot, lambda: window.trainer.running)
    window.workbench.set_learning_rate(0.25)
    until(qtbot, lambda: window.trainer.progress.learning_rate == 0.25)
    assert window.trainer.running
    window.workbench.set_pace(None)
    until(qtbot, lambda: not window.trainer.running)
    run = window.document.latest().run
    assert run.iteration == 2000
    assert [change.learning_rate for change in run.changes] == [0.25]
    window.document.undo_stack.undo()
    assert window.workbench.specification.optimizer.learning_rate == 0.6


def test_divergence_is_told_and_the_last_good_weights_stay(qtbot: QtBot, window: MainWindow) -> None:
    window.workbench.change_layer("layer-3", "activation", "identity")
    window.workbench.set_learning_rate(50.0)
    until(qtbot, lambda: window.trainer.ready is not None)
    with qtbot.waitSignal(window.trainer.failed, timeout=60_000):
        click(qtbot, window, "action.train.start")
    until(qtbot, lambda: window.focus.frame is not None)
    assert "diverged at iteration" in window.trouble.text
    assert "of Dense" in window.trouble.text
    assert window.trouble.isVisible()
    assert all(np.isfinite(matrix).all() for matrix in window.focus.frame.matrices.values())


def test_a_network_that_cannot_be_trained_says_why(qtbot: QtBot, window: MainWindow) -> None:
    window.workbench.change_layer("layer-3", "units", 2)
    button = window.findChild(QPushButton, "action.train.start")
    assert not button.isEnabled()
    assert "give the last layer 1 unit" in text_of(window)
    window.document.undo_stack.undo()
    until(qtbot, lambda: window.trainer.ready is not None)
    assert button.isEnabled()


def test_deleting_the_output_layer_makes_the_one_before_it_fit(qtbot: QtBot, window: MainWindow) -> None:
    window.stack.select("layer-3")
    with qtbot.waitSignal(window.frame_shown, timeout=60_000):
        window.actions_by_name["network.delete"].trigger()
    assert [layer.settings["units"] for layer in window.workbench.specification.layers] == [8, 1]


def test_no_layers_at_all_is_bearable(qtbot: QtBot, window: MainWindow) -> None:
    for _ in range(3):
        window.workbench.delete_layer(window.workbench.specification.layers[0].identity)
    assert "has no layers" in window.bar.findChild(QWidget, "training.message").text
    window.stack.insert("dense.v1")
    until(qtbot, lambda: window.trainer.ready is not None)
    train_to_the_end(qtbot, window)


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("empty.csv", b"", "empty"),
        ("binary.csv", bytes(range(256)), "not text"),
    ],
)
def test_a_bad_table_changes_nothing(
    qtbot: QtBot, window: MainWindow, tmp_path: Path, name: str, content: bytes, words: str
) -> None:
    (tmp_path / name).write_bytes(content)
    before = window.document.project
    assert drag_drop(window, file_mime(tmp_path / name), QPoint(600, 300))
    assert window.document.project is before
    assert name in window.trouble.text
    assert words in window.trouble.text
    assert window.trouble.isVisible()


def test_a_damaged_project_changes_nothing(qtbot: QtBot, window: MainWindow, tmp_path: Path) -> None:
    broken = tmp_path / "broken.flux"
    broken.write_bytes(locations.sample("iris.flux").read_bytes()[:700])
    window.dialogs.path = broken
    before = window.document.project
    window.actions_by_name["file.open"].trigger()
    assert window.document.project is before
    assert "broken.flux" in window.trouble.text


def test_choosing_another_target_makes_the_output_fit(qtbot: QtBot, window: MainWindow) -> None:
    window.workbench.load_table(locations.sample("iris.csv"))
    columns = window.workbench.specification.data.columns
    import msgspec

    changed = tuple(
        msgspec.structs.replace(
            column, role={"species": "input", "petal_width": "target"}.get(column.name, column.role)
        )
        for column in columns
    )
    with qtbot.waitSignal(window.frame_shown, timeout=60_000):
        window.data.columns_changed.emit(changed)
    last = window.workbench.specification.layers[-1]
    assert (last.settings["units"], last.settings["activation"]) == (1, "identity")
    train_to_the_end(qtbot, window)


def test_selection_links_wall_focus_and_stack(qtbot: QtBot, window: MainWindow) -> None:
    rect = window.wall.tile_rect(("layer-2", "weights_matrix"))
    qtbot.mouseClick(window.wall.viewport(), Qt.MouseButton.LeftButton, pos=rect.center())
    assert window.focus.matrix == ("layer-2", "weights_matrix")
    assert window.stack.selection == "layer-2"
    assert "Dense 2" in text_of(window.focus_panel)
    window.stack.select("layer-3")
    assert window.focus.matrix == ("layer-3", "weights_matrix")
    assert window.wall.selected() == ("layer-3", "weights_matrix")


def test_closing_while_training_is_clean(qtbot: QtBot, window: MainWindow) -> None:
    window.workbench.set_pace(None)
    project = window.document.project
    window.document.open(
        project.with_specification(project.specification.replace(iterations=50_000_000)), None
    )
    until(qtbot, lambda: window.trainer.ready is not None)
    click(qtbot, window, "action.train.start")
    until(qtbot, lambda: window.trainer.running and window.trainer.iteration > 0)
    worker = window.trainer._worker
    assert window.close()
    assert worker.isFinished()


def test_closing_asks_when_there_is_something_to_lose(
    qtbot: QtBot, window: MainWindow, tmp_path: Path
) -> None:
    window.workbench.change_layer("layer-1", "units", 5)
    window.dialogs.answer = "cancel"
    assert not window.close()
    assert window.isVisible()
    window.dialogs.answer = "save"
    window.dialogs.out = tmp_path / "kept.flux"
    assert window.close()
    assert files.load(tmp_path / "kept.flux").specification.layer("layer-1").settings["units"] == 5


def test_saving_into_a_missing_folder_keeps_everything(
    qtbot: QtBot, window: MainWindow, tmp_path: Path
) -> None:
    window.workbench.change_layer("layer-1", "units", 5)
    window.dialogs.out = tmp_path / "nowhere" / "kept.flux"
    window.actions_by_name["file.save"].trigger()
    assert "does not exist" in window.trouble.text
    assert window.isWindowModified()


def test_every_action_has_a_name_and_a_meaning(window: MainWindow) -> None:
    for name, action in window.actions_by_name.items():
        assert action.objectName() == f"action.{name}"
        assert action.toolTip()


def test_the_theme_changes_and_is_remembered(qtbot: QtBot, window: MainWindow) -> None:
    assert look.theme is LIGHT
    window.actions_by_name["view.dark"].trigger()
    assert look.theme is DARK
    assert window.settings.theme is DARK
    window.actions_by_name["view.dark"].trigger()
    assert look.theme is LIGHT


def test_layout_comes_back_after_a_reset(qtbot: QtBot, window: MainWindow) -> None:
    window.docks["data"].hide()
    window.docks["loss"].setFloating(True)
    window.actions_by_name["view.reset"].trigger()
    assert window.docks["data"].isVisible()
    assert not window.docks["loss"].isFloating()


def test_a_message_hangs_over_the_content_and_goes_away(qtbot: QtBot, window: MainWindow) -> None:
    before = {name: window.docks[name].geometry() for name in ("layers", "matrices", "data")}
    window.workbench.troubled.emit("training diverged: " + "a long explanation " * 12)
    assert window.trouble.isVisible()
    assert window.trouble.text.startswith("Training diverged")
    assert {name: window.docks[name].geometry() for name in before} == before
    assert window.trouble.geometry().right() <= window.width()
    tall = window.trouble.height()
    window.workbench.troubled.emit("one line")
    assert window.trouble.height() < look.length(40) < tall
    qtbot.keyClick(window, Qt.Key.Key_Escape)
    assert not window.trouble.isVisible()
    window.workbench.troubled.emit("again")
    window.trouble.findChild(QToolButton, "window.trouble.close").click()
    assert not window.trouble.isVisible()


def test_a_file_over_the_window_says_what_dropping_it_would_do(window: MainWindow) -> None:
    assert drag_over(window, file_mime(locations.sample("iris.csv")), QPoint(600, 300))
    assert window.drop_hint.isVisible()
    assert "use this table as data: iris.csv" in window.drop_hint.text()
    drag_away(window)
    assert not window.drop_hint.isVisible()


def test_what_is_no_table_is_told_so(window: MainWindow, tmp_path: Path) -> None:
    (tmp_path / "photo.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(range(256)))
    before = window.document.project
    assert drag_drop(window, file_mime(tmp_path / "photo.png"), QPoint(600, 300))
    assert window.document.project is before
    assert "photo.png" in window.trouble.text


def test_a_table_that_cannot_be_used_yet_is_loaded_and_says_what_to_choose(
    qtbot: QtBot, window: MainWindow, tmp_path: Path
) -> None:
    (tmp_path / "one.csv").write_text("age\n" + "\n".join(str(n) for n in range(20)))
    assert drag_drop(window, file_mime(tmp_path / "one.csv"), QPoint(600, 300))
    assert window.document.project.table.names == ("age",)
    assert "one.csv" in text_of(window.data)
    button = window.findChild(QPushButton, "action.train.start")
    assert not button.isEnabled()
    window.document.undo_stack.undo()
    until(qtbot, lambda: window.trainer.ready is not None)
    assert button.isEnabled()


def test_a_panel_can_be_hidden_by_its_own_button(window: MainWindow) -> None:
    window.docks["data"].findChild(QToolButton, "dock.data.close").click()
    assert not window.docks["data"].isVisible()
    window.actions_by_name["view.reset"].trigger()
    assert window.docks["data"].isVisible()


def test_the_reached_speed_stays_to_be_read(qtbot: QtBot, window: MainWindow) -> None:
    assert window.trainer.speed is None
    train_to_the_end(qtbot, window)
    assert window.trainer.speed > 1000
