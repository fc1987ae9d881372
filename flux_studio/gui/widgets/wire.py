"""The wire between two cards: the shape that passes, and the place where a layer can be dropped."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QFontMetrics, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from flux_studio.gui.theme import colour, look
from flux_studio.gui.widgets.network_view import DropVerdict
from flux_studio.gui.widgets.paint import rounded_box

_NARROWEST = 120
_WORDS = int(Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap)


class Wire(QWidget):
    """A short line with ``shape`` beside it; with a verdict or a hint it grows a dashed box in its middle."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.shape = ""
        self._verdict: DropVerdict | None = None
        self._hint = ""
        self.setAccessibleName("wire")
        policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)

    @property
    def verdict(self) -> DropVerdict | None:
        """What is said about a drop here, while something hangs over this place."""
        return self._verdict

    def set_shape(self, shape: str) -> None:
        """Show which shape passes, as ``16×8``; nothing for an empty text."""
        if shape != self.shape:
            self.shape = shape
            self.setAccessibleName(f"passes on {shape}" if shape else "wire")
            self.setToolTip(f"{shape}: rows × numbers that pass from card to card" if shape else "")
            self.update()

    def set_verdict(self, verdict: DropVerdict | None) -> None:
        """Open the place for a drop and say whether it fits, or close it."""
        if verdict != self._verdict:
            self._verdict = verdict
            self.updateGeometry()
            self.update()

    def set_hint(self, hint: str) -> None:
        """Say what can be done here, as long as nothing hangs over the place."""
        if hint != self._hint:
            self._hint = hint
            self.updateGeometry()
            self.update()

    def sizeHint(self) -> QSize:
        return QSize(look.length(120), self.heightForWidth(self.width()))

    def minimumSizeHint(self) -> QSize:
        # So narrow become the cards of blocks in blocks, and no narrower.
        return QSize(look.length(_NARROWEST), self.heightForWidth(self.width()))

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        return 2 * _piece() + self._box_height(width) if self._words() else _piece()

    def resizeEvent(self, event: QResizeEvent) -> None:
        if self._words() and event.oldSize().width() != event.size().width():
            self.updateGeometry()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        box = self._box_height(self.width()) if self._words() else 0
        self._paint_piece(painter, 0, self.shape)
        if box:
            self._paint_box(painter, QRectF(0, _piece(), self.width(), box))
            self._paint_piece(painter, _piece() + box, "")

    def _words(self) -> str:
        return self._verdict.text if self._verdict else self._hint

    def _paint_piece(self, painter: QPainter, top: int, shape: str) -> None:
        x = wire_x(self.width())
        inset = look.length(4)
        painter.setPen(QPen(colour("border_strong"), look.length(1.5)))
        painter.drawLine(x, top + inset, x, top + _piece() - inset - 1)
        if shape:
            painter.setFont(look.number_font(0.88))
            painter.setPen(colour("text_faint"))
            area = QRectF(x + look.length(9), top, self.width() - x - look.length(9), _piece())
            painter.drawText(area, int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft), shape)

    def _paint_box(self, painter: QPainter, area: QRectF) -> None:
        line, fill, words = self._tones()
        rounded_box(
            painter,
            area,
            colour(fill),
            colour(line),
            radius=look.length(8),
            width=1.5 if self._verdict else 1.0,
            dashed=True,
        )
        painter.setFont(look.text_font(0.94))
        painter.setPen(colour(words))
        inset = look.length(10)
        painter.drawText(area.adjusted(inset, 0, -inset, 0), _WORDS, self._words())

    def _tones(self) -> tuple[str, str, str]:
        if self._verdict is None:
            return "border_strong", "sunken", "text_soft"
        return ("accent", "accent_soft", "accent") if self._verdict.fits else ("error", "error_soft", "error")

    def _box_height(self, width: int) -> int:
        metrics = QFontMetrics(look.text_font(0.94))
        inside = max(look.length(60), width - 2 * look.length(10))
        return metrics.boundingRect(0, 0, inside, 10_000, _WORDS, self._words()).height() + look.length(16)


def wire_x(width: int) -> int:
    """Where the line runs in a column of that width."""
    return round(width * 0.43)


def _piece() -> int:
    return look.length(24)
