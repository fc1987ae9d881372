"""The application: opens what it is given, shows errors that nobody caught, and ends when it is told to."""

from __future__ import annotations

import gc
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QEventLoop, QTimer
from PySide6.QtGui import QCloseEvent, QFileOpenEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from flux_studio.errors import FluxError
from flux_studio.gui import app
from flux_studio.gui.main_window import MainWindow
from flux_studio.gui.settings import Settings, data_folder
from flux_studio.gui.theme import DARK, LIGHT, look
from flux_studio.locations import sample
from flux_studio.project.recovery import Note, claim_left, new_slot
from tests.gui.windows import Answers, open_window, until
from tests.gui.windows import sample as sample_project

Act = Callable[[MainWindow], None]
PATIENCE_MS = 20_000


@pytest.fixture(autouse=True)
def hooks(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Put back what an application changes in its process."""
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)
    monkeypatch.setattr(threading, "excepthook", threading.excepthook)
    old = signal.getsignal(signal.SIGINT)
    yield
    signal.signal(signal.SIGINT, old)
    if look.theme is not LIGHT and QApplication.instance() is not None:
        look.apply(LIGHT)


@pytest.fixture
def run(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> Callable[[Path | None, Act], int]:
    """Runs the application; once its window is shown, ``act`` is done, and its closing ends the application."""
    monkeypatch.setattr(gc, "freeze", lambda: None)  # other tests want everything collected

    def run(file: Path | None, act: Act) -> int:
        made: list[MainWindow] = []
        loops: list[QEventLoop] = []

        class Window(MainWindow):
            def __init__(self, *arguments: object, **named: object) -> None:
                super().__init__(*arguments, **named)
                self.filing._dialogs = self.dialogs = Answers()
                made.append(self)

            def closeEvent(self, event: QCloseEvent) -> None:
                super().closeEvent(event)
                if event.isAccepted():
                    loops[-1].exit(0)  # as Qt does when the last window is closed

        def execute() -> int:
            loop = QEventLoop()
            loops.append(loop)
            QTimer.singleShot(0, lambda: act(made[0]))
            patience = QTimer(loop, singleShot=True, interval=PATIENCE_MS)
            patience.timeout.connect(lambda: loop.exit(99))
            patience.start()
            code = loop.exec()
            patience.stop()
            return code

        monkeypatch.setattr(app, "MainWindow", Window)
        monkeypatch.setattr(QApplication, "exec", lambda self=None: execute())
        try:
            return app.run(file)
        finally:
            for window in made:
                window.trainer.close()
                window.deleteLater()

    return run


def test_there_is_one_application(qtbot: QtBot) -> None:
    assert app.make_application() is QApplication.instance()


class TestRun:
    def test_without_a_file_it_welcomes_over_the_sample(self, run: Callable[[Path | None, Act], int]) -> None:
        seen: list[object] = []

        def act(window: MainWindow) -> None:
            seen.extend((window.windowTitle(), window.welcome.shown))
            assert window.isVisible()
            assert window.document.path is None  # saving asks for a place of its own
            window.close()

        assert run(None, act) == 0
        assert seen == ["parity-4.flux[*] — Flux Studio", True]

    def test_a_project_is_opened_in_place(
        self, run: Callable[[Path | None, Act], int], tmp_path: Path
    ) -> None:
        mine = tmp_path / "mine.flux"
        mine.write_bytes(sample("iris.flux").read_bytes())
        paths: list[Path | None] = []

        def act(window: MainWindow) -> None:
            paths.append(window.document.path)
            assert not window.welcome.shown
            window.close()

        assert run(mine, act) == 0
        assert paths == [mine]

    def test_a_table_is_a_new_project(self, run: Callable[[Path | None, Act], int]) -> None:
        seen: list[str] = []

        def act(window: MainWindow) -> None:
            seen.append(window.document.project.table.source)
            assert window.document.path is None
            assert not window.document.undo_stack.canUndo()
            window.close()

        assert run(sample("iris.csv"), act) == 0
        assert seen == ["iris.csv"]

    def test_a_table_that_cannot_be_read_is_told_in_the_window(
        self, run: Callable[[Path | None, Act], int], tmp_path: Path
    ) -> None:
        (tmp_path / "empty.csv").write_text("")
        told: list[str] = []

        def act(window: MainWindow) -> None:
            told.append(window.trouble.text)
            window.close()

        assert run(tmp_path / "empty.csv", act) == 0
        assert "empty.csv is empty" in told[0]

    def test_a_damaged_project_opens_no_window(
        self, run: Callable[[Path | None, Act], int], tmp_path: Path
    ) -> None:
        (tmp_path / "bad.flux").write_bytes(b"PK")
        with pytest.raises(FluxError, match="not a whole"):
            run(tmp_path / "bad.flux", lambda window: pytest.fail("a window was opened"))

    def test_the_theme_is_the_one_that_was_left(self, run: Callable[[Path | None, Act], int]) -> None:
        Settings().theme = DARK
        seen: list[object] = []

        def act(window: MainWindow) -> None:
            seen.append(look.theme)
            window.close()

        assert run(None, act) == 0
        assert seen == [DARK]

    @pytest.mark.parametrize("name", ["iris.flux", None])
    def test_what_was_left_is_offered_first(
        self, run: Callable[[Path | None, Act], int], name: str | None
    ) -> None:
        slot = new_slot(data_folder() / "recovery")
        slot.keep(sample_project("xor"), Note("mine.flux", None, 5.0, 77))
        slot.give_back()
        seen: list[object] = []

        def act(window: MainWindow) -> None:
            seen.extend((window.welcome.shown, len(window.autosave.left)))
            window.close()

        assert run(sample(name) if name else None, act) == 0
        assert seen == [True, 1]
        [left] = claim_left(data_folder() / "recovery")  # nobody decided: it is offered again
        left.close()

    def test_a_double_click_in_the_finder_opens_it_here(
        self, run: Callable[[Path | None, Act], int], tmp_path: Path
    ) -> None:
        mine = tmp_path / "mine.flux"
        mine.write_bytes(sample("iris.flux").read_bytes())
        paths: list[Path | None] = []

        def act(window: MainWindow) -> None:
            QApplication.sendEvent(QApplication.instance(), QFileOpenEvent(str(mine)))
            paths.append(window.document.path)
            assert not window.welcome.shown
            window.close()

        assert run(None, act) == 0
        assert paths == [mine]

    def test_a_clean_end_leaves_nothing_to_recover(self, run: Callable[[Path | None, Act], int]) -> None:
        def act(window: MainWindow) -> None:
            window.workbench.set_learning_rate(0.25)
            window.autosave.keep()
            window.close()

        assert run(None, act) == 0
        assert list((data_folder() / "recovery").iterdir()) == []

    def test_ctrl_c_closes_the_window(self, run: Callable[[Path | None, Act], int]) -> None:
        windows: list[MainWindow] = []

        def act(window: MainWindow) -> None:
            windows.append(window)
            window.begin()
            os.kill(os.getpid(), signal.SIGINT)

        assert run(None, act) == 0
        assert not windows[0].isVisible()


class TestErrors:
    """An error that nobody caught is shown, and the window lives on."""

    @pytest.fixture
    def window(self, qtbot: QtBot) -> MainWindow:
        window = open_window(qtbot, sample_project("xor"))
        app.catch_errors(window)
        return window

    def assert_told(self, window: MainWindow, words: str) -> None:
        assert words in window.trouble.text
        assert "your project is still open" in window.trouble.text
        assert "\n" not in window.trouble.text
        assert window.trouble.isVisible()

    def assert_alive(self, qtbot: QtBot, window: MainWindow) -> None:
        window.workbench.step()
        until(qtbot, lambda: window.trainer.iteration == 1)
        assert window.trouble.text == ""

    @pytest.mark.parametrize("kind", [RuntimeError, KeyError, RecursionError, MemoryError, AssertionError])
    def test_of_the_window(
        self, qtbot: QtBot, window: MainWindow, capsys: pytest.CaptureFixture[str], kind: type[Exception]
    ) -> None:
        try:
            raise kind("the\nreason")
        except kind as error:
            sys.excepthook(kind, error, error.__traceback__)
        self.assert_told(window, f"{kind.__name__}('the\\nreason')")
        assert "Traceback" in capsys.readouterr().err  # for those who can mend it
        self.assert_alive(qtbot, window)

    def test_of_a_slot(self, qtbot: QtBot, window: MainWindow, capsys: pytest.CaptureFixture[str]) -> None:
        """Qt calls our code and our code raises: the hook is told, and Qt goes on."""

        def fail(*_: object) -> None:
            raise ValueError("inside a slot")

        window.bar.step_requested.connect(fail)
        hook = sys.excepthook
        with qtbot.captureExceptions() as caught:  # takes the hook's place, so as not to fail the test
            window.bar.step_requested.emit("iteration", False)
        assert [kind for kind, _, _ in caught] == [ValueError]
        hook(*caught[0])
        self.assert_told(window, "ValueError('inside a slot')")
        until(qtbot, lambda: window.trainer.iteration == 1)  # what else was connected has been done
        capsys.readouterr()

    def test_of_another_thread(
        self, qtbot: QtBot, window: MainWindow, capsys: pytest.CaptureFixture[str]
    ) -> None:
        def fail() -> None:
            raise OSError("no such device")

        thread = threading.Thread(target=fail)
        thread.start()
        thread.join()
        assert window.trouble.text == ""  # nothing in the window is touched from over there
        until(qtbot, lambda: window.trouble.text != "")
        self.assert_told(window, "OSError('no such device')")
        assert "no such device" in capsys.readouterr().err
        self.assert_alive(qtbot, window)

    def test_a_thread_that_leaves_is_no_error(self, qtbot: QtBot, window: MainWindow) -> None:
        thread = threading.Thread(target=sys.exit)
        thread.start()
        thread.join()
        QApplication.processEvents()
        assert window.trouble.text == ""

    def test_of_the_training_thread(
        self,
        qtbot: QtBot,
        window: MainWindow,
        monkeypatch: pytest.MonkeyPatch,
        capfd: pytest.CaptureFixture[str],
    ) -> None:
        from flux_studio.training.bursts import Bursts

        with monkeypatch.context() as patch:
            patch.setattr(Bursts, "iterate", lambda *_: 1 / 0)
            window.workbench.step()
            until(qtbot, lambda: window.trainer.ended)
            until(qtbot, lambda: window.trouble.text != "")
        assert "ZeroDivisionError" in window.trouble.text
        capfd.readouterr()
        self.assert_alive(qtbot, window)


def test_what_was_loaded_is_not_looked_through_again(
    run: Callable[[Path | None, Act], int], monkeypatch: pytest.MonkeyPatch
) -> None:
    frozen: list[bool] = []
    made: list[MainWindow] = []

    def note() -> None:
        frozen.append(made[0].trainer.ready is not None)

    def act(window: MainWindow) -> None:
        made.append(window)
        assert not frozen, "the engine is still to be loaded"
        window.frame_shown.connect(lambda: QTimer.singleShot(0, start_again))

        def start_again() -> None:
            window.frame_shown.disconnect()
            window.trainer.start(window.document.project)
            window.frame_shown.connect(window.close)

    monkeypatch.setattr(gc, "freeze", note)
    assert run(None, act) == 0
    assert frozen == [True], "once, with the first engine"
