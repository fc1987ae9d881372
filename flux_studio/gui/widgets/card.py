"""A card of the network stack: a rounded box with a title, one line of facts and, if need be, a complaint."""

from __future__ import annotations

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter, QPaintEvent
from PySide6.QtWidgets import QLabel, QSizePolicy, QVBoxLayout, QWidget

from flux_studio.gui.theme import colour, look
from flux_studio.gui.widgets.paint import line_of_text, mixed, rounded_box


class Card(QWidget):
    """Paints its own lines, so that hundreds of them cost little; ``body`` holds what stands below them.

    ``tint`` names the theme's colour that tells a special card from an ordinary one.
    """

    def __init__(self, parent: QWidget | None = None, *, tint: str = "") -> None:
        super().__init__(parent)
        self._tint = tint
        self._title = ""
        self._facts = ("", "")
        self._brief = ""
        self._facts_shown = True
        self._numbers_right = False
        self._error: QLabel | None = None
        self.body = QVBoxLayout(self)
        self.body.setSpacing(look.length(6))
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self._place_body()

    @property
    def title(self) -> str:
        """The bold line."""
        return self._title

    @property
    def facts(self) -> tuple[str, str]:
        """What stands left and right in the second line."""
        return self._facts

    @property
    def error(self) -> str:
        """The complaint, or nothing."""
        return self._error.text() if self._error else ""

    def set_lines(
        self, title: str, left: str, right: str, *, numbers_right: bool = False, brief: str = ""
    ) -> None:
        """Show these words; ``numbers_right`` sets the right one in the face for numbers.

        Where both do not fit side by side, ``brief`` takes the place of the right one, and then the left one is
        shortened.
        """
        self._title, self._facts, self._numbers_right = title, (left, right), numbers_right
        self._brief = brief
        self.setAccessibleName(", ".join(part for part in (title, left, right) if part))
        self.update()

    def show_facts(self, shown: bool) -> None:
        """Whether the second line is there; an open card has fields in its place."""
        self._facts_shown = shown
        self._place_body()
        self.update()

    def set_error(self, text: str) -> None:
        """Show why this cannot work, or nothing for an empty text."""
        if text == self.error:
            return
        if self._error is None:
            self._error = QLabel(self)
            self._error.setProperty("error", "true")
            self._error.setWordWrap(True)
            self._error.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
            self._error.setFont(look.text_font(0.92))
            self.body.insertWidget(0, self._error)
        self._error.setText(text)
        self._error.setVisible(bool(text))
        self.setAccessibleDescription(text)
        self._place_body()
        self.update()

    def outline(self) -> tuple[QColor, float]:
        """The colour and thickness of the line around the card just now."""
        if self.error:
            return colour("error"), 1.0
        return (mixed("surface", self._tint, 0.35) if self._tint else colour("border_strong")), 1.0

    def fill(self) -> QColor:
        """The colour inside just now."""
        if self.error:
            return colour("error_soft")
        return mixed("surface", self._tint, 0.06) if self._tint else colour("surface")

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        line, width = self.outline()
        rounded_box(painter, QRectF(self.rect()), self.fill(), line, radius=look.length(8), width=width)
        line_of_text(painter, self.title_area(), self._title, look.text_font(bold=True), colour("text"))
        if self._facts_shown:
            self._paint_facts(painter)

    def title_area(self) -> QRectF:
        """Where the title stands."""
        return QRectF(_side(), _top(), self.width() - 2 * _side(), _title_height())

    def _paint_facts(self, painter: QPainter) -> None:
        area = QRectF(_side(), _top() + _title_height() + _gap(), self.width() - 2 * _side(), _facts_height())
        left, right = self.facts_shown()
        font = look.number_font(0.92) if self._numbers_right else _facts_font()
        taken = line_of_text(painter, area, right, font, colour("text_soft"), Qt.AlignmentFlag.AlignRight)
        room = area.adjusted(0, 0, -taken - look.length(8), 0) if right else area
        line_of_text(painter, room, left, _facts_font(), colour("text_soft"))

    def facts_shown(self) -> tuple[str, str]:
        """What stands in the second line at the present width, but for an ellipsis."""
        left, right = self._facts
        metrics = QFontMetrics(_facts_font())
        needed = metrics.horizontalAdvance(left) + look.length(8) + metrics.horizontalAdvance(right)
        return (left, self._brief or right) if needed > self.width() - 2 * _side() else (left, right)

    def body_margin(self) -> int:
        """Room left and right of what stands below the lines."""
        return _side()

    def _place_body(self) -> None:
        top = _top() + _title_height()
        if self._facts_shown:
            top += _gap() + _facts_height()
        if self.error or not self._facts_shown:
            top += self.body.spacing()
        side = self.body_margin()
        self.body.setContentsMargins(side, top, side, _top())


def _side() -> int:
    return look.length(10)


def _top() -> int:
    return look.length(8)


def _gap() -> int:
    return look.length(2)


def _facts_font() -> QFont:
    return look.text_font(0.94)


def _title_height() -> int:
    return QFontMetrics(look.text_font(bold=True)).height()


def _facts_height() -> int:
    return QFontMetrics(_facts_font()).height()
