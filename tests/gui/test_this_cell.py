"""This cell, in the real window: click a number, read how it came to be, follow a term, and come back."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPoint, Qt
from PySide6.QtGui import QAction, QContextMenuEvent, QGuiApplication, QHelpEvent
from PySide6.QtWidgets import QApplication, QMenu, QToolTip, QWidget
from pytestqt.qtbot import QtBot

from flux_studio.gui import this_cell, typesetting
from flux_studio.gui.main_window import MainWindow
from flux_studio.gui.panels.cell import CellPanel
from flux_studio.gui.selection import CellPlace
from flux_studio.project.catalogue import LAYER_KINDS
from flux_studio.project.specification import Place
from flux_studio.training.events import MatrixKey
from tests.gui.shown import child, settle
from tests.gui.windows import open_window, sample, until

SUM, WEIGHTED = ("layer-1", "weight_input_bias_matrix"), ("layer-1", "weight_and_input_matrix")
LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def window(qtbot: QtBot) -> MainWindow:
    return open_window(qtbot, sample("parity-4"))


def panel(window: MainWindow) -> CellPanel:
    found = window.docks["cell"].widget()
    assert isinstance(found, CellPanel)
    return found


def click(qtbot: QtBot, window: MainWindow, key: MatrixKey, cell: tuple[int, int]) -> CellPanel:
    """Click a number in the focus view, and wait until the panel tells of it."""
    window.focus.choose(key)
    until(qtbot, lambda: window.focus.shows == key)
    grid = window.focus_panel.grid
    grid.set_selected_cell(cell)  # into view
    qtbot.mouseClick(grid.viewport(), LEFT, pos=grid.cell_rect(cell).center())
    wait_for(qtbot, window, key, cell)
    return panel(window)


def wait_for(qtbot: QtBot, window: MainWindow, key: MatrixKey, cell: tuple[int, int]) -> None:
    assert window.selection.place == CellPlace(key, cell)
    live = next(live for live in window.lives if live.name == "cell")
    until(qtbot, lambda: live.story is not None and (live.story.key, live.story.cell) == (key, cell))


def number(text: str) -> float:
    return float(text.rpartition(" ")[2])


def test_a_number_tells_how_it_came_to_be(qtbot: QtBot, window: MainWindow) -> None:
    shown = click(qtbot, window, WEIGHTED, (5, 2))
    assert window.docks["cell"].visibleRegion().isEmpty() is False
    assert shown.place.text == "Dense 1 · weighted sum · row 0101 · n2"
    lines = shown.working.text().splitlines()
    assert lines[:3] == ["symbols", "(x·w)[5,2] = Σₖ x[5,k]·w[k,2]", "numbers"]
    assert [line.rpartition(" ")[0].strip() for line in lines[3:]] == [
        "x[5,0] × w[0,2]",
        "x[5,1] × w[1,2]",
        "x[5,2] × w[2,2]",
        "x[5,3] × w[3,2]",
        "sum",
    ]
    assert number(lines[-1]) == pytest.approx(sum(map(number, lines[3:-1])), abs=2e-4)
    assert number(shown.number.text) == pytest.approx(number(lines[-1]), abs=1e-3)
    assert shown.verdict.text() == "✓ the same as in the matrix"
    assert shown.written.text() == "written by operation 2 of 27, multiply"
    assert shown.uses.text().splitlines() == ["used for", "a[5,2]"]


def test_a_term_leads_to_its_cell_and_back_returns(qtbot: QtBot, window: MainWindow) -> None:
    shown = click(qtbot, window, SUM, (5, 2))
    assert not shown.back.isEnabled()
    qtbot.mouseClick(shown.working, LEFT, pos=shown.working.link_rect("(x·w)[5,2]").center())
    wait_for(qtbot, window, WEIGHTED, (5, 2))
    until(qtbot, lambda: window.focus_panel.selected_cell() == (5, 2))
    assert window.wall.selected() == window.focus.matrix == window.focus.shows == WEIGHTED
    weight = ("layer-1", "weights_matrix")
    qtbot.mouseClick(shown.working, LEFT, pos=shown.working.link_rect("w[3,2]").center())
    wait_for(qtbot, window, weight, (3, 2))
    until(qtbot, lambda: window.focus_panel.selected_cell() == (3, 2))
    assert "the next update, gradient descent" in shown.working.text()
    assert shown.verdict.text() == "✓ the same as the next update makes it"
    assert shown.written.text() == "to be written by operation 1 of 27, gradient descent"
    assert shown.origin.text() == "As it was drawn, or set, before training began."
    assert shown.back.toolTip() == "Back to x·w of Dense 1 (Backspace)"
    qtbot.mouseClick(shown.back, LEFT)
    wait_for(qtbot, window, WEIGHTED, (5, 2))
    shown.working.setFocus()
    qtbot.keyClick(shown.working, Qt.Key.Key_Backspace)
    wait_for(qtbot, window, SUM, (5, 2))
    until(qtbot, lambda: window.focus_panel.selected_cell() == (5, 2) and window.focus.shows == SUM)
    assert not shown.back.isEnabled()


def test_what_it_was_made_from_lights_up(qtbot: QtBot, window: MainWindow) -> None:
    click(qtbot, window, SUM, (5, 2))
    names = ("weight_and_input_matrix", "bias_matrix", "input_matrix", "weights_matrix")
    until(qtbot, lambda: window.wall.marked() == {("layer-1", name) for name in names})
    weights = ("layer-1", "weights_matrix")
    window.focus.choose(weights)
    until(qtbot, lambda: window.focus.shows == weights and len(window.focus_panel.grid.marked()) == 4)
    assert window.focus_panel.grid.marked() == {(row, 2) for row in range(4)}
    window.focus.choose(WEIGHTED)
    until(qtbot, lambda: window.focus.shows == WEIGHTED and window.focus_panel.grid.marked() == {(5, 2)})
    window.docks["data"].raise_()
    until(qtbot, lambda: not window.wall.marked())
    assert not window.focus_panel.grid.marked()


def test_keys_go_from_term_to_term(qtbot: QtBot, window: MainWindow) -> None:
    shown = click(qtbot, window, WEIGHTED, (5, 2))
    lines = shown.working
    lines.setFocus(Qt.FocusReason.TabFocusReason)
    assert lines.accessibleDescription() == "go to x[5,0]"
    for _ in range(3):
        qtbot.keyClick(lines, Qt.Key.Key_Down)
    assert lines.accessibleDescription() == "go to w[1,2]"
    qtbot.keyClick(lines, Qt.Key.Key_Return)
    wait_for(qtbot, window, ("layer-1", "weights_matrix"), (1, 2))


def test_tab_goes_through_the_panel_in_order(qtbot: QtBot, window: MainWindow) -> None:
    shown = click(qtbot, window, SUM, (5, 2))
    qtbot.mouseClick(shown.working, LEFT, pos=shown.working.link_rect("(x·w)[5,2]").center())
    wait_for(qtbot, window, WEIGHTED, (5, 2))
    shown.back.setFocus(Qt.FocusReason.TabFocusReason)
    passed = [QApplication.focusWidget()]
    for _ in range(2):
        qtbot.keyClick(passed[-1], Qt.Key.Key_Tab)
        passed.append(QApplication.focusWidget())
    assert passed == [shown.back, shown.working, shown.uses]
    assert all(widget.accessibleName() for widget in passed)


def test_a_long_sum_opens_and_closes(qtbot: QtBot) -> None:
    window = open_window(qtbot, sample("iris"))
    key = ("layer-1", "dC_dw_matrix")
    shown = click(qtbot, window, key, (1, 1))
    terms = [row for row in shown.working.rows if row.kind == "term"]
    assert len(terms) == 8
    assert "+ 112 more terms, together" in shown.working.text()
    qtbot.mouseClick(shown.working, LEFT, pos=shown.working.more_rect().center())
    until(qtbot, lambda: len([row for row in shown.working.rows if row.kind == "term"]) == 120)
    assert "show the largest terms only" in shown.working.text()
    settle()
    qtbot.mouseClick(shown.working, LEFT, pos=shown.working.more_rect().center())
    until(qtbot, lambda: len([row for row in shown.working.rows if row.kind == "term"]) == 8)


def test_what_takes_long_to_explain_waits_until_it_is_worth_it(
    qtbot: QtBot, window: MainWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(this_cell, "SHARE", 1e9)
    click(qtbot, window, SUM, (5, 2))
    live = next(live for live in window.lives if live.name == "cell")
    told: list[tuple[bool, float]] = []
    window.trainer.frame_arrived.connect(lambda frame: told.append((frame.training, live.story.value)))
    before = live.story.value
    with qtbot.waitSignal(window.trainer.finished, timeout=60_000):
        window.actions_by_name["train.toggle"].trigger()
    until(qtbot, lambda: live.story.value != before)
    assert {value for training, value in told if training} <= {before}
    assert window.focus.frame is not None
    assert live.story.value == window.focus.frame.matrices[SUM][5, 2]


def test_numbers_change_in_place_while_training(qtbot: QtBot) -> None:
    project = sample("iris")
    slow = project.specification.replace(iterations=60, pace=100.0)
    window = open_window(qtbot, project.with_specification(slow))
    shown = click(qtbot, window, ("layer-1", "dC_dw_matrix"), (1, 1))
    looks = [row.looks for row in shown.working.rows]
    seen: set[str] = set()
    height = shown.working.height()
    window.frame_shown.connect(lambda: seen.add(shown.number.text))
    with qtbot.waitSignal(window.trainer.finished, timeout=60_000):
        window.actions_by_name["train.toggle"].trigger()
    until(qtbot, lambda: not window.trainer.running)
    assert [row.looks for row in shown.working.rows] == looks
    assert shown.working.height() == height
    assert len(seen) > 1
    assert shown.verdict.text().startswith("✓")


def test_hidden_it_asks_nothing(qtbot: QtBot, window: MainWindow) -> None:
    click(qtbot, window, SUM, (5, 2))
    live = next(live for live in window.lives if live.name == "cell")
    assert live.seen
    window.docks["data"].raise_()
    until(qtbot, lambda: not live.seen)
    assert window._wanted()[1] == ()


def test_a_click_leaves_the_nudge_panel_in_front(qtbot: QtBot, window: MainWindow) -> None:
    click(qtbot, window, SUM, (5, 2))
    nudge, cell = (next(live for live in window.lives if live.name == name) for name in ("nudge", "cell"))
    window.docks["nudge"].raise_()
    until(qtbot, lambda: nudge.seen and not cell.seen)
    grid = window.focus_panel.grid
    qtbot.mouseClick(grid.viewport(), LEFT, pos=grid.cell_rect((3, 1)).center())
    settle()
    assert window.selection.place == CellPlace(SUM, (3, 1))
    assert nudge.seen
    assert not cell.seen


def test_a_removed_layer_takes_its_cell_along(qtbot: QtBot, window: MainWindow) -> None:
    key = ("layer-2", "weight_input_bias_matrix")
    shown = click(qtbot, window, key, (5, 2))
    window.workbench.delete_layer("layer-2")
    until(qtbot, lambda: window.selection.place is None)
    assert not shown.message.isHidden()
    assert shown.working.rows == ()


@pytest.mark.parametrize("kind", LAYER_KINDS)
def test_every_matrix_of_every_kind_of_layer_is_told(qtbot: QtBot, kind: str) -> None:
    window = open_window(qtbot, sample("parity-4"))
    with qtbot.waitSignal(window.frame_shown, timeout=60_000):
        window.stack.insert_at(kind, Place(1))
    new = window.workbench.specification.layers[1]
    ready, generator = window.trainer.ready, np.random.default_rng(0)
    assert ready is not None
    for key in (key for key in ready.shapes if key[0].split("/")[0] == new.identity):
        rows, columns = ready.shapes[key]
        cell = int(generator.integers(rows)), int(generator.integers(columns))
        window.selection.choose(CellPlace(key, cell))
        wait_for(qtbot, window, key, cell)
        shown = panel(window)
        assert shown.verdict.text().startswith("✓") or shown.origin.text()


def resting(widget: QWidget, place: QPoint) -> str:
    """What the tool tip says where the pointer rests."""
    QApplication.sendEvent(widget, QHelpEvent(QEvent.Type.ToolTip, place, widget.mapToGlobal(place)))
    text = QToolTip.text()
    QToolTip.hideText()
    return text


def test_symbols_of_a_formula_say_their_names_and_lead_to_their_cells(
    qtbot: QtBot, window: MainWindow
) -> None:
    shown = click(qtbot, window, ("layer-1", "dC_da_matrix"), (5, 2))
    lines = shown.working
    assert resting(lines, lines.symbol_rect("∂C/∂h[5,2]").center()).startswith(
        "∂C/∂h[5,2], a cell of ∂C/∂h: gradient of the cost with respect to the output of Dense 1\n"
    )
    # The sum inside: its letters stand for many cells.
    words = resting(lines, lines.symbol_rect("w[2,k]").center())
    assert words.startswith("w[2,k], a cell of w: weights of Dense 2")
    assert "\n= " not in words
    qtbot.mouseClick(lines, LEFT, pos=lines.symbol_rect("∂h/∂a[5,2]").center())
    wait_for(qtbot, window, ("layer-1", "dh_da_matrix"), (5, 2))


def test_the_explanation_is_copied_as_latex(qtbot: QtBot, window: MainWindow) -> None:
    shown = click(qtbot, window, SUM, (5, 2))
    clipboard = QGuiApplication.clipboard()
    for name in ("copy_latex", "copy"):
        clipboard.clear()
        place = shown.working.rect().center()
        menu_event = QContextMenuEvent(
            QContextMenuEvent.Reason.Mouse, place, shown.working.mapToGlobal(place)
        )
        QApplication.sendEvent(shown.working, menu_event)
        menu = shown.working.findChildren(QMenu, "cell.menu")[-1]
        until(qtbot, menu.isVisible)
        action = child(menu, QAction, f"action.cell.{name}")
        qtbot.mouseClick(menu, LEFT, pos=menu.actionGeometry(action).center())
        text = clipboard.text()
        if name == "copy_latex":
            assert text.startswith("\\begin{align*}\n")
            assert r"a_{5,2} &= (x \cdot w)_{5,2} + b_{2} \\" in text
            value = float(text.splitlines()[-2].rpartition("= ")[2])
            assert value == pytest.approx(number(shown.number.text), rel=1e-6)
        else:
            assert text == shown.working.text()
        settle()


def test_other_numbers_set_nothing_anew(qtbot: QtBot, window: MainWindow) -> None:
    shown = click(qtbot, window, SUM, (5, 2))
    number, before = shown.number.text, typesetting.box.cache_info().misses
    window.trainer.step()
    until(qtbot, lambda: shown.number.text != number)
    settle()
    assert typesetting.box.cache_info().misses == before
