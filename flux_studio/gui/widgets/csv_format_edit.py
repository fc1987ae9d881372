"""How the text of a table is cut into cells, as a list of delimiters and a box to tick."""

from __future__ import annotations

import msgspec
from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QComboBox, QGridLayout, QLabel, QWidget

from flux_studio.data.formats import DELIMITERS, TableFormat
from flux_studio.gui.theme import look


class CsvFormatEdit(QWidget):
    """Asks for another format; shows the one that it is given."""

    chosen = Signal(object)
    """The wanted :class:`TableFormat`."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._format = TableFormat()
        self._delimiter = QComboBox(self)
        self._delimiter.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self._delimiter.setMinimumContentsLength(5)
        self._delimiter.setObjectName("data.delimiter")
        self._delimiter.setAccessibleName("Delimiter")
        self._delimiter.setToolTip(
            "What stands between two cells of a line; the preview shows the result at once"
        )
        for delimiter, title in DELIMITERS.items():
            self._delimiter.addItem(title, delimiter)
        self._header = QCheckBox("first row holds names", self)
        self._header.setObjectName("data.header")
        self._header.setAccessibleName("First row holds names")
        self._header.setToolTip(
            "Whether the first row names the columns; otherwise it is a row like the others"
        )
        self._lay_out()
        self._delimiter.activated.connect(self._ask)
        self._header.clicked.connect(self._ask)
        self.set_format(self._format)

    def set_format(self, csv_format: TableFormat) -> None:
        """Show another format without asking for it."""
        self._format = csv_format
        if self._delimiter.findData(csv_format.delimiter) < 0:
            self._delimiter.addItem(repr(csv_format.delimiter), csv_format.delimiter)
        self._delimiter.setCurrentIndex(self._delimiter.findData(csv_format.delimiter))
        self._header.setChecked(csv_format.header)

    def _lay_out(self) -> None:
        words = QLabel("cells separated by", self)
        words.setProperty("muted", "true")
        words.setBuddy(self._delimiter)
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setSpacing(look.length(8))
        grid.setColumnStretch(1, 1)
        grid.addWidget(words, 0, 0)
        grid.addWidget(self._delimiter, 0, 1)
        grid.addWidget(self._header, 1, 0, 1, 2)

    def _ask(self) -> None:
        wanted = msgspec.structs.replace(
            self._format, delimiter=self._delimiter.currentData(), header=self._header.isChecked()
        )
        if wanted != self._format:
            self.chosen.emit(wanted)
            # A change that the owner refused must not stay on screen.
            self.set_format(self._format)
