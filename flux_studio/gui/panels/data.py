"""The data panel: which table is loaded, how its text is read, and what each column is for."""

from __future__ import annotations

from dataclasses import dataclass, field

import msgspec
from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from flux_studio.data import choices
from flux_studio.data.columns import Column
from flux_studio.data.formats import TableFormat
from flux_studio.data.table import Table
from flux_studio.data.windows import EACH_ROW, Windowing
from flux_studio.gui.theme import look
from flux_studio.gui.widgets.column_editor import ColumnEditor
from flux_studio.gui.widgets.column_list import ColumnList
from flux_studio.gui.widgets.drop_place import DropPlace
from flux_studio.gui.widgets.elided_label import ElidedLabel
from flux_studio.gui.widgets.field_grid import FieldGrid
from flux_studio.gui.widgets.icons import icon
from flux_studio.gui.widgets.note import Note
from flux_studio.gui.widgets.page_scroll import PageScroll
from flux_studio.gui.widgets.panel_header import PanelHeader
from flux_studio.gui.widgets.sample_fields import KEPT, WINDOW
from flux_studio.gui.widgets.soft_label import SoftLabel
from flux_studio.gui.widgets.table_preview import TablePreview
from flux_studio.project.descriptions import counted, read_as


@dataclass(frozen=True)
class DataView:
    """All that the panel shows.

    ``problem`` is one line about what keeps the table from being used; ``notes`` tell what was done to it, such
    as ``3 rows left out: a missing value in petal_width``.
    """

    table: Table | None = None
    format: TableFormat = field(default_factory=TableFormat)
    columns: tuple[Column, ...] = ()
    validation_fraction: float = 0.0
    training_rows: int = 0
    validation_rows: int = 0
    test_fraction: float = 0.0
    test_rows: int = 0
    windowing: Windowing = EACH_ROW
    problem: str = ""
    notes: tuple[str, ...] = ()


class DataPanel(QWidget):
    """Shows a :class:`DataView` and asks for changes; a file dropped on it is left to the window."""

    open_requested = Signal()
    reading_requested = Signal()
    """How the table is read is to be looked at, and perhaps changed."""
    columns_changed = Signal(object)
    """All columns, as a tuple of :class:`Column`."""
    windowing_changed = Signal(object)
    """The new :class:`Windowing`."""
    shares_changed = Signal(float, float)
    """Shares of the rows to validate and to test, each from 0 to 0.5."""
    row_wanted = Signal(int)
    """A row of the table, counted from 1, is to be shown in the matrices."""
    refused = Signal(str)
    """Why something typed cannot be taken, as one line for a person."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._view = DataView()
        self._table: object = None
        self.setObjectName("data.panel")
        self.header = PanelHeader("Data", self)
        self._problem = Note("warning", "error")
        self._problem.setObjectName("data.problem")
        self._notes = Note("", "text_soft")
        self._notes.setObjectName("data.notes")
        self._source = ElidedLabel()
        self._counts = QLabel()
        self._split = QLabel()
        self._read_as = ElidedLabel()
        self._change = QPushButton("Change…")
        self._preview = TablePreview()
        self._row = 0
        self._show_row = QPushButton()
        self._list = ColumnList()
        self._editor = ColumnEditor()
        self._roles = ElidedLabel()
        self._window = FieldGrid(WINDOW, group="data")
        self._windows = SoftLabel("data.windows")
        self._kept = FieldGrid(KEPT, group="data")
        self._empty = DropPlace(
            "table",
            "Drop a table here, or anywhere on the window",
            _open_button("data.open.first", self, "primary"),
        )
        self._loaded = QWidget()
        self._name_things()
        self._lay_out()
        self._connect()
        self._show_all()

    def set_data(self, view: DataView) -> None:
        """Show another state; the selected columns stay selected while the names do."""
        # Tables are never compared cell by cell: two large ones that differ in one cell would take seconds.
        if view.table is not self._view.table or view != self._view:
            self._view = view
            self._show_all()

    def select_columns(self, *names: str) -> None:
        """Select the columns of these names, as clicks on them would."""
        self._list.select(names)

    # Showing

    def _show_all(self) -> None:
        view = self._view
        self._empty.setVisible(view.table is None)
        self._loaded.setVisible(view.table is not None)
        self._problem.set_text(view.problem)
        self._notes.set_text("\n".join(view.notes))
        if view.table is not None:
            self._source.setText(view.table.source)
            rows, columns = view.table.rows, len(view.table.names)
            self._counts.setText(f"{counted(rows, 'row')} · {counted(columns, 'column')}")
            self._split.setVisible(view.training_rows > 0)
            self._split.setText(_split_text(view))
        self._preview.set_table(view.table, view.columns)
        if view.table is not self._table:
            self._table = view.table
            self._choose_row(-1)
        self._list.set_columns(view.columns)
        self._read_as.setText(f"read as: {read_as(view.format)}")
        self._show_editor()
        windowing = view.windowing
        self._window.set_values({"window": windowing.window, "ahead": windowing.ahead})
        self._windows.set_words("\n".join(part.strip() for part in windowing.text.split(";")))
        self._kept.set_values(
            {"validation": round(100 * view.validation_fraction), "test": round(100 * view.test_fraction)}
        )

    def _show_editor(self) -> None:
        chosen = self._list.selected_names()
        table, columns = self._view.table, self._chosen()
        order: tuple[str, ...] = ()
        parts: tuple[str, ...] = ()
        if table is not None and len(columns) == 1 and columns[0].role != "ignore":
            if choices.is_ordered(columns[0]):
                order = choices.order_shown(columns[0], table)
            elif columns[0].kind == "date":
                parts = choices.parts_shown(columns[0], table)
        self._editor.set_columns(columns, order, parts)
        self._roles.setText(self._heading(chosen))

    def _chosen(self) -> tuple[Column, ...]:
        names = self._list.selected_names()
        return tuple(column for column in self._view.columns if column.name in names)

    def _heading(self, chosen: frozenset[str]) -> str:
        if len(chosen) > 1:
            return f"{len(chosen):,} columns"
        return next(iter(chosen), "select a column above")

    # Asking

    def _connect(self) -> None:
        self._change.clicked.connect(lambda _=False: self.reading_requested.emit())
        self._preview.column_clicked.connect(self.select_columns)
        self._preview.row_clicked.connect(self._choose_row)
        self._show_row.clicked.connect(lambda _=False: self.row_wanted.emit(self._row))
        self._list.selection_changed.connect(self._show_editor)
        self._editor.chosen.connect(self._ask_columns)
        self._window.committed.connect(self._ask_window)
        self._kept.committed.connect(self._ask_shares)
        for fields in (self._window, self._kept, self._editor):
            fields.refused.connect(self.refused)
        look.changed.connect(self.update)

    def _choose_row(self, place: int) -> None:
        """Offer to show a row of the table, told by its place from 0; of none nothing is offered."""
        self._row = place + 1
        self._show_row.setText(f"Show row {self._row} in matrices")
        self._show_row.setVisible(place >= 0)

    def _ask_columns(self, name: str, value: object) -> None:
        chosen, table = self._list.selected_names(), self._view.table
        if table is None:
            return
        wanted = tuple(
            choices.changed(column, table, **{name: value}) if column.name in chosen else column
            for column in self._view.columns
        )
        if wanted != self._view.columns:
            self.columns_changed.emit(wanted)
        self._show_editor()

    def _ask_window(self, name: str, value: int) -> None:
        self.windowing_changed.emit(msgspec.structs.replace(self._view.windowing, **{name: int(value)}))
        # A change that the owner refused must not stay on screen.
        self._show_all()

    def _ask_shares(self, name: str, percent: int) -> None:
        shares = {"validation": self._view.validation_fraction, "test": self._view.test_fraction}
        shares[name] = percent / 100
        self.shares_changed.emit(shares["validation"], shares["test"])
        self._show_all()

    # Building

    def _name_things(self) -> None:
        self._source.setProperty("heading", "true")
        for words in (self._counts, self._split):
            words.setProperty("muted", "true")
            words.setWordWrap(True)
        self._split.setObjectName("data.split")
        self._read_as.setObjectName("data.read_as")
        self._read_as.setProperty("muted", "true")
        self._change.setObjectName("data.change_reading")
        self._change.setAccessibleName("Change how the table is read")
        self._change.setToolTip("Look at how the file is read: delimiter, header, decimal sign and more")
        self._roles.setProperty("heading", "true")
        self._show_row.setObjectName("data.show_row")
        self._show_row.setProperty("kind", "quiet")
        self._show_row.setToolTip("Show what this row becomes in every matrix, whatever the batch is")

    def _lay_out(self) -> None:
        page = QWidget()
        column = QVBoxLayout(page)
        side = look.length(12)
        column.setContentsMargins(side, side, side, side)
        column.setSpacing(look.length(10))
        column.addWidget(self._problem)
        column.addWidget(self._empty)
        column.addWidget(self._loaded)
        column.addStretch(1)
        self._fill_loaded()
        scroll = PageScroll(page, self)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(0)
        outer.addWidget(self.header)
        outer.addWidget(scroll, 1)

    def _fill_loaded(self) -> None:
        column = QVBoxLayout(self._loaded)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(look.length(8))
        top = QHBoxLayout()
        top.setSpacing(look.length(8))
        top.addWidget(self._source, 1)
        top.addWidget(_open_button("data.open", self))
        facts = QVBoxLayout()
        facts.setSpacing(look.length(2))
        facts.addLayout(top)
        facts.addWidget(self._counts)
        facts.addWidget(self._split)
        column.addLayout(facts)
        column.addWidget(self._notes)
        reading = QHBoxLayout()
        reading.setSpacing(look.length(8))
        reading.addWidget(self._read_as, 1)
        reading.addWidget(self._change)
        column.addLayout(reading)
        column.addWidget(self._preview)
        column.addWidget(self._show_row, 0, Qt.AlignmentFlag.AlignLeft)
        column.addSpacing(look.length(4))
        column.addWidget(_heading("Columns"))
        column.addWidget(self._list)
        column.addWidget(self._roles)
        column.addWidget(self._editor)
        column.addSpacing(look.length(4))
        column.addWidget(_heading("Window"))
        column.addWidget(self._window)
        column.addWidget(self._windows)
        column.addSpacing(look.length(4))
        column.addWidget(_heading("Validation and test"))
        column.addWidget(self._kept)


def _split_text(view: DataView) -> str:
    parts = [f"{view.training_rows:,} training", f"{view.validation_rows:,} validation"]
    if view.test_rows:
        parts.append(f"{view.test_rows:,} test")
    return " · ".join(parts) + (" windows" if view.windowing.window > 1 else "")


def _open_button(name: str, panel: DataPanel, kind: str = "") -> QPushButton:
    button = QPushButton("Open table…")
    button.setObjectName(name)
    button.setAccessibleName("Open table")
    button.setToolTip("Open a table: CSV, Excel, JSON, NumPy and others")
    if kind:
        button.setProperty("kind", kind)
    button.setIcon(icon("open", "accent_text" if kind == "primary" else "text_soft"))
    button.setIconSize(QSize(look.length(15), look.length(15)))
    button.clicked.connect(lambda _=False: panel.open_requested.emit())
    return button


def _heading(words: str) -> QLabel:
    label = QLabel(words)
    label.setProperty("heading", "true")
    return label
