"""The network stack: what it shows, and what it asks for when a person uses keys, mouse and editors."""

from dataclasses import replace

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QAction, QContextMenuEvent, QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QLabel,
    QMenu,
    QScrollArea,
    QToolButton,
    QWidget,
)
from pytestqt.qtbot import QtBot

from flux_studio.gui.panels.network import DropVerdict, LayerView, NetworkStack, NetworkView
from flux_studio.gui.widgets.card import Card
from flux_studio.gui.widgets.layer_card import LayerCard
from flux_studio.gui.widgets.typed_edit import first_refusal
from flux_studio.project.catalogue import LAYER_KINDS, layer_kind
from tests.gui.panels.networks import PARITY, dense, network
from tests.gui.shown import child, settle, shown, themed

Key = Qt.Key
PLAIN = Qt.KeyboardModifier.NoModifier
ALT = Qt.KeyboardModifier.AltModifier


class Judge:
    """Says what it is told to, and remembers what it was asked."""

    def __init__(self) -> None:
        self.verdict = DropVerdict(True, "drop here: 8 → 8 fits")
        self.asked: list[tuple[str, int]] = []

    def __call__(self, layer: str, position: int) -> DropVerdict:
        self.asked.append((layer, position))
        return self.verdict


@pytest.fixture
def judge() -> Judge:
    return Judge()


@pytest.fixture
def stack(qtbot: QtBot, judge: Judge) -> NetworkStack:
    themed()
    panel = shown(qtbot, NetworkStack(judge), 235, 640)
    panel.set_network(PARITY)
    settle()
    return panel


def type_keys(
    qtbot: QtBot, stack: NetworkStack, key: Key, keys: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier
) -> None:
    scroll = child(stack, QScrollArea, "network.stack")
    scroll.setFocus()
    qtbot.keyClick(scroll, key, keys)


def type_units(qtbot: QtBot, units: QAbstractSpinBox, text: str) -> None:
    units.setFocus()
    units.selectAll()
    qtbot.keyClick(units, Key.Key_Delete)
    qtbot.keyClicks(units, text)


def units_of(stack: NetworkStack, identity: str) -> QAbstractSpinBox:
    return child(stack, QAbstractSpinBox, f"network.layer.{identity}.units")


# What is shown


def test_cards_and_wires_say_what_the_network_is(stack: NetworkStack) -> None:
    cards = [stack.body.card(identity) for identity in ("layer-1", "layer-2", "layer-3")]
    assert [card.title for card in cards] == ["Dense 1", "Dense 2", "Dense 3"]
    assert [card.facts for card in cards] == [
        ("8 units", "leaky ReLU"),
        ("4 units", "leaky ReLU"),
        ("1 unit", "sigmoid"),
    ]
    assert [wire.shape for wire in stack.body.wires] == ["16×4", "16×8", "16×4", "16×1"]
    assert child(stack, Card, "network.input").facts == ("parity-4.csv", "b3 b2 b1 b0")
    loss = child(stack, Card, "network.loss")
    assert (loss.title, loss.facts) == ("Loss: mean squared error", ("target: parity", "16×1"))
    assert stack.header.detail == "73 numbers to learn"


def test_cards_stand_below_each_other_in_order(stack: NetworkStack) -> None:
    tops = [stack.body.card(identity).y() for identity in stack.body.identities]
    ends = [child(stack, Card, name).y() for name in ("network.input", "network.loss")]
    assert [ends[0], *tops, ends[1]] == sorted([ends[0], *tops, ends[1]])


def test_without_numbers_the_header_counts_nothing(stack: NetworkStack) -> None:
    stack.set_network(replace(PARITY, parameters=1))
    assert stack.header.detail == "1 number to learn"
    stack.set_network(NetworkView())
    assert stack.header.detail == ""


def test_an_empty_stack_says_how_to_begin(stack: NetworkStack) -> None:
    small = stack.body.wires[0].height()
    stack.set_network(NetworkView())
    settle()
    assert stack.body.identities == ()
    (wire,) = stack.body.wires
    assert wire.height() > 2 * small
    assert child(stack, Card, "network.input").facts[0] == "no data yet"
    stack.set_network(PARITY)
    settle()
    assert stack.body.wires[0].height() == small


def test_a_layer_that_cannot_be_built_shows_its_reason(stack: NetworkStack) -> None:
    plain = stack.body.card("layer-2").height()
    stack.set_network(network(dense(1), dense(2, error="makes 8 numbers where 4 are wanted"), dense(3)))
    settle()
    card = stack.body.card("layer-2")
    (label,) = card.findChildren(QLabel)
    assert label.isVisible()
    assert label.text() == "makes 8 numbers where 4 are wanted"
    assert label.geometry().bottom() < card.height()
    assert card.height() > plain
    stack.set_network(PARITY)
    settle()
    assert not label.isVisible()
    assert card.height() == plain


def test_a_loss_that_does_not_fit_says_so(stack: NetworkStack) -> None:
    stack.set_network(replace(PARITY, loss=replace(PARITY.loss, error="8 outputs, 1 target")))
    settle()
    assert child(stack, Card, "network.loss").error == "8 outputs, 1 target"


def test_a_layer_without_numbers_has_its_choice_on_the_left(stack: NetworkStack) -> None:
    row = layer_kind("activation.v1")
    stack.set_network(
        network(LayerView("layer-1", "Activation 1", row.kind, row.fields, {"activation": "tanh"}))
    )
    assert stack.body.card("layer-1").facts == ("tanh", "")


def test_the_input_card_never_pushes_the_file_name_out(stack: NetworkStack) -> None:
    card = child(stack, Card, "network.input")
    assert card.facts_shown() == ("parity-4.csv", "b3 b2 b1 b0")
    many = tuple(f"sensor_{number}" for number in range(20))
    stack.set_network(replace(PARITY, input=replace(PARITY.input, columns=many)))
    assert card.facts_shown() == ("parity-4.csv", "20 columns")
    assert "sensor_19" in card.toolTip()


def test_classes_are_counted_on_the_loss_card(stack: NetworkStack) -> None:
    stack.set_network(replace(PARITY, loss=replace(PARITY.loss, targets=("fruit · 7 classes",))))
    assert child(stack, Card, "network.loss").facts[0] == "fruit · 7 classes"
    stack.set_network(replace(PARITY, loss=replace(PARITY.loss, targets=("sweet", "sour"), shape="")))
    assert child(stack, Card, "network.loss").facts[0] == "target: sweet, sour"


# Keeping what is there


def test_only_cards_that_changed_are_touched(stack: NetworkStack) -> None:
    cards = [stack.body.card(identity) for identity in stack.body.identities]
    stack.set_network(network(dense(1), dense(2, 5, "16×5"), dense(3, 1, "16×1")))
    assert [stack.body.card(identity) for identity in stack.body.identities] == cards
    assert cards[1].facts == ("5 units", "leaky ReLU")
    assert stack.body.wires[2].shape == "16×5"


def test_a_moved_card_is_the_same_card(stack: NetworkStack) -> None:
    first = stack.body.card("layer-1")
    stack.set_network(network(PARITY.layers[1], PARITY.layers[0], PARITY.layers[2]))
    settle()
    assert stack.body.card("layer-1") is first
    assert first.y() > stack.body.card("layer-2").y()


def test_the_open_editor_and_what_is_half_typed_survive_an_update(qtbot: QtBot, stack: NetworkStack) -> None:
    stack.select("layer-2")
    units = units_of(stack, "layer-2")
    units.setFocus()
    units.selectAll()
    qtbot.keyClicks(units, "12")
    stack.set_network(network(dense(1, 9, "16×9"), *PARITY.layers[1:], parameters=81))
    assert units_of(stack, "layer-2") is units
    assert units.hasFocus()
    assert units.text() == "12"
    assert stack.body.card("layer-1").facts[0] == "9 units"


def test_an_undone_value_reaches_the_open_editor(stack: NetworkStack) -> None:
    stack.select("layer-2")
    stack.set_network(network(dense(1), dense(2, 6, "16×6"), dense(3)))
    assert units_of(stack, "layer-2").value == 6


def test_two_hundred_layers_own_one_editor(qtbot: QtBot, stack: NetworkStack) -> None:
    stack.set_network(network(*(dense(number) for number in range(1, 201))))
    settle()
    assert stack.findChildren(QAbstractSpinBox) == []
    stack.select("layer-150")
    settle()
    assert [units.objectName() for units in stack.findChildren(QAbstractSpinBox)] == [
        "network.layer.layer-150.units"
    ]
    card, viewport = stack.body.card("layer-150"), child(stack, QScrollArea, "network.stack").viewport()
    top = card.mapTo(viewport, QPoint(0, 0)).y()
    assert top >= 0
    assert top + card.height() <= viewport.height()


# Selecting


def test_a_click_selects_and_opens(qtbot: QtBot, stack: NetworkStack) -> None:
    with qtbot.waitSignal(stack.selected) as told:
        qtbot.mouseClick(stack.body.card("layer-2"), Qt.MouseButton.LeftButton)
    assert told.args == ["layer-2"]
    assert stack.selection == "layer-2"
    assert [stack.body.card(identity).open for identity in stack.body.identities] == [False, True, False]


def test_selecting_the_same_again_tells_nothing(qtbot: QtBot, stack: NetworkStack) -> None:
    stack.select("layer-2")
    with qtbot.assertNotEmitted(stack.selected):
        stack.select("layer-2")


def test_up_and_down_select(qtbot: QtBot, stack: NetworkStack) -> None:
    chosen = []
    for key in (Key.Key_Down, Key.Key_Down, Key.Key_Down, Key.Key_Down, Key.Key_Up):
        type_keys(qtbot, stack, key)
        chosen.append(stack.selection)
    assert chosen == ["layer-1", "layer-2", "layer-3", "layer-3", "layer-2"]


def test_when_the_selected_layer_goes_its_successor_is_selected(qtbot: QtBot, stack: NetworkStack) -> None:
    stack.select("layer-2")
    units_of(stack, "layer-2").setFocus()
    with qtbot.waitSignal(stack.selected) as told:
        stack.set_network(network(PARITY.layers[0], PARITY.layers[2]))
    assert told.args == ["layer-3"]
    assert child(stack, QScrollArea, "network.stack").hasFocus()
    stack.set_network(network(PARITY.layers[0]))
    assert stack.selection == "layer-1"
    stack.set_network(NetworkView())
    assert stack.selection == ""


# Asking with keys and menu


def test_alt_and_arrows_ask_to_move(qtbot: QtBot, stack: NetworkStack, judge: Judge) -> None:
    stack.select("layer-2")
    asked: list[tuple[str, int]] = []
    stack.move_requested.connect(lambda identity, position: asked.append((identity, position)))
    type_keys(qtbot, stack, Key.Key_Up, ALT)
    type_keys(qtbot, stack, Key.Key_Down, ALT)
    assert asked == [("layer-2", 0), ("layer-2", 2)]
    assert judge.asked == asked


def test_moving_stops_at_the_ends(qtbot: QtBot, stack: NetworkStack) -> None:
    stack.select("layer-1")
    with qtbot.assertNotEmitted(stack.move_requested):
        type_keys(qtbot, stack, Key.Key_Up, ALT)


def test_insert_asks_for_a_dense_layer_below(qtbot: QtBot, stack: NetworkStack) -> None:
    with qtbot.waitSignal(stack.insert_requested) as asked:
        type_keys(qtbot, stack, Key.Key_Insert)
    assert asked.args == ["dense.v1", 3]
    stack.select("layer-1")
    with qtbot.waitSignal(stack.insert_requested) as asked:
        type_keys(qtbot, stack, Key.Key_Insert)
    assert asked.args == ["dense.v1", 1]


def test_a_key_that_does_not_fit_is_refused_in_words_at_its_place(
    qtbot: QtBot, stack: NetworkStack, judge: Judge
) -> None:
    judge.verdict = DropVerdict(False, "the last layer must make 1 number")
    stack.select("layer-3")
    with qtbot.assertNotEmitted(stack.insert_requested):
        type_keys(qtbot, stack, Key.Key_Insert)
    assert [wire.verdict for wire in stack.body.wires] == [None, None, None, judge.verdict]
    stack.set_network(replace(PARITY, parameters=74))
    assert not any(wire.verdict for wire in stack.body.wires)


def test_delete_and_duplicate_ask(qtbot: QtBot, stack: NetworkStack) -> None:
    stack.select("layer-2")
    with qtbot.waitSignal(stack.delete_requested) as asked:
        type_keys(qtbot, stack, Key.Key_Delete)
    assert asked.args == ["layer-2"]
    with qtbot.waitSignal(stack.duplicate_requested) as asked:
        type_keys(qtbot, stack, Key.Key_D, Qt.KeyboardModifier.ControlModifier)
    assert asked.args == ["layer-2"]


@pytest.mark.parametrize(
    ("action", "signal"), [("delete", "delete_requested"), ("duplicate", "duplicate_requested")]
)
def test_the_open_card_has_buttons_for_it(
    qtbot: QtBot, stack: NetworkStack, action: str, signal: str
) -> None:
    stack.select("layer-2")
    button = child(stack, QToolButton, f"network.layer.layer-2.{action}")
    assert button.toolTip()
    with qtbot.waitSignal(getattr(stack, signal)) as asked:
        qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    assert asked.args == ["layer-2"]


def open_menu(stack: NetworkStack, identity: str) -> QMenu:
    card = stack.body.card(identity)
    at = card.rect().center()
    reason = QContextMenuEvent.Reason.Mouse
    QApplication.sendEvent(card, QContextMenuEvent(reason, at, card.mapToGlobal(at)))
    return child(stack, QMenu, "network.menu")


def test_the_menu_asks_the_same(qtbot: QtBot, stack: NetworkStack) -> None:
    menu = open_menu(stack, "layer-3")
    assert stack.selection == "layer-3"
    words = [action.text().replace("\t", " ").strip() for action in menu.actions() if action.text()]
    assert words == [
        "Change settings F2",
        "Insert Dense below Ins",
        *(f"Insert {kind.title} below" for kind in LAYER_KINDS.values() if kind.title != "Dense"),
        "Duplicate Ctrl+D",
        "Move up Alt+Up",
        "Move down Alt+Down",
        "Delete Del",
    ]
    down = child(menu, QAction, "network.menu.down")
    assert not down.isEnabled()
    with qtbot.waitSignal(stack.delete_requested) as asked:
        child(menu, QAction, "network.menu.delete").trigger()
    assert asked.args == ["layer-3"]
    menu.close()


def test_the_menu_key_opens_the_menu_of_the_selected_layer(qtbot: QtBot, stack: NetworkStack) -> None:
    stack.select("layer-1")
    scroll = child(stack, QScrollArea, "network.stack")
    reason = QContextMenuEvent.Reason.Keyboard
    QApplication.sendEvent(scroll, QContextMenuEvent(reason, QPoint(5, 5), scroll.mapToGlobal(QPoint(5, 5))))
    menu = child(stack, QMenu, "network.menu")
    assert not child(menu, QAction, "network.menu.up").isEnabled()
    menu.close()


# Editing in place


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
