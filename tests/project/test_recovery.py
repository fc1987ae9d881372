"""Work that was not saved: whole at any instant, and offered to one program only, once its own has ended."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from flux_studio.errors import FluxError, ProjectFileError
from flux_studio.project import files, recovery
from flux_studio.project.project import Project
from flux_studio.project.recovery import Note, Slot, claim_left, new_slot
from tests.project.projects import parity_project
from tests.project.saved import same_run

NOTE = Note("mine.flux", "/data/mine.flux", 1_700_000_000.0, 44)

OTHER = """
import sys, time
from pathlib import Path
from flux_studio.project.recovery import Note, new_slot
from tests.project.projects import parity_project
slot = new_slot(Path(sys.argv[1]))
slot.keep(parity_project(iterations=int(sys.argv[2])), Note("theirs.flux", None, float(sys.argv[2]), 7))
print("kept", flush=True)
time.sleep(60)
"""


@pytest.fixture
def slot(tmp_path: Path) -> Iterator[Slot]:
    slot = new_slot(tmp_path / "recovery")
    yield slot
    slot.close()


@pytest.fixture
def others(tmp_path: Path) -> Iterator[list[subprocess.Popen[str]]]:
    """Two other programs that keep their work there, and are alive."""
    root = str(tmp_path / "recovery")
    made = [
        subprocess.Popen([sys.executable, "-c", OTHER, root, str(n)], stdout=subprocess.PIPE, text=True)
        for n in (100, 200)
    ]
    for one in made:
        assert one.stdout is not None
        assert one.stdout.readline() == "kept\n"
    yield made
    for one in made:
        one.kill()
        one.communicate()


def test_a_new_place_holds_nothing(slot: Slot) -> None:
    assert slot.note is None
    with pytest.raises(ProjectFileError, match="nothing to recover"):
        slot.load()


def test_what_is_kept_comes_back(slot: Slot, project: Project) -> None:
    slot.keep(project, NOTE)
    assert slot.note is not None
    assert (slot.note.title, slot.note.path, slot.note.time, slot.note.iteration) == (
        "mine.flux",
        "/data/mine.flux",
        1_700_000_000.0,
        44,
    )
    again = slot.load()
    assert again.specification == project.specification
    assert again.table.columns == project.table.columns
    same_run(again.run, project.run)


def test_the_table_is_written_once(slot: Slot, project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    slot.keep(project, NOTE)
    written: list[str] = []
    write = files.write_atomically
    monkeypatch.setattr(
        files, "write_atomically", lambda path, do: (written.append(path.suffix), write(path, do))
    )
    slot.keep(project.restarted(), NOTE)
    assert written == [".flux"]
    other = parity_project()
    slot.keep(other, NOTE)
    assert written == [".flux", ".zip", ".flux"]
    assert len(list(slot.folder.glob("*.zip"))) == 1
    assert slot.load().specification == other.specification


def test_a_program_that_dies_between_table_and_work_leaves_the_old_work(
    slot: Slot, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    slot.keep(project, NOTE)
    monkeypatch.setattr(files, "save", lambda *_, **__: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        slot.keep(parity_project(iterations=5), NOTE)
    same_run(slot.load().run, project.run)


def test_what_lives_is_not_offered_and_what_was_killed_is(
    others: list[subprocess.Popen[str]], slot: Slot, tmp_path: Path
) -> None:
    root = tmp_path / "recovery"
    assert claim_left(root) == []
    for one in others:
        one.send_signal(signal.SIGKILL)
        one.wait()
    found = claim_left(root)
    assert [each.note.time for each in found if each.note] == [200.0, 100.0]  # newest first
    assert found[0].load().specification.iterations == 200
    assert claim_left(root) == []  # the first to ask owns them
    found[0].give_back()
    [again] = claim_left(root)
    assert again.note is not None
    assert again.note.time == 200.0
    for each in (found[1], again):
        each.close()
    assert sorted(path.name for path in root.iterdir()) == [f"{slot.folder.name}.lock"]


def test_a_clean_end_leaves_nothing(tmp_path: Path, project: Project) -> None:
    slot = new_slot(tmp_path / "recovery")
    slot.keep(project, NOTE)
    slot.forget()
    assert slot.note is None
    slot.keep(project, NOTE)
    slot.close()
    assert list((tmp_path / "recovery").iterdir()) == []


def test_places_of_programs_that_kept_nothing_are_tidied_away(tmp_path: Path) -> None:
    new_slot(tmp_path / "recovery").give_back()
    assert claim_left(tmp_path / "recovery") == []
    assert list((tmp_path / "recovery").iterdir()) == []


def test_damaged_work_is_offered_all_the_same(tmp_path: Path, project: Project) -> None:
    """So that it can be discarded; what is wrong is said."""
    slot = new_slot(tmp_path / "recovery")
    slot.keep(project, NOTE)
    (slot.folder / "work.flux").write_bytes(b"PK")
    slot.give_back()
    [found] = claim_left(tmp_path / "recovery")
    with pytest.raises(FluxError, match="not a whole"):
        _ = found.note
    found.close()


def test_without_its_table_it_says_so(slot: Slot, project: Project) -> None:
    slot.keep(project, NOTE)
    next(slot.folder.glob("*.zip")).unlink()
    with pytest.raises(ProjectFileError, match="there is no such file"):
        slot.load()


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ProjectFileError, match="save often"):
        new_slot(tmp_path / "file" / "recovery")
    assert recovery.claim_left(tmp_path / "nowhere") == []
