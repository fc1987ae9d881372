"""The field for learning rates: what it reads, when it tells, and how it refuses."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLineEdit, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from flux_studio.gui.widgets.number_edit import NumberEdit
from flux_studio.gui.widgets.number_range import NumberRange, short_number
from tests.gui.shown import shown, themed

RATES = NumberRange("learning rate", 1e-8, 1e4)
Key = Qt.Key


class Told:
    def __init__(self, edit: NumberEdit) -> None:
        self.numbers: list[float] = []
        self.refusals: list[str] = []
        edit.committed.connect(self.numbers.append)
        edit.refused.connect(self.refusals.append)


@pytest.fixture
def window(qtbot: QtBot) -> QWidget:
    themed()
    page = QWidget()
    column = QVBoxLayout(page)
    column.addWidget(NumberEdit(RATES))
    column.addWidget(QLineEdit())
    return shown(qtbot, page, 200, 100)


@pytest.fixture
def edit(window: QWidget) -> NumberEdit:
    number = window.findChild(NumberEdit)
    number.set_value(0.6)
    number.setFocus()
    number.selectAll()
    return number


@pytest.fixture
def told(edit: NumberEdit) -> Told:
    return Told(edit)


def write(qtbot: QtBot, edit: NumberEdit, text: str) -> None:
    edit.selectAll()
    qtbot.keyClicks(edit, text)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.6, "0.6"),
        (1e-5, "1e-5"),
        (1.5e-7, "1.5e-7"),
        (0.001, "0.001"),
        (0.0001, "0.0001"),
        (2500.0, "2500"),
        (1e4, "10000"),
        (2e6, "2e6"),
        (1.0, "1"),
        (0.0, "0"),
    ],
)
def test_numbers_are_written_short_and_read_back(value: float, text: str) -> None:
    assert short_number(value) == text
    assert float(text) == value


@pytest.mark.parametrize(
    ("text", "value"), [("0.25", 0.25), ("2.5e-1", 0.25), ("0,25", 0.25), (" 1E-3 ", 1e-3), (".5", 0.5)]
)
def test_usual_spellings_are_understood(text: str, value: float) -> None:
    assert RATES.read(text) == value


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("fast", "the learning rate 'fast' is not a number; write one such as 0.1 or 1e-3"),
        ("", "the learning rate '' is not a number; write one such as 0.1 or 1e-3"),
        ("0", "the learning rate must lie between 1e-8 and 10000, not 0"),
        ("-1", "the learning rate must lie between 1e-8 and 10000, not -1"),
        ("1e9", "the learning rate must lie between 1e-8 and 10000, not 1e9"),
        ("nan", "the learning rate must lie between 1e-8 and 10000, not nan"),
        ("inf", "the learning rate must lie between 1e-8 and 10000, not inf"),
    ],
)
def test_what_cannot_be_taken_is_refused_in_one_line(
    qtbot: QtBot, edit: NumberEdit, told: Told, text: str, words: str
) -> None:
    if text:
        write(qtbot, edit, text)
    else:
        qtbot.keyClick(edit, Key.Key_Delete)
    qtbot.keyClick(edit, Key.Key_Return)
    assert told.refusals == [words]
    assert told.numbers == []
    assert edit.property("error") == "true"
    assert edit.text() == text
    assert edit.value == 0.6


def test_what_was_refused_stays_and_stays_red_until_it_is_mended(
    qtbot: QtBot, edit: NumberEdit, told: Told
) -> None:
    write(qtbot, edit, "1e6")
    edit.clearFocus()
    edit.set_value(0.6)
    assert (edit.text(), edit.property("error"), edit.value) == ("1e6", "true", 0.6)
    assert told.refusals == ["the learning rate must lie between 1e-8 and 10000, not 1e6"]
    edit.setFocus()
    edit.selectAll()
    qtbot.keyClicks(edit, "0.5")
    assert edit.property("error") is None
    assert told.refusals[1:] == [""]
    edit.clearFocus()
    assert (edit.text(), told.numbers) == ("0.5", [0.5])


def test_escape_mends_what_was_refused(qtbot: QtBot, edit: NumberEdit, told: Told) -> None:
    write(qtbot, edit, "1x")
    qtbot.keyClick(edit, Key.Key_Return)
    qtbot.keyClick(edit, Key.Key_Escape)
    assert (edit.text(), edit.property("error"), edit.refusal) == ("0.6", None, "")
    assert (told.numbers, told.refusals[1:]) == ([], [""])


def test_another_value_from_outside_takes_the_place_of_what_was_refused(
    qtbot: QtBot, edit: NumberEdit, told: Told
) -> None:
    write(qtbot, edit, "1x")
    edit.clearFocus()
    edit.set_value(0.1)
    assert (edit.text(), edit.property("error")) == ("0.1", None)


def test_a_number_is_told_on_enter_once(qtbot: QtBot, edit: NumberEdit, told: Told) -> None:
    write(qtbot, edit, "5e-2")
    assert told.numbers == []
    qtbot.keyClick(edit, Key.Key_Return)
    qtbot.keyClick(edit, Key.Key_Return)
    assert told.numbers == [0.05]
    assert edit.text() == "0.05"


def test_a_number_is_told_on_leaving(qtbot: QtBot, edit: NumberEdit, told: Told) -> None:
    write(qtbot, edit, "0.3")
    edit.clearFocus()
    assert told.numbers == [0.3]


def test_the_same_number_in_other_words_is_not_told(qtbot: QtBot, edit: NumberEdit, told: Told) -> None:
    write(qtbot, edit, "6e-1")
    qtbot.keyClick(edit, Key.Key_Return)
    assert (told.numbers, edit.text()) == ([], "0.6")


def test_escape_gives_up_what_is_typed(qtbot: QtBot, edit: NumberEdit, told: Told) -> None:
    write(qtbot, edit, "9")
    qtbot.keyClick(edit, Key.Key_Escape)
    assert (told.numbers, edit.text()) == ([], "0.6")


def test_keys_change_it_by_a_tenth_and_tenfold(qtbot: QtBot, edit: NumberEdit, told: Told) -> None:
    for key in (Key.Key_Up, Key.Key_Down, Key.Key_PageUp, Key.Key_PageDown):
        qtbot.keyClick(edit, key)
    assert told.numbers == pytest.approx([0.66, 0.6, 6.0, 0.6])


def test_keys_stop_at_the_ends(qtbot: QtBot, edit: NumberEdit, told: Told) -> None:
    edit.set_value(9_900.0)
    qtbot.keyClick(edit, Key.Key_Up)
    qtbot.keyClick(edit, Key.Key_Up)
    assert told.numbers == [10_000.0]


def test_a_new_value_from_outside_waits_for_the_person(qtbot: QtBot, edit: NumberEdit, told: Told) -> None:
    write(qtbot, edit, "0.7")
    edit.set_value(0.1)
    assert edit.text() == "0.7"
    qtbot.keyClick(edit, Key.Key_Escape)
    assert edit.text() == "0.1"
    edit.set_value(0.2)
    assert (edit.text(), told.numbers) == ("0.2", [])


def test_the_same_value_again_and_again_leaves_what_is_selected(qtbot: QtBot, edit: NumberEdit) -> None:
    """While training runs the value comes thirty times a second: one must be able to select and write over it."""
    edit.selectAll()
    for _ in range(3):
        edit.set_value(0.6)
    assert edit.lineEdit().selectedText() == "0.6"
    for figure in "25":
        qtbot.keyClicks(edit, figure)
        edit.set_value(0.6)
    assert edit.text() == "25"
