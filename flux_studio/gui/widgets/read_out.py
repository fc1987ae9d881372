"""A number that changes many times a second: a small caption over digits that never shift their neighbours."""

from __future__ import annotations

import math

from PySide6.QtCore import QRectF, QSize
from PySide6.QtGui import QFontMetrics, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from flux_studio.gui.theme import colour, look
from flux_studio.gui.widgets.paint import line_of_text

_CAPTION = 0.84
_NUMBER = 1.08
NOTHING = "–"
"""Stands where there is no number yet."""


class ReadOut(QWidget):
    """As wide as ``widest``, the longest text that is expected, whatever it shows."""

    def __init__(
        self, caption: str, widest: str, *, words: bool = False, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._caption = caption
        self._text = NOTHING
        self._font = look.text_font() if words else look.number_font(_NUMBER)
        self._widest = widest
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    @property
    def caption(self) -> str:
        """The small word above."""
        return self._caption

    @property
    def text(self) -> str:
        """What stands below the caption."""
        return self._text

    def set_caption(self, caption: str) -> None:
        """Write another word above."""
        if caption != self._caption:
            self._caption = caption
            self.updateGeometry()
            self.update()

    def set_text(self, text: str) -> None:
        """Show another value; costs one repaint of this widget and no layout."""
        if text != self._text:
            self._text = text
            self.setAccessibleName(f"{self._caption}: {text}")
            self.update()

    def sizeHint(self) -> QSize:
        small = QFontMetrics(look.text_font(_CAPTION))
        width = max(
            QFontMetrics(self._font).horizontalAdvance(self._widest), small.horizontalAdvance(self._caption)
        )
        # Words and numbers side by side have their captions on one line.
        return QSize(width + 2, small.height() + QFontMetrics(look.number_font(_NUMBER)).height())

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        caption, width = look.text_font(_CAPTION), self.width()
        top = QFontMetrics(caption).height()
        line_of_text(painter, QRectF(0, 0, width, top), self._caption, caption, colour("text_faint"))
        below = QRectF(0, top, width, self.height() - top)
        tint = "text_faint" if self._text == NOTHING else "text"
        line_of_text(painter, below, self._text, self._font, colour(tint))


def loss_text(loss: float | None) -> str:
    """A loss in eight characters where that is enough: ``0.000557``, ``12.34568``, ``5.57e-07``."""
    if loss is None:
        return NOTHING
    if not math.isfinite(loss):
        return "NaN" if math.isnan(loss) else "∞"
    if loss and not 1e-4 <= abs(loss) < 1e6:
        return f"{loss:.2e}"
    whole = len(str(int(abs(loss))))
    return f"{loss:.{max(0, 7 - whole)}f}"


def speed_text(speed: float | None) -> str:
    """Iterations a second with three digits: ``1.62 M it/s``, ``48.3 k it/s``, ``950 it/s``, ``2.00 it/s``."""
    if speed is None:
        return NOTHING
    for size, letter in ((1e6, " M"), (1e3, " k"), (1.0, "")):
        # 999.6 would round up to four digits, so it already belongs to the next size.
        if speed >= 0.9995 * size or size == 1.0:
            number = speed / size
            digits = 2 if number < 9.995 else 1 if number < 99.95 else 0
            return f"{number:.{digits}f}{letter} it/s"
    raise AssertionError("the last size takes every speed")
