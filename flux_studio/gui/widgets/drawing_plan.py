"""Where everything of a network's picture lies, in units of its own: columns from left to right."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from PySide6.QtCore import QRectF

from flux_studio.training.network_picture import Graph, Picks

RADIUS, THIN_RADIUS = 11.0, 7.0
LOOP_ABOVE = 24.0
_ACROSS, _THIN_ACROSS, _APART = 112.0, 64.0, 32.0
_ABOVE, _LOOP, _BELOW, _SKIP = 20.0, 16.0, 16.0, 34.0
_MOST_STRETCH = 2.6


@dataclass(frozen=True, eq=False)
class DrawingPlan:
    """Places of the neurons that are shown; words have a size of their own and are not counted in."""

    neurons: tuple[np.ndarray, ...]
    """For each column its neurons' centres, shown×2."""
    radii: tuple[float, ...]
    x: tuple[float, ...]
    widths: tuple[float, ...]
    """How wide a title above each column may be."""
    heads: tuple[float, ...]
    """Where the words above each column end."""
    bounds: QRectF

    @classmethod
    def of(cls, graph: Graph, picks: Picks, aspect: float = 1.0) -> DrawingPlan:
        """The plan of a graph of which those neurons are shown, as wide beside its height as ``aspect`` if it may."""
        steps = []
        for before, column in pairwise(graph.columns):
            thin = (before.form == "thin") + (column.form == "thin")
            steps.append((_ACROSS, (_ACROSS + _THIN_ACROSS) / 2, _THIN_ACROSS)[thin])
        half = max(len(each) for each in picks) * _APART / 2
        heads = [
            -len(each) * _APART / 2 + _APART / 2 - _ABOVE - (_LOOP if place in graph.loops else 0)
            for place, each in enumerate(picks)
        ]
        top, bottom = min(heads), half - _APART / 2 + _BELOW + (_SKIP if graph.brackets else 0)
        stretch = aspect * (bottom - top) / max(sum(steps), 1.0)
        x = np.cumsum([0.0, *steps]) * min(max(stretch, 1.0), _MOST_STRETCH)
        gaps = np.diff(x).tolist() or [_ACROSS]
        found = []
        for place, each in enumerate(picks):
            y = (np.arange(len(each)) - (len(each) - 1) / 2) * _APART
            found.append(np.stack([np.full(len(each), x[place]), y], axis=1))
        return cls(
            neurons=tuple(found),
            radii=tuple(THIN_RADIUS if column.form == "thin" else RADIUS for column in graph.columns),
            x=tuple(x.tolist()),
            widths=tuple(
                min(gaps[max(0, place - 1)], gaps[min(place, len(gaps) - 1)]) for place in range(len(x))
            ),
            heads=tuple(heads),
            bounds=QRectF(-2 * RADIUS, top, float(x[-1]) + 4 * RADIUS, bottom - top),
        )
