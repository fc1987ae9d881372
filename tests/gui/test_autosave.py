"""Unsaved work is kept aside while training goes on, forgotten once it is saved, and offered back."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from flux_studio.errors import ProjectFileError
from flux_studio.gui import autosave
from flux_studio.gui.autosave import Autosave
from flux_studio.gui.main_window import MainWindow
from flux_studio.project import recovery
from flux_studio.project.recovery import Note, Slot, new_slot
from tests.gui.shown import settle
from tests.gui.windows import open_window, sample, save, until

W1 = ("layer-1", "weights_matrix")
Make = Callable[[], tuple[MainWindow, Autosave]]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "recovery"


@pytest.fixture
def make(qtbot: QtBot, root: Path) -> Iterator[Make]:
    """Opens windows that keep their work in ``root``."""
    made: list[Autosave] = []

    def make() -> tuple[MainWindow, Autosave]:
        project = sample("parity-4")
        window = open_window(
            qtbot, project.with_specification(project.specification.replace(iterations=2**40))
        )
        made.append(Autosave(window, root))
        return window, made[-1]

    yield make
    for each in made:
        each.close()


def kept(safe: Autosave) -> Note | None:
    assert safe._slot is not None
    return safe._slot.note


def keep(qtbot: QtBot, safe: Autosave) -> None:
    """Let the time come."""
    safe.keep()
    until(qtbot, lambda: not (safe._fetching or safe._background.isRunning()))
    settle()  # what the thread told as its last word has arrived


def left_behind(root: Path, iteration_title: str = "theirs.flux", path: str | None = None) -> Slot:
    """The work of a program that is dead."""
    slot = new_slot(root)
    project = sample("xor")
    slot.keep(
        project.with_specification(project.specification.replace(seed=77)),
        Note(iteration_title, path, 5.0, 0),
    )
    slot.give_back()
    return slot


def test_what_is_not_changed_is_not_kept(qtbot: QtBot, make: Make) -> None:
    _, safe = make()
    keep(qtbot, safe)
    assert kept(safe) is None


def test_the_clock_keeps_edits_and_training_by_itself(
    qtbot: QtBot, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(autosave, "INTERVAL_MS", 30)
    window, safe = make()
    window.workbench.change_layer("layer-1", "units", 5)
    until(qtbot, lambda: kept(safe) is not None)
    window.workbench.toggle_training()
    until(qtbot, lambda: kept(safe).iteration > 1_000)
    window.workbench.toggle_training()
    until(qtbot, lambda: not window.trainer.running)
    until(qtbot, lambda: kept(safe).iteration == window.trainer.iteration)
    again = safe._slot.load()
    assert again.specification.layer("layer-1").settings["units"] == 5
    np.testing.assert_array_equal(again.run.parameters[W1], window.document.latest().run.parameters[W1])


def test_nothing_is_written_twice(qtbot: QtBot, make: Make) -> None:
    window, safe = make()
    window.workbench.set_learning_rate(0.25)
    keep(qtbot, safe)
    first = kept(safe).time
    keep(qtbot, safe)
    assert kept(safe).time == first
    window.document.undo_stack.undo()
    window.workbench.set_learning_rate(0.3)
    keep(qtbot, safe)
    assert kept(safe).time > first


def test_saving_and_undoing_forget_it(qtbot: QtBot, make: Make, tmp_path: Path) -> None:
    window, safe = make()
    window.workbench.set_learning_rate(0.25)
    keep(qtbot, safe)
    assert kept(safe) is not None
    assert save(window, tmp_path / "mine.flux")
    assert kept(safe) is None
    window.workbench.set_learning_rate(0.3)
    keep(qtbot, safe)
    assert kept(safe).path == str(tmp_path / "mine.flux")
    window.document.undo_stack.undo()
    assert kept(safe) is None


def test_a_clean_end_leaves_nothing(qtbot: QtBot, make: Make, root: Path) -> None:
    window, safe = make()
    window.workbench.set_learning_rate(0.25)
    keep(qtbot, safe)
    window.close()
    safe.close()
    assert list(root.iterdir()) == []


def test_what_was_left_is_recovered_with_its_path(
    qtbot: QtBot, make: Make, root: Path, tmp_path: Path
) -> None:
    path = tmp_path / "theirs.flux"
    left_behind(root, path=str(path))
    window, safe = make()
    [left] = safe.left
    with qtbot.waitSignal(window.frame_shown, timeout=20_000):
        safe.recover(left)
    assert window.workbench.specification.seed == 77
    assert window.windowTitle() == "theirs.flux[*] — Flux Studio"
    assert window.isWindowModified()
    assert window.document.path == path
    assert kept(safe) is not None  # until it is saved, it stays where it is
    assert save(window, path)
    assert kept(safe) is None
    assert safe.left == []


def test_what_was_recovered_survives_the_next_crash(qtbot: QtBot, make: Make, root: Path) -> None:
    left_behind(root)
    window, safe = make()
    safe.recover(safe.left[0])
    window.workbench.set_learning_rate(0.25)
    keep(qtbot, safe)
    safe._timer.stop()
    safe._slot.give_back()  # as the system does when the program is killed
    safe._slot = None
    _, next_one = make()
    [left] = next_one.left
    assert left.load().specification.optimizer.learning_rate == 0.25
    assert left.load().specification.seed == 77


def test_what_is_discarded_is_gone(make: Make, root: Path) -> None:
    left_behind(root)
    _, safe = make()
    safe.discard(safe.left[0])
    assert safe.left == []
    assert recovery.claim_left(root) == []


def test_what_nobody_decided_about_is_offered_again(make: Make, root: Path) -> None:
    left_behind(root)
    _, safe = make()
    assert recovery.claim_left(root) == []  # another program that starts meanwhile does not see it
    safe.close()
    [left] = recovery.claim_left(root)
    assert left.note.title == "theirs.flux"
    left.close()


def test_damaged_work_is_told_and_can_be_discarded(make: Make, root: Path) -> None:
    slot = left_behind(root)
    (slot.folder / "work.flux").write_bytes(b"PK")
    window, safe = make()
    safe.recover(safe.left[0])
    assert "not a whole .flux file" in window.trouble.text
    assert window.workbench.specification.seed != 77
    safe.discard(safe.left[0])
    assert recovery.claim_left(root) == []


def test_two_programs_do_not_disturb_each_other(qtbot: QtBot, make: Make, root: Path) -> None:
    window, safe = make()
    window.workbench.set_learning_rate(0.25)
    keep(qtbot, safe)
    code = (
        "import sys; from pathlib import Path; from flux_studio.project.recovery import claim_left;"
        "print(len(claim_left(Path(sys.argv[1]))))"
    )
    assert subprocess.check_output([sys.executable, "-c", code, str(root)], text=True).strip() == "0"
    assert kept(safe) is not None


def test_a_full_disk_is_told_once_and_tried_again(
    qtbot: QtBot, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    window, safe = make()
    told: list[str] = []
    window.workbench.troubled.connect(told.append)

    def full(*_: object) -> None:
        raise ProjectFileError("No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(Slot, "keep", full)
        window.workbench.set_learning_rate(0.25)
        keep(qtbot, safe)
        keep(qtbot, safe)
    assert [text for text in told if text] == ["unsaved work cannot be kept safe: No space left on device"]
    keep(qtbot, safe)
    assert kept(safe) is not None
