"""A row of one's own: a field for each input column, and what the network says to it."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFontMetrics, QPainter, QPaintEvent
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from flux_studio.data.fields import InputField, Value
from flux_studio.gui.theme import colour, look
from flux_studio.gui.widgets.class_colours import class_colour
from flux_studio.gui.widgets.elided_label import ElidedLabel
from flux_studio.gui.widgets.field_editors import ChoiceEdit
from flux_studio.gui.widgets.neuron_pictures import NeuronPictures
from flux_studio.gui.widgets.page_scroll import PageScroll
from flux_studio.gui.widgets.paint import line_of_text
from flux_studio.gui.widgets.typed_edit import TypedEdit

MOST_FIELDS = 64
_LEAST_LINE = 13
_ROW_TIP = "Put the chosen row's values in all fields"


class ValueEdit(TypedEdit):
    """Any number; it is told with every keystroke that makes one, and Up and Down go by ``step``."""

    typed = Signal(float)

    def __init__(self, name: str, value: float, step: float) -> None:
        self._name, self._step = name, step
        super().__init__(self._take, _written, value)
        self.lineEdit().textEdited.connect(self._try)

    def stepped(self, steps: int) -> float:
        return float(f"{self.value + steps * self._step:.6g}")

    def _take(self, text: str) -> float:
        try:
            value = float(text.strip().replace(",", ".").replace("−", "-"))
        except ValueError:
            raise ValueError(
                f"{self._name}: {text.strip()!r} is not a number; write one such as 0.5"
            ) from None
        if not math.isfinite(value):
            raise ValueError(f"{self._name} must be a finite number, not {text.strip()}")
        return value

    def _try(self, text: str) -> None:
        try:
            self.typed.emit(self._take(text))
        except ValueError:
            return  # half typed: it is told when the field is left


class OwnInput(QWidget):
    """Holds a row of I inputs as the network reads them; :attr:`changed` tells whenever another one stands there.

    Beside the fields stands what is predicted, and what every neuron hands on to get there.
    """

    changed = Signal()
    refused = Signal(str)
    mean_wanted = Signal()
    row_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("predictions.own")
        self.setAccessibleName("A row of your own")
        self._fields: tuple[InputField, ...] = ()
        self._edits: list[ValueEdit | ChoiceEdit] = []
        self._row = np.zeros(0)
        self.mean = _button("Mean", "predictions.own.mean", "Put the mean of the training rows in all fields")
        self.row = _button("Chosen row", "predictions.own.row", _ROW_TIP)
        self.answer = Answer()
        self.flow = NeuronPictures(flat=True)
        self.flow.setObjectName("predictions.own.flow")
        self._more = QLabel()
        self._more.setProperty("muted", "true")
        self._more.setWordWrap(True)
        self._page = QWidget()
        self._grid = QGridLayout(self._page)
        self._grid.setContentsMargins(0, 0, look.length(10), 0)
        self._grid.setHorizontalSpacing(look.length(10))
        self._grid.setVerticalSpacing(look.length(5))
        self._grid.setColumnStretch(0, 1)
        starts = QHBoxLayout()
        starts.setSpacing(look.length(6))
        begin = QLabel("Start from")
        begin.setProperty("muted", "true")
        starts.addWidget(begin)
        starts.addWidget(self.mean)
        starts.addWidget(self.row)
        starts.addStretch(1)
        left = QVBoxLayout()
        left.setSpacing(look.length(8))
        left.addLayout(starts)
        left.addWidget(PageScroll(self._page), 1)
        left.addWidget(self._more)
        outer = QHBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(look.length(16))
        outer.addLayout(left, 5)
        outer.addWidget(self.answer, 5)
        outer.addWidget(PageScroll(self.flow), 5)
        self.mean.clicked.connect(lambda _=False: self.mean_wanted.emit())
        self.row.clicked.connect(lambda _=False: self.row_wanted.emit())
        self.set_row_name("")

    @property
    def inputs(self) -> np.ndarray:
        """The row, as the network reads it."""
        return self._row

    @property
    def edits(self) -> list[ValueEdit | ChoiceEdit]:
        """The fields' editors."""
        return self._edits

    def set_fields(self, fields: Sequence[InputField], steps: Sequence[float], row: np.ndarray) -> None:
        """Other fields, each with the step of its keys, and what stands in them."""
        while (item := self._grid.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.hide()
                widget.deleteLater()
        self._fields, self._edits, self._row = tuple(fields), [], row.copy()
        for place, (field, step) in enumerate(zip(self._fields[:MOST_FIELDS], steps, strict=False)):
            label = ElidedLabel(field.name)
            edit = self._edit(field, step)
            label.setBuddy(edit)
            self._grid.addWidget(label, place, 0)
            self._grid.addWidget(edit, place, 1)
            self._edits.append(edit)
        self._grid.setRowStretch(len(self._edits), 1)
        rest = len(self._fields) - len(self._edits)
        self._more.setText(
            f"{rest:,} more inputs stay as they are in the row it started from." if rest else ""
        )
        self._more.setVisible(rest > 0)

    def set_inputs(self, row: np.ndarray) -> None:
        """Put another row into the fields."""
        self._row = row.copy()
        for field, edit in zip(self._fields, self._edits, strict=False):
            value = field.value(self._row)
            if isinstance(edit, ValueEdit):
                edit.set_value(float(value))
            else:
                edit.set_value(value)
        self.changed.emit()

    def set_row_name(self, name: str) -> None:
        """What the chosen row is called; empty while none is."""
        self.row.setEnabled(bool(name))
        self.row.setText(name or "chosen row")
        self.row.setToolTip(_ROW_TIP if name else "Choose a row first: a line of Rows, or a point of Picture")

    def _edit(self, field: InputField, step: float) -> ValueEdit | ChoiceEdit:
        value = field.value(self._row)
        edit: ValueEdit | ChoiceEdit
        if field.choices:
            edit = ChoiceEdit(tuple((each, each) for each in field.choices))
            edit.set_value(value)
        else:
            edit = ValueEdit(field.name, float(value), step)
            edit.typed.connect(lambda number, field=field: self._put(field, number))
            edit.refused.connect(self.refused)
        edit.setObjectName(f"predictions.own.{field.name}")
        edit.setAccessibleName(field.name)
        edit.committed.connect(lambda found, field=field: self._put(field, found))
        edit.setFixedWidth(look.length(124))
        return edit

    def _put(self, field: InputField, value: Value) -> None:
        field.put(self._row, value)
        self.changed.emit()


class Answer(QWidget):
    """What is predicted: a number in its units, or each class with its output as a bar."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("predictions.own.answer")
        self.setAccessibleName("What the network says")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self._title, self._big = "", ""
        self._shares: tuple[tuple[str, float], ...] = ()
        look.changed.connect(self.update)

    @property
    def text(self) -> str:
        """The answer in a word."""
        return self._big

    @property
    def shares(self) -> tuple[tuple[str, float], ...]:
        """Each class with its output; none for a number."""
        return self._shares

    def set_answer(self, title: str, big: str, shares: Sequence[tuple[str, float]] = ()) -> None:
        """Show another answer."""
        self._title, self._big, self._shares = title, big, tuple(shares)
        self.setAccessibleDescription(f"{title}: {big}")
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(look.length(240), look.length(120))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        line, width = look.length(22), self.width()
        line_of_text(painter, QRectF(0, 0, width, line), self._title, look.text_font(), colour("text_soft"))
        big = look.number_font(1.5)
        tall = QFontMetrics(big).height()
        line_of_text(painter, QRectF(0, line, width, tall), self._big, big, colour("text"))
        if not self._shares:
            return
        top, font = line + tall + look.length(10), look.text_font(0.92)
        names = max(QFontMetrics(font).horizontalAdvance(name) for name, _ in self._shares) + look.length(10)
        names = min(names, width // 3)
        number = QFontMetrics(look.number_font(0.92)).horizontalAdvance("−0.000") + look.length(8)
        room = max(10, width - names - number - look.length(8))
        best = max(share for _, share in self._shares)
        line = int(min(line, max(look.length(_LEAST_LINE), (self.height() - top) / len(self._shares))))
        for place, (name, share) in enumerate(self._shares):
            if top + line > self.height():
                break
            ink = colour("text" if share == best else "text_soft")
            line_of_text(painter, QRectF(0, top, names - look.length(6), line), name, font, ink)
            bar = QRectF(names, top + line * 0.22, room, line * 0.56)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(colour("sunken"))
            painter.drawRoundedRect(bar, 3, 3)
            bar.setWidth(room * min(1.0, max(0.0, share if math.isfinite(share) else 0.0)))
            painter.setBrush(class_colour(place))
            painter.drawRoundedRect(bar, 3, 3)
            area = QRectF(names + room, top, number, line)
            text = f"{share:z.3f}".replace("-", "−")
            line_of_text(painter, area, text, look.number_font(0.92), ink, Qt.AlignmentFlag.AlignRight)
            top += line


def _button(text: str, name: str, tip: str) -> QPushButton:
    button = QPushButton(text)
    button.setObjectName(name)
    button.setToolTip(tip)
    button.setAccessibleName(tip)
    return button


def _written(value: float) -> str:
    return f"{value:.6g}"
