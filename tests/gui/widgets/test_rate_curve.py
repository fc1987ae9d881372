"""The picture of the learning rate: the engine's own numbers, and a mark where training stands."""

import math
from itertools import pairwise

import pytest
from PySide6.QtGui import QImage
from pytestqt.qtbot import QtBot

from flux_studio.gui.theme import colour
from flux_studio.gui.widgets.rate_curve import RateCurve
from flux_studio.project.specification import OptimizerSpecification, ScheduleSpecification
from tests.gui.shown import settle, shown, themed

COSINE = OptimizerSpecification("sgd", 0.4, schedule=ScheduleSpecification("cosine", period=1000.0))


@pytest.fixture
def curve(qtbot: QtBot) -> RateCurve:
    themed()
    made = RateCurve()
    made.set_run(COSINE, 1000)
    return shown(qtbot, made, 270, 64)


def accent_height(image: QImage, x: int) -> int:
    """How far down the line is in a column of pixels."""
    wanted = colour("accent")

    def unlike(y: int) -> int:
        found = image.pixelColor(x, y)
        return abs(found.red() - wanted.red()) + abs(found.blue() - wanted.blue())

    return min(range(image.height()), key=unlike)


def test_the_rate_is_that_of_the_schedule(curve: RateCurve) -> None:
    assert curve.rate(0) == 0.4
    assert curve.rate(500) == pytest.approx(0.2)
    assert curve.rate(250) == pytest.approx(0.4 * (1 + math.cos(math.pi / 4)) / 2)


def test_the_line_falls_from_the_top_to_the_bottom(curve: RateCurve) -> None:
    settle()
    image = curve.grab().toImage()
    heights = [accent_height(image, x) for x in range(45, 262, 20)]
    assert heights == sorted(heights)
    assert heights[-1] - heights[0] > 20


def test_the_tip_reads_the_rate_under_the_pointer(curve: RateCurve) -> None:
    assert curve.tip(0) == "iteration 1: η = 0.4"
    assert curve.tip(10_000).startswith("iteration 1,000: η = ")


def test_the_mark_moves_with_training(curve: RateCurve) -> None:
    settle()
    pictures = []
    for iteration in (0, 300, 900, 1000, 5000):
        curve.set_now(iteration)
        settle()
        pictures.append(curve.grab().toImage())
    assert all(one != other for one, other in pairwise(pictures[:4]))
    # Beyond the run it stays at the end.
    assert pictures[3] == pictures[4]


@pytest.mark.parametrize("kind", ["constant", "step", "exponential", "cosine"])
def test_every_kind_and_length_can_be_drawn(curve: RateCurve, kind: str) -> None:
    for iterations in (1, 2, 10**9):
        curve.set_run(OptimizerSpecification(schedule=ScheduleSpecification(kind, warm_up=5)), iterations)
        curve.set_now(3)
        settle()
        assert not curve.grab().isNull()
