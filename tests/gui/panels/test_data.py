"""The data panel: it shows a table and what its columns are for, and asks for every change."""

from dataclasses import replace

import msgspec
import pytest
from PySide6.QtCore import QModelIndex, QPoint, Qt
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QLabel,
    QPushButton,
    QScrollArea,
    QSlider,
    QWidget,
)
from pytestqt.qtbot import QtBot

from flux_studio.data.columns import Column, CsvFormat
from flux_studio.data.table import Table
from flux_studio.gui.panels.data import DataPanel, DataView
from flux_studio.gui.widgets.column_list import ColumnList
from flux_studio.gui.widgets.field_editors import WholeNumberEdit
from flux_studio.gui.widgets.note import Note
from flux_studio.gui.widgets.segmented import SegmentedControl
from flux_studio.gui.widgets.table_preview import TablePreview
from tests.gui.shown import child, settle, shown, themed

LEFT = Qt.MouseButton.LeftButton
COLUMNS = (
    Column("length"),
    Column("width", scaling="min_max"),
    Column("row", "ignore"),
    Column("species", "target", "category", "none"),
)


def table(rows: int = 150) -> Table:
    cells = tuple(tuple(f"{name}{row}" for row in range(rows)) for name in "lwrs")
    return Table("iris.csv", tuple(column.name for column in COLUMNS), cells, tuple(range(2, rows + 2)))


LOADED = DataView(table(), CsvFormat(), COLUMNS, 0.2, 120, 30)


@pytest.fixture
def panel(qtbot: QtBot) -> DataPanel:
    themed()
    data = shown(qtbot, DataPanel(), 300, 760)
    data.set_data(LOADED)
    settle()
    return data


def field(panel: DataPanel, name: str) -> SegmentedControl:
    return child(panel, SegmentedControl, f"data.{name}")


def choose(qtbot: QtBot, panel: DataPanel, name: str) -> None:
    qtbot.mouseClick(child(panel, QPushButton, f"data.{name}"), LEFT)


# Without a table


def test_without_a_table_it_says_what_to_do(qtbot: QtBot, panel: DataPanel) -> None:
    panel.set_data(DataView())
    assert not child(panel, TablePreview, "data.preview").isVisible()
    words = [label.text() for label in panel.findChildren(QLabel) if label.isVisible()]
    assert "Drop a CSV file here, or anywhere on the window" in words
    with qtbot.waitSignal(panel.open_requested):
        qtbot.mouseClick(child(panel, QPushButton, "data.open.first"), LEFT)


def test_a_problem_is_told_where_one_looks_first(panel: DataPanel) -> None:
    problem = child(panel, Note, "data.problem")
    assert not problem.isVisible()
    panel.set_data(DataView(problem="notes.csv is empty"))
    settle()
    assert problem.isVisible()
    assert problem.text == "notes.csv is empty"
    (label,) = problem.findChildren(QLabel)
    assert label.height() >= label.heightForWidth(label.width())
    panel.set_data(LOADED)
    assert not problem.isVisible()


# With a table


def test_the_table_is_introduced(panel: DataPanel) -> None:
    words = [label.text() for label in panel.findChildren(QLabel) if label.isVisible()]
    for text in ("iris.csv", "150 rows · 4 columns", "120 training · 30 validation"):
        assert text in words


def test_notes_are_shown(panel: DataPanel) -> None:
    panel.set_data(
        replace(LOADED, notes=("3 rows left out: a missing value in width", "words became categories"))
    )
    notes = child(panel, Note, "data.notes")
    assert notes.isVisible()
    assert notes.text == "3 rows left out: a missing value in width\nwords became categories"


def test_the_preview_has_the_first_fifty_rows_as_text(panel: DataPanel) -> None:
    model = child(panel, TablePreview, "data.preview").model()
    assert (model.rowCount(), model.columnCount()) == (50, 4)
    shown_cells = [[model.index(row, column).data() for column in range(4)] for row in (0, 49)]
    assert shown_cells == [["l0", "w0", "r0", "s0"], ["l49", "w49", "r49", "s49"]]
    names = [model.headerData(place, Qt.Orientation.Horizontal) for place in range(4)]
    assert names == ["length", "width", "row", "species"]
    assert model.rowCount(model.index(0, 0)) == 0
    assert not model.index(0, 0).flags() & Qt.ItemFlag.ItemIsEditable


def test_a_short_table_has_as_many_rows_as_it_has(panel: DataPanel) -> None:
    panel.set_data(replace(LOADED, table=table(3)))
    assert child(panel, TablePreview, "data.preview").model().rowCount() == 3


def test_header_colours_follow_the_roles(panel: DataPanel) -> None:
    preview = child(panel, TablePreview, "data.preview")
    preview.setColumnWidth(0, 60)
    before = preview.horizontalHeader().grab().toImage()
    columns = (msgspec.structs.replace(COLUMNS[0], role="target"), *COLUMNS[1:])
    panel.set_data(replace(LOADED, columns=columns))
    settle()
    after = preview.horizontalHeader().grab().toImage()
    assert before.pixelColor(30, 2) != after.pixelColor(30, 2)
    assert before.pixelColor(90, 2) == after.pixelColor(90, 2)


def test_nothing_but_the_preview_scrolls_sideways(panel: DataPanel) -> None:
    for area in panel.findChildren(QScrollArea):
        assert area.widget().width() <= area.viewport().width()
    for control in panel.findChildren(QPushButton):
        if control.isVisible():
            assert control.mapTo(panel, control.rect().topRight()).x() <= 300 - 12


def test_a_thousand_columns_cost_no_thousand_widgets(qtbot: QtBot, panel: DataPanel) -> None:
    before = len(panel.findChildren(QWidget))
    names = tuple(f"pixel {number}" for number in range(1_000))
    wide = Table("digits.csv", names, (("0",) * 60,) * 1_000, tuple(range(60)))
    panel.set_data(DataView(wide, CsvFormat(), tuple(Column(name) for name in names), 0.0, 60, 0))
    settle()
    # A scroll bar more or less.
    assert len(panel.findChildren(QWidget)) <= before + 4
    assert child(panel, ColumnList, "data.columns").model().rowCount(QModelIndex()) == 1_000


# How the text is read


def test_another_delimiter_is_asked_for(qtbot: QtBot, panel: DataPanel) -> None:
    delimiter = child(panel, QComboBox, "data.delimiter")
    assert [delimiter.itemText(place) for place in range(5)] == ["comma", "semicolon", "tab", "bar", "space"]
    delimiter.setFocus()
    with qtbot.waitSignal(panel.format_changed) as asked:
        qtbot.keyClick(delimiter, Qt.Key.Key_Down)
    assert asked.args == [CsvFormat(";", True)]


def test_the_header_is_asked_for(qtbot: QtBot, panel: DataPanel) -> None:
    header = child(panel, QCheckBox, "data.header")
    with qtbot.waitSignal(panel.format_changed) as asked:
        qtbot.mouseClick(header, LEFT)
    assert asked.args == [CsvFormat(",", False)]


def test_a_refused_format_does_not_stay_on_screen(qtbot: QtBot, panel: DataPanel) -> None:
    header = child(panel, QCheckBox, "data.header")
    qtbot.mouseClick(header, LEFT)
    assert header.isChecked()
    panel.format_changed.connect(lambda wanted: panel.set_data(replace(LOADED, format=wanted)))
    qtbot.mouseClick(header, LEFT)
    assert not header.isChecked()


def test_a_strange_delimiter_is_shown_as_it_is(panel: DataPanel) -> None:
    panel.set_data(replace(LOADED, format=CsvFormat("~", True)))
    assert child(panel, QComboBox, "data.delimiter").currentText() == "'~'"


# What columns are for


def test_the_target_is_selected_first(panel: DataPanel) -> None:
    assert child(panel, ColumnList, "data.columns").selected_names() == {"species"}
    assert (field(panel, "role").value, field(panel, "kind").value) == ("target", "category")


def test_a_click_on_a_line_shows_its_column(qtbot: QtBot, panel: DataPanel) -> None:
    columns = child(panel, ColumnList, "data.columns")
    place = columns.visualRect(columns.model().index(1, 0)).center()
    qtbot.mouseClick(columns.viewport(), LEFT, pos=place)
    values = {name: field(panel, name).value for name in ("role", "kind", "scaling")}
    assert values == {"role": "input", "kind": "number", "scaling": "min_max"}


def test_a_click_on_a_name_of_the_preview_selects_the_column(qtbot: QtBot, panel: DataPanel) -> None:
    header = child(panel, TablePreview, "data.preview").horizontalHeader()
    qtbot.mouseClick(header.viewport(), LEFT, pos=QPoint(20, 10))
    assert child(panel, ColumnList, "data.columns").selected_names() == {"length"}


@pytest.mark.parametrize(
    ("name", "field_name", "value"),
    [
        ("length", "role", "target"),
        ("length", "kind", "category"),
        ("length", "scaling", "none"),
        ("row", "role", "input"),
    ],
)
def test_one_column_is_changed(
    qtbot: QtBot, panel: DataPanel, name: str, field_name: str, value: str
) -> None:
    panel.select_columns(name)
    with qtbot.waitSignal(panel.columns_changed) as asked:
        choose(qtbot, panel, f"{field_name}.{value}")
    (columns,) = asked.args
    assert isinstance(columns, tuple)
    for before, after in zip(COLUMNS, columns, strict=True):
        changes = {field_name: value} if before.name == name else {}
        assert after == msgspec.structs.replace(before, **changes)


def test_several_columns_are_changed_at_once(qtbot: QtBot, panel: DataPanel) -> None:
    panel.select_columns("length", "width")
    assert field(panel, "role").value == "input"
    assert field(panel, "scaling").value is None
    with qtbot.waitSignal(panel.columns_changed) as asked:
        choose(qtbot, panel, "scaling.none")
    assert [column.scaling for column in asked.args[0]] == ["none", "none", "standard", "none"]


def test_the_same_again_asks_nothing(qtbot: QtBot, panel: DataPanel) -> None:
    with qtbot.assertNotEmitted(panel.columns_changed):
        choose(qtbot, panel, "role.target")


def test_a_refused_role_does_not_stay_on_screen(qtbot: QtBot, panel: DataPanel) -> None:
    choose(qtbot, panel, "role.ignore")
    assert field(panel, "role").value == "target"


def test_the_selection_survives_a_change(qtbot: QtBot, panel: DataPanel) -> None:
    panel.columns_changed.connect(lambda columns: panel.set_data(replace(LOADED, columns=columns)))
    panel.select_columns("length", "width")
    choose(qtbot, panel, "role.ignore")
    assert child(panel, ColumnList, "data.columns").selected_names() == {"length", "width"}
    assert field(panel, "role").value == "ignore"
    lines = child(panel, ColumnList, "data.columns").model()
    assert lines.index(0, 0).data(Qt.ItemDataRole.AccessibleTextRole) == "length: ignored"


def test_only_what_applies_can_be_chosen(panel: DataPanel) -> None:
    able = {}
    for name in ("length", "row", "species"):
        panel.select_columns(name)
        able[name] = [field(panel, one).isEnabled() for one in ("role", "kind", "scaling")]
    assert able == {"length": [True, True, True], "row": [True, False, False], "species": [True, True, False]}
    panel.select_columns()
    assert not field(panel, "role").isEnabled()


# Validation


def test_the_share_is_asked_for_by_slider_and_number(qtbot: QtBot, panel: DataPanel) -> None:
    slider, percent = (
        child(panel, QSlider, "data.validation"),
        child(panel, WholeNumberEdit, "data.validation.percent"),
    )
    assert (slider.value(), percent.value, slider.maximum()) == (20, 20, 50)
    slider.setFocus()
    with qtbot.waitSignal(panel.validation_changed) as asked:
        qtbot.keyClick(slider, Qt.Key.Key_Right)
    assert asked.args == [pytest.approx(0.21)]
    percent.setFocus()
    percent.selectAll()
    qtbot.keyClicks(percent, "35")
    with qtbot.waitSignal(panel.validation_changed) as asked:
        qtbot.keyClick(percent, Qt.Key.Key_Return)
    assert asked.args == [pytest.approx(0.35)]


def test_a_pulled_slider_moves_the_number_and_asks_once_it_is_let_go(qtbot: QtBot, panel: DataPanel) -> None:
    slider, percent = (
        child(panel, QSlider, "data.validation"),
        child(panel, WholeNumberEdit, "data.validation.percent"),
    )
    asked: list[float] = []
    panel.validation_changed.connect(asked.append)
    slider.setSliderDown(True)
    for position in (25, 30, 40):
        slider.setSliderPosition(position)
    assert percent.value == 40
    assert asked == []
    slider.setSliderDown(False)
    assert asked == [pytest.approx(0.4)]


def test_showing_a_share_asks_nothing(qtbot: QtBot, panel: DataPanel) -> None:
    with qtbot.assertNotEmitted(panel.validation_changed):
        panel.set_data(replace(LOADED, validation_fraction=0.333))
    assert child(panel, WholeNumberEdit, "data.validation.percent").value == 33


@pytest.mark.parametrize(("text", "words"), [("150", "150"), ("51 %", "51"), ("-1", "-1"), ("a", "'a'")])
def test_an_impossible_share_turns_red_in_words(
    qtbot: QtBot, panel: DataPanel, text: str, words: str
) -> None:
    percent = child(panel, WholeNumberEdit, "data.validation.percent")
    sentence = child(panel, QLabel, "data.validation.error")
    percent.setFocus()
    percent.selectAll()
    qtbot.keyClicks(percent, text)
    with qtbot.assertNotEmitted(panel.validation_changed):
        qtbot.keyClick(percent, Qt.Key.Key_Return)
    assert sentence.isVisible()
    assert (
        sentence.text() == f"the validation share must be a whole number from 0 to 50 per cent, not {words}"
    )
    panel.set_data(replace(LOADED, notes=("another note",)))
    assert (percent.text(), percent.property("error")) == (text, "true")
    qtbot.keyClick(percent, Qt.Key.Key_Escape)
    assert (percent.text(), percent.property("error"), sentence.isVisible()) == ("20 %", None, False)


def test_every_control_is_named_and_explained(panel: DataPanel) -> None:
    for name in ("open", "delimiter", "header", "preview", "columns", "validation", "validation.percent"):
        control = child(panel, QWidget, f"data.{name}")
        assert control.accessibleName()
        assert control.toolTip()
