"""Small words side by side, each of which can be switched on and off."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import QMargins, Qt, Signal
from PySide6.QtWidgets import QPushButton, QSizePolicy, QWidget

from flux_studio.gui.theme import look
from flux_studio.gui.widgets.flow_layout import FlowLayout


class Chips(QWidget):
    """Goes on in the next line where there is no room; ``set_chips`` keeps those that stay."""

    switched = Signal(str, bool)
    """A chip's name, and whether it is on now."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName(name)
        policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        self._flow = FlowLayout(self, QMargins(0, 0, 0, 0), look.length(4))
        self._chips: dict[str, QPushButton] = {}

    def set_chips(self, chips: Iterable[tuple[str, str, str]]) -> None:
        """Offer these: a name, a word and a tool tip each."""
        chips = tuple(chips)
        if tuple(name for name, _, _ in chips) != tuple(self._chips):
            for button in self._chips.values():
                self._flow.removeWidget(button)
                button.hide()
                button.deleteLater()
            self._chips = {name: self._chip(name) for name, _, _ in chips}
        for name, words, tip in chips:
            self._chips[name].setText(words)
            self._chips[name].setToolTip(tip)
        self.updateGeometry()

    def set_on(self, names: Iterable[str]) -> None:
        """Show these as switched on and all others as off; nothing is told."""
        on = frozenset(names)
        for name, button in self._chips.items():
            button.setChecked(name in on)

    def _chip(self, name: str) -> QPushButton:
        button = QPushButton(self)
        button.setObjectName(f"{self.objectName()}.{name}")
        button.setCheckable(True)
        button.setProperty("chip", "true")
        button.setFont(look.text_font(0.9))
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        button.clicked.connect(lambda on, name=name: self.switched.emit(name, on))
        self._flow.addWidget(button)
        button.show()
        return button
