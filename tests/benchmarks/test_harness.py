"""The benchmark harness: turns, medians of ratios, floors, and sides that compute the same."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from tests.benchmarks.__main__ import main, report
from tests.benchmarks.harness import Row, Side, compare, fitting, interleave, percent, table, timed, within


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


def test_what_goes_before_a_measurement_is_not_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    monkeypatch.setattr("time.perf_counter", lambda: now[0])

    def pass_by(seconds: float) -> None:
        now[0] += seconds

    measure = timed(lambda count: pass_by(2.0 * count), 3, begin=lambda: pass_by(100.0))
    assert measure() == measure() == 2.0


def test_a_side_is_given_as_many_whole_units_as_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    done: list[int] = []
    monkeypatch.setattr("time.perf_counter", lambda: now[0])

    def train(iterations: int) -> None:
        now[0] += 0.001 * iterations + (0 if done else 50.0)  # much is made at the first call
        done.append(iterations)

    assert fitting(train, unit=7, seconds=1.0) == 7 * round(1 / 0.007)
    assert all(iterations % 7 == 0 for iterations in done)
    assert fitting(train, unit=5_000, seconds=1.0) == 5_000


def test_the_table_is_aligned_and_says_what_is_not_met() -> None:
    rows = [
        Row("W1", "ours", 5e-7),
        Row("W1", "theirs", 1.4e-4, 208.0, (165.0, 229.0), 300.0),
        Row("W1", "others", 3e-6, 6.0, (5.9, 6.1), 5.0, 6.5),
    ]
    lines = table(rows).splitlines()
    assert lines[2:] == [
        "W1",
        "  ours             0.50",
        "  theirs         140.00     208×        165–229   ≥ 300× NOT MET",
        "  others           3.00    6.00×      5.90–6.10   ≥ 5× met   aim 6.5× not yet",
    ]


def test_a_floor_that_is_not_met_is_a_failure_and_an_aim_is_not(capsys: pytest.CaptureFixture[str]) -> None:
    met = Row("W1", "others", 3e-6, 6.0, (5.9, 6.1), 5.0, 6.5)
    assert report([Row("W1", "ours", 5e-7), met]) == 0
    assert report([met, Row("W2", "theirs", 1.0, 1.5, (1.0, 2.0), 2.0)]) == 1
    said = capsys.readouterr().out.splitlines()
    assert said == [
        "",
        "1 of 1 floors met",
        "0 of 1 aims met",
        "",
        "floor not met: W2: 1.50× theirs, 2× is asked",
        "1 of 2 floors met",
        "0 of 1 aims met",
    ]


def test_a_row_that_is_not_known_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["W99"]) == 2
    assert (
        "no row 'w99': choose among cells, curve, deep, gigabyte, growth, huge, loading, moments, w1,"
        in capsys.readouterr().err
    )


def test_what_is_to_keep_within_a_limit_reads_as_value_and_limit() -> None:
    kept = within("window", "tick", [0.016, 0.020, 0.018], 0.025)
    missed = within("window", "share", [0.3, 0.5, 0.4], 0.25, percent)
    assert (kept.words, missed.words) == ("18.0 ms of 25.0 ms", "40.0 % of 25.0 %")
    assert kept.ratio == pytest.approx(0.025 / 0.018)
    assert missed.spread == pytest.approx((0.5, 0.25 / 0.3))
    assert (kept.meets_floor, missed.meets_floor) == (True, False)
    heading, _, title, first, second = table([kept, missed]).splitlines()
    assert "value of limit" in heading
    assert title == "window"
    assert first.endswith("≥ 1× met")
    assert second.endswith("≥ 1× NOT MET")
