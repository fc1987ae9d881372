"""Rewinding through the real window: the timeline, the curve, the keys, the chip, and going on from there."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QApplication, QPushButton
from pytestqt.qtbot import QtBot

from flux_studio.gui.main_window import MainWindow
from flux_studio.gui.widgets.time_slider import TimeSlider
from flux_studio.project.project import Project
from flux_studio.training.events import Step
from flux_studio.training.session import Session
from tests.gui.shown import child, settle
from tests.gui.windows import open_window, sample, save, until
from tests.training.sessions import obey

END = 400
LEFT = Qt.MouseButton.LeftButton
W1 = ("layer-1", "weights_matrix")


def project() -> Project:
    found = sample("parity-4")
    return found.with_specification(found.specification.replace(iterations=END))


@pytest.fixture
def window(qtbot: QtBot) -> MainWindow:
    found = open_window(qtbot, project())
    found.workbench.toggle_training()
    until(qtbot, lambda: not found.trainer.running and shown(found) == END)
    settle()
    return found


def shown(window: MainWindow) -> int:
    return int(window.focus.frame.progress.iteration)


def timeline(window: MainWindow) -> TimeSlider:
    return child(window, TimeSlider, "curve.timeline")


def go(qtbot: QtBot, window: MainWindow, iteration: int) -> None:
    window.trainer.go_to(iteration)
    until(qtbot, lambda: shown(window) == iteration and not window.trainer.moving)


def weights_at(window: MainWindow, iteration: int) -> np.ndarray:
    """Those of a session that went there without a window."""
    session = Session(project(), window.trainer.executor)
    obey(session, Step(iteration))
    return session.network.parameter(W1).copy()


def spot(window: MainWindow, iteration: int) -> QPoint:
    slider = timeline(window)
    return QPoint(round(window.curve.plot.place(iteration)), slider.height() // 2)


def move(slider: TimeSlider, place: QPoint) -> None:
    """QTest moves the pointer without a button held, which is no drag."""
    at = QPointF(place)
    event = QMouseEvent(
        QMouseEvent.Type.MouseMove, at, slider.mapToGlobal(at), LEFT, LEFT, Qt.KeyboardModifier.NoModifier
    )
    QApplication.sendEvent(slider, event)


def test_dragging_shows_every_moment_that_the_handle_stands_at(qtbot: QtBot, window: MainWindow) -> None:
    slider = timeline(window)
    assert slider.value == END
    assert abs(slider.handle().x() - window.curve.plot.place(END)) < 1
    seen: list[int] = []
    window.trainer.frame_arrived.connect(lambda frame: seen.append(frame.when.shown))
    qtbot.mousePress(slider, LEFT, pos=spot(window, 350))
    for iteration in (300, 250, 200, 120):
        move(slider, spot(window, iteration))
        assert abs(slider.value - iteration) <= 2, "the handle is where the pointer is, whatever is shown yet"
        wanted = slider.value
        until(qtbot, lambda wanted=wanted: shown(window) == wanted)
    qtbot.mouseRelease(slider, LEFT, pos=spot(window, 120))
    here = slider.value
    assert len(set(seen)) >= 4
    np.testing.assert_array_equal(window.focus.frame.matrices[W1], weights_at(window, here))
    assert window.bar._iteration.text == str(here)
    assert window.curve.facts.iteration.text() == f"{here}"
    assert window.status.past.text == f"Showing iteration {here} of {END}"
    assert window.curve.plot._moment_line.isVisible()
    assert window.curve.plot._moment_line.value() == here


def test_the_newest_of_many_wishes_wins(qtbot: QtBot, window: MainWindow) -> None:
    slider = timeline(window)
    qtbot.mousePress(slider, LEFT, pos=spot(window, 390))
    for iteration in range(380, 40, -4):
        move(slider, spot(window, iteration))
    qtbot.mouseRelease(slider, LEFT, pos=spot(window, 44))
    wanted = slider.value
    until(qtbot, lambda: shown(window) == wanted and not window.trainer.moving)
    assert slider.value == wanted
    assert abs(wanted - 44) <= 2


def test_a_click_on_the_curve_goes_there(qtbot: QtBot, window: MainWindow) -> None:
    plot = window.curve.plot
    middle = plot.getViewBox().sceneBoundingRect().center().y()
    qtbot.mouseClick(plot.viewport(), LEFT, pos=QPoint(round(plot.place(100)), round(middle)))
    until(qtbot, lambda: shown(window) != END)
    assert abs(shown(window) - 100) <= 2
    # Close to the curve's end is the end.
    qtbot.mouseClick(plot.viewport(), LEFT, pos=QPoint(round(plot.place(END) - 2), round(middle)))
    until(qtbot, lambda: shown(window) == END)
    assert not window.trainer.is_past


def test_an_iteration_is_gone_to_by_its_number(qtbot: QtBot, window: MainWindow) -> None:
    field = window.curve.facts.iteration
    window.actions_by_name["train.go_to"].trigger()
    qtbot.keyClicks(field, "123")
    qtbot.keyClick(field, Qt.Key.Key_Return)
    until(qtbot, lambda: shown(window) == 123)
    np.testing.assert_array_equal(window.focus.frame.matrices[W1], weights_at(window, 123))
    assert window.status.past.text == f"Showing iteration 123 of {END}"
    qtbot.keyClick(field, Qt.Key.Key_Up)
    until(qtbot, lambda: shown(window) == 124)
    # One that has not been trained yet is none to see.
    field.selectAll()
    qtbot.keyClicks(field, "5000")
    qtbot.keyClick(field, Qt.Key.Key_Return)
    assert window.trouble.text == f"The iteration must lie between 0 and {END}, not 5000"
    assert shown(window) == 124
    qtbot.keyClick(field, Qt.Key.Key_Escape)
    assert (field.text(), window.trouble.text) == ("124", "")
    qtbot.keyClick(field, Qt.Key.Key_Escape)
    until(qtbot, lambda: shown(window) == END)


def test_before_training_there_is_no_iteration_to_type(qtbot: QtBot) -> None:
    window = open_window(qtbot, sample("parity-4"))
    assert not window.curve.facts.iteration.isEnabled()


@pytest.mark.parametrize(
    ("key", "iteration"),
    [
        (Qt.Key.Key_Left, END - 1),
        (Qt.Key.Key_PageUp, END - 40),
        (Qt.Key.Key_Home, 0),
    ],
)
def test_keys_go_back_and_forth(qtbot: QtBot, window: MainWindow, key: Qt.Key, iteration: int) -> None:
    back = {
        Qt.Key.Key_Left: Qt.Key.Key_Right,
        Qt.Key.Key_PageUp: Qt.Key.Key_PageDown,
        Qt.Key.Key_Home: Qt.Key.Key_End,
    }
    slider = timeline(window)
    slider.setFocus()
    qtbot.keyClick(slider, key)
    until(qtbot, lambda: shown(window) == iteration)
    np.testing.assert_array_equal(window.focus.frame.matrices[W1], weights_at(window, iteration))
    qtbot.keyClick(slider, back[key])
    until(qtbot, lambda: shown(window) == END)


def test_returning_shows_the_present_again(qtbot: QtBot, window: MainWindow) -> None:
    now = window.focus.frame.matrices[W1].copy()
    assert window.status.past.isHidden()
    assert not window.actions_by_name["train.now"].isEnabled()
    for leave in (
        lambda: qtbot.mouseClick(child(window, QPushButton, "action.past.return"), LEFT),
        window.actions_by_name["train.now"].trigger,
        lambda: qtbot.keyClick(window, Qt.Key.Key_Escape),
    ):
        go(qtbot, window, 7)
        assert not window.status.past.isHidden()
        leave()
        until(qtbot, lambda: shown(window) == END)
        assert window.status.past.isHidden()
        assert not window.curve.plot._moment_line.isVisible()
        np.testing.assert_array_equal(window.focus.frame.matrices[W1], now)


def test_looking_back_keeps_the_document_as_it_was(qtbot: QtBot, window: MainWindow, tmp_path: Path) -> None:
    save(window, tmp_path / "p.flux")
    go(qtbot, window, 20)
    assert not window.document.modified
    run = window.document.latest().run
    assert run is not None
    assert run.iteration == END
    np.testing.assert_array_equal(run.parameters[W1], weights_at(window, END))
    until(qtbot, lambda: shown(window) == 20)


def test_continuing_from_here_is_a_branch(qtbot: QtBot, window: MainWindow) -> None:
    go(qtbot, window, 100)
    qtbot.mouseClick(child(window, QPushButton, "action.past.branch"), LEFT)
    until(qtbot, lambda: not window.trainer.is_past)
    until(qtbot, lambda: len(window.curve.plot._branches) == 1)
    assert window.status.past.isHidden()
    assert window.trainer.iteration == 100
    assert int(window.curve.plot._branches[0].iterations[-1]) == END
    window.workbench.set_learning_rate(0.01)
    window.workbench.toggle_training()
    until(qtbot, lambda: not window.trainer.running and shown(window) == END)
    line = window.curve.plot._branch_lines[0]
    assert line.getData()[0][-1] == END
    assert line.opts["pen"].color().alphaF() < 0.5
    assert not np.array_equal(window.focus.frame.matrices[W1], weights_at(window, END))
    run = window.document.latest().run
    assert run is not None
    assert [(change.iteration, change.learning_rate) for change in run.changes] == [(100, 0.01)]


def test_train_on_returns_first(qtbot: QtBot, window: MainWindow) -> None:
    go(qtbot, window, 50)
    train = child(window, QPushButton, "action.train.start")
    assert train.text() == "Train on"
    assert f"iteration {END}" in train.toolTip()
    window.workbench.set_iterations(END + 10)
    qtbot.mouseClick(train, LEFT)
    until(qtbot, lambda: not window.trainer.running and shown(window) >= END + 10)
    assert train.text() == "Train"
    np.testing.assert_array_equal(window.focus.frame.matrices[W1], weights_at(window, shown(window)))
    assert window.curve.plot._branches == ()


def test_steps_go_along_what_was(qtbot: QtBot, window: MainWindow) -> None:
    window.actions_by_name["train.back"].trigger()
    until(qtbot, lambda: shown(window) == END - 1)
    window.actions_by_name["train.back"].trigger()
    until(qtbot, lambda: shown(window) == END - 2)
    window.actions_by_name["train.step"].trigger()
    until(qtbot, lambda: shown(window) == END - 1)
    assert window.trainer.is_past
    np.testing.assert_array_equal(window.focus.frame.matrices[W1], weights_at(window, END - 1))


def test_it_pauses_what_runs(qtbot: QtBot, window: MainWindow) -> None:
    window.workbench.set_iterations(10**9)
    window.workbench.set_pace(200.0)
    window.workbench.toggle_training()
    until(qtbot, lambda: window.trainer.running and shown(window) > END + 5)
    slider = timeline(window)
    qtbot.mouseClick(slider, LEFT, pos=spot(window, 200))
    until(qtbot, lambda: not window.trainer.running and window.trainer.is_past)
    assert abs(window.trainer.when.shown - 200) <= 4
    assert child(window, QPushButton, "action.train.start").text() == "Train on"


def test_before_the_first_iteration_there_is_no_timeline(qtbot: QtBot) -> None:
    window = open_window(qtbot, project())
    assert timeline(window).isHidden()
    assert window.status.past.isHidden()
    place = window.curve.geometry()
    window.workbench.step()
    until(qtbot, lambda: shown(window) == 1)
    assert timeline(window).isVisible()
    assert window.curve.geometry() == place
    go(qtbot, window, 0)
    assert window.status.past.text == "Showing iteration 0 of 1"
    assert window.curve.geometry() == place


def test_an_edit_goes_on_from_the_present(qtbot: QtBot, window: MainWindow) -> None:
    go(qtbot, window, 30)
    window.workbench.set_batch(8)
    until(qtbot, lambda: window.trainer.when is not None and window.focus.frame is not None)
    assert shown(window) == END
    assert not window.trainer.is_past
    assert window.status.past.isHidden()


def test_a_button_that_goes_leaves_the_keyboard_to_nobody(qtbot: QtBot, window: MainWindow) -> None:
    """Else the next number typed could land in a layer's units, and end the run."""
    window.stack.select("layer-1")
    window.trainer.go_to(100)
    until(qtbot, lambda: shown(window) == 100)
    button = child(window, QPushButton, "action.past.branch")
    button.setFocus()
    qtbot.mouseClick(button, LEFT)
    until(qtbot, lambda: window.trainer.is_now and window.status.past.isHidden())
    assert window.focusWidget() is None
    qtbot.keyClicks(window, "3")
    assert window.document.project.specification.layers[0].settings["units"] == 8
