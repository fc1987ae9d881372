"""What every test stands on: Qt off-screen, one BLAS thread, settings of its own, and nothing left behind.

A test fails when it leaves a top-level widget, a running thread or an active timer alive, or when Qt warns while
it is torn down (pytest-qt sees to the warnings before that). Tests that use no Qt pay nothing for this.
"""

from __future__ import annotations

import gc
import os
import re
import sys
import tempfile
import threading
import weakref
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest

# Before NumPy or Qt is imported for the first time.
os.environ["QT_QPA_PLATFORM"] = "offscreen"
for _name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS"):
    os.environ[_name] = "1"

ENDING_MS = 2000  # how long a thread that was told to end may take
QT_KEEPS = {"QTipLabel"}  # one tooltip label for the whole application

_folder = tempfile.TemporaryDirectory(prefix="flux-studio-tests-")
_numbers = count()


def pytest_configure() -> None:
    from flux_studio.locations import cache_folder

    # Compiled kernels stay where they are, shared by all tests; whatever else looks for a cache gets an empty one.
    os.environ.setdefault("FLUX_STUDIO_CACHE", str(cache_folder()))
    os.environ["XDG_CACHE_HOME"] = str(Path(_folder.name) / "cache")


def pytest_unconfigure() -> None:
    _folder.cleanup()
    if _watch:
        from PySide6.QtCore import qInstallMessageHandler

        qInstallMessageHandler(None)  # Qt outlives Python by a moment


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_teardown() -> None:
    """Listen to Qt from here on: pytest-qt does so only up to the end of a test's call."""
    if "PySide6.QtWidgets" in sys.modules:
        _qt().listen()


@pytest.fixture(autouse=True)
def nothing_left_behind(pytestconfig: pytest.Config) -> Iterator[None]:
    """Fail the test that leaves something alive; set up first of all fixtures, so that it is torn down last."""
    threads = threading.enumerate()
    before = _qt().begin(pytestconfig) if "PySide6.QtWidgets" in sys.modules else []
    yield
    left = _threads_left(threads)
    if "PySide6.QtWidgets" in sys.modules:
        left += _qt().left(before)
    if left:
        pytest.fail("left behind: " + "; ".join(left), pytrace=False)


@pytest.fixture(scope="session")
def qapp_cls() -> type[Any]:
    """The application that pytest-qt makes is ours."""
    from flux_studio.gui.app import Application

    return Application


@pytest.fixture(autouse=True)
def own_settings(nothing_left_behind: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty place for settings and data, so that no test sees a person's own, or another test's."""
    place = Path(_folder.name) / f"settings-{next(_numbers)}"
    for name in ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME"):
        monkeypatch.setenv(name, str(place))
    if "PySide6.QtCore" in sys.modules:
        from PySide6.QtCore import QSettings

        for kind in (QSettings.Format.IniFormat, QSettings.Format.NativeFormat):
            QSettings.setPath(kind, QSettings.Scope.UserScope, str(place))


def _threads_left(before: list[threading.Thread]) -> list[str]:
    # A dummy stands for a thread that Python did not start, and outlives it.
    new = [t for t in threading.enumerate() if t not in before and not isinstance(t, threading._DummyThread)]
    for thread in new:
        thread.join(ENDING_MS / 1000)
    return [f"thread {thread.name!r} still runs" for thread in new if thread.is_alive()]


class _QtWatch:
    """Remembers what Python starts in Qt, and the warnings that nobody else is listening to."""

    def __init__(self) -> None:
        from PySide6 import QtCore

        self.messages: list[str] = []
        self.ignored: list[str] = []
        self.threads = self._watch_starts(QtCore.QThread)
        self.timers = self._watch_starts(QtCore.QTimer)

    @staticmethod
    def _watch_starts(kind: type[Any]) -> weakref.WeakSet[Any]:
        started: weakref.WeakSet[Any] = weakref.WeakSet()
        original = kind.start

        def start(self: Any, *arguments: Any) -> None:
            started.add(self)
            original(self, *arguments)

        kind.start = start
        return started

    def listen(self) -> None:
        from PySide6.QtCore import qInstallMessageHandler

        qInstallMessageHandler(self._hear)

    def _hear(self, level: Any, _context: Any, message: str) -> None:
        if level.name in {"QtDebugMsg", "QtInfoMsg"} or any(re.search(one, message) for one in self.ignored):
            print(message, file=sys.stderr)
        else:
            self.messages.append(message)

    def begin(self, config: pytest.Config) -> list[Any]:
        """The widgets and timers that were there before the test."""
        self.ignored = config.getini("qt_log_ignore") if config.pluginmanager.hasplugin("pytest-qt") else []
        self.messages.clear()
        return [*self._top_levels(), *self._active_timers()]

    def left(self, before: list[Any]) -> list[str]:
        """What the test left alive, in words."""
        left = self._threads_left()
        if self._new(before):  # perhaps only a cycle that nobody holds any more
            gc.collect()
        for one in self._new(before):
            left.append(f"{type(one).__name__} {one.objectName()!r} is still alive")
        left += [f"Qt's warning {message!r}" for message in self.messages]
        return left

    def _threads_left(self) -> list[str]:
        from PySide6.QtCore import QThreadPool
        from shiboken6 import isValid

        left = []
        for thread in [one for one in self.threads if isValid(one) and one.isRunning()]:
            if not thread.wait(ENDING_MS // 20):
                left.append(f"QThread {thread.objectName()!r} still runs")
                thread.requestInterruption()
                thread.quit()
                thread.wait(ENDING_MS)  # Qt aborts the whole run when a running thread is destroyed
        if not QThreadPool.globalInstance().waitForDone(ENDING_MS):
            left.append("the global QThreadPool still works")
        return left

    def _new(self, before: list[Any]) -> list[Any]:
        from PySide6.QtCore import QCoreApplication, QEvent

        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
        return [one for one in (*self._top_levels(), *self._active_timers()) if one not in before]

    def _top_levels(self) -> list[Any]:
        from PySide6.QtWidgets import QApplication

        application = QApplication.instance()
        if not isinstance(application, QApplication):
            return []
        return [one for one in application.topLevelWidgets() if one.metaObject().className() not in QT_KEEPS]

    def _active_timers(self) -> list[Any]:
        from shiboken6 import isValid

        return [one for one in self.timers if isValid(one) and one.isActive()]


_watch: list[_QtWatch] = []


def _qt() -> _QtWatch:
    if not _watch:
        _watch.append(_QtWatch())
    return _watch[0]
