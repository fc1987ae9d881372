"""How wrong a difference quotient is, by its step: rounding at the left, truncation at the right."""

from __future__ import annotations

import math
from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from flux_studio.gui.theme import colour, look

_LOWEST, _HIGHEST = -14.0, 4.0


class StepCurve(QWidget):
    """Relative errors for steps ε, and a mark at one of them."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("nudge.steps")
        self.setAccessibleName("Relative error by step")
        self.setToolTip(
            "Relative error of (C(w+ε) − C(w−ε)) / 2ε: small steps feel the last digits of C (rounding), "
            "large ones its curve (truncation)"
        )
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._steps: Sequence[float] = ()
        self._errors: Sequence[float] = ()
        self._mark = 0
        look.changed.connect(self.update)

    @property
    def errors(self) -> Sequence[float]:
        """What is shown."""
        return self._errors

    def set_errors(self, steps: Sequence[float], errors: Sequence[float]) -> None:
        """Show the errors of these steps, ascending."""
        self._steps, self._errors = steps, errors
        self.update()

    def set_mark(self, place: int) -> None:
        """Mark one of the steps."""
        self._mark = place
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(look.length(200), look.length(96))

    def minimumSizeHint(self) -> QSize:
        return QSize(look.length(140), look.length(96))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        box = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -look.length(15))
        painter.fillRect(box, colour("sunken"))
        painter.setFont(look.text_font(0.78))
        painter.setPen(colour("text_faint"))
        foot = QRectF(0, box.bottom(), self.width(), look.length(15))
        if self._steps:
            for step, side in (
                (self._steps[0], Qt.AlignmentFlag.AlignLeft),
                (self._steps[-1], Qt.AlignmentFlag.AlignRight),
            ):
                painter.drawText(foot, int(side | Qt.AlignmentFlag.AlignVCenter), f"ε = {step:.0e}")
            inside = box.adjusted(look.length(4), look.length(2), -look.length(4), 0)
            painter.drawText(inside, int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop), "rounding")
            painter.drawText(
                inside, int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignTop), "truncation"
            )
        if not self._errors:
            return
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
        painter.setPen(QPen(colour("accent"), 1))
        painter.drawLine(
            QPointF(self._at(box, self._mark, 0.0).x(), box.top()),
            QPointF(self._at(box, self._mark, 0.0).x(), box.bottom()),
        )
        painter.setPen(QPen(colour("backward"), 1.5))
        points = [
            self._at(box, place, error) for place, error in enumerate(self._errors) if not math.isnan(error)
        ]
        painter.drawPolyline(QPolygonF(points))

    def _at(self, box: QRectF, place: int, error: float) -> QPointF:
        log = math.log10(error) if 0 < error < math.inf else _LOWEST if error <= 0 else _HIGHEST
        share = (min(max(log, _LOWEST), _HIGHEST) - _LOWEST) / (_HIGHEST - _LOWEST)
        across = place / max(1, len(self._steps) - 1)
        return QPointF(box.left() + across * box.width(), box.bottom() - share * box.height())
