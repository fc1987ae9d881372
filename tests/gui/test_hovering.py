"""The pointer over a number, in the real window: what the tool tip says, and This cell following the mouse."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QEvent, QPoint, Qt
from PySide6.QtGui import QHelpEvent
from PySide6.QtWidgets import QApplication, QCheckBox, QToolTip
from pytestqt.qtbot import QtBot

from flux_studio.gui.main_window import MainWindow
from flux_studio.gui.selection import CellPlace
from flux_studio.gui.this_cell import ThisCell
from flux_studio.gui.widgets.cell_brief import brief
from flux_studio.training.events import Frame, FrameRequest, Step
from flux_studio.training.explaining import ExplainCell
from tests.gui.shown import child
from tests.gui.windows import open_window, sample, until
from tests.training.sessions import obey, one, session_of

A1, X1, W1 = (("layer-1", name) for name in ("weight_input_bias_matrix", "input_matrix", "weights_matrix"))


@pytest.fixture
def window(qtbot: QtBot) -> MainWindow:
    return open_window(qtbot, sample("parity-4"))


def show(qtbot: QtBot, window: MainWindow, key: tuple[str, str]) -> None:
    window.focus.choose(key)
    until(qtbot, lambda: window.focus.shows == key)


def rest_on(window: MainWindow, cell: tuple[int, int]) -> QPoint:
    """Let the pointer rest on a cell, as Qt tells it."""
    grid = window.focus_panel.grid
    place = grid.cell_rect(cell).center()
    event = QHelpEvent(QEvent.Type.ToolTip, place, grid.viewport().mapToGlobal(place))
    QApplication.sendEvent(grid.viewport(), event)
    return place


def test_the_tip_tells_what_a_number_is_and_how_it_was_made(qtbot: QtBot, window: MainWindow) -> None:
    show(qtbot, window, A1)
    rest_on(window, (2, 1))
    lines = QToolTip.text().splitlines()
    assert lines[0] == "row 0010 (sample), column n1 (neuron)"  # at once, before the thread has answered
    until(qtbot, lambda: QToolTip.text().startswith("a[2,1] = "))
    value = float(window.focus.frame.matrices[A1][2, 1])
    lines = QToolTip.text().splitlines()
    assert float(lines[0].split(" = ")[1]) == pytest.approx(value, rel=1e-7)
    assert lines[1] == "row 0010 (sample), column n1 (neuron)"
    assert lines[2].startswith("a[2,1] = (x·w)[2,1] + b[1] = ")
    made, result = lines[2].replace("−", "-").split(" = ")[2:]
    assert eval(made) == pytest.approx(float(result), rel=1e-2)
    assert window.selection.place is None


def test_a_given_number_tells_where_it_comes_from(qtbot: QtBot, window: MainWindow) -> None:
    show(qtbot, window, X1)
    rest_on(window, (1, 3))
    until(qtbot, lambda: "given by the data" in QToolTip.text())
    assert "row 0001 (sample), column b0 (input)" in QToolTip.text()


def test_no_more_than_one_question_is_on_its_way(
    qtbot: QtBot, window: MainWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    show(qtbot, window, A1)
    asked: list[ExplainCell] = []
    ask = window.trainer.ask
    monkeypatch.setattr(window.trainer, "ask", lambda question: (asked.append(question), ask(question)))
    for row in range(3):
        rest_on(window, (row, 0))
    assert [question.cell for question in asked] == [(0, 0)]
    # Only the last place is still of interest.
    until(qtbot, lambda: len(asked) == 2)
    assert asked[1].cell == (2, 0)
    until(qtbot, lambda: QToolTip.text().startswith("a[2,0] = "))


def live(window: MainWindow) -> ThisCell:
    found = next(each for each in window.lives if each.name == "cell")
    assert isinstance(found, ThisCell)
    return found


def test_this_cell_follows_the_mouse_where_that_is_wished(qtbot: QtBot, window: MainWindow) -> None:
    show(qtbot, window, A1)
    grid = window.focus_panel.grid
    window.docks["cell"].raise_()
    window.selection.choose(CellPlace(A1, (0, 0)))
    until(qtbot, lambda: live(window).story is not None)
    qtbot.mouseMove(grid.viewport(), grid.cell_rect((1, 3)).center())
    assert live(window)._place == CellPlace(A1, (0, 0))
    box = child(window, QCheckBox, "cell.follow")
    qtbot.mouseClick(box, Qt.MouseButton.LeftButton, pos=QPoint(8, box.height() // 2))
    assert box.isChecked()
    for cell in ((2, 1), (1, 2)):
        qtbot.mouseMove(grid.viewport(), grid.cell_rect(cell).center())
        until(qtbot, lambda cell=cell: live(window).story.cell == cell)
    # The chosen cell stays the chosen one, and is told of again when the pointer has gone.
    assert window.selection.place == CellPlace(A1, (0, 0))
    QApplication.sendEvent(grid.viewport(), QEvent(QEvent.Type.Leave))
    until(qtbot, lambda: live(window).story.cell == (0, 0))


def test_while_training_the_followed_number_keeps_its_lines(qtbot: QtBot, window: MainWindow) -> None:
    show(qtbot, window, ("layer-1", "dC_dw_matrix"))
    window.docks["cell"].raise_()
    child(window, QCheckBox, "cell.follow").setChecked(True)
    grid = window.focus_panel.grid
    qtbot.mouseMove(grid.viewport(), grid.cell_rect((1, 2)).center())
    until(qtbot, lambda: live(window).story is not None)
    looks = [row.looks for row in live(window)._cell.working._rows]
    window.workbench.toggle_training()
    until(qtbot, lambda: window.focus.frame.when.shown > 50)
    assert [row.looks for row in live(window)._cell.working._rows] == looks
    until(qtbot, lambda: not window.trainer.running)


def test_every_cell_of_every_sample_can_be_told_in_a_few_lines() -> None:
    for name in ("parity-4", "mackey-glass", "iris"):
        session, _ = session_of(sample(name))
        obey(session, Step(2))
        questions = tuple(ExplainCell(key, (0, 0)) for key in session.network.program.matrices)
        frame = one(obey(session, FrameRequest(0, (), 256, questions)), Frame)
        for question, story in frame.answers.items():
            words = brief(story)
            assert words, question
            assert max(map(len, words.splitlines())) < 180, words
            assert len(words.splitlines()) <= 4
