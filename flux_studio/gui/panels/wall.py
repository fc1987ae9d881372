"""The wall: every matrix of every layer at a glance, a row for each layer, painted in one go."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from PySide6.QtCore import QEvent, QPoint, QRect, QSize, Qt, Signal
from PySide6.QtGui import (
    QFontMetrics,
    QHelpEvent,
    QHideEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
    QShowEvent,
)
from PySide6.QtWidgets import QAbstractScrollArea, QFrame, QToolTip, QWidget

from flux_studio.engine.matrices import DENSE_MATRICES
from flux_studio.gui.theme import colour, look
from flux_studio.gui.widgets.focus_ring import FocusRing
from flux_studio.gui.widgets.keys import ARROWS
from flux_studio.gui.widgets.numbers import short, whole
from flux_studio.gui.widgets.wall_content import Place, WallContent, WallLayer
from flux_studio.gui.widgets.wall_geometry import WallGeometry
from flux_studio.gui.widgets.wall_header import Legend, WallHeader
from flux_studio.gui.widgets.wall_painting import CAPTION, SMALL, WallPainter, name_lines
from flux_studio.training.events import MatrixKey

_NO_LAYERS = "No layers yet. Add one to the network, and all of its matrices appear here."


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
        # What is behind shows through, so that a panel keeps its round corners.
        self.viewport().setAutoFillBackground(False)
        self._content = WallContent(DENSE_MATRICES)
        self._header = WallHeader(DENSE_MATRICES)
        self._selected: MatrixKey | None = None
        self._hovered: MatrixKey | None = None
        self._rows_note = ""
        self._sentence = _NO_LAYERS
        self._seen: tuple[MatrixKey, ...] = ()
        self._geometry = self._fit()
        FocusRing(self)
        look.changed.connect(self._paint_anew)

    def set_layers(self, layers: tuple[WallLayer, ...]) -> None:
        """Show these layers; matrices of layers whose shapes stay the same keep their pictures."""
        self._content.set_layers(layers)
        self._hovered = None
        self._arrange()

    def set_matrices(self, matrices: Mapping[MatrixKey, np.ndarray]) -> None:
        """Repaint with these numbers; matrices that are not named keep theirs."""
        for key, array in matrices.items():
            self._content.set_matrix(key, array)
        self.viewport().update()

    def set_selected(self, key: MatrixKey | None) -> None:
        """Outline this matrix and bring it into view; nothing is signalled."""
        if key == self._selected:
            return
        self._selected = key
        place = self._content.place(key)
        if place is not None:
            self._bring_into_view(place)
        self.viewport().update()

    def selected(self) -> MatrixKey | None:
        """The outlined matrix."""
        return self._selected

    def set_sentence(self, sentence: str) -> None:
        """What to read where there is nothing to see; an empty one tells how to begin."""
        self._sentence = sentence or _NO_LAYERS
        self.viewport().update()

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
        rows, columns = self._geometry.visible_rows(scroll), self._geometry.visible_columns(scroll)
        keys = (self._content.key((row, column)) for row in rows for column in columns)
        return tuple(key for key in keys if key is not None)

    def tile_rect(self, key: MatrixKey) -> QRect:
        """Where a matrix with its caption is painted in the viewport; empty if it is not on the wall."""
        place = self._content.place(key)
        return self._geometry.tile(*place, self._scroll()) if place else QRect()

    def level(self, key: MatrixKey | None) -> float | None:
        """The magnitude that gets the full colours in this matrix; ``None`` before it was ever shown."""
        picture = self._content.picture(key)
        return picture.level if picture else None

    def legend(self) -> Legend:
        """What the scale of colours speaks of: the matrix pointed at, or else the chosen one."""
        for key in (self._hovered, self._selected):
            place = self._content.place(key)
            level = self.level(key)
            if place is not None and level is not None:
                layer, kind = self._content.layers[place[0]], self._content.kinds[place[1]]
                return Legend(level, kind.symbol, layer.title)
        return Legend()

    def sizeHint(self) -> QSize:
        return QSize(look.length(870), look.length(340))

    def minimumSizeHint(self) -> QSize:
        return QSize(look.length(260), look.length(150))

    # -- layout ---------------------------------------------------------------------------------------------

    def _fit(self) -> WallGeometry:
        # Reckoned rather than read from the viewport: Qt shows and hides scroll bars some time later. Room for the
        # vertical one is always kept, so that its coming and going doesn't change the size of the pictures.
        view, bar = self.maximumViewportSize(), self.verticalScrollBar().sizeHint().width()
        width = view.width() - bar
        base = WallGeometry(
            view_width=width,
            view_height=view.height() - self._note_height(),
            names=self._names_width(width),
            header=0,
            caption=QFontMetrics(look.text_font(CAPTION)).height(),
            rows=len(self._content.layers),
            columns=len(self._content.kinds),
            margin=look.length(12),
            scale=look.scale,
        )
        height = base.view_height - bar if base.range.x() else base.view_height
        return replace(base, header=self._header.height(base.pitch), view_height=height)

    def _names_width(self, view_width: int) -> int:
        bold, small = QFontMetrics(look.text_font(bold=True)), QFontMetrics(look.text_font(SMALL))
        widest = look.length(56)
        for layer in self._content.layers:
            lines = map(small.horizontalAdvance, name_lines(layer, view_width))
            widest = max(widest, bold.horizontalAdvance(layer.title), *lines)
        return min(widest, look.length(150)) + look.length(28)

    def _note_height(self) -> int:
        return look.length(24) if self._rows_note else 0

    def _arrange(self) -> None:
        self._geometry = self._fit()
        across, down = self.horizontalScrollBar(), self.verticalScrollBar()
        across.setRange(0, self._geometry.range.x())
        down.setRange(0, self._geometry.range.y())
        across.setPageStep(max(1, self._geometry.body().width()))
        down.setPageStep(max(1, self._geometry.body().height()))
        across.setSingleStep(self._geometry.pitch // 3)
        down.setSingleStep(self._geometry.row_pitch // 3)
        self.viewport().update()
        self._tell_visible_keys()

    def _paint_anew(self) -> None:
        self._content.forget_images()
        self._arrange()

    def _scroll(self) -> QPoint:
        return QPoint(self.horizontalScrollBar().value(), self.verticalScrollBar().value())

    def _tell_visible_keys(self) -> None:
        seen = self.visible_keys()
        if seen != self._seen:
            self._seen = seen
            self.visible_keys_changed.emit()

    def _bring_into_view(self, place: Place) -> None:
        scroll = self._scroll()
        body, tile = self._geometry.body(), self._geometry.tile(*place, scroll)
        right = max(0, tile.right() - body.right()) or min(0, tile.left() - body.left())
        down = max(0, tile.bottom() - body.bottom()) or min(0, tile.top() - body.top())
        self.horizontalScrollBar().setValue(scroll.x() + right)
        self.verticalScrollBar().setValue(scroll.y() + down)

    # -- painting -------------------------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self.viewport())
        if self._content.is_empty:
            painter.setFont(look.text_font())
            painter.setPen(colour("text_soft"))
            room = self.viewport().rect().adjusted(24, 24, -24, -24)
            painter.drawText(room, Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap, self._sentence)
            return
        scroll = self._scroll()
        wall = WallPainter(
            painter=painter,
            geometry=self._geometry,
            scroll=scroll,
            content=self._content,
            selected=self._selected,
            hovered=self._hovered,
            ratio=self.devicePixelRatio(),
        )
        wall.paint_tiles()
        wall.paint_names()
        self._header.paint(painter, self._geometry, scroll, self.legend())
        wall.paint_note(self._rows_note, self._note_height())

    # -- what people do -------------------------------------------------------------------------------------

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._paint_anew()

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

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        event.accept()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = ARROWS.get(Qt.Key(event.key()))
        if step is None:
            super().keyPressEvent(event)
        elif (place := self._content.place(self._selected)) is not None:
            self._choose_next(*place, *step)
        else:
            self._choose_next(0, -1, 0, 1)

    def _choose_next(self, row: int, column: int, down: int, right: int) -> None:
        """Choose the next matrix in a direction; blanks are stepped over."""
        row, column = row + down, column + right
        while 0 <= row < len(self._content.layers) and 0 <= column < len(self._content.kinds):
            if (key := self._content.key((row, column))) is not None:
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
        geometry = self._geometry
        if self._content.is_empty:
            return self.toolTip()
        if position.y() < geometry.header:
            if position.x() < geometry.names:
                return (
                    "Blue is below zero, orange above. Each matrix has its own range: point at one to see it."
                )
            column = (position.x() - geometry.names + self._scroll().x()) // geometry.pitch
            return self._kind_tip(column) if column < len(self._content.kinds) else ""
        place = geometry.hit(position, self._scroll())
        key = self._content.key(place) if place else None
        return self._matrix_tip(place, key) if place and key else ""

    def _kind_tip(self, column: int) -> str:
        kind = self._content.kinds[column]
        return f"{kind.formula} · {kind.name} ({kind.shape})\n{kind.meaning}"

    def _matrix_tip(self, place: Place, key: MatrixKey) -> str:
        layer, kind = self._content.layers[place[0]], self._content.kinds[place[1]]
        rows, columns = layer.shapes[kind.name]
        lines = [
            f"{layer.title} · {kind.formula} · {kind.name}, {whole(rows)} × {whole(columns)}",
            kind.meaning,
        ]
        if (level := self.level(key)) is not None:
            lines.append(f"colours reach from {short(-level)} to +{short(level)}")
        return "\n".join(lines)

    def _key_at(self, position: QPoint) -> MatrixKey | None:
        place = self._geometry.hit(position, self._scroll())
        return self._content.key(place) if place else None

    def _choose(self, key: MatrixKey) -> None:
        self.set_selected(key)
        self.matrix_selected.emit(key)

    def _hover(self, key: MatrixKey | None) -> None:
        if key != self._hovered:
            self._hovered = key
            self.viewport().update()
