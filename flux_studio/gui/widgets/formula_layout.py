"""A formula laid out in the room there is: broken before a sign where it is too long, and never cut off."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter

from flux_studio.engine.formulas import lines
from flux_studio.engine.notation import Node
from flux_studio.gui.typesetting import Box, box, typesetter

_INDENT = 1.4
_LEADING = 0.3
_WRAPPED = int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop | Qt.TextFlag.TextWrapAnywhere)


@dataclass(frozen=True)
class Placed:
    """A box by its left end and baseline; ``scale`` is below 1 where even a line of its own is too short for it."""

    box: Box
    x: float
    y: float
    scale: float


@dataclass(frozen=True)
class LaidFormula:
    """Where all of a formula stands. Without boxes it is shown as ``text``."""

    text: str
    height: float
    width: float
    boxes: tuple[Placed, ...]

    def paint(
        self, painter: QPainter, at: QPointF, font: QFont, tint: Callable[[str], QColor], words: QColor
    ) -> None:
        """Draw it with its upper left corner ``at``; ``tint`` gives the colour of a symbol, ``words`` all others'."""
        if not self.boxes:
            painter.setFont(font)
            painter.setPen(words)
            painter.drawText(QRectF(at.x(), at.y(), self.width, self.height + 1), _WRAPPED, self.text)
            return
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.translate(at)
        for placed in self.boxes:
            paint_box(painter, placed.box, placed.x, placed.y, tint, words, placed.scale)
        painter.restore()

    def symbol_at(self, point: QPointF) -> str:
        """What stands for something at a place; empty if nothing does."""
        found = (text for text, area in self.symbols() if area.contains(point))
        return next(found, "")

    def symbols(self) -> list[tuple[str, QRectF]]:
        """Everything that stands for something, with where it stands, the innermost last."""
        found: dict[tuple[str, float, float], QRectF] = {}
        for placed in self.boxes:
            for stroke in placed.box.strokes:
                if stroke.symbol:
                    area, scale = stroke.area, placed.scale
                    left, top = placed.x + area.left() * scale, placed.y + area.top() * scale
                    place = QRectF(left, top, area.width() * scale, area.height() * scale)
                    found[stroke.symbol, left, top] = place.adjusted(-1, -1, 1, 1)
        return [(text, area) for (text, _, _), area in found.items()]


def paint_box(
    painter: QPainter,
    what: Box,
    x: float,
    y: float,
    tint: Callable[[str], QColor],
    words: QColor,
    scale: float = 1.0,
) -> None:
    """Draw a box with the left end of its baseline at x, y."""
    painter.save()
    painter.translate(x, y)
    painter.scale(scale, scale)
    for stroke in what.strokes:
        painter.fillPath(stroke.path, tint(stroke.symbol) if stroke.symbol else words)
    painter.restore()


def lay_out(text: str, font: QFont, size: float, room: float) -> LaidFormula:
    """Lay a formula's lines out at a size in pixels, ``room`` wide; ``font`` is for text while nothing can be set."""
    if not typesetter.is_ready:
        plain = "\n".join(part.strip() for part in text.split(";"))
        area = QFontMetricsF(font).boundingRect(QRectF(0, 0, max(1.0, room), 10_000), _WRAPPED, plain)
        return LaidFormula(plain, area.height(), max(1.0, room), ())
    placed: list[Placed] = []
    top = 0.0
    for line in lines(text):
        for number, row in enumerate(_broken(line, size, room)):
            indent = _INDENT * size if number else 0.0
            wide = sum(each.width for each in row)
            scale = min(1.0, max(0.1, (room - indent) / wide)) if wide else 1.0
            ascent, descent = (max(getattr(each, side) for each in row) for side in ("ascent", "descent"))
            left, baseline = indent, top + ascent * scale
            for each in row:
                placed.append(Placed(each, left, baseline, scale))
                left += each.width * scale
            top = baseline + descent * scale + _LEADING * size
    width = max((each.x + each.box.width * each.scale for each in placed), default=0.0)
    return LaidFormula(text, max(0.0, top - _LEADING * size), width, tuple(placed))


def _broken(line: Node, size: float, room: float) -> list[list[Box]]:
    """The pieces of a line in rows that fit: broken where it hurts least, inside brackets only where it must be."""
    pieces = [(weight, box(mathml, size)) for weight, mathml in line.pieces()]
    least = room - _INDENT * size
    if any(each.width > least for _, each in pieces):
        pieces = [(weight, box(mathml, size)) for weight, mathml in line.pieces(deep=True)]
    rows: list[list[Box]] = []
    while pieces:
        limit = least if rows else room
        fitting, wide = 0, 0.0
        while fitting < len(pieces) and wide + pieces[fitting][1].width <= limit:
            wide += pieces[fitting][1].width
            fitting += 1
        count = max(1, fitting)
        if fitting < len(pieces) and fitting > 1:
            count = _best_break(pieces, fitting, limit, first=not rows)
        rows.append([each for _, each in pieces[:count]])
        pieces = pieces[count:]
    return rows


def _best_break(pieces: list[tuple[int, Box]], fitting: int, room: float, *, first: bool) -> int:
    """How many pieces to put into a row: a good place to break, and not much room left over."""

    def cost(count: int) -> float:
        used = sum(each.width for _, each in pieces[:count]) / room
        lonely = first and count == 1 and used < 0.4  # a formula's left side by itself
        return 0.2 * pieces[count][0] + (1 - used) + lonely

    return min(range(1, fitting + 1), key=cost)
