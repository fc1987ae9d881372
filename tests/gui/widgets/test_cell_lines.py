"""Lines of arithmetic: terms in one line or two, numbers that stay in place, and cells to go to."""

from __future__ import annotations

import math

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from flux_studio.gui.widgets.cell_lines import CellLines
from flux_studio.gui.widgets.cell_rows import Row
from flux_studio.training.explaining import Link
from tests.gui.shown import settle, shown, themed

X, W, E = ("layer-1", "input_matrix"), ("layer-1", "weights_matrix"), ("", "error_matrix")
LEFT = Qt.MouseButton.LeftButton


def rows(scale: float = 1.0) -> tuple[Row, ...]:
    terms = []
    for k in range(3):
        links = Link(f"x[5,{k}]", X, (5, k), scale * k), Link(f"w[{k},2]", W, (k, 2), 0.5 * scale)
        terms.append(Row("term", "{0}·{1}", links, 0.5 * scale * scale * k))
    return (
        Row("caption", "numbers"),
        *terms,
        Row("more", "+ 7 more terms, together", value=0.25 * scale),
        Row("total", "sum", value=1.75 * scale * scale),
        Row("number", links=(Link("1/N", None, (0, 0), 0.25),), value=0.25),
    )


@pytest.fixture
def holders() -> list[QWidget]:
    """Python's hold on what is on the screen."""
    return []


def lines(qtbot: QtBot, holders: list[QWidget], width: int = 400) -> CellLines:
    themed()
    holder, made = QWidget(), CellLines("lines", "Arithmetic")
    column = QVBoxLayout(holder)
    column.setContentsMargins(0, 0, 0, 0)
    column.addWidget(made)
    column.addStretch(1)
    holders.append(shown(qtbot, holder, width, 400))
    made.set_rows(rows())
    settle()
    return made


def test_terms_take_one_line_where_there_is_room_and_else_two(qtbot: QtBot, holders: list[QWidget]) -> None:
    wide, narrow = lines(qtbot, holders), lines(qtbot, holders, 210)
    height = wide.height()
    assert narrow.height() > height
    assert wide.link_rect("w[1,2]").top() == wide.link_rect("x[5,1]").top()
    assert wide.link_rect("x[5,1]").right() < wide.link_rect("w[1,2]").left()
    narrow.window().resize(400, 400)
    settle()
    assert narrow.height() == height


def test_other_numbers_move_nothing(qtbot: QtBot, holders: list[QWidget]) -> None:
    made = lines(qtbot, holders)
    before = made.height(), made.link_rect("w[1,2]")
    made.set_rows(rows(1.1))
    assert (made.height(), made.link_rect("w[1,2]")) == before
    assert "x[5,2] × w[2,2] +1.2100" in made.text()
    assert made.links()[-1].value == pytest.approx(0.55)


def test_a_click_tells_the_cell_or_asks_for_the_whole(qtbot: QtBot, holders: list[QWidget]) -> None:
    made = lines(qtbot, holders)
    with qtbot.waitSignal(made.link_chosen) as chosen:
        qtbot.mouseClick(made, LEFT, pos=made.link_rect("w[2,2]").center())
    assert (chosen.args[0].key, chosen.args[0].cell) == (W, (2, 2))
    with qtbot.waitSignal(made.whole_requested):
        qtbot.mouseClick(made, LEFT, pos=made.more_rect().center())
    with qtbot.assertNotEmitted(made.link_chosen):
        qtbot.mouseClick(made, LEFT, pos=QPoint(made.width() - 3, made.link_rect("w[2,2]").center().y()))


def test_a_constant_cannot_be_gone_to(qtbot: QtBot, holders: list[QWidget]) -> None:
    made = lines(qtbot, holders)
    assert "1/N" in made.text()
    assert made.link_rect("1/N").isEmpty()
    made.set_rows((Row("number", links=(Link("1/N", None, (0, 0), 0.25),), value=0.25),))
    assert made.focusPolicy() == Qt.FocusPolicy.NoFocus


def test_a_term_that_is_no_product_is_written_as_it_stands(qtbot: QtBot, holders: list[QWidget]) -> None:
    made = lines(qtbot, holders)
    made.set_rows(
        (Row("term", "{0}²", (Link("e[3,0]", E, (3, 0), -0.5),), 0.25), Row("total", "sum", value=0.25))
    )
    assert made.text().splitlines() == ["e[3,0]² +0.2500", "sum +0.2500"]


def test_what_is_no_number_is_shown_as_such(qtbot: QtBot, holders: list[QWidget]) -> None:
    made = lines(qtbot, holders)
    made.set_rows((Row("total", "sum", value=math.nan), Row("number", "y", value=math.inf)))
    assert made.text().splitlines() == ["sum NaN", "y +∞"]
    made.grab()
