"""What happened, for those who can mend it: a log, what a crash leaves, and a report that a person can copy.

Nothing of this is sent anywhere, and nothing of a person's work is in it: of an error only its kind and where in our
code it came up, never its words, for these may name files or columns.
"""

from __future__ import annotations

import contextlib
import faulthandler
import importlib.metadata
import logging
import logging.handlers
import platform
import traceback
from pathlib import Path
from types import TracebackType
from typing import IO

from PySide6.QtCore import qVersion
from PySide6.QtGui import QGuiApplication

import flux_studio

_PACKAGES = ("PySide6-Essentials", "numpy", "numba", "scipy", "pyqtgraph", "msgspec")
_LOG_BYTES, _LOGS = 256 * 1024, 3
_LINES = 60
_LOGGER = logging.getLogger("flux_studio")


class Reports:
    """The log of one start of the application, in ``folder``; without one that can be written to, there is none."""

    def __init__(self, folder: Path | None) -> None:
        self._paths: dict[str, Path] = {}
        self._handler: logging.Handler | None = None
        self._fault_file: IO[str] | None = None
        if folder is not None:
            with contextlib.suppress(OSError):
                self._begin(folder)

    def _begin(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._paths = {"Log": folder / "flux-studio.log", "Crashes": folder / "faults.log"}
        # A crash of the interpreter itself can only write to a file that is open already.
        self._fault_file = self._paths["Crashes"].open("a", encoding="utf-8")
        faulthandler.enable(self._fault_file)
        self._handler = _handler(self._paths["Log"])
        _LOGGER.addHandler(self._handler)
        _LOGGER.setLevel(logging.INFO)
        _LOGGER.propagate = False
        _LOGGER.info("started, version %s", flux_studio.__version__)

    def note_error(self, kind: type[BaseException], trace: TracebackType | None) -> None:
        """An error that nobody caught: its kind, and the places in the code that it went through."""
        if self._handler is None:
            return
        places = (
            f"{_short(frame.filename)}:{frame.lineno} in {frame.name}"
            for frame in traceback.extract_tb(trace)
        )
        _LOGGER.error("%s\n%s", kind.__name__, "\n".join(f"    {place}" for place in places))

    def text(self) -> str:
        """Versions, platform, and the last lines of both files."""
        parts = [_versions()]
        for title, path in self._paths.items():
            lines = _last_lines(path)
            parts.append(f"{title}\n" + "\n".join(f"  {line}" for line in lines or ["nothing"]))
        return "\n\n".join(parts) + "\n"

    def close(self) -> None:
        """A clean end."""
        if self._handler is not None:
            _LOGGER.info("ended")
            _LOGGER.removeHandler(self._handler)
            self._handler.close()
        if self._fault_file is not None:
            faulthandler.disable()
            self._fault_file.close()


def _handler(path: Path) -> logging.Handler:
    handler = logging.handlers.RotatingFileHandler(
        path, maxBytes=_LOG_BYTES, backupCount=_LOGS, encoding="utf-8", delay=True
    )
    # Several windows write to one log: each line says which.
    handler.setFormatter(logging.Formatter("%(asctime)s %(process)d %(levelname)s %(message)s"))
    return handler


def _versions() -> str:
    found = []
    for name in _PACKAGES:
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            found.append(f"{name} {importlib.metadata.version(name)}")
    screens = (
        f"{each.size().width()}×{each.size().height()} at {each.devicePixelRatio():g}"
        for each in QGuiApplication.screens()
    )
    return "\n".join(
        (
            f"Flux Studio {flux_studio.__version__}",
            f"Python {platform.python_version()} on {platform.system()} {platform.release()} {platform.machine()}",
            f"Qt {qVersion()} ({QGuiApplication.platformName()}); {', '.join(found)}",
            f"Screens: {', '.join(screens)}",
        )
    )


def _last_lines(path: Path) -> list[str]:
    try:
        text = path.read_text("utf-8", errors="replace")
    except OSError:
        return []
    return [_short(line) for line in text.splitlines()[-_LINES:]]


def _short(text: str) -> str:
    """Without the folders that lead to our code and to the person."""
    package = str(Path(flux_studio.__file__).parent.parent)
    return text.replace(package, "…").replace(str(Path.home()), "~")
