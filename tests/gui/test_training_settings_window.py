"""The real window, trained in other ways: every choice reaches the engine, and can be undone."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QLabel, QPushButton, QTabBar
from pytestqt.qtbot import QtBot

from flux_studio.gui.main_window import MainWindow
from flux_studio.gui.widgets.number_edit import NumberEdit
from flux_studio.gui.widgets.read_out import ReadOut
from flux_studio.project.specification import (
    OptimizerSpecification,
    ScheduleSpecification,
    StopSpecification,
)
from tests.gui.shown import child, settle
from tests.gui.windows import open_window, sample, until

LEFT = Qt.MouseButton.LeftButton
W1 = ("layer-1", "weights_matrix")
X1 = ("layer-1", "input_matrix")


@pytest.fixture
def window(qtbot: QtBot) -> MainWindow:
    opened = open_window(qtbot, sample("iris"))
    opened.docks["training"].raise_()
    return opened


def click(qtbot: QtBot, window: MainWindow, name: str) -> None:
    button = child(window, QPushButton, name)
    assert button.isEnabled()
    qtbot.mouseClick(button, LEFT)


def pick(qtbot: QtBot, window: MainWindow, name: str, title: str) -> None:
    """Choose in a list by typing the beginning of a title."""
    combo = child(window, QComboBox, f"train.{name}")
    combo.setFocus()
    qtbot.keyClicks(combo, title)


def write(qtbot: QtBot, window: MainWindow, name: str, text: str) -> None:
    edit = child(window, NumberEdit, f"train.{name}")
    edit.setFocus()
    edit.selectAll()
    qtbot.keyClick(edit, Qt.Key.Key_Delete)
    qtbot.keyClicks(edit, text)
    qtbot.keyClick(edit, Qt.Key.Key_Return)


def train_to_the_end(qtbot: QtBot, window: MainWindow) -> None:
    with qtbot.waitSignal(window.trainer.finished, timeout=60_000):
        click(qtbot, window, "action.train.start")
    with qtbot.waitSignal(window.frame_shown, timeout=10_000):
        window.trainer.refresh()


def undo(qtbot: QtBot, window: MainWindow) -> None:
    with qtbot.waitSignal(window.frame_shown, timeout=60_000):
        window.actions_by_name["edit.undo"].trigger()


def bar_words(window: MainWindow) -> list[str]:
    return [label.text() for label in window.bar.findChildren(QLabel)]


def test_adam_in_batches_of_32_learns_and_can_be_undone(qtbot: QtBot, window: MainWindow) -> None:
    first = window.focus.frame.progress.loss
    with qtbot.waitSignal(window.frame_shown, timeout=60_000):
        pick(qtbot, window, "optimizer", "Adam")
    assert window.workbench.specification.optimizer == OptimizerSpecification("adam", 0.01)
    assert "Adam · rate" in bar_words(window)
    assert child(window, NumberEdit, "training.rate").value == 0.01
    with qtbot.waitSignal(window.frame_shown, timeout=60_000):
        click(qtbot, window, "train.batch.32")
    assert window.workbench.specification.batch == 32
    assert child(window, ReadOut, "training.rows").text == "32 of 120 rows"
    assert window.focus.frame.matrices[X1].shape == (32, 4)

    train_to_the_end(qtbot, window)
    frame = window.focus.frame
    assert frame.progress.iteration == 1000
    assert frame.progress.loss < 0.1 * first
    assert frame.scores.right >= 114

    assert window.document.undo_stack.undoText() == "Batch of 32 rows"
    undo(qtbot, window)
    assert window.workbench.specification.batch is None
    assert window.focus.frame.progress.iteration == 0
    assert window.focus.frame.progress.loss == pytest.approx(first)
    assert window.document.undo_stack.undoText() == "Optimizer Adam"
    undo(qtbot, window)
    assert window.workbench.specification == sample("iris").specification
    assert "SGD · rate" in bar_words(window)
    assert child(window, QComboBox, "train.optimizer").currentText() == "SGD"


def test_labels_name_the_rows_of_the_present_batch(qtbot: QtBot, window: MainWindow) -> None:
    with qtbot.waitSignal(window.frame_shown, timeout=60_000):
        click(qtbot, window, "train.batch.32")
    window.focus.choose(X1)
    data = window.document.project.dataset()
    inputs = data.inputs.astype(np.float32)
    seen = []
    for step in range(5):
        grid, frame = window.focus_panel.grid, window.focus.frame
        rows = [int(grid.row_label(row).removeprefix("row ")) - 1 for row in range(frame.rows)]
        places = [int(np.flatnonzero(data.table_rows == row)[0]) for row in rows]
        np.testing.assert_array_equal(frame.matrices[X1], inputs[places])
        assert set(places) <= set(data.training.tolist())
        words = child(window, QLabel, "matrices.facts.shape").text()
        assert words.startswith(f"{frame.rows} rows (samples)")
        seen.append(tuple(rows))
        click(qtbot, window, "action.train.step")
        until(qtbot, lambda step=step: window.focus.frame.progress.iteration == step + 1)
    assert [len(rows) for rows in seen] == [32, 32, 32, 24, 32]
    assert len(set(seen)) == 5


def test_a_curve_of_batches_says_so(qtbot: QtBot, window: MainWindow) -> None:
    legend = child(window, QLabel, "curve.legend")
    assert "batch loss" not in legend.text()
    window.workbench.set_batch(16)
    assert "batch loss" in legend.text()
    window.workbench.set_batch(None)
    assert "batch loss" not in legend.text()


def test_the_run_and_its_weights_go_on_with_another_optimizer(qtbot: QtBot, window: MainWindow) -> None:
    train_to_the_end(qtbot, window)
    trained = window.focus.frame.matrices[W1].copy()
    with qtbot.waitSignal(window.frame_shown, timeout=60_000):
        pick(qtbot, window, "optimizer", "RMSProp")
    assert window.focus.frame.progress.iteration == 1000
    np.testing.assert_array_equal(window.focus.frame.matrices[W1], trained)
    assert len(window.focus.frame.curve.iterations) > 1
    train_to_the_end(qtbot, window)
    assert window.focus.frame.progress.iteration == 2000


def test_training_goes_on_while_it_is_changed(qtbot: QtBot, window: MainWindow) -> None:
    window.workbench.set_pace(200.0)
    click(qtbot, window, "action.train.start")
    until(qtbot, lambda: window.trainer.iteration > 5)
    reached = window.trainer.iteration
    click(qtbot, window, "train.batch.16")
    # On screen, nothing goes back in between.
    assert window.trainer.running
    assert window.trainer.iteration >= reached
    until(qtbot, lambda: window.trainer.ready is not None and window.trainer.iteration > reached + 5)
    assert window.trainer.running
    assert window.focus.frame.rows <= 16
    write(qtbot, window, "iterations", "3")
    until(qtbot, lambda: not window.trainer.running)
    assert window.trainer.iteration < 1000


def test_more_iterations_are_taken_up_while_training_runs(qtbot: QtBot, window: MainWindow) -> None:
    window.workbench.set_iterations(40)
    window.workbench.set_pace(100.0)
    click(qtbot, window, "action.train.start")
    until(qtbot, lambda: window.trainer.iteration > 5)
    write(qtbot, window, "iterations", "60")
    window.workbench.set_pace(None)
    until(qtbot, lambda: not window.trainer.running)
    assert window.trainer.iteration == 60


def test_the_schedule_is_drawn_and_followed(qtbot: QtBot, window: MainWindow) -> None:
    with qtbot.waitSignal(window.frame_shown, timeout=60_000):
        pick(qtbot, window, "schedule", "cosine")
    schedule = window.workbench.specification.optimizer.schedule
    assert schedule == ScheduleSpecification("cosine", period=1000.0)
    train_to_the_end(qtbot, window)
    assert window.focus.frame.progress.learning_rate < 1e-5
    assert window.document.undo_stack.undoText() == "Schedule cosine"


def test_another_loss_brings_its_ending_and_begins_a_run(qtbot: QtBot, window: MainWindow) -> None:
    train_to_the_end(qtbot, window)
    with qtbot.waitSignal(window.frame_shown, timeout=60_000):
        pick(qtbot, window, "loss", "cross")
    specification = window.workbench.specification
    assert specification.loss == "cross_entropy"
    assert specification.layers[-1].settings["activation"] == "softmax"
    assert window.focus.frame.progress.iteration == 0
    train_to_the_end(qtbot, window)
    assert window.focus.frame.scores.right >= 110
    undo(qtbot, window)
    assert window.workbench.specification.loss == "mse"
    assert window.focus.frame.progress.iteration == 1000


def test_a_loss_that_makes_no_sense_is_refused_with_the_reason(qtbot: QtBot, window: MainWindow) -> None:
    window.document.open(sample("parity-4"), None)
    until(qtbot, lambda: window.trainer.ready is not None)
    before = window.workbench.specification
    pick(qtbot, window, "loss", "cross")
    assert window.workbench.specification == before
    assert "cross-entropy chooses between classes, but there is a single output" in window.trouble.text
    assert child(window, QComboBox, "train.loss").currentText() == "mean squared error"


def test_the_seed_draws_everything_anew(qtbot: QtBot, window: MainWindow) -> None:
    train_to_the_end(qtbot, window)
    with qtbot.waitSignal(window.frame_shown, timeout=60_000):
        write(qtbot, window, "seed", "7")
    assert window.focus.frame.progress.iteration == 0
    project = sample("iris")
    fresh = project.with_specification(project.specification.replace(seed=7)).network("reference")
    np.testing.assert_array_equal(window.focus.frame.matrices[W1], fresh.parameter(W1))
    assert window.document.undo_stack.undoText() == "Seed 7"
    undo(qtbot, window)
    assert window.focus.frame.progress.iteration == 1000


def test_training_stops_at_a_loss(qtbot: QtBot, window: MainWindow) -> None:
    write(qtbot, window, "stop_loss", "0.2")
    assert window.workbench.specification.stop == StopSpecification(loss=0.2)
    train_to_the_end(qtbot, window)
    assert window.focus.frame.progress.loss <= 0.2
    assert window.focus.frame.progress.iteration < 1000


def test_the_rate_is_one_and_the_same_in_both_places(qtbot: QtBot, window: MainWindow) -> None:
    worker = window.trainer._worker
    write(qtbot, window, "rate", "0.5")
    assert child(window, NumberEdit, "training.rate").value == 0.5
    window.workbench.set_learning_rate(0.25)
    assert child(window, NumberEdit, "train.rate").value == 0.25
    # A rate is taken up as training goes: the network stays.
    assert window.trainer._worker is worker


def test_a_refusal_is_told_and_goes_with_the_next_change(qtbot: QtBot, window: MainWindow) -> None:
    write(qtbot, window, "batch", "1000")
    assert "must lie between 1 and 120" in window.trouble.text
    write(qtbot, window, "batch", "60")
    assert window.trouble.text == ""
    assert window.workbench.specification.batch == 60


# The docks


def test_data_is_in_front_and_a_click_brings_training(qtbot: QtBot) -> None:
    window = open_window(qtbot, sample("iris"))
    bars = window.findChildren(QTabBar, options=Qt.FindChildOption.FindDirectChildrenOnly)
    names = {bar: [bar.tabText(place) for place in range(bar.count())] for bar in bars}
    (tabs,) = (bar for bar in bars if "Training" in names[bar])
    assert names[tabs] == ["This cell", "Data", "Training", "Scores", "Nudge"]
    until(qtbot, lambda: tabs.tabText(tabs.currentIndex()) == "Data")
    assert tabs.tabText(tabs.currentIndex()) == "Data"
    assert not window.data.visibleRegion().isEmpty()
    assert window.training.visibleRegion().isEmpty()
    # The tabs take the place of the header, at the height of the others.
    assert window.data.header.height() == 0
    header = window.docks["network"].titleBarWidget()
    assert abs(tabs.height() - header.height()) <= 1
    qtbot.mouseClick(tabs, LEFT, pos=tabs.tabRect(2).center())
    settle()
    assert window.data.visibleRegion().isEmpty()
    assert not window.training.visibleRegion().isEmpty()


def test_a_panel_that_stands_alone_has_its_header(qtbot: QtBot, window: MainWindow) -> None:
    for name in ("cell", "scores", "data", "nudge"):
        window.docks[name].hide()
    qtbot.waitUntil(lambda: window.training.header.height() > 0)
    window.docks["data"].show()
    qtbot.waitUntil(lambda: window.training.header.height() == 0)
    window.docks["training"].setFloating(True)
    qtbot.waitUntil(lambda: window.training.header.height() > 0 and window.data.header.height() > 0)
    window.actions_by_name["view.reset"].trigger()
    qtbot.waitUntil(lambda: window.training.header.height() == 0 and window.data.header.height() == 0)
