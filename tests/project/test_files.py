"""Project files: they come back as they were, and are replaced as a whole or not at all."""

from __future__ import annotations

import errno
import io
import json
import os
import stat
import zipfile
from pathlib import Path

import numpy as np
import pytest

from flux_studio.errors import ProjectFileError
from flux_studio.project import files
from flux_studio.project.project import LearningRateChange, Project, Run, WeightSet
from tests.project.projects import parity_project
from tests.project.saved import PNG, same_arrays, same_run


def test_a_project_without_a_run_comes_back(tmp_path: Path) -> None:
    project = parity_project(pace=12.5, iterations=777)
    files.save(project, tmp_path / "p.flux")
    loaded = files.load(tmp_path / "p.flux")
    assert loaded.specification == project.specification
    assert loaded.table.columns == project.table.columns
    assert loaded.table.names == project.table.names
    assert loaded.table.source == project.table.source
    assert loaded.run is None
    assert loaded.dataset().fingerprint == project.dataset().fingerprint


def test_a_trained_project_comes_back_with_everything(project: Project, tmp_path: Path) -> None:
    assert project.run is not None
    edits = (WeightSet(2, "layer-1", "weights_matrix", 1, 5, -0.75),)
    more = {"changes": (LearningRateChange(3, 0.25),), "first_rate": 0.5, "edits": edits, "since": 2}
    changed = Run(**{**vars(project.run), **more})
    files.save(project.with_run(changed), tmp_path / "p.flux")
    loaded = files.load(tmp_path / "p.flux")
    assert loaded.specification == project.specification
    same_run(loaded.run, changed)


def test_a_run_that_has_not_begun_comes_back(tmp_path: Path, project: Project) -> None:
    fresh = project.restarted()
    files.save(fresh, tmp_path / "p.flux")
    loaded = files.load(tmp_path / "p.flux").run
    assert loaded is not None
    assert fresh.run is not None
    assert (loaded.iteration, loaded.first_loss, loaded.begun) == (0, None, False)
    same_arrays(loaded.parameters, fresh.run.parameters)


def test_the_same_project_gives_the_same_bytes(project: Project, good: bytes, tmp_path: Path) -> None:
    path = tmp_path / "again.flux"
    files.save(project, path, thumbnail=PNG)
    assert path.read_bytes() == good
    reloaded = tmp_path / "reloaded.flux"
    files.save(files.load(path), reloaded, thumbnail=PNG)
    assert reloaded.read_bytes() == good


def test_what_is_in_the_file(good: bytes) -> None:
    with zipfile.ZipFile(io.BytesIO(good)) as archive:
        assert archive.testzip() is None
        first = archive.infolist()[0]
        assert (first.filename, first.compress_type) == ("mimetype", zipfile.ZIP_STORED)
        assert archive.read("mimetype") == b"application/x-flux-studio"
        assert archive.read("thumbnail.png") == PNG
        document = json.loads(archive.read("project.json"))
        assert document["schema_version"] == 1
        weights = np.load(io.BytesIO(archive.read("weights/layer-1/weights_matrix.npy")), allow_pickle=False)
        assert weights.shape == (2, 6)
    # Other programs tell the file by its beginning.
    assert good[30:63] == b"mimetypeapplication/x-flux-studio"


def test_the_first_loss_may_be_infinite(project: Project, tmp_path: Path) -> None:
    assert project.run is not None
    infinite = Run(**{**vars(project.run), "first_loss": float("inf")})
    files.save(project.with_run(infinite), tmp_path / "p.flux")
    loaded = files.load(tmp_path / "p.flux").run
    assert loaded is not None
    assert loaded.first_loss is None
    assert loaded.iteration == project.run.iteration


def full_disk(*_: object) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def interrupted(*_: object) -> None:
    raise KeyboardInterrupt


@pytest.mark.parametrize("step", ["fsync", "replace", "chmod"])
def test_a_write_that_fails_leaves_the_old_file(
    step: str, project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "p.flux"
    path.write_bytes(b"the old file")
    monkeypatch.setattr(os, step, full_disk)
    with pytest.raises(ProjectFileError) as caught:
        files.save(project, path)
    monkeypatch.undo()
    assert str(caught.value) == (
        f"{path}: cannot be written (No space left on device); the old file, if any, is as it was"
    )
    assert path.read_bytes() == b"the old file"
    assert list(tmp_path.iterdir()) == [path]


def test_ctrl_c_leaves_the_old_file_and_nothing_else(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "p.flux"
    path.write_bytes(b"the old file")
    monkeypatch.setattr(os, "fsync", interrupted)
    with pytest.raises(KeyboardInterrupt):
        files.save(project, path)
    assert path.read_bytes() == b"the old file"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.skipif(os.name == "nt", reason="permissions and links of POSIX")
def test_permissions_and_links_stay(project: Project, tmp_path: Path) -> None:
    path, link, new = tmp_path / "p.flux", tmp_path / "link.flux", tmp_path / "new.flux"
    path.write_bytes(b"old")
    path.chmod(0o600)
    link.symlink_to(path)
    files.save(project, link)
    assert link.is_symlink()
    assert files.load(path).run is not None
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    before = os.umask(0o027)
    try:
        files.save(project, new)
    finally:
        os.umask(before)
    assert stat.S_IMODE(new.stat().st_mode) == 0o640


def test_places_that_cannot_be_written_to(project: Project, tmp_path: Path) -> None:
    for path, reason in (
        (tmp_path, "this is a folder; give a file name"),
        (tmp_path / "missing" / "p.flux", f"the folder {tmp_path / 'missing'} does not exist; make it first"),
        (tmp_path / ("long" * 100), "File name too long"),
        (tmp_path / "nul\0byte", "cannot be written"),
    ):
        with pytest.raises(ProjectFileError) as caught:
            files.save(project, path)
        assert reason in str(caught.value)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "edit",
    [
        WeightSet(2, "layer-9", "weights_matrix", 0, 0, 1.0),
        WeightSet(2, "layer-1", "weights_matrix", 2, 0, 1.0),
        WeightSet(2, "layer-1", "weights_matrix", 0, -1, 1.0),
        WeightSet(10**9, "layer-1", "weights_matrix", 0, 0, 1.0),
        WeightSet(-1, "layer-1", "weights_matrix", 0, 0, 1.0),
    ],
)
def test_a_weight_set_that_the_network_does_not_have_is_refused(
    project: Project, tmp_path: Path, edit: WeightSet
) -> None:
    changed = Run(**{**vars(project.run), "edits": (edit,)})
    files.save(project.with_run(changed), tmp_path / "p.flux")
    with pytest.raises(ProjectFileError, match="a weight set by hand"):
        files.load(tmp_path / "p.flux")


def test_what_a_killed_program_had_begun_to_write_is_tidied_away(tmp_path: Path) -> None:
    path = tmp_path / "mine.flux"
    left, fresh, other = (
        tmp_path / name for name in (".mine.flux.a.part", ".mine.flux.b.part", ".his.flux.a.part")
    )
    for file in (left, fresh, other):
        file.write_bytes(b"PK")
    for file in (left, other):
        os.utime(file, (1, 1))
    files.write_atomically(path, b"whole")
    assert path.read_bytes() == b"whole"
    assert not left.exists()
    assert fresh.exists()  # another program may be at it
    assert other.exists()


def test_file_and_folder_reach_the_disk_before_and_after_the_name_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[str] = []
    sync, replace = os.fsync, os.replace

    def note_sync(handle: int) -> None:
        done.append("folder" if stat.S_ISDIR(os.fstat(handle).st_mode) else "file")
        sync(handle)

    def note_replace(old: str, new: Path) -> None:
        done.append("name")
        replace(old, new)

    monkeypatch.setattr(os, "fsync", note_sync)
    monkeypatch.setattr(os, "replace", note_replace)
    files.write_atomically(tmp_path / "mine.flux", lambda file: file.write(b"whole") and None)
    assert done == ["file", "name", "folder"]
    assert (tmp_path / "mine.flux").read_bytes() == b"whole"


def test_a_file_without_its_table_is_read_with_it(project: Project, tmp_path: Path) -> None:
    files.save(project, tmp_path / "p.flux", with_table=False, notes={"note.json": b"{}"})
    with pytest.raises(ProjectFileError, match=r"'table\.csv' is missing"):
        files.load(tmp_path / "p.flux")
    files.save_table(project.table, tmp_path / "t.zip")
    again = files.load(tmp_path / "p.flux", table=tmp_path / "t.zip")
    assert again.table.columns == project.table.columns
    assert again.specification == project.specification
    assert files.read_part(tmp_path / "p.flux", "note.json") == b"{}"
    assert files.read_part(tmp_path / "p.flux", files.THUMBNAIL) is None
    with pytest.raises(ProjectFileError, match=r"gone\.zip: there is no such file"):
        files.load(tmp_path / "p.flux", table=tmp_path / "gone.zip")
