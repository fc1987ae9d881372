"""What the window does: the same numbers as the command line, and no sequence of clicks that breaks it."""

from __future__ import annotations

import gc
import threading
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QMimeData, QPoint, QUrl
from PySide6.QtWidgets import QPushButton
from pytestqt.qtbot import QtBot

from flux_studio.cli import main
from flux_studio.data.columns import CsvFormat
from flux_studio.gui import worker
from flux_studio.gui.main_window import MainWindow
from flux_studio.locations import sample as sample_path
from flux_studio.project import files
from flux_studio.project.project import Project
from flux_studio.project.specification import OptimizerSpecification
from flux_studio.training.session import Session
from tests.gui.drag import drag_drop
from tests.gui.shown import settle, themed
from tests.gui.windows import Answers, discard, open_window, sample, until

ENDLESS = 2_000_000_000


def endless(name: str = "parity-4") -> Project:
    project = sample(name)
    return project.with_specification(project.specification.replace(iterations=ENDLESS))


@pytest.fixture
def window(qtbot: QtBot) -> MainWindow:
    return open_window(qtbot, endless())


def train(qtbot: QtBot, window: MainWindow) -> None:
    """Train at full speed, and see that it does."""
    if not window.trainer.running:
        window.workbench.toggle_training()
    before = window.trainer.iteration
    until(qtbot, lambda: window.trainer.running and window.trainer.iteration > before)


def rest(qtbot: QtBot, window: MainWindow) -> None:
    if window.trainer.running:
        window.workbench.toggle_training()
    until(qtbot, lambda: not window.trainer.running)


def assert_alive(qtbot: QtBot, window: MainWindow) -> None:
    """It can be trained, shows what it trains, and says no trouble."""
    until(qtbot, lambda: window.trainer.ready is not None)
    rest(qtbot, window)
    before = window.trainer.iteration
    window.workbench.toggle_training()
    until(qtbot, lambda: window.trainer.iteration > before or window.trouble.text != "")
    rest(qtbot, window)
    assert window.trouble.text == ""
    window.trainer.refresh()
    until(qtbot, lambda: shown_iteration(window) == window.trainer.iteration)
    key = (window.workbench.specification.layers[-1].identity, "activated_output_matrix")
    window.select_matrix(key)
    until(qtbot, lambda: window._last_frame is not None and key in window._last_frame.matrices)
    assert np.isfinite(window._last_frame.matrices[key]).all()


def shown_iteration(window: MainWindow) -> int:
    return -1 if window._last_frame is None else window._last_frame.progress.iteration


def drop(window: MainWindow, path: Path) -> None:
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(path))])
    assert drag_drop(window, mime, QPoint(window.width() // 2, window.height() // 2))


def loaded(qtbot: QtBot, window: MainWindow, folder: Path, text: str) -> Path:
    """Another table in the window."""
    path = folder / "table.csv"
    path.write_text(text)
    window.workbench.load_table(path)
    settle()
    return path


class TestSameNumbers:
    @pytest.mark.parametrize("name", ["parity-4", "iris", "xor", "flux-readme"])
    def test_the_window_and_the_command_line_train_alike_bit_for_bit(
        self, qtbot: QtBot, tmp_path: Path, name: str
    ) -> None:
        """However the person goes about it: in steps, with pauses, at another pace."""
        window = open_window(qtbot, sample(name))
        for _ in range(3):
            window.workbench.step()
        until(qtbot, lambda: window.trainer.iteration == 3)
        window.workbench.set_pace(400.0)
        window.workbench.toggle_training()
        until(qtbot, lambda: window.trainer.iteration > 20)
        window.workbench.toggle_training()
        until(qtbot, lambda: not window.trainer.running)
        window.workbench.set_pace(None)
        with qtbot.waitSignal(window.trainer.finished, timeout=60_000):
            window.workbench.toggle_training()
        assert window.workbench.save(tmp_path / "window.flux")
        files.save(sample(name), tmp_path / "start.flux")
        assert main(["train", str(tmp_path / "start.flux"), "--save", str(tmp_path / "line.flux")]) == 0
        ours, theirs = (files.load(tmp_path / f"{each}.flux").run for each in ("window", "line"))
        assert ours is not None
        assert theirs is not None
        assert ours.iteration == theirs.iteration == sample(name).specification.iterations
        for key, array in theirs.parameters.items():
            np.testing.assert_array_equal(ours.parameters[key], array, strict=True)
        np.testing.assert_array_equal(ours.curve.array(), theirs.curve.array())
        assert (ours.validation_curve is None) == (theirs.validation_curve is None)
        if ours.validation_curve is not None and theirs.validation_curve is not None:
            np.testing.assert_array_equal(ours.validation_curve.array(), theirs.validation_curve.array())

    def test_each_goes_on_where_the_other_stopped(self, qtbot: QtBot, tmp_path: Path) -> None:
        assert (
            main(
                [
                    "train",
                    str(sample_path("iris.flux")),
                    "--iterations",
                    "350",
                    "--save",
                    str(tmp_path / "a.flux"),
                ]
            )
            == 0
        )
        window = open_window(qtbot, files.load(tmp_path / "a.flux"), tmp_path / "a.flux")
        window.workbench.set_pace(None)
        assert shown_iteration(window) == 350
        for _ in range(50):
            window.workbench.step()
        until(qtbot, lambda: window.trainer.iteration == 400)
        assert window.workbench.save(tmp_path / "b.flux")
        assert (
            main(
                ["train", str(tmp_path / "b.flux"), "--iterations", "100", "--save", str(tmp_path / "c.flux")]
            )
            == 0
        )
        assert (
            main(
                [
                    "train",
                    str(sample_path("iris.flux")),
                    "--iterations",
                    "500",
                    "--save",
                    str(tmp_path / "d.flux"),
                ]
            )
            == 0
        )
        ours, theirs = (files.load(tmp_path / f"{each}.flux").run for each in "cd")
        for key, array in theirs.parameters.items():
            np.testing.assert_array_equal(ours.parameters[key], array)

    def test_the_same_predictions_as_the_command_line(
        self, qtbot: QtBot, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        window = open_window(qtbot, sample("iris"))
        for _ in range(20):
            window.workbench.step()
        until(qtbot, lambda: window.trainer.iteration == 20)
        window.workbench.predict(sample_path("iris.csv"), tmp_path / "window.csv")
        assert window.workbench.save(tmp_path / "mine.flux")
        capsys.readouterr()
        assert main(["predict", str(tmp_path / "mine.flux"), str(sample_path("iris.csv"))]) == 0
        assert capsys.readouterr().out == (tmp_path / "window.csv").read_text()


class TestEditingWhileTraining:
    def test_edits_undo_and_redo_at_full_speed(self, qtbot: QtBot, window: MainWindow) -> None:
        for units in range(2, 9):
            train(qtbot, window)
            window.workbench.change_layer("layer-2", "units", units)
        while window.document.undo_stack.canUndo():
            window.workbench.toggle_training()
            window.document.undo_stack.undo()
            settle()
        while window.document.undo_stack.canRedo():
            window.document.undo_stack.redo()
            window.workbench.toggle_training()
        assert window.workbench.specification.layer("layer-2").settings["units"] == 8
        assert_alive(qtbot, window)

    def test_undo_while_training_keeps_what_was_trained(self, qtbot: QtBot, window: MainWindow) -> None:
        train(qtbot, window)
        window.workbench.change_layer("layer-2", "units", 6)
        run = window.document.undo_stack.command(0)._before.run
        assert run.iteration > 0
        train(qtbot, window)
        window.document.undo_stack.undo()
        assert window.document.project.run is run
        until(qtbot, lambda: shown_iteration(window) == run.iteration)
        key = ("layer-1", "weights_matrix")
        window.select_matrix(key)
        np.testing.assert_array_equal(window._last_frame.matrices[key], run.parameters[key])

    def test_a_table_dropped_while_training(self, qtbot: QtBot, window: MainWindow) -> None:
        train(qtbot, window)
        drop(window, sample_path("iris.csv"))
        assert window.workbench.specification.data.source == "iris.csv"
        assert_alive(qtbot, window)
        window.document.undo_stack.undo()
        assert_alive(qtbot, window)
        assert window.workbench.specification.data.source == "parity-4.csv"

    def test_stepping_and_starting_over_while_training(self, qtbot: QtBot, window: MainWindow) -> None:
        train(qtbot, window)
        window.workbench.step()
        until(qtbot, lambda: not window.trainer.running)
        train(qtbot, window)
        window.workbench.start_over(False)
        until(qtbot, lambda: shown_iteration(window) == 0)
        assert not window.trainer.running
        train(qtbot, window)
        window.workbench.start_over(True)
        assert_alive(qtbot, window)

    def test_saving_exporting_and_predicting_while_training(
        self, qtbot: QtBot, window: MainWindow, tmp_path: Path
    ) -> None:
        train(qtbot, window)
        for number in range(3):
            assert window.workbench.save(tmp_path / f"{number}.flux")
            window.workbench.export(tmp_path / f"{number}.npz")
            window.workbench.predict(sample_path("parity-4.csv"), tmp_path / f"{number}.csv")
        assert window.trainer.running
        iterations = [files.load(tmp_path / f"{number}.flux").run.iteration for number in range(3)]
        assert 0 < iterations[0] < iterations[1] < iterations[2]
        assert (tmp_path / "2.npz").exists()
        assert len((tmp_path / "2.csv").read_text().splitlines()) == 17
        assert window.trouble.text == ""
        assert_alive(qtbot, window)


class TestHaste:
    def test_train_twenty_times_quickly(self, qtbot: QtBot, window: MainWindow) -> None:
        for _ in range(20):
            window.workbench.toggle_training()
        until(qtbot, lambda: window.trainer.running)
        for _ in range(21):
            window.workbench.toggle_training()
            settle()
        assert_alive(qtbot, window)

    def test_another_pace_all_the_time(self, qtbot: QtBot, window: MainWindow) -> None:
        train(qtbot, window)
        for number in range(200):
            window.workbench.set_pace((1.0, 50.0, None, 1000.0, 0.5)[number % 5])
            if number % 10 == 0:
                settle()
        assert window.trainer.running
        window.workbench.set_pace(None)
        before = window.trainer.iteration
        until(qtbot, lambda: window.trainer.iteration > before + 1000)
        assert not window.document.undo_stack.canUndo()
        assert_alive(qtbot, window)

    def test_train_before_the_engine_is_ready(self, qtbot: QtBot, tmp_path: Path) -> None:
        """A project beyond its own end goes on beyond it, also when its worker has said nothing yet."""
        trained = tmp_path / "trained.flux"
        files.save(sample("parity-4"), trained)
        assert main(["train", str(trained), "--save", str(trained)]) == 0
        themed()
        project = files.load(trained)
        end = project.specification.iterations
        window = MainWindow(project, trained, dialogs=Answers())
        qtbot.addWidget(window, before_close_func=discard)
        window.workbench.set_pace(None)
        window.show()
        window.begin()
        with qtbot.waitSignal(window.trainer.finished, timeout=60_000):
            window.workbench.toggle_training()
        assert window.trainer.iteration == 2 * end

    def test_closing_while_the_engine_is_made_ready(self, qtbot: QtBot) -> None:
        themed()
        window = MainWindow(endless(), dialogs=Answers())
        qtbot.addWidget(window, before_close_func=discard)
        window.show()
        window.begin()
        thread = window.trainer._worker
        window.workbench.toggle_training()
        assert window.close()
        assert thread.isFinished()

    def test_thirty_projects_leave_no_thread_and_no_memory(self, qtbot: QtBot, window: MainWindow) -> None:
        names = ("iris", "parity-4", "xor", "flux-readme")
        threads = threading.active_count()
        for number in range(30):
            window.workbench.open(sample_path(f"{names[number % 4]}.flux"), as_sample=True)
            if number % 5 == 0:
                window.workbench.toggle_training()
                settle()
        assert_alive(qtbot, window)
        until(qtbot, lambda: window.trainer._leaving == [])
        settle()
        gc.collect()
        living = [one for one in gc.get_objects() if isinstance(one, Session)]
        assert len(living) <= 1
        assert len(window.trainer.findChildren(worker.Worker)) == 1
        assert threading.active_count() <= threads + 1
        assert window.document.undo_stack.count() == 0


class TestFiles:
    def test_a_table_that_is_gone_cannot_be_cut_anew(
        self, qtbot: QtBot, window: MainWindow, tmp_path: Path
    ) -> None:
        path = loaded(qtbot, window, tmp_path, "a;b\n1;2\n2;3\n4;4\n")
        assert window.document.project.table.names == ("a", "b")
        path.unlink()
        before = window.document.project
        with qtbot.waitSignal(window.workbench.data_refused) as refused:
            window.data.format_changed.emit(CsvFormat(",", header=True))
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
        window.workbench.set_format(CsvFormat(";", header=False))
        table = window.document.project.table
        assert (table.source, table.names, table.rows) == ("first.csv", ("column 1", "column 2"), 4)
        window.workbench.set_format(CsvFormat(";", header=True))  # and once more, from the table cut anew
        assert window.document.project.table.names == ("a", "b")
        while window.document.undo_stack.canUndo():
            window.document.undo_stack.undo()
        with qtbot.waitSignal(window.workbench.data_refused) as refused:
            window.workbench.set_format(CsvFormat(";", header=True))
        assert "the table came with the project" in refused.args[0]
        assert window.document.project.table.source == "parity-4.csv"

    def test_a_project_file_that_is_gone_is_written_again(
        self, qtbot: QtBot, window: MainWindow, tmp_path: Path
    ) -> None:
        path = tmp_path / "mine.flux"
        assert window.workbench.save(path)
        path.unlink()
        assert_alive(qtbot, window)
        assert window.workbench.save(path)
        assert files.load(path).run is not None

    def test_a_folder_that_is_gone_loses_nothing(
        self, qtbot: QtBot, window: MainWindow, tmp_path: Path
    ) -> None:
        folder = tmp_path / "folder"
        folder.mkdir()
        assert window.workbench.save(folder / "mine.flux")
        (folder / "mine.flux").unlink()
        folder.rmdir()
        train(qtbot, window)
        rest(qtbot, window)
        assert not window.workbench.save(folder / "mine.flux")
        assert "make it first" in window.trouble.text
        assert window.isWindowModified()

    def test_a_read_only_file_is_not_replaced(self, window: MainWindow, tmp_path: Path) -> None:
        path = tmp_path / "mine.flux"
        path.write_text("precious")
        path.chmod(0o444)
        assert not window.workbench.save(path)
        assert "mine.flux: this file is read-only" in window.trouble.text
        assert path.read_text() == "precious"
        assert window.document.path is None

    @pytest.mark.parametrize("suffix", [".onnx", ""])
    def test_an_export_without_a_known_suffix_is_told(
        self, window: MainWindow, tmp_path: Path, suffix: str
    ) -> None:
        window.workbench.export(tmp_path / f"w{suffix}")
        assert "end it with one of .npz, .csv, .json" in window.trouble.text
        assert list(tmp_path.iterdir()) == []

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
        window.workbench.insert_layer("activation.v1", 3)
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

    def test_no_panel_on_screen_asks_for_no_matrix(self, qtbot: QtBot, window: MainWindow) -> None:
        for name in ("matrices", "focus"):
            window.docks[name].hide()
        settle()
        assert window._wanted_matrices() == ()
        window.docks["focus"].show()
        settle()
        assert window._wanted_matrices() == (window.selected_matrix,)
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
            patch.setattr(Session, "_iterate", lambda *_: 1 / 0)
            window.workbench.step()
            until(qtbot, lambda: window.trainer.ended)
        assert window.workbench.save(tmp_path / "mine.flux")
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
