"""How work on much data tells how far it is, and is told to stop."""

from __future__ import annotations

from collections.abc import Callable

from flux_studio.errors import GivenUpError

GoesOn = Callable[[int, int], bool]
"""Is told how much is done and how much there is in all, such as bytes; whether to go on. Asked many times a second."""

_PARTS = 1_000_000


def always(done: int, of: int) -> bool:
    """Goes on, and tells nobody."""
    return True


def part_of(goes_on: GoesOn, begin: float, end: float) -> GoesOn:
    """For one of several pieces of work: all of it is the part of the whole from ``begin`` to ``end``, in [0, 1]."""

    def told(done: int, of: int) -> bool:
        return goes_on(round((begin + (end - begin) * done / max(1, of)) * _PARTS), _PARTS)

    return told


def ask(goes_on: GoesOn, done: int, of: int) -> None:
    """Raise :class:`GivenUpError` unless the work is to go on."""
    if not goes_on(min(done, of), of):
        raise GivenUpError("given up before it was done")
