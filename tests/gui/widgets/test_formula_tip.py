"""Tool tips show their formula typeset, and Qt finds the picture in them."""

from __future__ import annotations

import re
from base64 import b64decode

import pytest
from PySide6.QtCore import QEvent, QPoint
from PySide6.QtGui import QHelpEvent, QImage
from PySide6.QtWidgets import QApplication, QToolTip
from pytestqt.qtbot import QtBot

from flux_studio.gui.panels.palette import LayerPalette
from flux_studio.gui.typesetting import Typesetter
from flux_studio.gui.widgets import formula_tip
from flux_studio.gui.widgets.formula_tip import typeset_tip
from tests.gui.shown import shown, themed

FORMULA = "∂C/∂w = xᵀ·∂C/∂a"


def pictures(text: str) -> list[QImage]:
    return [QImage.fromData(b64decode(data)) for data in re.findall(r"base64,([^\"]+)", text)]


def test_the_formula_stands_in_its_words(qapp: QApplication) -> None:
    themed()
    text = typeset_tip(f"Dense 1 · {FORMULA} · a < b\nhow the cost changes", FORMULA)
    (image,) = pictures(text)
    assert image.width() > 60
    assert "Dense 1 · <img" in text
    assert "a &lt; b<br>how the cost changes" in text
    assert typeset_tip("no formula here", FORMULA) == "no formula here"


def test_until_it_can_be_set_it_is_text(qapp: QApplication, monkeypatch: pytest.MonkeyPatch) -> None:
    early = Typesetter()
    monkeypatch.setattr(formula_tip, "typesetter", early)
    assert typeset_tip(FORMULA, FORMULA) == FORMULA
    early.wait()
    assert pictures(typeset_tip(FORMULA, FORMULA))


def test_a_layer_of_the_palette_shows_its_formula(qtbot: QtBot) -> None:
    themed()
    panel = shown(qtbot, LayerPalette(), 240, 200)
    chip = panel.findChild(object, "palette.lstm.v1")
    assert chip is not None
    place = QPoint(5, 5)
    QApplication.sendEvent(chip, QHelpEvent(QEvent.Type.ToolTip, place, chip.mapToGlobal(place)))  # type: ignore[attr-defined]
    text = QToolTip.text()
    QToolTip.hideText()
    assert len(pictures(text)) == 1
    assert "<code>" not in text
