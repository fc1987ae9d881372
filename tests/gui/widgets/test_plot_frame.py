"""The frame of a plot: numbers become pixels and back, and ticks are round numbers inside the range."""

from __future__ import annotations

import math

import pytest
from PySide6.QtCore import QPointF, QSize
from pytestqt.qtbot import QtBot

from flux_studio.gui.widgets.axis_steps import range_ticks
from flux_studio.gui.widgets.plot_frame import PlotAxis, PlotFrame


def test_numbers_become_pixels_and_back(qtbot: QtBot) -> None:
    frame = PlotFrame(QSize(400, 300), PlotAxis("x", -2.0, 6.0), PlotAxis("y", 10.0, 30.0))
    assert frame.point(-2.0, 10.0) == QPointF(frame.body.left(), frame.body.bottom())
    assert frame.point(6.0, 30.0) == QPointF(frame.body.right(), frame.body.top())
    assert frame.values(frame.point(1.25, 17.5)) == pytest.approx((1.25, 17.5))
    assert 0 < frame.body.left() < frame.body.right() < 400
    assert 0 < frame.body.top() < frame.body.bottom() < 300


def test_what_lies_far_outside_or_is_no_number_stays_countable(qtbot: QtBot) -> None:
    frame = PlotFrame(QSize(400, 300), PlotAxis("x", 0.0, 1.0), PlotAxis("y", 0.0, 0.0))
    for value in (math.nan, math.inf, -math.inf, 1e300):
        assert abs(frame.x(value)) < 1e5
        assert abs(frame.y(value)) < 1e5


@pytest.mark.parametrize(
    ("low", "high", "most"),
    [(0.0, 1.0, 5), (-0.2, 1.2, 4), (4.3, 7.9, 6), (-3e-7, 2e-6, 5), (1e6, 3e9, 3), (-5.0, -4.9, 4)],
)
def test_ticks_are_round_and_inside(low: float, high: float, most: int) -> None:
    ticks = range_ticks(low, high, most)
    values = [value for value, _ in ticks]
    assert 1 <= len(values) <= most + 1
    slack = 1e-9 * (high - low)
    assert all(low - slack <= value <= high + slack for value in values)
    assert len({text for _, text in ticks}) == len(ticks)


def test_a_range_of_nothing_has_one_tick_and_words_stand_at_both_ends() -> None:
    assert range_ticks(2.0, 2.0, 4) == [(2.0, "2")]
    assert range_ticks(math.nan, 1.0, 4) == []
    assert PlotAxis("on", -0.2, 1.2, ("no", "yes")).ticks(100) == [(0.0, "no"), (1.0, "yes")]
