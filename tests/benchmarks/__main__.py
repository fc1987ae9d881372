"""Measures everything side by side in one run, prints a table and says whether the floors are met."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Callable
from pathlib import Path

import numba
import numpy as np

from tests.benchmarks import iterations, window
from tests.benchmarks.harness import Row, table
from tests.benchmarks.profile import profile
from tests.benchmarks.workloads import chosen

SOURCES: tuple[Callable[[], list[Row]], ...] = (iterations.measure, window.measure)
"""Each measures something and returns its rows."""


def main() -> int:
    """Exit code 1 when a floor is not met."""
    if sys.argv[1:2] == ["profile"]:
        for workload in chosen(tuple(sys.argv[2:])):
            print(profile(workload), end="\n\n", flush=True)
        return 0
    print(machine(), flush=True)
    if not iterations.has_pytorch():
        print("PyTorch is not installed here and left out; python3 studio.py bench installs it", flush=True)
    rows: list[Row] = []
    for source in SOURCES:
        found = source()
        print(f"\n{table(found)}", flush=True)
        rows += found
    asked = [row for row in rows if row.floor is not None]
    missed = [row for row in asked if not row.meets_floor]
    print()
    for row in missed:
        print(f"floor not met: {row.workload}: {row.ratio:.2f}× {row.side}, {row.floor:g}× is asked")
    print(f"{len(asked) - len(missed)} of {len(asked)} floors met")
    return 1 if missed else 0


def machine() -> str:
    """Processor, cores, versions and threads, in two lines."""
    versions = f"Python {platform.python_version()}, NumPy {np.__version__}, Numba {numba.__version__}"
    if iterations.has_pytorch():
        import torch

        versions += f", PyTorch {torch.__version__}"
    return f"{_processor()}, {os.cpu_count()} cores, {platform.system()}\n{versions}; one BLAS thread"


def _processor() -> str:
    information = Path("/proc/cpuinfo")
    if information.exists():
        for line in information.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


if __name__ == "__main__":
    sys.exit(main())
