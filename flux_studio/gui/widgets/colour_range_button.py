"""The button that says over what time the colours of the matrices reach, and its menu."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtGui import QActionGroup
from PySide6.QtWidgets import QWidget

from flux_studio.gui.widgets.levels import SPANS, ColourRange
from flux_studio.gui.widgets.menu_button import MenuButton

if TYPE_CHECKING:
    from flux_studio.gui.panels.wall import MatrixWall


class ColourRangeButton(MenuButton):
    """Sets the colour range of one wall; the focus view follows the wall."""

    def __init__(self, wall: MatrixWall, parent: QWidget | None = None) -> None:
        super().__init__("matrices.range", parent=parent)
        self._wall = wall
        menu = self.choices
        self._spans = QActionGroup(menu)
        for span, (words, meaning) in SPANS.items():
            action = menu.addAction(words.capitalize())
            action.setObjectName(f"action.range.{span}")
            action.setToolTip(f"Colours reach {meaning}" if span != "locked" else meaning.capitalize())
            action.setCheckable(True)
            action.setData(span)
            action.triggered.connect(lambda _=False, span=span: self._choose(replace(self._range, span=span)))
            self._spans.addAction(action)
        menu.addSeparator()
        self._linked = menu.addAction("Linked across each row")
        self._linked.setObjectName("action.range.linked")
        self._linked.setCheckable(True)
        self._linked.setToolTip(
            "All forward matrices of a layer share one range, and all backward ones another"
        )
        self._linked.triggered.connect(lambda on: self._choose(replace(self._range, linked=on)))
        self._show()

    @property
    def _range(self) -> ColourRange:
        return self._wall.colour_range

    def _choose(self, chosen: ColourRange) -> None:
        self._wall.set_colour_range(chosen)
        self._wall.visible_keys_changed.emit()  # others show these colours, too: let a frame come
        self._show()

    def _show(self) -> None:
        words = SPANS[self._range.span][0] + (", rows linked" if self._range.linked else "")
        self.setText(f"colour range: {words}")
        self.setAccessibleName(f"Colour range: {words}")
        self.setToolTip(f"How far the colours reach: {SPANS[self._range.span][1]}")
        for action in self._spans.actions():
            action.setChecked(action.data() == self._range.span)
        self._linked.setChecked(self._range.linked)
