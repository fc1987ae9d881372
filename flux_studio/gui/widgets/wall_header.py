"""What stands around the wall's tiles: the two bands, the columns' names and the legend of the colours."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby

import numpy as np
from PySide6.QtCore import QPoint, QRect, QRectF, Qt
from PySide6.QtGui import QFontMetrics, QPainter

from flux_studio.engine.matrices import MatrixKind
from flux_studio.gui.theme import colour, look
from flux_studio.gui.widgets import heat
from flux_studio.gui.widgets.numbers import short
from flux_studio.gui.widgets.wall_geometry import WallGeometry

_TITLE_SCALE = 0.85
_BAND_SCALE = 0.85
_LEGEND_SCALE = 0.78
_CENTRE = Qt.AlignmentFlag.AlignCenter


@dataclass(frozen=True)
class Legend:
    """The magnitude with the full colours, and whose it is: each matrix has a level of its own."""

    level: float | None = None
    symbol: str = ""
    layer: str = ""


@dataclass(frozen=True)
class WallHeader:
    """The header of the wall for these columns; paints itself, knows its own height."""

    kinds: tuple[MatrixKind, ...]

    def height(self, pitch: int) -> int:
        """Height in pixels when the columns are ``pitch`` apart."""
        symbol = QFontMetrics(look.text_font(bold=True)).height()
        title = QFontMetrics(look.text_font(_TITLE_SCALE)).height()
        return look.length(8 + 20 + 8 + 6) + symbol + title * self._title_lines(pitch)

    def _title_lines(self, pitch: int) -> int:
        metrics = QFontMetrics(look.text_font(_TITLE_SCALE))
        return 2 if any(metrics.horizontalAdvance(kind.title) > pitch - 2 for kind in self.kinds) else 1

    def paint(self, painter: QPainter, geometry: WallGeometry, scroll: QPoint, legend: Legend) -> None:
        """Paint at the top of the view."""
        painter.save()
        painter.setClipRect(geometry.names, 0, geometry.view_width - geometry.names, geometry.header)
        self._paint_bands(painter, geometry, scroll)
        self._paint_columns(painter, geometry, scroll)
        painter.restore()
        self._paint_legend(painter, geometry, legend)
        if scroll.y():
            painter.fillRect(0, geometry.header - 1, geometry.view_width, 1, colour("border"))

    def _paint_bands(self, painter: QPainter, geometry: WallGeometry, scroll: QPoint) -> None:
        painter.setFont(look.text_font(_BAND_SCALE, bold=True))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
        start = 0
        for side, group in groupby(self.kinds, key=lambda kind: kind.side):
            count = len(list(group))
            left = geometry.column_left(start, scroll)
            band = QRectF(left + 2, look.length(8), count * geometry.pitch - 4, look.length(20))
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(colour(f"{side}_soft"))
            painter.drawRoundedRect(band, look.length(5), look.length(5))
            painter.setPen(colour(side))
            painter.drawText(_in_view(band, geometry), _CENTRE, side)
            start += count
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)

    def _paint_columns(self, painter: QPainter, geometry: WallGeometry, scroll: QPoint) -> None:
        symbol_font, title_font = look.text_font(bold=True), look.text_font(_TITLE_SCALE)
        top = look.length(8 + 20 + 8)
        height = QFontMetrics(symbol_font).height()
        for column in geometry.visible_columns(scroll):
            kind = self.kinds[column]
            left = geometry.column_left(column, scroll)
            painter.setFont(symbol_font)
            painter.setPen(colour("text"))
            painter.drawText(QRect(left, top, geometry.pitch, height), _CENTRE, kind.symbol)
            painter.setFont(title_font)
            painter.setPen(colour("text_soft"))
            room = QRect(left, top + height, geometry.pitch, geometry.header - top - height)
            flags = Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop | Qt.TextFlag.TextWordWrap
            painter.drawText(room, flags, kind.title)

    def _paint_legend(self, painter: QPainter, geometry: WallGeometry, legend: Legend) -> None:
        left, top = geometry.margin, look.length(11)
        width = min(geometry.names - 2 * geometry.margin, look.length(110))
        ramp = heat.heat_image(np.linspace(-1, 1, max(width, 2))[None, :], 1.0, look.theme)
        bar = QRect(left, top, width, look.length(7))
        heat.paint_heat(painter, bar, ramp, colour("surface"), look.length(3))
        painter.setFont(look.text_font(_LEGEND_SCALE))
        painter.setPen(colour("text_faint"))
        labels = QRect(left, bar.bottom() + look.length(4), width, look.length(14))
        minus, plus = (
            ("−", "+") if legend.level is None else (short(-legend.level), f"+{short(legend.level)}")
        )
        metrics = QFontMetrics(painter.font())
        painter.drawText(labels, Qt.AlignmentFlag.AlignLeft, minus)
        painter.drawText(labels, Qt.AlignmentFlag.AlignRight, plus)
        if metrics.horizontalAdvance(f"{minus} 0 {plus}") < width:
            painter.drawText(labels, Qt.AlignmentFlag.AlignHCenter, "0")
        if legend.level is not None:
            self._paint_whose(painter, labels, legend)

    def _paint_whose(self, painter: QPainter, labels: QRect, legend: Legend) -> None:
        metrics = QFontMetrics(painter.font())
        whose = f"{legend.symbol}, {legend.layer}"
        whole = f"colours of {whose}"
        lines = [whole] if metrics.horizontalAdvance(whole) <= labels.width() else ["colours of", whose]
        room = labels.translated(0, labels.height() + look.length(1))
        for line in lines:
            shown = metrics.elidedText(line, Qt.TextElideMode.ElideRight, labels.width() + look.length(6))
            painter.drawText(room.adjusted(0, 0, look.length(8), 0), Qt.AlignmentFlag.AlignLeft, shown)
            room.translate(0, metrics.height())


def _in_view(band: QRectF, geometry: WallGeometry) -> QRectF:
    """The part of a band that can be seen, so that its word stays in the middle of that."""
    seen = QRectF(geometry.names, band.top(), geometry.view_width - geometry.names, band.height())
    return band.intersected(seen)
