"""The long tests: kills the application at random instants, and lets it live for half an hour.

python -m tests.soak                      both, in full: about three quarters of an hour
python -m tests.soak kills --kills 10     only the one, and shorter
python -m tests.soak long --minutes 5
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path


def main(arguments: Sequence[str]) -> int:
    """Exit code 1 when a file was unreadable, work was lost, memory grew or a thread was left."""
    layout = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser("python3 studio.py soak", description=__doc__, formatter_class=layout)
    parser.add_argument("part", nargs="?", choices=("all", "kills", "long"), default="all")
    parser.add_argument("--kills", type=int, default=100, metavar="N")
    parser.add_argument(
        "--longest", type=float, default=13.0, metavar="SECONDS", help="of a life before its kill"
    )
    parser.add_argument("--minutes", type=float, default=30.0, metavar="M", help="of the long life")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args(arguments)
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    with tempfile.TemporaryDirectory(prefix="flux-studio-soak-") as folder:
        os.environ["XDG_DATA_HOME"] = os.environ["XDG_CONFIG_HOME"] = str(Path(folder) / "home")
        results = []
        if options.part in ("all", "kills"):
            results.append(_kills(Path(folder), options.kills, options.longest, options.seed))
        if options.part in ("all", "long"):
            results.append(_long(Path(folder), options.minutes * 60, options.seed))
    return 0 if all(results) else 1


def _kills(folder: Path, kills: int, longest: float, seed: int) -> bool:
    from tests.soak.kills import report, run

    lives = []
    for life in run(folder, kills, longest, seed):
        lives.append(life)
        told = (
            f"lost {life.lost:4.1f} s of {life.killed - life.told[0][0]:4.1f}"
            if life.told
            else "before its window"
        )
        print(f"kill {len(lives):3}: {told}{'' if life.fine else '  FAILED'}", flush=True)
    print(report(lives), flush=True)
    return all(life.fine for life in lives)


def _long(folder: Path, seconds: float, seed: int) -> bool:
    from tests.soak.long_life import live, report

    result = live(folder, seconds, seed, tell=lambda line: print(line, flush=True))
    print(report(result), flush=True)
    return result.fine


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
