"""How the wall of matrices is painted: the tiles in view, the layers' names and the note below them."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QPoint, QRect, QRectF, Qt
from PySide6.QtGui import QFontMetrics, QPainter, QPen

from flux_studio.gui.theme import colour, look
from flux_studio.gui.widgets import heat
from flux_studio.gui.widgets.numbers import compact, whole
from flux_studio.gui.widgets.wall_content import Place, WallContent, WallLayer
from flux_studio.gui.widgets.wall_geometry import WallGeometry
from flux_studio.training.events import MatrixKey

SMALL = 0.85
CAPTION = 0.82
_NARROW = 840


def name_lines(layer: WallLayer, view_width: int) -> list[str]:
    """What stands below a layer's title, on two lines where there is little width."""
    narrow = view_width < look.length(_NARROW)
    return layer.subtitle.split(" · ") if narrow else [layer.subtitle]


def shape_text(shape: tuple[int, int], width: int, metrics: QFontMetrics) -> str:
    """``16×8``, ``8,000×64``, or ``8k×64`` where the whole does not fit into ``width``."""
    exact, brief = ("×".join(map(write, shape)) for write in (whole, compact))
    return next((text for text in (exact, brief) if metrics.horizontalAdvance(text) <= width), brief)


@dataclass(frozen=True)
class WallPainter:
    """Paints only what is in view."""

    painter: QPainter
    geometry: WallGeometry
    scroll: QPoint
    content: WallContent
    selected: MatrixKey | None
    hovered: MatrixKey | None
    ratio: float
    """Device pixels to a pixel."""

    def paint_tiles(self) -> None:
        """Paint every matrix in view."""
        self.painter.setClipRect(self.geometry.body())
        for row in self.geometry.visible_rows(self.scroll):
            for column in self.geometry.visible_columns(self.scroll):
                key = self.content.key((row, column))
                if key is not None:
                    self._paint_tile(key, (row, column))
        self.painter.setClipping(False)

    def _paint_tile(self, key: MatrixKey, place: Place) -> None:
        shape = self.content.layers[place[0]].shapes[key[1]]
        tile = self.geometry.tile(*place, self.scroll)
        target = self._target(tile, shape)
        ground = self._paint_ground(key, tile)
        picture = self.content.picture(key)
        if picture is None or not picture.matrix.size:
            self.painter.fillRect(target, colour("sunken"))
        else:
            if picture.image.isNull():
                rows, columns = round(target.height() * self.ratio), round(target.width() * self.ratio)
                cells = heat.shrink(picture.matrix, rows, columns)
                picture.image = heat.heat_image(cells, picture.level, look.theme)
            heat.paint_heat(self.painter, target, picture.image, colour(ground), look.length(3))
        broken = picture is not None and not picture.finite
        self.painter.setFont(look.text_font(CAPTION))
        words = (
            "not finite"
            if broken
            else shape_text(shape, tile.width() - look.length(4), self.painter.fontMetrics())
        )
        self.painter.setPen(colour("error" if broken else "accent" if key == self.selected else "text_faint"))
        caption = QRect(tile.left(), target.bottom() + 1 + look.length(2), tile.width(), look.length(15))
        self.painter.drawText(caption, Qt.AlignmentFlag.AlignCenter, words)

    def _target(self, tile: QRect, shape: tuple[int, int]) -> QRect:
        """Where in its tile a matrix of this shape is painted."""
        side, margin = self.geometry.side, self.geometry.margin
        height, width = (heat.fitted(count, side, side // 8) for count in shape)
        left = tile.left() + (tile.width() - width) // 2
        top = tile.top() + margin // 2 + (side - height) // 2
        return QRect(left, top, width, height)

    def _paint_ground(self, key: MatrixKey, tile: QRect) -> str:
        """Paint what is behind a tile and return that colour's name."""
        if key not in (self.selected, self.hovered):
            return "surface"
        selected = key == self.selected
        ground = "accent_soft" if selected else "hover"
        self.painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
        self.painter.setPen(QPen(colour("accent"), 2) if selected else QPen(Qt.PenStyle.NoPen))
        self.painter.setBrush(colour(ground))
        self.painter.drawRoundedRect(QRectF(tile).adjusted(1, 1, -1, -1), look.length(6), look.length(6))
        self.painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        return ground

    def paint_names(self) -> None:
        """Paint the layers' titles and subtitles at the left of the view."""
        geometry = self.geometry
        column = QRect(0, geometry.header, geometry.names, geometry.view_height - geometry.header)
        self.painter.setClipRect(column)
        for row in geometry.visible_rows(self.scroll):
            self._paint_name(self.content.layers[row], geometry.row_top(row, self.scroll))
        if self.scroll.x():
            self.painter.fillRect(column.right(), column.top(), 1, column.height(), colour("border"))
        self.painter.setClipping(False)

    def _paint_name(self, layer: WallLayer, top: int) -> None:
        geometry = self.geometry
        bold, small = look.text_font(bold=True), look.text_font(SMALL)
        lines = [(small, "text_soft", line) for line in name_lines(layer, geometry.view_width)]
        texts = [(bold, "text", layer.title), *lines]
        heights = [QFontMetrics(font).height() for font, _, _ in texts]
        width = geometry.names - 2 * geometry.margin
        # In the middle of the pictures beside it.
        top += (geometry.margin + geometry.side - sum(heights)) // 2
        for (font, shade, text), height in zip(texts, heights, strict=True):
            self.painter.setFont(font)
            self.painter.setPen(colour(shade))
            elided = QFontMetrics(font).elidedText(text, Qt.TextElideMode.ElideRight, width + 4)
            self.painter.drawText(QRect(geometry.margin, top, width + 8, height), 0, elided)
            top += height

    def paint_note(self, note: str, height: int) -> None:
        """Paint a strip of ``height`` below the view, unless there is nothing to say."""
        if not note:
            return
        strip = QRect(0, self.geometry.view_height, self.painter.viewport().width(), height)
        self.painter.fillRect(strip.left(), strip.top(), strip.width(), 1, colour("border"))
        self.painter.setFont(look.text_font(SMALL))
        self.painter.setPen(colour("text_soft"))
        room = strip.adjusted(self.geometry.margin, 0, -self.geometry.margin, 0)
        self.painter.drawText(room, Qt.AlignmentFlag.AlignVCenter, f"Showing {note}")
