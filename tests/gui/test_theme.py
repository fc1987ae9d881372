"""The look: the scale of colours means what it says, and a change of theme reaches everyone."""

import numpy as np
import pytest
from PySide6.QtGui import QColor, QFontInfo
from pytestqt.qtbot import QtBot

from flux_studio.gui.theme import DARK, LIGHT, Theme, colour, diverging_table, look
from tests.gui.shown import themed


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=lambda theme: theme.name)
def test_the_diverging_scale_runs_from_negative_over_zero_to_positive(theme: Theme) -> None:
    table = diverging_table(theme)
    names = [QColor.fromRgb(int(table[index])).name() for index in (0, 128, 255)]
    assert table.shape == (256,)
    assert table.dtype == np.uint32
    assert names == [theme.negative, theme.zero, theme.positive]


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=lambda theme: theme.name)
def test_larger_magnitudes_are_always_farther_from_zero(theme: Theme) -> None:
    table = diverging_table(theme)
    channels = np.stack([(table >> shift) & 0xFF for shift in (16, 8, 0)]).astype(float)
    distance = np.abs(channels - channels[:, 128:129]).sum(axis=0)
    assert (np.diff(distance[128:]) >= 0).all()
    assert (np.diff(distance[1:129]) <= 0).all()


def test_a_change_of_theme_is_told_and_used(qtbot: QtBot) -> None:
    themed()
    with qtbot.waitSignal(look.changed) as changed:
        look.apply(DARK)
    try:
        assert changed.args == [DARK]
        assert colour("surface").name() == DARK.surface
    finally:
        look.apply(LIGHT)


def test_lengths_follow_the_text(qtbot: QtBot) -> None:
    themed()
    assert look.length(0.1) == 1
    assert look.length(100) == round(100 * look.scale)


def test_our_own_fonts_are_in_use(qtbot: QtBot) -> None:
    themed()
    assert QFontInfo(look.text_font()).family().startswith("Inter")
    assert QFontInfo(look.number_font()).fixedPitch()
    assert look.number_font(2.0).pointSizeF() == pytest.approx(2 * look.number_font().pointSizeF())
