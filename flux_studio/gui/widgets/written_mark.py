"""How cells are marked that a step has just written: in the colour of their phase, the stronger the fresher."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtGui import QColor, QPen

from flux_studio.gui.theme import colour

LASTING = 0.3
"""How strong a mark stays until the next step."""
_FILLED = 0.55
_FAINTEST = 0.75


@dataclass(frozen=True)
class WrittenMark:
    """A mark of a strength from :data:`LASTING` to 1."""

    side: str
    strength: float

    @property
    def pen(self) -> QPen:
        """The outline, which can be seen in a still picture, too."""
        line = self._colour()
        line.setAlphaF(_FAINTEST + (1 - _FAINTEST) * self._fresh)
        return QPen(line, 2)

    @property
    def veil(self) -> QColor:
        """What lies over the cells while they flash; nothing at the end, for their colours are numbers."""
        veil = self._colour()
        veil.setAlphaF(_FILLED * self._fresh)
        return veil

    @property
    def _fresh(self) -> float:
        return max(0.0, (self.strength - LASTING) / (1 - LASTING))

    def _colour(self) -> QColor:
        return QColor(colour(self.side if self.side in ("forward", "backward") else "text"))
