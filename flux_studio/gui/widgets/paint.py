"""The few strokes that all widgets which paint themselves share."""

from __future__ import annotations

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPen

from flux_studio.gui.theme import colour


def mixed(base: str, other: str, share: float) -> QColor:
    """A named colour with ``share`` (0 to 1) of another named colour in it."""
    one, two = colour(base), colour(other)
    pairs = ((one.red(), two.red()), (one.green(), two.green()), (one.blue(), two.blue()))
    return QColor(*(round(a + (b - a) * share) for a, b in pairs))


def rounded_box(
    painter: QPainter,
    area: QRectF,
    fill: QColor | None,
    line: QColor,
    *,
    radius: float,
    width: float = 1.0,
    dashed: bool = False,
) -> None:
    """A rounded box whose line lies inside ``area`` on whole pixels."""
    pen = QPen(line, width)
    if dashed:
        pen.setDashPattern([4 / width, 3 / width])
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(pen)
    painter.setBrush(fill if fill is not None else Qt.BrushStyle.NoBrush)
    inset = width / 2
    painter.drawRoundedRect(area.adjusted(inset, inset, -inset, -inset), radius, radius)
    painter.restore()


def line_of_text(
    painter: QPainter,
    area: QRectF,
    text: str,
    font: QFont,
    tint: QColor,
    align: Qt.AlignmentFlag = Qt.AlignmentFlag.AlignLeft,
) -> float:
    """One line, shortened with an ellipsis where ``area`` is too narrow; returns the width it took."""
    metrics = QFontMetricsF(font)
    shown = metrics.elidedText(text, Qt.TextElideMode.ElideRight, max(0.0, area.width()))
    painter.setFont(font)
    painter.setPen(tint)
    painter.drawText(area, int(align | Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextSingleLine), shown)
    return metrics.horizontalAdvance(shown)
