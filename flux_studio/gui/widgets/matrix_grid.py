"""A matrix with its numbers: labelled, coloured cells of which only those in view are painted."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

import numpy as np
from PySide6.QtCore import QPoint, QRect, QSize, Qt, Signal
from PySide6.QtGui import (
    QContextMenuEvent,
    QFontMetrics,
    QGuiApplication,
    QKeyEvent,
    QKeySequence,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QAbstractScrollArea, QFrame, QToolTip, QWidget

from flux_studio.gui.theme import colour, look
from flux_studio.gui.widgets import heat, levels
from flux_studio.gui.widgets.cell_selection import Cell, CellSelection
from flux_studio.gui.widgets.cell_tips import CellTips
from flux_studio.gui.widgets.focus_ring import FocusRing
from flux_studio.gui.widgets.grid_geometry import GridGeometry
from flux_studio.gui.widgets.grid_painting import (
    LONGEST_LABEL,
    LONGEST_NAME,
    GridPainter,
    label_font,
    named_row,
    number_font,
)
from flux_studio.gui.widgets.keys import aim
from flux_studio.gui.widgets.numbers import NumberFormat, exact, number_format, whole
from flux_studio.gui.widgets.written_mark import WrittenMark

_COLOUR_ZOOMS = (1, 2, 3, 4, 6, 8, 11, 15)
_TEXT_ZOOMS = (0.8, 0.9, 1.0, 1.15, 1.35, 1.6, 2.0)
_ORDINARY_ZOOM = len(_COLOUR_ZOOMS) + _TEXT_ZOOMS.index(1.0)
_LAST_ZOOM = len(_COLOUR_ZOOMS) + len(_TEXT_ZOOMS) - 1
_MOST_COPIED = 1_000_000


class MatrixGrid(QAbstractScrollArea):
    """Shows the numbers of one matrix; zoomed out, only its colours."""

    cell_selected = Signal(int, int)
    menu_requested = Signal(QPoint)
    """A person asks what can be done with the matrix, at a place of the screen."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("matrices.grid")
        self.setAccessibleName("Numbers of the chosen matrix")
        self.setToolTip("Arrow keys move, Shift extends, Ctrl+C copies, Ctrl+wheel zooms")
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.viewport().setMouseTracking(True)
        self._matrix = np.empty((0, 0), dtype=np.float32)
        self._row_labels: Sequence[str] = ()
        self._column_labels: Sequence[str] = ()
        self._longest_label = 1
        self._level = 1.0
        self._format: NumberFormat = number_format(1.0)
        self._selection: CellSelection | None = None
        self._marked: frozenset[Cell] = frozenset()
        self._written = (range(0), WrittenMark("", 0.0))
        self._zoom = _ORDINARY_ZOOM
        self._shrunk: dict[int, np.ndarray] = {}
        self._sentence = ""
        self._geometry = self._fit()
        self.tips = CellTips(self)
        FocusRing(self)
        look.changed.connect(self._arrange)

    def set_sentence(self, sentence: str) -> None:
        """What to say while there is no matrix."""
        self._sentence = sentence
        self.viewport().update()

    def set_matrix(
        self,
        array: np.ndarray,
        rows: Sequence[str],
        columns: Sequence[str],
        level: float | None = None,
        *,
        keep_place: bool = False,
    ) -> None:
        """Show another matrix, with a label for each row and column.

        ``level`` is the magnitude with the full colours where it is already settled. It is seen from its first
        cell on with nothing selected; with ``keep_place`` what was seen and selected stays as far as it exists.
        """
        self._take(heat.as_matrix(array))
        self._row_labels, self._column_labels = rows, columns
        self._longest_label = self._longest_of(rows)
        largest, _ = heat.magnitude(self._matrix)
        self._level, self._format = level or levels.settle(largest), number_format(largest)
        if keep_place and self._selection is not None:
            self._selection = self._selection.within(*self._matrix.shape)
        elif not keep_place:
            self._selection = None
        self._arrange()
        if not keep_place:
            self.horizontalScrollBar().setValue(0)
            self.verticalScrollBar().setValue(0)

    def set_row_labels(self, rows: Sequence[str]) -> None:
        """Call the rows of the same matrix by other names; their column becomes wider where it must, never narrower."""
        self._row_labels = rows
        longest = self._longest_of(rows)
        if longest > self._longest_label:
            self._longest_label = longest
            self._arrange()
        self.viewport().update()

    def level(self) -> float:
        """The magnitude that gets the full colours."""
        return self._level

    def update_values(self, array: np.ndarray, level: float | None = None) -> None:
        """Show new numbers of the same matrix: place, zoom and selection stay."""
        matrix = heat.as_matrix(array)
        largest, _ = heat.magnitude(matrix)
        self._level = level or levels.settle(largest, self._level)
        form = number_format(largest, self._format)
        moved = matrix.shape != self._matrix.shape or form.width != self._format.width
        self._format = form
        self._take(matrix)
        if self._selection is not None:
            self._selection = self._selection.within(*matrix.shape)
        if moved:
            self._arrange()
        self.viewport().update()

    def set_selected_cell(self, cell: Cell | None) -> None:
        """Outline this cell and bring it into view, or outline none; nothing is signalled."""
        exists = (
            cell is not None and 0 <= cell[0] < len(self._matrix) and 0 <= cell[1] < self._matrix.shape[1]
        )
        self._selection = CellSelection.single(cell) if cell is not None and exists else None
        if self._selection is not None:
            self._bring_into_view(self._selection.current)
        self.viewport().update()

    def set_marked(self, cells: Iterable[Cell]) -> None:
        """Outline these cells finely: those that another one was made from."""
        marked = frozenset(cells)
        if marked != self._marked:
            self._marked = marked
            self.viewport().update()

    def set_written(self, columns: range, side: str, strength: float) -> None:
        """Mark columns that a step has just written, in the colour of its side and so strongly (0 to 1)."""
        written = (columns, WrittenMark(side, strength))
        if written != self._written and (columns or self._written[0]):
            self.viewport().update()
        self._written = written

    def written(self) -> range:
        """The columns marked as just written."""
        return self._written[0]

    def marked(self) -> frozenset[Cell]:
        """The finely outlined cells."""
        return self._marked

    def set_selected_column(self, column: int) -> None:
        """Outline a whole column, from its first cell on; nothing is signalled."""
        rows, columns = self._matrix.shape
        if rows and 0 <= column < columns:
            self._selection = CellSelection((rows - 1, column), (0, column))
            self._bring_into_view((0, column))
            self.viewport().update()

    def selection(self) -> CellSelection | None:
        """The chosen cells."""
        return self._selection

    def selected_cell(self) -> Cell | None:
        """The outlined cell."""
        return self._selection.current if self._selection else None

    def number_style(self) -> NumberFormat:
        """How the numbers are written now."""
        return self._format

    def row_label(self, row: int) -> str:
        """What a row is called; its index where nobody named it."""
        return str(self._row_labels[row]) if row < len(self._row_labels) else str(row)

    def column_label(self, column: int) -> str:
        """What a column is called; its index where nobody named it."""
        return str(self._column_labels[column]) if column < len(self._column_labels) else str(column)

    def place(self, cell: Cell) -> str:
        """A cell's row and column by their names."""
        return f"{named_row(self.row_label(cell[0]))}, column {self.column_label(cell[1])}"

    def cell_rect(self, cell: Cell) -> QRect:
        """Where a cell stands in the viewport."""
        return self._geometry.cells(range(cell[0], cell[0] + 1), range(cell[1], cell[1] + 1), self._scroll())

    def shows_numbers(self) -> bool:
        """Whether cells are large enough for their numbers."""
        return self._zoom >= len(_COLOUR_ZOOMS)

    def set_zoom(self, zoom: int) -> None:
        """Take a step of the zoom, kept within what there is; 0 shows a pixel a cell, below it blocks of cells.

        One step further away, half as many pixels show the matrix; the last one shows all of it.
        """
        self._zoom = min(max(zoom, self._least_zoom()), _LAST_ZOOM)
        self._arrange()

    def zoom(self) -> int:
        """The step of the zoom."""
        return self._zoom

    def copy(self, *, everything: bool = False) -> None:
        """Put the selection, or the whole matrix, on the clipboard as tab-separated text in full precision."""
        block = self._matrix
        if self._selection is not None and not everything:
            rows, columns = self._selection.rows, self._selection.columns
            block = block[rows.start : rows.stop, columns.start : columns.stop]
        if block.size > _MOST_COPIED:
            message = f"{whole(block.size)} cells are too many to copy: select at most {whole(_MOST_COPIED)}."
            QToolTip.showText(self.mapToGlobal(QPoint(20, 20)), message, self)
            return
        # str of a NumPy number is the shortest text that reads back as the same number.
        lines = ("\t".join(map(str, row)) for row in block)
        QGuiApplication.clipboard().setText("\n".join(lines))

    def minimumSizeHint(self) -> QSize:
        return QSize(look.length(160), look.length(80))

    # -- layout ---------------------------------------------------------------------------------------------

    def _take(self, matrix: np.ndarray) -> None:
        self._matrix, self._shrunk = matrix, {}
        self._zoom = max(self._zoom, self._least_zoom())

    def _least_zoom(self) -> int:
        """From how far away the whole matrix can be seen."""
        room, (rows, columns) = self.maximumViewportSize(), self._matrix.shape
        side = look.length(_COLOUR_ZOOMS[0])
        labels = QFontMetrics(label_font(None))
        wide = (
            room.width() - labels.horizontalAdvance("0" * self._longest_label) - look.length(22) - self._bar()
        )
        high = room.height() - labels.height() - look.length(8) - self._bar()
        over = max(columns * side / max(wide, 1), rows * side / max(high, 1))
        return 0 if over <= 1 else -math.ceil(math.log2(over))

    def _block(self) -> int:
        """How many cells, across and down, are painted as one."""
        return 1 << max(0, -self._zoom)

    def _seen_from_here(self) -> np.ndarray:
        """The numbers, or of each block the one of largest magnitude; kept until other numbers come."""
        size = self._block()
        if size == 1:
            return self._matrix
        if size not in self._shrunk:
            # From the nearest finer one that is there: extremes of extremes are extremes.
            finer = max((known for known in self._shrunk if size % known == 0), default=1)
            self._shrunk[size] = heat.blocks(self._shrunk.get(finer, self._matrix), size // finer)
        return self._shrunk[size]

    def _text_zoom(self) -> float | None:
        return _TEXT_ZOOMS[self._zoom - len(_COLOUR_ZOOMS)] if self.shows_numbers() else None

    def _fit(self) -> GridGeometry:
        rows, columns = self._matrix.shape
        labels = QFontMetrics(label_font(self._text_zoom()))
        # A row without a name is called by its index.
        longest = max(self._longest_label, len(str(max(rows - 1, 0))) if rows > len(self._row_labels) else 1)
        labels_width = labels.horizontalAdvance("0" * longest) + look.length(22)
        cell = self._cell_size(labels_width, columns)
        view = self.maximumViewportSize()
        # Reckoned rather than read from the viewport: Qt shows and hides scroll bars some time later.
        return GridGeometry(
            view_width=view.width(),
            view_height=view.height(),
            labels_width=labels_width,
            labels_height=labels.height() + look.length(8),
            cell_width=cell.width(),
            cell_height=cell.height(),
            rows=rows,
            columns=columns,
            block=self._block(),
        ).with_bars(self._bar())

    @staticmethod
    def _longest_of(labels: Sequence[str]) -> int:
        return min(max((len(str(label)) for label in labels), default=1), LONGEST_LABEL)

    def _bar(self) -> int:
        return self.verticalScrollBar().sizeHint().width()

    def _cell_size(self, labels_width: int, columns: int) -> QSize:
        zoom = self._text_zoom()
        if zoom is None:
            side = look.length(_COLOUR_ZOOMS[max(0, self._zoom)])
            return QSize(side, side)
        metrics = QFontMetrics(number_font(zoom))
        text = metrics.horizontalAdvance("0" * self._format.width)
        # Without the scroll bar's width, so that cells don't change when it comes or goes.
        room = self.maximumViewportSize().width() - self._bar() - labels_width
        names = max((len(self.column_label(column)) for column in range(min(columns, 50))), default=0)
        name = QFontMetrics(label_font(zoom)).horizontalAdvance("0" * min(names, LONGEST_NAME))
        widest = max(text + look.length(32), name + look.length(8))
        width = min(max(text + look.length(12), room // max(columns, 1)), widest)
        return QSize(width, metrics.height() + look.length(6))

    def _arrange(self) -> None:
        self._geometry = self._fit()
        across, down = self.horizontalScrollBar(), self.verticalScrollBar()
        across.setRange(0, self._geometry.range.x())
        down.setRange(0, self._geometry.range.y())
        across.setPageStep(max(1, self._geometry.body.width()))
        down.setPageStep(max(1, self._geometry.body.height()))
        across.setSingleStep(max(8, self._geometry.cell_width))
        down.setSingleStep(max(8, self._geometry.cell_height))
        self.viewport().update()

    def _scroll(self) -> QPoint:
        return QPoint(self.horizontalScrollBar().value(), self.verticalScrollBar().value())

    def _bring_into_view(self, cell: Cell) -> None:
        body, rect, scroll = self._geometry.body, self.cell_rect(cell), self._scroll()
        right = max(0, rect.right() - body.right()) or min(0, rect.left() - body.left())
        down = max(0, rect.bottom() - body.bottom()) or min(0, rect.top() - body.top())
        self.horizontalScrollBar().setValue(scroll.x() + right)
        self.verticalScrollBar().setValue(scroll.y() + down)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self.viewport())
        painter.fillRect(self.viewport().rect(), colour("surface"))
        if not self._matrix.size:
            painter.setFont(look.text_font())
            painter.setPen(colour("text_soft"))
            room = self.viewport().rect().adjusted(24, 8, -24, -8)
            painter.drawText(room, Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap, self._sentence)
            return
        GridPainter(
            painter=painter,
            geometry=self._geometry,
            scroll=self._scroll(),
            matrix=self._seen_from_here(),
            level=self._level,
            style=self._format,
            selection=self._selection,
            marked=self._marked,
            written=self._written,
            zoom=self._text_zoom(),
        ).paint(self.row_label, self.column_label)

    # -- what people do -------------------------------------------------------------------------------------

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._arrange()

    def scrollContentsBy(self, dx: int, dy: int) -> None:
        self.viewport().update()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        cell = self.cell_at(event.position().toPoint())
        if cell is not None and event.button() == Qt.MouseButton.LeftButton:
            self._go(cell, extend=bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        event.accept()

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        if self._matrix.size:
            self.menu_requested.emit(event.globalPos())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if event.buttons() & Qt.MouseButton.LeftButton and self._selection is not None:
            cell = self._geometry.nearest(event.position().toPoint(), self._scroll())
            if cell != self._selection.current:
                self._go(cell, extend=True)

    def wheelEvent(self, event: QWheelEvent) -> None:
        if not event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            super().wheelEvent(event)
            return
        turned = event.angleDelta().y()
        if turned and self._matrix.size:
            self._zoom_at(event.position().toPoint(), 1 if turned > 0 else -1)
        event.accept()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        control = bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)
        page = max(1, self._geometry.body.height() // self._geometry.cell_height - 1) * self._block()
        zooms = {Qt.Key.Key_Plus: 1, Qt.Key.Key_Equal: 1, Qt.Key.Key_Minus: -1}
        if not self._matrix.size:
            super().keyPressEvent(event)
        elif event.matches(QKeySequence.StandardKey.Copy):
            self.copy()
        elif event.matches(QKeySequence.StandardKey.SelectAll):
            rows, columns = self._matrix.shape
            self._selection = CellSelection((rows - 1, columns - 1), (0, 0))
            self.viewport().update()
        elif control and event.key() in zooms:
            self._zoom_at(self._geometry.body.topLeft(), zooms[Qt.Key(event.key())])
        elif control and event.key() == Qt.Key.Key_0:
            self.set_zoom(_ORDINARY_ZOOM)
        elif event.key() == Qt.Key.Key_Escape and self._selection is not None:
            self._selection = CellSelection.single(self._selection.current)
            self.viewport().update()
        elif (
            cell := aim(Qt.Key(event.key()), control, self.selected_cell(), self._matrix.shape, page)
        ) is not None:
            self._go(cell, extend=bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier))
        else:
            super().keyPressEvent(event)

    def cell_at(self, position: QPoint) -> Cell | None:
        """The cell that is seen at a place: of a block, the one whose colour the block has."""
        cell, size = self._geometry.hit(position, self._scroll()), self._block()
        if cell is None or size == 1:
            return cell
        (row, column), block = cell, self._matrix[cell[0] : cell[0] + size, cell[1] : cell[1] + size]
        place = int(np.abs(block).argmax())  # the first NaN, where there is one
        return row + place // block.shape[1], column + place % block.shape[1]

    def _go(self, cell: Cell, *, extend: bool) -> None:
        before = self._selection or CellSelection.single(cell)
        self._selection = before.to(cell, extend=extend)
        self._bring_into_view(cell)
        self.viewport().update()
        self.cell_selected.emit(*cell)

    def _zoom_at(self, position: QPoint, steps: int) -> None:
        """Zoom so that the cell at ``position`` stays there."""
        row, column = self._geometry.nearest(position, self._scroll())
        self.set_zoom(self._zoom + steps)
        rect = self._geometry.cells(range(row, row + 1), range(column, column + 1), QPoint())
        centre = rect.center() - position
        self.horizontalScrollBar().setValue(centre.x())
        self.verticalScrollBar().setValue(centre.y())

    def tip(self, position: QPoint) -> str:
        """What the tool tip says about a place in the viewport."""
        cell = self.cell_at(position)
        if cell is None:
            return self.toolTip()
        return f"{self.tips.place(cell)}\n{exact(float(self._matrix[cell]))}"
