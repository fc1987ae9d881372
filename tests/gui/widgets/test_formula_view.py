"""A formula on the screen: names where the pointer rests, copies, both themes, and room as it needs."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPointF
from PySide6.QtGui import QAction, QContextMenuEvent, QGuiApplication
from PySide6.QtWidgets import QApplication, QMenu
from pytestqt.qtbot import QtBot

from flux_studio.engine.matrices import DENSE_MATRICES, describe, kinds_beside
from flux_studio.gui.theme import DARK, LIGHT, look
from flux_studio.gui.widgets.formula_view import FormulaView, say_numbers
from tests.gui.shown import child, settle, shown, themed

DELTA = next(kind for kind in DENSE_MATRICES if kind.name == "dC_dw_matrix")


@pytest.fixture
def view(qtbot: QtBot) -> FormulaView:
    themed()
    made = FormulaView("formula")
    made.set_formula(DELTA.formula)
    made.set_names(lambda symbol: describe(symbol, kinds_beside(DELTA), "Dense 1"))
    return shown(qtbot, made, 300, 60)


def test_a_symbol_says_its_name(view: FormulaView) -> None:
    told = {text: view.name_at(area.center()) for text, area in view.laid().symbols()}
    assert told["∂C/∂w"].startswith("∂C/∂w: gradient of the cost with respect to the weights of Dense 1\n")
    assert told["x"].startswith("x: input of Dense 1\n")
    assert view.name_at(QPointF(299, 59)) == DELTA.formula


def test_every_symbol_of_an_optimizer_has_a_name(qtbot: QtBot) -> None:
    from flux_studio.engine.updating import OPTIMIZERS, SCHEDULES

    themed()
    view = shown(qtbot, say_numbers(FormulaView("formula")), 400, 120)
    for kind in (*OPTIMIZERS.values(), *SCHEDULES.values()):
        view.set_formula(kind.formula)
        for text, area in view.laid().symbols():
            if text not in ("w", "cos"):
                assert view.name_at(area.center()).startswith(f"{text}: "), (kind.name, text)


def test_it_is_read_out_and_copied(view: FormulaView) -> None:
    assert view.accessibleDescription() == "∂C/∂w = xᵀ·∂C/∂a"
    place = view.rect().center()
    for name, text in (
        ("copy", "∂C/∂w = xᵀ·∂C/∂a"),
        ("copy_latex", r"\frac{\partial C}{\partial w} = x^{\top} \cdot \frac{\partial C}{\partial a}"),
    ):
        event = QContextMenuEvent(QContextMenuEvent.Reason.Mouse, place, view.mapToGlobal(place))
        QApplication.sendEvent(view, event)
        menu = view.findChildren(QMenu, "formula.menu")[-1]
        child(menu, QAction, f"action.formula.{name}").trigger()
        menu.close()
        settle()
        assert QGuiApplication.clipboard().text() == text


def test_it_follows_the_theme(view: FormulaView) -> None:
    def brightness() -> int:
        image = view.grab().toImage()
        pixels = [image.pixelColor(x, y) for x in range(60) for y in range(view.laid().height.__ceil__())]
        return max((each.lightness() for each in pixels), key=lambda one: abs(one - pixels[0].lightness()))

    light = brightness()
    try:
        look.apply(DARK)
        settle()
        dark = brightness()
    finally:
        look.apply(LIGHT)
        settle()
    assert light < 100 < 180 < dark


def test_less_room_makes_it_higher(view: FormulaView) -> None:
    view.set_formula("h = a where a > 0, else α·(e^a − 1)")
    assert view.heightForWidth(120) > view.heightForWidth(400)
    assert view.heightForWidth(400) > 0
    view.set_formula("")
    assert view.heightForWidth(400) == 0
