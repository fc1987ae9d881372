"""Gradient and activation sizes of each layer: a line a layer, with what they were like before as a small curve."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QPointF, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFontMetrics, QHelpEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from flux_studio.gui.theme import colour, look

_LEAST_DECADES = 1.0
_NOTHING = "–"
_NUMBER = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


@dataclass(frozen=True)
class HealthRow:
    """One layer: its sizes now, and before, oldest first."""

    owner: str
    title: str
    gradient: float
    activation: float | None
    gradients: Sequence[float] = ()
    activations: Sequence[float] = ()
    ill: bool = False


class HealthTable(QWidget):
    """Paints only the lines in view; each can be clicked."""

    layer_chosen = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("health.table")
        self.setAccessibleName("Gradient and activation size by layer")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setMinimumWidth(look.length(250))
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self._rows: tuple[HealthRow, ...] = ()
        look.changed.connect(self.update)

    @property
    def rows(self) -> tuple[HealthRow, ...]:
        """What is shown."""
        return self._rows

    def set_rows(self, rows: Sequence[HealthRow]) -> None:
        """Show these layers."""
        resized = len(rows) != len(self._rows)
        self._rows = tuple(rows)
        if resized:
            self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(look.length(420), self._line() * (1 + len(self._rows)))

    def minimumSizeHint(self) -> QSize:
        return QSize(look.length(250), self.sizeHint().height())

    def row_rect(self, place: int) -> QRect:
        """Where a layer's line stands."""
        return QRect(0, self._line() * (1 + place), self.width(), self._line())

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setFont(look.text_font(0.82))
        painter.setPen(colour("text_faint"))
        head = self._parts(QRect(0, 0, self.width(), self._line()))
        for room, words in (
            (head[1].united(head[2]), "gradient, per weight"),
            (head[3].united(head[4]), "activation h"),
        ):
            shown = painter.fontMetrics().elidedText(words, Qt.TextElideMode.ElideRight, room.width())
            painter.drawText(room, _NUMBER, shown)
        for place, row in enumerate(self._rows):
            rect = self.row_rect(place)
            if event.rect().intersects(rect):
                self._paint_row(painter, row, rect)

    def _paint_row(self, painter: QPainter, row: HealthRow, rect: QRect) -> None:
        name, gradients, gradient, activations, activation = self._parts(rect)
        painter.fillRect(rect.left(), rect.top(), rect.width(), 1, colour("border"))
        painter.setFont(look.text_font(0.94, bold=row.ill))
        painter.setPen(colour("error" if row.ill else "text"))
        words = f"! {row.title}" if row.ill else row.title
        shown = painter.fontMetrics().elidedText(words, Qt.TextElideMode.ElideRight, name.width())
        painter.drawText(name, Qt.AlignmentFlag.AlignVCenter, shown)
        _paint_curve(painter, row.gradients, gradients, "backward")
        _paint_curve(painter, row.activations, activations, "forward")
        painter.setFont(look.number_font(0.88))
        painter.setPen(colour("text"))
        painter.drawText(gradient, _NUMBER, size_text(row.gradient))
        painter.drawText(activation, _NUMBER, size_text(row.activation))

    def _parts(self, rect: QRect) -> tuple[QRect, QRect, QRect, QRect, QRect]:
        """Name, curve, number, curve, number."""
        number = QFontMetrics(look.number_font(0.88)).horizontalAdvance("0.0e+00") + look.length(6)
        gap = look.length(6)
        name = min(look.length(130), rect.width() // 4)
        curve = max(0, (rect.width() - name - 2 * number - 4 * gap) // 2)
        parts, left = [], rect.left()
        for width in (name, curve, number, curve, number):
            parts.append(QRect(left, rect.top(), width, rect.height()))
            left += width + gap
        return parts[0], parts[1], parts[2], parts[3], parts[4]

    def _line(self) -> int:
        return QFontMetrics(look.text_font(0.94)).height() + look.length(8)

    def _at(self, y: int) -> HealthRow | None:
        place = y // self._line() - 1
        return self._rows[place] if 0 <= place < len(self._rows) else None

    def mousePressEvent(self, event: QMouseEvent) -> None:
        row = self._at(event.position().toPoint().y())
        if row is not None and event.button() == Qt.MouseButton.LeftButton:
            self.layer_chosen.emit(row.owner)

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            row = self._at(event.pos().y())
            QToolTip.showText(event.globalPos(), self.tip(row), self)
            return True
        return super().event(event)

    def tip(self, row: HealthRow | None) -> str:
        """What the tool tip says about a line."""
        if row is None:
            return (
                "Sizes are root mean squares. Curves are drawn of the training seen while this tab is open: "
                "logarithmic, each with its own range"
            )
        return (
            f"{row.title}: the gradient is {size_text(row.gradient)} per weight, "
            f"the activation {size_text(row.activation)} (root mean squares). Click for its ∂C/∂w"
        )


def size_text(size: float | None) -> str:
    """A size in seven characters: ``1.7e-03``."""
    return _NOTHING if size is None else "0" if size == 0 else f"{size:.1e}"


def _paint_curve(painter: QPainter, sizes: Sequence[float], room: QRect, tint: str) -> None:
    """The sizes on a logarithmic scale of their own, at least a decade high."""
    known = [(place, math.log10(size)) for place, size in enumerate(sizes) if 0 < size < math.inf]
    if len(known) < 2 or room.width() < 8:
        return
    low, high = min(each for _, each in known), max(each for _, each in known)
    spare = max(0.0, _LEAST_DECADES - (high - low)) / 2
    low, high = low - spare, high + spare
    box = QRectF(room).adjusted(1, 4, -1, -4)
    across, down = box.width() / max(len(sizes) - 1, 1), box.height() / (high - low)
    line = QPolygonF(
        [QPointF(box.left() + place * across, box.bottom() - (each - low) * down) for place, each in known]
    )
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
    painter.setPen(QPen(colour(tint), 1))
    painter.drawPolyline(line)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
