"""The benchmark of loading measures what it says, on a small file."""

from __future__ import annotations

from pathlib import Path

import pytest

from flux_studio.data.readers import read_table
from tests.benchmarks import loading


def test_a_small_file_is_measured_in_a_process_of_its_own(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    loading._write(path, 6_000_000, words=True)
    assert 5_000_000 < path.stat().st_size < 7_000_000
    assert read_table(path).names[:2] == ("kind", "x0")
    rows = loading._loaded("a small file", path, 6)
    assert [row.side for row in rows][:3] == ["preview", "loading", "longest hold of Python's lock"]
    assert all(row.seconds > 0 for row in rows[:3])


def test_what_the_machine_stood_still_is_left_out() -> None:
    assert loading._shared(1.0, 2.0, [[0.0, 0.5], [1.2, 1.4], [1.9, 9.0]]) == pytest.approx(0.3)
