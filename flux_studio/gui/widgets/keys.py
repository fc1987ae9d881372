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
