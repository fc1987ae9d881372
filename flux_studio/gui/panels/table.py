"""The table panel: all rows of the table, sorted, filtered and typed over, each in the colour of its part."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QHBoxLayout,
    QHeaderView,
    QLineEdit,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from flux_studio.gui.theme import colour, look
from flux_studio.gui.widgets.numbers import whole
from flux_studio.gui.widgets.paint import line_of_text, mixed, rounded_box
from flux_studio.gui.widgets.panel_header import PanelHeader
from flux_studio.gui.widgets.row_model import RowModel
from flux_studio.gui.widgets.soft_label import SoftLabel

TINTS = ("curve_train", "curve_validation", "backward", "text_faint")
"""The colours of training, validation and test rows, as in the curve, and of rows that are left out."""
CHOICES = {
    "all": "all rows",
    "training": "training rows",
    "validation": "validation rows",
    "test": "test rows",
    "left out": "rows left out",
    "wrong": "wrong answers",
}
_TYPING_MS = 200
_LEAST, _MOST = 64, 190
_WASH = 0.07


class TablePanel(QWidget):
    """Tells what a person wants to see of the table and to change in it; decides nothing."""

    filter_changed = Signal(str, str)
    """The text that rows should have in them, and one of :data:`CHOICES`."""
    sort_requested = Signal(str)
    """The name of the column whose header was clicked."""
    row_chosen = Signal(int)
    """A row of the table, from 0, was clicked or reached with the arrow keys and Enter."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("table")
        self.setAccessibleName("Table")
        self.header = PanelHeader("Table", self)
        self.model = RowModel(self)
        self.view = QTableView()
        self._text = QLineEdit()
        self._kind = QComboBox()
        self._counts = SoftLabel("table.counts")
        self._widths_of: tuple[str, ...] | None = None
        self._typing = QTimer(self, singleShot=True, interval=_TYPING_MS)
        self._typing.timeout.connect(self._ask)
        self._set_up_view()
        self._lay_out()
        self._text.textEdited.connect(lambda _: self._typing.start())
        self._text.returnPressed.connect(self._ask)
        self._kind.activated.connect(lambda _: self._ask())
        self.view.clicked.connect(self._choose)
        self.view.activated.connect(self._choose)
        self.view.horizontalHeader().sectionClicked.connect(self._sort)
        look.changed.connect(self.view.viewport().update)

    def minimumSizeHint(self) -> QSize:
        return QSize(look.length(260), look.length(90))

    # Showing

    def set_offered(self, kinds: tuple[str, ...], chosen: str) -> None:
        """Which of :data:`CHOICES` make sense for this table, and which one is chosen."""
        if [self._kind.itemData(place) for place in range(self._kind.count())] != list(kinds):
            self._kind.clear()
            for kind in kinds:
                self._kind.addItem(CHOICES[kind], kind)
        self._kind.setCurrentIndex(self._kind.findData(chosen))

    def set_counts(self, words: str) -> None:
        """How many rows are shown of how many, or why there are none."""
        self._counts.set_words(words)

    def set_sorted(self, place: int, descending: bool) -> None:
        """Mark the column that rows are sorted by; -1: none."""
        order = Qt.SortOrder.DescendingOrder if descending else Qt.SortOrder.AscendingOrder
        header = self.view.horizontalHeader()
        header.setSortIndicator(place, order)
        header.setSortIndicatorShown(place >= 0)

    def clear_text(self) -> None:
        """Look for no text any more."""
        self._text.clear()

    def fit_widths(self) -> None:
        """Columns as wide as their names and first cells need; the same names keep what a person made of them."""
        table = self.model.table
        if table is None or table.names == self._widths_of:
            return
        self._widths_of = table.names
        digit, names = self.view.fontMetrics().horizontalAdvance("0"), self.fontMetrics()
        for place, name in enumerate(table.names[:200]):
            longest = max((len(cell) for cell in table.columns[place][:50]), default=0)
            wanted = max(names.horizontalAdvance(name) + look.length(34), longest * digit + look.length(16))
            self.view.setColumnWidth(place, max(look.length(_LEAST), min(look.length(_MOST), wanted)))
        numbers = self.fontMetrics().horizontalAdvance(f"{table.rows}") + look.length(20)
        self.view.verticalHeader().setFixedWidth(numbers)

    # Asking

    def _ask(self) -> None:
        self._typing.stop()
        self.filter_changed.emit(self._text.text(), str(self._kind.currentData()))

    def _choose(self, index: QModelIndex) -> None:
        self.row_chosen.emit(int(self.model.rows[index.row()]))

    def _sort(self, place: int) -> None:
        if self.model.table is not None:
            self.sort_requested.emit(self.model.table.names[place])

    # Building

    def _set_up_view(self) -> None:
        view = self.view
        view.setObjectName("table.rows")
        view.setAccessibleName("Rows of the table")
        view.setModel(self.model)
        view.setItemDelegate(_RowPainter(self))
        view.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        view.setEditTriggers(
            QAbstractItemView.EditTrigger.DoubleClicked
            | QAbstractItemView.EditTrigger.EditKeyPressed
            | QAbstractItemView.EditTrigger.AnyKeyPressed
        )
        view.setTabKeyNavigation(False)
        view.setWordWrap(False)
        view.setShowGrid(False)
        view.setFont(look.number_font(0.9))
        view.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        view.verticalHeader().setDefaultSectionSize(look.length(23))
        view.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        view.verticalHeader().setDefaultAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        view.horizontalHeader().setSectionsClickable(True)
        view.horizontalHeader().setHighlightSections(False)
        view.horizontalHeader().setDefaultAlignment(
            Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        )
        view.setToolTip("Click a row to see it in the matrices, double-click a cell to type over it")

    def _lay_out(self) -> None:
        self._text.setObjectName("table.text")
        self._text.setAccessibleName("Text to look for")
        self._text.setPlaceholderText("Find in all columns")
        self._text.setToolTip("Show only rows that have this text in one of their cells")
        self._text.setClearButtonEnabled(True)
        self._text.textChanged.connect(lambda text: None if text else self._typing.start())
        self._kind.setObjectName("table.kind")
        self._kind.setAccessibleName("Which rows")
        self._kind.setToolTip("Show the rows of one part, or those that are answered wrongly")
        bar = QHBoxLayout()
        bar.setContentsMargins(look.length(6), look.length(4), look.length(6), 0)
        bar.setSpacing(look.length(8))
        bar.addWidget(self._text, 1)
        bar.addWidget(self._kind)
        bar.addWidget(self._counts, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(look.length(4), look.length(2), look.length(4), look.length(4))
        column.setSpacing(look.length(4))
        column.addLayout(bar)
        column.addWidget(self.view, 1)


class _RowPainter(QStyledItemDelegate):
    """A cell on a ground in the colour of its row's part, with a bar of it before the first cell."""

    def __init__(self, panel: TablePanel) -> None:
        super().__init__(panel)
        self._model = panel.model

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        part, area = self._model.part(index.row()), QRectF(option.rect)
        tint = TINTS[part]
        painter.fillRect(area, mixed("surface", tint, _WASH if part else 0.0))
        if index.column() == 0:
            painter.fillRect(QRectF(area.left(), area.top(), look.length(3), area.height()), colour(tint))
        if option.state & QStyle.StateFlag.State_Selected:
            rounded_box(painter, area, colour("accent_soft"), colour("accent"), radius=look.length(3))
        side = look.length(8)
        faint = part == len(TINTS) - 1
        text = line = str(index.data() or "")
        if not line:
            text = "–"
        tone = colour("text_faint" if faint or not line else "text")
        line_of_text(painter, area.adjusted(side, 0, -side / 2, 0), text, option.font, tone)


def counts(shown: int, rows: int) -> str:
    """How many rows are shown."""
    return f"{whole(rows)} rows" if shown == rows else f"{whole(shown)} of {whole(rows)} rows"
