"""Every neuron's own picture: what it hands on over the inputs that a surface shows, layer by layer."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from PySide6.QtCore import QEvent, QPoint, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QHelpEvent, QImage, QMouseEvent, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from flux_studio.gui.theme import colour, look
from flux_studio.gui.widgets import heat, levels
from flux_studio.gui.widgets.numbers import exact
from flux_studio.gui.widgets.paint import line_of_text
from flux_studio.gui.widgets.plot_frame import tick_font

_SIDES, _GAP, _LINE = (104, 86, 70, 56, 46), 6, 20
_FLAT = (52, 24)
Neuron = tuple[str, int]


class NeuronPictures(QWidget):
    """Thumbnails under the titles of their layers; a click tells the layer's identity and the neuron's column."""

    neuron_chosen = Signal(str, int)

    def __init__(self, parent: QWidget | None = None, *, flat: bool = False) -> None:
        """``flat`` ones are no higher than the number that they show, and have one scale of colours for all layers."""
        super().__init__(parent)
        self._flat = flat
        self.setObjectName("predictions.neurons")
        self.setAccessibleName("What each neuron hands on")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.setMouseTracking(True)
        self._titles: Mapping[str, str] = {}
        self._counts: Mapping[str, int] = {}
        self._pictures: Mapping[str, np.ndarray] = {}
        self._levels: dict[str, float] = {}
        self._images: dict[Neuron, QImage] = {}
        self._places: dict[Neuron, QRect] = {}
        self._heads: dict[str, QRect] = {}
        self._chosen: Neuron | None = None
        look.changed.connect(self._paint_anew)

    @property
    def pictures(self) -> Mapping[str, np.ndarray]:
        """What is shown, by layer."""
        return self._pictures

    def set_layers(self, titles: Mapping[str, str], counts: Mapping[str, int]) -> None:
        """The layers' titles and how many neurons each has, by identity; their pictures are told next."""
        self._titles, self._counts, self._pictures = titles, counts, {}
        self._levels, self._images, self._chosen = {}, {}, None
        self._arrange()

    def set_pictures(self, pictures: Mapping[str, np.ndarray]) -> None:
        """New pictures by layer, each neurons×u×a from low to high; all of a layer share their colours."""
        moved = {layer: len(each) for layer, each in pictures.items()} != {
            layer: len(each) for layer, each in self._pictures.items()
        }
        self._pictures = pictures
        if moved:
            self._arrange()
        self._paint_anew()

    def set_chosen(self, neuron: Neuron | None) -> None:
        """Outline a neuron's picture."""
        if neuron != self._chosen:
            self._chosen = neuron
            self.update()

    def place_of(self, layer: str, column: int) -> QRect:
        """Where a neuron's picture lies."""
        return self._places[layer, column]

    def sizeHint(self) -> QSize:
        return QSize(look.length(260), self.minimumHeight())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._arrange()

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            neuron = self._at(event.pos())
            text = (
                ""
                if neuron is None
                else f"{self._titles.get(neuron[0], '')} · n{neuron[1]}{self._span(neuron)}"
            )
            QToolTip.showText(event.globalPos(), text, self)
            return True
        return super().event(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        neuron = self._at(event.position().toPoint())
        if neuron is not None and event.button() == Qt.MouseButton.LeftButton:
            if not self._flat:
                self.set_chosen(neuron)
            self.neuron_chosen.emit(*neuron)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        found = self._at(event.position().toPoint()) is not None
        self.setCursor(Qt.CursorShape.PointingHandCursor if found else Qt.CursorShape.ArrowCursor)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        for layer, area in self._heads.items():
            shown, count = len(self._pictures[layer]), self._counts.get(layer, 0)
            more = f"  {shown:,} of {count:,} shown" if count > shown else ""
            wide = line_of_text(
                painter, QRectF(area), self._titles.get(layer, layer), tick_font(), colour("text")
            )
            rest = QRectF(area).adjusted(wide + 4, 0, 0, 0)
            line_of_text(painter, rest, more, tick_font(), colour("text_faint"))
        for neuron, place in self._places.items():
            if not event.rect().intersects(place):
                continue
            if neuron not in self._images:
                self._images[neuron] = self._image(neuron)
            painter.drawImage(place, self._images[neuron])
            self._write(painter, neuron, place)
            painter.setBrush(Qt.BrushStyle.NoBrush)
            chosen = neuron == self._chosen
            painter.setPen(QPen(colour("accent" if chosen else "border_strong"), 2 if chosen else 1))
            painter.drawRect(place)

    # Inside

    def _paint_anew(self, *_: object) -> None:
        self._images = {}
        reaches = {
            layer: heat.magnitude(each.reshape(len(each), -1))[0] for layer, each in self._pictures.items()
        }
        for layer in self._pictures:
            # A single number is always its layer's largest: only beside other layers can it be pale.
            reach = max(reaches.values()) if self._flat else reaches[layer]
            self._levels[layer] = levels.settle(reach, self._levels.get(layer))
        self.update()

    def _image(self, neuron: Neuron) -> QImage:
        layer, column = neuron
        picture = np.ascontiguousarray(self._pictures[layer][column][::-1])
        return heat.heat_image(picture, self._levels[layer], look.theme)

    def _write(self, painter: QPainter, neuron: Neuron, place: QRect) -> None:
        """The number itself, where a picture is one."""
        picture = self._pictures[neuron[0]][neuron[1]]
        if picture.size == 1:
            index = heat.colour_indices(picture, self._levels[neuron[0]])[0, 0]
            ink = heat.ink_table(look.theme)[index]
            text = _short(float(picture[0, 0]))
            font = look.number_font(0.85)
            line_of_text(painter, QRectF(place), text, font, ink, Qt.AlignmentFlag.AlignHCenter)

    def _span(self, neuron: Neuron) -> str:
        picture = self._pictures[neuron[0]][neuron[1]]
        if picture.size == 1:
            return f"\nhands on {exact(float(picture[0, 0]))}"
        return f"\nhands on {picture.min():+.3f} to {picture.max():+.3f} over these inputs"

    def _at(self, place: QPoint) -> Neuron | None:
        return next((neuron for neuron, area in self._places.items() if area.contains(place)), None)

    def _arrange(self) -> None:
        gap, line = look.length(_GAP), look.length(_LINE)
        side = self._side()
        across, tall = self._across(side), look.length(_FLAT[1]) if self._flat else side
        self._places, self._heads, top = {}, {}, 0
        for layer, pictures in self._pictures.items():
            self._heads[layer] = QRect(0, top, self.width(), line)
            top += line
            for column in range(len(pictures)):
                down, right = divmod(column, across)
                self._places[layer, column] = QRect(
                    right * (side + gap) + 1, top + down * (tall + gap), side, tall
                )
            top += -(-len(pictures) // across) * (tall + gap) + gap
        if top != self.minimumHeight():
            self.setMinimumHeight(top)
        self.update()

    def _side(self) -> int:
        """The largest pictures that can all be seen at once, or else the smallest."""
        if self._flat:
            return look.length(_FLAT[0])
        parent, gap = self.parentWidget(), look.length(_GAP)
        room = parent.height() if parent is not None else 0
        sides = [look.length(side) for side in _SIDES]

        def height(side: int) -> int:
            lines = sum(-(-len(each) // self._across(side)) for each in self._pictures.values())
            return lines * (side + gap) + len(self._pictures) * (look.length(_LINE) + gap)

        return next((side for side in sides if height(side) <= room), sides[-1])

    def _across(self, side: int) -> int:
        gap = look.length(_GAP)
        return max(1, (self.width() - gap) // (side + gap))


def _short(value: float) -> str:
    """With its sign, unless nothing of it is left."""
    text = f"{value:+.2f}"
    return text[1:] if text in ("+0.00", "-0.00") else text
