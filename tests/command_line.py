"""The command line, run in this process or as one of its own, and what it left behind."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from flux_studio.cli import main
from flux_studio.locations import sample
from tests.architecture.test_files import ROOT


@dataclass(frozen=True)
class Outcome:
    """What a command said, and its exit code."""

    code: int
    out: str
    err: str

    @property
    def lines(self) -> list[str]:
        """Standard output, by lines."""
        return self.out.splitlines()

    @property
    def events(self) -> list[dict[str, Any]]:
        """Standard output as JSON objects, one a line; strict JSON only."""

        def refuse(constant: str) -> None:
            raise AssertionError(f"{constant} is no JSON")

        return [json.loads(line, parse_constant=refuse) for line in self.lines]

    @property
    def complaint(self) -> str:
        """The one line that a command says about bad input."""
        assert self.code == 2, self
        assert self.err.startswith("flux-studio: "), self.err
        assert self.err.count("\n") == 1, self.err
        assert self.err.endswith("\n")
        assert "Traceback" not in self.err
        return self.err.removeprefix("flux-studio: ").rstrip("\n")


class Terminal:
    """Runs commands in this process, in a folder of the test's own."""

    def __init__(self, folder: Path, capture: pytest.CaptureFixture[str]) -> None:
        self.folder = folder
        self._capture = capture

    def __call__(self, *words: str | Path) -> Outcome:
        self._capture.readouterr()
        code = main([str(word) for word in words])
        said = self._capture.readouterr()
        return Outcome(code, said.out, said.err)

    def done(self, *words: str | Path) -> Outcome:
        """Run a command that must succeed without a complaint."""
        outcome = self(*words)
        assert (outcome.code, outcome.err) == (0, ""), outcome
        return outcome

    def refused(self, *words: str | Path) -> str:
        """Run a command that must say one line, print nothing and leave the folder as it is; returns the line."""
        with self.unchanged():
            outcome = self(*words)
        assert outcome.out == ""
        return outcome.complaint

    def write(self, name: str, content: str | bytes) -> Path:
        """A file in the folder."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    @contextmanager
    def unchanged(self) -> Iterator[None]:
        """Nothing in the folder is written, removed or made."""
        before = self._content()
        yield
        assert self._content() == before

    def _content(self) -> dict[str, bytes | None]:
        return {
            str(path.relative_to(self.folder)): path.read_bytes() if path.is_file() else None
            for path in sorted(self.folder.rglob("*"))
        }


PARITY, IRIS, README, XOR = (sample(f"{name}.flux") for name in ("parity-4", "iris", "flux-readme", "xor"))
IRIS_CSV, PARITY_CSV = sample("iris.csv"), sample("parity-4.csv")


def process(*words: str | Path, out: Path | None = None, **variables: str) -> subprocess.Popen[str]:
    """A process of its own, as a shell would start it; with buffered output, as people have it."""
    target = subprocess.PIPE if out is None else os.open(out, os.O_WRONLY)
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    started = subprocess.Popen(
        [sys.executable, "-m", "flux_studio", *map(str, words)],
        cwd=ROOT,
        env=environment | variables,
        stdout=target,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
    )
    if out is not None:
        os.close(target)
    return started
