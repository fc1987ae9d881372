"""What a step has written flashes in the real window, fades, and stays lightly marked until the next step."""

from __future__ import annotations

import pytest
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QApplication, QCommonStyle, QProxyStyle, QStyle
from pytestqt.qtbot import QtBot

from flux_studio.gui.main_window import MainWindow
from flux_studio.gui.theme import colour
from flux_studio.gui.widgets.written_mark import LASTING
from tests.gui.shown import settle
from tests.gui.windows import open_window, sample, until

XW, A1, W1 = (
    ("layer-1", name) for name in ("weight_and_input_matrix", "weight_input_bias_matrix", "weights_matrix")
)


@pytest.fixture
def window(qtbot: QtBot) -> MainWindow:
    return open_window(qtbot, sample("parity-4"))


def step(qtbot: QtBot, window: MainWindow, unit: str = "operation", back: bool = False) -> None:
    before = window.focus.frame.when
    window.trainer.step(unit, back)
    until(qtbot, lambda: window.focus.frame.when != before)


def tile_edge(window: MainWindow, key: tuple[str, str]) -> set[str]:
    """The colours on a line through the middle of a matrix on the wall."""
    picture, tile = window.wall.viewport().grab().toImage(), window.wall.tile_rect(key)
    ratio = picture.devicePixelRatio()
    middle = tile.center()
    return {
        QColor(picture.pixel(round(x * ratio), round(middle.y() * ratio))).name()
        for x in range(tile.left(), tile.right())
    }


def test_a_step_flashes_fades_and_leaves_a_light_mark(qtbot: QtBot, window: MainWindow) -> None:
    assert window.wall.written() == frozenset()
    step(qtbot, window)
    assert W1 in window.wall.written()
    step(qtbot, window)
    assert window.wall.written() == {XW}
    assert window.flashing.strength > LASTING
    window.focus.choose(XW)
    until(qtbot, lambda: window.focus.shows == XW)
    until(qtbot, lambda: window.focus_panel.grid.written() == range(8))
    until(qtbot, lambda: window.flashing.strength == LASTING)
    until(qtbot, lambda: not window.flashing._timer.isActive())
    assert window.wall.written() == {XW}
    settle()
    assert len(tile_edge(window, XW)) > 1
    step(qtbot, window)
    assert window.wall.written() == {A1}
    assert window.focus_panel.grid.written() == range(0)


def test_the_mark_has_the_colour_of_its_phase(qtbot: QtBot, window: MainWindow) -> None:
    step(qtbot, window)
    step(qtbot, window)
    until(qtbot, lambda: window.flashing.strength == LASTING)
    line = QColor(colour("forward"))
    near = min(
        abs(QColor(name).red() - line.red())
        + abs(QColor(name).green() - line.green())
        + abs(QColor(name).blue() - line.blue())
        for name in tile_edge(window, XW)
    )
    assert near < 200


def test_a_step_back_marks_without_a_flash(qtbot: QtBot, window: MainWindow) -> None:
    for _ in range(3):
        step(qtbot, window)
    step(qtbot, window, back=True)
    assert window.wall.written() == {XW}
    assert window.flashing.strength == LASTING
    step(qtbot, window, "phase", back=True)
    step(qtbot, window, "phase", back=True)
    assert window.focus.frame.when.done == 0
    assert window.wall.written() == frozenset()


def test_nothing_flashes_while_training(qtbot: QtBot, window: MainWindow) -> None:
    step(qtbot, window)
    window.workbench.toggle_training()
    until(qtbot, lambda: window.focus.frame.training or window.focus.frame.when.shown > 10)
    assert window.wall.written() == frozenset()
    until(qtbot, lambda: not window.trainer.running)
    assert window.wall.written() == frozenset()


class Calm(QProxyStyle):
    """A desktop that wants no animations."""

    def styleHint(self, hint, option=None, widget=None, data=None):  # type: ignore[no-untyped-def]
        return 0 if hint == QStyle.StyleHint.SH_Widget_Animation_Duration else super().styleHint(hint)


def test_without_animations_there_is_only_the_light_mark(
    qtbot: QtBot, window: MainWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    calm = Calm(QCommonStyle())
    monkeypatch.setattr(QApplication, "style", staticmethod(lambda: calm))
    step(qtbot, window)
    assert W1 in window.wall.written()
    assert window.flashing.strength == LASTING
    assert not window.flashing._timer.isActive()


def test_the_wall_goes_along_with_the_steps(qtbot: QtBot, window: MainWindow) -> None:
    window.resize(1200, 700)
    window.reset_layout()
    settle()
    last = ("layer-3", "activated_output_matrix")
    seen = window.wall.viewport().rect()
    assert not seen.contains(window.wall.tile_rect(last))
    step(qtbot, window)
    while last not in window.wall.written():
        step(qtbot, window)
    assert seen.contains(window.wall.tile_rect(last))
