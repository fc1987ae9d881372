"""Formulas are set off the window's first show, kept, and laid out so that nothing is cut off."""

from __future__ import annotations

import subprocess
import sys

import pytest
from PySide6.QtCore import QPointF
from PySide6.QtGui import QColor, QImage, QPainter

from flux_studio.engine.formulas import read
from flux_studio.gui import typesetting
from flux_studio.gui.theme import look
from flux_studio.gui.typesetting import Typesetter, box, formula_size, symbol, symbol_width
from flux_studio.gui.widgets import formula_layout
from flux_studio.gui.widgets.formula_layout import lay_out
from tests.gui.shown import themed

LONG = "C = −(1/N)·Σ [y·log p + (1 − y)·log(1 − p)] + a + b + c + d + (x·w)[5,2]·(f ⊙ g)[3,1]"


@pytest.fixture(autouse=True)
def _look(qapp: object) -> None:
    themed()


@pytest.mark.parametrize("room", [700, 320, 190, 90, 40])
@pytest.mark.parametrize("text", [LONG, "log(1 + Σ others p / max p)", "h = 1 / (1 + e^(−a))", "∂C/∂w"])
def test_what_is_too_long_is_broken_or_made_smaller(text: str, room: int) -> None:
    laid = lay_out(text, look.text_font(), formula_size(), room)
    assert laid.width <= room + 0.01
    assert all(each.x >= 0 for each in laid.boxes)
    tops = [each.y - each.box.ascent * each.scale for each in laid.boxes]
    bottoms = [each.y + each.box.descent * each.scale for each in laid.boxes]
    assert min(tops) >= -0.01
    assert max(bottoms) <= laid.height + 0.01


def test_a_long_line_is_broken_before_its_signs() -> None:
    laid = lay_out(LONG, look.text_font(), formula_size(), 320)
    assert len({each.y for each in laid.boxes}) > 1
    one = lay_out(LONG, look.text_font(), formula_size(), 2_000)
    assert len({each.y for each in one.boxes}) == 1
    # Nothing is lost on the way.
    assert sorted(text for text, _ in laid.symbols()) == sorted(text for text, _ in one.symbols())


def test_what_stands_for_something_is_found_where_it_stands() -> None:
    laid = lay_out("∂C/∂w = xᵀ·∂C/∂a", look.text_font(), formula_size(), 400)
    places = dict(laid.symbols())
    assert list(places) == ["∂C/∂w", "x", "∂C/∂a"]
    for text, area in places.items():
        assert laid.symbol_at(area.center()) == text
    assert laid.symbol_at(QPointF(399, 2)) == ""


def test_it_is_drawn_in_the_colours_it_is_given() -> None:
    laid = lay_out("a = b", look.text_font(), formula_size(), 200)
    image = QImage(200, 60, QImage.Format.Format_RGB32)
    image.fill(QColor("white"))
    painter = QPainter(image)
    red, blue = QColor(255, 0, 0), QColor(0, 0, 255)
    laid.paint(painter, QPointF(5, 5), look.text_font(), lambda text: red if text == "a" else blue, blue)
    painter.end()
    places = dict(laid.symbols())

    def strongest(area: object) -> tuple[int, int, int]:
        box = area.toRect().translated(5, 5)  # type: ignore[attr-defined]
        pixels = [
            image.pixelColor(x, y)
            for x in range(box.left(), box.right())
            for y in range(box.top(), box.bottom())
        ]
        darkest = min(pixels, key=lambda each: each.red() + each.green() + each.blue())
        return darkest.red(), darkest.green(), darkest.blue()

    reds, blues = strongest(places["a"]), strongest(places["b"])
    assert reds[0] > 200 > reds[2]
    assert blues[2] > 200 > blues[0]


def test_what_was_set_once_is_kept() -> None:
    first = box(read("q = r").mathml(), 21.5)
    assert box(read("q = r").mathml(), 21.5) is first
    assert box(read("q = r").mathml(), 22.5) is not first


def test_names_of_cells_cost_no_setting_of_their_own() -> None:
    for row in range(10, 20):
        symbol(f"x[{row},7]", 17.0)
    before = typesetting._set.cache_info().misses
    widths = {symbol(f"x[{row},7]", 17.0).width for row in range(10, 99)}
    assert typesetting._set.cache_info().misses == before
    assert widths == {symbol_width("x[42,7]", 17.0)}


def test_other_cells_of_a_matrix_are_set_like_the_first() -> None:
    for text in (
        "∂C/∂a[{0},{1}] = ∂C/∂h[{0},{1}]·∂h/∂a[{0},{1}]",
        "h⁽{1}⁾[{0},2] = 1 / (1 + e^(−a[{0},{1}]))",
    ):
        first, other = (
            lay_out(text.format(*cell).replace("⁽3⁾", "⁽³⁾"), look.text_font(), 19.0, 900)
            for cell in (("5", "3"), ("8", "3"))
        )
        assert [each.x for each in first.boxes] == [each.x for each in other.boxes]
        assert {name for name, _ in other.symbols()} == {
            name.replace("[5", "[8") for name, _ in first.symbols()
        }
        # Whether it was set from the other's digits or by itself makes no difference.
        typesetting.box.cache_clear()
        typesetting._set.cache_clear()
        alone = lay_out(text.format("8", "3").replace("⁽3⁾", "⁽³⁾"), look.text_font(), 19.0, 900)
        for one, two in zip(other.boxes, alone.boxes, strict=True):
            for a, b in zip(one.box.strokes, two.box.strokes, strict=True):
                assert a.path.boundingRect() == b.path.boundingRect()


def test_until_it_is_ready_a_formula_is_text(monkeypatch: pytest.MonkeyPatch) -> None:
    early = Typesetter()
    monkeypatch.setattr(formula_layout, "typesetter", early)
    laid = lay_out("a = b;  c = d", look.text_font(), formula_size(), 200)
    assert (laid.boxes, laid.text) == ((), "a = b\nc = d")
    told: list[bool] = []
    early.ready.connect(lambda: told.append(True))
    early.begin()
    early.wait()
    assert told == [True]
    assert lay_out("a = b", look.text_font(), formula_size(), 200).boxes


def test_the_window_is_imported_and_shown_without_it() -> None:
    code = (
        "import sys\n"
        "from flux_studio.gui.app import make_application\n"
        "application = make_application()\n"
        "from flux_studio.gui.main_window import MainWindow\n"
        "from flux_studio.gui.widgets.formula_view import FormulaView\n"
        "view = FormulaView('formula')\n"
        "view.set_formula('a = b')\n"
        "assert 'ziamath' not in sys.modules\n"
        "view.show()\n"
        "application.processEvents()\n"
        "from flux_studio.gui.typesetting import typesetter\n"
        "typesetter.wait()\n"
        "assert view.symbols() == ['a', 'b'], view.symbols()\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=120)
    assert typesetting.typesetter.is_ready
