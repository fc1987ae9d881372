"""The status bar: what goes on, with which engine, how smoothly, and whether it is saved."""

from __future__ import annotations

import pytest
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from flux_studio.gui import status_bar
from flux_studio.gui.status_bar import StatusBar
from tests.gui.shown import child, shown, themed


@pytest.fixture
def bar(qtbot: QtBot) -> StatusBar:
    themed()
    return shown(qtbot, StatusBar(), 900, 28)


def words(bar: StatusBar, name: str) -> str:
    return child(bar, QLabel, f"status.{name}").text()


def test_the_facts(bar: StatusBar) -> None:
    bar.set_state("training", running=True)
    bar.set_engine("compiled executor, 1 thread, float32")
    bar.set_kept("not saved")
    assert words(bar, "state") == "● training"
    assert words(bar, "engine") == "compiled executor, 1 thread, float32"
    assert words(bar, "kept") == "not saved"
    bar.set_state("resting", running=False)
    assert words(bar, "state") == "○ resting"


@pytest.mark.parametrize("rate", [5, 24, 30, 60])
def test_pictures_a_second(bar: StatusBar, monkeypatch: pytest.MonkeyPatch, rate: int) -> None:
    now = [100.0]
    monkeypatch.setattr(status_bar.time, "perf_counter", lambda: now[0])
    bar.set_state("training", running=True)
    bar.count_frame()
    assert words(bar, "frames") == ""  # one picture has no rate
    for _ in range(3 * rate):
        now[0] += 1 / rate
        bar.count_frame()
    assert words(bar, "frames") == f"{rate} pictures a second"
    assert len(bar._frame_times) <= rate + 1  # older ones are forgotten


def test_resting_has_no_pictures_a_second(bar: StatusBar) -> None:
    bar.set_state("training", running=True)
    for _ in range(3):
        bar.count_frame()
    assert words(bar, "frames")
    bar.set_state("resting", running=False)
    assert words(bar, "frames") == ""
    bar.count_frame()
    assert words(bar, "frames") == ""


def test_a_message_takes_the_place_of_the_facts_and_goes(bar: StatusBar) -> None:
    bar.set_kept("saved")
    bar.showMessage("exported weights.npz", status_bar.MESSAGE_MS)
    assert bar.currentMessage() == "exported weights.npz"
    assert child(bar, QLabel, "status.kept").isVisible()
    bar.clearMessage()
    assert child(bar, QLabel, "status.state").isVisible()
