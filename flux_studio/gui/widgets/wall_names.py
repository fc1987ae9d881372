"""The rows' names at the left of the wall: title, a few words, the mark to fold by, and room for the page's number."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QPoint, QRect, QRectF, Qt
from PySide6.QtGui import QFont, QFontMetrics, QPainter, QPainterPath

from flux_studio.gui.theme import colour, look
from flux_studio.gui.widgets.wall_content import Heading, WallContent
from flux_studio.gui.widgets.wall_geometry import WallGeometry
from flux_studio.gui.widgets.wall_painting import SMALL
from flux_studio.gui.widgets.wall_rows import WallRow

_NARROW = 840
_WIDEST = 150
_PAGER = (58, 22)


def names_width(content: WallContent, view_width: int) -> int:
    """How wide the names are; the longest of them may be shortened."""
    bold, small = QFontMetrics(look.text_font(bold=True)), QFontMetrics(look.text_font(SMALL))
    widest = look.length(56)
    for heading in content.headings:
        words = [bold.horizontalAdvance(heading.row.title)]
        words += map(small.horizontalAdvance, _subtitle(heading.row, view_width))
        if heading.row.pages:
            paged = f"{heading.row.page} of {len(heading.row.pages):,}"
            words.append(small.horizontalAdvance(paged) + look.length(_PAGER[0] + 10))
        widest = max(widest, _indent(content, heading) + max(words))
    return min(widest, look.length(_WIDEST)) + look.length(28)


@dataclass(frozen=True)
class WallNames:
    """Knows where each name stands, and paints those in view."""

    content: WallContent
    geometry: WallGeometry
    scroll: QPoint

    def paint(self, painter: QPainter) -> None:
        """Paint at the left of the view."""
        geometry = self.geometry
        column = QRect(0, geometry.header, geometry.names, geometry.view_height - geometry.header)
        painter.setClipRect(column)
        for heading in self._in_view():
            self._paint_name(painter, heading)
        if self.scroll.x():
            painter.fillRect(column.right(), column.top(), 1, column.height(), colour("border"))
        painter.setClipping(False)

    def at(self, position: QPoint) -> Heading | None:
        """The name at a place in the view."""
        line = self.geometry.line_at(position, self.scroll)
        if line is None or not 0 <= position.x() < self.geometry.names:
            return None
        return next((each for each in self.content.headings if each.first <= line <= each.last), None)

    def pager(self, heading: Heading) -> QRect:
        """Where the number of a row's page stands in the view; its word is written before it."""
        line = self._lines(heading)[-1][1]
        return QRect(
            line.left() + self._word_width(heading), line.top(), look.length(_PAGER[0]), line.height()
        )

    def _in_view(self) -> list[Heading]:
        seen = self.geometry.visible_lines(self.scroll)
        return [each for each in self.content.headings if each.first < seen.stop and each.last >= seen.start]

    def _lines(self, heading: Heading) -> list[tuple[str, QRect]]:
        """What stands in a name, each with its place: beside the row's pictures, or at the top while they go by."""
        geometry = self.geometry
        bold, small = (QFontMetrics(font).height() for font in _fonts())
        texts = [heading.row.title, *_subtitle(heading.row, geometry.view_width)]
        heights = [bold, *[small] * (len(texts) - 1)]
        if heading.row.pages:
            texts, heights = [*texts, heading.row.page], [*heights, look.length(_PAGER[1])]
        label = geometry.labels[heading.first]
        top = geometry.line_top(heading.first, self.scroll) + label
        top += (geometry.margin + geometry.side - sum(heights)) // 2
        last = geometry.line_top(heading.last + 1, self.scroll) - sum(heights) - geometry.margin // 2
        top = max(top, min(geometry.header + geometry.margin // 2, last))
        left = geometry.margin + _indent(self.content, heading)
        lines = []
        for text, height in zip(texts, heights, strict=True):
            lines.append((text, QRect(left, top, geometry.names - geometry.margin - left, height)))
            top += height
        return lines

    def _paint_name(self, painter: QPainter, heading: Heading) -> None:
        bold, small = _fonts()
        lines = self._lines(heading)
        for number, (text, place) in enumerate(lines):
            font = small if number else bold
            painter.setFont(font)
            painter.setPen(colour("text_soft" if number else "text"))
            elided = QFontMetrics(font).elidedText(text, Qt.TextElideMode.ElideRight, place.width() + 4)
            painter.drawText(place.adjusted(0, 0, 8, 0), Qt.AlignmentFlag.AlignVCenter, elided)
        if heading.row.pages:
            after = self.pager(heading).translated(look.length(_PAGER[0] + 5), 0)
            painter.drawText(after, Qt.AlignmentFlag.AlignVCenter, f"of {len(heading.row.pages):,}")
        if heading.foldable:
            _paint_mark(painter, lines[0][1], self.content.is_folded(heading.row))

    def _word_width(self, heading: Heading) -> int:
        return QFontMetrics(look.text_font(SMALL)).horizontalAdvance(heading.row.page) + look.length(5)


def _fonts() -> tuple[QFont, QFont]:
    return look.text_font(bold=True), look.text_font(SMALL)


def _subtitle(row: WallRow, view_width: int) -> list[str]:
    """What stands below a title, on two lines where there is little width."""
    if not row.subtitle:
        return []
    narrow = view_width < look.length(_NARROW)
    return row.subtitle.split(" · ") if narrow else [row.subtitle]


def _indent(content: WallContent, heading: Heading) -> int:
    """Room for the marks, where there are any, and for those of the rows around."""
    return look.length(13) * (heading.depth + content.has_marks)


def _paint_mark(painter: QPainter, title: QRect, folded: bool) -> None:
    """A small triangle before a title: to the right while what is inside is folded away, else down."""
    size = look.length(7)
    box = QRectF(title.left() - look.length(12), title.center().y() - size / 2 + 1, size, size)
    path = QPainterPath(box.topLeft())
    if folded:
        path.lineTo(box.right(), box.center().y())
        path.lineTo(box.bottomLeft())
    else:
        path.lineTo(box.topRight())
        path.lineTo(box.center().x(), box.bottom())
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
    painter.fillPath(path, colour("text_soft"))
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
