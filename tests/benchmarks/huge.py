"""A matrix of 4096×4096 in the focus view: how long the first picture takes, and a step of panning and of zooming."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
from PySide6.QtWidgets import QApplication

from flux_studio.engine.matrices import MATRIX_KINDS
from flux_studio.gui.panels.focus import MatrixFocus
from tests.benchmarks.harness import Row, within
from tests.benchmarks.stage import screen

SIDE = 4096
FIRST_SECONDS = 0.100
STEP_SECONDS = 1 / 30
_ROUNDS = 7
_TITLE = f"a matrix of {SIDE}×{SIDE} in the focus view"


def measure() -> list[Row]:
    """Times of whole pictures, zoomed to numbers, to a pixel a cell and to where all of it is seen."""
    screen()
    focus = MatrixFocus()
    focus.resize(1200, 500)
    focus.show()
    QApplication.processEvents()
    matrix = np.random.default_rng(0).normal(size=(SIDE, SIDE)).astype(np.float32)
    names, grid = [str(place) for place in range(SIDE)], focus.grid
    rows = []

    def first() -> None:
        focus.set_matrix(MATRIX_KINDS["weights_matrix"], "Dense 1", matrix, names, names, matrix.shape)
        focus.grab()

    def pan() -> None:
        for bar in (grid.horizontalScrollBar(), grid.verticalScrollBar()):
            bar.setValue((bar.value() + 37) % max(1, bar.maximum()))
        grid.viewport().grab()

    rows.append(_row("first picture", first, FIRST_SECONDS))
    for words, zoom in (
        ("numbers", 8),
        ("a pixel a cell", 0),
        ("half a pixel a cell", -1),
        ("all of it", -99),
    ):
        grid.set_zoom(zoom)
        rows.append(_row(f"pan, {words}", pan, STEP_SECONDS))

    def zoomed() -> None:
        grid.set_zoom(grid.zoom() - 1 if grid.zoom() > 0 else 8)
        grid.viewport().grab()

    rows.append(_row("zoom by a step", zoomed, STEP_SECONDS))
    focus.close()
    focus.deleteLater()
    return rows


def _row(side: str, work: Callable[[], None], budget: float) -> Row:
    work()
    times = []
    for _ in range(_ROUNDS):
        begin = time.perf_counter()
        work()
        times.append(time.perf_counter() - begin)
    return within(_TITLE, side, times, budget)
