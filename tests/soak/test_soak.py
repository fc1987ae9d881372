"""The long tests in short: a few kills, and two rounds of a long life."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from tests.soak import kills, long_life
from tests.soak.kills import MOST_LOST, Life
from tests.soak.long_life import Result


def test_killed_at_a_random_instant_no_file_is_unreadable_and_little_is_lost(tmp_path: Path) -> None:
    """Three at a time, each with its own files, for most of a life is waiting."""
    lives: list[Life] = []

    def run(seed: int) -> None:
        folder = tmp_path / str(seed)
        folder.mkdir()
        lives.extend(kills.run(folder, 1, longest=2.5, seed=seed))

    threads = [threading.Thread(target=run, args=(seed,)) for seed in (1, 2, 3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [life.unreadable for life in lives] == [[], [], []]
    assert all(life.lost <= MOST_LOST for life in lives)
    assert any(len(life.told) > 10 for life in lives)


def test_a_life_of_two_rounds_leaves_no_thread(qtbot: QtBot, tmp_path: Path, own_settings: None) -> None:
    result = long_life.live(tmp_path, 0.0, 0, print, moment=0.04, most=1)
    long_life.live(tmp_path, 0.0, 0, print, moment=0.04, most=1, into=result)
    assert (result.left, result.troubles) == ([], [])
    assert result.threads_left <= 0
    assert result.megabytes[1] - result.megabytes[0] < 40  # caches that fill once, no more


@pytest.mark.parametrize(
    ("megabytes", "growth"),
    [([100, 200, 200, 200, 200, 200], 0), ([100, 110, 120, 130, 140, 150, 160, 170, 180], 60), ([300], 0)],
)
def test_growth_is_between_what_is_usual_after_the_warm_up_and_at_the_end(
    megabytes: list[float], growth: float
) -> None:
    assert Result(megabytes=megabytes, threads=[3]).growth == pytest.approx(growth)


def test_what_is_missing_is_counted_from_the_first_moment_that_is_lost(tmp_path: Path) -> None:
    life = Life(
        told=[(1.0, (kills.MARKS + 1, 5)), (2.0, (kills.MARKS + 1, 9)), (3.0, (kills.MARKS + 2, 0))],
        killed=7.0,
    )
    kills._judge(life, tmp_path / "none.flux", tmp_path / "none", discard=True)
    assert life.kept == "nothing"
    assert life.lost == 6.0
    assert life.fine
    life.killed = 12.0
    kills._judge(life, tmp_path / "none.flux", tmp_path / "none", discard=True)
    assert not life.fine
