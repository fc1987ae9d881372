"""One matrix as a picture to take away, with its names, numbers where there is room for them, and its colours' range.

The same painting makes pixels (PNG) and shapes (SVG).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QBuffer, QByteArray, QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetrics, QImage, QPainter
from PySide6.QtSvg import QSvgGenerator

from flux_studio.engine.operations import shape_text
from flux_studio.errors import ExportError
from flux_studio.export.matrices import NamedMatrix
from flux_studio.gui.theme import colour, look
from flux_studio.gui.widgets import heat
from flux_studio.gui.widgets.grid_painting import LONGEST_LABEL, label_font, number_font
from flux_studio.gui.widgets.numbers import number_format, short

_MOST_NUMBERS = 4_096
_MOST_SHAPES = 250_000
_LONGEST_SIDE = 16_384
_SHARP_SIDE = 2_000
_ROOM = 1_600
_LARGEST_CELL = 16
_NAMED_CELL = 12


def png(matrix: NamedMatrix, level: float) -> bytes:
    """A picture in pixels, in the colours of the theme; ``±level`` gets the full ones."""
    painting = _Painting.of(matrix, level)
    size = painting.size
    if max(size.width(), size.height()) > _LONGEST_SIDE:
        raise ExportError(f"{matrix.title} is too large for a picture: take it as a NumPy archive (NPZ)")
    # Twice as fine for the words' sake; many cells take long as it is.
    ratio = 2 if max(size.width(), size.height()) <= _SHARP_SIDE else 1
    image = QImage(ratio * size, QImage.Format.Format_RGB32)
    image.setDevicePixelRatio(ratio)
    painter = QPainter(image)
    painting.paint(painter)
    painter.end()
    buffer = QBuffer(content := QByteArray())
    image.save(buffer, "PNG")
    return bytes(content.data())


def svg(matrix: NamedMatrix, level: float) -> bytes:
    """A drawing in which every cell is a shape of its own and every word is text."""
    if matrix.values.size > _MOST_SHAPES:
        raise ExportError(
            f"{matrix.title} has {shape_text(matrix.values.shape)} cells, too many shapes for a drawing: "
            "take it as a picture (PNG)"
        )
    painting = _Painting.of(matrix, level)
    generator = QSvgGenerator()
    buffer = QBuffer(content := QByteArray())
    generator.setOutputDevice(buffer)
    generator.setSize(painting.size)
    generator.setViewBox(QRect(0, 0, painting.size.width(), painting.size.height()))
    generator.setResolution(96)
    generator.setTitle(matrix.title)
    painter = QPainter(generator)
    painting.paint(painter, shapes=True)
    painter.end()
    return bytes(content.data())


@dataclass(frozen=True)
class _Painting:
    matrix: NamedMatrix
    level: float
    numbers: np.ndarray
    cell: QSize
    corner: tuple[int, int]
    """Where the first cell begins: right of the rows' names, below title and columns' names."""
    size: QSize
    told: bool
    """Whether cells hold their numbers."""

    @classmethod
    def of(cls, matrix: NamedMatrix, level: float) -> _Painting:
        numbers = heat.as_matrix(matrix.values)
        rows, columns = numbers.shape
        told = numbers.size <= _MOST_NUMBERS and columns <= _ROOM // 50
        metrics, labels = QFontMetrics(number_font(None)), QFontMetrics(label_font(None))
        longest = max((len(matrix.column(place)) for place in range(columns)), default=1)
        if told:
            style = number_format(heat.magnitude(numbers)[0])
            wide = metrics.horizontalAdvance("0" * style.width) + look.length(12)
            named = labels.horizontalAdvance("0" * min(longest, LONGEST_LABEL)) + look.length(8)
            cell = QSize(max(wide, named), metrics.height() + look.length(6))
        else:
            side = min(_LARGEST_CELL, max(1, _ROOM // max(rows, columns, 1)))
            cell = QSize(side, side)
        names = 0
        if cell.height() >= _NAMED_CELL:
            longest = max((len(matrix.row(place)) for place in range(rows)), default=1)
            names = labels.horizontalAdvance("0" * min(longest, LONGEST_LABEL)) + look.length(10)
        margin, line = look.length(14), QFontMetrics(look.text_font()).height()
        top = margin + 2 * line + look.length(8) + (labels.height() + look.length(4) if told else 0)
        words = max(
            QFontMetrics(look.text_font(bold=True)).horizontalAdvance(matrix.title),
            QFontMetrics(look.text_font(0.9)).horizontalAdvance(_facts(matrix, level)),
        )
        width = max(names + columns * cell.width(), words) + 2 * margin
        size = QSize(width, top + rows * cell.height() + margin)
        return cls(matrix, level, numbers, cell, (margin + names, top), size, told)

    def paint(self, painter: QPainter, *, shapes: bool = False) -> None:
        """Paint everything; ``shapes`` makes a rectangle of each cell where otherwise all are one image."""
        painter.fillRect(QRect(0, 0, self.size.width(), self.size.height()), colour("surface"))
        self._paint_title(painter)
        if not self.numbers.size:
            return
        places = heat.colour_indices(self.numbers, self.level)
        if shapes:
            table = heat.colour_table(look.theme)
            for (row, column), place in np.ndenumerate(places):
                painter.fillRect(self._cell(row, column), QColor(int(table[place])))
        else:
            rows, columns = self.numbers.shape
            whole = QRect(*self.corner, columns * self.cell.width(), rows * self.cell.height())
            painter.drawImage(whole, heat.heat_image(self.numbers, self.level, look.theme))
        self._paint_names(painter)
        if self.told:
            self._paint_numbers(painter, places)

    def _cell(self, row: int, column: int) -> QRect:
        width, height = self.cell.width(), self.cell.height()
        return QRect(self.corner[0] + column * width, self.corner[1] + row * height, width, height)

    def _paint_title(self, painter: QPainter) -> None:
        margin, metrics = look.length(14), QFontMetrics(look.text_font())
        painter.setFont(look.text_font(bold=True))
        painter.setPen(colour("text"))
        painter.drawText(QPointF(margin, margin + metrics.ascent()), self.matrix.title)
        painter.setFont(look.text_font(0.9))
        painter.setPen(colour("text_soft"))
        below = QPointF(margin, margin + metrics.height() + metrics.ascent())
        painter.drawText(below, _facts(self.matrix, self.level))

    def _paint_names(self, painter: QPainter) -> None:
        painter.setFont(label_font(None))
        painter.setPen(colour("text_faint"))
        metrics, (rows, columns) = painter.fontMetrics(), self.numbers.shape
        room = self.corner[0] - look.length(14) - look.length(6)
        if room > 0 and self.cell.height() >= _NAMED_CELL:
            for row in range(rows):
                cell = self._cell(row, 0)
                words = metrics.elidedText(self.matrix.row(row), Qt.TextElideMode.ElideRight, room)
                place = QRect(look.length(14), cell.top(), room, cell.height())
                painter.drawText(place, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, words)
        if self.told:
            for column in range(columns):
                cell = self._cell(0, column)
                width = cell.width() - look.length(4)
                words = metrics.elidedText(self.matrix.column(column), Qt.TextElideMode.ElideRight, width)
                above = cell.translated(0, -metrics.height() - look.length(2))
                above.setHeight(metrics.height())
                painter.drawText(above, Qt.AlignmentFlag.AlignCenter, words)

    def _paint_numbers(self, painter: QPainter, places: np.ndarray) -> None:
        painter.setFont(number_font(None))
        style = number_format(heat.magnitude(self.numbers)[0])
        inks = heat.ink_table(look.theme)
        for (row, column), place in np.ndenumerate(places):
            painter.setPen(inks[place])
            text = style.text(float(self.numbers[row, column]))
            painter.drawText(QRectF(self._cell(row, column)), Qt.AlignmentFlag.AlignCenter, text)


def _facts(matrix: NamedMatrix, level: float) -> str:
    return (
        f"{matrix.symbol} · {shape_text(matrix.values.shape)} · iteration {matrix.iteration:,} · "
        f"colours from {short(-level)} to +{short(level)}"
    )
