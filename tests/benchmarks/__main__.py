"""Measures everything side by side in one run, prints a table and says whether the floors are met.

python -m tests.benchmarks                    everything
python -m tests.benchmarks W4 growth          only these: W1 to W7, growth, moments, cells, window, deep, huge, curve,
                                              loading
python -m tests.benchmarks gigabyte           loading at full size: a file of 1 GB, twice
python -m tests.benchmarks profile W4         where the time of an iteration goes, instruction by instruction
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import platform
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from tests.benchmarks import cells, growth, moments, training
from tests.benchmarks.harness import Row, table
from tests.benchmarks.profile import profile
from tests.benchmarks.workloads import WORKLOADS, Workload, chosen

PACKAGES = ("numpy", "numba", "torch", "jax", "scikit-learn")
OTHERS = ("growth", "moments", "cells", "window", "deep", "huge", "curve", "loading")
ASKED = ("gigabyte",)
"""Only when they are asked for."""


def main(arguments: Sequence[str]) -> int:
    """Exit code 1 when a floor is not met, 2 for a row that is not known."""
    known = {workload.key.lower() for workload in WORKLOADS} | {*OTHERS, *ASKED}
    names = [name.lower() for name in arguments if name != "profile"]
    if wrong := [name for name in names if name not in known]:
        print(f"there is no row {wrong[0]!r}: choose among {', '.join(sorted(known))}", file=sys.stderr)
        return 2
    workloads = chosen(names)
    print(machine(), flush=True)
    if "profile" in arguments:
        for workload in workloads:
            print(f"\n{profile(workload)}", flush=True)
        return 0
    for peer in training.left_out(workloads):
        print(f"{peer} is not installed here and left out; python3 studio.py bench installs it", flush=True)
    for remark in training.remarks(workloads):
        print(remark, flush=True)
    rows: list[Row] = []
    for found in _measured(
        workloads, [name for name in (*OTHERS, *ASKED) if name in names or (name in OTHERS and not names)]
    ):
        print(f"\n{table(found)}", flush=True)
        rows += found
    return report(rows)


def _measured(workloads: Sequence[Workload], others: Sequence[str]) -> Iterator[list[Row]]:
    for workload in workloads:
        yield training.measure(workload)
    if "growth" in others:
        print(f"\n{growth.report()}", flush=True)
    if "moments" in others:
        yield moments.measure()
    if "cells" in others:
        yield cells.measure()
    if "window" in others:
        from tests.benchmarks import window  # only here is Qt needed

        yield window.measure()
    if "deep" in others:
        from tests.benchmarks import deep

        yield deep.measure()
    if "huge" in others:
        from tests.benchmarks import huge

        yield huge.measure()
    if "curve" in others:
        from tests.benchmarks import curve

        yield curve.measure()
    for name in {"loading", "gigabyte"}.intersection(others):
        from tests.benchmarks import loading

        yield loading.measure(loading.FULL if name == "gigabyte" else loading.USUAL)


def report(rows: Sequence[Row]) -> int:
    """Say which floors and aims are not met; 1 when a floor is not."""
    missed = [row for row in rows if not row.meets_floor]
    print()
    for row in missed:
        print(f"floor not met: {row.workload}: {row.ratio:.2f}× {row.side}, {row.floor:g}× is asked")
    for what, count, asked in (
        ("floors", len(missed), [row for row in rows if row.floor is not None]),
        ("aims", sum(not row.meets_aim for row in rows), [row for row in rows if row.aim is not None]),
    ):
        print(f"{len(asked) - count} of {len(asked)} {what} met")
    return 1 if missed else 0


def machine() -> str:
    """Processor, cores, versions and threads, in two lines."""
    found = [name for name in PACKAGES if importlib.util.find_spec(name.replace("scikit-learn", "sklearn"))]
    versions = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in found)
    return (
        f"{_processor()}, {os.cpu_count()} cores, {platform.system()}\n"
        f"Python {platform.python_version()}, {versions}; one thread where nothing else is said"
    )


def _processor() -> str:
    information = Path("/proc/cpuinfo")
    if information.exists():
        for line in information.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
