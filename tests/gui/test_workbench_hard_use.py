"""Hard use of the window: files that go, odd tables and networks, failures; it is alive after each."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtWidgets import QPushButton
from pytestqt.qtbot import QtBot

from flux_studio.data.formats import TableFormat
from flux_studio.gui.main_window import MainWindow
from flux_studio.gui.widgets.typed_edit import TypedEdit
from flux_studio.locations import sample as sample_path
from flux_studio.project import files
from flux_studio.project.specification import OptimizerSpecification, Place
from flux_studio.training.bursts import Bursts
from flux_studio.training.session import Session
from tests.gui.endless import assert_alive, endless, loaded, rest, train
from tests.gui.shown import settle
from tests.gui.windows import open_window, save, until


@pytest.fixture
def window(qtbot: QtBot) -> MainWindow:
    return open_window(qtbot, endless())


class TestFiles:
    def test_a_table_that_is_gone_cannot_be_cut_anew(
        self, qtbot: QtBot, window: MainWindow, tmp_path: Path
    ) -> None:
        path = loaded(qtbot, window, tmp_path, "a;b\n1;2\n2;3\n4;4\n")
        assert window.document.project.table.names == ("a", "b")
        path.unlink()
        before = window.document.project
        with qtbot.waitSignal(window.workbench.data_refused) as refused:
            window.workbench.set_format(TableFormat(",", header=True))
        assert "here is no file" in refused.args[0]
        assert window.document.project is before
        assert_alive(qtbot, window)

    def test_another_delimiter_reads_the_table_that_is_shown(
        self, qtbot: QtBot, window: MainWindow, tmp_path: Path
    ) -> None:
        """After undo it is an earlier one, not the one that was loaded last."""
        first, second = tmp_path / "first.csv", tmp_path / "second.csv"
        first.write_text("a;b\n1;2\n2;3\n4;4\n")
        second.write_text("c;d\n5;6\n6;7\n8;8\n")
        window.workbench.load_table(first)
        window.workbench.load_table(second)
        window.document.undo_stack.undo()
        window.workbench.set_format(TableFormat(";", header=False))
        table = window.document.project.table
        assert (table.source, table.names, table.rows) == ("first.csv", ("column 1", "column 2"), 4)
        window.workbench.set_format(TableFormat(";", header=True))  # and once more, from the table cut anew
        assert window.document.project.table.names == ("a", "b")
        while window.document.undo_stack.canUndo():
            window.document.undo_stack.undo()
        with qtbot.waitSignal(window.workbench.data_refused) as refused:
            window.workbench.set_format(TableFormat(";", header=True))
        assert "the table came with the project" in refused.args[0]
        assert window.document.project.table.source == "parity-4.csv"

    def test_a_project_file_that_is_gone_is_written_again(
        self, qtbot: QtBot, window: MainWindow, tmp_path: Path
    ) -> None:
        path = tmp_path / "mine.flux"
        assert save(window, path)
        path.unlink()
        assert_alive(qtbot, window)
        assert save(window, path)
        assert files.load(path).run is not None

    def test_a_folder_that_is_gone_loses_nothing(
        self, qtbot: QtBot, window: MainWindow, tmp_path: Path
    ) -> None:
        folder = tmp_path / "folder"
        folder.mkdir()
        assert save(window, folder / "mine.flux")
        (folder / "mine.flux").unlink()
        folder.rmdir()
        train(qtbot, window)
        rest(qtbot, window)
        assert not save(window, folder / "mine.flux")
        assert "make it first" in window.trouble.text
        assert window.isWindowModified()

    def test_a_read_only_file_is_not_replaced(self, window: MainWindow, tmp_path: Path) -> None:
        path = tmp_path / "mine.flux"
        path.write_text("precious")
        path.chmod(0o444)
        assert not save(window, path)
        assert "mine.flux: this file is read-only" in window.trouble.text
        assert path.read_text() == "precious"
        assert window.document.path is None

    def test_predictions_that_cannot_be_made_are_told(self, window: MainWindow, tmp_path: Path) -> None:
        window.workbench.predict(sample_path("iris.csv"), tmp_path / "p.csv")
        assert "has no column 'b3'" in window.trouble.text
        window.workbench.predict(tmp_path / "none.csv", tmp_path / "p.csv")
        assert "here is no file" in window.trouble.text
        assert list(tmp_path.iterdir()) == []


class TestOddShapes:
    def test_sixty_layers(self, qtbot: QtBot, window: MainWindow) -> None:
        layers = window.workbench.specification.layers
        many = [layers[0]]
        for number in range(58):
            many.append(type(layers[0])(f"more-{number}", "dense.v1", {"units": 8, "activation": "tanh"}))
        many.append(type(layers[0])("last", "dense.v1", {"units": 1, "activation": "sigmoid"}))
        specification = window.workbench.specification.replace(layers=tuple(many))
        window.document.edit("Sixty layers", specification)
        assert len(window.workbench.specification.layers) == 60
        assert_alive(qtbot, window)
        assert window.trainer.ready.parameter_count == 4 * 8 + 8 + 58 * (8 * 8 + 8) + 8 + 1
        assert len(window.wall.visible_keys()) < 200  # only what is on screen is copied for it

    @pytest.mark.parametrize(
        "text",
        [
            "x,t\n1,5\n",
            "x,t\nNaN,1\nnull,2\n3,3\n,4\n5,5\n",
            "x,t\n1e-30,1\n2e-30,2\n3e-30,3\n",
            "x,t\n1,1e30\n2,-1e30\n3,1e30\n",
            "x,t\n" + "".join(f"{number},{number % 7}\n" for number in range(20_000)),
            ",".join([*map(str, range(300)), "t"]) + "\n" + ("1," * 300 + "0\n" + "2," * 300 + "1\n") * 3,
        ],
        ids=["one row", "gaps", "tiny", "huge", "long", "wide"],
    )  # fmt: skip
    def test_odd_tables_train(self, qtbot: QtBot, window: MainWindow, tmp_path: Path, text: str) -> None:
        loaded(qtbot, window, tmp_path, text)
        assert window.document.project.table.source == "table.csv"
        assert_alive(qtbot, window)

    @pytest.mark.parametrize(
        "text",
        [
            "t\n1\n2\n",
            "x,t\n0,0\n0,0\n",
            "x,t\n1,5\n1,5\n",
            "x,y,t\na,b,c\nd,e,f\ng,h,i\n",
            "x,t\n,\n,\n",
        ],
        ids=["one column", "all zeros", "constant", "names", "nothing"],
    )
    def test_tables_without_anything_to_learn_say_so(
        self, qtbot: QtBot, window: MainWindow, tmp_path: Path, text: str
    ) -> None:
        """In one line on screen, and the way back is open."""
        loaded(qtbot, window, tmp_path, text)
        said = window.trouble.text or window._problem
        assert "input" in said or "target" in said
        assert "\n" not in said
        assert not window.findChild(QPushButton, "action.train.start").isEnabled()
        if window.document.undo_stack.canUndo():
            window.document.undo_stack.undo()
        window.workbench.troubled.emit("")
        assert window.document.project.table.source == "parity-4.csv"
        assert_alive(qtbot, window)

    def test_another_table_for_a_stack_that_ends_without_weights(
        self, qtbot: QtBot, window: MainWindow
    ) -> None:
        window.workbench.insert_layer("activation.v1", Place(3))
        window.workbench.load_table(sample_path("iris.csv"))
        assert window.document.project.table.source == "iris.csv"
        if window._problem:
            assert "give" in window._problem
        window.workbench.delete_layer(window.workbench.specification.layers[-1].identity)
        assert_alive(qtbot, window)

    def test_the_smallest_and_a_large_window(self, qtbot: QtBot, window: MainWindow) -> None:
        train(qtbot, window)
        for width, height in ((1, 1), (3000, 2000), (1280, 720)):
            window.resize(width, height)
            settle()
        assert window.width() == 1280
        window.resize(1, 1)
        settle()
        assert window.size() == window.minimumSize()
        assert_alive(qtbot, window)

    def test_frames_carry_what_is_on_screen_and_no_more(self, qtbot: QtBot, window: MainWindow) -> None:
        window.focus.choose(("layer-3", "dC_db_matrix"))
        train(qtbot, window)
        rest(qtbot, window)
        window.trainer.refresh()
        with qtbot.waitSignal(window.frame_shown):
            pass
        wanted = set(window._wanted_matrices())
        assert set(window.focus.frame.matrices) == wanted
        assert ("layer-3", "dC_db_matrix") in wanted
        assert wanted <= {*window.wall.visible_keys(), window.focus.matrix}

    def test_no_panel_on_screen_asks_for_no_matrix(self, qtbot: QtBot, window: MainWindow) -> None:
        for name in ("matrices", "focus"):
            window.docks[name].hide()
        settle()
        assert window._wanted_matrices() == ()
        window.docks["focus"].show()
        settle()
        assert window._wanted_matrices() == (window.focus.matrix,)
        window.docks["matrices"].show()
        settle()
        assert_alive(qtbot, window)


class TestFailures:
    @pytest.mark.parametrize("kind", [RuntimeError, RecursionError, MemoryError])
    def test_training_goes_on_from_the_last_good_weights(
        self,
        qtbot: QtBot,
        window: MainWindow,
        monkeypatch: pytest.MonkeyPatch,
        capfd: pytest.CaptureFixture[str],
        kind: type[Exception],
    ) -> None:
        train(qtbot, window)

        def fail(*_: object) -> None:
            raise kind("no more")

        with monkeypatch.context() as patch:
            patch.setattr(Session, "_frame", fail)
            until(qtbot, lambda: window.trainer.ended and window.trouble.text != "")
        assert kind.__name__ in window.trouble.text
        assert not window.trainer.running
        run = window.document.latest().run
        assert run.iteration > 0
        window.workbench.toggle_training()
        until(qtbot, lambda: window.trainer.running and window.trainer.iteration >= run.iteration)
        assert window.trouble.text == ""
        rest(qtbot, window)
        assert_alive(qtbot, window)
        capfd.readouterr()

    def test_what_was_trained_can_be_saved_after_a_failure(
        self,
        qtbot: QtBot,
        window: MainWindow,
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
        capfd: pytest.CaptureFixture[str],
    ) -> None:
        for _ in range(5):
            window.workbench.step()
        until(qtbot, lambda: window.trainer.iteration == 5)
        with monkeypatch.context() as patch:
            patch.setattr(Bursts, "iterate", lambda *_: 1 / 0)
            window.workbench.step()
            until(qtbot, lambda: window.trainer.ended)
        assert save(window, tmp_path / "mine.flux")
        assert files.load(tmp_path / "mine.flux").run.iteration == 5
        capfd.readouterr()

    def test_a_network_too_large_for_memory_is_told_and_can_be_undone(
        self, qtbot: QtBot, window: MainWindow, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        from flux_studio.engine import network

        monkeypatch.setattr(network, "MAXIMUM_ARENA_BYTES", 100_000)
        window.workbench.change_layer("layer-1", "units", 4096)
        until(qtbot, lambda: window.trouble.text != "")
        assert "use fewer units or fewer rows" in window.trouble.text
        until(qtbot, lambda: not window.trainer.busy)
        window.workbench.toggle_training()  # it fails again, and says so again
        until(qtbot, lambda: "use fewer units" in window.trouble.text)
        until(qtbot, lambda: not window.trainer.busy)
        window.document.undo_stack.undo()
        window.workbench.troubled.emit("")
        assert_alive(qtbot, window)

    def test_a_rate_that_diverges_can_be_undone(self, qtbot: QtBot, window: MainWindow) -> None:
        window.workbench.change_layer("layer-3", "activation", "identity")
        window.workbench.set_learning_rate(1e30)
        with qtbot.waitSignal(window.trainer.failed, timeout=60_000):
            window.workbench.toggle_training()
        assert "The weights of iteration 0 are kept" in window.trouble.text
        window.document.undo_stack.undo()
        assert window.workbench.specification.optimizer == OptimizerSpecification("sgd", 0.6)
        window.workbench.set_learning_rate(0.01)
        assert_alive(qtbot, window)


class TestHalfTyped:
    """A number that is typed but not yet entered belongs to the document in which it was typed."""

    def units(self, window: MainWindow, identity: str = "layer-1") -> TypedEdit:
        window.activateWindow()
        window.stack.select(identity)
        settle()
        edit = window.findChild(TypedEdit, f"network.layer.{identity}.units")
        edit.setFocus()
        edit.selectAll()
        settle()
        return edit

    def typed(self, qtbot: QtBot, window: MainWindow, text: str, identity: str = "layer-1") -> TypedEdit:
        edit = self.units(window, identity)
        qtbot.keyClicks(edit, text)
        assert edit.pending
        return edit

    def of(self, window: MainWindow, identity: str = "layer-1") -> object:
        return window.workbench.specification.layer(identity).settings["units"]

    def leave(self, window: MainWindow) -> None:
        window.bar.findChild(QPushButton, "action.train.step").setFocus()
        settle()

    def test_it_never_reaches_another_document(self, qtbot: QtBot, window: MainWindow) -> None:
        self.typed(qtbot, window, "89")
        window.workbench.open(sample_path("iris.flux"), as_sample=True)
        settle()
        self.leave(window)
        assert self.of(window) == 8
        assert not window.document.modified
        assert self.units(window).text() == "8"

    def test_nor_does_what_was_refused(self, qtbot: QtBot, window: MainWindow) -> None:
        edit = self.typed(qtbot, window, "9999999")
        assert not edit.commit()
        window.workbench.open(sample_path("iris.flux"), as_sample=True)
        settle()
        assert self.units(window).text() == "8"
        assert_alive(qtbot, window)

    def test_it_goes_with_its_layer(self, qtbot: QtBot, window: MainWindow) -> None:
        window.workbench.insert_layer("dense.v1", Place(1))
        settle()
        self.typed(qtbot, window, "7", "layer-4")
        window.document.undo_stack.undo()
        settle()
        self.leave(window)
        assert [layer.identity for layer in window.workbench.specification.layers] == [
            "layer-1",
            "layer-2",
            "layer-3",
        ]
        assert_alive(qtbot, window)

    def test_saving_takes_it_in(self, qtbot: QtBot, window: MainWindow, tmp_path: Path) -> None:
        self.typed(qtbot, window, "12")
        window.dialogs.out = tmp_path / "mine.flux"
        window.actions_by_name["file.save"].trigger()
        assert window.saving.wait()
        assert files.load(tmp_path / "mine.flux").specification.layer("layer-1").settings["units"] == 12
        self.leave(window)
        assert not window.document.modified

    def test_undo_from_the_menu_takes_it_back(self, qtbot: QtBot, window: MainWindow) -> None:
        window.workbench.change_layer("layer-2", "units", 5)
        settle()
        self.typed(qtbot, window, "12")
        window.actions_by_name["edit.undo"].trigger()
        settle()
        self.leave(window)
        assert self.of(window) == 8
        assert self.of(window, "layer-2") == 5

    def test_closing_asks_whether_to_save_it(self, qtbot: QtBot, window: MainWindow) -> None:
        self.typed(qtbot, window, "12")
        window.dialogs.answer = "cancel"
        assert not window.close()
        assert window.dialogs.asked == ["parity-4.flux"]
        assert self.of(window) == 12
