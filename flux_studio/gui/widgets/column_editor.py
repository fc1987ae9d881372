"""What the selected columns are for, and how their cells become numbers: only what applies to them is shown."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QCheckBox, QGridLayout, QLabel, QWidget

from flux_studio.data import choices
from flux_studio.data.columns import Column
from flux_studio.gui.theme import look
from flux_studio.gui.widgets.chips import Chips
from flux_studio.gui.widgets.field_editors import ChoiceEdit
from flux_studio.gui.widgets.order_list import OrderList
from flux_studio.gui.widgets.segmented import Segment, SegmentedControl
from flux_studio.gui.widgets.words_edit import WordsEdit

_CAPTIONS = {
    "role": ("role", "What the column is to the network"),
    "kind": ("kind", "What its cells are, which decides how they become numbers"),
    "missing": ("missing", "What stands where a row has no value here.\nA row without its target is always dropped."),
    "fill": ("value", "What stands where a value is missing: one of the column's own, or a word for it"),
    "indicator": ("", ""),
    "scaling": (
        "scaling",
        "How its numbers are brought into a range that networks learn well from.\n"
        "What is needed for it is found in the training rows only.",
    ),
    "encoding": ("encoding", "How its categories become numbers"),
    "order": ("order", "The categories from the lowest to the highest: type them with < between, or drag them below"),
    "date_order": ("reads as", "Which number comes first in a date such as 3/4/2021"),
    "parts": ("becomes", "What the network reads of each date"),
}  # fmt: skip


class ColumnEditor(QWidget):
    """Shows what the given columns have in common; a choice is meant for all of them."""

    chosen = Signal(str, object)
    """A field of :class:`Column` and its new value."""
    refused = Signal(str)
    """Why something typed cannot be taken."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._rows: dict[str, tuple[QLabel, QWidget]] = {}
        self._parts: tuple[str, ...] = ()
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(look.length(7))
        self._grid.setVerticalSpacing(look.length(6))
        self._grid.setColumnStretch(1, 1)
        self._make_role()
        for field in ("kind", "missing"):
            self._make_choice(field)
        self._fill = WordsEdit(self, _filled)
        self._put("fill", self._fill)
        self._indicator = QCheckBox("tell the network", self)
        self._indicator.setToolTip(
            "One more input: 1 where the value is missing, else 0.\n"
            "That something is missing may itself tell something."
        )
        self._indicator.clicked.connect(lambda on: self.chosen.emit("indicator", on))
        self._put("indicator", self._indicator)
        for field in ("encoding",):
            self._make_choice(field)
        self._order = WordsEdit(self, _read_order, " < ".join, ())
        self._put("order", self._order)
        self._dragged = OrderList(self)
        self._dragged.setObjectName("data.order.list")
        self._dragged.setAccessibleName("Order of the categories")
        self._dragged.setToolTip(
            "From the lowest to the highest.\nDrag a word to its place, or move it with Alt+Up and Alt+Down."
        )
        self._dragged.ordered.connect(lambda words: self.chosen.emit("order", words))
        self._grid.addWidget(self._dragged, self._grid.rowCount(), 1)
        self._make_choice("date_order")
        self._chips = Chips("data.parts", self)
        self._chips.set_chips(
            (value, word, f"{word}: {meaning}") for value, word, meaning in choices.CHOICES["parts"]
        )
        self._chips.switched.connect(self._switch_part)
        self._put("parts", self._chips)
        self._make_choice("scaling")
        for edit, field in ((self._fill, "fill"), (self._order, "order")):
            edit.committed.connect(lambda value, field=field: self.chosen.emit(field, value))
            edit.refused.connect(self.refused)

    def set_columns(
        self, columns: tuple[Column, ...], order: tuple[str, ...] = (), parts: tuple[str, ...] = ()
    ) -> None:
        """Show these, the selected ones; ``order`` and ``parts`` are what counts where a single one has such."""
        role = self._rows["role"][1]
        assert isinstance(role, SegmentedControl)
        role.setEnabled(bool(columns))
        role.set_value(_common(columns, "role"))
        used = tuple(column for column in columns if column.role != "ignore")
        for field in ("kind", "missing", "encoding", "date_order", "scaling"):
            self._show_choice(field, used)
        filled = bool(used) and all(
            column.missing == "constant" and choices.choices("missing", column) for column in used
        )
        self._show("fill", filled)
        if filled:
            self._fill.set_value(_common(used, "fill") or "")
        tells = bool(used) and all(choices.choices("missing", column) and not column.drops for column in used)
        self._show("indicator", tells)
        self._indicator.setChecked(tells and all(column.indicator for column in used))
        ordered = len(used) == 1 and choices.is_ordered(used[0])
        self._show("order", ordered)
        self._dragged.setVisible(ordered)
        if ordered:
            self._order.set_value(order)
            self._dragged.set_words(order)
        dated = len(used) == 1 and bool(choices.choices("parts", used[0]))
        self._show("parts", dated)
        self._parts = parts
        self._chips.set_on(parts)

    # Inside

    def _make_role(self) -> None:
        segments = [
            Segment(value, title, f"{title}: {meaning}", f"data.role.{value}")
            for value, title, meaning in choices.CHOICES["role"]
        ]
        control = SegmentedControl(segments, self, wide=True)
        control.chosen.connect(lambda value: self.chosen.emit("role", value))
        self._put("role", control)

    def _make_choice(self, field: str) -> None:
        box = ChoiceEdit((), self)
        box.committed.connect(lambda value, field=field: self.chosen.emit(field, value))
        self._put(field, box)

    def _put(self, field: str, editor: QWidget) -> None:
        words, tip = _CAPTIONS[field]
        caption = QLabel(words, self)
        caption.setProperty("muted", "true")
        caption.setFont(look.text_font(0.94))
        caption.setToolTip(tip)
        editor.setObjectName(f"data.{field}")
        editor.setAccessibleName(words.capitalize() or "Indicator")
        if not editor.toolTip():
            editor.setToolTip(tip)
        place = self._grid.rowCount()
        top = Qt.AlignmentFlag.AlignTop if isinstance(editor, Chips) else Qt.AlignmentFlag.AlignVCenter
        self._grid.addWidget(caption, place, 0, top)
        self._grid.addWidget(editor, place, 1)
        self._rows[field] = (caption, editor)

    def _show(self, field: str, applies: bool) -> None:
        for widget in self._rows[field]:
            widget.setVisible(applies)

    def _show_choice(self, field: str, used: tuple[Column, ...]) -> None:
        offered = [choices.choices(field, column) for column in used]
        fitting = [
            each for each in choices.CHOICES[field] if offered and all(each[0] in some for some in offered)
        ]
        self._show(field, bool(fitting))
        box = self._rows[field][1]
        assert isinstance(box, ChoiceEdit)
        if not fitting:
            return
        box.set_choices(tuple((value, word) for value, word, _ in fitting))
        for place, (_, word, meaning) in enumerate(fitting):
            box.setItemData(place, f"{word}: {meaning}", Qt.ItemDataRole.ToolTipRole)
        value = _common(used, field)
        box.set_value(value)
        said = next((f"{word}: {meaning}" for known, word, meaning in fitting if known == value), "several")
        box.setToolTip(f"{_CAPTIONS[field][1]}\n\n{said}")

    def _switch_part(self, part: str, on: bool) -> None:
        wanted = {*self._parts, part} if on else {*self._parts} - {part}
        if not wanted:
            self._chips.set_on(self._parts)
            self.refused.emit("a date has to become something: leave at least one of its parts on")
            return
        self.refused.emit("")
        known = [value for value, _, _ in choices.CHOICES["parts"]]
        self.chosen.emit("parts", tuple(each for each in known if each in wanted))


def _common(columns: tuple[Column, ...], field: str) -> Any:
    values = {getattr(column, field) for column in columns}
    return values.pop() if len(values) == 1 else None


def _filled(text: str) -> str:
    if not text.strip():
        raise ValueError("say what stands where a value is missing, or choose something else than a constant")
    return text.strip()


def _read_order(text: str) -> tuple[str, ...]:
    words = tuple(word.strip() for word in text.split("<"))
    if not all(words):
        raise ValueError("an order is written with < between its words: small < medium < large")
    return words
