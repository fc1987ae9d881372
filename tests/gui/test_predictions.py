"""Predictions in the window: surfaces, rows, series and rows of one's own, true of the moment that is shown."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QPushButton
from pytestqt.qtbot import QtBot

from flux_studio.data.columns import Column, Derived
from flux_studio.data.readers import parse_table
from flux_studio.gui.main_window import MainWindow
from flux_studio.gui.panels.predictions import OWN, PICTURE, ROWS, SERIES, PredictionsPanel
from flux_studio.gui.predictions import OWN_WORDS
from flux_studio.gui.widgets.field_editors import ChoiceEdit
from flux_studio.gui.widgets.neuron_pictures import NeuronPictures
from flux_studio.gui.widgets.own_input import ValueEdit
from flux_studio.gui.widgets.row_table import LOSS, PART, PREDICTED, ROW, TRUE
from flux_studio.gui.widgets.segmented import SegmentedControl
from flux_studio.project.catalogue import LAYER_KINDS
from flux_studio.project.defaults import new_project
from flux_studio.project.project import Project
from flux_studio.project.specification import Place
from tests.gui.shown import child, settle
from tests.gui.windows import open_window, sample, until

LEFT = Qt.MouseButton.LeftButton


def opened(qtbot: QtBot, project: Project, view: str) -> tuple[MainWindow, PredictionsPanel]:
    window = open_window(qtbot, project)
    window.docks["predictions"].raise_()
    panel = window.docks["predictions"].widget()
    assert isinstance(panel, PredictionsPanel)
    settle()
    qtbot.mouseClick(child(panel, QPushButton, f"predictions.view.{view}"), LEFT)
    assert panel.view == view
    return window, panel


def train(qtbot: QtBot, window: MainWindow) -> Project:
    with qtbot.waitSignal(window.trainer.finished, timeout=60_000):
        window.workbench.toggle_training()
    with qtbot.waitSignal(window.frame_shown, timeout=60_000):
        window.trainer.refresh()
    return window.document.latest()


def test_the_surface_of_two_inputs_is_what_the_network_predicts(qtbot: QtBot) -> None:
    window, panel = opened(qtbot, sample("xor"), PICTURE)
    until(qtbot, lambda: panel.surface.values is not None)
    project = train(qtbot, window)
    network = project.network("reference")
    corners = np.linspace(-0.2, 1.2, 64)

    def predicted(row: int, column: int) -> float:
        return float(network.predict(np.array([[corners[column], corners[row]]]))[0, 0])

    until(qtbot, lambda: abs(panel.surface.values[10, 50] - predicted(10, 50)) < 1e-4)
    assert panel.surface.values[60, 3] == pytest.approx(predicted(60, 3), abs=1e-4)
    place = panel.surface.place_of(2)
    assert place is not None
    assert panel.surface.tip(place).startswith("x1 ")
    for neuron in range(3):
        assert panel.neurons.place_of("layer-1", neuron).isValid()


def test_a_past_moment_has_the_surface_of_then(qtbot: QtBot) -> None:
    window, panel = opened(qtbot, sample("xor"), PICTURE)
    until(qtbot, lambda: panel.surface.values is not None)
    first = panel.surface.values.copy()
    train(qtbot, window)
    until(qtbot, lambda: not np.array_equal(panel.surface.values, first))
    window.trainer.go_to(0)
    until(qtbot, lambda: np.array_equal(panel.surface.values, first))


def test_a_point_and_a_neuron_choose_row_and_column_of_the_matrices(qtbot: QtBot) -> None:
    window, panel = opened(qtbot, sample("xor"), PICTURE)
    until(qtbot, lambda: panel.surface.values is not None)
    place = panel.surface.place_of(3)
    assert place is not None
    qtbot.mouseClick(panel.surface, LEFT, pos=place.toPoint())
    assert panel.row == 3
    assert window.focus_panel.selected_cell() == (3, 0)
    qtbot.mouseClick(panel.neurons, LEFT, pos=panel.neurons.place_of("layer-1", 2).center())
    until(qtbot, lambda: window.focus_panel.selected_cell() == (3, 2))
    assert window.focus.matrix == ("layer-1", "activated_output_matrix")


def test_other_axes_are_chosen_and_the_rest_stands_still(qtbot: QtBot) -> None:
    window, panel = opened(qtbot, sample("iris"), PICTURE)
    until(qtbot, lambda: panel.surface.values is not None)
    assert panel.surface.values.shape == (64, 64, 3)
    assert panel.plane == (2, 3), "the petals' measures tell the species apart"
    before = panel.surface.values.copy()
    across = child(panel, ChoiceEdit, "predictions.across")
    across.setCurrentIndex(0)
    across.activated.emit(0)
    assert panel.plane == (0, 3)
    until(
        qtbot, lambda: panel.surface.values is not None and not np.array_equal(panel.surface.values, before)
    )
    centre = panel.surface.rect().center()
    assert panel.surface.tip(centre).startswith("sepal_length ")
    assert window.trouble.text == ""


def test_the_worst_rows_come_first_and_any_row_can_be_chosen(qtbot: QtBot) -> None:
    window, panel = opened(qtbot, sample("iris"), ROWS)
    project = train(qtbot, window)
    network, data = project.network("reference"), project.dataset()
    losses = ((network.predict(data.inputs) - data.targets) ** 2).sum(axis=1)
    worst = int(losses.argmax())
    table = panel.rows.table
    until(qtbot, lambda: table.text(0, ROW) == f"row {worst + 1}")
    assert float(table.text(0, LOSS)) == pytest.approx(losses[worst], abs=1e-5)
    assert table.text(0, PART) == ("training" if worst in data.training else "validation")
    species = project.table.column("species")
    assert table.text(0, TRUE) == species[worst]
    answer = sorted(set(species))[int(network.predict(data.inputs[worst])[0].argmax())]
    assert table.text(0, PREDICTED).startswith(answer)
    header = table.horizontalHeader()
    qtbot.mouseClick(
        header.viewport(), LEFT, pos=QPoint(header.sectionPosition(ROW) + 20, header.height() // 2)
    )
    assert [table.text(line, ROW) for line in range(3)] == ["row 1", "row 2", "row 3"]
    row = int(data.training[4])
    line = table.model_of_rows.line_of(row)
    window.focus.choose(("layer-1", "weight_input_bias_matrix"))
    until(qtbot, lambda: window.focus.shows == ("layer-1", "weight_input_bias_matrix"))
    table.scrollTo(table.model_of_rows.index(line, 0))
    qtbot.mouseClick(
        table.viewport(), LEFT, pos=table.visualRect(table.model_of_rows.index(line, 0)).center()
    )
    assert panel.row == row
    until(qtbot, lambda: window.focus_panel.selected_cell() == (4, 0))


def test_the_cells_of_the_confusion_matrix_open_their_rows(qtbot: QtBot) -> None:
    window, panel = opened(qtbot, sample("iris"), ROWS)
    train(qtbot, window)
    rows = panel.rows
    until(qtbot, lambda: rows.confusion.counts.sum() == 150)
    for cell in np.argwhere(rows.confusion.counts):
        true, taken = (int(each) for each in cell)
        qtbot.mouseClick(rows.confusion, LEFT, pos=rows.confusion.cell(true, taken).center())
        count = int(rows.confusion.counts[true, taken])
        assert rows.table.model_of_rows.rowCount() == count
        assert rows.count_text.startswith(f"{count} row")
    qtbot.mouseClick(rows.clear, LEFT)
    assert rows.table.model_of_rows.rowCount() == 150
    window.docks["scores"].raise_()
    until(qtbot, lambda: window.scores.report is not None)
    settle()
    qtbot.mouseClick(window.scores.confusion, LEFT, pos=window.scores.confusion.cell(1, 1).center())
    expected = int(window.scores.confusion.counts[1, 1])
    until(qtbot, lambda: rows.table.model_of_rows.rowCount() == expected)
    assert rows.part == "validation"


def test_test_rows_are_predicted_only_where_they_are_listed(qtbot: QtBot) -> None:
    project = new_project(sample("iris").table, validation=0.2, test=0.2)
    _, panel = opened(qtbot, project, ROWS)
    until(qtbot, lambda: panel.rows.table.model_of_rows.rowCount() == 120)
    qtbot.mouseClick(child(panel, QPushButton, "predictions.part.test"), LEFT)
    until(qtbot, lambda: panel.rows.table.model_of_rows.rowCount() == 30)
    assert {panel.rows.table.text(line, PART) for line in range(30)} == {"test"}


def test_what_is_typed_is_predicted_at_once_and_while_training(qtbot: QtBot) -> None:
    window, panel = opened(qtbot, sample("iris"), OWN)
    until(qtbot, lambda: len(panel.own.answer.shares) == 3)
    before = panel.own.answer.shares
    edit = panel.own.edits[2]
    assert isinstance(edit, ValueEdit)
    edit.setFocus()
    edit.selectAll()
    qtbot.keyClicks(edit, "6.5")
    until(qtbot, lambda: panel.own.answer.shares != before)
    project = train(qtbot, window)
    row = project.dataset().preprocessor
    field = panel.known.fields[2]
    assert field.value(panel.own.inputs) == pytest.approx(6.5)
    expected = project.network("reference").predict(panel.own.inputs)[0]
    until(qtbot, lambda: np.allclose([share for _, share in panel.own.answer.shares], expected, atol=1e-5))
    assert panel.own.answer.text == row.decode(expected[None]).rows[0][0]
    np.testing.assert_allclose(panel.own.flow.pictures["layer-2"].ravel(), expected, atol=1e-5)
    panel.set_row(7)
    qtbot.mouseClick(panel.own.row, LEFT)
    np.testing.assert_array_equal(panel.own.inputs, project.dataset().inputs[7])
    qtbot.mouseClick(panel.own.mean, LEFT)
    np.testing.assert_array_equal(panel.own.inputs, panel.known.usual)


def test_a_neuron_of_ones_own_input_leads_to_no_other_rows_cell(qtbot: QtBot) -> None:
    window, panel = opened(qtbot, sample("parity-4"), OWN)
    until(qtbot, lambda: bool(panel.own.flow.pictures))
    before = window.selection.place
    with qtbot.waitSignal(window.workbench.informed) as said:
        qtbot.mouseClick(panel.own.flow, LEFT, pos=panel.own.flow.place_of("layer-2", 0).center())
    assert said.args == [OWN_WORDS]
    assert window.selection.place == before


def test_a_lone_neurons_colour_is_as_strong_as_its_number(qtbot: QtBot) -> None:
    pictures = NeuronPictures(flat=True)
    qtbot.addWidget(pictures)
    pictures.resize(300, 200)
    pictures.set_layers({"a": "Dense 1", "b": "Dense 2"}, {"a": 2, "b": 1})
    pictures.set_pictures({"a": np.array([[[0.9]], [[-1.0]]]), "b": np.array([[[0.001]]])})
    image = pictures.grab().toImage()

    def ground(layer: str, column: int) -> QColor:
        return image.pixelColor(pictures.place_of(layer, column).topLeft() + QPoint(2, 2))

    assert ground("b", 0).saturation() < 12 < ground("a", 0).saturation()


def test_a_row_that_no_matrix_shows_is_said_to_be_elsewhere(qtbot: QtBot) -> None:
    window, panel = opened(qtbot, sample("iris"), ROWS)
    until(qtbot, lambda: panel.rows.table.model_of_rows.rowCount() == 150)
    window.focus.choose(("layer-1", "weight_input_bias_matrix"))
    until(qtbot, lambda: window.focus.shows == ("layer-1", "weight_input_bias_matrix"))
    held_out = int(window.document.project.dataset().validation[0])
    with qtbot.waitSignal(window.workbench.informed) as said:
        panel._choose_row(held_out)
    assert said.args[0].startswith(f"row {held_out + 1} is not among the rows")


def test_what_is_too_large_is_said_and_can_be_mended(qtbot: QtBot) -> None:
    window, panel = opened(qtbot, sample("xor"), OWN)
    until(qtbot, lambda: panel.own.answer.text in ("0", "1"))
    edit = panel.own.edits[0]
    assert isinstance(edit, ValueEdit)
    edit.setFocus()
    edit.selectAll()
    qtbot.keyClicks(edit, "1e300")
    until(qtbot, lambda: "too large" in window.trouble.text)
    assert panel.own.answer.text == "–"
    assert edit.isVisible()
    qtbot.mouseClick(child(panel, QPushButton, f"predictions.view.{PICTURE}"), LEFT)
    until(qtbot, lambda: "too large" in panel._empty.text() or panel.surface.values is not None)
    qtbot.mouseClick(child(panel, QPushButton, f"predictions.view.{OWN}"), LEFT)
    qtbot.mouseClick(panel.own.mean, LEFT)
    until(qtbot, lambda: panel.own.answer.text in ("0", "1"))
    qtbot.mouseClick(child(panel, QPushButton, f"predictions.view.{PICTURE}"), LEFT)
    until(qtbot, lambda: panel.surface.values is not None and panel.surface.isVisible())


def test_a_series_stands_beside_its_prediction(qtbot: QtBot) -> None:
    window, panel = opened(qtbot, sample("mackey-glass"), SERIES)
    until(qtbot, lambda: len(panel.series.lines) == 2)
    true, said = panel.series.lines
    data = window.document.project.dataset()
    cells = np.array([float(cell) for cell in window.document.project.table.column("x")])
    known = np.isfinite(true.up)
    np.testing.assert_allclose(true.up[known], cells[true.across[known].astype(int) - 1], atol=1e-9)
    assert known.sum() == len(data.training) + len(data.validation)
    assert len(said.up) == len(true.up)
    qtbot.mouseClick(panel.series, LEFT, pos=panel.series.rect().center())
    assert panel.row is not None


def test_one_input_has_a_fitted_curve(qtbot: QtBot) -> None:
    text = "x,y\n" + "".join(f"{n / 10},{10 * np.sin(n / 10):.4f}\n" for n in range(60))
    window, panel = opened(qtbot, new_project(parse_table(text, "sine.csv")), PICTURE)
    until(qtbot, lambda: len(panel.lines.lines) > 1)
    curve = panel.lines.lines[-1]
    network, data = window.document.project.network("reference"), window.document.project.dataset()
    encoder = data.preprocessor.target_encoders[0]
    x = (curve.across[40] - panel.known.fields[0].encoder.offset) / panel.known.fields[0].encoder.scale
    expected = encoder.decode(network.predict(np.array([[x]])))[0]
    assert curve.up[40] == pytest.approx(expected, abs=1e-4)


def test_of_several_targets_each_can_be_seen(qtbot: QtBot) -> None:
    text = "x,z,price,kind\n" + "".join(
        f"{n / 10},{n % 7},{100 + 50 * n},{'abc'[n % 3]}\n" for n in range(40)
    )
    columns = (Column("x"), Column("z"), Column("price", "target"), Column("kind", "target", "category"))
    project = new_project(parse_table(text, "several.csv"), columns=columns, validation=0.25)
    window, panel = opened(qtbot, project, PICTURE)
    until(qtbot, lambda: panel.surface.values is not None and panel.surface.values.ndim == 2)
    target = child(panel, ChoiceEdit, "predictions.target")
    target.setCurrentIndex(1)
    target.activated.emit(1)
    until(qtbot, lambda: panel.surface.values is not None and panel.surface.values.ndim == 3)
    for view in (ROWS, OWN):
        qtbot.mouseClick(child(panel, QPushButton, f"predictions.view.{view}"), LEFT)
    until(qtbot, lambda: [name for name, _ in panel.own.answer.shares] == ["a", "b", "c"])
    assert window.trouble.text == ""


def test_categories_only_have_no_surface_but_all_else(qtbot: QtBot) -> None:
    text = "colour,shape,y\n" + "".join(f"{'rgb'[n % 3]},{'xyz'[n // 3 % 3]},{n}\n" for n in range(30))
    columns = (Column("colour", kind="category"), Column("shape", kind="category"), Column("y", "target"))
    _, panel = opened(qtbot, new_project(parse_table(text, "words.csv"), columns=columns), PICTURE)
    assert panel.plane is None
    qtbot.mouseClick(child(panel, QPushButton, f"predictions.view.{OWN}"), LEFT)
    until(qtbot, lambda: panel.own.answer.text != "")
    edit = panel.own.edits[0]
    assert isinstance(edit, ChoiceEdit)
    before = panel.own.answer.text
    edit.setCurrentIndex((edit.currentIndex() + 1) % 3)
    edit.activated.emit(edit.currentIndex())
    until(qtbot, lambda: panel.own.answer.text != before)


def test_out_of_sight_nothing_is_asked(qtbot: QtBot) -> None:
    window, panel = opened(qtbot, sample("xor"), PICTURE)
    until(qtbot, lambda: panel.surface.values is not None)
    assert window._wanted()[1]
    with qtbot.waitSignal(window.docks["predictions"].visibilityChanged):
        window.docks["matrices"].raise_()
    assert window._wanted()[1] == ()


def test_what_cannot_train_says_why(qtbot: QtBot) -> None:
    window, panel = opened(qtbot, sample("iris"), ROWS)
    columns = window.document.project.specification.data.columns
    window.workbench.set_columns(tuple(type(one)(one.name, "input", one.kind) for one in columns))
    assert panel.known is None
    assert "no target yet" in panel._empty.text()
    window.document.undo_stack.undo()
    until(qtbot, lambda: panel.rows.table.model_of_rows.rowCount() == 150)
    assert not child(panel, SegmentedControl, "predictions.view").isHidden()


@pytest.mark.parametrize("kind", LAYER_KINDS)
def test_every_kind_of_layer_has_pictures(qtbot: QtBot, kind: str) -> None:
    window, panel = opened(qtbot, sample("parity-4"), PICTURE)
    with qtbot.waitSignal(window.frame_shown, timeout=60_000):
        window.stack.insert_at(kind, Place(1))
    added = window.workbench.specification.layers[1].identity
    until(qtbot, lambda: added in panel.neurons.pictures)
    assert np.isfinite(panel.neurons.pictures[added]).all()
    assert window.trouble.text == ""


def test_every_sort_of_column_has_its_field_and_derived_inputs_follow(qtbot: QtBot) -> None:
    lines = "".join(
        f"{n / 10},{'SML'[n % 3]},{n % 28 + 1}.{n % 12 + 1}.2021,{'' if n % 7 == 0 else n % 5},{n % 2}\n"
        for n in range(60)
    )
    columns = (
        Column("x"),
        Column("size", kind="category", encoding="ordinal", order=("S", "M", "L")),
        Column("day", kind="date", parts=("days", "weekday")),
        Column("gaps", missing="mean", indicator=True),
        Column("y", "target", "yes_no"),
    )
    table = parse_table(f"x,size,day,gaps,y\n{lines}", "made.csv")
    project = new_project(table, columns=columns, derived=(Derived("square", ("x",)),))
    window, panel = opened(qtbot, project, OWN)
    preprocessor, network = project.dataset().preprocessor, project.network("reference")
    assert preprocessor.input_names[-2:] == ("gaps missing", "x²")
    assert len(panel.own.edits) == len(preprocessor.input_names) - 1
    until(qtbot, lambda: len(panel.own.answer.shares) == 2)
    x = panel.own.edits[0]
    assert isinstance(x, ValueEdit)
    x.lineEdit().setText("9.5")
    x.lineEdit().textEdited.emit("9.5")
    asked = panel.own.inputs.copy()
    number, square = preprocessor.input_encoders[0], preprocessor.input_encoders[-1]
    asked[0], asked[-1] = (9.5 - number.offset) / number.scale, (9.5**2 - square.offset) / square.scale
    expected = float(network.predict(asked[None])[0, 0])
    until(qtbot, lambda: abs(panel.own.answer.shares[1][1] - expected) < 1e-4)
    qtbot.mouseClick(child(panel, QPushButton, f"predictions.view.{PICTURE}"), LEFT)
    until(qtbot, lambda: panel.surface.values is not None)
    assert window.trouble.text == ""
