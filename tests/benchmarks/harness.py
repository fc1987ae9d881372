"""Measures several ways of doing the same work side by side: in turns within one run, so that noise meets all.

One side is the subject; every other is a peer it is compared with. In each round every side is measured once, in
turn; the ratio of a round is the peer's time over the subject's, so that 2.0 means twice as fast as the peer.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Side:
    """One way of doing the work. ``measure`` does it once and returns the seconds that an iteration took."""

    name: str
    measure: Callable[[], float]
    floor: float | None = None
    """For a peer: the smallest ratio that is good enough."""
    aim: float | None = None
    """For a peer: the ratio that we would like to reach."""


@dataclass(frozen=True)
class Row:
    """What was found about one side of one workload. The subject's row has no ratio."""

    workload: str
    side: str
    seconds: float
    """Median seconds an iteration."""
    ratio: float | None = None
    """Median over the rounds of the peer's time by the subject's."""
    spread: tuple[float, float] | None = None
    """Smallest and largest ratio of a round."""
    floor: float | None = None
    aim: float | None = None
    words: str = ""
    """The value as it is to be read, where it is no time of an iteration."""

    @property
    def meets_floor(self) -> bool:
        """Whether the ratio is good enough, where something is asked of it."""
        return self.floor is None or (self.ratio is not None and self.ratio >= self.floor)

    @property
    def meets_aim(self) -> bool:
        """Whether the ratio is what we would like it to be, where that is said."""
        return self.aim is None or (self.ratio is not None and self.ratio >= self.aim)


def timed(
    work: Callable[[int], object], iterations: int, begin: Callable[[], object] | None = None
) -> Callable[[], float]:
    """For :class:`Side`: seconds an iteration of ``work(iterations)``, which does that many.

    ``begin`` is called before each measurement, outside of its time.
    """

    def measure() -> float:
        if begin is not None:
            begin()
        start = time.perf_counter()
        work(iterations)
        return (time.perf_counter() - start) / iterations

    return measure


def fitting(work: Callable[[int], object], unit: int, seconds: float) -> int:
    """How many iterations, in whole units, take about that long; the first unit, where much is made, does not count."""
    work(unit)
    units, taken = 1, 0.0
    while True:
        begin = time.perf_counter()
        work(units * unit)
        taken = time.perf_counter() - begin
        if taken >= seconds / 4:
            return unit * max(1, round(units * seconds / taken))
        units *= 4


def compare(workload: str, subject: Side, peers: Sequence[Side], rounds: int = 7) -> list[Row]:
    """Measure all sides in turns; a row for the subject, then one for each peer."""
    return beside(workload, subject, peers, interleave((subject, *peers), rounds))


def beside(
    workload: str, subject: Side, peers: Sequence[Side], times: Sequence[Sequence[float]]
) -> list[Row]:
    """The rows of times that were measured before: the subject's, then those of each peer."""
    rows = [Row(workload, subject.name, statistics.median(times[0]))]
    for peer, taken in zip(peers, times[1:], strict=True):
        ratios = [theirs / ours for ours, theirs in zip(times[0], taken, strict=True)]
        rows.append(
            Row(
                workload,
                peer.name,
                statistics.median(taken),
                statistics.median(ratios),
                (min(ratios), max(ratios)),
                peer.floor,
                peer.aim,
            )
        )
    return rows


def milliseconds(seconds: float) -> str:
    """A time for people to wait."""
    return f"{seconds * 1e3:,.1f} ms"


def percent(share: float) -> str:
    """A share of a core's time."""
    return f"{share * 100:,.1f} %"


def within(
    workload: str,
    side: str,
    taken: Sequence[float],
    limit: float,
    write: Callable[[float], str] = milliseconds,
) -> Row:
    """What was measured once a round beside what it may be at most; a ratio of 1 and above keeps within."""
    ratios = [limit / max(each, 1e-9) for each in taken]
    value, ratio = statistics.median(taken), statistics.median(ratios)
    words = f"{write(value)} of {write(limit)}"
    return Row(workload, side, value, ratio, (min(ratios), max(ratios)), floor=1.0, words=words)


def interleave(sides: Sequence[Side], rounds: int) -> list[list[float]]:
    """The times of each side, a number a round; one round more is done first and forgotten."""
    for side in sides:
        side.measure()
    turns = [[side.measure() for side in sides] for _ in range(rounds)]
    return [list(times) for times in zip(*turns, strict=True)]


def table(rows: Sequence[Row]) -> str:
    """The rows as aligned text, a blank line between workloads."""
    width = max(len(row.side) for row in rows)
    values = [row.words or f"{row.seconds * 1e6:,.2f}" for row in rows]
    heading = "value of limit" if all(row.words for row in rows) else "µs/iteration"
    across = max(len(heading), *map(len, values))
    lines = [f"  {'':{width}}   {heading:>{across}}    ratio        min–max    floor, aim"]
    workload = ""
    for row, value in zip(rows, values, strict=True):
        if row.workload != workload:
            workload = row.workload
            lines += ["", workload]
        lines.append(f"  {row.side:{width}}   {value:>{across}}{_ratio(row)}")
    return "\n".join(lines)


def _ratio(row: Row) -> str:
    if row.ratio is None or row.spread is None:
        return ""
    spread = f"{_number(row.spread[0])}–{_number(row.spread[1])}"
    text = f"   {_number(row.ratio):>5}×   {spread:>12}"
    if row.floor is not None:
        text += f"   ≥ {row.floor:g}× {'met' if row.meets_floor else 'NOT MET'}"
    if row.aim is not None:
        text += f"   aim {row.aim:g}× {'met' if row.meets_aim else 'not yet'}"
    return text


def _number(ratio: float) -> str:
    return f"{ratio:.2f}" if ratio < 10 else f"{ratio:.1f}" if ratio < 100 else f"{ratio:.0f}"
