"""The predictions panel: a picture over the inputs, the rows with the worst first, a series, and a row of one's own."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QSize, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QStackedWidget, QVBoxLayout, QWidget

from flux_studio.data.dataset import Dataset
from flux_studio.gui import predicting
from flux_studio.gui.predicting import PredictionsView, Target
from flux_studio.gui.theme import look
from flux_studio.gui.widgets.elided_label import ElidedLabel
from flux_studio.gui.widgets.field_editors import ChoiceEdit
from flux_studio.gui.widgets.line_plot import LinePlot
from flux_studio.gui.widgets.neuron_pictures import NeuronPictures
from flux_studio.gui.widgets.own_input import OwnInput
from flux_studio.gui.widgets.page_scroll import PageScroll
from flux_studio.gui.widgets.panel_header import PanelHeader
from flux_studio.gui.widgets.rows_page import RowsPage
from flux_studio.gui.widgets.segmented import Segment, SegmentedControl
from flux_studio.gui.widgets.surface_view import SurfaceView
from flux_studio.training.predictions import OwnPrediction, RowPredictions, Surface

SERIES, PICTURE, ROWS, OWN = "series", "picture", "rows", "own"
_SEGMENTS = (
    Segment(SERIES, "Series", "What is predicted beside what came, row by row", "predictions.view.series"),
    Segment(
        PICTURE,
        "Picture",
        "What is predicted over the inputs, and by each neuron",
        "predictions.view.picture",
    ),
    Segment(ROWS, "Rows", "Every row with what it costs, the worst first", "predictions.view.rows"),
    Segment(OWN, "Your input", "Type a row of your own and see what is predicted", "predictions.view.own"),
)
_NOTHING = "Predictions appear here as soon as the network can be trained."
_NO_AXES = (
    "The inputs are categories only: there is nothing to draw a surface over. Look at the rows instead."
)


class PredictionsPanel(QWidget):
    """Shows answers to questions about predictions; which to ask is told by :attr:`view` and what is chosen here."""

    stale = Signal()
    """Something else is to be shown."""
    row_chosen = Signal(int)
    """A row of the data set."""
    rows_wanted = Signal(object)
    """These rows of the data set, an array, are to be shown in the matrices."""
    neuron_chosen = Signal(str, int)
    """A layer's identity and the column of one of its neurons."""
    refused = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("predictions")
        self.setAccessibleName("What the network predicts")
        self.header = PanelHeader("Predictions", self)
        self._known: PredictionsView | None = None
        self._data: Dataset | None = None
        self._row: int | None = None
        self._trouble = ""
        self.views = SegmentedControl(_SEGMENTS)
        self.views.setObjectName("predictions.view")
        self._target = _choice("predictions.target", "Which column is predicted")
        self._across = _choice("predictions.across", "Which input goes across")
        self._up = _choice("predictions.up", "Which input goes up")
        self._note = ElidedLabel()
        self._note.setProperty("muted", "true")
        self.surface, self.lines, self.series = SurfaceView(), LinePlot(), LinePlot()
        self.series.setObjectName("predictions.series")
        self.neurons, self.rows, self.own = NeuronPictures(), RowsPage(), OwnInput()
        self._empty = QLabel(_NOTHING)
        self._empty.setObjectName("predictions.empty")
        self._empty.setProperty("muted", "true")
        self._empty.setWordWrap(True)
        self._plots = QStackedWidget()
        self._pages = QStackedWidget()
        self._lay_out()
        self.views.chosen.connect(self._choose_view)
        self._target.committed.connect(lambda _: self._retarget())
        self._across.committed.connect(lambda _: self._replane())
        self._up.committed.connect(lambda _: self._replane())
        self.surface.row_chosen.connect(self._choose_row)
        self.rows.row_chosen.connect(self._choose_row)
        self.rows.rows_wanted.connect(self.rows_wanted)
        self.rows.stale.connect(self.stale)
        for pictures in (self.neurons, self.own.flow):
            pictures.neuron_chosen.connect(self.neuron_chosen)
        self.series.chosen.connect(self._choose_number)
        self.own.changed.connect(self._own_changed)
        self.own.refused.connect(self.refused)
        self.own.mean_wanted.connect(self._take_mean)
        self.own.row_wanted.connect(self._take_row)
        self.set_view(None)

    # What is shown

    @property
    def known(self) -> PredictionsView | None:
        """Of what project."""
        return self._known

    @property
    def view(self) -> str:
        """Which of the views is seen; empty where there is nothing to show."""
        if self._known is None:
            return ""
        return self.views.value or PICTURE

    @property
    def plane(self) -> tuple[int, int | None] | None:
        """Which of the I inputs go across and up; none where no input can."""
        across, up = self._across.currentData(), self._up.currentData()
        return None if across is None else (across, up)

    @property
    def target(self) -> Target | None:
        """The column that is predicted."""
        if self._known is None:
            return None
        chosen = self._target.currentData()
        return next((each for each in self._known.targets if each.name == chosen), self._known.targets[0])

    @property
    def row(self) -> int | None:
        """The chosen row of the data set."""
        return self._row

    def set_view(self, known: PredictionsView | None) -> None:
        """Another project, or another state of one; what was chosen stays as far as it can."""
        self._known, self._trouble = known, ""
        for widget in (self.views, self._target, self._across, self._up, self._note, self.rows.show_rows):
            widget.setVisible(known is not None)
        if known is None:
            self._pages.setCurrentWidget(self._empty)
            return
        if known.dataset is not self._data:
            self._offer_views(known, self._data)
            self._data, self._row = known.dataset, None
            names = tuple((each.name, each.name) for each in known.targets)
            self._target.set_choices(names)
            self._target.set_value(names[0][0])
            self._offer_axes(known)
            steps = [predicting.step(known, field) for field in known.fields]
            self.own.set_fields(known.fields, steps, known.usual)
        self._target.setVisible(len(known.targets) > 1)
        for pictures in (self.neurons, self.own.flow):
            pictures.set_layers(known.layers, known.counts)
        self._retarget()
        self._show_row()
        self._turn()

    def show_view(self, view: str) -> None:
        """Turn to one of the views."""
        self.views.set_value(view)
        self._choose_view(view)

    def show_cell(self, target: str, part: str, cell: tuple[int, int]) -> None:
        """Turn to the rows of a part that a cell of the confusion matrix of a target counts."""
        if self._known is None or not any(each.name == target for each in self._known.targets):
            return
        self._target.set_value(target)
        self._retarget()
        self.rows.set_part(part)
        self.rows.set_cell(cell)
        self.show_view(ROWS)

    def set_row(self, row: int | None) -> None:
        """Mark a row of the data set as the chosen one; nothing is signalled."""
        self._row = row
        self._show_row()

    def set_surface(self, found: Surface) -> None:
        """New predictions over the chosen inputs."""
        known, target, plane = self._known, self.target, self.plane
        if known is None or target is None or plane is None:
            return
        if len(found.up) > 1:
            self.surface.set_values(predicting.surface_values(target, found))
            self._plots.setCurrentWidget(self.surface)
        else:
            self.lines.set_lines(*predicting.curve(known, target, found, plane[0]))
            self._plots.setCurrentWidget(self.lines)
        self.neurons.set_pictures(found.neurons)

    def set_rows(self, found: RowPredictions) -> None:
        """New predictions of all rows."""
        known, target = self._known, self.target
        if known is None or target is None:
            return
        self.rows.set_found(found)
        if known.dataset.windowing.is_series:
            self.series.set_lines(*predicting.series(known, target, found))

    def set_own(self, found: OwnPrediction | None) -> None:
        """A new prediction for the row of one's own; ``None`` where nothing can be said to it."""
        if self.target is None:
            return
        if found is None:
            self.own.answer.set_answer(f"predicted {self.target.name}", "–")
            self.own.flow.set_pictures({})
            return
        self.own.answer.set_answer(*predicting.answer(self.target, found.outputs))
        self.own.flow.set_pictures({layer: row[:, None, None] for layer, row in found.neurons.items()})

    def set_trouble(self, sentence: str) -> None:
        """Why there is no answer; empty when there is one."""
        if sentence == self._trouble:
            return
        self._trouble = sentence
        self._empty.setText(sentence or _NOTHING)
        if sentence:
            self._pages.setCurrentWidget(self._empty)
        else:
            self._turn()

    def sizeHint(self) -> QSize:
        return QSize(look.length(870), look.length(320))

    # What people do

    def _choose_view(self, _view: str) -> None:
        self._turn()
        self.stale.emit()

    def _choose_row(self, row: int) -> None:
        self.set_row(row)
        self.row_chosen.emit(row)

    def _choose_number(self, number: float) -> None:
        """A row of the table, from 1, whose sample predicts it."""
        if self._known is not None:
            data = self._known.dataset
            places = data.table_rows + data.windowing.ahead + 1
            self._choose_row(int(np.argmin(np.abs(places - number))))

    def _take_mean(self) -> None:
        if self._known is not None:
            self.own.set_inputs(self._known.usual)

    def _take_row(self) -> None:
        if self._known is not None and self._row is not None:
            self.own.set_inputs(self._known.dataset.inputs[self._row])

    def _own_changed(self) -> None:
        self._show_mark()
        self._write_note()
        self.stale.emit()

    def _retarget(self) -> None:
        if self._known is not None and self.target is not None:
            self.rows.set_target(self._known, self.target)
            self._replane()

    def _replane(self) -> None:
        known, target, plane = self._known, self.target, self.plane
        if known is None or target is None:
            return
        if plane is not None and plane[1] is not None:
            across, up = plane[0], plane[1]
            self.surface.set_axes(
                predicting.axis(known, across),
                predicting.axis(known, up),
                predicting.meaning(known, target),
                predicting.points(known, target, across, up),
            )
        self._show_mark()
        self._show_row()
        self._write_note()
        self._turn()
        self.stale.emit()

    # Inside

    def _offer_views(self, known: PredictionsView, before: Dataset | None) -> None:
        series = known.dataset.windowing.is_series
        if before is None or series != before.windowing.is_series:
            self.views.set_shown(SERIES, series)
            self.views.set_value(SERIES if series else PICTURE)

    def _offer_axes(self, known: PredictionsView) -> None:
        names = tuple((field.start, field.name) for field in known.varying)
        self._across.set_choices(names)
        self._up.set_choices(names if len(names) > 1 else ())
        for choice, field in zip((self._across, self._up), predicting.first_axes(known), strict=False):
            choice.set_value(field.start)

    def _turn(self) -> None:
        """Show the page of the view, and those choices that belong to it."""
        known, view = self._known, self.view
        if known is None:
            return
        drawn = view == PICTURE and self.plane is not None
        many = len(known.varying) > 2
        self._across.setVisible(drawn and many)
        self._up.setVisible(drawn and many)
        self._note.setVisible(drawn)
        self.rows.show_rows.setVisible(view == ROWS)
        self._trouble = ""
        pages = {PICTURE: self._picture, ROWS: self.rows, OWN: self.own, SERIES: self.series}
        if view == PICTURE and not drawn:
            self._empty.setText(_NO_AXES)
            self._pages.setCurrentWidget(self._empty)
        else:
            self._pages.setCurrentWidget(pages[view])

    def _show_row(self) -> None:
        row, known = self._row, self._known
        self.surface.set_row(row)
        self.rows.set_row(row)
        self.own.set_row_name(
            known.names(np.array([row]))[0] if known is not None and row is not None else ""
        )
        if known is not None and row is not None:
            self.series.set_at(float(known.dataset.table_rows[row] + known.dataset.windowing.ahead + 1))
        else:
            self.series.set_at(None)

    def _show_mark(self) -> None:
        known, plane = self._known, self.plane
        if known is None or plane is None or not len(self.own.inputs):
            return
        at = [
            float(known.field_at(each).units(self.own.inputs[each : each + 1])[0])
            for each in plane
            if each is not None
        ]
        self.surface.set_mark((at[0], at[1]) if len(at) == 2 else None)
        self.lines.set_at(at[0])

    def _write_note(self) -> None:
        known = self._known
        if known is None or len(known.fields) < 3:
            self._note.setText("")
            return
        usual = np.array_equal(self.own.inputs, known.usual)
        self._note.setText(f"all others {'at their mean' if usual else 'as in your input'}")

    def _lay_out(self) -> None:
        head = QHBoxLayout()
        head.setSpacing(look.length(8))
        for widget in (self.views, self._target, self._across, self._up):
            head.addWidget(widget)
        head.addWidget(self._note, 1)
        head.addStretch(0)
        head.addWidget(self.rows.show_rows)
        self._plots.addWidget(self.surface)
        self._plots.addWidget(self.lines)
        self._picture = QWidget()
        picture = QHBoxLayout(self._picture)
        picture.setContentsMargins(0, 0, 0, 0)
        picture.setSpacing(look.length(12))
        picture.addWidget(self._plots, 6)
        picture.addWidget(PageScroll(self.neurons), 5)
        for page in (self._picture, self.rows, self.own, self.series, self._empty):
            self._pages.addWidget(page)
        body = QVBoxLayout()
        body.setContentsMargins(look.length(12), look.length(8), look.length(8), look.length(8))
        body.setSpacing(look.length(8))
        body.addLayout(head)
        body.addWidget(self._pages, 1)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(0)
        outer.addLayout(body, 1)


def _choice(name: str, tip: str) -> ChoiceEdit:
    choice = ChoiceEdit(())
    choice.setObjectName(name)
    choice.setAccessibleName(tip)
    choice.setToolTip(tip)
    choice.setMinimumContentsLength(10)
    return choice
