"""Freed memory goes back to the system."""

from __future__ import annotations

import sys
import threading
from pathlib import Path

import numpy as np

from flux_studio.engine.memory import give_back


def resident() -> float:
    pages = int(Path("/proc/self/statm").read_text("ascii").split()[1])
    return pages * 4096 / 2**20


def test_what_a_thread_freed_is_given_back() -> None:
    def work() -> None:
        for _ in range(3):  # the allocator learns that such blocks come and go, and keeps them
            kept = [np.ones(18 * 2**17) for _ in range(6)]
        del kept

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    give_back()
    if sys.platform.startswith("linux"):
        before = resident()
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
        give_back()
        assert resident() - before < 20
