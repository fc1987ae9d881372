"""Where a table comes from: a file, opened with care and unpacked on the way, or a text that was pasted."""

from __future__ import annotations

import difflib
import gzip
import io
import os
import stat
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

from flux_studio.data.progress import GoesOn, always, ask
from flux_studio.data.table import quoted
from flux_studio.errors import DataError

_GZIP = b"\x1f\x8b"
_MOST_UNPACKED = 400
"""Times its size: what a packed file may become. Tables of digits become three to thirty times as large."""
_UNPACKED_ANYWAY = 64 * 2**20


@dataclass(frozen=True)
class Pasted:
    """A text from the clipboard, to be read like a file."""

    text: str
    name: str = "clipboard"


Place = Path | str | Pasted


class Source:
    """The bytes of a table. Those of a gz file come unpacked; progress counts the bytes of the file."""

    def __init__(self, name: str, file: BinaryIO, size: int, goes_on: GoesOn, path: Path | None) -> None:
        self.name, self.size, self.path, self.file = name, size, path, file
        """For people; bytes; where its neighbours are, if it is a file; its bytes as they are."""
        self._goes_on, self._unpacked = goes_on, 0
        with self._faults_told():
            self.is_packed = file.read(2) == _GZIP
            file.seek(0)
        self._plain: BinaryIO = cast(BinaryIO, gzip.GzipFile(fileobj=file)) if self.is_packed else file

    @property
    def inner_name(self) -> str:
        """Its name without ``.gz``."""
        return self.name[:-3] if self.name.lower().endswith(".gz") else self.name

    def tell(self) -> None:
        """Tell how much is read; :class:`~flux_studio.errors.GivenUpError` when it is to end."""
        with self._faults_told():
            done = self.file.tell()
        ask(self._goes_on, done, self.size)

    def read(self, count: int) -> bytes:
        """The next ``count`` bytes, unpacked; fewer only at the end. Tells the progress."""
        with self._faults_told():
            part = self._plain.read(count)
            while len(part) < count and (more := self._plain.read(count - len(part))):
                part += more
            if self.is_packed:
                self._unpacked += len(part)
                if self._unpacked > max(_UNPACKED_ANYWAY, _MOST_UNPACKED * self.file.tell()):
                    raise DataError(
                        f"{self.name}: this packed file becomes more than {_MOST_UNPACKED} times its size; "
                        "unpack it yourself if that is meant"
                    )
        self.tell()
        return part

    def pieces(self, size: int) -> Iterator[bytes]:
        """All bytes, so many at a time."""
        while piece := self.read(size):
            yield piece

    def rewind(self) -> None:
        """Back to the beginning, for the next who reads."""
        with self._faults_told():
            self._plain.seek(0)
        self._unpacked = 0

    def check_unchanged(self) -> None:
        """Raise :class:`DataError` when the file became another while it was read."""
        with self._faults_told():
            size = self.size if self.path is None else os.fstat(self.file.fileno()).st_size
        if size != self.size:
            raise DataError(f"{self.name} changed while it was read; read it once more")

    @contextmanager
    def _faults_told(self) -> Iterator[None]:
        try:
            yield
        except EOFError as error:
            raise DataError(
                f"{self.name}: this packed file has been cut short; get it once more, or unpack what there is"
            ) from error
        except (gzip.BadGzipFile, zlib.error) as error:
            raise DataError(
                f"{self.name}: this packed file is damaged and cannot be unpacked; get it once more"
            ) from error
        except (OSError, ValueError) as error:
            raise unreadable(str(self.path or self.name), error) from error


@contextmanager
def opened(place: Place, goes_on: GoesOn = always) -> Iterator[Source]:
    """A source, for as long as it is read. All that is wrong with the place is a :class:`DataError`."""
    if isinstance(place, Pasted):
        content = place.text.encode("utf-8", "replace")
        yield Source(place.name, io.BytesIO(content), len(content), goes_on, None)
        return
    path = Path(place)
    with open_file(path) as file:
        yield Source(path.name, file, os.fstat(file.fileno()).st_size, goes_on, path)


def open_file(path: Path) -> BinaryIO:
    """An ordinary file, open to be read. Nothing is opened that could keep us waiting: no pipe and no device."""
    try:
        found = os.stat(path)
        if stat.S_ISDIR(found.st_mode):
            raise DataError(f"{str(path)!r} is a folder; choose a file in it")
        if not stat.S_ISREG(found.st_mode):
            raise DataError(f"{str(path)!r} is a pipe, a socket or a device; choose an ordinary file")
        return path.open("rb")
    except FileNotFoundError:
        raise DataError(f"there is no file {str(path)!r}; {_nearby(path)}") from None
    except (OSError, ValueError) as error:
        raise unreadable(str(path), error) from error


def unreadable(path: str, error: OSError | ValueError) -> DataError:
    """What the system says about a file that it will not give."""
    reason = error.strerror if isinstance(error, OSError) else error
    return DataError(f"{path!r} cannot be read ({reason}); check the name and your permissions")


def _nearby(path: Path) -> str:
    others = [other.name for other in path.parent.glob("*.*")] if path.parent.is_dir() else []
    near = difflib.get_close_matches(path.name, others, n=1)
    return f"did you mean {quoted(near[0])}?" if near else "check the name and the folder"
