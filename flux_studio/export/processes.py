"""Other programs that run while somebody may lose patience: a step at a time, and they end with whoever waits."""

from __future__ import annotations

import subprocess
import tempfile
import time
from collections.abc import Generator, Sequence
from pathlib import Path

from flux_studio.errors import ExportError

_PATIENCE = 0.05
"""Seconds between two looks."""
LONGEST = 300.0
"""Seconds after which a program is taken to hang."""


def run(command: Sequence[str], folder: Path, given: bytes = b"") -> Generator[None, None, bytes]:
    """Run a program in a folder and return what it prints; yields while it runs, and closing ends it.

    :class:`ExportError` with the last line of its complaint when it fails or takes too long.
    """
    with (
        tempfile.TemporaryFile() as source,
        tempfile.TemporaryFile() as output,
        tempfile.TemporaryFile() as errors,
    ):
        source.write(given)
        source.seek(0)
        try:
            process = subprocess.Popen(command, cwd=folder, stdin=source, stdout=output, stderr=errors)
        except OSError as error:
            raise ExportError(f"{command[0]} cannot be started ({error.strerror})") from error
        try:
            end = time.monotonic() + LONGEST
            while process.poll() is None:
                if time.monotonic() > end:
                    raise ExportError(f"{Path(command[0]).name} took more than {LONGEST:g} seconds")
                yield
                try:
                    process.wait(_PATIENCE)
                except subprocess.TimeoutExpired:
                    continue
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()
        if process.returncode:
            errors.seek(0)
            lines = errors.read().decode(errors="replace").strip().splitlines()
            raise ExportError(f"{Path(command[0]).name} failed: {lines[-1] if lines else process.returncode}")
        output.seek(0)
        return output.read()
