"""The guards of ``tests/conftest.py`` catch what they are there for: a small test file is run, and must fail."""

from __future__ import annotations

import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

LEAVING = """
import threading, warnings
import pytest
from PySide6.QtCore import QObject, QSettings, QThread, QThreadPool, QTimer, Signal, qWarning
from PySide6.QtWidgets import QMainWindow, QWidget

kept = []

def test_widget(qapp):
    kept.append(QWidget(objectName="forgotten"))
    kept[-1].show()

def test_clean_widget(qtbot):
    widget = QWidget()
    qtbot.addWidget(widget)
    widget.show()

def test_clean_widget_deleted_later(qapp):
    QMainWindow().deleteLater()

def test_clean_widget_in_a_cycle(qapp):
    widget = QWidget()
    widget.itself = widget

def test_thread():
    event = threading.Event()
    kept.append(event)
    threading.Thread(target=event.wait, name="waiter", daemon=True).start()

def test_clean_thread():
    kept[-1].set()
    threading.Thread(target=lambda: None).start()

class Endless(QThread):
    def run(self):
        while not self.isInterruptionRequested():
            self.msleep(1)

def test_qthread(qapp):
    kept.append(Endless(objectName="worker"))
    kept[-1].start()

def test_clean_qthread(qapp):
    thread = Endless()
    thread.start()
    thread.requestInterruption()
    assert thread.wait(1000)

def test_timer(qapp):
    kept.append(QTimer(objectName="ticker", interval=60_000))
    kept[-1].start()

def test_clean_timer(qapp):
    timer = QTimer()
    timer.start(60_000)
    timer.stop()

def test_qt_warning(qapp):
    qWarning("something is odd")

@pytest.fixture
def late():
    yield
    qWarning("odd at the end")

def test_qt_warning_at_the_end(qapp, late):
    pass

@pytest.fixture
def early():
    qWarning("odd at the start")

def test_qt_warning_at_the_start(qapp, early):
    pass

class Sender(QObject):
    sent = Signal()

def test_slot_exception(qapp):
    sender = Sender()
    sender.sent.connect(lambda: 1 / 0)
    sender.sent.emit()

def test_python_warning():
    warnings.warn("old habits", DeprecationWarning)

def test_thread_exception():
    thread = threading.Thread(target=lambda: 1 / 0)
    thread.start()
    thread.join()

def test_clean_settings_are_written(qapp):
    QSettings(QSettings.Format.IniFormat, QSettings.Scope.UserScope, "maker", "app").setValue("size", 3)

def test_clean_settings_are_empty_again(qapp):
    settings = QSettings(QSettings.Format.IniFormat, QSettings.Scope.UserScope, "maker", "app")
    assert settings.value("size") is None
"""

CAUGHT = {
    "test_widget": "QWidget 'forgotten' is still alive",
    "test_thread": "thread 'waiter' still runs",
    "test_qthread": "QThread 'worker' still runs",
    "test_timer": "QTimer 'ticker' is still alive",
    "test_qt_warning": "something is odd",
    "test_qt_warning_at_the_end": "odd at the end",
    "test_qt_warning_at_the_start": "odd at the start",
    "test_slot_exception": "ZeroDivisionError",
    "test_python_warning": "old habits",
    "test_thread_exception": "ZeroDivisionError",
}
CLEAN = [
    "test_clean_widget",
    "test_clean_widget_deleted_later",
    "test_clean_widget_in_a_cycle",
    "test_clean_thread",
    "test_clean_qthread",
    "test_clean_timer",
    "test_clean_settings_are_written",
    "test_clean_settings_are_empty_again",
]


def run_pytest(file: Path, *options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pytest", "-c", "pyproject.toml", "--rootdir", str(ROOT)]
    command += ["-p", "tests.conftest", "-p", "no:cacheprovider", *options, str(file)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What pytest said against each test of the file: an empty text where it passed."""
    folder = tmp_path_factory.mktemp("guards")
    file = folder / "test_leaving.py"
    file.write_text(LEAVING, encoding="utf-8")
    report = folder / "report.xml"
    run = run_pytest(file, f"--junit-xml={report}")
    assert run.returncode == 1, run.stdout + run.stderr
    said: dict[str, str] = {}
    for case in ElementTree.parse(report).iter("testcase"):
        complaints = [*case.iter("failure"), *case.iter("error")]
        text = "\n".join(f"{one.get('message')}\n{one.text}" for one in complaints)
        said[case.attrib["name"]] = said.get(case.attrib["name"], "") + text
    return said


@pytest.mark.parametrize(("test", "complaint"), CAUGHT.items())
def test_what_is_left_behind_fails_the_test(outcomes: dict[str, str], test: str, complaint: str) -> None:
    assert complaint in outcomes[test]


@pytest.mark.parametrize("test", CLEAN)
def test_what_tidies_up_passes(outcomes: dict[str, str], test: str) -> None:
    assert outcomes[test] == ""


def test_every_test_of_the_file_was_looked_at(outcomes: dict[str, str]) -> None:
    assert set(outcomes) == {*CAUGHT, *CLEAN}


def test_a_test_without_qt_does_not_load_it(tmp_path: Path) -> None:
    file = tmp_path / "test_plain.py"
    file.write_text(
        "import sys\n\ndef test_plain():\n    assert 'PySide6' not in sys.modules\n", encoding="utf-8"
    )
    ours = ["-o", "addopts=", "-p", "no:pytest-qt", "-W", "ignore::pytest.PytestConfigWarning"]
    run = run_pytest(file, *ours)
    assert run.returncode == 0, run.stdout + run.stderr
