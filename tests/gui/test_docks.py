"""The docks: where they stand at first, how they share the window, how they are hidden and come back."""

from __future__ import annotations

from itertools import pairwise

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QLabel, QMainWindow, QWidget
from pytestqt.qtbot import QtBot

from flux_studio.gui.docks import Docks
from flux_studio.gui.theme import look
from flux_studio.gui.widgets.panel_header import PanelHeader
from tests.gui.shown import settle, themed

NAMES = ("layers", "network", "matrices", "focus", "loss", "cell", "data", "training", "scores")


@pytest.fixture
def window(qtbot: QtBot) -> QMainWindow:
    themed()
    window = QMainWindow()
    qtbot.addWidget(window)
    window.setDockNestingEnabled(True)
    panels: dict[str, tuple[QWidget, PanelHeader]] = {
        name: (QLabel(name), PanelHeader(name.title())) for name in NAMES
    }
    window.docks = Docks(window, panels, {})
    window.resize(1600, 1000)
    window.show()
    window.docks.arrange()
    settle()
    return window


def left_to_right(window: QMainWindow, *names: str) -> bool:
    docks = [window.docks[name] for name in names]
    return all(one.geometry().right() < other.x() for one, other in pairwise(docks))


def top_to_bottom(window: QMainWindow, *names: str) -> bool:
    docks = [window.docks[name] for name in names]
    return all(one.geometry().bottom() < other.y() for one, other in pairwise(docks))


def test_the_first_places(window: QMainWindow) -> None:
    assert left_to_right(window, "layers", "matrices", "data")
    assert left_to_right(window, "network", "focus", "data")
    assert top_to_bottom(window, "layers", "network")
    assert top_to_bottom(window, "matrices", "focus", "loss")


@pytest.mark.parametrize("size", [(1600, 1000), (1280, 720), (3840, 2160)])
def test_the_middle_gets_the_room(window: QMainWindow, size: tuple[int, int]) -> None:
    window.resize(*size)
    window.docks.share_space()
    settle()
    widths = {name: window.docks[name].width() for name in ("layers", "matrices", "data")}
    assert widths["layers"] <= look.length(240) + 8
    assert abs(widths["data"] - look.length(310)) <= 8
    assert widths["matrices"] >= size[0] - look.length(240 + 310) - 40
    heights = {name: window.docks[name].height() for name in ("matrices", "focus", "loss")}
    assert heights["matrices"] > heights["focus"] > heights["loss"] > 0.15 * size[1]


def test_each_has_a_stable_name_for_tests_and_for_those_who_cannot_see(window: QMainWindow) -> None:
    for name in NAMES:
        assert window.docks[name].objectName() == f"dock.{name}"
        assert window.docks[name].accessibleName() == name.title()
        assert window.docks[name].widget().property("panel") == "true"


def test_the_actions_hide_and_show(window: QMainWindow) -> None:
    actions: list[QAction] = window.docks.actions()
    assert [action.text() for action in actions] == [name.title() for name in NAMES]
    for name, action in zip(NAMES, actions, strict=True):
        assert action.isChecked()
        action.trigger()
        assert not window.docks[name].isVisible()
        action.trigger()
        assert window.docks[name].isVisible()


def test_arranging_brings_everything_back(window: QMainWindow) -> None:
    docks = window.docks
    docks["data"].hide()
    docks["loss"].setFloating(True)
    window.addDockWidget(Qt.DockWidgetArea.BottomDockWidgetArea, docks["network"])
    window.tabifyDockWidget(docks["matrices"], docks["focus"])
    settle()
    docks.arrange()
    settle()
    assert all(docks[name].isVisible() and not docks[name].isFloating() for name in NAMES)
    assert left_to_right(window, "layers", "matrices", "data")
    assert top_to_bottom(window, "layers", "network")
    assert top_to_bottom(window, "matrices", "focus", "loss")
