"""The data panel: it shows a table and what its columns are for, and asks for every change."""

from dataclasses import replace

import msgspec
import pytest
from PySide6.QtCore import QModelIndex, QPoint, Qt
from PySide6.QtGui import QFontMetricsF
from PySide6.QtWidgets import (
    QDockWidget,
    QLabel,
    QMainWindow,
    QPushButton,
    QScrollArea,
    QWidget,
)
from pytestqt.qtbot import QtBot

from flux_studio.data.columns import Column
from flux_studio.data.formats import TableFormat
from flux_studio.data.table import Table
from flux_studio.data.windows import Windowing
from flux_studio.gui.panels.data import DataPanel, DataView
from flux_studio.gui.widgets.column_list import ColumnList
from flux_studio.gui.widgets.field_editors import ChoiceEdit
from flux_studio.gui.widgets.note import Note
from flux_studio.gui.widgets.number_edit import NumberEdit
from flux_studio.gui.widgets.segmented import SegmentedControl
from flux_studio.gui.widgets.table_preview import TablePreview
from tests.gui.shown import child, settle, shown, themed

FIELDS = (
    "role",
    "kind",
    "missing",
    "fill",
    "indicator",
    "encoding",
    "order",
    "date_order",
    "parts",
    "scaling",
)
NUMBERS = ("window", "ahead", "validation", "test")
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


LOADED = DataView(table(), TableFormat(), COLUMNS, 0.2, 120, 30)


@pytest.fixture
def panel(qtbot: QtBot) -> DataPanel:
    themed()
    data = shown(qtbot, DataPanel(), 300, 760)
    data.set_data(LOADED)
    settle()
    return data


def value_of(panel: DataPanel, name: str) -> str | None:
    """What is shown as chosen; nothing where the field is not there."""
    control = child(panel, QWidget, f"data.{name}")
    if not control.isVisible():
        return None
    return control.value if isinstance(control, SegmentedControl) else control.currentData()


def choose(qtbot: QtBot, panel: DataPanel, name: str) -> None:
    """Choose as a person does: click a segment, or go through a list with the keys."""
    field, _, value = name.partition(".")
    if field == "role":
        qtbot.mouseClick(child(panel, QPushButton, f"data.{name}"), LEFT)
        return
    box = child(panel, ChoiceEdit, f"data.{field}")
    assert box.isVisible()
    box.showPopup()
    for key in (Qt.Key.Key_Home, *[Qt.Key.Key_Down] * box.findData(value), Qt.Key.Key_Return):
        qtbot.keyClick(box.view(), key)


# Without a table


def test_without_a_table_it_says_what_to_do(qtbot: QtBot, panel: DataPanel) -> None:
    panel.set_data(DataView())
    assert not child(panel, TablePreview, "data.preview").isVisible()
    words = [label.text() for label in panel.findChildren(QLabel) if label.isVisible()]
    assert "Drop a table here, or anywhere on the window" in words
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
    panel.set_data(DataView(wide, TableFormat(), tuple(Column(name) for name in names), 0.0, 60, 0))
    settle()
    # A scroll bar more or less.
    assert len(panel.findChildren(QWidget)) <= before + 4
    assert child(panel, ColumnList, "data.columns").model().rowCount(QModelIndex()) == 1_000


@pytest.mark.parametrize("width", [1, 240, 260, 300, 520])
def test_nothing_is_cut_however_narrow_it_is_made(panel: DataPanel, width: int) -> None:
    panel.resize(width, 760)
    settle()
    assert panel.minimumSizeHint().width() <= 262
    (area,) = (one for one in panel.findChildren(QScrollArea) if one.isVisible())
    assert area.widget().width() == area.viewport().width()
    for control in panel.findChildren(QPushButton):
        if control.isVisible():
            room = control.contentsRect().width() - (4 if control.property("segment") else 20)
            assert room >= control.fontMetrics().horizontalAdvance(control.text())
            right = control.mapTo(area.viewport(), control.rect().topRight()).x()
            assert right <= area.viewport().width() - 12


def test_the_dock_cannot_be_made_narrower_than_the_panel(qtbot: QtBot) -> None:
    themed()
    window = QMainWindow()
    dock = QDockWidget("Data")
    data = DataPanel()
    dock.setWidget(data)
    window.setCentralWidget(QWidget())
    window.addDockWidget(Qt.DockWidgetArea.RightDockWidgetArea, dock)
    shown(qtbot, window, 900, 700)
    data.set_data(LOADED)
    settle()
    window.resizeDocks([dock], [80], Qt.Orientation.Horizontal)
    settle()
    assert data.width() >= data.minimumSizeHint().width()
    (area,) = (one for one in data.findChildren(QScrollArea) if one.isVisible())
    assert area.widget().width() <= area.viewport().width()


def short_table(*cells: str) -> DataView:
    names = tuple(f"b{place}" for place in range(len(cells)))
    short = Table("short.csv", names, tuple((cell,) * 20 for cell in cells), tuple(range(20)))
    return DataView(short, TableFormat(), tuple(Column(name) for name in names), 0.0, 20, 0)


def test_five_short_columns_need_no_scrolling_at_300_pixels(panel: DataPanel) -> None:
    panel.set_data(short_table("0", "1", "0.6", "0.25", "1"))
    settle()
    preview = child(panel, TablePreview, "data.preview")
    assert not preview.horizontalScrollBar().isVisible()
    assert sum(preview.columnWidth(place) for place in range(5)) == preview.viewport().width()


def test_no_cell_is_cut_while_there_is_room(panel: DataPanel) -> None:
    panel.set_data(short_table("0.612345678", "1", "-12.25"))
    settle()
    preview = child(panel, TablePreview, "data.preview")
    for place, cell in enumerate(("0.612345678", "1", "-12.25")):
        room = preview.columnWidth(place) - 2 * 6
        assert room >= QFontMetricsF(preview.font()).horizontalAdvance(cell)
    panel.resize(600, 760)
    settle()
    assert sum(preview.columnWidth(place) for place in range(3)) == preview.viewport().width()


def test_columns_that_had_room_to_spare_give_it_back(panel: DataPanel) -> None:
    preview = child(panel, TablePreview, "data.preview")
    panel.set_data(short_table(*["0.612345678"] * 5))
    settle()
    narrow = [preview.columnWidth(place) for place in range(5)]
    panel.resize(900, 760)
    settle()
    assert sum(preview.columnWidth(place) for place in range(5)) == preview.viewport().width()
    panel.resize(300, 760)
    settle()
    assert [preview.columnWidth(place) for place in range(5)] == narrow


# How the text is read


@pytest.mark.parametrize(
    ("format", "words"),
    [
        (TableFormat(), "comma, header"),
        (TableFormat("~", header=False), "'~', no header"),
        (
            TableFormat(";", decimal=",", thousands=".", encoding="cp1252", comment="#", skip=2),
            "semicolon, header, decimal comma, thousands point, Windows-1252, comments #, 2 skipped",
        ),
        (TableFormat(layout="workbook", sheet="May"), "sheet May, header"),
        (TableFormat(layout="arrays", sheet="x,y"), "arrays, x,y"),
        (TableFormat(layout="records"), "JSON records"),
    ],
)
def test_it_says_how_the_table_was_read(panel: DataPanel, format: TableFormat, words: str) -> None:
    panel.set_data(replace(LOADED, format=format))
    assert child(panel, QLabel, "data.read_as").text() == f"read as: {words}"


def test_another_reading_is_asked_for(qtbot: QtBot, panel: DataPanel) -> None:
    with qtbot.waitSignal(panel.reading_requested):
        qtbot.mouseClick(child(panel, QPushButton, "data.change_reading"), LEFT)


def test_a_table_that_cannot_be_used_counts_no_rows_to_train_on(panel: DataPanel) -> None:
    panel.set_data(replace(LOADED, training_rows=0, validation_rows=0, problem="no target yet"))
    assert not child(panel, QLabel, "data.split").isVisible()
    panel.set_data(LOADED)
    assert child(panel, QLabel, "data.split").isVisible()


# What columns are for


def test_the_target_is_selected_first(panel: DataPanel) -> None:
    assert child(panel, ColumnList, "data.columns").selected_names() == {"species"}
    assert (value_of(panel, "role"), value_of(panel, "kind")) == ("target", "category")


def test_a_click_on_a_line_shows_its_column(qtbot: QtBot, panel: DataPanel) -> None:
    columns = child(panel, ColumnList, "data.columns")
    place = columns.visualRect(columns.model().index(1, 0)).center()
    qtbot.mouseClick(columns.viewport(), LEFT, pos=place)
    values = {name: value_of(panel, name) for name in ("role", "kind", "scaling")}
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
    assert value_of(panel, "role") == "input"
    assert value_of(panel, "scaling") is None
    with qtbot.waitSignal(panel.columns_changed) as asked:
        choose(qtbot, panel, "scaling.none")
    assert [column.scaling for column in asked.args[0]] == ["none", "none", "standard", "none"]


def test_the_same_again_asks_nothing(qtbot: QtBot, panel: DataPanel) -> None:
    with qtbot.assertNotEmitted(panel.columns_changed):
        choose(qtbot, panel, "role.target")


def test_a_refused_role_does_not_stay_on_screen(qtbot: QtBot, panel: DataPanel) -> None:
    choose(qtbot, panel, "role.ignore")
    assert value_of(panel, "role") == "target"


def test_the_selection_survives_a_change(qtbot: QtBot, panel: DataPanel) -> None:
    panel.columns_changed.connect(lambda columns: panel.set_data(replace(LOADED, columns=columns)))
    panel.select_columns("length", "width")
    choose(qtbot, panel, "role.ignore")
    assert child(panel, ColumnList, "data.columns").selected_names() == {"length", "width"}
    assert value_of(panel, "role") == "ignore"
    lines = child(panel, ColumnList, "data.columns").model()
    assert lines.index(0, 0).data(Qt.ItemDataRole.AccessibleTextRole) == "length: ignored"


def test_only_what_applies_can_be_chosen(panel: DataPanel) -> None:
    able = {}
    for name in ("length", "row", "species"):
        panel.select_columns(name)
        able[name] = [one for one in FIELDS if child(panel, QWidget, f"data.{one}").isVisible()]
    assert able == {
        "length": ["role", "kind", "missing", "scaling"],
        "row": ["role"],
        "species": ["role", "kind"],
    }
    panel.select_columns()
    assert not child(panel, SegmentedControl, "data.role").isEnabled()


# Samples and their parts


@pytest.mark.parametrize(
    ("name", "typed", "shares"),
    [
        ("validation", "35", [0.35, 0.1]),
        ("test", "25", [0.2, 0.25]),
        ("validation", "", [0.0, 0.1]),
        ("test", "0", [0.2, 0.0]),
    ],
)
def test_a_share_is_asked_for_beside_the_other(
    qtbot: QtBot, panel: DataPanel, name: str, typed: str, shares: list[float]
) -> None:
    panel.set_data(replace(LOADED, test_fraction=0.1))
    edit = child(panel, NumberEdit, f"data.{name}")
    edit.setFocus()
    edit.selectAll()
    qtbot.keyClick(edit, Qt.Key.Key_Delete)
    qtbot.keyClicks(edit, typed)
    with qtbot.waitSignal(panel.shares_changed) as asked:
        qtbot.keyClick(edit, Qt.Key.Key_Return)
    assert asked.args == pytest.approx(shares)
    # Nobody took the change up, so it does not stay on screen.
    assert (edit.value, edit.text()) == ((20, "20") if name == "validation" else (10, "10"))


def test_showing_shares_and_windows_asks_nothing(qtbot: QtBot, panel: DataPanel) -> None:
    asked: list[object] = []
    panel.shares_changed.connect(lambda *values: asked.append(values))
    panel.windowing_changed.connect(asked.append)
    panel.set_data(replace(LOADED, validation_fraction=0.333, test_fraction=0.0, windowing=Windowing(5, 2)))
    shown_texts = [child(panel, NumberEdit, f"data.{name}").text() for name in NUMBERS]
    assert shown_texts == ["5", "2", "33", ""]
    assert asked == []


@pytest.mark.parametrize(
    ("name", "typed", "wanted"), [("window", "12", Windowing(12, 0)), ("ahead", "3", Windowing(1, 3))]
)
def test_windows_are_asked_for(
    qtbot: QtBot, panel: DataPanel, name: str, typed: str, wanted: Windowing
) -> None:
    with qtbot.waitSignal(panel.windowing_changed) as asked:
        child(panel, NumberEdit, f"data.{name}").type_text(typed)
    assert asked.args == [wanted]
    panel.set_data(replace(LOADED, windowing=wanted))
    assert child(panel, QLabel, "data.windows").text() == wanted.text


def test_what_a_sample_is_stands_below_and_in_the_counts(panel: DataPanel) -> None:
    words, counts = child(panel, QLabel, "data.windows"), child(panel, QLabel, "data.split")
    assert (words.text(), counts.text()) == ("each row by itself", "120 training · 30 validation")
    panel.set_data(replace(LOADED, windowing=Windowing(8, 1), test_rows=15))
    assert words.text() == "windows of 8 rows, target 1 row ahead"
    assert counts.text() == "120 training · 30 validation · 15 test windows"


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        (
            "validation",
            "150",
            "the validation share must lie between 1 and 50, or be empty for none, not 150",
        ),
        ("test", "-1", "the test share must lie between 1 and 50, or be empty for none, not -1"),
        ("test", "a", "the test share must be a whole number such as 1,000, not 'a'"),
        ("window", "0", "the number of rows in a window must lie between 1 and 1,000,000, not 0"),
        ("ahead", "-2", "the number of rows ahead must lie between 0 and 1,000,000, not -2"),
    ],
)
def test_an_impossible_number_turns_red_in_words(
    qtbot: QtBot, panel: DataPanel, name: str, text: str, words: str
) -> None:
    edit = child(panel, NumberEdit, f"data.{name}")
    before = edit.text()
    edit.setFocus()
    edit.selectAll()
    qtbot.keyClicks(edit, text)
    asked: list[object] = []
    panel.shares_changed.connect(lambda *values: asked.append(values))
    panel.windowing_changed.connect(asked.append)
    with qtbot.waitSignal(panel.refused) as refused:
        qtbot.keyClick(edit, Qt.Key.Key_Return)
    assert refused.args == [words]
    assert asked == []
    panel.set_data(replace(LOADED, notes=("another note",)))
    assert (edit.text(), edit.property("error")) == (text, "true")
    qtbot.keyClick(edit, Qt.Key.Key_Escape)
    assert (edit.text(), edit.property("error")) == (before, None)


def test_a_column_can_be_input_and_target(qtbot: QtBot, panel: DataPanel) -> None:
    panel.select_columns("length")
    with qtbot.waitSignal(panel.columns_changed) as asked:
        choose(qtbot, panel, "role.both")
    assert [column.role for column in asked.args[0]] == ["both", "input", "ignore", "target"]
    panel.set_data(replace(LOADED, columns=asked.args[0]))
    assert value_of(panel, "role") == "both"
    lines = child(panel, ColumnList, "data.columns").model()
    told = lines.index(0, 0).data(Qt.ItemDataRole.AccessibleTextRole)
    assert told == "length: input and target · number · standard"


def test_every_control_is_named_and_explained(panel: DataPanel) -> None:
    for name in ("open", "change_reading", "preview", "columns", *NUMBERS):
        control = child(panel, QWidget, f"data.{name}")
        assert control.accessibleName()
        assert control.toolTip()
