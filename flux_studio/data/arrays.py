"""Arrays as tables: NPY and NPZ, of which nothing is ever unpickled, and IDX, in which MNIST comes."""

from __future__ import annotations

import io
import math
import re
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from flux_studio.data.building import MOST_BYTES, SMALL, check_width, named, names_of
from flux_studio.data.compact import Numbers, Words, end_to_end
from flux_studio.data.formats import TableFormat
from flux_studio.data.sources import Source, opened
from flux_studio.data.table import Lines, Table, listed, quoted
from flux_studio.errors import DataError, FluxError

NPY_MARK, ZIP_MARK = b"\x93NUMPY", b"PK\x03\x04"

_PIECE = 1 << 20
_MOST_UNPACKED = 400
_UNPACKED_ANYWAY = 64 * 2**20
_IDX_TYPES = {8: "u1", 9: "i1", 11: ">i2", 12: ">i4", 13: ">f4", 14: ">f8"}


def read_npy(
    file: IO[bytes], name: str, size: int, source: Source | None = None, rows: int | None = None
) -> NDArray[Any]:
    """The array in an NPY file, whose ``size`` bytes must be what its header says; no objects, nothing unpickled.

    With ``rows`` only the first ones, where they stand at the beginning.
    """
    try:
        version = np.lib.format.read_magic(file)
        reading = {1: np.lib.format.read_array_header_1_0, 2: np.lib.format.read_array_header_2_0}
        if version[0] not in reading:
            raise ValueError(f"version {version[0]}")
        shape, fortran, dtype = reading[version[0]](file)
    except FluxError:
        raise
    except Exception as error:  # its header is Python, whose tokenizer has errors of its own
        raise DataError(f"{name}: the header of this array cannot be read; save it once more") from error
    if dtype.hasobject:
        raise DataError(
            f"{name} holds Python objects, which could run any program when they are read; "
            "save it as numbers, with allow_pickle=False"
        )
    count = math.prod(shape)
    if any(length < 0 for length in shape) or count * dtype.itemsize > max(0, size - 10):
        raise DataError(
            f"{name} is said to hold an array of {_times(shape)}, but its {size:,} bytes cannot; get it once more"
        )
    if rows is not None and shape and shape[0] > rows and not (fortran and len(shape) > 1):
        shape = (rows, *shape[1:])
        count = math.prod(shape)
    array = _read_into(file, name, count, dtype, source)
    return array.reshape(shape, order="F" if fortran else "C")


def _read_into(
    file: IO[bytes], name: str, count: int, dtype: np.dtype[Any], source: Source | None
) -> NDArray[Any]:
    if count * dtype.itemsize > MOST_BYTES:
        raise DataError(
            f"{name} needs more than {MOST_BYTES // 2**30} GB of memory; leave out columns or rows"
        )
    array = np.empty(count, dtype)
    if not array.nbytes:
        return array
    bytes_of, filled = memoryview(array.view(np.uint8).data), 0
    while filled < len(bytes_of):
        try:
            piece = file.read(min(_PIECE, len(bytes_of) - filled))
        except FluxError:
            raise
        except Exception as error:  # of a damaged zip: zlib.error, BadZipFile, EOFError …
            raise DataError(f"{name} is damaged; get it once more") from error
        if not piece:
            raise DataError(f"{name} has been cut short; get it once more")
        bytes_of[filled : filled + len(piece)] = piece
        filled += len(piece)
        if source is not None:
            source.tell()
    return array


class _Plain(io.RawIOBase, IO[bytes]):
    """A source as a file that can be read from its beginning to its end."""

    def __init__(self, source: Source) -> None:
        self._source = source

    def read(self, count: int = -1) -> bytes:
        return self._source.read(count)


def npy_table(source: Source, format: TableFormat, rows: int | None = None) -> Table:
    """The table in an NPY file: its first axis are the rows."""
    # How long an unpacked gz file is, only its end tells; the array is read as it comes.
    size = 400 * source.size if source.is_packed else source.size
    array = read_npy(_Plain(source), source.name, size, None, rows)
    if array.ndim:
        array = array[:rows]
    return _table(source.name, {"": array}, format)


def is_npz(source: Source) -> bool:
    """Whether a source is a zip file with arrays in it."""
    if source.is_packed or not zipfile.is_zipfile(source.file):
        source.rewind()
        return False
    try:
        with zipfile.ZipFile(source.file) as archive:
            return any(name.endswith(".npy") for name in archive.namelist())
    except Exception:  # whatever it is, whoever reads it says so
        return False
    finally:
        source.rewind()


class NpzFile:
    """The arrays of an NPZ file."""

    def __init__(self, source: Source) -> None:
        self.source, self.name = source, source.name
        try:
            self._archive = zipfile.ZipFile(source.file)
            infos = self._archive.infolist()
        except Exception as error:  # damaged directories make zipfile raise errors of many kinds
            raise DataError(f"{self.name}: this NPZ file is damaged; get it once more") from error
        self._infos = {info.filename[:-4]: info for info in infos if info.filename.endswith(".npy")}
        if not self._infos:
            raise DataError(f"{self.name} is a zip file without arrays; unpack it and choose a table")

    @property
    def arrays(self) -> tuple[str, ...]:
        """Their names."""
        return tuple(self._infos)

    def groups(self) -> tuple[str, ...]:
        """Arrays with the same number of rows, their names separated by commas; those with most rows first."""
        by_rows: dict[int, list[str]] = {}
        for name in self._infos:
            shape = self._shape(name)
            if shape:
                by_rows.setdefault(shape[0], []).append(name)
        return tuple(", ".join(by_rows[rows]) for rows in sorted(by_rows, reverse=True))

    def table(self, format: TableFormat, rows: int | None = None) -> Table:
        """The arrays of ``format.sheet`` beside each other; of the largest group if nothing is said."""
        groups = self.groups()
        if not groups:
            self._array(self.arrays[0], rows)  # tells what is wrong with it
            raise DataError(f"{self.name}: its arrays have no rows; choose another file")
        chosen = [name.strip() for name in (format.sheet or groups[0]).split(",")]
        for name in chosen:
            if name not in self._infos:
                raise DataError(
                    f"{self.name} has no array {quoted(name)}; its arrays are: {listed(self.arrays)}"
                )
        return _table(self.name, {name: self._array(name, rows) for name in chosen}, format)

    def _shape(self, name: str) -> tuple[int, ...]:
        try:
            with self._archive.open(self._infos[name]) as file:
                version = np.lib.format.read_magic(file)
                read = np.lib.format.read_array_header_1_0
                return tuple((read if version[0] == 1 else np.lib.format.read_array_header_2_0)(file)[0])
        except Exception:
            return ()  # reading it tells why

    def _array(self, name: str, rows: int | None) -> NDArray[Any]:
        info, where = self._infos[name], f"{self.name}, array {quoted(name)}"
        if info.file_size > max(_UNPACKED_ANYWAY, _MOST_UNPACKED * info.compress_size):
            raise DataError(
                f"{where} becomes more than {_MOST_UNPACKED} times its size when unpacked, so it is not read"
            )
        try:
            file = self._archive.open(info)
        except Exception as error:  # BadZipFile, NotImplementedError, RuntimeError for passwords
            raise DataError(f"{where} is damaged; get it once more") from error
        with file:
            array = read_npy(file, where, info.file_size, self.source, rows)
            return array[:rows] if array.ndim else array


def _table(source: str, arrays: dict[str, NDArray[Any]], format: TableFormat) -> Table:
    names: list[str] = []
    columns: list[Sequence[str]] = []
    rows = -1
    for title, array in arrays.items():
        where = f"{source}, array {quoted(title)}" if title else source
        if array.ndim == 0:
            raise DataError(f"{where} is a single number, not a table")
        if rows not in (-1, len(array)):
            raise DataError(
                f"{where} has {len(array):,} rows where others have {rows:,}; choose other arrays"
            )
        rows = len(array)
        if not rows:
            raise DataError(f"{where} has no rows")
        parts = (
            {title: array} if array.dtype.names is None else {key: array[key] for key in array.dtype.names}
        )
        for name, part in parts.items():
            flat = part.reshape(rows, -1)
            check_width(source, len(names) + flat.shape[1])
            if part.ndim == 1:
                names.append(name or "column 1")
            else:
                names += [f"{name or 'column'} {number}" for number in range(1, flat.shape[1] + 1)]
            columns += [_column(flat[:, place], where) for place in range(flat.shape[1])]
    if not columns:
        raise DataError(f"{source} has no columns; choose another array")
    return _finished(source, names_of(names, source), columns, format)


def _finished(
    source: str, names: tuple[str, ...], columns: list[Sequence[str]], format: TableFormat
) -> Table:
    rows = len(columns[0])
    if rows * len(columns) <= SMALL:
        columns = [tuple(column) for column in columns]
    lines = Lines(rows, np.zeros(1, np.int64), np.ones(1, np.int64))
    kept = tuple(lines) if rows * len(columns) <= SMALL else lines
    return Table(source, named(source, names, format.names), tuple(columns), kept, "row")


def _column(values: NDArray[Any], where: str) -> Sequence[str]:
    kind = values.dtype.kind
    if kind in "iub":
        return Numbers(
            values if values.dtype.byteorder in "=|" else values.astype(values.dtype.newbyteorder("="))
        )
    if kind == "f":
        native = values.astype(np.float32 if values.dtype.itemsize <= 4 else np.float64)
        odd = {int(place): str(native[place]) for place in np.flatnonzero(np.isinf(native))[:1]}
        return Numbers(native, None, odd)
    if kind in "US":
        try:
            texts = [
                (text if isinstance(text, str) else text.decode("utf-8")).strip() for text in values.tolist()
            ]
        except UnicodeDecodeError as error:
            raise DataError(f"{where} holds texts that are not in UTF-8; save them as such") from error
        different = {text: place for place, text in enumerate(dict.fromkeys(texts))}
        if len(different) > 2**16 - 1:
            return end_to_end(texts)
        return Words(np.array([different[text] for text in texts], dtype=np.uint16), tuple(different))
    if kind in "mM":
        texts = np.datetime_as_string(values).tolist() if kind == "M" else values.astype(str).tolist()
        return end_to_end(["" if text == "NaT" else text for text in texts])
    raise DataError(
        f"{where} holds {values.dtype} values, which are neither real numbers nor words; save it as one of them"
    )


# IDX: http://yann.lecun.com/exdb/mnist describes it: two zeros, the type, the number of axes, and their lengths.


def is_idx(beginning: bytes) -> bool:
    """Whether a file begins like IDX."""
    return (
        len(beginning) >= 8
        and beginning[:2] == b"\0\0"
        and beginning[2] in _IDX_TYPES
        and 0 < beginning[3] < 6
    )


def idx_table(source: Source, format: TableFormat, rows: int | None = None) -> Table:
    """The table in an IDX file. Images get the labels, and labels the images, that lie beside them in their folder."""
    array = _read_idx(source, rows)
    partner = _partner(source.path)
    images, labels = (array, None) if array.ndim > 1 else (None, array)
    if partner is not None:
        with opened(partner) as other:
            beside = _read_idx(other, rows)
        if len(beside) != len(array):
            raise DataError(
                f"{source.name} has {len(array):,} rows, but {partner.name} beside it has {len(beside):,}; "
                "put files that belong together into one folder"
            )
        if images is not None and beside.ndim == 1:
            labels = beside
        elif images is None and beside.ndim > 1:
            images = beside
    names: list[str] = []
    columns: list[Sequence[str]] = []
    if images is not None:
        flat = images.reshape(len(images), -1)
        check_width(source.name, flat.shape[1])
        names += _pixels(images.shape[1:])
        columns += [_column(flat[:, place], source.name) for place in range(flat.shape[1])]
    if labels is not None:
        names.append("label")
        columns.append(_column(labels, source.name))
    return _finished(source.name, tuple(names), columns, format)


def _read_idx(source: Source, rows: int | None) -> NDArray[Any]:
    head = source.read(4)
    if not is_idx(head + b"\0" * 4) or len(head) < 4:
        raise DataError(f"{source.name} is no IDX file; choose another")
    lengths = source.read(4 * head[3])
    if len(lengths) < 4 * head[3]:
        raise DataError(f"{source.name} has been cut short; get it once more")
    shape = tuple(np.frombuffer(lengths, ">u4").tolist())
    dtype, count = np.dtype(_IDX_TYPES[head[2]]), math.prod(shape)
    most = 400 * source.size if source.is_packed else source.size
    if count * dtype.itemsize > most:
        raise DataError(
            f"{source.name} is said to hold {_times(shape)} numbers, but it is too short for them; get it once more"
        )
    if not count:
        raise DataError(f"{source.name} has no rows; choose another file")
    if rows is not None and shape[0] > rows:
        shape = (rows, *shape[1:])
        return _read_into(_Plain(source), source.name, math.prod(shape), dtype, None).reshape(shape)
    array = _read_into(_Plain(source), source.name, count, dtype, None).reshape(shape)
    if source.read(1):
        raise DataError(f"{source.name} is longer than its header says; get it once more")
    return array


def _partner(path: Path | None) -> Path | None:
    """The file with the labels of these images, or with the images of these labels, if it is there."""
    if path is None:
        return None
    for own, other, axes in (("images", "labels", "1"), ("labels", "images", "3")):
        if own in path.name:
            wanted = re.sub(r"idx\d", f"idx{axes}", path.name.replace(own, other))
            for name in (wanted, wanted.removesuffix(".gz"), f"{wanted}.gz"):
                if (path.parent / name).is_file():
                    return path.parent / name
    return None


def _pixels(shape: tuple[int, ...]) -> list[str]:
    if len(shape) == 2:
        rows, columns = shape
        return [f"pixel r{row} c{column}" for row in range(1, rows + 1) for column in range(1, columns + 1)]
    return [f"pixel {number}" for number in range(1, math.prod(shape) + 1)]


def _times(shape: tuple[int, ...]) -> str:
    return "×".join(f"{length:,}" for length in shape) or "no"
