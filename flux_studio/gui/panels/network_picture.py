"""The panel with the network's picture: which row it is of, weights or gradients, and a way back to all of it."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QSpinBox, QVBoxLayout, QWidget

from flux_studio.gui.theme import look
from flux_studio.gui.widgets.elided_label import ElidedLabel
from flux_studio.gui.widgets.network_drawing import NetworkDrawing
from flux_studio.gui.widgets.panel_header import PanelHeader
from flux_studio.gui.widgets.segmented import Segment, SegmentedControl
from flux_studio.training.network_picture import Drawn, Graph

_NOTE = "the strongest connections"
_MORE = "drag to see all layers"
WEIGHTS, GRADIENTS = "weights", "gradients"


class NetworkPicture(QWidget):
    """Shows the picture of one row; tells when another row or kind of number is wanted."""

    stale = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("picture")
        self.setAccessibleName("Network picture")
        self.header = PanelHeader("Network picture", self)
        self.kind = SegmentedControl(
            [
                Segment(
                    WEIGHTS,
                    "Weights",
                    "Connections by their weights, neurons by what they hand on",
                    "picture.weights",
                ),
                Segment(
                    GRADIENTS,
                    "Gradients",
                    "How the cost changes with each weight and each neuron",
                    "picture.gradients",
                ),
            ]
        )
        self.kind.setObjectName("picture.kind")
        self.kind.set_value(WEIGHTS)
        self.row = QSpinBox()
        self.row.setObjectName("picture.row")
        self.row.setAccessibleName("Row of the batch")
        self.row.setToolTip("Of which row of the batch the neurons are filled")
        self.row.setKeyboardTracking(False)
        self.row.setMinimum(1)
        self._name = ElidedLabel()
        self._name.setObjectName("picture.row.name")
        self._name.setProperty("muted", "true")
        self._note = QLabel()
        self._note.setObjectName("picture.note")
        self._note.setProperty("caption", "true")
        fit = QPushButton("Fit")
        fit.setObjectName("picture.fit")
        fit.setProperty("kind", "quiet")
        fit.setToolTip("All of the network in view; the wheel zooms, dragging moves")
        self.drawing = NetworkDrawing()
        word = QLabel("row")
        word.setProperty("muted", "true")
        head = QHBoxLayout()
        head.setContentsMargins(look.length(12), look.length(8), look.length(8), 0)
        head.setSpacing(look.length(8))
        for widget in (self.kind, word, self.row):
            head.addWidget(widget)
        head.addWidget(self._name, 1)
        head.addWidget(self._note)
        head.addWidget(fit)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(1, 0, 1, 1)
        outer.setSpacing(0)
        outer.addLayout(head)
        outer.addWidget(self.drawing, 1)
        self.kind.chosen.connect(lambda _: self.stale.emit())
        self.row.valueChanged.connect(lambda _: self.stale.emit())
        fit.clicked.connect(lambda _=False: self.drawing.fit())

    @property
    def gradients(self) -> bool:
        """Whether gradients are wanted in place of weights."""
        return self.kind.value == GRADIENTS

    @property
    def row_name(self) -> str:
        """What the row is called."""
        return self._name.text()

    def set_graph(self, graph: Graph | None, sentence: str = "") -> None:
        """Another network, or why there is none."""
        self.drawing.set_graph(graph, sentence)
        self._name.setText("")

    def set_drawn(self, drawn: Drawn, gradients: bool, name: str) -> None:
        """The numbers of a moment, and what the row is called that they are of."""
        if self.row.maximum() != drawn.rows:
            blocked = self.row.blockSignals(True)
            self.row.setMaximum(drawn.rows)
            self.row.blockSignals(blocked)
        self._name.setText(name)
        self.drawing.set_drawn(drawn, gradients, name)
        notes = (_NOTE if self.drawing.is_grouped(drawn) else "", _MORE if self.drawing.reaches_out else "")
        self._note.setText(" · ".join(filter(None, notes)))
