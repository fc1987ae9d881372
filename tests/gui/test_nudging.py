"""The nudge panel in the real window: predictions, keeping with undo, and the gradient check with its steps."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QLabel, QPushButton
from pytestqt.qtbot import QtBot

from flux_studio.engine.check import CellErrors
from flux_studio.gui.main_window import MainWindow
from flux_studio.gui.nudging import NudgeLive
from flux_studio.gui.panels.nudge import HINT, NudgePanel
from flux_studio.gui.widgets.check_section import STEPS, CheckSection
from tests.gui.shown import child, settle
from tests.gui.windows import open_window, sample, until

W = ("layer-2", "weights_matrix")
CELL = (3, 1)


@pytest.fixture
def window(qtbot: QtBot) -> MainWindow:
    window = open_window(qtbot, sample("parity-4"))
    window.docks["nudge"].raise_()
    until(qtbot, lambda: live(window).seen)
    return window


def live(window: MainWindow) -> NudgeLive:
    return next(each for each in window.lives if isinstance(each, NudgeLive))


def panel(window: MainWindow) -> NudgePanel:
    return child(window, NudgePanel, "nudge")


def fact(window: MainWindow, name: str) -> float:
    return float(child(window, QLabel, f"nudge.{name}").text())


def choose(qtbot: QtBot, window: MainWindow, cell: tuple[int, int] = CELL) -> None:
    """Click a cell of the weights."""
    window.focus.choose(W)
    until(qtbot, lambda: window.focus.shows == W)
    grid = window.focus_panel.grid
    qtbot.mouseClick(
        grid.viewport(),
        Qt.MouseButton.LeftButton,
        pos=grid.cell_rect(cell).intersected(grid.viewport().rect()).center(),
    )
    until(qtbot, lambda: live(window)._nudged is not None and panel(window).slider.isVisible())


def weights(window: MainWindow) -> np.ndarray:
    assert window.focus.frame is not None
    return window.focus.frame.matrices[W]


def test_without_a_cell_it_says_what_to_choose(qtbot: QtBot, window: MainWindow) -> None:
    hint = child(window, QLabel, "nudge.hint")
    assert (hint.text(), hint.isVisible()) == (HINT, True)
    assert not panel(window).slider.isVisible()
    window.focus_panel.set_selected_cell(1, 1)  # of a, which is not learned
    window.trainer.refresh()
    with qtbot.waitSignal(window.frame_shown):
        pass
    assert hint.isVisible()
    choose(qtbot, window)
    assert not hint.isVisible()
    assert child(window, QLabel, "nudge.name").text() == "w[3,1] of Dense 2"


def test_moving_the_slider_compares_prediction_and_truth(qtbot: QtBot, window: MainWindow) -> None:
    choose(qtbot, window)
    before = weights(window).copy()
    slider = panel(window).slider
    middle = QPoint(slider.width() // 2, slider.height() // 2)
    qtbot.mousePress(slider, Qt.MouseButton.LeftButton, pos=middle)
    qtbot.mouseMove(slider, middle + QPoint(slider.width() // 5, 0))
    qtbot.mouseRelease(slider, Qt.MouseButton.LeftButton, pos=middle + QPoint(slider.width() // 5, 0))
    delta = panel(window).delta
    assert delta > 0
    until(qtbot, lambda: live(window)._nudged is not None and live(window)._nudged.delta == delta)
    assert fact(window, "delta") == pytest.approx(delta, abs=1e-6)
    assert fact(window, "predicted") == pytest.approx(fact(window, "gradient") * delta, rel=1e-3)
    changed = window.document.latest().network("reference")
    loss = changed.rest()
    changed.parameter(W)[CELL] += delta
    assert fact(window, "actual") == pytest.approx(changed.rest() - loss, abs=2e-7)
    np.testing.assert_array_equal(weights(window), before)  # the network itself is as it was
    qtbot.mouseClick(panel(window).back, Qt.MouseButton.LeftButton)
    assert panel(window).delta == 0
    assert not panel(window).keep.isEnabled()


def test_a_typed_number_is_kept_and_undo_brings_the_old_one(qtbot: QtBot, window: MainWindow) -> None:
    window.workbench.step()
    until(qtbot, lambda: window.trainer.iteration == 1)
    choose(qtbot, window)
    before = float(weights(window)[CELL])
    field = panel(window).field
    field.setFocus()
    field.selectAll()
    qtbot.keyClicks(field, "-0.75")
    qtbot.keyClick(field, Qt.Key.Key_Return)
    until(qtbot, lambda: panel(window).keep.isEnabled())
    qtbot.mouseClick(panel(window).keep, Qt.MouseButton.LeftButton)
    until(qtbot, lambda: window.focus.frame is not None and float(weights(window)[CELL]) == np.float32(-0.75))
    assert window.trainer.iteration == 1
    assert window.document.undo_stack.undoText() == "set w[3,1] of Dense 2 to -0.75"
    assert window.document.modified
    assert panel(window).delta == 0
    assert window.focus_panel.selected_cell() == CELL
    window.actions_by_name["edit.undo"].trigger()
    until(qtbot, lambda: window.focus.frame is not None and float(weights(window)[CELL]) == before)
    assert window.trainer.iteration == 1


def test_before_the_first_iteration_a_kept_number_is_a_start_weight(qtbot: QtBot, window: MainWindow) -> None:
    choose(qtbot, window)
    panel(window).field.type_text("0.5")
    until(qtbot, lambda: panel(window).keep.isEnabled())
    qtbot.mouseClick(panel(window).keep, Qt.MouseButton.LeftButton)
    until(qtbot, lambda: window.focus.frame is not None and float(weights(window)[CELL]) == 0.5)


def test_training_rests_before_a_number_is_moved(qtbot: QtBot, window: MainWindow) -> None:
    choose(qtbot, window)
    window.trainer.play(100_000_000)
    until(qtbot, lambda: window.trainer.running and window.trainer.iteration > 0)
    qtbot.keyClick(panel(window).slider, Qt.Key.Key_Right)
    until(qtbot, lambda: not window.trainer.running)


def test_a_check_shows_every_cell_the_worst_and_the_steps(qtbot: QtBot, window: MainWindow) -> None:
    choose(qtbot, window)
    qtbot.mouseClick(child(window, QPushButton, "nudge.check"), Qt.MouseButton.LeftButton)
    check = panel(window).check
    until(qtbot, lambda: bool(check.curve.errors))
    assert check.map.errors.shape == (8, 4)
    assert np.nanmax(check.map.errors) < 1e-6
    assert child(window, QLabel, "nudge.verdict").text().startswith("✓ ∂C/∂w: the largest relative error is")
    assert check.found is not None
    assert check.found.worst is not None
    assert child(window, QLabel, "nudge.check.cell").text().startswith("[3,1]")  # the chosen one
    check.slider.setValue(0)
    assert child(window, QLabel, "nudge.at_step").text().startswith(f"ε {STEPS[0]:.1e}")
    # A cell of the map is chosen in the focus view, too.
    rect = check.map.matrix_rect()
    place = QPoint(rect.left() + rect.width() * 5 // 8, rect.top() + rect.height() * 5 // 16)
    qtbot.mouseClick(check.map, Qt.MouseButton.LeftButton, pos=place)
    assert window.focus_panel.selected_cell() == (2, 2)
    assert child(window, QLabel, "nudge.check.cell").text().startswith("[2,2]")
    check.set_cell(check.found.worst)
    assert child(window, QLabel, "nudge.check.cell").text().endswith("(worst)")


def test_a_cell_at_a_kink_is_said_to_be_compared_nowhere(qtbot: QtBot) -> None:
    section = CheckSection()
    qtbot.addWidget(section)
    errors = np.array([[1e-9, np.nan], [2e-9, np.nan]])
    numbers = np.where(np.isnan(errors), np.nan, 0.5)
    section.set_result("w", CellErrors(W, np.full((2, 2), 0.5), numbers, errors, 4), (0, 1))
    assert child(section, QLabel, "nudge.verdict").text() == (
        "2 of 4 cells of ∂C/∂w agree: the largest relative error is 2e-09. "
        "2 lie at a kink, where no finite difference can tell"
    )
    assert child(section, QLabel, "nudge.check.cell").text() == "[0,1]"
    assert child(section, QLabel, "nudge.check.numeric").text() == "–"
    assert child(section, QLabel, "nudge.check.error").text() == "not compared: at a kink"
    section.set_steps([float("nan")] * len(STEPS))
    assert child(section, QLabel, "nudge.at_step").text().endswith("crosses a kink")


def test_a_check_can_be_cancelled_and_another_matrix_forgets_it(qtbot: QtBot, window: MainWindow) -> None:
    choose(qtbot, window)
    seen: list[object] = []
    live(window)._background.advanced.connect(lambda done: live(window)._background.give_up())
    live(window)._background.finished_with.connect(lambda token, result: seen.append(result))
    qtbot.mouseClick(child(window, QPushButton, "nudge.check"), Qt.MouseButton.LeftButton)
    until(qtbot, lambda: bool(seen))
    assert panel(window).check.found is not None
    assert (
        "the first " in child(window, QLabel, "nudge.verdict").text() or panel(window).check.found.done == 32
    )
    window.focus.choose(("layer-1", "weights_matrix"))
    until(qtbot, lambda: window.focus.shows == ("layer-1", "weights_matrix"))
    window.focus_panel.set_selected_cell(0, 0)
    window.trainer.refresh()
    until(qtbot, lambda: panel(window).check.found is None)


def keep(qtbot: QtBot, window: MainWindow, text: str) -> None:
    panel(window).field.type_text(text)
    until(qtbot, lambda: panel(window).keep.isEnabled())
    qtbot.mouseClick(panel(window).keep, Qt.MouseButton.LeftButton)


def go(qtbot: QtBot, window: MainWindow, iteration: int) -> np.ndarray:
    window.trainer.go_to(iteration)
    until(qtbot, lambda: window.focus.frame is not None and window.focus.frame.when.shown == iteration)
    return weights(window).copy()


def test_a_kept_number_is_marked_on_the_curve_and_rewound_across(qtbot: QtBot, window: MainWindow) -> None:
    train(qtbot, window, 100)
    known = {iteration: go(qtbot, window, iteration) for iteration in (40, 99)}
    go(qtbot, window, 100)
    choose(qtbot, window)
    keep(qtbot, window, "-0.75")
    until(qtbot, lambda: window.focus.frame is not None and float(weights(window)[CELL]) == np.float32(-0.75))
    train(qtbot, window, 150)
    known[150] = weights(window).copy()
    for iteration in (99, 40, 150):
        np.testing.assert_array_equal(go(qtbot, window, iteration), known[iteration])
    assert go(qtbot, window, 100)[CELL] == np.float32(-0.75)
    until(qtbot, lambda: bool(window.curve.plot._marks))
    (mark,) = window.curve.plot._marks
    assert (mark.iteration, mark.words) == (100, "w[3,1] of Dense 2 set to -0.75")
    window.docks["loss"].raise_()
    settle()
    plot = window.curve.plot
    middle = plot.getViewBox().sceneBoundingRect().center().y()
    qtbot.mouseMove(plot.viewport(), QPoint(round(plot.place(100)), round(middle)))
    until(qtbot, lambda: "w[3,1] of Dense 2 set to -0.75" in plot.readout())


def test_keeping_at_an_earlier_moment_goes_on_from_there(qtbot: QtBot, window: MainWindow) -> None:
    train(qtbot, window, 100)
    now = weights(window).copy()
    then = go(qtbot, window, 60)
    choose(qtbot, window)
    keep(qtbot, window, "0.5")
    until(qtbot, lambda: window.trainer.iteration == 60 and not window.trainer.is_past)
    until(qtbot, lambda: float(weights(window)[CELL]) == 0.5)
    then[CELL] = 0.5
    np.testing.assert_array_equal(weights(window), then)
    until(qtbot, lambda: len(window.curve.plot._branches) == 1)
    assert int(window.curve.plot._branches[0].iterations[-1]) == 100
    assert (
        window.document.undo_stack.undoText() == "set w[3,1] of Dense 2 to 0.5, and went on from iteration 60"
    )
    window.actions_by_name["edit.undo"].trigger()
    until(qtbot, lambda: window.trainer.iteration == 100)
    np.testing.assert_array_equal(weights(window), now)
    until(qtbot, lambda: not window.curve.plot._branches)


def train(qtbot: QtBot, window: MainWindow, until_iteration: int) -> None:
    window.workbench.set_iterations(until_iteration)
    window.workbench.toggle_training()
    until(
        qtbot,
        lambda: (
            not window.trainer.running
            and window.focus.frame is not None
            and window.focus.frame.when.shown == until_iteration
        ),
    )
