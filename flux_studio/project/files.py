"""``.flux`` files: a zip with the specification as JSON, the table as CSV and arrays as NPY. Nothing is pickled.

``mimetype`` comes first and uncompressed, so that other programs can tell the file by its beginning. Files are
written beside their place and moved there whole: a reader sees the old file or the new one, and so does whoever
comes after the program was killed or the power failed.
"""

from __future__ import annotations

import contextlib
import glob
import io
import os
import tempfile
import time
import zipfile
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO

import msgspec
import numpy as np
from numpy.typing import NDArray

from flux_studio.data.arrays import read_npy
from flux_studio.data.table import Table
from flux_studio.engine.layers import everything_learned
from flux_studio.engine.losses import make_loss
from flux_studio.engine.operations.base import Array
from flux_studio.engine.operations.updates import RATES
from flux_studio.engine.slots import MatrixKey
from flux_studio.errors import FluxError, ProjectFileError
from flux_studio.project.curve import Curve
from flux_studio.project.project import (
    LearningRateChange,
    Project,
    Run,
    WeightSet,
    check_training,
    make_layers,
    update_rule,
)
from flux_studio.project.specification import SCHEMA_VERSION, Specification
from flux_studio.project.stack import check_identities, check_layers
from flux_studio.project.tables import read_table, write_table

MIMETYPE = "application/x-flux-studio"
THUMBNAIL = "thumbnail.png"
_LARGEST_MEMBER = 2**31
_MOST_UNPACKED = 400
"""Times its packed size: what a text may become. Arrays can be all zeros, but how large they are to be is known."""
_UNPACKED_ANYWAY = 64 * 2**20
_HEADER = 65_536
_CURVE_CELLS = 1_000_000
_LEFT_SECONDS = 60.0


class _RunRecord(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    iteration: int
    first_loss: float | None
    curve: tuple[int, int, int, int]
    validation_curve: tuple[int, int, int, int] | None
    changes: tuple[LearningRateChange, ...] = ()
    optimizer: tuple[str, ...] = ()
    first_rate: float | None = None
    edits: tuple[WeightSet, ...] = ()
    since: int = 0


class _Document(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    schema_version: int
    specification: Specification
    run: _RunRecord | None = None


def save(
    project: Project,
    path: Path | str,
    *,
    thumbnail: bytes | None = None,
    with_table: bool = True,
    notes: Mapping[str, bytes] | None = None,
) -> None:
    """Write the project, replacing the file as a whole; ``thumbnail`` is a PNG.

    Without its table a file can only be read by whoever has that (see :func:`load`). ``notes`` are parts that loading
    passes over, by name.
    """
    run = project.run
    record = None
    if run is not None:
        record = _RunRecord(
            run.iteration,
            run.first_loss,
            run.curve.numbers(),
            None if run.validation_curve is None else run.validation_curve.numbers(),
            run.changes,
            tuple(sorted(run.optimizer)),
            run.first_rate,
            run.edits,
            run.since,
        )
    document = _Document(SCHEMA_VERSION, project.specification, record)

    def write(file: BinaryIO) -> None:
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
            _put(archive, "mimetype", MIMETYPE.encode(), zipfile.ZIP_STORED)
            _put(archive, "project.json", msgspec.json.format(msgspec.json.encode(document), indent=2))
            for name, content in (notes or {}).items():
                _put(archive, name, content)
            if with_table:
                _put_table(archive, project.table)
            if run is not None:
                _put_run(archive, run)
            if thumbnail is not None:
                _put(archive, THUMBNAIL, thumbnail, zipfile.ZIP_STORED)

    write_atomically(Path(path), write)


def save_table(table: Table, path: Path) -> None:
    """Write a table by itself, for files that are saved without it."""

    def write(file: BinaryIO) -> None:
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
            _put_table(archive, table)

    write_atomically(path, write)


def load(path: Path | str, *, table: Path | None = None) -> Project:
    """Read a project; :class:`ProjectFileError` says what is wrong with the file and what to do.

    ``table`` is where :func:`save_table` put the table of a file that was saved without it.
    """
    path = Path(path)
    with _opened(path) as archive:
        return _load(_Members(archive, path), table)


def read_part(path: Path | str, name: str) -> bytes | None:
    """One part of a file, such as its thumbnail; ``None`` if it has none. Errors as in :func:`load`."""
    path = Path(path)
    with _opened(path) as archive:
        members = _Members(archive, path)
        return members.read(name) if name in members.names else None


def _opened(path: Path) -> zipfile.ZipFile:
    if not os.path.exists(path):
        raise ProjectFileError(f"{path}: there is no such file")
    if path.is_dir():
        raise ProjectFileError(f"{path}: this is a folder, not a .flux file")
    try:
        return zipfile.ZipFile(path)
    except PermissionError as error:
        raise ProjectFileError(f"{path}: this file may not be read; change its permissions") from error
    except Exception as error:
        # zipfile documents BadZipFile, but damaged directories make it raise errors of many other kinds.
        raise ProjectFileError(
            f"{path}: this is not a whole .flux file; it may have been cut short: use an earlier copy"
        ) from error


class _Members:
    """The archive's members, each read once, whole and of a bearable size."""

    def __init__(self, archive: zipfile.ZipFile, path: Path) -> None:
        self.archive = archive
        self.path = path
        self.names = set(archive.namelist())

    def read(self, name: str) -> bytes:
        info = self._check(name)
        if info.file_size > max(_UNPACKED_ANYWAY, _MOST_UNPACKED * info.compress_size):
            raise ProjectFileError(
                f"{self.path}: the part {name!r} becomes more than {_MOST_UNPACKED} times its size; it is not read"
            )
        return self._read(name)

    def _read(self, name: str) -> bytes:
        try:
            return self.archive.read(name)
        except Exception as error:
            # zlib.error and others are no part of zipfile's documented errors; all of them mean a damaged part.
            raise self.damaged(name) from error

    def damaged(self, name: str) -> ProjectFileError:
        return ProjectFileError(f"{self.path}: the part {name!r} is damaged; use an earlier copy")

    def any_array(self, name: str) -> NDArray[Any]:
        """An array of any type but objects, straight from the file into its place."""
        info = self._check(name)
        try:
            with self.archive.open(name) as file:
                return read_npy(file, name, info.file_size)
        except Exception as error:  # as above, and what read_npy says
            raise self.damaged(name) from error

    def _check(self, name: str) -> zipfile.ZipInfo:
        if name not in self.names:
            raise ProjectFileError(
                f"{self.path}: the part {name!r} is missing, so this is not a whole .flux file"
            )
        info = self.archive.getinfo(name)
        if info.file_size > _LARGEST_MEMBER:
            raise ProjectFileError(f"{self.path}: the part {name!r} is larger than 2 GB; it is not read")
        return info

    def array(self, name: str, cells: int) -> Array:
        """A matrix of about so many cells."""
        if self._check(name).file_size > 16 * cells + _HEADER:
            raise ProjectFileError(
                f"{self.path}: the part {name!r} is larger than it can be; use an earlier copy"
            )
        raw = self._read(name)
        try:
            # Not np.load: it would open a zip in the zip, too.
            array = np.lib.format.read_array(io.BytesIO(raw), allow_pickle=False)
        except Exception as error:
            # ValueError is the rule, but sizes can be too large for memory, and the tokenizer has errors of its own.
            raise ProjectFileError(
                f"{self.path}: the part {name!r} does not hold numbers: {' '.join(str(error).split())}"
            ) from error
        if array.dtype not in (np.float32, np.float64) or array.ndim != 2:
            raise ProjectFileError(f"{self.path}: the part {name!r} is not a matrix of 32- or 64-bit numbers")
        return np.asarray(array)


def _load(members: _Members, table_file: Path | None) -> Project:
    document = _decode(members.read("project.json"), members.path)
    specification = document.specification
    try:
        check_layers(specification, {})
        check_identities(specification)
        make_loss(specification.loss)
        check_training(specification)
        if table_file is None:
            table = read_table(members, specification.data.source)
        else:
            with _opened(table_file) as archive:
                table = read_table(_Members(archive, table_file), specification.data.source)
    except ProjectFileError:
        raise
    except FluxError as error:
        raise ProjectFileError(f"{members.path}: {error}") from error
    project = Project(specification, table)
    if document.run is None:
        return project
    return project.with_run(_run(members, document.run, project))


def _decode(raw: bytes, path: Path) -> _Document:
    try:
        plain = msgspec.json.decode(raw)
        version = plain.get("schema_version") if isinstance(plain, dict) else None
        if not isinstance(version, int) or version < 1:
            raise ProjectFileError(f"{path}: project.json does not say its version, so it cannot be read")
        if version > SCHEMA_VERSION:
            raise ProjectFileError(
                f"{path}: written by a newer Flux Studio (version {version}); update to open it"
            )
        return msgspec.convert(plain, _Document)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise ProjectFileError(f"{path}: project.json cannot be read: {error}") from error


def _run(members: _Members, record: _RunRecord, project: Project) -> Run:
    try:
        expected = {
            key: each.tensor.shape
            for identity, layer in make_layers(project.specification, project.dataset().inputs.shape[1])
            for key, each in everything_learned(identity, layer)
        }
    except FluxError as error:
        raise ProjectFileError(f"{members.path}: {error}") from error
    curve = _curve(members, "curve.npy", record.curve)
    if record.iteration != max(0, curve.count - 1):
        raise ProjectFileError(
            f"{members.path}: the run is said to be at iteration {record.iteration}, "
            f"but its curve has {curve.count} values: use an earlier copy"
        )
    for edit in record.edits:
        shape = expected.get((edit.layer, edit.matrix), (0, 0))
        inside = 0 <= edit.row < shape[0] and 0 <= edit.column < shape[1]
        if not (inside and 0 <= edit.iteration <= record.iteration and np.isfinite(edit.value)):
            raise ProjectFileError(
                f"{members.path}: project.json tells of a weight set by hand that the network does not have; "
                "use an earlier copy"
            )
    return Run(
        iteration=record.iteration,
        parameters=_arrays(members, "weights", expected),
        start=_arrays(members, "start", expected),
        curve=curve,
        validation_curve=(
            None
            if record.validation_curve is None
            else _curve(members, "validation_curve.npy", record.validation_curve)
        ),
        first_loss=record.first_loss,
        changes=record.changes,
        optimizer=_optimizer_state(members, record.optimizer, project, expected),
        first_rate=record.first_rate,
        edits=record.edits,
        since=min(max(0, record.since), record.iteration),
    )


def _arrays(
    members: _Members, folder: str, expected: Mapping[MatrixKey, tuple[int, int]]
) -> dict[MatrixKey, Array]:
    arrays = {}
    for (layer, name), shape in expected.items():
        part = f"{folder}/{layer}/{name}.npy"
        array = members.array(part, shape[0] * shape[1])
        if array.shape != shape:
            found, wanted = ("×".join(map(str, sizes)) for sizes in (array.shape, shape))
            raise ProjectFileError(f"{members.path}: {part} is {found}, but the network needs {wanted}")
        if not np.isfinite(array).all():
            raise ProjectFileError(f"{members.path}: {part} holds a number that is not finite")
        arrays[layer, name] = array
    return arrays


def _optimizer_state(
    members: _Members, names: tuple[str, ...], project: Project, expected: Mapping[MatrixKey, tuple[int, int]]
) -> dict[str, Array]:
    if not names:
        return {}
    count = sum(rows * columns for rows, columns in expected.values())
    kept = update_rule(project.specification.optimizer).kind.update.state
    shapes = {**dict.fromkeys(kept, (1, count)), "rates": (1, len(RATES))}
    arrays = {name: members.array(f"optimizer/{name}.npy", count) for name in names}
    if {name: array.shape for name, array in arrays.items()} != shapes:
        raise ProjectFileError(
            f"{members.path}: the optimizer's state does not fit the network; use an earlier copy"
        )
    return arrays


def _curve(members: _Members, name: str, numbers: tuple[int, int, int, int]) -> Curve:
    try:
        return Curve.restored(numbers, members.array(name, _CURVE_CELLS).astype(np.float64))
    except ValueError as error:
        raise ProjectFileError(f"{members.path}: {name} does not fit its description: {error}") from error


def _put(archive: zipfile.ZipFile, name: str, content: bytes, method: int = zipfile.ZIP_DEFLATED) -> None:
    archive.writestr(_member(name, method), content)


def _put_array(archive: zipfile.ZipFile, name: str, array: NDArray[Any]) -> None:
    # Not compressed: what numbers would save in size is next to nothing, and takes most of the time.
    with archive.open(_member(name, zipfile.ZIP_STORED), "w", force_zip64=array.nbytes > 2**30) as part:
        np.lib.format.write_array(part, np.ascontiguousarray(array), allow_pickle=False)


def _member(name: str, method: int) -> zipfile.ZipInfo:
    # One fixed date, so that the same project gives the same bytes.
    member = zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0))
    member.compress_type = method
    member.external_attr = 0o644 << 16
    return member


def _put_table(archive: zipfile.ZipFile, table: Table) -> None:
    write_table(table, partial(_put, archive), partial(_put_array, archive))


def _put_run(archive: zipfile.ZipFile, run: Run) -> None:
    for folder, arrays in (("weights", run.parameters), ("start", run.start)):
        for (layer, name), array in sorted(arrays.items(), key=lambda item: item[0]):
            _put_array(archive, f"{folder}/{layer}/{name}.npy", array)
    for name, array in sorted(run.optimizer.items()):
        _put_array(archive, f"optimizer/{name}.npy", array)
    _put_array(archive, "curve.npy", run.curve.array())
    if run.validation_curve is not None:
        _put_array(archive, "validation_curve.npy", run.validation_curve.array())


def check_place(path: Path) -> None:
    """Raise :class:`ProjectFileError` when a file cannot be written there; to be asked before long work."""
    if os.path.isdir(path):
        raise ProjectFileError(f"{path}: this is a folder; give a file name")
    if not os.path.isdir(path.parent):
        raise ProjectFileError(f"{path}: the folder {path.parent} does not exist; make it first")
    if not os.access(path.parent, os.W_OK):
        raise ProjectFileError(f"{path}: the folder {path.parent} cannot be written to; choose another one")
    if os.path.isfile(path) and not os.stat(path).st_mode & 0o222:
        # It could be replaced all the same, but whoever made it so does not want that.
        raise ProjectFileError(f"{path}: this file is read-only; give another name, or allow writing to it")


def write_atomically(path: Path, content: bytes | Callable[[BinaryIO], object]) -> None:
    """Replace a file by new content, whole or not at all; :class:`ProjectFileError` when that cannot be.

    ``content`` may be a function that writes it, so that what is large need not be in memory twice.
    """
    check_place(path)
    try:
        _replace(Path(os.path.realpath(path)), content)  # a link stays one: what it leads to is replaced
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise ProjectFileError(
            f"{path}: cannot be written ({reason}); the old file, if any, is as it was"
        ) from error


def _replace(path: Path, content: bytes | Callable[[BinaryIO], object]) -> None:
    prefix, suffix = f".{path.name[:40]}.", ".part"
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=prefix, suffix=suffix)
    try:
        with os.fdopen(handle, "w+b") as file:
            if callable(content):
                content(file)
            else:
                file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, _mode(path))
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise
    _sync_folder(path.parent)
    for left in path.parent.glob(f"{glob.escape(prefix)}*{suffix}"):
        # What a killed program had begun to write.
        with contextlib.suppress(OSError):
            if time.time() - left.stat().st_mtime > _LEFT_SECONDS:
                left.unlink()


def _sync_folder(folder: Path) -> None:
    """Let the new name outlive a power cut, too; Windows sees to that itself, and some file systems refuse."""
    if os.name != "posix":
        return
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _mode(path: Path) -> int:
    """The permissions of the file that is replaced, or those that a new file gets."""
    if path.exists():
        return path.stat().st_mode & 0o777
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask
