"""A large CSV file: how soon its preview is there, how long it loads, in what memory, and what it leaves the window.

The file is made in a temporary folder, and read in a process of its own, so that its memory can be told from ours.
As in the window, the engine is loaded before.
"""

from __future__ import annotations

import gc
import json
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import numpy as np

from tests.benchmarks.harness import Row, within

USUAL, FULL = 200, 1_000
"""Megabytes."""

PREVIEW_SECONDS = 1.0
GAP_SECONDS = 0.050
SECONDS_A_GIGABYTE = 30.0
"""A limit of our own, far from the usual."""

_COLUMNS = 20
_ROWS = 20_000
_STILL = 0.010
"""Seconds: when another process stands still for as long at the same time, it is the machine that does."""


def measure(megabytes: int = USUAL) -> list[Row]:
    """Load numbers with four decimals in twenty columns, and the same with a column of words and empty cells."""
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for title, words in (("numbers", False), ("numbers, words and gaps", True)):
            path = Path(folder) / "table.csv"
            _write(path, megabytes * 10**6, words)
            rows += _loaded(f"{megabytes:,} MB of {title}", path, megabytes)
            path.unlink()
    return rows


def _loaded(title: str, path: Path, megabytes: int) -> list[Row]:
    """What a process of its own found, beside a second one that only looks at the clock."""
    clock = subprocess.Popen(
        [sys.executable, "-m", __name__, "clock"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    done = subprocess.run([sys.executable, "-m", __name__, str(path)], stdout=subprocess.PIPE, check=True)
    still = json.loads(clock.communicate(b"\n")[0])
    found = json.loads(done.stdout)
    gaps = [end - begin - _shared(begin, end, still) for begin, end in found["gaps"]]
    rows = [
        within(title, "preview", [found["preview"]], PREVIEW_SECONDS),
        within(
            title, "loading", [found["seconds"]], SECONDS_A_GIGABYTE * megabytes / 1_000, "{:.2f} s".format
        ),
        within(title, "longest hold of Python's lock", [max(_STILL, *gaps)], GAP_SECONDS),
    ]
    if found["peak"] is not None:
        limit = 1.5 * found["result"] + 300e6
        rows.append(within(title, "memory at its peak", [found["peak"]], limit, _megabytes))
    return rows


def _shared(begin: float, end: float, still: list[list[float]]) -> float:
    return sum(max(0.0, min(end, other) - max(begin, one)) for one, other in still)


def _megabytes(size: float) -> str:
    return f"{size / 1e6:,.0f} MB"


def _write(path: Path, size: int, words: bool) -> None:
    generator = np.random.default_rng(0)
    values = generator.normal(size=(_ROWS, _COLUMNS))
    kinds = generator.choice(["red", "green", "blue", '"dark, red"'], _ROWS)
    lines = [",".join(f"{value:.4f}" for value in row) for row in values.tolist()]
    if words:
        lines = [
            f"{kind},{line if place % 9 else line.replace('0.1', '', 1)}"
            for place, (kind, line) in enumerate(zip(kinds, lines, strict=True))
        ]
    block = ("\n".join(lines) + "\n").encode()
    names = [*(["kind"] if words else []), *(f"x{place}" for place in range(_COLUMNS))]
    with path.open("wb") as file:
        file.write(",".join(names).encode() + b"\n")
        for _ in range(max(1, round(size / len(block)))):
            file.write(block)


def _load(path: str) -> None:
    from flux_studio.data import readers, scanning

    begin = time.perf_counter()
    shown = readers.preview(path)
    preview = time.perf_counter() - begin
    scanning.warm()
    gc.collect()
    gc.freeze()  # as the window does once the engine is there
    before = _most_memory()
    ticks = _Ticks()
    begin = time.perf_counter()
    table = readers.read_table(path, shown.format)
    seconds = time.perf_counter() - begin
    gaps = ticks.stop()
    after = _most_memory()
    print(
        json.dumps(
            {
                "preview": preview,
                "seconds": seconds,
                "gaps": gaps,
                "result": sum(cells.nbytes for cells in table.columns),  # type: ignore[attr-defined]
                "peak": None if before is None or after is None else after - before,
            }
        )
    )


class _Ticks:
    """A thread that wants Python's lock every millisecond, as the window would."""

    def __init__(self) -> None:
        self._gaps: list[tuple[float, float]] = [(0.0, 0.0)]
        self._enough = False
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def stop(self) -> list[tuple[float, float]]:
        """The longest gaps between two ticks, from when to when in seconds of the day."""
        self._enough = True
        self._thread.join()
        return sorted(self._gaps, key=lambda gap: gap[0] - gap[1])[:100]

    def _run(self) -> None:
        last = time.time()
        while not self._enough:
            time.sleep(0.001)
            now = time.time()
            if now - last > _STILL:
                self._gaps.append((last, now))
            last = now


def _most_memory() -> int | None:
    """Bytes that this process ever took, where the system tells."""
    try:
        import resource
    except ImportError:
        return None
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most * 1024


def _clock() -> None:
    ticks = _Ticks()
    sys.stdin.read(1)
    print(json.dumps(ticks.stop()))


if __name__ == "__main__":
    _clock() if sys.argv[1] == "clock" else _load(sys.argv[1])
