"""A small picture of a project's data: a line of a series, pixels, coloured points of classes, or else a matrix."""

from __future__ import annotations

import math

import numpy as np
from PySide6.QtCore import QPoint, QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPen, QPolygonF

from flux_studio.gui.theme import colour, look
from flux_studio.gui.widgets.class_colours import class_colour
from flux_studio.gui.widgets.heat import heat_image, paint_heat
from flux_studio.project.project import Project

_ROWS = 16
_MOST_POINTS = 240
_PIXELS = 6


class DataPicture:
    """Paints a data set; ``axes`` are the two inputs that its points are spread over."""

    def __init__(self, project: Project, axes: tuple[int, ...]) -> None:
        self._data = project.dataset()
        self._axes = axes
        self._pixels = _pixels(project)

    def paint(self, painter: QPainter, area: QRectF) -> None:
        """Fill this area of a widget that paints itself."""
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self._data.windowing.window > 1:
            self._paint_series(painter, area)
        elif self._pixels is not None:
            self._paint_pixels(painter, area, self._pixels)
        elif self._classes is not None and len(self._axes) == 2:
            self._paint_points(painter, area, self._classes)
        else:
            self._paint_matrix(painter, area)
        painter.restore()

    @property
    def _classes(self) -> np.ndarray | None:
        """The class of each row, where two inputs are enough to tell them apart by eye."""
        targets = self._data.targets
        if targets.shape[1] > 1:
            return targets.argmax(axis=1)
        few = self._data.inputs.shape[1] == 2 and len(np.unique(targets)) == 2
        return (targets[:, 0] == targets.max()).astype(int) if few else None

    def _paint_pixels(self, painter: QPainter, area: QRectF, pixels: np.ndarray) -> None:
        """The first rows as pictures, two by two."""
        side, gap = pixels.shape[1], look.length(6)
        cell = max(1, int((min(area.width(), area.height()) - gap) / (2 * side)))
        whole = QRect(0, 0, 2 * cell * side + gap, 2 * cell * side + gap)
        whole.moveCenter(area.center().toPoint())
        for place, picture in enumerate(pixels):
            down, across = divmod(place, 2)
            step = cell * side + gap
            target = QRect(whole.left() + across * step, whole.top() + down * step, cell * side, cell * side)
            image = heat_image(picture, float(pixels.max()) or 1.0, look.theme)
            painter.save()
            paint_heat(painter, target, image, colour("sunken"), look.length(2))
            painter.restore()

    def _paint_series(self, painter: QPainter, area: QRectF) -> None:
        values = self._data.targets[:, 0]
        across = np.linspace(area.left(), area.right(), len(values))
        down = area.bottom() - _unit(values) * area.height()
        painter.setPen(
            QPen(colour("accent"), look.length(1.6), Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap)
        )
        painter.drawPolyline(QPolygonF([QPointF(x, y) for x, y in zip(across, down, strict=True)]))

    def _paint_points(self, painter: QPainter, area: QRectF, classes: np.ndarray) -> None:
        rows = np.arange(len(classes))[:: max(1, len(classes) // _MOST_POINTS)]
        radius = look.length(2.6 if len(rows) > 20 else 6)
        inner = area.adjusted(radius, radius, -radius, -radius)
        across, down = (_unit(self._data.inputs[rows, axis]) for axis in self._axes)
        for x, y, kind in zip(across, down, classes[rows], strict=True):
            tint = class_colour(int(kind))
            painter.setPen(QPen(tint, 1.0))
            tint.setAlpha(150)
            painter.setBrush(tint)
            painter.drawEllipse(
                QPointF(inner.left() + x * inner.width(), inner.bottom() - y * inner.height()), radius, radius
            )

    def _paint_matrix(self, painter: QPainter, area: QRectF) -> None:
        """A row of the table is a column where there is more room for it so."""
        data = self._data
        rows = min(_ROWS, len(data.inputs))
        parts = [data.inputs[:rows], data.targets[:rows]]
        # One column of room tells what goes in from what is to come out.
        columns = sum(part.shape[1] for part in parts) + 1
        upright = min(area.width() / columns, area.height() / rows)
        turned = min(area.width() / rows, area.height() / columns)
        cell = max(1, int(max(upright, turned)))
        width, height = (rows, columns) if turned > upright else (columns, rows)
        place = QRect(0, 0, cell * width, cell * height)
        place.moveCenter(area.center().toPoint())
        for part in parts:
            part = part.T if turned > upright else part
            place.setSize(QSize(cell * part.shape[1], cell * part.shape[0]))
            image = heat_image(part, float(np.abs(part).max()) or 1.0, look.theme)
            painter.save()
            paint_heat(painter, place, image, colour("sunken"), look.length(3))
            painter.restore()
            further = (
                QPoint(0, place.height() + cell) if turned > upright else QPoint(place.width() + cell, 0)
            )
            place.translate(further)


def _pixels(project: Project) -> np.ndarray | None:
    """Four rows as squares, 4×side×side, where the table's inputs are many enough and as many as a square's cells."""
    targets = {column.name for column in project.specification.data.columns if column.role == "target"}
    table = project.table
    columns = [cells for name, cells in zip(table.names, table.columns, strict=True) if name not in targets]
    side = math.isqrt(len(columns))
    if side < _PIXELS or side * side != len(columns):
        return None
    try:
        return np.array([cells[:4] for cells in columns], np.float64).T.reshape(-1, side, side)
    except ValueError:
        return None  # words are no pixels


def _unit(values: np.ndarray) -> np.ndarray:
    """From 0 to 1; all in the middle where they do not differ."""
    low, span = values.min(), np.ptp(values)
    return (values - low) / span if span else np.full(len(values), 0.5)
