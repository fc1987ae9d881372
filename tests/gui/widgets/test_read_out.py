"""Read-outs: how losses and speeds are written, and that changing digits move nothing."""

import math

import pytest
from PySide6.QtGui import QFontMetrics
from PySide6.QtWidgets import QHBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from flux_studio.gui.theme import look
from flux_studio.gui.widgets.read_out import ReadOut, loss_text, speed_text
from tests.gui.shown import settle, shown, themed


@pytest.mark.parametrize(
    ("speed", "text"),
    [
        (None, "–"),
        (1_620_000, "1.62 M it/s"),
        (48_321, "48.3 k it/s"),
        (950, "950 it/s"),
        (999.4, "999 it/s"),
        (999.6, "1.00 k it/s"),
        (999_700, "1.00 M it/s"),
        (99.96, "100 it/s"),
        (9.996, "10.0 it/s"),
        (2, "2.00 it/s"),
        (0.5, "0.50 it/s"),
        (12_345_678, "12.3 M it/s"),
    ],
)
def test_a_speed_has_three_digits(speed: float | None, text: str) -> None:
    assert speed_text(speed) == text


@pytest.mark.parametrize(
    ("loss", "text"),
    [
        (None, "–"),
        (0.000557, "0.000557"),
        (0.2504, "0.250400"),
        (12.345678, "12.34568"),
        (123456.78, "123456.8"),
        (5.57e-7, "5.57e-07"),
        (3.2e9, "3.20e+09"),
        (0.0, "0.000000"),
        (math.nan, "NaN"),
        (math.inf, "∞"),
    ],
)
def test_a_loss_has_as_many_characters_as_before(loss: float | None, text: str) -> None:
    assert loss_text(loss) == text


@pytest.mark.parametrize("loss", [1e-300, 1e300, 0.999999999, 99.99999999, 999999.99])
def test_no_loss_is_wider_than_its_place(qtbot: QtBot, loss: float) -> None:
    themed()
    read_out = ReadOut("MSE", "8.88e-888")
    qtbot.addWidget(read_out)
    assert (
        QFontMetrics(look.number_font(1.08)).horizontalAdvance(loss_text(loss)) <= read_out.sizeHint().width()
    )


def test_another_number_moves_no_neighbour(qtbot: QtBot) -> None:
    themed()
    bar = QWidget()
    row = QHBoxLayout(bar)
    first, second = ReadOut("iteration", "88,888,888"), ReadOut("speed", "88.8 M it/s")
    row.addWidget(first)
    row.addWidget(second)
    shown(qtbot, bar, 400, 60)
    place = second.geometry()
    first.set_text("12,345,678")
    settle()
    assert second.geometry() == place
    assert first.text == "12,345,678"
    assert first.accessibleName() == "iteration: 12,345,678"


def test_words_and_numbers_have_their_captions_on_one_line(qtbot: QtBot) -> None:
    themed()
    number, words = ReadOut("iteration", "88"), ReadOut("batch", "all rows", words=True)
    qtbot.addWidget(number)
    qtbot.addWidget(words)
    assert number.sizeHint().height() == words.sizeHint().height()


def test_a_longer_caption_makes_room(qtbot: QtBot) -> None:
    themed()
    read_out = ReadOut("MSE", "0.1")
    qtbot.addWidget(read_out)
    before = read_out.sizeHint().width()
    read_out.set_caption("categorical cross-entropy")
    assert read_out.caption == "categorical cross-entropy"
    assert read_out.sizeHint().width() > before
