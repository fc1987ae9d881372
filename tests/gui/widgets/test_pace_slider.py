"""The pace slider: its stops, its words, and full speed at the right end."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QFontMetrics
from PySide6.QtWidgets import QSlider
from pytestqt.qtbot import QtBot

from flux_studio.gui.theme import look
from flux_studio.gui.widgets.pace_slider import FULL_SPEED, STOPS, PaceSlider, nearest_stop, pace_text
from tests.gui.shown import child, shown, themed


@pytest.fixture
def pace(qtbot: QtBot) -> PaceSlider:
    themed()
    return shown(qtbot, PaceSlider(), 180, 50)


@pytest.fixture
def slider(pace: PaceSlider) -> QSlider:
    return child(pace, QSlider, "training.pace")


def test_stops_go_one_two_five_up_to_ten_thousand() -> None:
    assert tuple(m * 10**e for e in range(5) for m in (1, 2, 5) if m * 10**e <= 10_000) == STOPS


@pytest.mark.parametrize(
    ("pace", "words"),
    [
        (None, "full speed"),
        (1.0, "1 a second"),
        (50.0, "50 a second"),
        (10_000.0, "10,000 a second"),
        (0.5, "0.5 a second"),
    ],
)
def test_a_pace_is_told_in_words(pace: float | None, words: str) -> None:
    assert pace_text(pace) == words


def test_walking_the_slider_tells_every_stop_and_then_full_speed(
    qtbot: QtBot, pace: PaceSlider, slider: QSlider
) -> None:
    told: list[float | None] = []
    pace.chosen.connect(told.append)
    slider.setFocus()
    qtbot.keyClick(slider, Qt.Key.Key_Home)
    for _ in range(FULL_SPEED + 2):
        qtbot.keyClick(slider, Qt.Key.Key_Right)
    assert told == [*map(float, STOPS), None]
    assert all(isinstance(one, float) for one in told[:-1])


def test_showing_a_pace_tells_nothing(qtbot: QtBot, pace: PaceSlider, slider: QSlider) -> None:
    with qtbot.assertNotEmitted(pace.chosen):
        pace.set_pace(50.0)
    assert (pace.pace, slider.value()) == (50.0, STOPS.index(50))
    assert slider.accessibleDescription() == "50 a second"


def test_a_pace_between_two_stops_is_kept(pace: PaceSlider, slider: QSlider) -> None:
    pace.set_pace(30.0)
    assert pace.pace == 30.0
    assert slider.accessibleDescription() == "30 a second"
    assert STOPS[slider.value()] in (20, 50)


@pytest.mark.parametrize(
    ("pace", "stop"),
    [(0.2, 0), (1.0, 0), (3.0, 1), (3.3, 2), (50.0, 5), (9_999.0, 12), (1e6, 12), (None, FULL_SPEED)],
)
def test_the_nearest_stop_is_nearest_by_ratio(pace: float | None, stop: int) -> None:
    assert nearest_stop(pace) == stop


def test_the_longest_words_fit_beside_the_caption(qtbot: QtBot, pace: PaceSlider) -> None:

    metrics = QFontMetrics(look.text_font(0.84))
    assert (
        metrics.horizontalAdvance("pace") + metrics.horizontalAdvance(pace_text(10_000.0))
        < pace.sizeHint().width() - 10
    )
