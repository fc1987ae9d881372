"""The names of cells in a line of numbers: set as symbols, or as text while nothing can be set yet."""

from __future__ import annotations

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter

from flux_studio.gui.theme import look
from flux_studio.gui.typesetting import formula_size, symbol, symbol_width, typesetter
from flux_studio.gui.widgets.formula_layout import paint_box

SCALE = 0.9
"""How large names are beside ordinary text."""


def number_font(*, bold: bool = False) -> QFont:
    """The face of the numbers that names stand beside."""
    font = look.number_font(0.86)
    if bold:
        font.setWeight(QFont.Weight.Bold)
    return font


def line_height() -> int:
    """How high a line of names and numbers is."""
    return round(QFontMetricsF(number_font()).height()) + look.length(5)


def name_width(name: str) -> int:
    """How much room a name takes."""
    if not typesetter.is_ready:
        return round(QFontMetricsF(number_font()).horizontalAdvance(name))
    return round(symbol_width(name, formula_size(SCALE))) + look.length(2)


def paint_name(painter: QPainter, room: QRectF, name: str, tint: QColor, *, underlined: bool) -> None:
    """Paint a name at the left of some room, on the baseline of the numbers there; smaller where it is too long."""
    metrics = QFontMetricsF(number_font())
    baseline = room.center().y() - metrics.height() / 2 + metrics.ascent()
    if not typesetter.is_ready:
        painter.setFont(number_font())
        painter.setPen(tint)
        shown = metrics.elidedText(name, Qt.TextElideMode.ElideRight, room.width())
        painter.drawText(room, int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter), shown)
        width = metrics.horizontalAdvance(shown)
    else:
        made = symbol(name, formula_size(SCALE))
        scale = min(1.0, room.width() / made.width) if made.width else 1.0
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        paint_box(painter, made, room.left(), baseline, lambda _: tint, tint, max(0.1, scale))
        painter.restore()
        width = made.width * scale
    if underlined:
        painter.fillRect(QRectF(room.left(), baseline + look.length(4), width, 1), tint)
