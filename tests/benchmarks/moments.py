"""What rewinding costs: the longest jump within a run, and training that keeps snapshots beside one that does not."""

from __future__ import annotations

import time

import numpy as np

from flux_studio.training.timeline import Timeline
from tests.benchmarks.harness import Row, Side, compare, timed, within
from tests.benchmarks.sides.flux_studio import FluxStudio
from tests.benchmarks.workloads import Workload, chosen

JUMPS = 40
BURST_SECONDS = 0.020
SPEED_FLOOR = 0.97
"""Training with snapshots, as a share of the speed without any."""


def measure() -> list[Row]:
    """Jumps in 350,000 iterations of W1 and in an epoch of W5; the speed of W1."""
    (parity,), (pictures,) = chosen(["w1"]), chosen(["w5"])
    return [
        _jumps(parity, 350_000, 0.2),
        _jumps(pictures, pictures.unit, 1.5),
        *_keeping(parity),
    ]


def _jumps(workload: Workload, iterations: int, limit: float) -> Row:
    side = FluxStudio(workload)
    timeline = Timeline(side.network, 0)
    _train(side, iterations, timeline, _burst(workload))
    taken = []
    for wanted in np.random.default_rng(0).integers(0, iterations, JUMPS):
        begin = time.perf_counter()
        for _ in timeline.go(int(wanted)):
            pass
        taken.append(time.perf_counter() - begin)
    title = f"{workload.key}: {JUMPS} jumps within {iterations:,} iterations"
    return within(title, "the longest", [max(taken)], limit)


def _keeping(workload: Workload) -> list[Row]:
    burst = _burst(workload)
    iterations = 50 * burst
    sides = []
    for keeps in (True, False):
        side = FluxStudio(workload)
        timeline = Timeline(side.network, 0) if keeps else None

        def work(count: int, side: FluxStudio = side, timeline: Timeline | None = timeline) -> None:
            _train(side, count, timeline, burst)

        sides.append(timed(work, iterations, side.begin))
    with_, without = sides
    title = f"{workload.key} while snapshots are kept"
    return compare(title, Side("with snapshots", with_), [Side("without", without, SPEED_FLOOR)], rounds=9)


def _burst(workload: Workload) -> int:
    """How many iterations a session trains between two looks at its commands."""
    side = FluxStudio(workload)
    side.train(64)
    begin = time.perf_counter()
    side.train(256)
    return max(1, round(256 * BURST_SECONDS / (time.perf_counter() - begin)))


def _train(side: FluxStudio, iterations: int, timeline: Timeline | None, burst: int) -> None:
    while iterations > 0:
        # A session takes a snapshot each burst, to come back to when numbers go wrong.
        snapshot = side.network.snapshot()
        if timeline is not None:
            timeline.keep(side.iteration, snapshot)
        side.train(min(burst, iterations))
        iterations -= burst
