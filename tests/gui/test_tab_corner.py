"""Controls of a panel: in its header, or beside the tabs where a tab says its title, and only while it is in front."""

from __future__ import annotations

import pytest
from PySide6.QtWidgets import QTabBar, QToolButton
from pytestqt.qtbot import QtBot

from flux_studio.gui.main_window import MainWindow
from tests.gui.shown import child
from tests.gui.windows import open_window, sample, until


@pytest.fixture
def window(qtbot: QtBot) -> MainWindow:
    return open_window(qtbot, sample("parity-4"))


def control(window: MainWindow) -> QToolButton:
    return child(window, QToolButton, "matrices.range")


def test_beside_the_tabs_of_its_own_panel(qtbot: QtBot, window: MainWindow) -> None:
    until(qtbot, control(window).isVisible)
    bar = next(
        bar for bar in window.findChildren(QTabBar) if bar.isVisible() and bar.tabText(0) == "Matrices"
    )
    middle = control(window).mapTo(window, control(window).rect().center())
    assert bar.geometry().contains(middle)
    assert middle.x() > bar.mapTo(window, bar.tabRect(bar.count() - 1).topRight()).x()
    window.docks["predictions"].raise_()
    until(qtbot, lambda: not control(window).isVisible())
    window.docks["matrices"].raise_()
    until(qtbot, control(window).isVisible)


def test_it_stays_at_the_end_when_the_window_grows(qtbot: QtBot, window: MainWindow) -> None:
    until(qtbot, control(window).isVisible)
    before = control(window).mapTo(window, control(window).rect().topRight()).x()
    window.resize(window.width() + 200, window.height())
    until(qtbot, lambda: control(window).mapTo(window, control(window).rect().topRight()).x() > before)


def test_without_tabs_it_stands_in_the_header(qtbot: QtBot, window: MainWindow) -> None:
    for dock in window.tabifiedDockWidgets(window.docks["matrices"]):
        dock.hide()
    until(qtbot, lambda: window.wall_header.isAncestorOf(control(window)) and control(window).isVisible())
    for live in window.lives:
        window.docks[live.name].show()
    until(qtbot, lambda: not window.wall_header.isAncestorOf(control(window)))
    window.docks["matrices"].raise_()
    until(qtbot, control(window).isVisible)
