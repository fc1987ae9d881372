"""Blocks in the window: layers go into them and out of them with their weights, and back again by undo."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QLabel, QPushButton
from pytestqt.qtbot import QtBot

from flux_studio.gui.main_window import MainWindow
from flux_studio.gui.widgets.layer_drag import DraggedLayer
from flux_studio.project.specification import Place
from tests.gui.drag import drag_drop
from tests.gui.panels.networks import type_keys, units_of
from tests.gui.shown import child, settle
from tests.gui.windows import open_window, sample, until

Key = Qt.Key


@pytest.fixture
def window(qtbot: QtBot) -> MainWindow:
    """Parity with a block behind Dense 1 that was dropped there."""
    window = open_window(qtbot, sample("parity-4"))
    drop(window, "residual.v1", Place(1), standing=False)
    with qtbot.waitSignal(window.frame_shown, timeout=60_000):
        pass
    return window


def drop(window: MainWindow, name: str, place: Place, *, standing: bool) -> None:
    """Drag a layer to a place of the network panel and let go."""
    wire = window.stack.body.wire(place)
    window.stack._scroll.bring_into_view(wire)
    settle()
    at = wire.mapTo(window.stack, QPoint(wire.width() // 2, 8))
    assert drag_drop(window.stack, DraggedLayer(name, standing=standing).to_mime(), at)


def identities(window: MainWindow) -> list[str]:
    return [layer.identity for _, layer in window.workbench.specification.everywhere()]


def undo_words(window: MainWindow) -> str:
    return window.document.undo_stack.undoText()


def test_a_dropped_layer_stands_inside_and_its_matrices_are_shown(qtbot: QtBot, window: MainWindow) -> None:
    with qtbot.waitSignal(window.frame_shown, timeout=60_000):
        drop(window, "dense.v1", Place(1, "layer-4"), standing=False)
    assert identities(window) == ["layer-1", "layer-4", "layer-4/1", "layer-4/2", "layer-2", "layer-3"]
    assert undo_words(window) == "Add Dense to Residual 1"
    assert window.stack.selection == "layer-4/2"
    with qtbot.waitSignal(window.frame_shown, timeout=60_000):
        window.wall.matrix_selected.emit(("layer-4/2", "weights_matrix"))
    assert text_of(window, "matrices.facts.name") == "Residual 1 · Dense 2 · weights_matrix"
    window.document.undo_stack.undo()
    assert identities(window) == ["layer-1", "layer-4", "layer-4/1", "layer-2", "layer-3"]
    assert window.stack.selection in identities(window)


def test_a_layer_keeps_its_weights_on_its_way_out_and_in(qtbot: QtBot, window: MainWindow) -> None:
    window.workbench.step()
    until(qtbot, lambda: window.trainer.iteration == 1)
    before = weights(window, "layer-4/1")
    drop(window, "activation.v1", Place(1, "layer-4"), standing=False)
    drop(window, "layer-4/1", Place(2), standing=True)
    assert undo_words(window) == "Move Residual 1 · Dense 1 out into the network"
    assert identities(window) == ["layer-1", "layer-4", "layer-4/2", "layer-5", "layer-2", "layer-3"]
    assert window.stack.selection == "layer-5"
    np.testing.assert_array_equal(weights(window, "layer-5"), before)
    drop(window, "layer-5", Place(0, "layer-4"), standing=True)
    assert undo_words(window) == "Move Dense 2 into Residual 1"
    assert identities(window)[1:4] == ["layer-4", "layer-4/3", "layer-4/2"]
    assert window.stack.selection == "layer-4/3"
    np.testing.assert_array_equal(weights(window, "layer-4/3"), before)
    for _ in range(2):
        window.document.undo_stack.undo()
    np.testing.assert_array_equal(weights(window, "layer-4/1"), before)


def test_an_empty_block_says_why_training_cannot_start(qtbot: QtBot, window: MainWindow) -> None:
    window.stack.select("layer-4/1")
    type_keys(qtbot, window.stack, Key.Key_Delete)
    assert undo_words(window) == "Delete Residual 1 · Dense 1"
    train = child(window, QPushButton, "action.train.start")
    assert train.toolTip().startswith("Residual 1 has no layers inside")
    assert window.stack.selection == "layer-2"
    with qtbot.waitSignal(window.frame_shown, timeout=60_000):
        drop(window, "activation.v1", Place(0, "layer-4"), standing=False)
    with qtbot.waitSignal(window.trainer.finished, timeout=60_000):
        window.workbench.toggle_training()
    assert window.trouble.text == ""


def test_settings_inside_a_block_are_edits_like_others(qtbot: QtBot, window: MainWindow) -> None:
    window.stack.select("layer-4/1")
    field = units_of(window.stack, "layer-4/1")
    field.setFocus()
    field.lineEdit().setText("5")
    qtbot.keyClick(field, Key.Key_Return)
    assert window.workbench.specification.layer("layer-4/1").settings["units"] == 5
    assert undo_words(window) == "Residual 1 · Dense 1: units 5"
    with qtbot.waitSignal(window.frame_shown, timeout=60_000):
        pass
    # Five columns and eight cannot be added up: the way past them gets weights of its own.
    assert window.wall.find(("layer-4/skip", "weights_matrix")).shape == (8, 5)
    assert window.wall.find(("layer-4/skip", "weights_matrix")).owner == "Residual 1 · skip"


def test_parts_select_the_card_of_their_layer(qtbot: QtBot, window: MainWindow) -> None:
    with qtbot.waitSignal(window.frame_shown, timeout=60_000):
        drop(window, "gated_linear.v1", Place(1, "layer-4"), standing=False)
    window.stack.select("layer-1")
    with qtbot.waitSignal(window.frame_shown, timeout=60_000):
        window.wall.matrix_selected.emit(("layer-4/2/gate", "weights_matrix"))
    assert window.stack.selection == "layer-4/2"
    assert window.focus.matrix == ("layer-4/2/gate", "weights_matrix")
    name = "Residual 1 · Gated linear 1 · gate · weights_matrix"
    assert text_of(window, "matrices.facts.name") == name
    with qtbot.waitSignal(window.frame_shown, timeout=60_000):
        window.wall.matrix_selected.emit(("", "error_matrix"))
    assert window.stack.selection == "layer-4/2"
    assert text_of(window, "matrices.facts.name") == "Loss · error_matrix"


def weights(window: MainWindow, identity: str) -> np.ndarray:
    run = window.document.latest().run
    assert run is not None
    return run.parameters[identity, "weights_matrix"]


def text_of(window: MainWindow, name: str) -> str:
    return child(window, QLabel, name).text()
