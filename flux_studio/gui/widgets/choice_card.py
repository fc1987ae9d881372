"""A card that is one big button: a picture, a title, a sentence and a quiet line of facts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QFontMetrics, QPainter, QPaintEvent
from PySide6.QtWidgets import QAbstractButton, QSizePolicy, QWidget

from flux_studio.gui.theme import colour, look
from flux_studio.gui.widgets.paint import line_of_text, mixed, rounded_box

Picture = Callable[[QPainter, QRectF], None]


@dataclass(frozen=True)
class _Form:
    """Lengths and text sizes of one kind of card."""

    width: int
    height: int
    side: int
    well: int
    inset: int
    title: float
    text: float


_FORMS = {
    "large": _Form(560, 212, 20, 300, 16, 1.7, 1.05),
    "small": _Form(260, 104, 10, 98, 9, 1.0, 0.95),
    "line": _Form(260, 78, 8, 92, 0, 1.0, 0.9),
}


class ChoiceCard(QAbstractButton):
    """``large`` for the one to choose first, ``small`` for one of several, ``line`` for one of a list.

    A large card has a ``call`` at its lower edge that looks like a button.
    """

    def __init__(self, name: str, form: str = "small", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName(name)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._form = _FORMS[form]
        self._title = self._sentence = self._facts = self._call = ""
        self._picture: Picture | None = None
        look.changed.connect(self.update)

    @property
    def title(self) -> str:
        """The bold line."""
        return self._title

    def set_words(self, title: str, sentence: str, facts: str, call: str = "") -> None:
        """Say this."""
        self._title, self._sentence, self._facts, self._call = title, sentence, facts, call
        self.setAccessibleName(". ".join(part for part in (title, sentence, facts) if part))
        self.update()

    def set_picture(self, picture: Picture | None) -> None:
        """What is painted in the card's sunken part."""
        self._picture = picture
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(look.length(self._form.width), look.length(self._form.height))

    def minimumSizeHint(self) -> QSize:
        return QSize(look.length(200), self.sizeHint().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        area = QRectF(self.rect())
        lively = self.isDown() or self.underMouse()
        fill = mixed("surface", "accent", 0.10 if self.isDown() else 0.05) if lively else colour("surface")
        line = colour("accent" if self.hasFocus() or lively else "border")
        rounded_box(painter, area, fill, line, radius=look.length(10), width=2.0 if self.hasFocus() else 1.0)
        side = look.length(self._form.side)
        inner = area.adjusted(side, side, -side, -side)
        well = QRectF(inner.left(), inner.top(), look.length(self._form.well), inner.height())
        rounded_box(painter, well, colour("sunken"), colour("border"), radius=look.length(7))
        if self._picture is not None:
            inset = look.length(self._form.inset) if self._form.inset else 1
            painter.save()
            self._picture(painter, well.adjusted(inset, inset, -inset, -inset))
            painter.restore()
        inner.setLeft(well.right() + side + look.length(2))
        self._paint_words(painter, inner)

    def _paint_words(self, painter: QPainter, area: QRectF) -> None:
        title = look.text_font(self._form.title, bold=True)
        text, small = look.text_font(self._form.text), look.text_font(0.9)
        top, below = area.top(), self._paint_call(painter, area) if self._call else area.bottom()
        height = QFontMetrics(title).height()
        line_of_text(
            painter, QRectF(area.left(), top, area.width(), height), self._title, title, colour("text")
        )
        top += height + look.length(2 + 4 * bool(self._call))
        height = QFontMetrics(small).height()
        facts = QRectF(area.left(), below - height, area.width(), height)
        line_of_text(painter, facts, self._facts, small, colour("text_faint"))
        room = QRectF(area.left(), top, area.width(), facts.top() - top)
        if room.height() < 2 * QFontMetrics(text).height():
            line_of_text(painter, room, self._sentence, text, colour("text_soft"), Qt.AlignmentFlag.AlignLeft)
            return
        painter.setFont(text)
        painter.setPen(colour("text_soft"))
        painter.drawText(room, int(Qt.TextFlag.TextWordWrap | Qt.AlignmentFlag.AlignTop), self._sentence)

    def _paint_call(self, painter: QPainter, area: QRectF) -> float:
        """The call at the lower edge; returns where the line above it ends."""
        font = look.text_font(1.0, bold=True)
        metrics = QFontMetrics(font)
        width, height = (
            metrics.horizontalAdvance(self._call) + look.length(32),
            metrics.height() + look.length(14),
        )
        box = QRectF(area.left(), area.bottom() - height, width, height)
        fill = colour("accent_hover" if self.underMouse() else "accent_fill")
        rounded_box(painter, box, fill, fill, radius=look.length(7))
        line_of_text(painter, box, self._call, font, colour("accent_text"), Qt.AlignmentFlag.AlignHCenter)
        return box.top() - look.length(12)
