"""Lines of arithmetic, painted: words, sums term by term, and cells that can be clicked to go there."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import nan
from unicodedata import normalize

from PySide6.QtCore import QEvent, QPointF, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QContextMenuEvent,
    QFont,
    QFontMetrics,
    QHelpEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
)
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from flux_studio.gui.theme import colour, look
from flux_studio.gui.typesetting import formula_size, typesetter
from flux_studio.gui.widgets.cell_names import line_height, name_width, number_font, paint_name
from flux_studio.gui.widgets.cell_rows import Row, as_latex
from flux_studio.gui.widgets.focus_ring import FocusRing
from flux_studio.gui.widgets.formula_layout import LaidFormula, lay_out
from flux_studio.gui.widgets.formula_view import copy_menu
from flux_studio.gui.widgets.numbers import NumberFormat, number_format
from flux_studio.training.explaining import Link

_GAP = 8
_EDGE = 5
"""Room around all lines, for the ring that tells of the keyboard."""
_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
_WRAPPED = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop | Qt.TextFlag.TextWrapAnywhere


@dataclass(frozen=True)
class _Target:
    """Something to be clicked; without a link it opens or closes a long sum."""

    area: QRect
    link: Link | None


class CellLines(QWidget):
    """Setters only. Clicks and keys tell :attr:`link_chosen` and :attr:`whole_requested`."""

    link_chosen = Signal(object)
    whole_requested = Signal()

    def __init__(self, name: str, title: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName(name)
        self.setAccessibleName(title)
        self.setMouseTracking(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._rows: tuple[Row, ...] = ()
        self._styles: dict[object, NumberFormat] = {}
        self._tops: list[int] = []
        self._laid: dict[int, LaidFormula] = {}
        self._targets: list[_Target] = []
        self._columns: tuple[int, ...] = ()
        self._stacked = False
        self._current = 0
        self._hovered = -1
        self._tip: Callable[[Link], str] = lambda link: link.text
        FocusRing(self)
        look.changed.connect(self._arrange)
        typesetter.ready.connect(self._arrange)

    @property
    def rows(self) -> tuple[Row, ...]:
        """What is shown."""
        return self._rows

    def set_tip(self, tip: Callable[[Link], str]) -> None:
        """How a cell is explained where the pointer rests on it."""
        self._tip = tip

    def set_rows(self, rows: Sequence[Row]) -> None:
        """Show other lines; where only numbers have changed, nothing moves."""
        same = [row.looks for row in rows] == [row.looks for row in self._rows]
        self._rows = tuple(rows)
        if not same:
            self._styles.clear()
            self._current, self._hovered = 0, -1
        before = {key: style.width for key, style in self._styles.items()}
        self._choose_styles()
        if same and before == {key: style.width for key, style in self._styles.items()}:
            # What stands where is as before; only the numbers behind it are others.
            links = (link for row in self._rows for link in row.links if link.key is not None)
            self._targets = [
                each if each.link is None else _Target(each.area, next(links)) for each in self._targets
            ]
            self.update()
        else:
            self._arrange()

    def links(self) -> tuple[Link, ...]:
        """The cells that can be gone to, in their order."""
        return tuple(target.link for target in self._targets if target.link is not None)

    def link_rect(self, text: str) -> QRect:
        """Where a cell with that symbol stands; empty if there is none."""
        found = (target.area for target in self._targets if target.link and target.link.text == text)
        return next(found, QRect())

    def more_rect(self) -> QRect:
        """Where a long sum can be opened or closed; empty if there is none."""
        return next((target.area for target in self._targets if target.link is None), QRect())

    def text(self) -> str:
        """All of it as lines of text."""
        return "\n".join(self._line_text(row) for row in self._rows)

    def symbol_rect(self, text: str) -> QRect:
        """Where a symbol first stands in a formula; empty if it does not."""
        for place, laid in self._laid.items():
            for found, area in laid.symbols():
                if found == text:
                    return area.toRect().translated(self._line(place).topLeft())
        return QRect()

    # -- numbers --------------------------------------------------------------------------------------------

    def _choose_styles(self) -> None:
        """One style for each column of terms, and one for each other number; kept while it fits."""
        columns: dict[object, float] = {}
        block = 0
        for place, row in enumerate(self._rows):
            if row.kind in ("term", "more"):
                for index, link in enumerate(row.links):
                    _raise(columns, (block, index), link.value)
                _raise(columns, (block, "value"), row.value)
            elif row.kind == "total":
                _raise(columns, (block, "value"), row.value)
                block += 1
            elif row.value is not None:
                _raise(columns, ("row", place), row.value)
        self._styles = {
            key: number_format(largest, self._styles.get(key)) for key, largest in columns.items()
        }

    def _styled(self) -> list[tuple[Row, int, int]]:
        """Each row with the block of terms it belongs to, and its place."""
        block, found = 0, []
        for place, row in enumerate(self._rows):
            found.append((row, block, place))
            block += row.kind == "total"
        return found

    def _number(self, row: Row, block: int, place: int) -> str:
        if row.value is None:
            return ""
        key: object = (block, "value") if row.kind in ("term", "more", "total") else ("row", place)
        return self._styles[key].text(row.value, 1)

    def _factor(self, row: Row, block: int, index: int) -> str:
        return self._styles[block, index].text(row.links[index].value, 1)

    def _line_text(self, row: Row) -> str:
        for each, block, place in self._styled():
            if each is row:
                names = " × ".join(_name(row, index) for index in range(len(row.links)))
                return " ".join(filter(None, (names or row.text, self._number(row, block, place))))
        return row.text

    # -- layout ---------------------------------------------------------------------------------------------

    def sizeHint(self) -> QSize:
        return QSize(look.length(200), self.minimumHeight())

    def minimumSizeHint(self) -> QSize:
        return QSize(look.length(200), self.sizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        if event.size().width() != event.oldSize().width():
            self._arrange()

    def _arrange(self, *_: object) -> None:
        """Where everything stands; terms that are too wide for a line take two."""
        metrics = QFontMetrics(number_font())
        widths = [0] * 5
        for row, block, place in self._styled():
            if row.kind != "term":
                continue
            for index in range(min(len(row.links), 2)):
                widths[2 * index] = max(widths[2 * index], name_width(_name(row, index)))
                if row.text != "{0}":
                    size = metrics.horizontalAdvance(self._factor(row, block, index))
                    widths[2 * index + 1] = max(widths[2 * index + 1], size)
            widths[4] = max(widths[4], metrics.horizontalAdvance(self._number(row, block, place)))
        gaps = 2 * look.length(_GAP) + 2 * metrics.horizontalAdvance(" × ")
        self._columns, self._stacked = tuple(widths), sum(widths) + gaps > self._room()
        top, self._tops = look.length(_EDGE), []
        self._laid = {place: self._lay_out(row) for place, row in enumerate(self._rows) if row.is_formula}
        for place, row in enumerate(self._rows):
            self._tops.append(top)
            top += self._height(row, place)
        self._tops.append(top)
        self._refresh_links()
        self.setFixedHeight(top + look.length(_EDGE) if self._rows else 0)
        self.updateGeometry()
        self.update()

    def _lay_out(self, row: Row) -> LaidFormula:
        scale = 1.0 if row.kind == "formula" else 0.9
        return lay_out(row.text, _font(row), formula_size(scale), max(1, self._room()))

    def _height(self, row: Row, place: int) -> int:
        line = line_height()
        if place in self._laid:
            return round(self._laid[place].height) + look.length(7)
        if row.kind == "note":
            room = QRect(0, 0, max(1, self._room()), 10_000)
            metrics = QFontMetrics(_font(row))
            return metrics.boundingRect(room, int(_WRAPPED), row.text).height() + look.length(3)
        if row.kind == "caption":
            return QFontMetrics(_font(row)).height() + look.length(6)
        if row.kind == "term" and self._stacked and len(row.links) > 1:
            return 2 * line
        return line + look.length(4) * (row.kind == "total")

    def _line(self, place: int) -> QRect:
        height = self._tops[place + 1] - self._tops[place]
        return QRect(look.length(_EDGE), self._tops[place], self._room(), height)

    def _room(self) -> int:
        return self.width() - 2 * look.length(_EDGE)

    def _refresh_links(self) -> None:
        """What can be clicked, and where."""
        self._targets = []
        for place, row in enumerate(self._rows):
            area = self._line(place)
            if row.kind == "more":
                self._targets.append(_Target(area, None))
            for index, link in enumerate(row.links):
                if link.key is not None:
                    name = self._name_area(row, index, area)
                    width = min(name_width(_name(row, index)), name.width())
                    self._targets.append(_Target(QRect(name.left(), name.top(), width, name.height()), link))
        self._current = min(self._current, max(0, len(self._targets) - 1))
        takes = bool(self._targets)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus if takes else Qt.FocusPolicy.NoFocus)
        self._describe()

    def _name_area(self, row: Row, index: int, area: QRect) -> QRect:
        metrics = QFontMetrics(number_font())
        times = metrics.horizontalAdvance(" × ")
        if row.kind != "term" or index == 0:
            height = area.height() // 2 if self._is_stacked(row) else area.height()
            return QRect(area.left(), area.top(), area.width(), height)
        if self._is_stacked(row):
            before = name_width(_name(row, 0)) + times
            return QRect(area.left() + before, area.top(), area.width() - before, area.height() // 2)
        left = area.left() + self._columns[0] + look.length(_GAP) + self._columns[1] + times
        return QRect(left, area.top(), self._columns[2], area.height())

    def _is_stacked(self, row: Row) -> bool:
        return self._stacked and row.kind == "term" and len(row.links) > 1

    # -- painting -------------------------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        typesetter.begin()
        painter = QPainter(self)
        for row, block, place in self._styled():
            area = self._line(place)
            if not area.intersects(event.rect()):
                continue
            if place in self._laid:
                self._paint_formula(painter, row, self._laid[place], area)
            elif row.kind in ("caption", "note"):
                self._paint_words(painter, row, area)
            elif row.kind == "term":
                self._paint_term(painter, row, block, place, area)
            else:
                self._paint_number(painter, row, block, place, area)

    def _paint_formula(self, painter: QPainter, row: Row, laid: LaidFormula, area: QRect) -> None:
        words = colour("text" if row.kind == "formula" else "text_soft")
        leading = {link.text for link in row.names[1:] if link.key is not None}
        accent = colour("accent")
        corner = QPointF(area.left(), area.top() + look.length(3))
        laid.paint(painter, corner, _font(row), lambda text: accent if text in leading else words, words)

    def _paint_words(self, painter: QPainter, row: Row, area: QRect) -> None:
        painter.setFont(_font(row))
        painter.setPen(colour({"caption": "text_faint", "note": "text_soft"}.get(row.kind, "text")))
        if row.kind == "caption":
            painter.drawText(area, int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignBottom), row.text)
        else:
            painter.drawText(area, int(_WRAPPED), row.text)

    def _paint_term(self, painter: QPainter, row: Row, block: int, place: int, area: QRect) -> None:
        painter.setFont(number_font())
        metrics = QFontMetrics(number_font())
        for index, link in enumerate(row.links):
            self._paint_name(painter, row, index, link, self._name_area(row, index, area))
        painter.setPen(colour("text_soft"))
        if self._is_stacked(row):
            half = area.height() // 2
            names = name_width(_name(row, 0))
            painter.drawText(QRect(area.left() + names, area.top(), area.width(), half), int(_LEFT), " × ")
            below = area.adjusted(look.length(12), half, 0, 0)
            factors = " × ".join(self._factor(row, block, index) for index in range(2))
            painter.drawText(below, int(_LEFT), factors)
            area = below
        elif row.text != "{0}":
            left, times = area.left(), metrics.horizontalAdvance(" × ")
            for index in range(len(row.links)):
                left += self._columns[2 * index] + look.length(_GAP)
                room = QRect(left, area.top(), self._columns[2 * index + 1], area.height())
                painter.drawText(room, int(_RIGHT), self._factor(row, block, index))
                left = room.right() + 1
                if index + 1 < len(row.links):
                    painter.drawText(QRect(left, area.top(), times, area.height()), int(_LEFT), " × ")
                    left += times
            painter.drawText(QRect(left, area.top(), times, area.height()), int(_LEFT), " =")
        painter.setPen(colour("text"))
        painter.drawText(area, int(_RIGHT), self._number(row, block, place))

    def _paint_number(self, painter: QPainter, row: Row, block: int, place: int, area: QRect) -> None:
        font = number_font(bold=row.kind == "total")
        painter.setFont(font)
        number = self._number(row, block, place)
        width = QFontMetrics(font).horizontalAdvance(number)
        if row.kind == "total":
            painter.fillRect(
                area.left(), area.top() + look.length(2), area.width(), 1, colour("border_strong")
            )
            area = area.adjusted(0, look.length(4), 0, 0)
        painter.setPen(colour("text"))
        painter.drawText(area, int(_RIGHT), number)
        room = area.adjusted(0, 0, -width - look.length(_GAP), 0)
        if row.kind == "more":
            self._paint_more(painter, row, room)
        elif row.links:
            self._paint_name(painter, row, 0, row.links[0], room)
            if row.kind == "use":
                used = name_width(row.links[0].text) + look.length(_GAP)
                painter.setFont(_font(row))
                painter.setPen(colour("text_soft"))
                _elided(painter, room.adjusted(used, 0, 0, 0), row.text)
        else:
            self._paint_label(painter, row, room)

    def _paint_label(self, painter: QPainter, row: Row, room: QRect) -> None:
        """What a number is: in words, or by a name that earlier lines gave it."""
        if len(row.text) > 1 and row.text.isalpha():
            painter.setFont(look.text_font(0.92, bold=row.kind == "total"))
            _elided(painter, room, row.text)
        else:
            paint_name(painter, QRectF(room), row.text, colour("text"), underlined=False)

    def _paint_more(self, painter: QPainter, row: Row, room: QRect) -> None:
        place = next((i for i, each in enumerate(self._targets) if each.link is None), -1)
        painter.setFont(_font(row))
        painter.setPen(colour("accent"))
        self._mark_current(painter, place, painter.fontMetrics().boundingRect(room, int(_LEFT), row.text))
        _elided(painter, room, row.text)

    def _paint_name(self, painter: QPainter, row: Row, index: int, link: Link, room: QRect) -> None:
        place = next((i for i, each in enumerate(self._targets) if each.link is link), -1)
        name, is_hovered = _name(row, index), place >= 0 and place == self._hovered
        self._mark_current(painter, place, QRect(room.left(), room.top(), name_width(name), room.height()))
        tint = colour("text_soft" if link.key is None else "accent")
        paint_name(painter, QRectF(room), name, tint, underlined=is_hovered)
        painter.setFont(number_font())

    def _mark_current(self, painter: QPainter, place: int, area: QRect) -> None:
        """A ground behind what Enter would choose."""
        if place >= 0 and place == self._current and self.hasFocus():
            painter.fillRect(area.adjusted(-2, -1, 2, 1), colour("accent_soft"))

    # -- what people do -------------------------------------------------------------------------------------

    def _at(self, event: QMouseEvent | QHelpEvent) -> int:
        position = event.position().toPoint() if isinstance(event, QMouseEvent) else event.pos()
        found = (place for place, each in enumerate(self._targets) if each.area.contains(position))
        return next(found, -1)

    def _named_at(self, point: QPointF) -> Link | None:
        """What a symbol of a formula stands for."""
        for place, laid in self._laid.items():
            symbol = laid.symbol_at(point - QPointF(self._line(place).topLeft()))
            if symbol:
                named = (link for link in self._rows[place].names if normalize("NFC", link.text) == symbol)
                return next(named, Link(symbol, None, (0, 0), nan))
        return None

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        hovered, named = self._at(event), self._named_at(event.position())
        leads = hovered >= 0 or (named is not None and named.key is not None)
        self.setCursor(Qt.CursorShape.PointingHandCursor if leads else Qt.CursorShape.ArrowCursor)
        if hovered != self._hovered:
            self._hovered = hovered
            self.update()

    def leaveEvent(self, event: QEvent) -> None:
        self._hovered = -1
        self.update()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() != Qt.MouseButton.LeftButton:
            return
        if (place := self._at(event)) >= 0:
            self._current = place
            self._choose()
        elif (named := self._named_at(event.position())) is not None and named.key is not None:
            self.link_chosen.emit(named)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        if self._rows:
            copy_menu(self, "cell", self.text(), as_latex(self._rows)).popup(event.globalPos())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = {
            Qt.Key.Key_Down: 1,
            Qt.Key.Key_Right: 1,
            Qt.Key.Key_Up: -1,
            Qt.Key.Key_Left: -1,
        }.get(Qt.Key(event.key()))
        if step is not None and self._targets:
            self._current = min(max(self._current + step, 0), len(self._targets) - 1)
            self._describe()
            self.update()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space) and self._targets:
            self._choose()
        else:
            super().keyPressEvent(event)

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            named = self._named_at(QPointF(event.pos()))
            words = self._tip(named) if named is not None else self.tip(self._at(event))
            QToolTip.showText(event.globalPos(), words, self)
            return True
        if event.type() in (QEvent.Type.FocusIn, QEvent.Type.FocusOut):
            self.update()
        return super().event(event)

    def tip(self, place: int) -> str:
        """What the tool tip says about a place to click, by its number."""
        if place < 0:
            return ""
        link = self._targets[place].link
        return "Click to open or close the long sum" if link is None else self._tip(link)

    def _choose(self) -> None:
        link = self._targets[self._current].link
        if link is None:
            self.whole_requested.emit()
        else:
            self.link_chosen.emit(link)

    def _describe(self) -> None:
        if not self._targets:
            self.setAccessibleDescription("")
            return
        link = self._targets[self._current].link
        self.setAccessibleDescription("open or close the long sum" if link is None else f"go to {link.text}")


def _raise(columns: dict[object, float], key: object, value: float | None) -> None:
    if value is not None:
        size = abs(value)
        columns[key] = max(columns.get(key, 0.0), size if size < float("inf") else 0.0)


def _name(row: Row, index: int) -> str:
    """What stands for a cell: in a term that is no product, as it stands in there."""
    single = row.kind == "term" and len(row.links) == 1
    return row.text.format(row.links[0].text) if single else row.links[index].text


def _elided(painter: QPainter, room: QRect, text: str) -> None:
    words = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, room.width())
    painter.drawText(room, int(_LEFT), words)


def _font(row: Row) -> QFont:
    if row.kind == "formula":
        return look.text_font(1.0)
    return look.text_font(0.84 if row.kind == "caption" else 0.9)
