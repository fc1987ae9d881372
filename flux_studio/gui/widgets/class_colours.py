"""A colour for each class: the first eight are told apart by the colour-blind, too."""

from __future__ import annotations

import numpy as np
from PySide6.QtGui import QColor

from flux_studio.gui.theme import LIGHT, look

_LIGHT = ("#d95f02", "#2166ac", "#1b9e77", "#b0308f", "#8a6d00", "#5e3c99", "#00838f", "#c62828")
_DARK = ("#f08a3c", "#5aa2e0", "#35c79a", "#e377c2", "#d9b93b", "#a98ae6", "#4dc4d0", "#f2706c")
_GOLDEN = 137.508


def class_colour(place: int) -> QColor:
    """The colour of the class at a place, in the theme in use."""
    light = look.theme is LIGHT
    known = _LIGHT if light else _DARK
    if place < len(known):
        return QColor(known[place])
    return QColor.fromHsv(round(place * _GOLDEN) % 360, 170 if light else 140, 170 if light else 225)


def class_colours(count: int) -> np.ndarray:
    """The colours of ``count`` classes as red, green and blue from 0 to 255; count×3."""
    return np.array([class_colour(place).getRgb()[:3] for place in range(count)], np.float64).reshape(-1, 3)
