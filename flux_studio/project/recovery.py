"""Work that was not saved when the program was killed: each running program keeps its own, and the next finds it.

A folder holds a pair for each program: ``NAME.lock``, which the system unlocks when the program ends in whatever way,
and the folder ``NAME`` with the work. Whoever gets the lock owns the work, so no two programs ever offer the same.
The table is written once, for it may be large and does not change.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import msgspec

from flux_studio.data.table import Table
from flux_studio.errors import FluxError, ProjectFileError
from flux_studio.project import files
from flux_studio.project.project import Project

_NOTE = "recovery.json"
_WORK = "work.flux"


class Note(msgspec.Struct, frozen=True):
    """What a person has to know of a piece of work to decide about it."""

    title: str
    path: str | None
    """Where the project was kept; ``None`` if it never was saved."""
    time: float
    """Seconds since 1970."""
    iteration: int
    table: str = ""


class Slot:
    """The place for one program's work. Only one program has it at a time."""

    def __init__(self, root: Path, name: str, lock: IO[bytes]) -> None:
        self.folder = root / name
        self._lock_path = root / f"{name}.lock"
        self._lock = lock
        self._table: Table | None = None
        self._table_name = ""

    @property
    def note(self) -> Note | None:
        """What the work in it is; ``None`` while there is none. :class:`ProjectFileError` if it is damaged."""
        if not (self.folder / _WORK).exists():
            return None
        content = files.read_part(self.folder / _WORK, _NOTE)
        try:
            return msgspec.json.decode(content or b"", type=Note)
        except msgspec.MsgspecError as error:
            raise ProjectFileError(f"{self.folder / _WORK}: does not say what it is: {error}") from error

    def keep(self, project: Project, note: Note) -> None:
        """Put this in the place of the work that is there; at any instant one of the two is there whole."""
        self.folder.mkdir(exist_ok=True)
        if project.table is not self._table:
            # Under another name: until the work is replaced, its own table has to stay.
            self._table_name = f"table-{uuid.uuid4().hex}.zip"
            files.save_table(project.table, self.folder / self._table_name)
            self._table = project.table
        note = msgspec.structs.replace(note, table=self._table_name)
        notes = {_NOTE: msgspec.json.encode(note)}
        files.save(project, self.folder / _WORK, with_table=False, notes=notes)
        for other in self.folder.glob("table-*.zip"):
            if other.name != self._table_name:
                other.unlink()

    def load(self) -> Project:
        """The work as it was kept; :class:`ProjectFileError` if it is damaged."""
        note = self.note
        if note is None:
            raise ProjectFileError(f"{self.folder}: there is nothing to recover")
        project = files.load(self.folder / _WORK, table=self.folder / note.table)
        self._table, self._table_name = project.table, note.table
        return project

    def forget(self) -> None:
        """There is nothing left to recover."""
        self._table = None
        with contextlib.suppress(OSError):
            (self.folder / _WORK).unlink()  # first, so that none is ever there without its table
        shutil.rmtree(self.folder, ignore_errors=True)

    def give_back(self) -> None:
        """Leave the work to whoever comes next."""
        self._lock.close()

    def close(self) -> None:
        """A clean end: nothing stays."""
        self.forget()
        self._lock.close()
        with contextlib.suppress(OSError):
            self._lock_path.unlink()


def new_slot(root: Path) -> Slot:
    """A place for this program's work; :class:`ProjectFileError` if there can be none."""
    try:
        root.mkdir(parents=True, exist_ok=True)
        while True:
            name = uuid.uuid4().hex
            lock = _locked(root / f"{name}.lock")
            if lock is not None:  # else someone who looks for work was quicker
                return Slot(root, name, lock)
    except OSError as error:
        raise ProjectFileError(
            f"{root}: work cannot be kept there ({error.strerror}), so it would be lost in a crash: save often"
        ) from error


def claim_left(root: Path) -> list[Slot]:
    """The work of programs that have ended without keeping it, newest first; it is this program's from now on."""
    found = [slot for name in _names(root) if (slot := _claim(root, name)) is not None]
    return sorted(found, key=_time, reverse=True)


def _names(root: Path) -> Iterator[str]:
    with contextlib.suppress(OSError):
        yield from sorted(path.stem for path in root.glob("*.lock"))


def _claim(root: Path, name: str) -> Slot | None:
    try:
        lock = _locked(root / f"{name}.lock")
    except OSError:
        return None
    if lock is None:
        return None
    slot = Slot(root, name, lock)
    if not (slot.folder / _WORK).exists():
        slot.close()  # it ended with nothing to keep, or someone else was quicker
        return None
    return slot


def _time(slot: Slot) -> float:
    try:
        note = slot.note
        return note.time if note is not None else 0.0
    except FluxError:
        return 0.0


def _locked(path: Path) -> IO[bytes] | None:
    """The file, locked for as long as it is open and this program lives; ``None`` while another one has it."""
    file = path.open("ab")
    try:
        if os.name == "nt":
            import msvcrt

            file.seek(0)
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined,unused-ignore]
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        file.close()
        return None
    return file
