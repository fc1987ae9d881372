"""How work on much data tells how far it is, and is told to stop."""

from __future__ import annotations

from collections.abc import Callable

from flux_studio.errors import GivenUpError

GoesOn = Callable[[int, int], bool]
"""Is told how much is done and how much there is in all, in bytes; whether to go on. Asked many times a second."""


def always(done: int, of: int) -> bool:
    """Goes on, and tells nobody."""
    return True


def ask(goes_on: GoesOn, done: int, of: int) -> None:
    """Raise :class:`GivenUpError` unless the work is to go on."""
    if not goes_on(min(done, of), of):
        raise GivenUpError("given up before it was done")
