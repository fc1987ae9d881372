"""The timeline under a curve: a handle at the moment that is shown, right under its place on the curve's axis."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFontMetrics, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from flux_studio.gui.theme import colour, look
from flux_studio.gui.widgets.numbers import whole

_PAGE = 10
_RADIUS = 6
_TIP = (
    "Rewind: drag to any iteration and see all matrices as they were; training rests meanwhile.\n"
    "Left and Right go by one iteration, Page Up and Page Down by a tenth, Home and End to the ends."
)


class TimeSlider(QWidget):
    """Tells which iteration a person wants to see; ``place`` and ``iteration_at`` are the axis of the curve above."""

    moment_chosen = Signal(object)
    """An iteration, as an int of any size."""

    def __init__(
        self,
        place: Callable[[float], float],
        iteration_at: Callable[[float], float],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._place, self._iteration_at = place, iteration_at
        self._first = self._now = self._shown = 0
        self._wish: int | None = None
        self._dragged = False
        self.setObjectName("curve.timeline")
        self.setAccessibleName("Rewind")
        self.setToolTip(_TIP)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        look.changed.connect(self.update)

    @property
    def value(self) -> int:
        """The iteration that the handle stands at."""
        return self._shown if self._wish is None else self._wish

    def set_moment(self, first: int, now: int, shown: int, *, settled: bool = True) -> None:
        """Which iterations can be seen, and which one is; unless ``settled``, the person's last wish still stands."""
        self._first, self._now, self._shown = first, now, shown
        if settled and not self._dragged:
            self._wish = None
        self.setAccessibleDescription(f"iteration {whole(self.value)} of {whole(now)}")
        self.update()

    def set_notes(self, memory: str, lost: str) -> None:
        """What the tooltip says besides: of the memory, and why what came before cannot be seen."""
        why = f"\nWhat came before iteration {whole(self._first)} cannot be shown: {lost}." if lost else ""
        tip = "\n".join(filter(None, (f"{_TIP}{why}", memory)))
        if tip != self.toolTip():
            self.setToolTip(tip)

    def handle(self) -> QPointF:
        """Where the handle's middle is."""
        return QPointF(self._x(self.value), self.height() / 2)

    def sizeHint(self) -> QSize:
        return QSize(look.length(200), look.length(20))

    def minimumSizeHint(self) -> QSize:
        return QSize(look.length(80), look.length(20))

    # Choosing

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() is Qt.MouseButton.LeftButton and self._first < self._now:
            self._dragged = True
            self._wish_for(self._iteration_at(event.position().x()))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._dragged:
            self._wish_for(self._iteration_at(event.position().x()))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() is Qt.MouseButton.LeftButton:
            self._dragged = False
            self.update()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        page = max(1, round((self._now - self._first) / _PAGE))
        targets = {
            Qt.Key.Key_Left: self.value - 1,
            Qt.Key.Key_Right: self.value + 1,
            Qt.Key.Key_PageUp: self.value - page,
            Qt.Key.Key_PageDown: self.value + page,
            Qt.Key.Key_Home: self._first,
            Qt.Key.Key_End: self._now,
        }
        target = targets.get(Qt.Key(event.key()))
        if target is None:
            super().keyPressEvent(event)
        else:
            self._wish_for(target)

    def _wish_for(self, iteration: float) -> None:
        wish = min(max(round(iteration), self._first), self._now)
        if wish != self.value:
            self._wish = wish
            self.update()
            self.moment_chosen.emit(wish)

    # Drawing

    def _x(self, iteration: float) -> float:
        return self._place(iteration)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(look.text_font(0.82))
        middle, left, right = self.height() / 2, self._x(self._first), self._x(self._now)
        here = self.handle()
        self._word(
            painter,
            "rewind",
            QRectF(0, 0, left - look.length(10), self.height()),
            Qt.AlignmentFlag.AlignRight,
        )
        if self._first >= self._now:
            return
        self._track(painter, left, right, middle, colour("border"))
        self._track(painter, left, here.x(), middle, colour("accent"))
        radius = look.length(_RADIUS)
        painter.setPen(QPen(colour("accent"), look.length(2)))
        painter.setBrush(colour("accent" if self._dragged or self.hasFocus() else "surface"))
        painter.drawEllipse(here, radius, radius)
        words = "now"
        room = QFontMetrics(painter.font()).horizontalAdvance(words) + look.length(4)
        start = right + radius + look.length(5)
        if start + room <= self.width():
            area = QRectF(start, 0, room, self.height())
            self._word(painter, words, area, Qt.AlignmentFlag.AlignLeft)

    def _track(self, painter: QPainter, left: float, right: float, middle: float, tone: QColor) -> None:
        half = look.length(2)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(tone)
        painter.drawRoundedRect(QRectF(left, middle - half, max(0.0, right - left), 2 * half), half, half)

    def _word(self, painter: QPainter, words: str, area: QRectF, side: Qt.AlignmentFlag) -> None:
        painter.setPen(colour("text_faint"))
        painter.drawText(area, side | Qt.AlignmentFlag.AlignVCenter, words)
