"""The wall: every matrix of every layer at a glance, a row for each layer, painted in one go."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from PySide6.QtCore import QEvent, QPoint, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QFontMetrics,
    QHelpEvent,
    QHideEvent,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
    QShowEvent,
)
from PySide6.QtWidgets import QAbstractScrollArea, QFrame, QToolTip, QWidget

from flux_studio.engine.matrices import DENSE_MATRICES
from flux_studio.gui.theme import colour, look
from flux_studio.gui.widgets import heat, levels
from flux_studio.gui.widgets.keys import ARROWS
from flux_studio.gui.widgets.numbers import short, whole
from flux_studio.gui.widgets.wall_geometry import WallGeometry
from flux_studio.gui.widgets.wall_header import WallHeader
from flux_studio.training.events import MatrixKey

_SMALL = 0.85
_CAPTION = 0.82
_NARROW = 840
_NO_LAYERS = "No layers yet. Add one to the network, and all of its matrices appear here."
_NO_MATRICES = "The matrices appear here as soon as the network has data to work on."


@dataclass(frozen=True)
class WallLayer:
    """One row of the wall. ``shapes`` gives each matrix's full shape; those not named stay blank."""

    identity: str
    title: str
    subtitle: str
    shapes: Mapping[str, tuple[int, int]]


@dataclass
class _Picture:
    """What is known of one matrix: its numbers, its steady colour level, its picture once it was painted."""

    array: np.ndarray
    level: float
    finite: bool
    image: QImage = field(default_factory=QImage)


class MatrixWall(QAbstractScrollArea):
    """Shows all matrices of all layers as small pictures, one of which can be chosen."""

    matrix_selected = Signal(object)
    """A person chose this ``MatrixKey``."""
    visible_keys_changed = Signal()
    """Other matrices came into view, or went."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("matrices.wall")
        self.setAccessibleName("Matrices of all layers")
        self.setToolTip("Every matrix of every layer; click one to see its numbers")
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.viewport().setMouseTracking(True)
        self._kinds = DENSE_MATRICES
        self._header = WallHeader(self._kinds)
        self._layers: tuple[WallLayer, ...] = ()
        self._pictures: dict[MatrixKey, _Picture] = {}
        self._selected: MatrixKey | None = None
        self._hovered: MatrixKey | None = None
        self._rows_note = ""
        self._seen: tuple[MatrixKey, ...] = ()
        self._geometry = self._fit()
        look.changed.connect(self._take_look)

    def set_layers(self, layers: tuple[WallLayer, ...]) -> None:
        """Show these layers; matrices of layers whose shapes stay the same keep their pictures."""
        before = {layer.identity: dict(layer.shapes) for layer in self._layers}
        self._layers = tuple(layers)
        kept = {
            (layer.identity, name)
            for layer in self._layers
            for name, shape in layer.shapes.items()
            if before.get(layer.identity, {}).get(name) == shape
        }
        self._pictures = {key: picture for key, picture in self._pictures.items() if key in kept}
        self._hovered = None
        self._arrange()

    def set_matrices(self, matrices: Mapping[MatrixKey, np.ndarray]) -> None:
        """Repaint with these numbers; matrices that are not named keep theirs."""
        for key, array in matrices.items():
            matrix = heat.as_matrix(array)
            before = self._pictures.get(key)
            largest, finite = heat.magnitude(matrix)
            level = levels.settle(largest, before.level if before else None)
            self._pictures[key] = _Picture(matrix, level, finite)
        self.viewport().update()

    def set_selected(self, key: MatrixKey | None) -> None:
        """Outline this matrix and bring it into view; nothing is signalled."""
        if key == self._selected:
            return
        self._selected = key
        place = self._place(key)
        if place is not None:
            self._bring_into_view(*place)
        self.viewport().update()

    def selected(self) -> MatrixKey | None:
        """The outlined matrix."""
        return self._selected

    def set_rows_note(self, note: str) -> None:
        """Say below the wall which rows it shows, when not all; an empty note takes no room."""
        if note != self._rows_note:
            self._rows_note = note
            self._arrange()

    def visible_keys(self) -> tuple[MatrixKey, ...]:
        """The matrices on screen now, row by row; none while the wall itself is hidden."""
        if not self.isVisible():
            return ()
        scroll = self._scroll()
        return tuple(
            key
            for row in self._geometry.visible_rows(scroll)
            for column in self._geometry.visible_columns(scroll)
            if (key := self._key(row, column)) is not None
        )

    def tile_rect(self, key: MatrixKey) -> QRect:
        """Where a matrix with its caption is painted in the viewport; empty if it is not on the wall."""
        place = self._place(key)
        return self._geometry.tile(*place, self._scroll()) if place else QRect()

    def level(self, key: MatrixKey) -> float | None:
        """The magnitude that gets the full colours in this matrix; ``None`` before it was ever shown."""
        picture = self._pictures.get(key)
        return picture.level if picture else None

    def sizeHint(self) -> QSize:
        return QSize(look.length(870), look.length(340))

    def minimumSizeHint(self) -> QSize:
        return QSize(look.length(260), look.length(150))

    # -- layout ---------------------------------------------------------------------------------------------

    def _fit(self) -> WallGeometry:
        # Room for the scroll bar is always kept: if its coming and going changed the size of the pictures, that
        # could make it go and come without end.
        width = self.maximumViewportSize().width() - self.verticalScrollBar().sizeHint().width()
        base = WallGeometry(
            view_width=width,
            view_height=self.viewport().height() - self._note_height(),
            names=self._names_width(width),
            header=0,
            caption=QFontMetrics(look.text_font(_CAPTION)).height(),
            rows=len(self._layers),
            columns=len(self._kinds),
            margin=look.length(12),
            scale=look.scale,
        )
        return replace(base, header=self._header.height(base.pitch))

    def _names_width(self, view_width: int) -> int:
        bold, small = QFontMetrics(look.text_font(bold=True)), QFontMetrics(look.text_font(_SMALL))
        narrow = view_width < look.length(_NARROW)
        widest = look.length(56)
        for layer in self._layers:
            lines = layer.subtitle.split(" · ") if narrow else [layer.subtitle]
            widest = max(widest, bold.horizontalAdvance(layer.title), *map(small.horizontalAdvance, lines))
        return min(widest, look.length(150)) + look.length(28)

    def _note_height(self) -> int:
        return look.length(24) if self._rows_note else 0

    def _arrange(self) -> None:
        self._geometry = self._fit()
        reach = self._geometry.range
        for bar, maximum, page, step in (
            (self.horizontalScrollBar(), reach.x(), self._geometry.body().width(), self._geometry.pitch),
            (self.verticalScrollBar(), reach.y(), self._geometry.body().height(), self._geometry.row_pitch),
        ):
            bar.setRange(0, maximum)
            bar.setPageStep(max(1, page))
            bar.setSingleStep(max(1, step // 3))
        self.viewport().update()
        self._tell_visible_keys()

    def _take_look(self) -> None:
        for picture in self._pictures.values():
            picture.image = QImage()
        self._arrange()

    def _scroll(self) -> QPoint:
        return QPoint(self.horizontalScrollBar().value(), self.verticalScrollBar().value())

    def _tell_visible_keys(self) -> None:
        seen = self.visible_keys()
        if seen != self._seen:
            self._seen = seen
            self.visible_keys_changed.emit()

    def _bring_into_view(self, row: int, column: int) -> None:
        geometry, scroll = self._geometry, self._scroll()
        body, tile = geometry.body(), geometry.tile(row, column, scroll)
        right = max(0, tile.right() - body.right()) or min(0, tile.left() - body.left())
        down = max(0, tile.bottom() - body.bottom()) or min(0, tile.top() - body.top())
        self.horizontalScrollBar().setValue(scroll.x() + right)
        self.verticalScrollBar().setValue(scroll.y() + down)

    def _key(self, row: int, column: int) -> MatrixKey | None:
        layer, name = self._layers[row], self._kinds[column].name
        return (layer.identity, name) if name in layer.shapes else None

    def _place(self, key: MatrixKey | None) -> tuple[int, int] | None:
        for row, layer in enumerate(self._layers):
            for column, kind in enumerate(self._kinds):
                if key == (layer.identity, kind.name) and kind.name in layer.shapes:
                    return row, column
        return None

    # -- painting -------------------------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self.viewport())
        painter.fillRect(self.viewport().rect(), colour("surface"))
        if not any(layer.shapes for layer in self._layers):
            self._paint_sentence(painter, _NO_MATRICES if self._layers else _NO_LAYERS)
            return
        geometry, scroll = self._geometry, self._scroll()
        painter.setClipRect(geometry.body())
        for row in geometry.visible_rows(scroll):
            for column in geometry.visible_columns(scroll):
                if (key := self._key(row, column)) is not None:
                    shape = self._layers[row].shapes[key[1]]
                    self._paint_tile(painter, key, shape, geometry.tile(row, column, scroll))
        painter.setClipping(False)
        self._paint_names(painter, geometry, scroll)
        spoken_of = self._hovered or self._selected
        self._header.paint(painter, geometry, scroll, self.level(spoken_of) if spoken_of else None)
        self._paint_note(painter, geometry)

    def _paint_tile(self, painter: QPainter, key: MatrixKey, shape: tuple[int, int], tile: QRect) -> None:
        behind = self._paint_ground(painter, key, tile)
        side, margin = self._geometry.side, self._geometry.margin
        height, width = (heat.fitted(count, side, side // 8) for count in shape)
        target = QRect(
            tile.left() + (tile.width() - width) // 2,
            tile.top() + margin // 2 + (side - height) // 2,
            width,
            height,
        )
        picture = self._pictures.get(key)
        if picture is None or not picture.array.size:
            painter.fillRect(target, colour("sunken"))
        else:
            if picture.image.isNull():
                ratio = self.devicePixelRatio()
                cells = heat.shrink(picture.array, round(height * ratio), round(width * ratio))
                picture.image = heat.heat_image(cells, picture.level, look.theme)
            heat.paint_heat(painter, target, picture.image, colour(behind), look.length(3))
        broken = picture is not None and not picture.finite
        shade = "error" if broken else "accent" if key == self._selected else "text_faint"
        painter.setFont(look.text_font(_CAPTION))
        painter.setPen(colour(shade))
        caption = QRect(tile.left(), target.bottom() + 1 + look.length(2), tile.width(), look.length(15))
        painter.drawText(
            caption, Qt.AlignmentFlag.AlignCenter, "not finite" if broken else f"{shape[0]}×{shape[1]}"
        )

    def _paint_ground(self, painter: QPainter, key: MatrixKey, tile: QRect) -> str:
        """Paint what is behind a tile and return that colour's name."""
        if key not in (self._selected, self._hovered):
            return "surface"
        selected = key == self._selected
        ground = "accent_soft" if selected else "hover"
        pen = QPen(colour("accent"), 2) if selected else QPen(Qt.PenStyle.NoPen)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
        painter.setPen(pen)
        painter.setBrush(colour(ground))
        painter.drawRoundedRect(QRectF(tile).adjusted(1, 1, -1, -1), look.length(6), look.length(6))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        return ground

    def _paint_names(self, painter: QPainter, geometry: WallGeometry, scroll: QPoint) -> None:
        painter.fillRect(0, geometry.header, geometry.names, geometry.view_height, colour("surface"))
        bold, small = look.text_font(bold=True), look.text_font(_SMALL)
        width = geometry.names - 2 * geometry.margin
        narrow = geometry.view_width < look.length(_NARROW)
        for row in geometry.visible_rows(scroll):
            layer = self._layers[row]
            lines = layer.subtitle.split(" · ") if narrow else [layer.subtitle]
            texts = [(bold, "text", layer.title), *((small, "text_soft", line) for line in lines)]
            heights = [QFontMetrics(font).height() for font, _, _ in texts]
            top = geometry.row_top(row, scroll) + (geometry.margin + geometry.side - sum(heights)) // 2
            for (font, shade, text), height in zip(texts, heights, strict=True):
                painter.setFont(font)
                painter.setPen(colour(shade))
                elided = QFontMetrics(font).elidedText(text, Qt.TextElideMode.ElideRight, width)
                painter.drawText(QRect(geometry.margin, top, width + 2, height), 0, elided)
                top += height
        if scroll.x():
            painter.fillRect(geometry.names - 1, geometry.header, 1, geometry.view_height, colour("border"))

    def _paint_note(self, painter: QPainter, geometry: WallGeometry) -> None:
        if not self._rows_note:
            return
        strip = QRect(0, geometry.view_height, geometry.view_width, self._note_height())
        painter.fillRect(strip, colour("sunken"))
        painter.fillRect(strip.left(), strip.top(), strip.width(), 1, colour("border"))
        painter.setFont(look.text_font(_SMALL))
        painter.setPen(colour("text_soft"))
        margin = geometry.margin
        painter.drawText(
            strip.adjusted(margin, 0, -margin, 0), Qt.AlignmentFlag.AlignVCenter, f"Showing {self._rows_note}"
        )

    def _paint_sentence(self, painter: QPainter, sentence: str) -> None:
        painter.setFont(look.text_font())
        painter.setPen(colour("text_soft"))
        room = self.viewport().rect().adjusted(24, 24, -24, -24)
        painter.drawText(room, Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap, sentence)

    # -- what people do -------------------------------------------------------------------------------------

    def resizeEvent(self, event: QResizeEvent) -> None:
        for picture in self._pictures.values():
            picture.image = QImage()
        self._arrange()

    def scrollContentsBy(self, dx: int, dy: int) -> None:
        self.viewport().update()
        self._tell_visible_keys()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._tell_visible_keys()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._tell_visible_keys()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._hover(self._key_at(event.position().toPoint()))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        key = self._key_at(event.position().toPoint())
        if key is not None and event.button() == Qt.MouseButton.LeftButton:
            self._choose(key)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = ARROWS.get(Qt.Key(event.key()))
        if step is None:
            super().keyPressEvent(event)
        elif (place := self._place(self._selected)) is not None:
            self._choose_next(*place, *step)
        else:
            self._choose_next(0, -1, 0, 1)

    def _choose_next(self, row: int, column: int, down: int, right: int) -> None:
        """Choose the next matrix in a direction; blanks are stepped over."""
        row, column = row + down, column + right
        while 0 <= row < len(self._layers) and 0 <= column < len(self._kinds):
            if (key := self._key(row, column)) is not None:
                self._choose(key)
                return
            row, column = row + down, column + right

    def viewportEvent(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            QToolTip.showText(event.globalPos(), self.tip(event.pos()), self)
            return True
        if event.type() == QEvent.Type.Leave:
            self._hover(None)
        return super().viewportEvent(event)

    def tip(self, position: QPoint) -> str:
        """What the tool tip says about a place in the viewport."""
        column = (position.x() - self._geometry.names + self._scroll().x()) // self._geometry.pitch
        if position.y() < self._geometry.header and position.x() < self._geometry.names:
            return "Blue is below zero, orange above. Each matrix has a range of its own: point at one to see it."
        if position.y() < self._geometry.header and 0 <= column < len(self._kinds):
            kind = self._kinds[column]
            return f"{kind.formula} · {kind.name} ({kind.shape})\n{kind.meaning}"
        key = self._key_at(position)
        place = self._place(key)
        if key is None or place is None:
            return ""
        layer, kind = self._layers[place[0]], self._kinds[place[1]]
        rows, columns = layer.shapes[kind.name]
        level = self.level(key)
        scale = "" if level is None else f"\ncolours reach from {short(-level)} to +{short(level)}"
        size = f"{whole(rows)} × {whole(columns)}"
        return f"{layer.title} · {kind.formula} · {kind.name}, {size}\n{kind.meaning}{scale}"

    def _key_at(self, position: QPoint) -> MatrixKey | None:
        place = self._geometry.hit(position, self._scroll())
        return self._key(*place) if place else None

    def _choose(self, key: MatrixKey) -> None:
        self.set_selected(key)
        self.matrix_selected.emit(key)

    def _hover(self, key: MatrixKey | None) -> None:
        if key != self._hovered:
            self._hovered = key
            self.viewport().update()
