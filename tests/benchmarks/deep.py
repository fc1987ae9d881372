"""A network of 200 layers and 5 million weights: how soon it is on screen, and whether the window stays smooth."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import numpy as np
from PySide6.QtWidgets import QAbstractScrollArea, QDockWidget

from flux_studio.project.project import Project
from tests.benchmarks.harness import Row, within
from tests.benchmarks.stage import TICK_SECONDS, Stage, made_project, pause, screen
from tests.benchmarks.window import SECONDS, smooth

LAYERS, UNITS = 200, 158
OPENS_WITHIN = 2.0
_OPENINGS = 3


def measure() -> list[Row]:
    """Opens the window a few times, the engine having been loaded before; then uses it while it trains."""
    title = f"{LAYERS} layers and 5 million weights ({screen()})"
    opened = []
    for number in range(_OPENINGS + 1):
        with Stage(_project()) as stage:
            if number:
                opened.append(stage.opened_in)
            else:
                assert stage.window.trainer.ready is not None
                title = title.replace("5 million", f"{stage.window.trainer.ready.parameter_count:,}")
    rows = [within(title, "opens", opened, OPENS_WITHIN)]
    with Stage(_project()) as stage:
        window = stage.window
        stage.train()
        rows += smooth(title, "training", lambda: pause(SECONDS))
        rows += smooth(title, "the wall scrolls", _scrolling(window.wall))
        rows += smooth(title, "the network scrolls", _scrolling(window.stack.findChild(QAbstractScrollArea)))
        rows += smooth(title, "cells are chosen", _choosing(stage))
        rows += smooth(title, "panels come to the front", _raising(stage))
        stage.rest()
    return rows


def _project() -> Project:
    generator = np.random.default_rng(0)
    inputs, targets = (generator.random((256, width), np.float32) for width in (160, 1))
    layers = ",".join([f"{UNITS}:tanh"] * (LAYERS - 1) + ["1:identity"])
    project = made_project(inputs, targets, layers, optimizer="sgd:0.001")
    return project.with_specification(project.specification.replace(batch=32))


def _repeated(step: Callable[[int], None], every: float) -> Callable[[], None]:
    def act() -> None:
        for number in range(round(SECONDS / every)):
            step(number)
            pause(every)

    return act


def _scrolling(area: QAbstractScrollArea) -> Callable[[], None]:
    bar = area.verticalScrollBar()
    return _repeated(lambda _: bar.setValue((bar.value() + 40) % max(1, bar.maximum())), TICK_SECONDS)


def _choosing(stage: Stage) -> Callable[[], None]:
    focus = stage.window.focus_panel
    return _repeated(lambda number: focus.cell_selected.emit(number % 8, number % 5), 0.1)


def _raising(stage: Stage) -> Callable[[], None]:
    docks = itertools.cycle([dock for dock in stage.window.findChildren(QDockWidget) if not dock.isHidden()])
    return _repeated(lambda _: next(docks).raise_(), 0.2)
