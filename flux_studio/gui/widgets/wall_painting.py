"""How the tiles of the wall are painted, what is written above and below each, and the note below all of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from PySide6.QtCore import QPoint, QRect, QRectF, Qt
from PySide6.QtGui import QFont, QFontMetrics, QPainter, QPen, QRegion

from flux_studio.engine.matrices import MatrixKind
from flux_studio.gui.theme import colour, look
from flux_studio.gui.widgets import heat
from flux_studio.gui.widgets.numbers import compact, whole
from flux_studio.gui.widgets.wall_content import Place, WallContent
from flux_studio.gui.widgets.wall_geometry import WallGeometry
from flux_studio.gui.widgets.wall_rows import WallMatrix
from flux_studio.gui.widgets.written_mark import WrittenMark
from flux_studio.training.events import MatrixKey

SMALL = 0.85
CAPTION = 0.82
_TITLE = 0.78
_SYMBOL_SCALES = (1.0, 0.9, 0.8, 0.7)
_WORDS = int(Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop | Qt.TextFlag.TextWordWrap)


def label_height(matrices: Iterable[WallMatrix], width: int) -> int:
    """Height of the symbols and titles above a line of tiles, each ``width`` wide."""
    metrics = QFontMetrics(look.text_font(_TITLE))
    titles = (metrics.boundingRect(0, 0, width, 1_000, _WORDS, each.kind.title).height() for each in matrices)
    return _symbol_height() + max(titles, default=0) + look.length(2)


def _symbol_height() -> int:
    return QFontMetrics(look.text_font(bold=True)).height()


def _symbol_font(symbol: str, width: int) -> QFont:
    """As large as fits."""
    fonts = [look.text_font(scale, bold=True) for scale in _SYMBOL_SCALES]
    return next((font for font in fonts if QFontMetrics(font).horizontalAdvance(symbol) <= width), fonts[-1])


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
    marked: frozenset[MatrixKey]
    written: tuple[frozenset[MatrixKey], float]
    """What a step has just written, and how strongly to mark it."""
    ratio: float
    """Device pixels to a pixel."""

    def pictures(self, keys: Iterable[MatrixKey]) -> QRegion:
        """Where in the view the pictures of these matrices are, without the words around them."""
        region = QRegion()
        for key in keys:
            matrix, place = self.content.find(key), self.content.place(key)
            if matrix is not None and place is not None:
                region += self._room(place, matrix)[1]
        return region & self.geometry.body()

    def paint_tiles(self, region: QRegion) -> None:
        """Paint every matrix in view of which something lies in a region."""
        self.painter.setClipRect(self.geometry.body())
        for line in self.geometry.visible_lines(self.scroll):
            for column in self.geometry.visible_columns(self.scroll):
                matrix = self.content.at((line, column))
                if matrix is not None:
                    self._paint_tile(matrix, (line, column), region)
        self.painter.setClipping(False)

    def _room(self, place: Place, matrix: WallMatrix) -> tuple[QRect, QRect]:
        """The whole tile of a matrix, and where in it the picture is."""
        tile = self.geometry.tile(*place, self.scroll)
        below = tile.adjusted(0, self.geometry.labels[place[0]], 0, 0)
        return tile, self._target(below, matrix.shape)

    def _paint_tile(self, matrix: WallMatrix, place: Place, region: QRegion) -> None:
        key, shape = matrix.key, matrix.shape
        tile, target = self._room(place, matrix)
        if not region.intersects(tile):
            return
        ground = self._paint_ground(key, tile)
        if self.geometry.labels[place[0]] and region.intersects(
            QRect(tile.topLeft(), QPoint(tile.right(), target.top() - 1))
        ):
            self._paint_label(matrix.kind, tile)
        mark = WrittenMark(matrix.kind.side, self.written[1]) if key in self.written[0] else None
        picture = self.content.picture(key)
        if picture is None or not picture.matrix.size:
            self.painter.fillRect(target, colour("sunken"))
        else:
            if picture.image.isNull():
                rows, columns = round(target.height() * self.ratio), round(target.width() * self.ratio)
                cells = heat.shrink(picture.matrix, rows, columns)
                picture.image = heat.heat_image(cells, picture.level, look.theme)
            heat.paint_heat(self.painter, target, picture.image, colour(ground), look.length(3))
        if mark is not None:
            self._paint_written(target, mark)
        caption = QRect(tile.left(), target.bottom() + 1 + look.length(2), tile.width(), look.length(15))
        if not region.intersects(caption):
            return
        broken = picture is not None and not picture.finite
        self.painter.setFont(look.text_font(CAPTION))
        words = (
            "not finite"
            if broken
            else shape_text(shape, tile.width() - look.length(4), self.painter.fontMetrics())
        )
        self.painter.setPen(colour("error" if broken else "accent" if key == self.selected else "text_faint"))
        self.painter.drawText(caption, Qt.AlignmentFlag.AlignCenter, words)

    def _paint_written(self, target: QRect, mark: WrittenMark) -> None:
        self.painter.fillRect(target, mark.veil)
        self.painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
        self.painter.setPen(mark.pen)
        self.painter.setBrush(Qt.BrushStyle.NoBrush)
        self.painter.drawRoundedRect(QRectF(target).adjusted(-2, -2, 2, 2), look.length(4), look.length(4))
        self.painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)

    def _paint_label(self, kind: MatrixKind, tile: QRect) -> None:
        """Write above a tile what it is, in the colour of its side."""
        room = tile.adjusted(look.length(1), look.length(3), -look.length(1), 0)
        self.painter.setFont(_symbol_font(kind.symbol, room.width()))
        self.painter.setPen(colour("text" if kind.side == "update" else kind.side))
        line = QRect(room.left(), room.top(), room.width(), _symbol_height())
        self.painter.drawText(line, Qt.AlignmentFlag.AlignCenter, kind.symbol)
        self.painter.setFont(look.text_font(_TITLE))
        self.painter.setPen(colour("text_soft"))
        self.painter.drawText(room.adjusted(0, _symbol_height(), 0, 0), _WORDS, kind.title)

    def _target(self, tile: QRect, shape: tuple[int, int]) -> QRect:
        """Where in its tile a matrix of this shape is painted."""
        side, margin = self.geometry.side, self.geometry.margin
        height, width = (heat.fitted(count, side, side // 8) for count in shape)
        left = tile.left() + (tile.width() - width) // 2
        top = tile.top() + margin // 2 + (side - height) // 2
        return QRect(left, top, width, height)

    def _paint_ground(self, key: MatrixKey, tile: QRect) -> str:
        """Paint what is behind a tile and return that colour's name."""
        marked = key in self.marked
        if not marked and key not in (self.selected, self.hovered):
            return "surface"
        selected = key == self.selected
        ground = "accent_soft" if selected else "hover" if key == self.hovered else "surface"
        self.painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
        line = QPen(
            colour("accent"),
            2 if selected else 1,
            Qt.PenStyle.SolidLine if selected else Qt.PenStyle.DashLine,
        )
        self.painter.setPen(line if selected or marked else QPen(Qt.PenStyle.NoPen))
        self.painter.setBrush(colour(ground))
        self.painter.drawRoundedRect(QRectF(tile).adjusted(1, 1, -1, -1), look.length(6), look.length(6))
        self.painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        return ground

    def paint_note(self, note: str, height: int) -> None:
        """Paint a strip of ``height`` below the view, unless there is nothing to say."""
        if not note:
            return
        strip = QRect(0, self.geometry.view_height, self.painter.viewport().width(), height)
        self.painter.fillRect(strip.left(), strip.top(), strip.width(), 1, colour("border"))
        self.painter.setFont(look.text_font(SMALL))
        self.painter.setPen(colour("text_soft"))
        room = strip.adjusted(self.geometry.margin, 0, -self.geometry.margin, 0)
        words = self.painter.fontMetrics().elidedText(
            f"Showing {note}", Qt.TextElideMode.ElideRight, room.width()
        )
        self.painter.drawText(room, Qt.AlignmentFlag.AlignVCenter, words)
