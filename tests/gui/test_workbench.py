"""What the window does: the same numbers as the command line, and no haste that breaks it."""

from __future__ import annotations

import gc
import threading
from pathlib import Path

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from flux_studio.cli import main
from flux_studio.gui import worker
from flux_studio.gui.main_window import MainWindow
from flux_studio.locations import sample as sample_path
from flux_studio.project import files
from flux_studio.training.session import Session
from tests.gui.endless import assert_alive, drop, endless, shown_iteration, train
from tests.gui.shown import settle, themed
from tests.gui.windows import Answers, discard, open_window, sample, save, until


@pytest.fixture
def window(qtbot: QtBot) -> MainWindow:
    return open_window(qtbot, endless())


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
        assert save(window, tmp_path / "window.flux")
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
        assert save(window, tmp_path / "b.flux")
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
        assert save(window, tmp_path / "mine.flux")
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
        window.focus.choose(key)
        np.testing.assert_array_equal(window.focus.frame.matrices[key], run.parameters[key])

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

    def test_saving_and_predicting_while_training(
        self, qtbot: QtBot, window: MainWindow, tmp_path: Path
    ) -> None:
        train(qtbot, window)
        for number in range(3):
            assert save(window, tmp_path / f"{number}.flux")
            window.workbench.predict(sample_path("parity-4.csv"), tmp_path / f"{number}.csv")
        assert window.trainer.running
        iterations = [files.load(tmp_path / f"{number}.flux").run.iteration for number in range(3)]
        assert 0 < iterations[0] < iterations[1] < iterations[2]
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
        # Not isinstance: others keep weak proxies, which fail when they are asked what they are.
        living = [one for one in gc.get_objects() if type(one) is Session]
        assert len(living) <= 1
        assert len(window.trainer.findChildren(worker.Worker)) == 1
        assert threading.active_count() <= threads + 1
        assert window.document.undo_stack.count() == 0
