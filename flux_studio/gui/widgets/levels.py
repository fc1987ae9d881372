"""Colour levels: how large a number must be to get the scale's full colour, held still while training."""

from __future__ import annotations

import math
import sys
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from typing import Literal

Span = Literal["moment", "recent", "run", "locked"]
Group = tuple[str, str]
"""A row of the wall and one of its sides: the matrices that share a level where rows are linked."""
SPANS: dict[Span, tuple[str, str]] = {
    "moment": ("this moment", "as far as the numbers on screen reach"),
    "recent": ("recent", "as far as the numbers of the last seconds reached"),
    "run": ("whole run", "as far as any number shown in this run reached"),
    "locked": ("locked", "the range stays as it is now"),
}
"""Words and meaning of each span of time."""
RECENT = 64
"""How many numbers of a matrix are looked back at, and at most twice as many: two or four seconds of frames."""

_STEPS = (1.0, 2.0, 5.0, 10.0)
# A level falls only when the next lower one still leaves this much room, so that colours don't flicker.
_ROOM = 1.25


def step_above(magnitude: float) -> float:
    """The smallest of 1, 2, 5 times a power of ten that is not below ``magnitude`` (> 0)."""
    power = 10.0 ** math.floor(math.log10(magnitude))
    for step in _STEPS:
        # By way of its decimal text: 5 * 10**-5 and 5e-05 are not the same float.
        level = float(f"{step * power:.0e}")
        if level >= magnitude:
            return min(level, sys.float_info.max)
    return magnitude


def settle(magnitude: float, previous: float | None = None) -> float:
    """The level for a matrix whose largest finite magnitude is ``magnitude``; keeps ``previous`` if it may."""
    if not magnitude > 0 or math.isinf(magnitude):
        return previous or 1.0
    needed = step_above(magnitude)
    if previous is None or needed > previous:
        return needed
    return min(previous, step_above(min(magnitude * _ROOM, sys.float_info.max)))


@dataclass(frozen=True)
class ColourRange:
    """Over what time the colours reach, and whether the matrices of a row reach equally far."""

    span: Span = "moment"
    linked: bool = False


@dataclass
class _Reach:
    """How far the numbers of one matrix have reached."""

    now: float = 0.0
    run: float = 0.0
    recent: float = 0.0
    before: float = 0.0
    count: int = 0

    def take(self, magnitude: float) -> None:
        self.now, self.run = magnitude, max(self.run, magnitude)
        if self.count == RECENT:
            self.before, self.recent, self.count = self.recent, 0.0, 0
        self.recent, self.count = max(self.recent, magnitude), self.count + 1

    def over(self, span: Span) -> float:
        return {"recent": max(self.recent, self.before), "run": self.run}.get(span, self.now)


@dataclass
class Levels:
    """The level of each matrix, or of each side of a row where rows are linked."""

    range: ColourRange = field(default_factory=ColourRange)
    _groups: Mapping[Hashable, Group] = field(default_factory=dict)
    _members: dict[Group, list[Hashable]] = field(default_factory=dict)
    _reaches: dict[Hashable, _Reach] = field(default_factory=dict)
    _levels: dict[Hashable, float] = field(default_factory=dict)

    def begin(self, groups: Mapping[Hashable, Group]) -> None:
        """These matrices are on the wall from now on: a run begins, and what others reached is forgotten."""
        self._groups, self._members = groups, {}
        for key, group in groups.items():
            self._members.setdefault(group, []).append(key)
        self._reaches = {}
        self._levels = {key: level for key, level in self._levels.items() if key in groups}

    def take(self, key: Hashable, magnitude: float) -> None:
        """The largest finite magnitude of a matrix now."""
        self._reaches.setdefault(key, _Reach()).take(magnitude)
        before = self._levels.get(key)
        if self.range.span != "locked" or before is None:
            self._levels[key] = settle(self._reaches[key].over(self.range.span), before)

    def of(self, key: Hashable) -> float:
        """The magnitude that gets the full colours."""
        own = self._levels.get(key, 1.0)
        if not self.range.linked or key not in self._groups:
            return own
        # A matrix of zeros says nothing about how far the others reach.
        members = [each for each in self._members[self._groups[key]] if each in self._levels]
        told = [self._levels[each] for each in members if each in self._reaches and self._reaches[each].now]
        return max(told, default=own)
