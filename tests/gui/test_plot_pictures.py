"""Plots as pictures through the real window: the right click, the files, the clipboard, and a full disk."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from xml.etree import ElementTree

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QAction, QContextMenuEvent, QGuiApplication, QImage
from PySide6.QtWidgets import QAbstractScrollArea, QApplication, QMenu, QWidget
from pytestqt.qtbot import QtBot

from flux_studio.gui.main_window import MainWindow
from flux_studio.gui.theme import colour
from flux_studio.gui.widgets.curve_plot import CurvePlot
from flux_studio.gui.widgets.health_table import HealthTable
from flux_studio.gui.widgets.network_drawing import NetworkDrawing
from flux_studio.gui.widgets.surface_view import SurfaceView
from flux_studio.project import files
from tests.gui.shown import child, settle
from tests.gui.windows import Answers, open_window, sample, until

PLACES = {
    "loss": CurvePlot,
    "predictions": SurfaceView,
    "picture": NetworkDrawing,
    "health": HealthTable,
}


@pytest.fixture
def window(qtbot: QtBot) -> MainWindow:
    window = open_window(qtbot, sample("xor"))
    window.workbench.set_iterations(30)
    with qtbot.waitSignal(window.trainer.finished, timeout=60_000):
        window.workbench.toggle_training()
    return window


def plot_of(qtbot: QtBot, window: MainWindow, place: str) -> QWidget:
    window.docks.bring(place)
    plots = window.findChildren(PLACES[place])
    with qtbot.waitSignal(window.frame_shown, timeout=60_000):
        window.trainer.refresh()
    until(qtbot, lambda: any(each.isVisible() for each in plots))
    settle()
    return next(each for each in plots if each.isVisible())


def right_click(window: MainWindow, plot: QWidget) -> QMenu:
    target = plot.viewport() if isinstance(plot, QAbstractScrollArea) else plot
    place = QPoint(target.width() // 2, min(target.height() // 2, 20))
    event = QContextMenuEvent(QContextMenuEvent.Reason.Mouse, place, target.mapToGlobal(place))
    QApplication.sendEvent(target, event)
    return window.findChildren(QMenu, "plots.menu")[-1]


def choose(qtbot: QtBot, menu: QMenu, name: str) -> None:
    until(qtbot, menu.isVisible)
    place = menu.actionGeometry(child(menu, QAction, f"action.plot.{name}")).center()
    qtbot.mouseClick(menu, Qt.MouseButton.LeftButton, pos=place)


def colours(picture: QImage) -> set[int]:
    return {picture.pixel(x, y) for x in range(0, picture.width(), 2) for y in range(0, picture.height(), 2)}


@pytest.mark.parametrize("place", PLACES)
def test_every_plot_is_saved_and_copied(qtbot: QtBot, window: MainWindow, tmp_path: Path, place: str) -> None:
    assert isinstance(window.dialogs, Answers)
    plot = plot_of(qtbot, window, place)
    for name in ("png", "svg"):
        window.dialogs.out = tmp_path / f"plot.{name}"
        choose(qtbot, right_click(window, plot), name)
        until(qtbot, lambda name=name: window.status.currentMessage() == f"saved plot.{name}")
    picture = QImage(str(tmp_path / "plot.png"))
    assert picture.size() == 2 * plot.size()
    assert picture.pixel(0, 0) == colour("surface").rgb()
    assert len(colours(picture)) > 5
    drawing = ElementTree.fromstring((tmp_path / "plot.svg").read_text())
    marks = [each.tag.rpartition("}")[2] for each in drawing.iter()]
    assert marks.count("text") + marks.count("path") + marks.count("polyline") > 3
    clipboard = QGuiApplication.clipboard()
    clipboard.clear()
    choose(qtbot, right_click(window, plot), "copy")
    assert clipboard.image().size() == 2 * plot.size()


def test_the_suggested_name_says_what_it_is(qtbot: QtBot, window: MainWindow, tmp_path: Path) -> None:
    assert isinstance(window.dialogs, Answers)
    window.dialogs.out = None
    choose(qtbot, right_click(window, plot_of(qtbot, window, "loss")), "svg")
    assert window.dialogs.asked[-1].endswith("xor-loss-curve.svg")


def test_a_full_disk_is_told(
    qtbot: QtBot, window: MainWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(files, "_replace", full)
    assert isinstance(window.dialogs, Answers)
    window.dialogs.out = tmp_path / "plot.png"
    choose(qtbot, right_click(window, plot_of(qtbot, window, "loss")), "png")
    until(qtbot, lambda: "No space left on device" in window.trouble.text)
    assert list(tmp_path.iterdir()) == []
