"""How far colours reach: over a moment, some seconds or a run, as they were locked, and together in a row."""

from __future__ import annotations

import pytest

from flux_studio.gui.widgets.levels import RECENT, ColourRange, Levels, Span

A, B, OTHER = ("layer-1", "a"), ("layer-1", "h"), ("layer-1", "dC_da")
ROW, BACK = ("layer-1", "forward"), ("layer-1", "backward")


def levels(span: Span = "moment", *, linked: bool = False) -> Levels:
    made = Levels(ColourRange(span, linked))
    made.begin({A: ROW, B: ROW, OTHER: BACK})
    return made


def fed(made: Levels, *magnitudes: float) -> float:
    for magnitude in magnitudes:
        made.take(A, magnitude)
    return made.of(A)


@pytest.mark.parametrize(
    ("span", "at_once", "later", "much_later"),
    [
        ("moment", 1.0, 1.0, 1.0),
        ("recent", 50.0, 50.0, 1.0),
        ("run", 50.0, 50.0, 50.0),
        ("locked", 50.0, 50.0, 50.0),
    ],
)
def test_a_peak_is_remembered_as_long_as_was_asked(
    span: Span, at_once: float, later: float, much_later: float
) -> None:
    made = levels(span)
    assert fed(made, 42.0) == 50.0
    assert fed(made, 0.8) == at_once
    assert fed(made, *[0.8] * (RECENT - 2)) == later
    assert fed(made, *[0.8] * (2 * RECENT)) == much_later


def test_locked_colours_do_not_follow_larger_numbers() -> None:
    made = levels()
    fed(made, 0.8)
    made.range = ColourRange("locked")
    assert fed(made, 900.0) == 1.0


def test_a_row_reaches_as_far_as_its_widest_matrix_each_side_for_itself() -> None:
    made = levels(linked=True)
    for key, magnitude in ((A, 4.0), (B, 0.9), (OTHER, 1e-3)):
        made.take(key, magnitude)
    assert (made.of(A), made.of(B), made.of(OTHER)) == (5.0, 5.0, 1e-3)
    made.range = ColourRange()
    assert (made.of(A), made.of(B)) == (5.0, 1.0)


def test_another_run_forgets_what_was_reached() -> None:
    made = levels("run")
    fed(made, 42.0)
    made.begin({A: ROW})
    assert fed(made, 0.8) == 1.0
