"""The dialog for exports: formats, a name, what is going on, and what became of it. It decides nothing."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal, SignalInstance
from PySide6.QtWidgets import (
    QDialog,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QProgressBar,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from flux_studio.gui.style import restyle
from flux_studio.gui.theme import look
from flux_studio.gui.widgets.elided_label import ElidedLabel
from flux_studio.gui.widgets.format_list import FormatList
from flux_studio.gui.widgets.note import Note

_STEPS = 1_000


class ExportDialog(QDialog):
    """Stays beside the window, which lives on; closing it gives up nothing."""

    name_typed = Signal(str)
    folder_wanted = Signal()
    export_wanted = Signal()
    cancel_wanted = Signal()
    show_wanted = Signal()
    copy_wanted = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("export")
        self.setWindowTitle("Export")
        self.formats = FormatList()
        self.name = QLineEdit()
        self.name.setObjectName("export.name")
        self.name.setAccessibleName("File name")
        self.name.textEdited.connect(self.name_typed)
        self._folder = ElidedLabel()
        self._folder.setObjectName("export.folder")
        self._folder.setProperty("muted", "true")
        self._change = self._button("folder", "Change…", "Choose the folder", self.folder_wanted)
        self._moment = QLabel()
        self._moment.setObjectName("export.moment")
        self._moment.setProperty("muted", "true")
        self.trouble = Note("warning", "error")
        self.trouble.setObjectName("export.trouble")
        self._bar = QProgressBar()
        self._bar.setObjectName("export.progress")
        self._bar.setRange(0, _STEPS)
        self._bar.setTextVisible(False)
        self._words = QLabel()
        self._words.setObjectName("export.words")
        self._words.setWordWrap(True)
        self._words.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        # Two lines have room whatever is said, so that nothing moves.
        self._words.setFixedHeight(2 * self._words.fontMetrics().lineSpacing())
        self._words.setAlignment(Qt.AlignmentFlag.AlignTop)
        self._show = self._button("show", "Show in Folder", "Open the folder it is in", self.show_wanted)
        self._copy = self._button("copy", "Copy Path", "The file's whole path", self.copy_wanted)
        self._cancel = self._button("cancel", "Cancel", "Give this export up", self.cancel_wanted)
        self._close = self._button("close", "Close", "Close this dialog", None)
        self._close.clicked.connect(self.close)
        self.export = self._button("begin", "Export", "Write the file and try it", self.export_wanted)
        self.export.setDefault(True)
        # Both words fit, so that nothing moves when one takes the other's place.
        self.export.setMinimumWidth(look.length(96))
        self._lay_out()
        self.set_busy(False)
        self.set_result("")

    def _button(self, name: str, words: str, meaning: str, signal: SignalInstance | None) -> QPushButton:
        button = QPushButton(words)
        button.setObjectName(f"export.{name}")
        button.setToolTip(meaning)
        button.setAutoDefault(False)
        if signal is not None:
            button.clicked.connect(signal)
        return button

    def _lay_out(self) -> None:
        place = QGridLayout()
        place.setHorizontalSpacing(look.length(8))
        place.setVerticalSpacing(look.length(8))
        for row, (words, field) in enumerate((("File name", self.name), ("Folder", self._folder))):
            label = QLabel(words)
            label.setBuddy(field)
            place.addWidget(label, row, 0)
            place.addWidget(field, row, 1, 1, 2 - row)
        place.addWidget(self._change, 1, 2)
        place.addWidget(self.trouble, 2, 1, 1, 2)
        place.addWidget(self._moment, 3, 1, 1, 2)
        place.setColumnStretch(1, 1)
        below = QHBoxLayout()
        below.setSpacing(look.length(8))
        below.addWidget(self._show)
        below.addWidget(self._copy)
        below.addStretch(1)
        below.addWidget(self._close)
        below.addWidget(self._cancel)
        below.addWidget(self.export)
        column = QVBoxLayout(self)
        column.setContentsMargins(*(look.length(each) for each in (16, 14, 16, 14)))
        column.setSpacing(look.length(10))
        column.addWidget(self.formats, 1)
        column.addLayout(place)
        column.addWidget(self._bar)
        column.addWidget(self._words)
        column.addLayout(below)

    def fit(self) -> None:
        """As large as its contents ask for, where the screen has that much; Qt itself stops at two thirds."""
        self.resize(self.sizeHint().boundedTo(self.screen().availableSize() * 0.94))

    def set_file(self, name: str, folder: str, verb: str) -> None:
        """Where it is to go; ``verb`` is on the button: to export, or to replace a file."""
        if name != self.name.text():
            self.name.setText(name)
        self._folder.setText(folder)
        self.export.setText(verb)

    def set_moment(self, words: str) -> None:
        """Of which moment the weights are."""
        self._moment.setText(words)

    def set_can_export(self, can: bool) -> None:
        """Whether there is a format that could be written."""
        self.export.setEnabled(can)

    def set_busy(self, busy: bool) -> None:
        """Whether an export goes on; what is chosen meanwhile is for the next one."""
        self._cancel.setVisible(busy)
        self.export.setVisible(not busy)
        # A bar that is not there keeps its place.
        policy = self._bar.sizePolicy()
        policy.setRetainSizeWhenHidden(True)
        self._bar.setSizePolicy(policy)
        self._bar.setVisible(busy)

    def set_progress(self, share: float, words: str) -> None:
        """How much is done, and what is being done."""
        self._bar.setValue(round(_STEPS * share))
        self.set_result(words)

    def set_result(self, words: str, *, good: bool = False, found: bool = False) -> None:
        """What is going on, or what became of it: verified, and whether there is a file to go on with."""
        self._words.setText(words)
        self._words.setProperty("good", "true" if good else "")
        restyle(self._words)
        self._show.setVisible(found)
        self._copy.setVisible(found)
