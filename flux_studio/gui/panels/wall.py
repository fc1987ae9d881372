"""The wall: every matrix of every layer at a glance, a row for each layer and each part, painted in one go."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

import numpy as np
from PySide6.QtCore import QEvent, QPoint, QRect, QSize, Qt, Signal
from PySide6.QtGui import (
    QContextMenuEvent,
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

from flux_studio.engine.matrices import DENSE_MATRICES, MatrixKind
from flux_studio.gui.theme import colour, look
from flux_studio.gui.widgets.field_editors import WholeNumberEdit
from flux_studio.gui.widgets.focus_ring import FocusRing
from flux_studio.gui.widgets.formula_tip import formula_of, kind_tip, typeset_tip
from flux_studio.gui.widgets.keys import ARROWS
from flux_studio.gui.widgets.levels import ColourRange
from flux_studio.gui.widgets.numbers import short, whole
from flux_studio.gui.widgets.wall_content import Heading, Place, WallContent
from flux_studio.gui.widgets.wall_geometry import WallGeometry
from flux_studio.gui.widgets.wall_header import Legend, WallHeader
from flux_studio.gui.widgets.wall_names import WallNames, names_width
from flux_studio.gui.widgets.wall_painting import CAPTION, WallPainter, label_height
from flux_studio.gui.widgets.wall_rows import WallMatrix, WallRow
from flux_studio.training.events import MatrixKey

_SHORTEST_NAMES = 104
_NO_LAYERS = "No layers yet. Add one to the network, and all of its matrices appear here."


class MatrixWall(QAbstractScrollArea):
    """Shows all matrices of all layers as small pictures, one of which can be chosen.

    Rows inside a row can be folded away; of a row's pages, such as the steps of a sequence, one is shown.
    """

    matrix_selected = Signal(object)
    """A person chose this ``MatrixKey``."""
    menu_requested = Signal(object, QPoint)
    """A person asks what can be done with this ``MatrixKey``, at a place of the screen."""
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
        self._marked: frozenset[MatrixKey] = frozenset()
        self._written: tuple[frozenset[MatrixKey], float] = (frozenset(), 0.0)
        self._rows_note = ""
        self._sentence = _NO_LAYERS
        self._seen: tuple[MatrixKey, ...] = ()
        self._pagers: dict[str, WholeNumberEdit] = {}
        self._geometry = self._fit()
        FocusRing(self)
        look.changed.connect(self._paint_anew)

    def set_rows(self, rows: tuple[WallRow, ...]) -> None:
        """Show these rows; matrices whose shapes stay the same keep their pictures."""
        self._content.set_rows(rows)
        self._hovered = None
        if self._selected is not None:
            self._content.reveal(self._selected)
        self._arrange()

    def set_matrices(self, matrices: Mapping[MatrixKey, np.ndarray]) -> None:
        """Repaint with these numbers; matrices that are not named keep theirs."""
        before, legend = {key: self._finite(key) for key in matrices}, self.legend()
        self._content.set_matrices(matrices)
        same_words = legend == self.legend() and all(
            self._finite(key) == finite for key, finite in before.items()
        )
        if self.colour_range.linked or not same_words:
            self.viewport().update()
        else:
            # Words cost as much as pictures, and stay as they are.
            self.viewport().update(self._painter().pictures(matrices))

    def _finite(self, key: MatrixKey) -> bool | None:
        picture = self._content.picture(key)
        return picture.finite if picture else None

    @property
    def colour_range(self) -> ColourRange:
        """Over what time the colours of a matrix reach, and what they reach together with."""
        return self._content.levels.range

    def set_colour_range(self, chosen: ColourRange) -> None:
        """Let the colours reach over another time, from now on."""
        self._content.set_colour_range(chosen)
        self.viewport().update()

    def set_selected(self, key: MatrixKey | None) -> None:
        """Outline this matrix and bring it into view, unfolding what hides it; nothing is signalled."""
        if key == self._selected:
            return
        self._selected = key
        if key is not None and self._content.reveal(key):
            self._arrange()
        place = self._content.place(key)
        if place is not None:
            self._bring_into_view(place)
        self.viewport().update()

    def set_marked(self, keys: Iterable[MatrixKey]) -> None:
        """Mark the matrices that the chosen cell was made from."""
        marked = frozenset(keys)
        if marked != self._marked:
            self._marked = marked
            self.viewport().update()

    def set_written(self, keys: Iterable[MatrixKey], strength: float) -> None:
        """Mark the matrices that a step has just written, so strongly (0 to 1)."""
        written = frozenset(keys)
        if (written, strength) != self._written and (written or self._written[0]):
            self.viewport().update()
        self._written = (written, strength)

    def bring_into_view(self, keys: Iterable[MatrixKey]) -> None:
        """Scroll to the first of these matrices, unless one of them is in view."""
        places = [place for key in keys if (place := self._content.place(key)) is not None]
        body, scroll = self._geometry.body(), self._scroll()
        if places and not any(body.contains(self._geometry.tile(*place, scroll)) for place in places):
            self._bring_into_view(places[0])

    def written(self) -> frozenset[MatrixKey]:
        """The matrices marked as just written."""
        return self._written[0]

    def marked(self) -> frozenset[MatrixKey]:
        """The marked matrices."""
        return self._marked

    def selected(self) -> MatrixKey | None:
        """The outlined matrix."""
        return self._selected

    def find(self, key: MatrixKey | None) -> WallMatrix | None:
        """What is known of a matrix, in view or folded away; ``None`` if there is none."""
        return self._content.find(key)

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
        lines, columns = self._geometry.visible_lines(scroll), self._geometry.visible_columns(scroll)
        found = (self._content.at((line, column)) for line in lines for column in columns)
        return tuple(matrix.key for matrix in found if matrix is not None)

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
            matrix, level = self._content.find(key), self.level(key)
            if matrix is not None and level is not None:
                return Legend(level, matrix.kind.symbol, matrix.owner)
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
            names=names_width(self._content, width),
            header=0,
            caption=QFontMetrics(look.text_font(CAPTION)).height(),
            labels=(),
            columns=len(self._content.kinds),
            margin=look.length(12),
            scale=look.scale,
        )
        # Where there is little width, names are shortened before a column has to be scrolled to.
        base = replace(
            base, names=max(base.names - base.range.x(), min(base.names, look.length(_SHORTEST_NAMES)))
        )
        height = base.view_height - bar if base.range.x() else base.view_height
        content, labelled = self._content, base.pitch - look.length(4)
        labels = tuple(
            label_height(tiles.values(), labelled) if content.is_labelled(line) else 0
            for line, tiles in enumerate(content.lines)
        )
        return replace(base, header=self._header.height(base.pitch), view_height=height, labels=labels)

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
        down.setSingleStep(self._geometry.line_pitch // 3)
        self._place_pagers()
        self.viewport().update()
        self._tell_visible_keys()

    def _paint_anew(self) -> None:
        self._content.forget_images()
        self._arrange()

    def _scroll(self) -> QPoint:
        return QPoint(self.horizontalScrollBar().value(), self.verticalScrollBar().value())

    def _names(self) -> WallNames:
        return WallNames(self._content, self._geometry, self._scroll())

    def _place_pagers(self) -> None:
        """Put the number of each row's page into the row's name."""
        paged = {each.row.identity: each for each in self._content.headings if each.row.pages}
        for identity in set(self._pagers) - set(paged):
            self._drop_pager(identity)
        names, body = self._names(), self._geometry.body()
        for heading in paged.values():
            pager, place = self._pager(heading.row), names.pager(heading)
            pager.setGeometry(place)
            pager.set_value(self._content.page(heading.row) + 1)
            pager.setVisible(place.top() >= body.top())

    def _pager(self, row: WallRow) -> WholeNumberEdit:
        known, count = self._pagers.get(row.identity), len(row.pages)
        if known is not None and known.maximum == count:
            return known
        if known is not None:
            self._drop_pager(row.identity)
        refusal = f"{row.page} must be a whole number from 1 to {count:,}"

        def refused(value: object) -> str:
            return "" if isinstance(value, int) and 1 <= value <= count else refusal

        pager = WholeNumberEdit(1, count, refused, self.viewport())
        pager.setObjectName(f"matrices.wall.{row.identity}.{row.page}")
        pager.setAccessibleName(f"{row.title}: {row.page}")
        pager.setToolTip(f"Which {row.page} of {count:,} is shown; arrow keys step")
        pager.committed.connect(lambda value, identity=row.identity: self._turn(identity, value - 1))
        pager.left.connect(self.setFocus)
        self._pagers[row.identity] = pager
        return pager

    def _drop_pager(self, identity: str) -> None:
        pager = self._pagers.pop(identity)
        pager.blockSignals(True)  # hidden, it would tell what was half typed in it
        pager.hide()
        pager.deleteLater()

    def _turn(self, identity: str, page: int) -> None:
        """Show another page of a row; what was chosen on the page before is chosen on this one."""
        row = next(each.row for each in self._content.headings if each.row.identity == identity)
        before, after = (list(row.pages[number].everything()) for number in (self._content.page(row), page))
        self._content.turn(row, page)
        self._arrange()
        for old, new in zip(before, after, strict=False):
            if old.key == self._selected:
                self._choose(new.key)

    def _fold(self, heading: Heading) -> None:
        self._content.fold(heading.row)
        self._hovered = None
        self._arrange()

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
        wall, region = self._painter(painter), event.region()
        wall.paint_tiles(region)
        geometry, scroll = self._geometry, self._scroll()
        if region.intersects(QRect(0, geometry.header, geometry.names, geometry.view_height)):
            self._names().paint(painter)
        if region.intersects(QRect(0, 0, self.viewport().width(), geometry.header)):
            self._header.paint(painter, geometry, scroll, self.legend())
        wall.paint_note(self._rows_note, self._note_height())

    def _painter(self, painter: QPainter | None = None) -> WallPainter:
        return WallPainter(
            painter=painter or QPainter(),
            geometry=self._geometry,
            scroll=self._scroll(),
            content=self._content,
            selected=self._selected,
            hovered=self._hovered,
            marked=self._marked,
            written=self._written,
            ratio=self.devicePixelRatio(),
        )

    # -- what people do -------------------------------------------------------------------------------------

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._paint_anew()

    def scrollContentsBy(self, dx: int, dy: int) -> None:
        self._place_pagers()
        self.viewport().update()
        self._tell_visible_keys()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._tell_visible_keys()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._tell_visible_keys()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        position = event.position().toPoint()
        self._hover(self._key_at(position))
        hand = self._foldable_at(position) is not None
        self.viewport().setCursor(Qt.CursorShape.PointingHandCursor if hand else Qt.CursorShape.ArrowCursor)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() != Qt.MouseButton.LeftButton:
            return
        position = event.position().toPoint()
        if (key := self._key_at(position)) is not None:
            self._choose(key)
        elif (heading := self._foldable_at(position)) is not None:
            self._fold(heading)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        event.accept()

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        if event.reason() == QContextMenuEvent.Reason.Mouse:
            key, place = self._key_at(event.pos()), event.globalPos()
        else:
            key = self._selected
            place = self.viewport().mapToGlobal(self.tile_rect(key).center() if key else QPoint())
        if key is not None:
            self._choose(key)
            self.menu_requested.emit(key, place)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = ARROWS.get(Qt.Key(event.key()))
        heading = self._content.heading_of(self._selected)
        if event.key() == Qt.Key.Key_Space and heading is not None and heading.foldable:
            self._fold(heading)
        elif step is None:
            super().keyPressEvent(event)
        elif (place := self._content.place(self._selected)) is not None:
            self._choose_next(*place, *step)
        else:
            self._choose_next(0, -1, 0, 1)

    def _choose_next(self, line: int, column: int, down: int, right: int) -> None:
        """Choose the next matrix in a direction; blanks are stepped over, up and down to the nearest of a line."""
        line, column = line + down, column + right
        while 0 <= line < len(self._content.lines) and 0 <= column < len(self._content.kinds):
            tiles = self._content.lines[line]
            near = min(tiles, key=lambda each: abs(each - column), default=None) if down else column
            if near is not None and near in tiles:
                self._choose(tiles[near].key)
                return
            line, column = line + down, column + right

    def _foldable_at(self, position: QPoint) -> Heading | None:
        heading = self._names().at(position)
        return heading if heading is not None and heading.foldable else None

    def viewportEvent(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            words, kind = self._told(event.pos())
            text = words if kind is None else typeset_tip(words, formula_of(kind))
            QToolTip.showText(event.globalPos(), text, self)
            return True
        if event.type() == QEvent.Type.Leave:
            self._hover(None)
        return super().viewportEvent(event)

    def tip(self, position: QPoint) -> str:
        """What the tool tip says about a place in the viewport."""
        return self._told(position)[0]

    def _told(self, position: QPoint) -> tuple[str, MatrixKind | None]:
        """What the tool tip says, and of which matrix it says the formula."""
        geometry = self._geometry
        if self._content.is_empty:
            return self.toolTip(), None
        if position.y() < geometry.header:
            if position.x() < geometry.names:
                return (
                    "Blue is below zero, orange above. Each matrix has its own range: point at one to see it."
                ), None
            column = (position.x() - geometry.names + self._scroll().x()) // geometry.pitch
            kinds = self._content.kinds
            return (kind_tip(kinds[column]), kinds[column]) if column < len(kinds) else ("", None)
        if (heading := self._foldable_at(position)) is not None:
            verb = "show" if self._content.is_folded(heading.row) else "hide"
            return f"{heading.row.title}: click to {verb} what is inside (Space)", None
        place = geometry.hit(position, self._scroll())
        matrix = self._content.at(place) if place else None
        return (self._matrix_tip(matrix), matrix.kind) if matrix else ("", None)

    def _matrix_tip(self, matrix: WallMatrix) -> str:
        kind, (rows, columns) = matrix.kind, matrix.shape
        lines = [
            f"{matrix.owner} · {formula_of(kind)} · {kind.name}, {whole(rows)} × {whole(columns)}",
            kind.meaning,
        ]
        if (level := self.level(matrix.key)) is not None:
            lines.append(f"colours reach from {short(-level)} to +{short(level)}")
        return "\n".join(lines)

    def _key_at(self, position: QPoint) -> MatrixKey | None:
        place = self._geometry.hit(position, self._scroll())
        matrix = self._content.at(place) if place else None
        return matrix.key if matrix else None

    def _choose(self, key: MatrixKey) -> None:
        self.set_selected(key)
        self.matrix_selected.emit(key)

    def _hover(self, key: MatrixKey | None) -> None:
        if key != self._hovered:
            self._hovered = key
            self.viewport().update()
