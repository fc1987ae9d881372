"""The dialog in which people see how a table is read, correct it, and open the table."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QGridLayout,
    QLabel,
    QSizePolicy,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from flux_studio.data.columns import suggest_columns
from flux_studio.data.encodings import ENCODINGS
from flux_studio.data.formats import COMMENTS, DELIMITERS, THOUSANDS, TableFormat
from flux_studio.data.readers import Place, Preview, preview
from flux_studio.errors import FluxError
from flux_studio.gui.reading import is_soon_read, name_of
from flux_studio.gui.theme import look
from flux_studio.gui.widgets.column_list import KIND_TITLES, ROLE_TITLES
from flux_studio.gui.widgets.note import Note
from flux_studio.gui.widgets.table_preview import SHOWN_ROWS, TablePreview
from flux_studio.gui.working import Task, Working
from flux_studio.project.descriptions import counted

_FIELDS_A_ROW = 4
_MOST_SKIPPED = 100_000
_HEADERS = {True: "names", False: "values"}
_DECIMALS = {".": "point", ",": "comma"}

APPLIES: Mapping[str, tuple[str, ...]] = {
    "text": ("delimiter", "header", "decimal", "thousands", "encoding", "comment", "skip"),
    "workbook": ("sheet", "header", "skip"),
    "records": ("encoding",),
    "arrays": ("sheet",),
    "idx": (),
}
"""What can be corrected of each kind of source."""

_CAPTIONS = {
    "delimiter": ("Cells separated by", "What stands between two cells of a line"),
    "header": ("First row holds", "Whether the first row names the columns or is a row like the others"),
    "decimal": ("Decimal sign", "What stands before the decimals of a number"),
    "thousands": ("Thousands sign", "What stands between the thousands of a long number"),
    "encoding": ("Encoding", "How letters stand in the file; where umlauts look odd, it is another one"),
    "comment": ("Comments begin with", "Lines that begin with this are no rows"),
    "skip": ("Lines to skip", "So many lines stand ahead of the table"),
    "sheet": ("Sheet", "Which part of the file is the table"),
}


class ReadingDialog(QDialog):
    """Reads the beginning of the source again at each correction; :attr:`chosen` when it is right."""

    chosen = Signal(object)
    """The :class:`TableFormat` to read the table with."""

    def __init__(self, parent: QWidget, place: Place, found: Preview, button: str = "Open") -> None:
        super().__init__(parent)
        self.setObjectName("reading")
        self.setWindowTitle(f"How to read {name_of(place)}")
        self.setWindowModality(Qt.WindowModality.WindowModal)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._place, self._found = place, found
        self._format = found.format
        self._working = Working(self)
        self._boxes: dict[str, QComboBox] = {}
        self._skip = QSpinBox()
        self._fields = QWidget()
        self._trouble = Note("warning", "error")
        self._trouble.setObjectName("reading.trouble")
        self._preview = TablePreview(
            words=lambda column: (
                ROLE_TITLES["ignore"]
                if column.role == "ignore"
                else f"{ROLE_TITLES[column.role]} · {KIND_TITLES[column.kind]}"
            )
        )
        self._preview.setObjectName("reading.preview")
        self._preview.setToolTip(
            "The first rows as they will be read, with what the columns are likely to be"
        )
        self._said = QLabel()
        self._said.setObjectName("reading.said")
        self._said.setProperty("muted", "true")
        self._buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        self._open = self._buttons.addButton(button, QDialogButtonBox.ButtonRole.AcceptRole)
        self._open.setObjectName("reading.open")
        self._open.setProperty("kind", "primary")
        self._open.setDefault(True)
        self._lay_out()
        self._buttons.accepted.connect(self._accept)
        self._buttons.rejected.connect(self.reject)
        self.finished.connect(lambda _: self._working.cancel())
        self.resize(self.sizeHint())
        self._show(found)

    @property
    def format(self) -> TableFormat:
        """The format as it is corrected so far."""
        return self._format

    @property
    def trouble(self) -> str:
        """What is wrong with reading it like this."""
        return self._trouble.text

    def sizeHint(self) -> QSize:
        return QSize(look.length(860), look.length(520))

    # Correcting

    def _correct(self, name: str, value: object) -> None:
        changed = msgspec.structs.replace(self._format, **{name: value})
        if changed == self._format:
            return
        self._format = changed
        self._open.setEnabled(False)
        task = Task(
            "preview", "", lambda _: preview(self._place, changed, SHOWN_ROWS), self._show, self._refuse
        )
        self._working.do(task, at_once=is_soon_read(self._place))

    def _show(self, found: Preview) -> None:
        self._found = found
        self._trouble.set_text(found.trouble)
        table = found.table
        columns = suggest_columns(table) if table is not None else ()
        self._preview.set_table(table, columns)
        self._said.setText(_said(found))
        self._open.setEnabled(table is not None and not found.trouble)
        self._show_format()

    def _refuse(self, error: FluxError) -> None:
        self._show(Preview(self._format, None, False, str(error), self._found.sheets))

    def _accept(self) -> None:
        self.accept()
        self.chosen.emit(self._format)

    # Showing

    def _show_format(self) -> None:
        for name, box in self._boxes.items():
            value = getattr(self._format, name)
            if box.findData(value) < 0:
                box.addItem(repr(value) if name == "delimiter" else str(value), value)
            box.setCurrentIndex(box.findData(value))
        self._skip.setValue(self._format.skip)

    def _choices(self, name: str) -> dict[object, str]:
        sheets = {each: each for each in self._found.sheets}
        choices: dict[str, Mapping[object, str]] = {
            "delimiter": {**DELIMITERS},
            "header": {**_HEADERS},
            "decimal": {**_DECIMALS},
            "thousands": {**THOUSANDS},
            "encoding": {**ENCODINGS},
            "comment": {**COMMENTS},
            "sheet": {**sheets},
        }
        return dict(choices[name])

    def _lay_out(self) -> None:
        grid = QGridLayout(self._fields)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(look.length(12))
        grid.setVerticalSpacing(look.length(4))
        names = [
            name for name in APPLIES[self._format.layout] if name != "sheet" or len(self._found.sheets) > 1
        ]
        for place, name in enumerate(names):
            row, column = divmod(place, _FIELDS_A_ROW)
            caption = QLabel(_CAPTIONS[name][0])
            caption.setProperty("muted", "true")
            field = self._field(name)
            caption.setBuddy(field)
            grid.addWidget(caption, 2 * row, column)
            grid.addWidget(field, 2 * row + 1, column)
        for column in range(_FIELDS_A_ROW):
            grid.setColumnStretch(column, 1)
        self._fields.setVisible(bool(names))
        column_of_all = QVBoxLayout(self)
        side = look.length(16)
        column_of_all.setContentsMargins(side, side, side, side)
        column_of_all.setSpacing(look.length(12))
        self._preview.setMaximumHeight(16_777_215)
        self._preview.setMinimumHeight(look.length(160))
        self._preview.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        column_of_all.addWidget(self._fields)
        column_of_all.addWidget(self._trouble)
        column_of_all.addWidget(self._preview, 1)
        column_of_all.addWidget(self._said)
        column_of_all.addWidget(self._buttons)

    def _field(self, name: str) -> QWidget:
        field: QWidget
        if name == "skip":
            self._skip.setRange(0, _MOST_SKIPPED)
            self._skip.valueChanged.connect(lambda value: self._correct("skip", value))
            field = self._skip
        else:
            field = box = self._boxes[name] = QComboBox()
            box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
            box.setMinimumContentsLength(12)
            for value, title in self._choices(name).items():
                box.addItem(title, value)
            box.activated.connect(lambda _, name=name, box=box: self._correct(name, box.currentData()))
        field.setObjectName(f"reading.{name}")
        field.setAccessibleName(_CAPTIONS[name][0])
        field.setToolTip(_CAPTIONS[name][1])
        return field


def _said(found: Preview) -> str:
    table = found.table
    if table is None:
        return "no row can be read like this"
    columns = counted(len(table.names), "column")
    rows = f"all {counted(table.rows, 'row')}" if found.whole else f"the first {counted(table.rows, 'row')}"
    return f"{rows} · {columns}"
