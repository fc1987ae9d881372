"""Scores in the window: true at every rest, about once a second while training, and only while they are seen."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QPushButton
from pytestqt.qtbot import QtBot

from flux_studio import locations
from flux_studio.data.readers import read_table
from flux_studio.gui.main_window import MainWindow
from flux_studio.project.defaults import new_project
from flux_studio.project.project import Project
from flux_studio.training.report import score
from tests.gui.shown import child
from tests.gui.windows import open_window, sample, save, until


def iris() -> Project:
    project = new_project(read_table(locations.sample("iris.csv")), test=0.2)
    return project.with_specification(project.specification.replace(iterations=400))


@pytest.fixture
def window(qtbot: QtBot) -> MainWindow:
    found = open_window(qtbot, iris())
    found.docks["scores"].raise_()
    until(qtbot, lambda: shown_iteration(found) == 0)
    return found


def shown_iteration(window: MainWindow) -> int | None:
    return None if window.scores.report is None else window.scores.report.iteration


def asked(window: MainWindow, monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    found: list[bool] = []
    ask = window.trainer.ask_report
    monkeypatch.setattr(window.trainer, "ask_report", lambda test: (found.append(test), ask(test)))
    return found


def test_the_end_of_a_run_shows_the_scores_of_all_parts(qtbot: QtBot, window: MainWindow) -> None:
    assert window.scores.table.text(1, "test") == "–"
    window.workbench.toggle_training()
    until(qtbot, lambda: shown_iteration(window) == 400)
    project = window.document.latest()
    expected = score(project.network("reference"), project.dataset(), 400)
    (target,) = expected.targets
    for part in ("training", "validation", "test"):
        for line, measure in enumerate(target.measures, 1):
            assert window.scores.table.text(line, part) == measure.text(target.metrics[part])  # type: ignore[arg-type,index]
    assert window.scores.confusion.counts.tolist() == target.metrics["validation"].confusion.tolist()  # type: ignore[union-attr]


def test_a_step_is_followed_and_test_rows_wait(qtbot: QtBot, window: MainWindow) -> None:
    for iteration in (1, 2):
        window.workbench.step()
        until(qtbot, lambda iteration=iteration: shown_iteration(window) == iteration)
        assert window.scores.report is not None
        assert not window.scores.report.is_tested
    qtbot.mouseClick(child(window, QPushButton, "scores.test"), Qt.MouseButton.LeftButton)
    until(qtbot, lambda: window.scores.table.text(1, "test") != "–")
    assert shown_iteration(window) == 2


def test_while_training_it_asks_at_most_once_a_second(
    qtbot: QtBot, window: MainWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    requests = asked(window, monkeypatch)
    window.workbench.set_pace(200.0)
    window.document.set_setting("longer", window.workbench.specification.replace(iterations=100_000))
    window.workbench.toggle_training()
    until(qtbot, lambda: (shown_iteration(window) or 0) > 0)
    first = shown_iteration(window) or 0
    assert requests == [False]
    assert first >= 100  # not before a second was over
    until(qtbot, lambda: (shown_iteration(window) or 0) > first)
    assert requests == [False, False]
    assert (shown_iteration(window) or 0) - first >= 100
    window.workbench.toggle_training()
    until(qtbot, lambda: not window.trainer.running and shown_iteration(window) == window.trainer.iteration)


def test_out_of_sight_nothing_is_asked_and_coming_into_sight_it_is(
    qtbot: QtBot, window: MainWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    with qtbot.waitSignal(window.docks["scores"].visibilityChanged):
        window.docks["data"].raise_()
    requests = asked(window, monkeypatch)
    with qtbot.waitSignal(window.trainer.frame_arrived):
        window.workbench.step()
    until(qtbot, lambda: window.trainer.iteration == 1)
    assert requests == []
    assert shown_iteration(window) == 0
    window.docks["scores"].raise_()
    until(qtbot, lambda: shown_iteration(window) == 1)
    assert requests == [False]


def test_other_data_have_other_scores_and_what_cannot_train_has_none(
    qtbot: QtBot, window: MainWindow
) -> None:
    before = window.scores.report
    window.workbench.set_shares(0.1, 0.0)
    until(qtbot, lambda: window.scores.report is not before)
    assert window.scores.report is not None
    assert dict(window.scores.report.rows) == {"training": 135, "validation": 15}
    columns = window.document.project.specification.data.columns
    window.workbench.set_columns(tuple(type(one)(one.name, "input", one.kind) for one in columns))
    assert window.scores.report is None
    window.document.undo_stack.undo()
    until(qtbot, lambda: window.scores.report is not None)


def test_starting_over_shows_the_scores_of_the_first_weights(qtbot: QtBot, window: MainWindow) -> None:
    first = window.scores.table.text(1, "training")
    window.workbench.toggle_training()
    until(qtbot, lambda: shown_iteration(window) == 400)
    assert window.scores.table.text(1, "training") != first
    window.workbench.start_over(False)
    until(qtbot, lambda: shown_iteration(window) == 0)
    assert window.scores.table.text(1, "training") == first


def test_a_trained_project_shows_its_scores_when_it_is_opened(qtbot: QtBot, tmp_path: Path) -> None:
    window = open_window(qtbot, sample("xor"))
    window.docks["scores"].raise_()
    window.workbench.toggle_training()
    until(qtbot, lambda: not window.trainer.running and (shown_iteration(window) or 0) >= 1)
    texts = [window.scores.table.text(line, "training") for line in range(4)]
    save(window, tmp_path / "xor.flux")
    again = open_window(qtbot, sample("parity-4"))
    again.docks["scores"].raise_()
    again.workbench.open(tmp_path / "xor.flux")
    until(qtbot, lambda: [again.scores.table.text(line, "training") for line in range(4)] == texts)
