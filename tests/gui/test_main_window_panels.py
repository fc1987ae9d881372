"""What the window's panels share: one level of colours, one chosen cell, and fields that wait to be mended."""

from __future__ import annotations

from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from flux_studio.gui.main_window import MainWindow
from flux_studio.gui.widgets.number_edit import NumberEdit
from flux_studio.project.curve import CurvePoints
from tests.gui.windows import PATIENCE_MS, open_window, sample, until

SUM = ("layer-1", "weight_input_bias_matrix")


@pytest.fixture
def window(qtbot: QtBot) -> MainWindow:
    return open_window(qtbot, sample("parity-4"))


def type_rate(qtbot: QtBot, window: MainWindow, text: str) -> NumberEdit:
    rate = window.bar.findChild(NumberEdit, "training.rate")
    rate.setFocus()
    rate.selectAll()
    qtbot.keyClicks(rate, text)
    return rate


@pytest.mark.parametrize("name", ["train.toggle", "train.step"])
def test_keys_do_not_train_past_a_refused_rate(qtbot: QtBot, window: MainWindow, name: str) -> None:
    rate = type_rate(qtbot, window, "1e6")
    window.actions_by_name[name].trigger()
    assert not window.trainer.running
    assert window.trouble.isVisible()
    assert "must lie between 1e-8 and 10000, not 1e6" in window.trouble.text
    assert (rate.text(), rate.property("error")) == ("1e6", "true")
    qtbot.keyClick(rate, Qt.Key.Key_Escape)
    assert not window.trouble.isVisible()
    with qtbot.waitSignal(window.frame_shown):
        window.actions_by_name["train.step"].trigger()
    until(qtbot, lambda: window.trainer.iteration == 1)


def test_refused_units_keep_the_window_from_training(qtbot: QtBot, window: MainWindow) -> None:
    window.stack.select("layer-1")
    units = window.stack.findChild(QWidget, "network.layer.layer-1.units")
    units.setFocus()
    units.selectAll()
    qtbot.keyClicks(units, "1000000")
    window.actions_by_name["train.toggle"].trigger()
    assert not window.trainer.running
    assert "nits must be a whole number from 1 to 4,096, not 1000000" in window.trouble.text
    assert units.hasFocus()


def test_wall_and_focus_have_the_same_colours(qtbot: QtBot, window: MainWindow) -> None:
    window.focus.choose(SUM)
    with qtbot.waitSignal(window.trainer.finished, timeout=60_000):
        window.actions_by_name["train.toggle"].trigger()
    for key in (("layer-2", "weights_matrix"), ("layer-3", "dC_dw_matrix"), SUM):
        window.focus.choose(key)
        # A frame that was asked for before may come first.
        until(qtbot, lambda key=key: window.wall.level(key) is not None)
        assert window.focus_panel.grid.level() == window.wall.level(key)


def test_the_chosen_cell_outlives_training_and_starting_over(qtbot: QtBot, window: MainWindow) -> None:
    window.focus.choose(SUM)
    window.focus_panel.set_selected_cell(5, 2)
    window.actions_by_name["train.step"].trigger()
    until(qtbot, lambda: window.trainer.iteration == 1)
    for again in ("train.same", "train.new"):
        with qtbot.waitSignal(window.frame_shown, timeout=60_000):
            window.actions_by_name[again].trigger()
        assert window.focus_panel.selected_cell() == (5, 2)
    with qtbot.waitSignal(window.frame_shown, timeout=60_000):
        window.workbench.change_layer("layer-1", "units", 2)
    assert window.focus_panel.selected_cell() is None


def test_a_tick_shows_whether_the_theme_is_dark(window: MainWindow) -> None:
    dark = window.actions_by_name["view.dark"]
    assert dark.isCheckable()
    assert dark.icon().isNull()


def test_a_hidden_curve_is_not_drawn_and_catches_up_when_it_is_seen(
    qtbot: QtBot, window: MainWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn: list[int] = []
    draw = window.curve.set_curve

    def noted(train: CurvePoints, *others: Any) -> None:
        drawn.append(int(train.iterations[-1]))
        draw(train, *others)

    monkeypatch.setattr(window.curve, "set_curve", noted)
    window.docks.bring("program")
    until(qtbot, lambda: window.docks["loss"].visibleRegion().isEmpty())
    drawn.clear()
    with qtbot.waitSignal(window.trainer.finished, timeout=PATIENCE_MS):
        window.actions_by_name["train.toggle"].trigger()
    until(qtbot, lambda: window.focus.frame is not None and not window.focus.frame.training)
    assert not drawn
    window.docks.bring("loss")
    until(qtbot, lambda: drawn == [window.trainer.iteration])
