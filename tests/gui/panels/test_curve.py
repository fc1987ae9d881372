"""The loss curve: what it draws, says and lets one read, and axes that stand still."""

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtWidgets import QLabel, QPushButton
from pytestqt.qtbot import QtBot

from flux_studio.gui.panels.curve import LossCurve
from flux_studio.gui.theme import DARK, LIGHT, Theme, look
from flux_studio.training.events import CurvePoints
from tests.gui.shown import child, settle, shown, themed

NOTHING = CurvePoints(np.array([], dtype=int), np.array([]), np.array([]))


def falling(last: int, step: int = 10, scale: float = 0.25) -> CurvePoints:
    iterations = np.arange(0, last + 1, step)
    values = scale * np.exp(-iterations / 300)
    return CurvePoints(iterations, values * 0.95, values)


@pytest.fixture
def curve(qtbot: QtBot) -> LossCurve:
    themed()
    widget = shown(qtbot, LossCurve(), 1000, 200)
    widget.set_loss_title("MSE")
    widget.set_curve(falling(1840), falling(1840, 100, 0.3))
    settle()
    return widget


def fact(curve: LossCurve, name: str) -> QLabel:
    return child(curve, QLabel, f"curve.facts.{name}")


def painted(curve: LossCurve, colour: str) -> int:
    """How many pixels of the plot have exactly this colour."""
    seen = curve.plot.grab().toImage()
    return sum(
        seen.pixelColor(x, y).name() == colour for x in range(seen.width()) for y in range(seen.height())
    )


def ranges(curve: LossCurve) -> list[list[float]]:
    return curve.plot.getViewBox().viewRange()


def ticks(curve: LossCurve, side: str) -> list[str]:
    (level,) = curve.plot.getAxis(side)._tickLevels
    return [text for _, text in level]


def test_both_curves_are_drawn_in_their_colours(curve: LossCurve) -> None:
    assert painted(curve, LIGHT.curve_train) > 30
    assert painted(curve, LIGHT.curve_validation) > 30
    curve.set_curve(falling(1840), None)
    settle()
    assert painted(curve, LIGHT.curve_validation) == 0


def test_the_legend_is_in_words(curve: LossCurve) -> None:
    legend = child(curve, QLabel, "curve.legend")
    assert "train" in legend.text()
    assert "validation" in legend.text()
    curve.set_curve(falling(100), NOTHING)
    assert "validation" not in legend.text()


def test_facts_stand_beside_the_curve(curve: LossCurve) -> None:
    curve.set_facts(1840, 0.000557, 0.2504, 16, 16, 0.00123, 0.9667)
    assert curve.facts.iteration.text() == "1,840"
    shown_words = {
        name: fact(curve, name).text()
        for name in (
            "loss_title",
            "loss",
            "first_loss",
            "right",
            "validation_loss",
            "validation_accuracy",
        )
    }
    assert shown_words == {
        "loss_title": "MSE",
        "loss": "0.000557",
        "first_loss": "was 0.250400",
        "right": "16 of 16",
        "validation_loss": "0.001230",
        "validation_accuracy": "97 % right",
    }


def test_what_does_not_exist_has_no_line(curve: LossCurve) -> None:
    curve.set_facts(5, 0.1, None, None, None, None, None)
    assert fact(curve, "loss").isVisible()
    for name in (
        "first_loss",
        "right",
        "right_title",
        "validation_loss",
        "validation_title",
        "validation_accuracy",
    ):
        assert fact(curve, name).isHidden(), name


def test_a_person_switches_the_scale_and_it_is_told_once(qtbot: QtBot, curve: LossCurve) -> None:
    log = child(curve, QPushButton, "curve.scale.log")
    with qtbot.waitSignal(curve.log_changed) as changed:
        qtbot.mouseClick(log, Qt.MouseButton.LeftButton)
    assert changed.args == [True]
    assert log.isChecked()
    assert "0.001" in ticks(curve, "left")
    assert ranges(curve)[1][0] < -3
    with qtbot.assertNotEmitted(curve.log_changed):
        qtbot.mouseClick(log, Qt.MouseButton.LeftButton)


def test_the_scale_set_from_outside_is_not_told(qtbot: QtBot, curve: LossCurve) -> None:
    with qtbot.assertNotEmitted(curve.log_changed):
        curve.set_log(True)
    assert child(curve, QPushButton, "curve.scale.log").isChecked()
    curve.set_log(False)
    assert child(curve, QPushButton, "curve.scale.linear").isChecked()
    assert ticks(curve, "left")[0] == "0"


def test_iterations_have_thousands_separators(curve: LossCurve) -> None:
    assert ticks(curve, "bottom") == ["0", "500", "1,000", "1,500", "2,000"]


def test_the_axes_seldom_move_while_a_run_grows(curve: LossCurve) -> None:
    seen = []
    for last in range(1_000, 2_000, 10):
        curve.set_curve(falling(last), None)
        seen.append(str(ranges(curve)))
    assert len(set(seen)) <= 6


def test_the_plot_stays_where_it_is_whatever_the_numbers(curve: LossCurve) -> None:
    before = curve.plot.getViewBox().sceneBoundingRect()
    curve.set_curve(falling(10_000_000, 100_000, 1e9), None)
    curve.set_facts(10_000_000, 1e9, 1e9, 100_000, 100_000, None, None)
    settle()
    assert curve.plot.getViewBox().sceneBoundingRect() == before


def test_pointing_reads_the_curve(qtbot: QtBot, curve: LossCurve) -> None:
    view = curve.plot.getViewBox()
    place = view.mapViewToScene(QPointF(505, 0.1)).toPoint()
    qtbot.mouseMove(curve.plot.viewport(), place)
    expected = falling(1840)
    assert curve.plot.readout().split("\n")[0] == "iterations 500–509"
    low, high = curve.plot.readout().split("\n")[1].removeprefix("MSE ").split(" – ")
    assert float(low) == pytest.approx(expected.low[50], abs=1e-6)
    assert float(high) == pytest.approx(expected.high[50], abs=1e-6)
    assert curve.plot.readout().split("\n")[2].startswith("validation 0.05")
    qtbot.mouseMove(curve.plot.viewport(), QPoint(2, 2))
    assert curve.plot.readout() == ""


def test_arrow_keys_read_the_curve(qtbot: QtBot, curve: LossCurve) -> None:
    for key, first in (
        (Qt.Key.Key_Left, "iteration 1,840"),
        (Qt.Key.Key_Left, "iterations 1,830–1,839"),
        (Qt.Key.Key_Right, "iteration 1,840"),
    ):
        qtbot.keyClick(curve.plot, key)
        assert curve.plot.readout().split("\n")[0] == first
    qtbot.keyClick(curve.plot, Qt.Key.Key_Escape)
    assert curve.plot.readout() == ""


def test_without_points_it_says_how_to_begin(curve: LossCurve) -> None:
    empty = child(curve, QLabel, "curve.empty")
    assert empty.isHidden() or not empty.isVisible()
    curve.clear()
    settle()
    assert empty.isVisible()
    assert not curve.plot.isVisible()
    assert curve.facts.iteration.text() == "0"
    curve.set_curve(falling(0, 1), None)
    settle()
    assert empty.isVisible(), "iteration 0 alone is no curve yet"
    curve.set_curve(falling(1, 1), None)
    settle()
    assert curve.plot.isVisible()


def test_it_repaints_in_another_theme(curve: LossCurve) -> None:
    look.apply(DARK)
    try:
        settle()
        assert painted(curve, DARK.curve_train) > 30
        assert DARK.curve_train in child(curve, QLabel, "curve.legend").text()
    finally:
        look.apply(LIGHT)


@pytest.mark.parametrize("log", [False, True])
@pytest.mark.parametrize(
    "values",
    [[0.0], [0.0, 0.0], [np.nan, np.nan], [1.0, np.inf, np.nan], [1e300, 1e-300], [5e-324, 1.0], [3.0]],
    ids=str,
)
def test_odd_curves_are_drawn(curve: LossCurve, values: list[float], log: bool) -> None:
    numbers = np.array(values)
    curve.set_log(log)
    curve.set_curve(CurvePoints(np.arange(len(numbers)), numbers, numbers), None)
    settle()
    assert np.isfinite(ranges(curve)).all()
    assert not curve.grab().isNull()
    assert ticks(curve, "left")


@pytest.mark.parametrize("log", [False, True])
def test_a_dot_marks_the_curve_at_the_readout(qtbot: QtBot, curve: LossCurve, log: bool) -> None:
    plain = CurvePoints(np.array([0, 100, 200]), np.array([1.0, 0.1, 0.01]), np.array([1.0, 0.1, 0.01]))
    curve.set_log(log)
    curve.set_curve(plain, None)
    assert curve.plot.dots() == []
    for _ in range(2):
        qtbot.keyClick(curve.plot, Qt.Key.Key_Left)
    assert curve.plot.dots() == [(100.0, pytest.approx(-1.0 if log else 0.1))]
    place = curve.plot.getViewBox().mapViewToScene(QPointF(*curve.plot.dots()[0])).toPoint()
    assert curve.plot.grab().toImage().pixelColor(place).name() == LIGHT.curve_train
    qtbot.keyClick(curve.plot, Qt.Key.Key_Escape)
    assert curve.plot.dots() == []


def test_both_curves_have_a_dot(qtbot: QtBot, curve: LossCurve) -> None:
    qtbot.keyClick(curve.plot, Qt.Key.Key_Left)
    assert len(curve.plot.dots()) == 2


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=lambda theme: theme.name)
def test_the_focus_is_seen(curve: LossCurve, theme: Theme) -> None:
    look.apply(theme)
    curve.plot.setFocus(Qt.FocusReason.TabFocusReason)
    settle()
    seen = curve.plot.grab().toImage()
    assert seen.pixelColor(1, seen.height() // 2).name() == theme.accent
    curve.plot.clearFocus()
    settle()
    seen = curve.plot.grab().toImage()
    assert seen.pixelColor(1, seen.height() // 2).name() == theme.surface
    look.apply(LIGHT)
