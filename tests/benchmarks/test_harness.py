"""The benchmark harness: turns, medians of ratios, floors, and sides that compute the same."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from tests.benchmarks.harness import Row, Side, compare, interleave, table, timed
from tests.benchmarks.iterations import RATE, Ours, Workload, check_agreement, form, workloads
from tests.benchmarks.peers import NumpyNetwork


def scripted(times: Iterator[float], name: str, order: list[str]) -> Callable[[], float]:
    def measure() -> float:
        order.append(name)
        return next(times)

    return measure


def test_sides_take_turns_and_a_first_round_is_forgotten() -> None:
    order: list[str] = []
    sides = [
        Side(name, scripted(iter(times), name, order))
        for name, times in (("a", (99.0, 1.0, 2.0)), ("b", (99.0, 3.0, 4.0)))
    ]
    assert interleave(sides, rounds=2) == [[1.0, 2.0], [3.0, 4.0]]
    assert order == ["a", "b"] * 3


def test_ratios_are_those_of_each_round() -> None:
    order: list[str] = []
    ours = Side("ours", scripted(iter((9.0, 1.0, 2.0, 1.0)), "ours", order))
    theirs = Side("theirs", scripted(iter((9.0, 10.0, 30.0, 12.0)), "theirs", order), floor=11.0)
    first, second = compare("work", ours, [theirs], rounds=3)
    assert first == Row("work", "ours", 1.0)
    assert second == Row("work", "theirs", 12.0, 12.0, (10.0, 15.0), 11.0)
    assert first.meets_floor
    assert second.meets_floor
    assert not Row("work", "theirs", 1.0, 10.9, (1.0, 20.0), 11.0).meets_floor


def test_timing_is_for_one_iteration() -> None:
    done: list[int] = []
    seconds = timed(done.append, 1000)()
    assert done == [1000]
    assert 0 <= seconds < 1e-3


def test_the_table_is_aligned_and_says_what_is_not_met() -> None:
    rows = [Row("W1", "ours", 5e-7), Row("W1", "theirs", 1.4e-4, 208.0, (165.0, 229.0), 300.0)]
    lines = table(rows).splitlines()
    assert lines[2:] == [
        "W1",
        "  ours             0.50",
        "  theirs         140.00     208×        165–229   ≥ 300× NOT MET",
    ]


@pytest.mark.parametrize("workload", workloads(), ids=lambda workload: workload.title.split()[0])
def test_the_numpy_peer_learns_what_we_learn(workload: Workload) -> None:
    weights = [layer.weights_matrix.copy() for layer in form(workload, "reference").neural_layers]
    peer = NumpyNetwork(weights, workload.activations, workload.inputs, workload.targets, RATE)
    check_agreement([("reference", Ours(workload, "reference")), ("NumPy", peer)])
    with pytest.raises(AssertionError, match="do not compute the same"):
        check_agreement([("reference", Ours(workload, "reference")), ("NumPy", peer)], iterations=3)
