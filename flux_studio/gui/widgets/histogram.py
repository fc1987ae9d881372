"""How the numbers of a matrix are spread, as small bars in the matrix's own colours."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QEvent, QPoint, QRect, QSize, Qt
from PySide6.QtGui import QColor, QHelpEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from flux_studio.gui.theme import colour, look
from flux_studio.gui.widgets import heat
from flux_studio.gui.widgets.numbers import short, whole

_WIDTH = 15
"""Places of the colour table to a bar: 17 bars, of which the middle one is around zero."""
BARS = 255 // _WIDTH
_CAPTION = 0.78
_MOST_COUNTED = 1_000_000
"""Of a huge matrix every second row, or every third, is enough to see how its numbers are spread."""


class Histogram(QWidget):
    """Bars from ``-level`` to ``+level``, the range of the colours: they keep their places while numbers change."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("matrices.facts.histogram")
        self.setAccessibleName("How the numbers are spread")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._counts = np.zeros(BARS, np.int64)
        self._level = 1.0
        self._every = 1
        look.changed.connect(self.update)

    @property
    def counts(self) -> np.ndarray:
        """How many numbers fall under each bar, from below zero to above; those beyond the range under the last."""
        return self._counts

    def set_matrix(self, matrix: np.ndarray, level: float) -> None:
        """Show the spread of these numbers; those that are not finite are left out."""
        # By the colours' own places, so that a bar has the colour of the cells that it counts.
        self._every = -(-matrix.size // _MOST_COUNTED) or 1
        places = np.bincount(heat.colour_indices(matrix[:: self._every], level).ravel(), minlength=256)
        self._counts, self._level = places[1:].reshape(BARS, _WIDTH).sum(axis=1), level
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(look.length(170), look.length(52))

    def minimumSizeHint(self) -> QSize:
        return QSize(look.length(96), look.length(52))

    def bar_rect(self, place: int) -> QRect:
        """Where a bar may stand, at its full height."""
        width, caption = min(self.width(), look.length(220)), look.length(14)
        left, right = (width * edge // BARS for edge in (place, place + 1))
        return QRect(left, 0, right - left - 1, self.height() - caption - 1)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        table, most = heat.colour_table(look.theme), max(int(self._counts.max()), 1)
        for place, count in enumerate(self._counts.tolist()):
            room = self.bar_rect(place)
            height = max(1, round(room.height() * count / most)) if count else 0
            bar = QRect(room.left(), room.bottom() + 1 - height, room.width(), height)
            painter.fillRect(bar, QColor(int(table[1 + place * _WIDTH + _WIDTH // 2])))
            if count:
                # The colours near zero hardly differ from the ground.
                painter.setPen(colour("border_strong"))
                painter.drawRect(bar.adjusted(0, 0, -1, -1))
        whole_width = self.bar_rect(BARS - 1).right() + 1
        base = self.bar_rect(0).bottom() + 1
        painter.fillRect(0, base, whole_width, 1, colour("border_strong"))
        painter.setFont(look.text_font(_CAPTION))
        painter.setPen(colour("text_faint"))
        line = QRect(0, base + 1, whole_width, look.length(14))
        for words, side in (
            (short(-self._level), Qt.AlignmentFlag.AlignLeft),
            ("0", Qt.AlignmentFlag.AlignHCenter),
            (f"+{short(self._level)}", Qt.AlignmentFlag.AlignRight),
        ):
            painter.drawText(line, side | Qt.AlignmentFlag.AlignVCenter, words)

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            QToolTip.showText(event.globalPos(), self.tip(event.pos()), self)
            return True
        return super().event(event)

    def tip(self, position: QPoint) -> str:
        """How many numbers a bar counts, and between which bounds."""
        for place, count in enumerate(self._counts.tolist()):
            if self.bar_rect(place).contains(position):
                edges = (round((2 * edge / BARS - 1) * self._level, 12) for edge in (place, place + 1))
                low, high = (short(float(f"{edge:.3g}")) for edge in edges)
                numbers = "number" if count == 1 else "numbers"
                return f"{self._about()}{whole(count * self._every)} {numbers} from {low} to {high}"
        return (
            f"{whole(int(self._counts.sum()))} finite numbers; bars at the ends also count what lies beyond"
        )

    def _about(self) -> str:
        return "about " if self._every > 1 else ""
