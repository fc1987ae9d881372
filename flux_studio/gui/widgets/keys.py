"""Keys that mean the same in every widget that has rows and columns."""

from __future__ import annotations

from PySide6.QtCore import Qt

ARROWS: dict[Qt.Key, tuple[int, int]] = {
    Qt.Key.Key_Left: (0, -1),
    Qt.Key.Key_Right: (0, 1),
    Qt.Key.Key_Up: (-1, 0),
    Qt.Key.Key_Down: (1, 0),
}
"""Steps of the arrow keys as (rows down, columns to the right)."""

Cell = tuple[int, int]


def aim(key: Qt.Key, control: bool, current: Cell | None, shape: tuple[int, ...], page: int) -> Cell | None:
    """The cell of a grid of ``shape`` that a key leads to from ``current``; ``None`` for a key that moves nothing.

    Without a current cell an arrow leads to the first one. ``page`` is how many rows a page key goes.
    """
    row, column = current or (0, 0)
    if key in ARROWS:
        down, right = ARROWS[key] if current is not None else (0, 0)
        row, column = row + down, column + right
    elif key in (Qt.Key.Key_PageDown, Qt.Key.Key_PageUp):
        row += page if key == Qt.Key.Key_PageDown else -page
    elif key == Qt.Key.Key_Home:
        row, column = (0 if control else row), 0
    elif key == Qt.Key.Key_End:
        row, column = (shape[0] - 1 if control else row), shape[1] - 1
    else:
        return None
    return min(max(row, 0), shape[0] - 1), min(max(column, 0), shape[1] - 1)
