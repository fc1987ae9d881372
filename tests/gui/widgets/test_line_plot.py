"""Lines: what is told at a place, what a click means, and that thinning loses no peak."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QColor
from pytestqt.qtbot import QtBot

from flux_studio.gui.widgets.line_plot import Line, LinePlot, thinned
from flux_studio.gui.widgets.plot_frame import PlotAxis
from tests.gui.shown import shown, themed


def line(up: np.ndarray) -> Line:
    return Line("y", QColor("red"), np.arange(len(up), dtype=float), up)


def test_many_numbers_keep_their_peaks() -> None:
    up = np.sin(np.arange(100_003) / 50)
    up[[17, 50_001, 99_000]] = 7, -9, 8
    across, kept = thinned(line(up), 500)
    assert len(kept) <= 4 * 500
    assert {7.0, -9.0, 8.0} <= set(kept)
    assert np.all(np.diff(across) >= 0)
    np.testing.assert_array_equal(kept, up[across.astype(int)])
    assert across[-1] > 99_500


def test_few_numbers_and_gaps_stay_as_they_are() -> None:
    up = np.array([1.0, np.nan, 3.0])
    np.testing.assert_array_equal(thinned(line(up), 100)[1], up)


def test_it_tells_the_numbers_below_the_pointer_and_a_click_the_place(qtbot: QtBot) -> None:
    themed()
    plot = LinePlot()
    plot.set_lines(PlotAxis("row", 0, 10), PlotAxis("y", 0, 10), (line(np.arange(11.0)),))
    shown(qtbot, plot, 500, 300)
    place = plot.place(4.0)
    assert plot.tip(QPointF(place, 100)).splitlines() == ["row 4", "y 4"]
    assert plot.tip(QPointF(1, 1)) == ""
    with qtbot.waitSignal(plot.chosen) as chosen:
        qtbot.mouseClick(plot, Qt.MouseButton.LeftButton, pos=QPoint(round(place), 100))
    assert chosen.args[0] == pytest.approx(4.0, abs=0.02)
