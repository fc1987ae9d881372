"""Taking matrices away through the real window: the menus, the files, the clipboard, and what goes wrong."""

from __future__ import annotations

import csv
import threading
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QAction, QContextMenuEvent, QGuiApplication, QImage
from PySide6.QtWidgets import QApplication, QMenu, QToolButton, QWidget
from pytestqt.qtbot import QtBot

from flux_studio.export import matrices as tables
from flux_studio.export.matrices import NamedMatrix, as_csv
from flux_studio.gui import trainer
from flux_studio.gui.main_window import MainWindow
from flux_studio.gui.taking import FORMATS
from tests.gui.shown import child
from tests.gui.windows import Answers, open_window, sample, until

SUM = ("layer-1", "weight_input_bias_matrix")
WEIGHTS = ("layer-2", "weights_matrix")


@pytest.fixture
def window(qtbot: QtBot) -> MainWindow:
    return open_window(qtbot, sample("parity-4"))


def right_click(window: MainWindow, widget: QWidget, place: QPoint) -> QMenu:
    event = QContextMenuEvent(QContextMenuEvent.Reason.Mouse, place, widget.mapToGlobal(place))
    QApplication.sendEvent(widget, event)
    return window.findChildren(QMenu, "matrices.menu")[-1]


def choose(qtbot: QtBot, menu: QMenu, name: str) -> None:
    """Click an entry of a menu that is open."""
    until(qtbot, menu.isVisible)
    place = menu.actionGeometry(child(menu, QAction, f"action.matrix.{name}")).center()
    qtbot.mouseClick(menu, Qt.MouseButton.LeftButton, pos=place)


def answers(window: MainWindow) -> Answers:
    assert isinstance(window.dialogs, Answers)
    return window.dialogs


def test_a_tile_becomes_a_csv_with_names(qtbot: QtBot, window: MainWindow, tmp_path: Path) -> None:
    out = answers(window).out = tmp_path / "taken.csv"
    menu = right_click(window, window.wall.viewport(), window.wall.tile_rect(SUM).center())
    choose(qtbot, menu, "csv")
    until(qtbot, lambda: window.status.currentMessage() == "saved taken.csv")
    assert answers(window).asked[-1].endswith("dense-1-weight_input_bias_matrix.csv")
    header, *lines = csv.reader(out.read_text().splitlines())
    assert window.focus.matrix == SUM
    assert header == ["a", *(f"n{place}" for place in range(8))]
    assert [line[0] for line in lines] == [window.focus_panel.grid.row_label(row) for row in range(16)]
    assert window.focus.frame is not None
    numbers = np.array([line[1:] for line in lines], np.float32)
    np.testing.assert_array_equal(numbers, window.focus.frame.matrices[SUM])


def test_the_window_lives_on_while_files_are_made_one_after_the_other(
    qtbot: QtBot, window: MainWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    may_go_on, made = threading.Event(), []

    def slow(matrix: NamedMatrix) -> bytes:
        assert may_go_on.wait(60)
        made.append(threading.current_thread())
        return as_csv(matrix)

    monkeypatch.setattr(tables, "as_csv", slow)
    for name in ("first.csv", "second.csv"):
        answers(window).out = tmp_path / name
        window.taking.save(SUM, FORMATS[0])
    until(qtbot, lambda: window.status.currentMessage() == "saving first.csv…")
    with qtbot.waitSignal(window.frame_shown, timeout=60_000):
        window.actions_by_name["train.step"].trigger()
    assert not list(tmp_path.iterdir())
    may_go_on.set()
    until(qtbot, lambda: window.status.currentMessage() == "saved second.csv")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["first.csv", "second.csv"]
    assert threading.main_thread() not in made


def test_the_button_beside_the_numbers_has_the_same_menu(
    qtbot: QtBot, window: MainWindow, tmp_path: Path
) -> None:
    window.focus.choose(WEIGHTS)
    button = child(window, QToolButton, "matrices.take")
    for name in ("npz", "png", "svg", "tex"):
        out = answers(window).out = tmp_path / f"taken.{name}"
        # A click would not come back before the menu is closed again.
        button.menu().popup(button.mapToGlobal(QPoint()))
        choose(qtbot, button.menu(), name)
        until(qtbot, out.exists)
    with np.load(tmp_path / "taken.npz") as archive:
        assert archive["values"].shape == (8, 4)
        assert archive["columns"].tolist() == ["n0", "n1", "n2", "n3"]
    formula = (tmp_path / "taken.tex").read_text()
    assert formula.startswith("% Dense 2 · weights_matrix, iteration 0\n% rows: ")
    assert formula.count(r"\\") == 7
    picture = QImage(str(tmp_path / "taken.png"))
    assert min(picture.width(), picture.height()) > 200
    drawing = ElementTree.fromstring((tmp_path / "taken.svg").read_text())
    texts = "".join("".join(each.itertext()) for each in drawing.iter())
    assert "Dense 2 · weights_matrix" in texts
    assert "w · 8×4 · iteration 0 · colours from" in texts


def test_all_rows_are_taken_not_only_those_on_screen(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trainer, "SHOWN_ROWS", 5)
    window = open_window(qtbot, sample("parity-4"))
    key = ("layer-1", "activated_output_matrix")
    window.focus.choose(key)
    window.actions_by_name["edit.copy_matrix"].trigger()
    clipboard = QGuiApplication.clipboard()
    clipboard.clear()
    until(qtbot, lambda: bool(clipboard.text()))
    assert window.trainer.ready is not None
    rows, columns = window.trainer.ready.shapes[key]
    lines = [line.split("\t") for line in clipboard.text().splitlines()]
    assert (len(lines) - 1, len(lines[0]) - 1) == (rows, columns)
    assert (rows, len(window.focus.frame.matrices[key])) == (16, 5)  # type: ignore[union-attr]


def test_a_picture_reaches_the_clipboard(qtbot: QtBot, window: MainWindow) -> None:
    clipboard = QGuiApplication.clipboard()
    clipboard.clear()
    menu = right_click(window, window.focus_panel.grid.viewport(), QPoint(200, 60))
    choose(qtbot, menu, "copy_picture")
    until(qtbot, lambda: not clipboard.image().isNull())
    assert clipboard.image().width() > 400


def test_a_matrix_is_copied_as_latex(qtbot: QtBot, window: MainWindow) -> None:
    clipboard = QGuiApplication.clipboard()
    clipboard.clear()
    window.focus.choose(WEIGHTS)
    choose(qtbot, right_click(window, window.focus_panel.grid.viewport(), QPoint(200, 60)), "copy_latex")
    until(qtbot, lambda: bool(clipboard.text()))
    assert "w = \\left(\\begin{array}{*{4}{r}}" in clipboard.text()
    assert window.status.currentMessage() == "copied Dense 2 · weights_matrix, 8 × 4 as LaTeX"


def test_a_whole_step_becomes_a_worked_example(qtbot: QtBot, window: MainWindow, tmp_path: Path) -> None:
    window.trainer.step()
    until(qtbot, lambda: window.trainer.iteration == 1)
    out = answers(window).out = tmp_path / "step.tex"
    window.actions_by_name["file.worked_example"].trigger()
    until(qtbot, out.exists)
    text = out.read_text(encoding="utf-8")
    assert "iteration 1 worked out" in text
    assert r"\subsection*{Dense 1}" in text
    assert "rounded to 5 significant digits" in text
    assert answers(window).asked[-1].endswith("-worked-example.tex")
    until(qtbot, lambda: window.status.currentMessage() == "saved step.tex: iteration 1 worked out")


def test_half_an_iteration_is_not_worked_out(qtbot: QtBot, window: MainWindow, tmp_path: Path) -> None:
    window.trainer.step("operation")
    until(qtbot, lambda: not window.trainer.is_now)
    out = answers(window).out = tmp_path / "step.tex"
    window.actions_by_name["file.worked_example"].trigger()
    until(qtbot, window.trouble.isVisible)
    assert "only half done" in window.trouble.text
    assert not out.exists()


def test_what_cannot_be_written_is_told_in_words(qtbot: QtBot, window: MainWindow, tmp_path: Path) -> None:
    answers(window).out = tmp_path / "nowhere" / "taken.csv"
    choose(qtbot, right_click(window, window.focus_panel.grid.viewport(), QPoint(200, 60)), "csv")
    until(qtbot, window.trouble.isVisible)
    assert "nowhere" in window.trouble.text
    assert not window.status.currentMessage()


def test_a_dialog_that_is_left_takes_nothing(qtbot: QtBot, window: MainWindow) -> None:
    answers(window).out = None
    choose(qtbot, right_click(window, window.focus_panel.grid.viewport(), QPoint(200, 60)), "csv")
    assert not window.taking._waiting


def test_the_colours_are_chosen_in_the_header(qtbot: QtBot, window: MainWindow) -> None:
    button = child(window, QWidget, "matrices.range")
    assert button.text() == "colour range: this moment"  # type: ignore[attr-defined]
    child(window, QAction, "action.range.linked").trigger()
    assert button.text() == "colour range: this moment, rows linked"  # type: ignore[attr-defined]
    keys = [("layer-1", name) for name in ("input_matrix", "weights_matrix", "weight_input_bias_matrix")]
    assert len({window.wall.level(key) for key in keys}) == 1
    child(window, QAction, "action.range.linked").trigger()
    child(window, QAction, "action.range.locked").trigger()
    until(qtbot, lambda: len(window.wall.visible_keys()) > 11)
    before = {key: window.wall.level(key) for key in window.wall.visible_keys()}
    with qtbot.waitSignal(window.trainer.finished, timeout=60_000):
        window.actions_by_name["train.toggle"].trigger()
    until(qtbot, lambda: window.trainer.iteration == 2_000)
    assert {key: window.wall.level(key) for key in window.wall.visible_keys()} == before
