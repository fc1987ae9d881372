"""The plot of a loss curve: no peak of any span is lost, to the column of pixels, however long the run."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from flux_studio.gui.widgets.curve_plot import CurvePlot
from flux_studio.project.curve import Curve
from tests.gui.shown import shown, themed


@pytest.fixture(scope="module")
def losses() -> np.ndarray:
    """Three million, falling, with noise."""
    generator = np.random.default_rng(0)
    return generator.lognormal(sigma=0.3, size=3_000_000) / (1 + np.arange(3_000_000) / 3e5)


@pytest.fixture
def plot(qtbot: QtBot) -> Iterator[CurvePlot]:
    themed()
    place = QWidget()
    plot = CurvePlot(place)
    plot.resize(900, 240)
    shown(qtbot, place, 1900, 240)
    yield plot
    place.close()


@settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    count=st.one_of(st.integers(2, 20_000), st.integers(20_000, 3_000_000)),
    peaks=st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.floats(0.001, 50)), max_size=8),
    span=st.tuples(st.integers(0, 899), st.integers(0, 899)),
    width=st.integers(300, 1900),
)
def test_extremes_of_any_span_are_drawn_in_it(
    plot: CurvePlot,
    losses: np.ndarray,
    count: int,
    peaks: list[tuple[float, float]],
    span: tuple[int, int],
    width: int,
) -> None:
    values = losses[:count].copy()
    for place, height in peaks:
        values[int(place * count)] = height
    curve = Curve()
    for start in range(0, count, 70_001):
        curve.extend(values[start : start + 70_001])
    plot.resize(width, 240)
    plot.set_curves(curve.points(), None)
    x, y = plot.line()
    left, columns = plot.place(0.0), plot.getViewBox().width()
    scale = columns / plot.getViewBox().viewRange()[0][1]  # pixels an iteration
    drawn, true = left + x * scale, left + np.arange(count) * scale
    begin, end = left + min(span) * columns / 900, left + (max(span) + 1) * columns / 900

    def within(places: np.ndarray, beyond: int) -> np.ndarray:
        return (places >= begin - beyond) & (places <= end + beyond)

    seen, wide = values[within(true, 0)], values[within(true, 1)]
    if not len(seen) or drawn[-1] < begin:
        return
    line = y[within(drawn, 1)]
    assert line.min() <= seen.min()
    assert line.max() >= seen.max()
    assert wide.min() <= y[within(drawn, 0)].min(initial=np.inf)
    assert wide.max() >= y[within(drawn, 0)].max(initial=-np.inf)
    assert np.isin(y, values).all(), "nothing is drawn that was not"
    assert (y.min(), y.max()) == (values.min(), values.max())


def test_many_sharp_turns_are_drawn_with_a_fine_pen(plot: CurvePlot, losses: np.ndarray) -> None:
    curve, calm = Curve(), Curve()
    curve.extend(losses)
    calm.extend(1 / (1 + np.arange(10_000) / 1000))
    plot.set_curves(curve.points(), calm.points())
    widths = [line.opts["pen"].widthF() for line in (plot._train_line, plot._validation_line)]
    assert widths == [1.0, 1.5]
    assert len(plot.line()[0]) <= 2 * (plot.getViewBox().width() + 1)
