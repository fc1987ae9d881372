"""The histogram: what it counts, and that its bars stay where they are."""

from __future__ import annotations

import numpy as np
from pytestqt.qtbot import QtBot

from flux_studio.gui.widgets.histogram import BARS, Histogram
from tests.gui.shown import shown, themed


def test_bars_count_the_numbers_between_their_bounds(qtbot: QtBot) -> None:
    themed()
    histogram = shown(qtbot, Histogram(), 200, 60)
    numbers = np.random.default_rng(0).normal(size=(40, 50))
    histogram.set_matrix(numbers, 3.0)
    # Beyond the range, numbers count under the last bar; a place of the colours is a 254th of the range.
    edges = np.linspace(-3.0, 3.0, BARS + 1)
    exact, _ = np.histogram(np.clip(numbers, -3, 3), bins=edges)
    assert histogram.counts.sum() == numbers.size
    assert np.abs(histogram.counts - exact).max() <= 0.02 * numbers.size
    assert histogram.counts[BARS // 2] == np.count_nonzero(np.abs(numbers) < 7.5 / 127 * 3.0)


def test_zero_is_in_the_middle_and_nan_is_left_out(qtbot: QtBot) -> None:
    themed()
    histogram = shown(qtbot, Histogram(), 200, 60)
    before = [histogram.bar_rect(place) for place in range(BARS)]
    histogram.set_matrix(np.array([[0.0, 0.0, -9.0, 9.0, np.nan]]), 1.0)
    assert histogram.counts[BARS // 2] == 2
    assert (histogram.counts[0], histogram.counts[-1], histogram.counts.sum()) == (1, 1, 4)
    assert [histogram.bar_rect(place) for place in range(BARS)] == before
    assert histogram.tip(before[BARS // 2].center()) == "2 numbers from −0.0588 to 0.0588"
    picture = histogram.grab().toImage()
    assert picture.pixelColor(before[0].left() + 1, before[0].bottom() - 2) != picture.pixelColor(
        before[1].left() + 1, before[1].bottom() - 2
    )
