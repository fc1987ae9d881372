"""The card of a block: a box that holds the cards of its layers, with the way past them drawn beside."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPainterPath, QPaintEvent, QPen
from PySide6.QtWidgets import QVBoxLayout, QWidget

from flux_studio.gui.theme import colour, look
from flux_studio.gui.widgets.layer_card import LayerCard
from flux_studio.gui.widgets.layer_column import LayerColumn, NewCard
from flux_studio.gui.widgets.network_view import BlockView, LayerView
from flux_studio.gui.widgets.wire import wire_x

_HINT = "drop a layer here"


class BlockCard(LayerCard):
    """What it says of itself are the layers inside: it has no line of facts."""

    def __init__(self, layer: LayerView, new_card: NewCard, parent: QWidget | None = None) -> None:
        super().__init__(layer, parent)
        self.inner = LayerColumn(layer.identity, new_card, _HINT, self)
        self._skip = _Skip(self.inner, self)
        self.body.addWidget(self._skip)
        self.show_facts(False)
        self._show_inside(layer)

    def set_layer(self, layer: LayerView) -> None:
        if layer != self.layer:
            super().set_layer(layer)
            self._show_inside(layer)

    def show_facts(self, shown: bool) -> None:
        super().show_facts(False)

    def body_margin(self) -> int:
        # Cards in cards soon have little room.
        return look.length(5)

    def _show_inside(self, layer: LayerView) -> None:
        inside = layer.inside or BlockView()
        self.inner.set_layers(inside.shape, inside.layers)
        self._skip.set_joined(inside.joined)


class _Skip(QWidget):
    """Around a block's column: what comes in also goes past the layers, and is added to what they make of it."""

    def __init__(self, column: LayerColumn, parent: QWidget) -> None:
        super().__init__(parent)
        self._column = column
        self._joined = ""
        self._box = QVBoxLayout(self)
        self._box.setContentsMargins(look.length(14), look.length(8), 0, look.length(22))
        self._box.addWidget(column)

    def set_joined(self, words: str) -> None:
        """Say beside the plus what leaves the block."""
        self._joined = words
        self.setToolTip(
            f"h = {words}: what comes in goes past the layers inside and is added to what they make of it"
        )
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(colour("border_strong"), look.length(1.5)))
        x, left, radius = self._column.x() + wire_x(self._column.width()) + 0.5, 4.5, look.length(6)
        split, plus = look.length(3) + 0.5, self.height() - look.length(10) + 0.5
        painter.drawLine(QPointF(x, 0), QPointF(x, self._column.y() + look.length(4)))
        painter.drawLine(QPointF(x, self._column.geometry().bottom() - look.length(3)), QPointF(x, plus))
        way = QPainterPath(QPointF(x, split))
        way.lineTo(left + radius, split)
        way.quadTo(left, split, left, split + radius)
        way.lineTo(left, plus - radius)
        way.quadTo(left, plus, left + radius, plus)
        way.lineTo(x, plus)
        painter.drawPath(way)
        size = look.length(7)
        painter.setBrush(colour("surface"))
        painter.setPen(QPen(colour("text_soft"), 1.2))
        painter.drawEllipse(QPointF(x, plus), size, size)
        painter.drawLine(QPointF(x - size * 0.5, plus), QPointF(x + size * 0.5, plus))
        painter.drawLine(QPointF(x, plus - size * 0.5), QPointF(x, plus + size * 0.5))
        painter.setFont(look.number_font(0.88))
        painter.setPen(colour("text_soft"))
        start = x + size + look.length(6)
        room = QRectF(start, plus - look.length(10), self.width() - start, look.length(20))
        painter.drawText(room, int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft), self._joined)
