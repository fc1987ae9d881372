"""The first rows of a table as text, under headers that tell what each column is for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from PySide6.QtCore import (
    QAbstractTableModel,
    QModelIndex,
    QPersistentModelIndex,
    QRect,
    QRectF,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QFont, QFontMetrics, QPainter, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QWidget,
)

from flux_studio.data.columns import Column
from flux_studio.gui.theme import colour, look
from flux_studio.gui.widgets.column_list import ROLE_TINTS
from flux_studio.gui.widgets.paint import line_of_text, mixed, rounded_box

SHOWN_ROWS = 50
_ROWS_IN_SIGHT = 5
_LONGEST_CELL = 18
_Index = QModelIndex | QPersistentModelIndex


class TextTable(Protocol):
    """What is shown of a table."""

    @property
    def source(self) -> str: ...
    @property
    def names(self) -> tuple[str, ...]: ...
    @property
    def columns(self) -> tuple[tuple[str, ...], ...]: ...
    @property
    def rows(self) -> int: ...


class TablePreview(QTableView):
    """Cells stay in the table; only those in sight are asked for."""

    column_clicked = Signal(str)
    row_clicked = Signal(int)
    """The place of a row of the table, from 0."""

    def __init__(
        self, parent: QWidget | None = None, *, words: Callable[[Column], str] = lambda column: column.role
    ) -> None:
        """``words`` are what stands below the name of a column."""
        super().__init__(parent)
        self.setObjectName("data.preview")
        self.setAccessibleName("Preview of the table")
        self.setToolTip(
            f"The first {SHOWN_ROWS} rows, as they stand in the file. Click a name to select its column, "
            "a row to look at it in the matrices."
        )
        self._needed: list[int] = []
        self._spread = False
        self._cells = _Cells(self)
        self._header = _RoleHeader(self, words)
        self.setHorizontalHeader(self._header)
        self.setModel(self._cells)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setTabKeyNavigation(False)
        self.setWordWrap(False)
        self.setShowGrid(False)
        self.setAlternatingRowColors(True)
        self.setFont(look.number_font(0.9))
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(_row_height())
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self._header.setMinimumSectionSize(look.length(24))
        self.setItemDelegate(_CellPainter(self))
        self.clicked.connect(lambda index: self.row_clicked.emit(index.row()))
        self._header.sectionClicked.connect(lambda place: self.column_clicked.emit(self._cells.names[place]))
        self.setFixedHeight(
            self._header.sizeHint().height() + _ROWS_IN_SIGHT * _row_height() + look.length(10) + 4
        )

    def set_table(self, table: TextTable | None, columns: tuple[Column, ...]) -> None:
        """Show another table, or the same under other roles."""
        self._header.columns = columns
        if self._cells.set_table(table):
            self._fit_widths()
        self._header.viewport().update()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._share_room()

    def _fit_widths(self) -> None:
        # Measuring cells through the style takes seconds for a thousand columns; digits all have one width.
        digit = QFontMetrics(self.font()).horizontalAdvance("0")
        names, roles = QFontMetrics(_name_font()), QFontMetrics(_role_font())
        said = [self._header.words(column) for column in self._header.columns] or list(ROLE_TINTS)
        least = max(roles.horizontalAdvance(words) for words in {*said, *ROLE_TINTS})
        most = _LONGEST_CELL * digit
        self._needed = [
            max(least, min(most, max(self._cells.longest(place) * digit, names.horizontalAdvance(name))))
            + 2 * _side()
            + 2
            for place, name in enumerate(self._cells.names)
        ]
        self._spread = True
        self._share_room()

    def _share_room(self) -> None:
        """Give what the columns leave of the width to all of them alike; where it is too narrow they scroll."""
        count, spare = len(self._needed), max(0, self.viewport().width() - sum(self._needed))
        if not count or not (spare or self._spread):
            # What a person pulled wider stays while the columns scroll anyway.
            return
        self._spread = spare > 0
        for place, width in enumerate(self._needed):
            self.setColumnWidth(place, width + spare * (place + 1) // count - spare * place // count)


class _Cells(QAbstractTableModel):
    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._table: TextTable | None = None

    @property
    def names(self) -> tuple[str, ...]:
        return self._table.names if self._table else ()

    def set_table(self, table: TextTable | None) -> bool:
        """Whether it is another table than before."""
        if table is self._table:
            return False
        self.beginResetModel()
        self._table = table
        self.endResetModel()
        return True

    def longest(self, column: int) -> int:
        """Number of characters of the longest cell that is shown."""
        assert self._table is not None
        return max((len(cell) for cell in self._table.columns[column][:SHOWN_ROWS]), default=0)

    def rowCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008
        return min(SHOWN_ROWS, self._table.rows) if self._table and not parent.isValid() else 0

    def columnCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008
        return len(self.names) if not parent.isValid() else 0

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole) and self._table:
            return self._table.columns[index.column()][index.row()]
        return None

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> object:
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole):
            return self.names[section] if orientation == Qt.Orientation.Horizontal else section + 1
        return None


class _CellPainter(QStyledItemDelegate):
    """Text with just so much room at its sides that it stands below its column's name."""

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index) -> None:
        area = QRectF(option.rect)
        if option.state & QStyle.StateFlag.State_HasFocus:
            rounded_box(painter, area, None, colour("accent"), radius=look.length(3))
        elif option.state & QStyle.StateFlag.State_Selected:
            painter.fillRect(area, colour("accent_soft"))
        inside = area.adjusted(_side(), 0, -_side(), 0)
        line_of_text(painter, inside, str(index.data() or ""), option.font, colour("text"))


class _RoleHeader(QHeaderView):
    """Each section has the column's name over its role, on a ground in the colour of the role."""

    def __init__(self, parent: QWidget, words: Callable[[Column], str]) -> None:
        super().__init__(Qt.Orientation.Horizontal, parent)
        self.words = words
        self.columns: tuple[Column, ...] = ()
        self.setSectionsClickable(True)
        self.setHighlightSections(False)

    def sizeHint(self) -> QSize:
        return QSize(super().sizeHint().width(), _header_height())

    def paintSection(self, painter: QPainter, rect: QRect, place: int) -> None:
        painter.save()
        area = QRectF(rect)
        column = self.columns[place] if place < len(self.columns) else None
        tint = ROLE_TINTS[column.role] if column else "text_faint"
        painter.fillRect(area, mixed("surface", tint, 0.12 if column and column.role != "ignore" else 0.05))
        painter.setPen(colour("border"))
        painter.drawLine(area.topRight(), area.bottomRight())
        painter.fillRect(QRectF(area.left(), area.bottom() - 2, area.width(), 2), colour(tint))
        inside = area.adjusted(_side(), look.length(4), -_side(), -look.length(4))
        upper = QRectF(inside.left(), inside.top(), inside.width(), inside.height() / 2)
        name = str(self.model().headerData(place, Qt.Orientation.Horizontal, Qt.ItemDataRole.DisplayRole))
        line_of_text(painter, upper, name, _name_font(), colour("text"))
        if column:
            below = upper.translated(0, inside.height() / 2)
            line_of_text(painter, below, self.words(column), _role_font(), colour(tint))
        painter.restore()


def _name_font() -> QFont:
    return look.text_font(0.9, bold=True)


def _role_font() -> QFont:
    return look.text_font(0.82)


def _side() -> int:
    return look.length(6)


def _row_height() -> int:
    return look.length(22)


def _header_height() -> int:
    return look.length(40)
