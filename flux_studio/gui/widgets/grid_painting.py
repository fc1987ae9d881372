"""How a grid of numbers is painted: colours as one picture, numbers and labels only where they are in view."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QPoint, QPointF, QRect, Qt
from PySide6.QtGui import QFont, QFontMetrics, QFontMetricsF, QPainter, QPen

from flux_studio.gui.theme import colour, look
from flux_studio.gui.widgets import heat
from flux_studio.gui.widgets.cell_selection import Cell, CellSelection
from flux_studio.gui.widgets.grid_geometry import GridGeometry
from flux_studio.gui.widgets.numbers import NumberFormat
from flux_studio.gui.widgets.written_mark import WrittenMark

LONGEST_LABEL = 14
"""Characters of a row's label that are given room."""
LONGEST_NAME = 28
"""Characters of a column's label that are given room where there is some."""
_HATCHED_CELL = 5


def named_row(label: str) -> str:
    """A row by its label, in a sentence: ``row 5``, ``row 0101``, ``rows 4–11``."""
    return label if label.startswith("row") else f"row {label}"


def number_font(zoom: float | None) -> QFont:
    """The font of the cells' numbers."""
    return look.number_font(0.88 * (zoom or 1.0))


def label_font(zoom: float | None) -> QFont:
    """The font of the labels of rows and columns."""
    return look.number_font(0.82 * (zoom or 1.0))


@dataclass(frozen=True)
class GridPainter:
    """Paints what is in view; ``zoom`` is the size of the numbers, ``None`` paints colours only."""

    painter: QPainter
    geometry: GridGeometry
    scroll: QPoint
    matrix: np.ndarray
    """The numbers; of each block of the geometry the one of largest magnitude."""
    level: float
    style: NumberFormat
    selection: CellSelection | None
    marked: frozenset[Cell]
    written: tuple[range, WrittenMark]
    zoom: float | None

    def paint(self, row_label: Callable[[int], str], column_label: Callable[[int], str]) -> None:
        """Paint cells, selection and labels."""
        rows = self.geometry.visible_rows(self.scroll)
        columns = self.geometry.visible_columns(self.scroll)
        self.painter.setClipRect(self.geometry.body)
        self._paint_cells(rows, columns)
        self._paint_written()
        self._paint_marked(rows, columns)
        self._paint_selection()
        self.painter.setFont(label_font(self.zoom))
        self._paint_row_labels(rows, row_label)
        self._paint_column_labels(columns, column_label)

    def _block(self, rows: range, columns: range) -> QRect:
        return self.geometry.cells(rows, columns, self.scroll)

    def _paint_cells(self, rows: range, columns: range) -> None:
        down, across = self.geometry.blocks(rows), self.geometry.blocks(columns)
        numbers = self.matrix[down.start : down.stop, across.start : across.stop]
        place = self._block(rows, columns)
        self.painter.drawImage(place, heat.heat_image(numbers, self.level, look.theme))
        if self.zoom is not None:
            self._paint_numbers(numbers, place.topLeft())
        elif self.geometry.cell_height >= _HATCHED_CELL:
            for row, column in np.argwhere(~np.isfinite(numbers)).tolist():
                down, across = rows[row], columns[column]
                cell = self._block(range(down, down + 1), range(across, across + 1))
                heat.paint_hatch(self.painter, cell, look.theme)

    def _paint_numbers(self, numbers: np.ndarray, corner: QPoint) -> None:
        font = number_font(self.zoom)
        metrics = QFontMetricsF(font)
        width, height = self.geometry.cell_width, self.geometry.cell_height
        # Every character is equally wide, so the length of a text tells where it starts. Text at a point is
        # much quicker to draw than text to be laid out in a rectangle.
        half = metrics.horizontalAdvance("0") / 2
        middle = corner.x() + width / 2
        base = corner.y() + (height - metrics.height()) / 2 + metrics.ascent()
        inks = heat.ink_table(look.theme)
        places = heat.colour_indices(numbers, self.level).tolist()
        self.painter.setFont(font)
        ink = None
        for row, (values, colours) in enumerate(zip(numbers.tolist(), places, strict=True)):
            for column, (value, place) in enumerate(zip(values, colours, strict=True)):
                if inks[place] is not ink:
                    ink = inks[place]
                    self.painter.setPen(ink)
                words = self.style.text(value)
                left = middle + column * width - half * len(words)
                self.painter.drawText(QPointF(left, base + row * height), words)

    def _paint_written(self) -> None:
        columns, mark = self.written
        if not columns:
            return
        # As far as it is seen: the mark goes around what is in view, however far the matrix reaches.
        place = self._block(range(self.geometry.rows), columns).intersected(self.geometry.body)
        self.painter.fillRect(place, mark.veil)
        self.painter.setPen(mark.pen)
        self.painter.setBrush(Qt.BrushStyle.NoBrush)
        self.painter.drawRect(place.adjusted(1, 1, -1, -1))

    def _paint_marked(self, rows: range, columns: range) -> None:
        for row, column in self.marked:
            if row in rows and column in columns:
                self._outline(self._block(range(row, row + 1), range(column, column + 1)), "accent")

    def _paint_selection(self) -> None:
        if self.selection is None:
            return
        if not self.selection.is_single:
            self._outline(self._block(self.selection.rows, self.selection.columns), "accent")
        row, column = self.selection.current
        self._outline(self._block(range(row, row + 1), range(column, column + 1)), "text")

    def _outline(self, rect: QRect, name: str) -> None:
        if self.zoom is None:
            # Around small cells, so that their colour stays to be seen.
            rect = rect.adjusted(-2, -2, 2, 2)
        pen = QPen(colour(name), 2)
        pen.setJoinStyle(Qt.PenJoinStyle.MiterJoin)
        self.painter.setPen(pen)
        self.painter.setBrush(Qt.BrushStyle.NoBrush)
        self.painter.drawRect(rect.adjusted(1, 1, -1, -1))

    def _paint_row_labels(self, rows: range, label: Callable[[int], str]) -> None:
        geometry, metrics = self.geometry, QFontMetrics(self.painter.font())
        self.painter.setClipRect(0, geometry.labels_height, geometry.labels_width, geometry.body.height())
        width = geometry.labels_width - look.length(14)
        apart = -(-metrics.height() // geometry.cell_height)
        for row in _every(apart * geometry.block, rows):
            cell = self._block(range(row, row + 1), range(1))
            # Where one label stands for several rows, it stands beside the first of them.
            height = cell.height() if apart == 1 else metrics.height()
            room = QRect(look.length(6), cell.top(), width, height)
            self._set_label_pen(self.selection is not None and row in self.selection.rows)
            words = metrics.elidedText(label(row), Qt.TextElideMode.ElideRight, width)
            self.painter.drawText(room, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, words)

    def _paint_column_labels(self, columns: range, label: Callable[[int], str]) -> None:
        geometry, metrics = self.geometry, QFontMetrics(self.painter.font())
        self.painter.setClipRect(geometry.labels_width, 0, geometry.body.width(), geometry.labels_height)
        longest = min(max(len(label(column)) for column in columns), LONGEST_LABEL)
        needed = metrics.horizontalAdvance("0" * longest) + look.length(8)
        apart = 1 if self.zoom is not None else -(-needed // geometry.cell_width)
        for column in _every(apart * geometry.block, columns):
            cell = self._block(range(1), range(column, column + 1))
            width = cell.width() - look.length(4) if apart == 1 else needed
            left = cell.left() + look.length(2) if apart == 1 else cell.left()
            room = QRect(left, 0, width, geometry.labels_height)
            self._set_label_pen(self.selection is not None and column in self.selection.columns)
            words = metrics.elidedText(label(column), Qt.TextElideMode.ElideRight, width)
            across = Qt.AlignmentFlag.AlignHCenter if apart == 1 else Qt.AlignmentFlag.AlignLeft
            self.painter.drawText(room, across | Qt.AlignmentFlag.AlignVCenter, words)

    def _set_label_pen(self, chosen: bool) -> None:
        self.painter.setPen(colour("accent" if chosen else "text_faint"))


def _every(apart: int, places: range) -> range:
    """Multiples of ``apart``, from the one at or before the first place: labels stay put while scrolling."""
    return range(places.start // apart * apart, places.stop, apart)
