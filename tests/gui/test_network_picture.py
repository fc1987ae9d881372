"""The network's picture in the window: true numbers, chosen cells both ways, zoom and pan, and every kind of layer."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QApplication, QLabel, QPushButton
from pytestqt.qtbot import QtBot

from flux_studio.gui.main_window import MainWindow
from flux_studio.gui.panels.network_picture import NetworkPicture
from flux_studio.gui.selection import CellPlace
from flux_studio.gui.widgets.network_drawing import NetworkDrawing
from flux_studio.project.catalogue import LAYER_KINDS
from flux_studio.project.notation import read_layers
from flux_studio.project.project import Project
from flux_studio.project.specification import Place
from tests.gui.shown import child, settle
from tests.gui.windows import open_window, sample, until

LEFT = Qt.MouseButton.LeftButton
H = ("layer-1", "activated_output_matrix")
W = ("layer-2", "weights_matrix")


def opened(qtbot: QtBot, project: Project) -> tuple[MainWindow, NetworkPicture, NetworkDrawing]:
    window = open_window(qtbot, project)
    window.docks["picture"].raise_()
    panel = window.docks["picture"].widget()
    assert isinstance(panel, NetworkPicture)
    until(qtbot, lambda: panel.drawing.drawn is not None)
    settle()
    return window, panel, panel.drawing


def turn(drawing: NetworkDrawing, at: QPointF, angle: int) -> None:
    event = QWheelEvent(
        at,
        QPointF(drawing.mapToGlobal(at.toPoint())),
        QPoint(),
        QPoint(0, angle),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(drawing, event)


def test_it_follows_training_to_its_last_iteration(qtbot: QtBot) -> None:
    window, _panel, drawing = opened(qtbot, sample("parity-4"))
    with qtbot.waitSignal(window.trainer.finished, timeout=60_000) as finished:
        window.workbench.toggle_training()
    last = finished.args[0].progress.iteration
    until(qtbot, lambda: drawing.drawn.iteration == last)
    project = window.document.latest()
    np.testing.assert_array_equal(drawing.drawn.links[1], project.run.parameters[W])
    assert drawing.drawn.seconds < 0.1


def test_a_past_moment_is_drawn_with_the_weights_of_then(qtbot: QtBot) -> None:
    window, _panel, drawing = opened(qtbot, sample("parity-4"))
    first = drawing.drawn.links[1].copy()
    with qtbot.waitSignal(window.trainer.finished, timeout=60_000):
        window.workbench.toggle_training()
    window.trainer.go_to(0)
    until(qtbot, lambda: drawing.drawn.iteration == 0)
    np.testing.assert_array_equal(drawing.drawn.links[1], first)


def test_another_row_fills_the_neurons_anew_and_is_named(qtbot: QtBot) -> None:
    window, panel, drawing = opened(qtbot, sample("parity-4"))
    assert panel.row_name == "0000"
    panel.row.setValue(6)
    until(qtbot, lambda: drawing.drawn.row == 5)
    assert panel.row_name == "0101"
    np.testing.assert_array_equal(drawing.drawn.values[0], [0, 1, 0, 1])
    network = window.document.project.network("reference")
    network.rest()
    np.testing.assert_allclose(drawing.drawn.values[1], network.matrix(H)[5], rtol=1e-5, atol=1e-6)


def test_a_neuron_chooses_its_cell_of_that_row(qtbot: QtBot) -> None:
    window, panel, drawing = opened(qtbot, sample("parity-4"))
    panel.row.setValue(6)
    until(qtbot, lambda: drawing.drawn.row == 5)
    place = drawing.neuron_place(1, 3)
    words = drawing.words_at(place)
    assert words.startswith("n3 of Dense 1\nh = ")
    assert words.endswith(" for 0101")
    qtbot.mouseClick(drawing, LEFT, pos=place.toPoint())
    until(qtbot, lambda: window.focus_panel.selected_cell() == (5, 3))
    assert window.focus.matrix == H
    assert drawing.marked.neurons == {(1, 3)}


def test_a_connection_chooses_its_weight_and_a_chosen_weight_is_marked(qtbot: QtBot) -> None:
    window, _panel, drawing = opened(qtbot, sample("parity-4"))
    one, other = drawing.neuron_place(1, 0), drawing.neuron_place(2, 0)
    near = one + (other - one) * 0.08
    words = drawing.words_at(near)
    assert words.startswith("n0 of Dense 1 → n0 of Dense 2\nw[0, 0] = ")
    value = float(drawing.drawn.links[1][0, 0])
    assert float(words.rpartition(" ")[2]) == pytest.approx(value, rel=1e-6)
    qtbot.mouseClick(drawing, LEFT, pos=near.toPoint())
    until(qtbot, lambda: window.focus_panel.selected_cell() == (0, 0))
    assert window.focus.matrix == W
    assert drawing.marked.connections == {(1, 0, 0)}
    grid = window.focus_panel.grid
    grid.setFocus()
    qtbot.keyClick(grid, Qt.Key.Key_Down)
    assert drawing.marked.connections == {(1, 1, 0)}


def test_the_row_follows_what_is_chosen_in_the_matrices(qtbot: QtBot) -> None:
    window, panel, drawing = opened(qtbot, sample("parity-4"))
    window.focus.choose(("layer-1", "input_matrix"))
    until(qtbot, lambda: window.focus.shows == ("layer-1", "input_matrix"))
    window.selection.choose(CellPlace(("layer-1", "input_matrix"), (9, 1)))
    until(qtbot, lambda: drawing.drawn.row == 9)
    assert panel.row_name == "1001"
    assert drawing.marked.neurons == {(0, 1)}
    panel.row.setValue(3)
    until(qtbot, lambda: drawing.drawn.row == 2)


def test_gradients_take_the_place_of_weights(qtbot: QtBot) -> None:
    window, panel, drawing = opened(qtbot, sample("parity-4"))
    qtbot.mouseClick(child(panel, QPushButton, "picture.gradients"), LEFT)
    network = window.document.project.network("reference")
    network.rest()
    expected = network.matrix(("layer-2", "dC_dw_matrix"))
    until(qtbot, lambda: np.allclose(drawing.drawn.links[1], expected, rtol=1e-4, atol=1e-7))
    assert "∂C/∂a = " in drawing.words_at(drawing.neuron_place(2, 1))


def test_the_wheel_zooms_where_the_mouse_is_dragging_moves_and_fit_brings_it_back(qtbot: QtBot) -> None:
    _window, panel, drawing = opened(qtbot, sample("parity-4"))
    scale, place = drawing.scale, drawing.neuron_place(1, 3)
    turn(drawing, place, 120)
    assert drawing.scale == pytest.approx(1.2 * scale)
    assert (drawing.neuron_place(1, 3) - place).manhattanLength() < 1e-6
    start = QPoint(20, drawing.height() - 12)
    qtbot.mousePress(drawing, LEFT, pos=start)
    qtbot.mouseMove(drawing, start + QPoint(30, -20))
    qtbot.mouseRelease(drawing, LEFT, pos=start + QPoint(30, -20))
    assert (drawing.neuron_place(1, 3) - place - QPointF(30, -20)).manhattanLength() < 1e-6
    qtbot.mouseClick(child(panel, QPushButton, "picture.fit"), LEFT)
    assert drawing.scale == pytest.approx(scale)
    qtbot.keyClick(drawing, Qt.Key.Key_Plus)
    assert drawing.scale == pytest.approx(1.2 * scale)
    qtbot.keyClick(drawing, Qt.Key.Key_0)
    assert (drawing.neuron_place(1, 3) - place).manhattanLength() < 1e-6


@pytest.mark.parametrize("kind", LAYER_KINDS)
@pytest.mark.parametrize("gradients", [False, True])
def test_every_kind_of_layer_can_be_pointed_at(qtbot: QtBot, kind: str, gradients: bool) -> None:
    window, panel, drawing = opened(qtbot, sample("parity-4"))
    with qtbot.waitSignal(window.frame_shown, timeout=60_000):
        window.stack.insert_at(kind, Place(1))
    added = window.workbench.specification.layers[1].identity
    if gradients:
        qtbot.mouseClick(child(panel, QPushButton, "picture.gradients"), LEFT)
    until(qtbot, lambda: drawing.drawn is not None and drawing.drawn.picks is not None)
    graph = drawing.graph
    place = next(each for each, column in enumerate(graph.columns) if column.identity == added)
    words = drawing.words_at(drawing.neuron_place(place, 0))
    assert graph.columns[place].title in words
    qtbot.mouseClick(drawing, LEFT, pos=drawing.neuron_place(place, 0).toPoint())
    until(qtbot, lambda: window.focus.matrix[0] == added)
    for loop, key in graph.loops.items():
        at = drawing.neuron_place(loop, 0) - QPointF(0, 24 * drawing.scale)
        assert "remembers" in drawing.words_at(at)
        qtbot.mouseClick(drawing, LEFT, pos=at.toPoint())
        until(qtbot, lambda key=key: window.focus.matrix == key)
    assert not drawing.grab().isNull()
    assert window.trouble.text == ""


def test_large_layers_are_grouped(qtbot: QtBot) -> None:
    project = sample("iris")
    layers = read_layers("128:relu,residual(128:tanh,dropout:10),3:sigmoid")
    project = project.with_specification(project.specification.replace(layers=layers))
    _window, panel, drawing = opened(qtbot, project)
    assert [len(each) for each in drawing.drawn.picks] == [4, 8, 8, 8, 8, 3]
    assert "strongest" in child(panel, QLabel, "picture.note").text()
    assert drawing.drawn.links[0].shape == (4, 8)


def test_a_very_deep_network_begins_with_its_inputs(qtbot: QtBot) -> None:
    project = sample("iris")
    layers = read_layers(",".join(["8:tanh"] * 99 + ["3:sigmoid"]))
    project = project.with_specification(project.specification.replace(layers=layers))
    _window, panel, drawing = opened(qtbot, project)
    until(qtbot, lambda: "drag" in child(panel, QLabel, "picture.note").text())
    first = drawing.neuron_place(0, drawing.drawn.picks[0][0])
    assert 0 < first.x() < drawing.width() / 3
    assert "sepal" in drawing.words_at(first) or "petal" in drawing.words_at(first)
    last = drawing.neuron_place(100, drawing.drawn.picks[100][0])
    assert last.x() > drawing.width()


def test_out_of_sight_nothing_is_asked(qtbot: QtBot) -> None:
    window, _panel, _drawing = opened(qtbot, sample("xor"))
    assert window._wanted()[1]
    with qtbot.waitSignal(window.docks["picture"].visibilityChanged):
        window.docks["matrices"].raise_()
    assert window._wanted()[1] == ()
