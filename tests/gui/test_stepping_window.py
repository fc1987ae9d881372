"""Stepping and the program through the real window: the bar's unit, the keys, the mark, and what a click chooses."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QPushButton
from pytestqt.qtbot import QtBot

from flux_studio.gui.main_window import MainWindow
from flux_studio.gui.panels.program import ProgramPanel
from flux_studio.gui.widgets.program_table import NUMBER, OPERATION, OWNER, PHASE, READS, WRITES
from flux_studio.training.session import Session
from tests.gui.shown import child
from tests.gui.windows import open_window, sample, until
from tests.training.sessions import obey
from tests.training.test_stepping import FORWARD

LEFT = Qt.MouseButton.LeftButton
A1 = ("layer-1", "weight_input_bias_matrix")


@pytest.fixture
def window(qtbot: QtBot) -> MainWindow:
    return open_window(qtbot, sample("parity-4"))


def choose(window: MainWindow, unit: str) -> None:
    child(window, QAction, f"action.train.unit.{unit}").trigger()


def step(qtbot: QtBot, window: MainWindow, back: bool = False) -> None:
    before = place(window)
    if back:
        window.actions_by_name["train.back"].trigger()
    else:
        qtbot.mouseClick(child(window, QPushButton, "action.train.step"), LEFT)
    until(qtbot, lambda: place(window) != before)


def place(window: MainWindow) -> tuple[int, int]:
    frame = window.focus.frame
    return (-1, -1) if frame is None else (frame.when.shown, frame.when.done)


def program(qtbot: QtBot, window: MainWindow) -> ProgramPanel:
    window.docks["program"].raise_()
    panel = child(window, ProgramPanel, "program")
    until(qtbot, lambda: panel.table.lines.rowCount() > 0)
    return panel


def test_operations_forwards_and_back(qtbot: QtBot, window: MainWindow) -> None:
    choose(window, "operation")
    assert child(window, QPushButton, "action.train.unit").text() == "operation"
    session = Session(sample("parity-4"), window.trainer.executor)
    for done in range(1, 5):
        step(qtbot, window)
        obey(session, FORWARD)
        assert place(window) == (0, done)
        assert window.status.past.text == f"Within iteration 1: {done} of 27 operations"
        for key, matrix in window.focus.frame.matrices.items():
            np.testing.assert_array_equal(matrix, session.network.matrix(key))
    assert not child(window, QPushButton, "action.past.branch").isVisible()
    for done in (3, 2, 1, 0):
        step(qtbot, window, back=True)
        assert place(window) == (0, done)
    assert window.status.past.isHidden()


@pytest.mark.parametrize(
    ("unit", "places"),
    [
        ("layer", [(0, 1), (0, 4), (0, 7)]),
        ("phase", [(0, 1), (0, 10), (0, 12), (1, 0)]),
        ("iteration", [(1, 0), (2, 0)]),
        ("epoch", [(1, 0), (2, 0)]),
    ],
)
def test_units(qtbot: QtBot, window: MainWindow, unit: str, places: list[tuple[int, int]]) -> None:
    choose(window, unit)
    for expected in places:
        step(qtbot, window)
        assert place(window) == expected
    for expected in [*places[-2::-1], (0, 0)]:
        step(qtbot, window, back=True)
        assert place(window) == expected


def test_training_from_the_middle_of_an_iteration(qtbot: QtBot, window: MainWindow) -> None:
    choose(window, "operation")
    for _ in range(3):
        step(qtbot, window)
    window.workbench.set_iterations(50)
    window.workbench.toggle_training()
    until(qtbot, lambda: not window.trainer.running and place(window) == (50, 0))
    straight = open_window(qtbot, sample("parity-4"))
    straight.workbench.set_iterations(50)
    straight.workbench.toggle_training()
    until(qtbot, lambda: not straight.trainer.running and place(straight) == (50, 0))
    for key, matrix in straight.focus.frame.matrices.items():
        np.testing.assert_array_equal(window.focus.frame.matrices[key], matrix)


def test_the_program_lists_every_operation(qtbot: QtBot, window: MainWindow) -> None:
    table = program(qtbot, window).table
    assert table.lines.rowCount() == 27
    line = [table.text(2, column) for column in (PHASE, OWNER, OPERATION, WRITES, READS)]
    assert line == ["forward", "Dense 1", "add row", "a", "x·w, b"]
    assert table.text(0, NUMBER) == "▶  1"


def test_the_mark_follows_and_shows_what_was_written(qtbot: QtBot, window: MainWindow) -> None:
    table = program(qtbot, window).table
    choose(window, "operation")
    for _ in range(3):
        step(qtbot, window)
    assert table.text(3, NUMBER) == "▶  4"
    assert window.focus.matrix == A1
    choose(window, "phase")
    step(qtbot, window)
    assert table.text(10, NUMBER) == "▶  11"
    assert window.focus.matrix == ("layer-3", "activated_output_matrix")


def test_a_click_shows_the_matrix_that_is_written(qtbot: QtBot, window: MainWindow) -> None:
    table = program(qtbot, window).table
    index = table.lines.index(14, WRITES)
    table.scrollTo(index)
    qtbot.mouseClick(table.viewport(), LEFT, pos=table.visualRect(index).center())
    assert window.focus.matrix == ("layer-3", "dC_da_matrix")


def test_steps_of_a_sequence_fold(qtbot: QtBot) -> None:
    window = open_window(qtbot, sample("mackey-glass"))
    table = program(qtbot, window).table
    folded = table.lines.rowCount()
    assert folded < 80
    assert table.text(1, OPERATION) == "▸  11 operations"
    qtbot.mouseClick(table.viewport(), LEFT, pos=table.visualRect(table.lines.index(1, OPERATION)).center())
    assert table.lines.rowCount() == folded + 11
    assert table.text(1, OPERATION) == "▾  11 operations"
    assert table.text(2, OWNER) == "LSTM 1 · step 1"
    qtbot.mouseClick(table.viewport(), LEFT, pos=table.visualRect(table.lines.index(1, OPERATION)).center())
    assert table.lines.rowCount() == folded
    # Where one stands is never folded away.
    choose(window, "operation")
    for _ in range(3):
        step(qtbot, window)
    assert table.text(table.lines.line_of(2), NUMBER).strip() == "3"


def test_training_stops_at_breakpoints(qtbot: QtBot, window: MainWindow) -> None:
    table = program(qtbot, window).table

    def click(number: int) -> None:
        index = table.lines.index(number, NUMBER)
        table.scrollTo(index)
        qtbot.mouseClick(table.viewport(), LEFT, pos=table.visualRect(index).center())

    click(4)
    click(14)
    assert table.text(4, NUMBER) == " ● 5"
    for expected in [(0, 4), (0, 14), (1, 4), (1, 14)]:
        window.workbench.toggle_training()
        until(qtbot, lambda expected=expected: place(window) == expected)
        assert not window.trainer.running
    assert table.text(14, NUMBER) == "▶● 15"
    assert window.status.currentMessage() == "stopped before operation 15: there is a breakpoint"
    # The same program begins anew: its breakpoints stay.
    window.actions_by_name["train.same"].trigger()
    until(qtbot, lambda: place(window) == (0, 0) and table.lines.rowCount() == 27)
    window.workbench.toggle_training()
    until(qtbot, lambda: place(window) == (0, 4))
    click(4)
    click(14)
    window.workbench.set_iterations(20)
    window.workbench.toggle_training()
    until(qtbot, lambda: place(window) == (20, 0) and not window.trainer.running)


def test_a_hidden_program_asks_nothing(qtbot: QtBot, window: MainWindow) -> None:
    window.docks["loss"].raise_()
    panel = child(window, ProgramPanel, "program")
    choose(window, "operation")
    step(qtbot, window)
    assert panel.table.lines.rowCount() == 0
    assert window.focus.matrix == A1
