"""The timeline's snapshots: within their budget, dense where one looks, and never without the first."""

from __future__ import annotations

import numpy as np
import pytest

from flux_studio.engine.network import Network
from flux_studio.errors import FluxError
from flux_studio.training.timeline import Timeline
from tests.project.projects import parity_project


def trained(length: int, burst: int, snapshots: int) -> tuple[Network, Timeline]:
    """A network trained in bursts, with room for so many snapshots."""
    network = parity_project().network("reference")
    network.rest()
    timeline = Timeline(network, 0, snapshots * network.snapshot().nbytes)
    for iteration in range(0, length, burst):
        timeline.keep(iteration, network.snapshot())
        losses = np.empty(min(burst, length - iteration), network.dtype)
        network.iterate(losses, iteration)
        timeline.note(iteration, losses)
    return network, timeline


def reach(timeline: Timeline, iteration: int, resting: int | None = None) -> int:
    """How many iterations had to be made again."""
    return sum(len(part.losses) for part in timeline.go(iteration, resting))


@pytest.mark.parametrize("snapshots", [0, 1, 2, 3, 10, 40])
def test_the_budget_holds_and_everything_is_still_reached(snapshots: int) -> None:
    network, timeline = trained(600, 3, snapshots)
    assert len(timeline.kept) <= max(5, snapshots)
    assert timeline.bytes <= max(5 * network.snapshot().nbytes, timeline.memory.budget)
    assert timeline.kept[0] == 0
    assert list(timeline.kept) == sorted(set(timeline.kept))
    other, known = trained(0, 1, 0)
    for iteration in (599, 3, 0, 301, 600):
        reach(timeline, iteration)
        reach(known, iteration)
        np.testing.assert_array_equal(network.snapshot(), other.snapshot())


def test_moments_are_dense_near_now_and_thinned_behind() -> None:
    _, timeline = trained(3000, 1, 60)
    gaps = np.diff(timeline.kept)
    assert timeline.kept[-1] >= 2990
    assert gaps[-15:].mean() < gaps[:15].mean() / 2
    assert gaps.max() < 400


def test_moments_become_dense_where_one_looks() -> None:
    _, timeline = trained(3000, 1, 60)
    timeline._part = 1
    far = reach(timeline, 1000)
    assert reach(timeline, 999) <= min(far, 3)
    assert len(timeline.kept) <= 60


def test_the_extremes_stay_quick_to_reach() -> None:
    network = parity_project().network("reference")
    network.rest()
    timeline = Timeline(network, 0, 20 * network.snapshot().nbytes)
    for iteration in range(0, 4000):
        timeline.keep(iteration, network.snapshot())
        losses = np.empty(1, network.dtype)
        network.iterate(losses, iteration)
        # A curve with one peak and one hollow, each in the middle of nowhere.
        timeline.note(iteration, np.array([{1233: 9.0, 2345: -9.0}.get(iteration, 0.5)]))
    assert {1233, 2345} <= set(timeline.kept)
    assert len(timeline.kept) <= 20


def test_where_the_network_rests_may_be_nearest() -> None:
    _, timeline = trained(1000, 500, 100)
    assert reach(timeline, 400) == 400
    assert reach(timeline, 401, resting=400) == 1
    assert reach(timeline, 400, resting=401) <= 400


def test_what_comes_after_a_branch_is_forgotten() -> None:
    _, timeline = trained(1000, 10, 100)
    reach(timeline, 505)
    timeline.forget_after(505)
    assert max(timeline.kept) <= 505
    assert timeline._lowest[1] <= 505
    assert timeline._highest[1] <= 505


def test_before_the_first_there_is_nothing() -> None:
    network = parity_project().network("reference")
    network.rest(7)
    with pytest.raises(FluxError, match="iteration 3 cannot be reached"):
        reach(Timeline(network, 7), 3)


@pytest.mark.parametrize("snapshots", [0, 6, 50])
def test_a_smaller_budget_thins_at_once_and_keeps_what_is_never_lost(snapshots: int) -> None:
    network, timeline = trained(0, 1, 400)
    for iteration in range(1000):
        timeline.keep(iteration, network.snapshot())
        losses = np.empty(1, network.dtype)
        network.iterate(losses, iteration)
        timeline.note(iteration, np.array([{233: 9.0, 654: -9.0}.get(iteration, 0.5)]))
        timeline.note_validation(iteration + 1, 0.1 if iteration == 480 else 0.7)
    before = timeline.kept
    timeline.set_budget(snapshots * network.snapshot().nbytes)
    assert len(timeline.kept) <= max(5, snapshots) < len(before)
    assert {0, 233, 480, 654, before[-1]} <= set(timeline.kept) <= set(before)
    assert timeline.memory.used == timeline.bytes == len(timeline.kept) * network.snapshot().nbytes
    other, known = trained(0, 1, 0)
    for iteration in (999, 655, 7):
        reach(timeline, iteration)
        reach(known, iteration)
        np.testing.assert_array_equal(network.snapshot(), other.snapshot())


def test_how_far_back_it_is_dense() -> None:
    _, timeline = trained(300, 3, 1000)
    assert timeline.memory.dense == 297
    _, timeline = trained(3000, 1, 60)
    gaps = np.diff(timeline.kept)
    dense = timeline.memory.dense
    assert 5 < dense < 1500
    place = list(timeline.kept).index(timeline.kept[-1] - dense)
    assert gaps[place:].max() <= 2 * np.median(gaps[-16:]) < gaps[place - 1]
    assert trained(0, 1, 9)[1].memory.dense == 0
