"""The application: one window, and nobody left without a word when something goes wrong."""

from __future__ import annotations

import gc
import os
import signal
import sys
import threading
import traceback
from pathlib import Path
from types import TracebackType

from PySide6.QtCore import QEvent, QTimer, Signal
from PySide6.QtGui import QFileOpenEvent, QIcon
from PySide6.QtWidgets import QApplication

from flux_studio import locations
from flux_studio.gui.autosave import Autosave
from flux_studio.gui.main_window import MainWindow
from flux_studio.gui.reports import Reports
from flux_studio.gui.settings import Settings, data_folder
from flux_studio.gui.theme import look
from flux_studio.project import files
from flux_studio.project.project import Project

_SWITCH_SECONDS = 0.001


class Application(QApplication):
    """Hears of files that are double-clicked while it runs: macOS tells of these by an event."""

    file_asked = Signal(object)

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QFileOpenEvent) and event.file():
            self.file_asked.emit(Path(event.file()))
            return True
        return super().event(event)


def make_application() -> QApplication:
    """The one QApplication, made when there is none yet; off-screen where Linux has no display."""
    existing = QApplication.instance()
    if isinstance(existing, QApplication):
        return existing
    if sys.platform.startswith("linux") and not (
        os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    ):
        # With no display Qt would try xcb and abort.
        os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    application = Application(["flux-studio"])
    application.setApplicationName("Flux Studio")
    application.setDesktopFileName("flux-studio")
    application.setWindowIcon(QIcon(str(locations.resource("desktop", "flux-studio.svg"))))
    return application


def run(file: Path | None) -> int:
    """Open the window on a file, or with the welcome page over the parity sample, and stay until it is closed."""
    application = make_application()
    settings = Settings()
    look.apply(settings.theme)
    sample = locations.sample("parity-4.flux")
    is_project = file is not None and file.suffix.lower() == ".flux"
    project: Project = files.load(file if file is not None and is_project else sample)
    window = MainWindow(project, file if is_project else None, settings=settings)
    catch_errors(window)
    stay_smooth(window)
    if isinstance(application, Application):
        application.file_asked.connect(lambda path: window.filing.may_leave() and window.filing.open(path))
    # Ctrl+C in the terminal closes the window as its own button would; Python sees signals only when it runs.
    signal.signal(signal.SIGINT, lambda *_: QTimer.singleShot(0, window.close))
    heartbeat = QTimer(window)
    heartbeat.timeout.connect(lambda: None)  # a timer without a slot of Python's would not run it
    heartbeat.start(250)
    window.reports = Reports(data_folder() / "log")
    window.autosave = Autosave(window, data_folder() / "recovery")
    window.show()
    if file is not None and not is_project:
        window.filing.open(file)
    if file is None or window.autosave.left:
        window.welcome.show()
    QTimer.singleShot(0, window.begin)
    try:
        return application.exec()
    finally:
        window.autosave.close()
        window.reports.close()


def stay_smooth(window: MainWindow) -> None:
    """Keep Python from letting the window wait.

    A thread that wants Python's lock waits for as long as the switch interval says, five milliseconds as a rule. And as
    soon as the engine is there, all that has been loaded counts as what stays: Python's collector walks through every
    object that may go, through the compiler's million, with the window standing still for a tenth of a second and more.
    """
    sys.setswitchinterval(_SWITCH_SECONDS)

    def keep() -> None:
        if window.trainer.ready is not None:
            window.trainer.ready_changed.disconnect(keep)
            gc.freeze()

    window.trainer.ready_changed.connect(keep)


def catch_errors(window: MainWindow) -> None:
    """From here on, errors that nobody caught are shown in the window, whichever thread they come from."""

    def tell_of_thread(left: threading.ExceptHookArgs) -> None:
        if left.exc_value is not None and not isinstance(left.exc_value, SystemExit):
            _tell(window, left.exc_type, left.exc_value, left.exc_traceback)

    sys.excepthook = lambda kind, error, trace: _tell(window, kind, error, trace)
    threading.excepthook = tell_of_thread


def _tell(
    window: MainWindow, kind: type[BaseException], error: BaseException, trace: TracebackType | None
) -> None:
    """Show an error that nobody caught, and print all of it for those who can mend it."""
    traceback.print_exception(kind, error, trace)
    window.reports.note_error(kind, trace)
    window.workbench.troubled.emit(
        f"something went wrong inside Flux Studio ({error!r}); your project is still open: save it"
    )
