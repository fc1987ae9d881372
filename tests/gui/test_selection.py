"""The chosen cell, and the way back to those before."""

from __future__ import annotations

from flux_studio.gui.selection import CellPlace, Selection

A, B = ("layer-1", "weights_matrix"), ("layer-1", "input_matrix")


def test_another_matrix_is_another_visit_and_back_returns() -> None:
    selection, told = Selection(), []
    selection.changed.connect(lambda: told.append(selection.place))
    for cell in ((0, 0), (0, 1), (2, 1)):
        selection.choose(CellPlace(A, cell))
    assert selection.before is None
    selection.choose(CellPlace(B, (5, 5)))
    assert selection.before == CellPlace(A, (2, 1))
    selection.go_back()
    assert selection.place == CellPlace(A, (2, 1))
    assert selection.before is None
    selection.go_back()
    assert len(told) == 5


def test_a_link_within_a_matrix_is_followed_with_a_way_back() -> None:
    selection = Selection()
    selection.choose(CellPlace(A, (0, 0)))
    selection.choose(CellPlace(A, (1, 1)), follow=True)
    assert selection.before == CellPlace(A, (0, 0))


def test_choosing_the_same_again_tells_nothing() -> None:
    selection, told = Selection(), []
    selection.choose(CellPlace(A, (0, 0)))
    selection.changed.connect(lambda: told.append(1))
    selection.choose(CellPlace(A, (0, 0)), follow=True)
    assert not told
    selection.clear()
    selection.clear()
    assert (told, selection.place, selection.before) == ([1], None, None)
