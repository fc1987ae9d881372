"""The log and the report: what happened is in it, and nothing of a person's work."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy
import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

import flux_studio
from flux_studio.gui.reports import Reports
from tests.gui.windows import open_window, sample


@pytest.fixture
def reports(qtbot: QtBot, tmp_path: Path) -> Iterator[Reports]:
    reports = Reports(tmp_path / "log")
    yield reports
    reports.close()


def test_it_tells_versions_and_platform(reports: Reports) -> None:
    text = reports.text()
    assert f"Flux Studio {flux_studio.__version__}" in text
    assert f"numpy {numpy.__version__}" in text
    assert "offscreen" in text
    assert "started, version" in text


def test_an_error_is_told_by_kind_and_place_without_its_words(reports: Reports) -> None:
    try:
        _ = {}["salary of Ada"]
    except KeyError as error:
        reports.note_error(KeyError, error.__traceback__)
    text = reports.text()
    assert "ERROR KeyError" in text
    assert "test_reports.py" in text
    assert "in test_an_error_is_told_by_kind_and_place" in text
    assert "salary" not in text
    assert str(Path(flux_studio.__file__).parent) not in text
    assert str(Path.home()) not in text


def test_the_log_rotates_and_stays_small(reports: Reports, tmp_path: Path) -> None:
    for _ in range(9_000):
        reports.note_error(ValueError, None)
    logs = sorted(path.name for path in (tmp_path / "log").glob("flux-studio.log*"))
    assert logs[:2] == ["flux-studio.log", "flux-studio.log.1"]
    assert sum(path.stat().st_size for path in (tmp_path / "log").iterdir()) < 1_200_000
    assert len(reports.text().splitlines()) < 200


def test_a_crash_of_the_interpreter_leaves_its_place(tmp_path: Path, reports: Reports) -> None:
    code = (
        "import sys, faulthandler; from pathlib import Path; from flux_studio.gui.reports import Reports;"
        "Reports(Path(sys.argv[1])); faulthandler._sigsegv()"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "log")], check=False, capture_output=True
    )
    assert done.returncode != 0
    assert "Segmentation fault" in reports.text()


def test_a_folder_that_cannot_be_written_to_is_done_without(qtbot: QtBot, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    reports = Reports(tmp_path / "file" / "log")
    reports.note_error(ValueError, None)
    assert "Flux Studio" in reports.text()
    reports.close()


def test_it_is_copied_from_the_menu(qtbot: QtBot, reports: Reports) -> None:
    window = open_window(qtbot, sample("xor"))
    window.reports = reports
    window.actions_by_name["help.report"].trigger()
    assert QApplication.clipboard().text() == reports.text()
    assert "copied" in window.status.currentMessage()
    assert "xor" not in QApplication.clipboard().text()
