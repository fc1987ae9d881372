"""Series in the window: windows, targets ahead and test rows are chosen, undone, kept, and trained with."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QPushButton
from pytestqt.qtbot import QtBot

from flux_studio import locations
from flux_studio.data.readers import read_table
from flux_studio.data.windows import Windowing
from flux_studio.gui import matrices, presenting
from flux_studio.gui.main_window import MainWindow
from flux_studio.gui.widgets.note import Note
from flux_studio.gui.widgets.number_edit import NumberEdit
from flux_studio.project import files
from flux_studio.project.defaults import new_project
from flux_studio.project.project import Project
from tests.gui.shown import child
from tests.gui.windows import open_window, sample, save, until


def series() -> Project:
    table = read_table(locations.sample("mackey-glass.csv"))
    project = new_project(table, windowing=Windowing(8, 1), test=0.1)
    return project.with_specification(project.specification.replace(iterations=200))


def ready(window: MainWindow) -> bool:
    return window.trainer.ready is not None


@pytest.fixture
def window(qtbot: QtBot) -> MainWindow:
    return open_window(qtbot, series())


def problem(window: MainWindow) -> str:
    return child(window, Note, "data.problem").text


def test_another_window_makes_another_network_and_undo_brings_the_first_back(
    qtbot: QtBot, window: MainWindow, tmp_path: Path
) -> None:
    before = window.document.project.specification
    child(window, NumberEdit, "data.window").type_text("5")
    until(qtbot, lambda: ready(window))
    assert window.document.undo_stack.undoText() == "Change window"
    assert window.trainer.ready is not None
    assert window.trainer.ready.shapes["layer-1", "weights_matrix"][0] == 5
    assert child(window, QLabel, "data.windows").text() == "windows of 5 rows, target 1 row ahead"
    save(window, tmp_path / "kept.flux")
    assert files.load(tmp_path / "kept.flux").specification.data.windowing == Windowing(5, 1)
    window.document.undo_stack.undo()
    assert window.document.project.specification == before
    until(qtbot, lambda: ready(window))
    assert window.trainer.ready.shapes["layer-1", "weights_matrix"][0] == 8


def test_without_a_target_ahead_it_says_why_it_cannot_train(qtbot: QtBot, window: MainWindow) -> None:
    child(window, NumberEdit, "data.ahead").type_text("0")
    assert "the network would read the very answer it is to give" in problem(window)
    assert window.trainer.ready is None
    child(window, NumberEdit, "data.ahead").type_text("2")
    until(qtbot, lambda: ready(window))
    assert problem(window) == ""


def test_a_window_larger_than_the_table_is_told(window: MainWindow) -> None:
    child(window, NumberEdit, "data.window").type_text("400")
    assert problem(window) == (
        "mackey-glass.csv: 300 rows are too few for a window of 400 rows with its target 1 row ahead, "
        "which takes 401: shorten the window, or give a longer table"
    )


def test_shares_are_chosen_undone_and_too_much_is_told(qtbot: QtBot, window: MainWindow) -> None:
    child(window, NumberEdit, "data.test").type_text("30")
    assert window.document.undo_stack.undoText() == "Change test rows"
    assert window.document.project.specification.data.test_fraction == 0.3
    child(window, NumberEdit, "data.validation").type_text("50")
    assert window.document.undo_stack.undoText() == "Change validation rows"
    child(window, NumberEdit, "data.test").type_text("50")
    assert "must leave some to train on" in problem(window)
    for _ in range(3):
        window.document.undo_stack.undo()
    assert window.document.project.specification.data.test_fraction == 0.1
    assert problem(window) == ""
    until(qtbot, lambda: ready(window))


def test_a_refused_number_is_told_in_the_windows_strip(qtbot: QtBot, window: MainWindow) -> None:
    child(window, NumberEdit, "data.window").type_text("0")
    assert "must lie between 1 and 1,000,000, not 0" in window.trouble.text


def test_rows_of_matrices_are_named_by_their_window(qtbot: QtBot, window: MainWindow) -> None:
    names = presenting.SampleNames(window.document.project.dataset())
    assert names.of(np.array([0, 3])) == ("rows 1–8", "rows 4–11")
    matrix = window.wall.find(("layer-1", "input_matrix"))
    assert matrix is not None
    rows, columns = matrices.labels(window.document.project, matrix, (189, 8), names.of(np.arange(2)))
    assert rows == ("rows 1–8", "rows 2–9")
    assert columns[:2] == ("x (t−7)", "x (t−6)")


def test_gaps_and_windows_across_parts_are_noted() -> None:
    project = series()
    assert presenting.data_view(project).notes == ("16 windows across two parts left out",)
    table = project.table
    cells = ["" if row == 9 else cell for row, cell in enumerate(table.column("x"))]
    gappy = Project(
        project.specification, type(table)(table.source, table.names, (tuple(cells),), table.lines)
    )
    count, first, across = presenting.data_view(gappy).notes
    assert count == "1 row with gaps:"
    assert first == "mackey-glass.csv, line 11: no value in 'x', so no window holds this row"
    assert across.endswith("windows across two parts left out")


def test_a_table_of_one_column_is_read_as_a_series(qtbot: QtBot) -> None:
    window = open_window(qtbot, sample("xor"))
    window.workbench.load_table(locations.sample("mackey-glass.csv"))
    assert problem(window) == ""
    assert child(window, QLabel, "data.windows").text() == "windows of 8 rows, target 1 row ahead"
    until(qtbot, lambda: ready(window))


def test_a_short_table_of_one_column_says_what_to_choose(qtbot: QtBot, tmp_path: Path) -> None:
    (tmp_path / "short.csv").write_text("x\n" + "".join(f"{row % 5}.5\n" for row in range(20)))
    window = open_window(qtbot, sample("xor"))
    window.workbench.load_table(tmp_path / "short.csv")
    assert problem(window).startswith("no inputs yet: ")
    assert problem(window).endswith("or Both for a series that is predicted from its own past")
    qtbot.mouseClick(child(window, QPushButton, "data.role.both"), Qt.MouseButton.LeftButton)
    assert "let the target stand 1 or more rows ahead" in problem(window)
    child(window, NumberEdit, "data.ahead").type_text("1")
    assert problem(window) == ""
    until(qtbot, lambda: ready(window))
