"""Files of weights as others write them, NPZ and safetensors: what is in them, and single matrices of them.

Only names and shapes are read at first, so that a file may promise what it likes: a matrix is loaded when it is asked
for, and its size has been checked against the file's own before. Nothing is ever unpickled.
"""

from __future__ import annotations

import contextlib
import math
import os
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, cast

import numpy as np

from flux_studio.data.table import quoted
from flux_studio.engine.operations.base import Array
from flux_studio.errors import ExportError

LARGEST = 2**31
"""Bytes of one matrix; a network's are smaller."""
_MOST_MATRICES = 10_000
_DIRECTORY = 2**26
"""Bytes of a list of contents."""
_NUMBERS = "fiu"


@dataclass(frozen=True)
class WeightFile:
    """The matrices of a file: how large they are, and each of them when it is asked for."""

    path: Path
    shapes: Mapping[str, tuple[int, ...]]
    """By name, in the file's order; arrays that hold no numbers are left out."""
    load: Callable[[str], Array]
    """A matrix by its name; :class:`ExportError` where it is damaged."""


def open_weights(path: Path | str) -> WeightFile:
    """Look into a file; :class:`ExportError` says in one line what is wrong with it."""
    path = Path(path)
    if not os.path.isfile(path):
        raise ExportError(f"{path}: there is no such file")
    try:
        with path.open("rb") as file:
            begin = file.read(8)
    except OSError as error:
        raise ExportError(f"{path}: cannot be read ({error.strerror})") from error
    if begin[:4] in (b"PK\x03\x04", b"PK\x05\x06"):
        return _npz(path)
    return _safetensors(path)


def load_all(path: Path) -> dict[str, Array]:
    """All matrices of a file, by name."""
    file = open_weights(path)
    return {name: file.load(name) for name in file.shapes}


def _npz(path: Path) -> WeightFile:
    shapes: dict[str, tuple[int, ...]] = {}
    with _opened(path) as archive:
        members = {member.filename: member for member in archive.infolist()}
        if len(members) > _MOST_MATRICES:
            raise ExportError(f"{path}: {len(members):,} parts are too many for a network's weights")
        if any(name.rpartition("/")[2] == "data.pkl" for name in members):
            raise ExportError(
                f"{path}: this is a file of torch.save, a pickle inside, which is never opened: "
                "save it as safetensors"
            )
        for file, member in members.items():
            if not file.endswith(".npy"):
                continue
            with _part(path, archive, member) as (_, shape, dtype, _):
                if dtype.kind in _NUMBERS:
                    shapes[file.removesuffix(".npy")] = shape

    def load(name: str) -> Array:
        with (
            _opened(path) as archive,
            _part(path, archive, members[f"{name}.npy"]) as (file, shape, dtype, by_column),
        ):
            size = math.prod(shape) * dtype.itemsize
            content = file.read(size)
            if len(content) != size:
                raise ExportError(f"{path}: the part {quoted(name)} is cut short")
            values = np.frombuffer(content, dtype).reshape(shape, order="F" if by_column else "C")
            return cast(Array, np.ascontiguousarray(values).reshape(shape))

    return WeightFile(path, shapes, load)


def _opened(path: Path) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(path)
    except Exception as error:
        # zipfile documents BadZipFile, but damaged directories make it raise errors of many other kinds.
        raise ExportError(f"{path}: this is not a whole NPZ file; it may have been cut short") from error


@contextmanager
def _part(
    path: Path, archive: zipfile.ZipFile, member: zipfile.ZipInfo
) -> Iterator[tuple[BinaryIO, tuple[int, ...], np.dtype[Any], bool]]:
    """A member of an NPZ behind its header, with its shape, type and order, of which the header has not lied."""
    named = f"{path}: the part {quoted(member.filename)}"
    try:
        with archive.open(member) as file:
            version = np.lib.format.read_magic(file)
            if version == (1, 0):
                shape, by_column, dtype = np.lib.format.read_array_header_1_0(file)
            elif version == (2, 0):
                shape, by_column, dtype = np.lib.format.read_array_header_2_0(file)
            else:
                raise ExportError(f"{named} is of a kind that is not known")
            if dtype.hasobject:
                raise ExportError(f"{named} holds Python objects, which are never read: save plain numbers")
            size = math.prod(shape) * dtype.itemsize
            if min(shape, default=0) < 0 or size != member.file_size - file.tell():
                raise ExportError(f"{named} says that it is {'×'.join(map(str, shape))}, which it is not")
            if size > LARGEST:
                raise ExportError(f"{named} is larger than 2 GB, which no network here is")
            yield cast(BinaryIO, file), shape, dtype, by_column
    except ExportError:
        raise
    except Exception as error:
        # ValueError is the rule, but zlib, the tokenizer and the directory have errors of their own.
        raise ExportError(f"{named} is damaged: {' '.join(str(error).split())[:200]}") from error


def _safetensors(path: Path) -> WeightFile:
    with path.open("rb") as file:
        begin = file.read(8)
        first, length = begin[:1], int.from_bytes(begin, "little")
        size = os.fstat(file.fileno()).st_size
        begin = file.read(1)
    if begin != b"{" and first == b"\x80":
        raise ExportError(
            f"{path}: this is a pickle, which could run anything and is never opened: save it as safetensors or NPZ"
        )
    if size < 10 or begin != b"{":
        raise ExportError(f"{path}: this is neither an NPZ nor a safetensors file")
    if length > min(_DIRECTORY, size - 8):
        raise ExportError(f"{path}: its list of contents is said to be longer than the file; it is damaged")
    try:
        from safetensors import safe_open
    except ModuleNotFoundError as error:
        raise ExportError("safetensors files need safetensors: install it, or take an NPZ file") from error

    def load(name: str) -> Array:
        with contextlib.suppress(ModuleNotFoundError):
            import ml_dtypes  # noqa: F401  # NumPy knows half-precision types once this is there
        with _told(path), safe_open(path, "np") as file:
            found = np.ascontiguousarray(file.get_tensor(name))
        if found.dtype.kind not in _NUMBERS:
            found = found.astype(np.float32)
        return cast(Array, found)

    with _told(path), safe_open(path, "np") as opened:
        shapes = {name: tuple(opened.get_slice(name).get_shape()) for name in opened.keys()}  # noqa: SIM118
    return WeightFile(path, shapes, load)


@contextmanager
def _told(path: Path) -> Iterator[None]:
    try:
        yield
    except Exception as error:
        # SafetensorError is the rule; types that NumPy lacks give others.
        reason = " ".join(str(error).split())[:200]
        raise ExportError(f"{path}: this is not a sound safetensors file ({reason})") from error
