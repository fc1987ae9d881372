"""The line at the top of a panel, which is its dock's title bar: its name and one quiet fact."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSize
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QWidget

from flux_studio.gui.theme import colour, look
from flux_studio.gui.widgets.elided_label import ElidedLabel


class PanelHeader(QWidget):
    """A bold ``title`` and, beside it, a soft ``detail`` that changes."""

    def __init__(self, title: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.title = title
        name = QLabel(title, self)
        name.setProperty("heading", "true")
        self._folded = False
        self._detail = ElidedLabel(parent=self)
        self._detail.setProperty("muted", "true")
        row = QHBoxLayout(self)
        row.setContentsMargins(look.length(12), look.length(8), look.length(12), look.length(9))
        row.setSpacing(look.length(6))
        row.addWidget(name)
        row.addWidget(self._detail, 1)
        self.controls = QWidget(self)
        """What can be chosen for the panel, at the right; hidden while there is nothing."""
        QHBoxLayout(self.controls).setContentsMargins(0, 0, 0, 0)
        self.controls.hide()
        row.addWidget(self.controls)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        look.changed.connect(self.update)

    @property
    def detail(self) -> str:
        """The fact beside the title."""
        return self._detail.text()

    def set_detail(self, text: str) -> None:
        """Show another fact beside the title."""
        self._detail.setText(text)

    def add_control(self, control: QWidget) -> None:
        """Put a control at the right; while a tab says the title, the controls stand beside the tabs."""
        control.setMaximumHeight(look.length(20))  # the line must not become taller than other panels' lines
        self.controls.layout().addWidget(control)
        self.controls.show()

    def take_controls_back(self) -> None:
        """Let the controls stand in this line."""
        row = self.layout()
        assert isinstance(row, QHBoxLayout)
        if self.controls.parentWidget() is not self:
            row.insertWidget(row.indexOf(self._detail) + 1, self.controls)

    def set_folded(self, folded: bool) -> None:
        """Take no room while a tab says the title."""
        if folded != self._folded:
            self._folded = folded
            self.updateGeometry()

    def sizeHint(self) -> QSize:
        hint = super().sizeHint()
        return QSize(hint.width(), 0) if self._folded else hint

    def minimumSizeHint(self) -> QSize:
        hint = super().minimumSizeHint()
        return QSize(hint.width(), 0) if self._folded else hint

    def paintEvent(self, event: QPaintEvent) -> None:
        # The upper end of the card whose lower end is the panel: round above, a hairline below.
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(colour("border"))
        painter.setBrush(colour("surface"))
        radius = look.length(8)
        box = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, radius)
        painter.drawRoundedRect(box, radius, radius)
        painter.drawLine(QPointF(0.5, self.height() - 0.5), QPointF(self.width() - 0.5, self.height() - 0.5))
