"""Where the project's own files and the person's cache are found.

A wheel carries ``resources`` and ``sample_data`` inside the package; an editable install does not, so the
repository's own folders are the second place to look.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from flux_studio.errors import FluxError

_PACKAGE = Path(__file__).resolve().parent


def _shipped(name: str) -> Path:
    for folder in (_PACKAGE / name, _PACKAGE.parent / name):
        if folder.is_dir():
            return folder
    raise FluxError(f"the folder {name!r} is missing from this installation: install Flux Studio again")


def resource(*parts: str) -> Path:
    """Path of a shipped resource, such as ``resource("icons", "play.svg")``."""
    return _shipped("resources").joinpath(*parts)


def sample(name: str) -> Path:
    """Path of a shipped sample file, such as ``sample("parity-4.flux")``."""
    return _shipped("sample_data") / name


def samples() -> tuple[Path, ...]:
    """All ready sample projects, in alphabetical order."""
    return tuple(sorted(_shipped("sample_data").glob("*.flux")))


def cache_folder() -> Path:
    """The folder for files that can be made again; ``FLUX_STUDIO_CACHE`` overrides the system's usual place."""
    if own := os.environ.get("FLUX_STUDIO_CACHE"):
        return Path(own)
    if sys.platform == "win32":
        return (
            Path(os.environ.get("LOCALAPPDATA", Path.home() / "AppData" / "Local")) / "flux-studio" / "cache"
        )
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "flux-studio"
    return Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "flux-studio"
