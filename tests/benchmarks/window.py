"""What an open window costs, how smoothly it runs while training, and that panels which are hidden cost nothing."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from flux_studio.project.project import Project
from flux_studio.training.events import Close, Frame, Play, Progress
from flux_studio.training.session import Session
from tests.benchmarks.harness import Row, Side, beside, interleave, percent, within
from tests.benchmarks.stage import Stage, Ticks, made_project, pause, screen
from tests.benchmarks.workloads import Workload, chosen

SPEED_FLOOR = 0.95
"""Training with the window open, as a share of the speed without one."""
HIDDEN_FLOOR = 0.99
"""The same with all panels hidden: nothing but what the measurement itself wavers."""
CORE_LIMIT = 0.25
"""Of a core's time: showing eleven matrices of 128×128 and the curve."""
HIDDEN_LIMIT = 0.05
"""Of a core's time: the toolbar's and the status bar's numbers."""
P95_LIMIT, LONGEST_LIMIT = 0.025, 0.040
"""Seconds between two ticks of a timer of sixteen milliseconds."""
SECONDS = 1.0
ROUNDS = 5
_ROWS = 6_000
"""Rows of a large table: as many as open soon; a batch is as large as with all of them."""


def measure() -> list[Row]:
    """W1 and W5 in a window of 1600×1000 on its first layout, and a layer of 128 units on 128 rows of 128 numbers."""
    platform = screen()
    parity, pictures = (project_of(each) for each in chosen(["w1", "w5"]))
    return [
        *_training("W1", parity, platform),
        *_training("W5", pictures, platform),
        *_showing(platform),
    ]


def project_of(workload: Workload) -> Project:
    """A workload as the project of a window; of a large table only the first rows."""
    inputs, targets = (each[:_ROWS] for each in workload.data)
    sizes = zip(workload.widths[1:], workload.activations, strict=True)
    layers = ",".join(f"{units}:{activation}" for units, activation in sizes)
    optimizer = f"{workload.optimizer}:{workload.rate}"
    project = made_project(inputs, targets, layers, loss=workload.loss, optimizer=optimizer)
    return project.with_specification(project.specification.replace(batch=workload.batch))


def smooth(title: str, side: str, act: Callable[[], None]) -> list[Row]:
    """How far apart the ticks of a timer on the window's thread come while something goes on."""
    rounds = []
    for _ in range(ROUNDS):
        with Ticks() as ticks:
            act()
        rounds.append(ticks.gaps)
    return [
        within(
            title, f"{side}: tick, 95 of 100", [float(np.percentile(each, 95)) for each in rounds], P95_LIMIT
        ),
        within(title, f"{side}: tick, the longest", [float(each.max()) for each in rounds], LONGEST_LIMIT),
    ]


def _training(name: str, project: Project, platform: str) -> list[Row]:
    """Speed in turns: without a window, in one, and in one whose panels are hidden; then the ticks while it trains."""
    with Stage(project) as stage:

        def in_window() -> float:
            stage.hide_panels(False)
            return stage.seconds_an_iteration(SECONDS)

        def hidden() -> float:
            stage.hide_panels(True)
            return stage.seconds_an_iteration(SECONDS)

        def headless() -> float:
            return _headless(project)

        sides = Side("window", in_window), Side("window", hidden), Side("no window", headless)
        shown, bare, alone = interleave(sides, ROUNDS)
        title, without = f"{name} with the window open ({platform})", sides[2]
        rows = beside(title, sides[0], [replace(without, floor=SPEED_FLOOR)], [shown, alone])
        rows += beside(
            f"{name} with all panels hidden", sides[1], [replace(without, floor=HIDDEN_FLOOR)], [bare, alone]
        )
        stage.hide_panels(False)
        stage.train()
        rows += smooth(f"{title}: a timer of 16 ms", "training", lambda: pause(SECONDS))
        stage.rest()
    return rows


def _headless(project: Project) -> float:
    session, begin = Session(project), (0.0, 0)
    session.send(Play())
    for event in session.events():
        if not isinstance(event, Progress) or not event.iteration:
            continue
        now = time.perf_counter()
        if not begin[1]:
            begin = now, event.iteration
        elif now - begin[0] >= SECONDS:
            session.send(Close())
            return (now - begin[0]) / (event.iteration - begin[1])
    raise RuntimeError("training without a window ended early")


def _showing(platform: str) -> list[Row]:
    numbers = np.random.default_rng(0).normal(size=(2, 128, 128)).astype(np.float32)
    project = made_project(numbers[0], numbers[1], "128:tanh", optimizer="sgd:0.001")
    title = f"matrices of 128×128 and the curve, 30 frames a second ({platform}): time of a core"
    with Stage(project) as stage:
        frames = stage.record(1.0)
        all_shown = [_cost(stage, frames) for _ in range(ROUNDS)]
        stage.hide_panels(True)
        frames = stage.record(1.0)  # as they come then, without a matrix
        hidden = [_cost(stage, frames) for _ in range(ROUNDS)]
    return [
        within(title, "all panels", all_shown, CORE_LIMIT, percent),
        within(title, "all hidden", hidden, HIDDEN_LIMIT, percent),
    ]


def _cost(stage: Stage, frames: Sequence[Frame]) -> float:
    """Processor time a second of a window that is fed with frames, less that of one at rest."""

    def used(act: Callable[[], None]) -> float:
        begin, cpu = time.perf_counter(), time.process_time()
        act()
        return (time.process_time() - cpu) / (time.perf_counter() - begin)

    return used(lambda: stage.play(frames, SECONDS)) - used(lambda: pause(SECONDS / 2))
