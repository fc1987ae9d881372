"""Matrices as pictures: shrunk so that extremes survive, and coloured by the diverging scale."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from PySide6.QtCore import QRect, QRectF, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPainterPath, QPen

from flux_studio.gui.theme import Theme, colour, diverging_table

NOT_FINITE = 0
"""The place in :func:`colour_table` of NaN and the infinities; finite numbers use 1 (negative) to 255."""
_SMALLEST_SIDE = 10


@lru_cache(maxsize=8)
def colour_table(theme: Theme) -> np.ndarray:
    """The diverging colours with :data:`NOT_FINITE` in front, as 0xAARRGGBB; shape (256,)."""
    table = diverging_table(theme).copy()
    # Outside the scale in lightness, so that the colour-blind see it too.
    table[NOT_FINITE] = QColor(theme.text).rgb()
    table.setflags(write=False)
    return table


@lru_cache(maxsize=8)
def ink_table(theme: Theme) -> tuple[QColor, ...]:
    """For each colour of :func:`colour_table` the text colour that reads best on it."""
    table = colour_table(theme)
    dark, light = QColor("#14171c"), QColor("#ffffff")
    channels = np.stack([(table >> shift) & 0xFF for shift in (16, 8, 0)]) / 255.0
    linear = np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)
    luminance = np.array([0.2126, 0.7152, 0.0722]) @ linear
    on_light = (luminance + 0.05) / (0.008 + 0.05)
    on_dark = 1.05 / (luminance + 0.05)
    return tuple(dark if better else light for better in on_light >= on_dark)


def as_matrix(array: np.ndarray) -> np.ndarray:
    """``array`` as a 2-D float array that all functions here take; a vector becomes one row."""
    matrix = np.atleast_2d(np.asarray(array))
    if matrix.dtype in (np.float32, np.float64):
        return matrix
    return matrix.astype(np.float32 if matrix.dtype.itemsize <= 2 else np.float64)


def shrink(matrix: np.ndarray, rows: int, columns: int) -> np.ndarray:
    """At most ``rows``×``columns`` cells, each the number of largest magnitude of its block; NaN wins."""
    if matrix.shape[0] <= rows and matrix.shape[1] <= columns:
        return matrix
    if matrix.flags.f_contiguous and not matrix.flags.c_contiguous:
        return shrink(matrix.T, columns, rows).T
    # Rows first: that pass reads all cells, in the order in which they lie in memory.
    high = _shrink_rows(matrix, rows, np.maximum)
    low = _shrink_rows(matrix, rows, np.minimum)
    if matrix.shape[1] > columns:
        high = _shrink_rows(np.ascontiguousarray(high.T), columns, np.maximum).T
        low = _shrink_rows(np.ascontiguousarray(low.T), columns, np.minimum).T
    # NaN fails every comparison, so a block that holds one is taken from ``high``, where it is NaN too.
    return np.where(high < -low, low, high)


def blocks(matrix: np.ndarray, size: int) -> np.ndarray:
    """The number of largest magnitude of each block of ``size``×``size`` cells, those at the end smaller; NaN wins."""
    if size == 1:
        return matrix
    if matrix.flags.f_contiguous and not matrix.flags.c_contiguous:
        return blocks(matrix.T, size).T
    high, low = (
        _blocks_of_columns(_blocks_of_rows(matrix, size, extreme), size, extreme)
        for extreme in (np.maximum, np.minimum)
    )
    return np.where(high < -low, low, high)


def _blocks_of_columns(matrix: np.ndarray, size: int, extreme: np.ufunc) -> np.ndarray:
    # Column by column of all blocks at once: with few columns to a block that is quicker than to turn the matrix.
    found = matrix[:, ::size].copy()
    for place in range(1, size):
        further = matrix[:, place::size]
        extreme(found[:, : further.shape[1]], further, out=found[:, : further.shape[1]])
    return found


def _blocks_of_rows(matrix: np.ndarray, size: int, extreme: np.ufunc) -> np.ndarray:
    even = len(matrix) // size * size
    if size == 2:
        whole = extreme(matrix[0:even:2], matrix[1:even:2])
    elif even:
        whole = extreme.reduce(matrix[:even].reshape(even // size, size, -1), axis=1)
    else:
        whole = matrix[:0]
    rest = [extreme.reduce(matrix[even:], axis=0, keepdims=True)] if even < len(matrix) else []
    return np.concatenate([whole, *rest]) if rest else whole


def _shrink_rows(matrix: np.ndarray, target: int, extreme: np.ufunc) -> np.ndarray:
    count = len(matrix)
    if count <= target:
        return matrix
    # Blocks of one size by reshaping run at memory speed where reduceat takes twenty times as long ...
    size = count // target
    if size > 1:
        matrix = _blocks_of_rows(matrix, size, extreme)
        count = len(matrix)
    # ... and leave one or two rows for each target row.
    edges = np.arange(target + 1) * count // target
    return extreme(matrix[edges[:-1]], matrix[edges[1:] - 1])


def magnitude(matrix: np.ndarray) -> tuple[float, bool]:
    """The largest finite magnitude, 0 if there is none, and whether all numbers are finite."""
    if not matrix.size:
        return 0.0, True
    largest = float(max(matrix.max(), -matrix.min()))
    if np.isfinite(largest):
        return largest, True
    finite = matrix[np.isfinite(matrix)]
    return (float(np.abs(finite).max()) if finite.size else 0.0), False


def colour_indices(matrix: np.ndarray, level: float) -> np.ndarray:
    """Places in :func:`colour_table`, uint8: ``-level`` is 1, zero 128, ``level`` 255, beyond is clipped."""
    level = max(level, 1e-300)
    # A factor beyond float32 would turn zeros into NaN.
    dtype = matrix.dtype if 1e-30 < level < 1e30 else np.dtype(np.float64)
    with np.errstate(over="ignore", invalid="ignore"):
        place = np.multiply(matrix, 127.0 / level, dtype=dtype)
        place += 128.5
        # One sum tells whether a slower look for NaN and infinities is needed.
        suspicious = not np.isfinite(place.sum())
        np.clip(place, 1.0, 255.5, out=place)
        if suspicious:
            place[~np.isfinite(matrix)] = NOT_FINITE
    return place.astype(np.uint8)


def heat_image(matrix: np.ndarray, level: float, theme: Theme) -> QImage:
    """A picture with one pixel a cell; null for an empty matrix."""
    rows, columns = matrix.shape
    if not rows or not columns:
        return QImage()
    image = QImage(columns, rows, QImage.Format.Format_RGB32)
    # Written straight into the picture's own memory: a picture around a NumPy buffer would not keep it alive.
    pixels = np.frombuffer(image.bits(), dtype=np.uint32).reshape(rows, columns)
    np.take(colour_table(theme), colour_indices(matrix, level), out=pixels, mode="wrap")
    return image


def fitted(cells: int, room: int, largest: int) -> int:
    """Length in pixels for ``cells`` in a row: whole pixels a cell, at most ``largest``; all cells shrunk if over."""
    if cells >= room:
        return room
    return min(room, max(cells * min(largest, room // max(cells, 1)), _SMALLEST_SIDE))


def paint_heat(painter: QPainter, target: QRect, image: QImage, behind: QColor, radius: float) -> None:
    """Paint ``image`` with hard-edged cells into ``target``; ``behind`` is what its round corners let through."""
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, False)
    painter.drawImage(target, image)
    # Thin and translucent: shows how far a matrix of zeros reaches, and hides no cell.
    outline = colour("text")
    outline.setAlpha(38)
    radius = min(radius, target.width() / 2, target.height() / 2)
    ratio = painter.device().devicePixelRatioF()
    frame = _frame(target.width(), target.height(), radius, behind.rgba(), outline.rgba(), ratio)
    painter.drawImage(target.topLeft(), frame)


@lru_cache(maxsize=512)
def _frame(width: int, height: int, radius: float, behind: int, outline: int, ratio: float) -> QImage:
    """An outline with round corners, and the colour behind them outside of it; nothing where the cells are."""
    # Made once, as a picture: curves that are smoothed anew in every frame cost more than all cells.
    image = QImage(round(width * ratio), round(height * ratio), QImage.Format.Format_ARGB32_Premultiplied)
    image.setDevicePixelRatio(ratio)
    image.fill(Qt.GlobalColor.transparent)
    painter = QPainter(image)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
    outside = QPainterPath()
    outside.addRect(0, 0, width, height)
    outside.addRoundedRect(0, 0, width, height, radius, radius)
    painter.fillPath(outside, QColor.fromRgba(behind))
    painter.setPen(QPen(QColor.fromRgba(outline), 1))
    painter.drawRoundedRect(QRectF(0.5, 0.5, width - 1, height - 1), radius, radius)
    painter.end()
    return image


def paint_hatch(painter: QPainter, cell: QRect, theme: Theme) -> None:
    """Mark a cell that holds no finite number, beyond its colour."""
    painter.fillRect(cell, QColor(theme.text))
    painter.setPen(QPen(QColor(theme.error), 1))
    painter.save()
    painter.setClipRect(cell)
    for start in range(cell.left() - cell.height(), cell.right() + 1, 4):
        painter.drawLine(start, cell.bottom() + 1, start + cell.height(), cell.top())
    painter.restore()
