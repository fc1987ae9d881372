"""Editing layers in place: what is typed, stepped and chosen, told, refused and given up."""

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QAbstractSpinBox, QComboBox, QLabel, QScrollArea, QWidget
from pytestqt.qtbot import QtBot

from flux_studio.gui.panels.network import DropVerdict, NetworkStack
from flux_studio.gui.widgets.layer_card import LayerCard
from flux_studio.gui.widgets.typed_edit import first_refusal
from flux_studio.project.catalogue import layer_kind
from tests.gui.panels.networks import PARITY, dense, network, type_keys, units_of
from tests.gui.shown import child, settle, shown, themed

Key = Qt.Key


@pytest.fixture
def stack(qtbot: QtBot) -> NetworkStack:
    themed()
    panel = shown(qtbot, NetworkStack(lambda layer, position: DropVerdict(True, "drop here")), 235, 640)
    panel.set_network(PARITY)
    settle()
    return panel


def type_units(qtbot: QtBot, units: QAbstractSpinBox, text: str) -> None:
    units.setFocus()
    units.selectAll()
    qtbot.keyClick(units, Key.Key_Delete)
    qtbot.keyClicks(units, text)


@pytest.mark.parametrize("key", [Key.Key_F2, Key.Key_Return, Key.Key_Enter])
def test_keys_lead_into_the_first_field_and_escape_back(qtbot: QtBot, stack: NetworkStack, key: Key) -> None:
    stack.select("layer-1")
    type_keys(qtbot, stack, key)
    units = units_of(stack, "layer-1")
    assert units.hasFocus()
    qtbot.keyClicks(units, "77")
    qtbot.keyClick(units, Key.Key_Escape)
    assert child(stack, QScrollArea, "network.stack").hasFocus()
    assert units.text() == "8"


def test_units_are_told_on_enter_and_not_for_every_key(qtbot: QtBot, stack: NetworkStack) -> None:
    stack.select("layer-1")
    told: list[tuple[str, str, object]] = []
    stack.change_requested.connect(lambda *change: told.append(change))
    units = units_of(stack, "layer-1")
    units.setFocus()
    units.selectAll()
    qtbot.keyClicks(units, "123")
    assert told == []
    qtbot.keyClick(units, Key.Key_Return)
    assert told == [("layer-1", "units", 123)]


def test_units_are_told_on_leaving_and_on_a_step(qtbot: QtBot, stack: NetworkStack) -> None:
    stack.select("layer-1")
    told: list[object] = []
    stack.change_requested.connect(lambda identity, field, value: told.append(value))
    units = units_of(stack, "layer-1")
    units.setFocus()
    units.selectAll()
    qtbot.keyClicks(units, "20")
    child(stack, QScrollArea, "network.stack").setFocus()
    assert told == [20]
    qtbot.keyClick(units, Key.Key_Up)
    assert told == [20, 9]


def test_what_is_half_typed_is_told_when_another_card_is_selected(qtbot: QtBot, stack: NetworkStack) -> None:
    stack.select("layer-1")
    units = units_of(stack, "layer-1")
    units.setFocus()
    units.selectAll()
    qtbot.keyClicks(units, "20")
    with qtbot.waitSignal(stack.change_requested) as told:
        stack.select("layer-2")
    assert told.args == ["layer-1", "units", 20]


def test_a_refused_value_does_not_stay_on_screen(qtbot: QtBot, stack: NetworkStack) -> None:
    stack.select("layer-1")
    units = units_of(stack, "layer-1")
    units.selectAll()
    qtbot.keyClicks(units, "99")
    qtbot.keyClick(units, Key.Key_Return)
    assert units.value == 8


@pytest.mark.parametrize(
    ("text", "shown_as"),
    [("1000000", "1000000"), ("0", "0"), ("abc", "'abc'"), ("", "''"), ("-3", "-3"), ("1,5", "'1,5'")],
)
@pytest.mark.parametrize("leave", [False, True])
def test_impossible_units_turn_red_with_the_catalogues_sentence(
    qtbot: QtBot, stack: NetworkStack, text: str, shown_as: str, leave: bool
) -> None:
    stack.select("layer-1")
    units = units_of(stack, "layer-1")
    type_units(qtbot, units, text)
    with qtbot.assertNotEmitted(stack.change_requested):
        if leave:
            child(stack, QScrollArea, "network.stack").setFocus()
        else:
            qtbot.keyClick(units, Key.Key_Return)
    settle()
    sentence = f"units must be a whole number from 1 to 4,096, not {shown_as}"
    card = stack.body.card("layer-1")
    assert (units.text(), units.property("error")) == (text, "true")
    assert card.error == sentence
    (label,) = [one for one in card.findChildren(QLabel) if one.text() == sentence]
    assert label.isVisible()
    assert label.height() >= label.heightForWidth(label.width())


def test_escape_or_good_units_clear_the_red(qtbot: QtBot, stack: NetworkStack) -> None:
    stack.select("layer-1")
    units = units_of(stack, "layer-1")
    type_units(qtbot, units, "0")
    qtbot.keyClick(units, Key.Key_Return)
    qtbot.keyClick(units, Key.Key_Escape)
    assert (units.text(), units.property("error"), stack.body.card("layer-1").error) == ("8", None, "")
    type_units(qtbot, units, "9999")
    qtbot.keyClick(units, Key.Key_Return)
    type_units(qtbot, units, "1,024")
    with qtbot.waitSignal(stack.change_requested) as told:
        qtbot.keyClick(units, Key.Key_Return)
    assert told.args == ["layer-1", "units", 1024]
    assert stack.body.card("layer-1").error == ""


def test_refused_units_are_told_on_the_closed_card_and_there_when_it_is_opened_again(
    qtbot: QtBot, stack: NetworkStack
) -> None:
    stack.select("layer-1")
    type_units(qtbot, units_of(stack, "layer-1"), "9999")
    stack.select("layer-2")
    card = stack.body.card("layer-1")
    assert card.error == "units must be a whole number from 1 to 4,096, not 9999"
    settle()
    assert first_refusal(stack) == (card, card.error)
    stack.select("layer-1")
    (units,) = [one for one in stack.findChildren(QAbstractSpinBox) if one.isVisible()]
    assert (units.text(), units.property("error")) == ("9999", "true")
    stack.set_network(network(dense(1, 5, "16×5"), *PARITY.layers[1:]))
    assert (units.text(), units.property("error"), card.error) == ("5", None, "")


def test_keys_and_a_focused_wheel_step_the_units(qtbot: QtBot, stack: NetworkStack) -> None:
    stack.select("layer-1")
    stack.change_requested.connect(
        lambda _identity, _field, value: stack.set_network(network(dense(1, value), *PARITY.layers[1:]))
    )
    units = units_of(stack, "layer-1")
    units.setFocus()
    reached = []
    for key in (Key.Key_Up, Key.Key_PageUp, Key.Key_Down, Key.Key_PageDown, Key.Key_PageDown):
        qtbot.keyClick(units, key)
        reached.append(units.value)
    assert reached == [9, 19, 18, 8, 1]


def test_an_accepted_value_stays(qtbot: QtBot, stack: NetworkStack) -> None:
    stack.select("layer-1")
    stack.change_requested.connect(
        lambda *_: stack.set_network(network(dense(1, 99, "16×99"), *PARITY.layers[1:]))
    )
    units = units_of(stack, "layer-1")
    units.selectAll()
    qtbot.keyClicks(units, "99")
    qtbot.keyClick(units, Key.Key_Return)
    assert units.value == 99
    assert stack.body.card("layer-1").facts[0] == "99 units"


def test_a_choice_is_told_by_its_value(qtbot: QtBot, stack: NetworkStack) -> None:
    stack.select("layer-1")
    activation = child(stack, QComboBox, "network.layer.layer-1.activation")
    assert activation.currentText() == "leaky ReLU"
    activation.setFocus()
    with qtbot.waitSignal(stack.change_requested) as told:
        qtbot.keyClick(activation, Key.Key_Down)
    identity, field, value = told.args
    assert (identity, field) == ("layer-1", "activation")
    assert value == activation.itemData(activation.findData("leaky_relu") + 1)


def test_every_field_of_the_catalogue_has_a_named_editor(stack: NetworkStack) -> None:
    stack.select("layer-1")
    for field in layer_kind("dense.v1").fields:
        editor = child(stack, QWidget, f"network.layer.layer-1.{field.name}")
        assert editor.accessibleName() == f"Dense 1: {field.title}"
        assert editor.toolTip()


def test_undo_goes_to_the_project_unless_something_is_half_typed(qtbot: QtBot, stack: NetworkStack) -> None:
    undone: list[bool] = []
    shortcut = QShortcut(QKeySequence(QKeySequence.StandardKey.Undo), stack)
    shortcut.activated.connect(lambda: undone.append(True))
    stack.select("layer-1")
    units = units_of(stack, "layer-1")
    units.setFocus()
    qtbot.keyClick(units, Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert undone == [True]
    units.selectAll()
    qtbot.keyClicks(units, "1234")
    qtbot.keyClick(units, Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert undone == [True]
    qtbot.keyClick(units, Key.Key_Escape)


def test_a_double_click_leads_into_the_first_field(qtbot: QtBot, stack: NetworkStack) -> None:
    qtbot.mouseDClick(stack.body.card("layer-3"), Qt.MouseButton.LeftButton)
    assert units_of(stack, "layer-3").hasFocus()


def test_every_editor_is_inside_its_card_in_the_narrow_dock(stack: NetworkStack) -> None:
    stack.select("layer-1")
    settle()
    card: LayerCard = stack.body.card("layer-1")
    assert card.width() <= 235 - 16
    for field in layer_kind("dense.v1").fields:
        editor = child(stack, QWidget, f"network.layer.layer-1.{field.name}")
        assert card.rect().contains(editor.rect().translated(editor.mapTo(card, QPoint(0, 0))))
