"""The columns of a table, a line for each: its name and what it is for; several can be selected at once."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import (
    QAbstractListModel,
    QItemSelection,
    QItemSelectionModel,
    QModelIndex,
    QPersistentModelIndex,
    QRectF,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import (
    QListView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from flux_studio.data.columns import Column
from flux_studio.gui.theme import colour, look
from flux_studio.gui.widgets.paint import line_of_text, rounded_box

ROLE_TINTS = {"input": "forward", "target": "backward", "both": "accent", "ignore": "text_faint"}
"""Inputs come first and targets face the loss, so they have the colours of the two directions."""
ROLE_TITLES = {"input": "input", "target": "target", "both": "input and target", "ignore": "ignored"}
KIND_TITLES = {"number": "number", "category": "category", "yes_no": "yes/no", "date": "date"}
SCALING_TITLES = {"standard": "standard", "min_max": "min–max", "robust": "robust", "none": ""}

_Index = QModelIndex | QPersistentModelIndex
_MOST_LINES = 6
_LEAST_DESCRIPTION = 0.3
_States = QStyle.StateFlag


class ColumnList(QListView):
    """Grows to a few lines, then scrolls; only the lines in sight cost anything."""

    selection_changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("data.columns")
        self.setAccessibleName("Columns")
        self.setToolTip(
            "The columns of the table. Select one, or several with Ctrl or Shift, and say below what they are for."
        )
        self._lines = _Lines(self)
        self.setModel(self._lines)
        self.setItemDelegate(_Painter(self))
        self.setSelectionMode(QListView.SelectionMode.ExtendedSelection)
        self.setUniformItemSizes(True)
        self.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.selectionModel().selectionChanged.connect(self.selection_changed)

    def set_columns(self, columns: tuple[Column, ...]) -> None:
        """Show these columns; the selection stays while the names do."""
        if self._lines.set_columns(columns):
            self.updateGeometry()
            self.select(columns[row].name for row in _first_choice(columns))

    def selected_names(self) -> frozenset[str]:
        """The names of the selected columns."""
        return frozenset(self._lines.columns[index.row()].name for index in self.selectedIndexes())

    def select(self, names: Iterable[str]) -> None:
        """Select the columns of these names and no others."""
        wanted = frozenset(names)
        selection = QItemSelection()
        for row, column in enumerate(self._lines.columns):
            if column.name in wanted:
                index = self._lines.index(row)
                selection.select(index, index)
        self.selectionModel().select(selection, QItemSelectionModel.SelectionFlag.ClearAndSelect)
        if not selection.isEmpty():
            self.selectionModel().setCurrentIndex(
                selection.indexes()[0], QItemSelectionModel.SelectionFlag.NoUpdate
            )
            self.scrollTo(selection.indexes()[0])

    def sizeHint(self) -> QSize:
        lines = max(1, min(_MOST_LINES, self._lines.rowCount()))
        return QSize(look.length(200), lines * _line_height() + 2 * self.frameWidth() + look.length(2))

    def minimumSizeHint(self) -> QSize:
        return QSize(look.length(80), self.sizeHint().height())


class _Lines(QAbstractListModel):
    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.columns: tuple[Column, ...] = ()

    def set_columns(self, columns: tuple[Column, ...]) -> bool:
        """Whether the lines are those of another table now."""
        other = [column.name for column in columns] != [column.name for column in self.columns]
        if other:
            self.beginResetModel()
        self.columns = columns
        if other:
            self.endResetModel()
        elif columns:
            self.dataChanged.emit(self.index(0), self.index(len(columns) - 1))
        return other

    def rowCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self.columns)

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        column = self.columns[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return column.name
        if role in (Qt.ItemDataRole.ToolTipRole, Qt.ItemDataRole.AccessibleTextRole):
            return f"{column.name}: {describe(column)}"
        return None


class _Painter(QStyledItemDelegate):
    def sizeHint(self, option: QStyleOptionViewItem, index: _Index) -> QSize:
        return QSize(look.length(80), _line_height())

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index) -> None:
        lines = index.model()
        assert isinstance(lines, _Lines)
        column = lines.columns[index.row()]
        area = QRectF(option.rect)
        _paint_ground(painter, area.adjusted(1, 1, -1, 0), option.state)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        dot = look.length(7)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colour(ROLE_TINTS[column.role]))
        painter.drawEllipse(QRectF(area.left() + look.length(8), area.center().y() - dot / 2 + 0.5, dot, dot))
        painter.restore()
        inside = area.adjusted(look.length(22), 0, -look.length(8), 0)
        faint = colour("text_faint" if column.role == "ignore" else "text_soft")
        tint = colour("text_faint" if column.role == "ignore" else "text")
        # The name goes first; what the column is for can be seen by its dot as well.
        name = inside.adjusted(0, 0, -inside.width() * _LEAST_DESCRIPTION, 0)
        taken = line_of_text(painter, name, column.name, look.text_font(), tint) + look.length(8)
        rest = inside.adjusted(taken, 0, 0, 0)
        line_of_text(painter, rest, describe(column), look.text_font(0.9), faint, Qt.AlignmentFlag.AlignRight)


def _paint_ground(painter: QPainter, area: QRectF, state: QStyle.StateFlag) -> None:
    chosen, pointed = (bool(state & flag) for flag in (_States.State_Selected, _States.State_MouseOver))
    if chosen or pointed:
        ground = colour("accent_soft" if chosen else "hover")
        line = colour("accent") if state & _States.State_HasFocus else ground
        rounded_box(painter, area, ground, line, radius=look.length(5))


def describe(column: Column) -> str:
    """What a column is for, in a few words: ``input · number · standard``, ``ignored``."""
    if column.role == "ignore":
        return ROLE_TITLES[column.role]
    words = [ROLE_TITLES[column.role], KIND_TITLES[column.kind]]
    if column.kind == "number" and SCALING_TITLES[column.scaling]:
        words.append(SCALING_TITLES[column.scaling])
    return " · ".join(words)


def _first_choice(columns: tuple[Column, ...]) -> list[int]:
    """The column that a person most likely wants to change first: the target."""
    targets = [row for row, column in enumerate(columns) if column.is_target]
    return targets[:1] or list(range(len(columns)))[:1]


def _line_height() -> int:
    return look.length(27)
