"""The palette: every kind of layer there is, to be dragged into the network or added at a key press."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import QEvent, QMargins, QPoint, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QEnterEvent,
    QFocusEvent,
    QFontMetrics,
    QHelpEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
)
from PySide6.QtWidgets import QSizePolicy, QToolTip, QVBoxLayout, QWidget

from flux_studio.gui.theme import colour, look
from flux_studio.gui.typesetting import typesetter
from flux_studio.gui.widgets.flow_layout import FlowLayout
from flux_studio.gui.widgets.formula_tip import picture
from flux_studio.gui.widgets.layer_drag import DraggedLayer, moved_far, start_drag
from flux_studio.gui.widgets.paint import rounded_box
from flux_studio.gui.widgets.panel_header import PanelHeader
from flux_studio.project.catalogue import LAYER_KINDS, LayerKind


class LayerPalette(QWidget):
    """A chip for each kind of layer, in the order of the catalogue."""

    layer_requested = Signal(str)
    """The kind of a layer that should be added without saying where."""

    def __init__(self, kinds: Iterable[LayerKind] = LAYER_KINDS.values()) -> None:
        super().__init__()
        self.setObjectName("palette")
        self.setAccessibleName("Layers")
        self.header = PanelHeader("Layers", self)
        self._chips = QWidget(self)
        margin = look.length(12)
        flow = FlowLayout(self._chips, QMargins(margin, look.length(10), margin, margin), look.length(7))
        for kind in kinds:
            chip = _Chip(kind, self._chips)
            chip.add_requested.connect(self.layer_requested)
            flow.addWidget(chip)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.header)
        column.addWidget(self._chips)
        column.addStretch(1)
        policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        look.changed.connect(self.update)

    def sizeHint(self) -> QSize:
        width = look.length(235)
        return QSize(width, self.layout().heightForWidth(width))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setPen(colour("border"))
        painter.drawLine(0, self.height() - 1, self.width(), self.height() - 1)


class _Chip(QWidget):
    """One kind of layer by name."""

    add_requested = Signal(str)

    def __init__(self, kind: LayerKind, parent: QWidget) -> None:
        super().__init__(parent)
        self._kind = kind
        self._pressed_at: QPoint | None = None
        self.setObjectName(f"palette.{kind.kind}")
        self.setAccessibleName(f"{kind.title} layer")
        self.setAccessibleDescription(f"{kind.summary} Press Enter to add it after the selected layer.")
        self.setToolTip(
            f"<p><b>{kind.title}</b> &nbsp; <code>{kind.formula}</code></p><p>{kind.summary}</p>"
            "<p>Drag it into the network, or double-click to add it after the selected layer.</p>"
        )
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.OpenHandCursor)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent) and typesetter.is_ready:
            text = self.toolTip().replace(f"<code>{self._kind.formula}</code>", picture(self._kind.formula))
            QToolTip.showText(event.globalPos(), text, self)
            return True
        return super().event(event)

    def sizeHint(self) -> QSize:
        metrics = QFontMetrics(look.text_font())
        return QSize(
            metrics.horizontalAdvance(self._kind.title) + look.length(22), metrics.height() + look.length(10)
        )

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        match event.key():
            case Qt.Key.Key_Return | Qt.Key.Key_Enter | Qt.Key.Key_Space:
                self.add_requested.emit(self._kind.kind)
            case Qt.Key.Key_Left | Qt.Key.Key_Up:
                self._focus_neighbour(-1)
            case Qt.Key.Key_Right | Qt.Key.Key_Down:
                self._focus_neighbour(1)
            case _:
                super().keyPressEvent(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._pressed_at = event.position().toPoint()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        start = self._pressed_at
        if start is not None and moved_far(start, event.position().toPoint()):
            self._pressed_at = None
            start_drag(self, DraggedLayer(self._kind.kind, standing=False), self.grab())

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._pressed_at = None

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self.add_requested.emit(self._kind.kind)

    def enterEvent(self, event: QEnterEvent) -> None:
        self.update()

    def leaveEvent(self, event: QEvent) -> None:
        self.update()

    def focusInEvent(self, event: QFocusEvent) -> None:
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        fill = "hover" if self.underMouse() else "surface"
        line = "accent" if self.hasFocus() else "border_strong"
        painter = QPainter(self)
        rounded_box(painter, QRectF(self.rect()), colour(fill), colour(line), radius=look.length(6))
        painter.setFont(look.text_font())
        painter.setPen(colour("text"))
        painter.drawText(self.rect(), int(Qt.AlignmentFlag.AlignCenter), self._kind.title)

    def _focus_neighbour(self, by: int) -> None:
        chips = self.parentWidget().findChildren(_Chip)
        chips[(chips.index(self) + by) % len(chips)].setFocus(Qt.FocusReason.TabFocusReason)
