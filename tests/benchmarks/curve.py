"""A loss curve of ten million iterations: how long drawing it takes, and that no peak of it is lost."""

from __future__ import annotations

import os
import statistics
import sys
import time
from collections.abc import Callable

import numpy as np
from PySide6.QtWidgets import QApplication

from flux_studio.gui.app import make_application
from flux_studio.gui.theme import LIGHT, look
from flux_studio.gui.widgets.curve_plot import CurvePlot
from flux_studio.project.curve import Curve
from tests.benchmarks.harness import Row

ITERATIONS = 10_000_000
SECONDS = 0.005
_BURST = 100_000
_ROUNDS = 15
_TITLE = f"a curve of {ITERATIONS:,} iterations: how often a drawing fits into the 5 ms that it may take"


def measure() -> list[Row]:
    """Times of handing the plot a new curve and painting it, as while training."""
    if sys.platform.startswith("linux") and not os.environ.get("DISPLAY"):
        os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    make_application()
    look.apply(LIGHT)
    plot = CurvePlot()
    plot.resize(1200, 300)
    plot.show()
    QApplication.processEvents()
    curve, highest = _trained()
    rows = []
    for words, log in (("linear", False), ("log scale", True)):
        plot.set_log(log)

        def draw() -> None:
            curve.extend(np.full(1, 0.1))
            plot.set_curves(curve.points(), None)
            plot.viewport().repaint()

        rows.append(_row(words, draw))
        _, drawn = plot.line()
        assert drawn.max() == (np.log10(highest) if log else highest), "a peak is lost"
    plot.hide()
    plot.deleteLater()
    return rows


def _trained() -> tuple[Curve, float]:
    """Batch losses that fall, with noise and some peaks; and the highest of them."""
    generator, curve, highest = np.random.default_rng(0), Curve(), 0.0
    for start in range(0, ITERATIONS, _BURST):
        losses = generator.lognormal(sigma=0.5, size=_BURST) / (1 + start / 1e6)
        losses[generator.integers(_BURST)] *= 10
        curve.extend(losses)
        highest = max(highest, float(losses.max()))
    return curve, highest


def _row(side: str, work: Callable[[], None]) -> Row:
    work()
    times = []
    for _ in range(_ROUNDS):
        begin = time.thread_time()  # painting is one thread's work, and others use this machine, too
        work()
        times.append(time.thread_time() - begin)
    ratios = [SECONDS / taken for taken in times]
    return Row(
        _TITLE, side, statistics.median(times), statistics.median(ratios), (min(ratios), max(ratios)), 1.0
    )
