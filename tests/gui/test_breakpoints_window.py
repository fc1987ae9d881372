"""Conditional breakpoints through the real window: added, typed, switched off and removed, and why training rests."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QLabel, QToolButton
from pytestqt.qtbot import QtBot

from flux_studio.gui.main_window import MainWindow
from flux_studio.gui.widgets.condition_list import ConditionChip, ConditionList
from flux_studio.training.breakpoints import Condition
from flux_studio.training.events import Step
from flux_studio.training.session import Session
from tests.gui.shown import child, settle
from tests.gui.test_stepping_window import place
from tests.gui.windows import open_window, sample, until
from tests.training.sessions import obey

LEFT = Qt.MouseButton.LeftButton
W1 = ("layer-1", "weights_matrix")


@pytest.fixture
def window(qtbot: QtBot) -> MainWindow:
    window = open_window(qtbot, sample("parity-4"))
    window.docks["program"].raise_()
    settle()
    return window


def conditions(window: MainWindow) -> ConditionList:
    return child(window, ConditionList, "program.conditions")


def add(qtbot: QtBot, window: MainWindow, kind: str, text: str) -> ConditionChip:
    """From the menu; the number is typed over the one that stands there."""
    child(window, QAction, f"action.program.add.{kind}").trigger()
    settle()
    chip = conditions(window).chips[-1]
    qtbot.keyClicks(chip.number, text)
    qtbot.keyClick(chip.number, Qt.Key.Key_Return)
    return chip


def train(qtbot: QtBot, window: MainWindow) -> int:
    """Where training comes to rest."""
    before = window.trainer.iteration
    window.workbench.toggle_training()
    until(qtbot, lambda: window.trainer.iteration > before and not window.trainer.running)
    until(qtbot, lambda: place(window)[0] == window.trainer.iteration)
    return place(window)[0]


def state(window: MainWindow) -> str:
    return child(window, QLabel, "status.state").text()


def test_a_loss_below_a_limit_stops_exactly_there(qtbot: QtBot, window: MainWindow) -> None:
    session = Session(sample("parity-4"), window.trainer.executor)
    losses = [session.network.loss]
    for _ in range(2000):
        obey(session, Step())
        losses.append(session.network.loss)
    limit = 0.2
    expected = next(n for n in range(1, 2001) if losses[n] < limit <= losses[n - 1])
    chip = add(qtbot, window, "loss", "0.2")
    assert chip.condition == Condition("loss", limit)
    assert train(qtbot, window) == expected
    why = f"stopped: loss {losses[expected]:.3g} below 0.2 at iteration {expected:,}"
    assert state(window) == f"○ {why}"
    assert window.status.currentMessage() == why
    assert chip.property("hit")
    session = Session(sample("parity-4"), window.trainer.executor)
    obey(session, Step(expected))
    np.testing.assert_array_equal(window.focus.frame.matrices[W1], session.network.parameter(W1))
    # Going on goes on.
    again = train(qtbot, window)
    assert again > expected
    assert not chip.property("hit") or losses[again] < limit <= losses[again - 1]


def test_switched_off_and_removed_it_stops_nothing(qtbot: QtBot, window: MainWindow) -> None:
    first, second = (add(qtbot, window, "iteration", text) for text in ("50", "1,000"))
    assert conditions(window).conditions == (Condition("iteration", 50), Condition("iteration", 1000))
    assert train(qtbot, window) == 50
    assert state(window) == "○ stopped at iteration 50: there is a breakpoint"
    qtbot.mouseClick(second.check, LEFT)
    assert conditions(window).conditions == (Condition("iteration", 50),)
    assert train(qtbot, window) == 2000
    assert state(window) == "○ resting"
    assert not first.property("hit")
    # Another run of the same network stops there again, until it is removed.
    window.actions_by_name["train.same"].trigger()
    until(qtbot, lambda: place(window) == (0, 0))
    assert train(qtbot, window) == 50
    qtbot.mouseClick(child(first, QToolButton, "program.condition.remove"), LEFT)
    assert conditions(window).conditions == ()
    window.actions_by_name["train.same"].trigger()
    until(qtbot, lambda: place(window) == (0, 0))
    assert train(qtbot, window) == 2000


def test_what_is_no_limit_is_refused(qtbot: QtBot, window: MainWindow) -> None:
    chip = add(qtbot, window, "gradient", "a lot")
    assert "is not a number" in window.trouble.text
    assert chip.condition == Condition("gradient", 1.0)
    chip.number.give_up()


def test_without_validation_rows_no_validation_is_offered(qtbot: QtBot, window: MainWindow) -> None:
    validation = child(window, QAction, "action.program.add.validation")
    assert not validation.isVisible()
    window.document.open(sample("iris"), None)
    assert validation.isVisible()


def test_another_document_has_its_own(qtbot: QtBot, window: MainWindow) -> None:
    add(qtbot, window, "iteration", "50")
    window.document.open(sample("iris"), None)
    assert conditions(window).conditions == ()
    assert not conditions(window).chips


def test_a_hidden_program_stops_all_the_same(qtbot: QtBot, window: MainWindow) -> None:
    add(qtbot, window, "iteration", "30")
    window.docks["loss"].raise_()
    settle()
    window.actions_by_name["train.same"].trigger()
    until(qtbot, lambda: place(window) == (0, 0))
    assert train(qtbot, window) == 30
