"""A list of file formats: what each is, what it carries, and why it cannot be chosen where that is so."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFontMetrics, QPainter
from PySide6.QtWidgets import (
    QFrame,
    QListWidget,
    QListWidgetItem,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from flux_studio.gui.theme import colour, look
from flux_studio.gui.widgets.paint import line_of_text, rounded_box

_ROW = Qt.ItemDataRole.UserRole
_TITLE = 136
_Index = QModelIndex | QPersistentModelIndex


@dataclass(frozen=True)
class FormatRow:
    """One format, in words."""

    name: str
    title: str
    suffix: str
    sentence: str
    covers: str
    refusal: str = ""
    """Why it cannot be chosen; empty when it can."""


class FormatList(QListWidget):
    """One row can be chosen, of those that are not refused."""

    chosen = Signal(str)
    """The name of another format, chosen by a person."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("export.formats")
        self.setAccessibleName("Formats")
        self.setItemDelegate(_Painting(self))
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollMode(QListWidget.ScrollMode.ScrollPerPixel)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setMouseTracking(True)
        self.currentItemChanged.connect(self._tell)
        look.changed.connect(self.viewport().update)

    @property
    def name(self) -> str:
        """The chosen format; empty before there is one."""
        item = self.currentItem()
        return "" if item is None else item.data(_ROW).name

    def rows(self) -> list[FormatRow]:
        """What is listed."""
        return [self.item(place).data(_ROW) for place in range(self.count())]

    def set_rows(self, rows: Sequence[FormatRow], name: str) -> None:
        """Show these; ``name`` is chosen, or the first that can be where that one is refused."""
        self.blockSignals(True)
        self.clear()
        for row in rows:
            item = QListWidgetItem(self)
            item.setData(_ROW, row)
            words = f"{row.title}, *{row.suffix}: {row.refusal or row.sentence}"
            item.setData(Qt.ItemDataRole.AccessibleTextRole, words)
            item.setToolTip(row.refusal or f"{row.sentence} {row.covers}.")
            if row.refusal:
                item.setFlags(Qt.ItemFlag.NoItemFlags)
        self.choose(name)
        if self.currentItem() is None:
            open_rows = (place for place, row in enumerate(rows) if not row.refusal)
            self.setCurrentRow(next(open_rows, -1))
        self.blockSignals(False)
        self.updateGeometry()

    def choose(self, name: str) -> None:
        """Choose a format by its name, if it is not refused."""
        for place, row in enumerate(self.rows()):
            if row.name == name and not row.refusal:
                self.setCurrentRow(place)

    def sizeHint(self) -> QSize:
        height = sum(self.sizeHintForRow(place) for place in range(self.count()))
        return QSize(look.length(776), height + 2 * self.frameWidth())

    def _tell(self, item: QListWidgetItem | None) -> None:
        if item is not None:
            self.chosen.emit(self.name)


class _Painting(QStyledItemDelegate):
    """Title and ending on the left; on the right what it is, and below that what it carries or why it is refused."""

    def sizeHint(self, option: QStyleOptionViewItem, index: _Index) -> QSize:
        height = QFontMetrics(look.text_font()).height() + QFontMetrics(look.text_font(0.88)).height()
        return QSize(0, height + look.length(13))

    def paint(self, painter: QPainter, option: Any, index: _Index) -> None:
        row: FormatRow = index.data(_ROW)
        flags = option.state
        chosen = bool(flags & flags.State_Selected)
        painter.save()
        box = QRectF(option.rect).adjusted(look.length(3), 1, -look.length(3), -1)
        if chosen:
            rounded_box(painter, box, colour("accent_soft"), colour("accent"), radius=look.length(6))
        elif flags & flags.State_MouseOver and not row.refusal:
            rounded_box(painter, box, colour("hover"), colour("hover"), radius=look.length(6))
        painter.restore()
        inner = box.adjusted(look.length(10), look.length(4), -look.length(10), -look.length(4))
        large, small = look.text_font(), look.text_font(0.88)
        upper, lower = QRectF(inner), QRectF(inner)
        upper.setHeight(QFontMetrics(large).height())
        lower.setTop(inner.bottom() - QFontMetrics(small).height())
        off = bool(row.refusal)
        ink = colour("text_disabled" if off else "text")
        faint = colour("text_disabled" if off else "text_faint")
        left, room = look.length(_TITLE), look.length(_TITLE - 8)
        for line, title, words, fonts, inks in (
            (upper, row.title, row.sentence, (look.text_font(bold=True), large), (ink, ink)),
            (
                lower,
                f"*{row.suffix}",
                row.refusal or row.covers,
                (small, small),
                (faint, colour("error") if off else faint),
            ),
        ):
            beside = QRectF(line)
            beside.setLeft(line.left() + left)
            line.setWidth(room)
            line_of_text(painter, line, title, fonts[0], inks[0])
            line_of_text(painter, beside, words, fonts[1], inks[1])
