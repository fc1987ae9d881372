"""The panel This cell: one number, how it came to be, and what it was used for."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFont, QFontMetrics, QHelpEvent, QKeyEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QFrame,
    QHBoxLayout,
    QLabel,
    QSizePolicy,
    QToolButton,
    QToolTip,
    QVBoxLayout,
    QWidget,
)

from flux_studio.gui.style import restyle
from flux_studio.gui.theme import colour, look
from flux_studio.gui.typesetting import formula_size, symbol, typesetter
from flux_studio.gui.widgets.cell_lines import CellLines
from flux_studio.gui.widgets.cell_rows import CellView
from flux_studio.gui.widgets.formula_layout import paint_box
from flux_studio.gui.widgets.numbers import exact
from flux_studio.gui.widgets.page_scroll import PageScroll
from flux_studio.gui.widgets.paint import line_of_text
from flux_studio.gui.widgets.panel_header import PanelHeader
from flux_studio.training.explaining import Link

_NOTHING = (
    "Click a number in the focus view, and read here how it came to be: the formula, every number in it, "
    "and what it was used for."
)


class CellPanel(QWidget):
    """Shows a :class:`CellView`; the cells in it can be gone to, and Back returns."""

    link_chosen = Signal(object)
    """A person wants to go to the cell of this :class:`Link`."""
    whole_requested = Signal()
    """A long sum is to be shown whole, or short again."""
    back_requested = Signal()
    follow_changed = Signal(bool)
    """Whether the number under the pointer is to be told of."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("cell")
        self.setAccessibleName("How the chosen number came to be")
        self.header = PanelHeader("This cell", self)
        self.place = _Painted("cell.place", (0.88,), "text_soft")
        self.number = _Painted("cell.number", (1.3, 1.15, 1.0, 0.86), "text", number=True)
        self.follow = QCheckBox("follow the mouse")
        self.follow.setObjectName("cell.follow")
        self.follow.setToolTip(
            "Tell of the number under the pointer; away from the numbers, of the chosen one"
        )
        self.back = QToolButton()
        self.back.setObjectName("cell.back")
        self.back.setText("‹ Back")
        self.back.setAccessibleName("Back")
        self.back.setProperty("kind", "quiet")
        self.origin = _words("cell.origin")
        self.working = CellLines("cell.working", "How it is made: cells to go to")
        self.verdict = QLabel()
        self.verdict.setObjectName("cell.verdict")
        self.verdict.setWordWrap(True)
        self.written = _words("cell.written")
        self.uses = CellLines("cell.uses", "What it was used for: cells to go to")
        self.message = _words("cell.message")
        self._lay_out()
        for lines in (self.working, self.uses):
            lines.link_chosen.connect(self.link_chosen)
            lines.whole_requested.connect(self.whole_requested)
        self.back.clicked.connect(lambda _=False: self.back_requested.emit())
        self.follow.toggled.connect(self.follow_changed)
        self.set_back("")
        self.set_message("")

    def set_tip(self, tip: Callable[[Link], str]) -> None:
        """How a cell is explained where the pointer rests on it."""
        for lines in (self.working, self.uses):
            lines.set_tip(tip)

    def set_place(self, place: str) -> None:
        """Say where the cell stands: layer, row and column."""
        self.place.set_text(place)

    def set_back(self, symbol: str) -> None:
        """Where Back leads; it can be pressed only where that is somewhere."""
        self.back.setEnabled(bool(symbol))
        self.back.setToolTip(f"Back to {symbol} (Backspace)" if symbol else "Back to the cell one came from")

    def set_view(self, view: CellView) -> None:
        """Show a cell; while only its numbers change, nothing moves."""
        self._show(self.message, "")
        self._show_headline(True)
        self.number.set_text(f" = {exact(view.value)}", view.symbol)
        self._show(self.origin, view.origin)
        self.working.set_rows(view.rows)
        self._show(self.verdict, view.verdict)
        self._show(self.written, view.written)
        self._verdict_card.setVisible(bool(view.verdict))
        good = "true" if view.is_same else "false"
        if self.verdict.property("good") != good:
            self.verdict.setProperty("good", good)
            restyle(self.verdict)
        self.uses.set_rows(view.uses)

    def set_message(self, text: str) -> None:
        """Say why there is nothing to show; an empty text tells how to begin."""
        self._show_headline(bool(text))
        self._show(self.message, text or _NOTHING)
        for label in (self.origin, self.verdict, self.written):
            self._show(label, "")
        self._verdict_card.hide()
        for lines in (self.working, self.uses):
            lines.set_rows(())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Backspace and self.back.isEnabled():
            self.back_requested.emit()
        else:
            super().keyPressEvent(event)

    def sizeHint(self) -> QSize:
        return QSize(look.length(310), look.length(500))

    def _show_headline(self, shown: bool) -> None:
        """The switch stays where there is no number, too."""
        for widget in (self.place, self.number, self.back):
            widget.setVisible(shown)

    @staticmethod
    def _show(label: QLabel, text: str) -> None:
        if label.text() != text:
            label.setText(text)
        label.setVisible(bool(text))

    def _lay_out(self) -> None:
        self._card, self._verdict_card = _well("cell.headline"), _well("cell.check")
        headline, top = QVBoxLayout(self._card), QHBoxLayout()
        headline.setContentsMargins(look.length(10), look.length(3), look.length(10), look.length(7))
        headline.setSpacing(0)
        headline.addLayout(top)
        headline.addWidget(self.place)
        headline.addWidget(self.number)
        top.addWidget(self.follow)
        top.addStretch(1)
        top.addWidget(self.back)
        check = QVBoxLayout(self._verdict_card)
        check.setContentsMargins(look.length(10), look.length(7), look.length(10), look.length(7))
        check.setSpacing(look.length(2))
        check.addWidget(self.verdict)
        check.addWidget(self.written)
        page = QWidget()
        column = QVBoxLayout(page)
        # The lines have an edge of their own; all text begins at the same place.
        side, less = look.length(12), look.length(5)
        column.setContentsMargins(side - less, side, side - less, side)
        column.setSpacing(look.length(6))
        for widget in (self._card, self.message, self.origin, self.working, self._verdict_card, self.uses):
            if isinstance(widget, CellLines):
                column.addWidget(widget)
                continue
            box = QVBoxLayout()
            box.setContentsMargins(less, 0, less, 0)
            box.addWidget(widget)
            column.addLayout(box)
        column.addStretch(1)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(0)
        outer.addWidget(self.header)
        outer.addWidget(PageScroll(page, self), 1)


class _Painted(QWidget):
    """A line of text, as large as fits: painted, so that other words cost no layout."""

    def __init__(self, name: str, sizes: tuple[float, ...], tint: str, *, number: bool = False) -> None:
        super().__init__()
        self.setObjectName(name)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._sizes, self._tint, self._number = sizes, tint, number
        self._text = self._symbol = ""
        look.changed.connect(self.updateGeometry)
        typesetter.ready.connect(self.update)

    @property
    def text(self) -> str:
        """What it says."""
        return self._symbol + self._text

    def set_text(self, text: str, symbol: str = "") -> None:
        """Say something else, behind a symbol where one is given."""
        if (text, symbol) != (self._text, self._symbol):
            self._text, self._symbol = text, symbol
            self.setAccessibleName(self.text)
            self.update()

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            QToolTip.showText(event.globalPos(), self.text, self)
            return True
        return super().event(event)

    def sizeHint(self) -> QSize:
        return QSize(look.length(160), QFontMetrics(self._font(self._sizes[0])).height())

    def minimumSizeHint(self) -> QSize:
        return QSize(look.length(80), self.sizeHint().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        is_set = bool(self._symbol) and typesetter.is_ready
        text = self._text if is_set else self.text
        area, painter, tint = QRectF(self.rect()), QPainter(self), colour(self._tint)
        for size in self._sizes:
            font = self._font(size)
            lead = symbol(self._symbol, formula_size(size)) if is_set else None
            before = lead.width if lead is not None else 0.0
            if before + QFontMetrics(font).horizontalAdvance(text) <= self.width():
                break
        if lead is not None:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            metrics = QFontMetrics(font)
            baseline = area.center().y() - metrics.height() / 2 + metrics.ascent()
            paint_box(painter, lead, 0.0, baseline, lambda _: tint, tint)
        line_of_text(painter, area.adjusted(before, 0, 0, 0), text, font, tint)

    def _font(self, size: float) -> QFont:
        return look.number_font(size) if self._number else look.text_font(size)


def _well(name: str) -> QFrame:
    frame = QFrame()
    frame.setObjectName(name)
    frame.setProperty("well", "true")
    return frame


def _words(name: str) -> QLabel:
    label = QLabel()
    label.setObjectName(name)
    label.setProperty("muted", "true")
    label.setFont(look.text_font(0.92))
    label.setWordWrap(True)
    return label
