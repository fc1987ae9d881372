"""Tables in the real window: looked at before they are opened where that is needed, and read beside the window."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QMimeData, QPoint, Qt, QUrl
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QComboBox, QLabel, QPushButton, QSpinBox
from pytestqt.qtbot import QtBot

from flux_studio.data.readers import read_table
from flux_studio.data.table import Table
from flux_studio.gui import reading
from flux_studio.gui.main_window import MainWindow
from flux_studio.gui.reading_dialog import ReadingDialog
from flux_studio.gui.widgets.table_preview import TablePreview
from tests.gui.drag import drag_drop
from tests.gui.endless import assert_alive, endless
from tests.gui.shown import child, settle
from tests.gui.windows import open_window, until

LEFT = Qt.MouseButton.LeftButton
BROKEN = Path(__file__).parents[1] / "data" / "broken"
GERMAN = "Größe;Gewicht;Art\r\n1,5;2,5;groß\r\n2,5;1,5;klein\r\n3,5;7,25;groß\r\n1,0;0,5;klein\r\n"


@pytest.fixture
def window(qtbot: QtBot) -> MainWindow:
    return open_window(qtbot, endless())


def drop(window: MainWindow, path: Path) -> None:
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(path))])
    assert drag_drop(window, mime, QPoint(600, 300))


def dialog_of(window: MainWindow) -> ReadingDialog:
    (dialog,) = (each for each in window.findChildren(ReadingDialog) if each.isVisible())
    return dialog


def asks(window: MainWindow) -> bool:
    return any(each.isVisible() for each in window.findChildren(ReadingDialog))


def choose(dialog: ReadingDialog, name: str, value: object) -> None:
    """As a person does: the entry is picked in the list."""
    box = child(dialog, QComboBox, f"reading.{name}")
    box.setCurrentIndex(box.findData(value))
    box.activated.emit(box.currentIndex())


def shown(dialog: ReadingDialog) -> list[list[str]]:
    model = child(dialog, TablePreview, "reading.preview").model()
    return [
        [model.index(row, column).data() for column in range(model.columnCount())]
        for row in range(model.rowCount())
    ]


def large(path: Path, rows: int = 120_000) -> Path:
    path.write_text("a,b,t\n" + "".join(f"{row},{row % 13},{row % 3}\n" for row in range(rows)))
    return path


class TestLooking:
    def test_a_plain_table_is_opened_without_a_question(self, window: MainWindow, tmp_path: Path) -> None:
        (tmp_path / "plain.csv").write_text("a,b\n1,2\n3,4\n5,7\n")
        drop(window, tmp_path / "plain.csv")
        assert not asks(window)
        assert window.document.project.table.source == "plain.csv"
        assert child(window, QLabel, "data.read_as").text() == "read as: comma, header"

    def test_a_doubtful_one_is_shown_first_and_corrected(
        self, qtbot: QtBot, window: MainWindow, tmp_path: Path
    ) -> None:
        (tmp_path / "german.csv").write_bytes(GERMAN.encode("cp1252"))
        before = window.document.project
        drop(window, tmp_path / "german.csv")
        dialog = dialog_of(window)
        assert window.document.project is before
        assert shown(dialog)[0] == ["1.5", "2.5", "groß"]
        choose(dialog, "decimal", ".")
        assert shown(dialog)[0] == ["1,5", "2,5", "groß"]
        choose(dialog, "encoding", "cp1251")
        assert shown(dialog)[0][2] != "groß"
        choose(dialog, "encoding", "cp1252")
        choose(dialog, "decimal", ",")
        qtbot.mouseClick(child(dialog, QPushButton, "reading.open"), LEFT)
        assert window.document.project.table.names == ("Größe", "Gewicht", "Art")
        assert window.document.project.specification.data.format.decimal == ","
        assert "decimal comma" in child(window, QLabel, "data.read_as").text()
        assert_alive(qtbot, window)

    def test_trouble_is_told_with_its_line_and_can_be_skipped(
        self, qtbot: QtBot, window: MainWindow, tmp_path: Path
    ) -> None:
        (tmp_path / "report.csv").write_text(
            "Report of May\nprinted by, me, and, you\n\na,b\n1,2\n3,4\n5,6\n"
        )
        drop(window, tmp_path / "report.csv")
        dialog = dialog_of(window)
        assert "line" in dialog.trouble
        assert not child(dialog, QPushButton, "reading.open").isEnabled()
        skip = child(dialog, QSpinBox, "reading.skip")
        skip.setFocus()
        skip.selectAll()
        qtbot.keyClicks(skip, "3")
        assert dialog.trouble == ""
        assert shown(dialog)[0] == ["1", "2"]
        qtbot.mouseClick(child(dialog, QPushButton, "reading.open"), LEFT)
        assert window.document.project.table.names == ("a", "b")

    def test_escape_leaves_everything_as_it_was(
        self, qtbot: QtBot, window: MainWindow, tmp_path: Path
    ) -> None:
        (tmp_path / "german.csv").write_bytes(GERMAN.encode("cp1252"))
        before = window.document.project
        drop(window, tmp_path / "german.csv")
        qtbot.keyClick(dialog_of(window), Qt.Key.Key_Escape)
        assert not asks(window)
        assert window.document.project is before

    @pytest.mark.parametrize("name", ["ragged-behind-comment.csv", "header-only.csv", "long-row.csv"])
    def test_a_broken_file_that_may_be_read_otherwise_is_shown(self, window: MainWindow, name: str) -> None:
        before = window.document.project
        drop(window, BROKEN / name)
        assert name in dialog_of(window).trouble
        assert window.document.project is before

    @pytest.mark.parametrize("name", ["empty.csv", "photo.csv", "model.pkl", "cut-short.npy", "half.zip"])
    def test_a_hopeless_one_is_told_at_once(self, window: MainWindow, name: str) -> None:
        before = window.document.project
        drop(window, BROKEN / name)
        assert not asks(window)
        assert name in window.trouble.text
        assert window.document.project is before

    def test_the_reading_can_be_changed_afterwards(
        self, qtbot: QtBot, window: MainWindow, tmp_path: Path
    ) -> None:
        (tmp_path / "plain.csv").write_text("a;b\n1;2\n3;4\n5;7\n")
        drop(window, tmp_path / "plain.csv")
        window.docks.bring("data")
        qtbot.mouseClick(child(window, QPushButton, "data.change_reading"), LEFT)
        dialog = dialog_of(window)
        choose(dialog, "header", False)
        assert shown(dialog)[0] == ["a", "b"]
        qtbot.mouseClick(child(dialog, QPushButton, "reading.open"), LEFT)
        assert window.document.project.table.names == ("column 1", "column 2")
        assert window.document.undo_stack.undoText() == "Change how the table is read"

    def test_what_came_with_the_project_says_why_it_cannot_be_read_again(
        self, qtbot: QtBot, window: MainWindow
    ) -> None:
        window.filing.change_reading()
        assert not asks(window)
        assert "the table came with the project" in window.data._problem.text


class TestPasting:
    def test_cells_of_a_spreadsheet_become_the_data(self, qtbot: QtBot, window: MainWindow) -> None:
        QGuiApplication.clipboard().setText("x\ty\n1\t2\n2\t4\n3\t6\n")
        window.wall.setFocus()
        qtbot.keyClick(window, Qt.Key.Key_V, Qt.KeyboardModifier.ControlModifier)
        dialog = dialog_of(window)
        assert dialog.format.delimiter == "\t"
        qtbot.mouseClick(child(dialog, QPushButton, "reading.open"), LEFT)
        assert window.document.project.table.names == ("x", "y")
        assert window.document.undo_stack.undoText() == "Load clipboard"
        assert_alive(qtbot, window)

    def test_a_copied_file_is_taken_like_a_dropped_one(self, window: MainWindow, tmp_path: Path) -> None:
        (tmp_path / "copied.csv").write_text("a,b\n1,2\n3,4\n5,7\n")
        mime = QMimeData()
        mime.setUrls([QUrl.fromLocalFile(str(tmp_path / "copied.csv"))])
        QGuiApplication.clipboard().setMimeData(mime)
        window.actions_by_name["edit.paste_table"].trigger()
        assert window.document.project.table.source == "copied.csv"

    def test_nothing_to_paste_is_told(self, window: MainWindow) -> None:
        QGuiApplication.clipboard().setText("   ")
        window.actions_by_name["edit.paste_table"].trigger()
        assert "clipboard holds no table" in window.trouble.text


class TestBesideTheWindow:
    def test_a_large_table_is_read_while_the_old_document_is_there(
        self, qtbot: QtBot, window: MainWindow, tmp_path: Path
    ) -> None:
        path, before = large(tmp_path / "large.csv"), window.document.project
        window.workbench.load_table(path)
        assert window.workbench.working.busy
        assert window.document.project is before
        until(qtbot, lambda: not window.workbench.working.busy)
        assert window.document.project.table.rows == 120_000
        assert window.status.work.text == ""
        window.document.undo_stack.undo()
        assert window.document.project.table is before.table

    def test_cancelled_in_the_middle_it_leaves_no_trace(
        self, qtbot: QtBot, window: MainWindow, tmp_path: Path
    ) -> None:
        path, before = large(tmp_path / "large.csv", 400_000), window.document.project
        seen: list[float] = []
        window.workbench.working.progressed.connect(lambda _, share: seen.append(share))
        window.workbench.load_table(path)
        until(qtbot, lambda: seen[-1] > 0)
        window.status.work.show()
        assert "Reading large.csv" in window.status.work.text
        qtbot.mouseClick(child(window, QPushButton, "action.work.cancel"), LEFT)
        assert not window.workbench.working.busy
        until(qtbot, lambda: not window.workbench.working._background.isRunning())
        settle()
        assert window.document.project is before
        assert not window.document.modified
        assert window.trouble.text == ""
        assert window.status.work.text == ""

    def test_the_newest_wish_wins(self, qtbot: QtBot, window: MainWindow, tmp_path: Path) -> None:
        window.workbench.load_table(large(tmp_path / "first.csv", 300_000))
        window.workbench.load_table(large(tmp_path / "second.csv"))
        until(qtbot, lambda: not window.workbench.working.busy)
        assert window.document.project.table.source == "second.csv"
        assert window.document.undo_stack.count() == 1

    def test_layers_added_meanwhile_stay(self, qtbot: QtBot, window: MainWindow, tmp_path: Path) -> None:
        window.workbench.load_table(large(tmp_path / "large.csv"))
        layers = len(window.workbench.specification.layers)
        window.actions_by_name["network.add"].trigger()
        until(qtbot, lambda: not window.workbench.working.busy)
        assert window.document.project.table.source == "large.csv"
        assert len(window.workbench.specification.layers) == layers + 1

    def test_a_file_that_vanishes_changes_nothing(
        self, qtbot: QtBot, window: MainWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        path, before = large(tmp_path / "large.csv"), window.document.project

        def vanishing(*arguments: Any) -> Table:
            path.unlink()
            return read_table(*arguments)

        monkeypatch.setattr(reading, "read_table", vanishing)
        window.workbench.load_table(path)
        until(qtbot, lambda: not window.workbench.working.busy)
        assert window.document.project is before
        assert "large.csv" in window.trouble.text

    def test_a_fault_far_below_is_told_with_its_line(
        self, qtbot: QtBot, window: MainWindow, tmp_path: Path
    ) -> None:
        path, before = large(tmp_path / "late.csv"), window.document.project
        with path.open("a") as file:
            file.write("1,2\n")
        drop(window, path)
        until(qtbot, lambda: not window.workbench.working.busy)
        assert window.document.project is before
        assert "late.csv, line 120002" in window.trouble.text.replace(",00", "00")

    def test_a_packed_one_comes_the_same_way(self, qtbot: QtBot, window: MainWindow, tmp_path: Path) -> None:
        text = large(tmp_path / "large.csv", 20_000).read_bytes()
        (tmp_path / "large.csv.gz").write_bytes(gzip.compress(text))
        drop(window, tmp_path / "large.csv.gz")
        until(qtbot, lambda: not window.workbench.working.busy)
        assert window.document.project.table.rows == 20_000

    def test_closing_while_loading_ends_it(self, qtbot: QtBot, window: MainWindow, tmp_path: Path) -> None:
        window.workbench.load_table(large(tmp_path / "large.csv", 400_000))
        thread = window.workbench.working._background
        assert window.close()
        assert thread.isFinished()

    def test_predictions_are_written_beside_the_window(
        self, qtbot: QtBot, window: MainWindow, tmp_path: Path
    ) -> None:
        names = window.document.project.dataset().preprocessor.input_encoders
        header = ",".join(encoder.column for encoder in names)
        row = ",".join("1" for _ in names)
        (tmp_path / "asked.csv").write_text(f"{header}\n" + f"{row}\n" * 20_000)
        with qtbot.waitSignal(window.workbench.informed, timeout=60_000) as told:
            window.workbench.predict(tmp_path / "asked.csv", tmp_path / "out.csv")
            assert window.workbench.working.busy
        assert told.args == ["predictions written to out.csv"]
        assert len((tmp_path / "out.csv").read_text().splitlines()) == 20_001

    def test_predictions_that_are_cancelled_leave_no_file(
        self, qtbot: QtBot, window: MainWindow, tmp_path: Path
    ) -> None:
        names = window.document.project.dataset().preprocessor.input_encoders
        header = ",".join(encoder.column for encoder in names)
        (tmp_path / "asked.csv").write_text(f"{header}\n" + f"{','.join('1' for _ in names)}\n" * 200_000)
        window.workbench.predict(tmp_path / "asked.csv", tmp_path / "out.csv")
        window.workbench.working.cancel()
        until(qtbot, lambda: not window.workbench.working._background.isRunning())
        assert not (tmp_path / "out.csv").exists()
