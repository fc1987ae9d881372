"""The network stack: what it shows, and what it asks for when a person uses keys, mouse and editors."""

from dataclasses import replace

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QAction, QContextMenuEvent
from PySide6.QtWidgets import (
    QAbstractSpinBox,
    QApplication,
    QLabel,
    QMenu,
    QScrollArea,
    QToolButton,
)
from pytestqt.qtbot import QtBot

from flux_studio.gui.panels.network import DropVerdict, LayerView, NetworkStack, NetworkView
from flux_studio.gui.widgets.card import Card
from flux_studio.project.catalogue import LAYER_KINDS, layer_kind
from flux_studio.project.specification import Place
from tests.gui.panels.networks import PARITY, dense, network, type_keys, units_of, wires
from tests.gui.shown import child, settle, shown, themed

Key = Qt.Key
PLAIN = Qt.KeyboardModifier.NoModifier
ALT = Qt.KeyboardModifier.AltModifier


class Judge:
    """Says what it is told to, and remembers what it was asked."""

    def __init__(self) -> None:
        self.verdict = DropVerdict(True, "drop here: 8 → 8 fits")
        self.asked: list[tuple[str, Place]] = []

    def __call__(self, layer: str, place: Place) -> DropVerdict:
        self.asked.append((layer, place))
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


# What is shown


def test_cards_and_wires_say_what_the_network_is(stack: NetworkStack) -> None:
    cards = [stack.body.card(identity) for identity in ("layer-1", "layer-2", "layer-3")]
    assert [card.title for card in cards] == ["Dense 1", "Dense 2", "Dense 3"]
    assert [card.facts for card in cards] == [
        ("8 units", "leaky ReLU"),
        ("4 units", "leaky ReLU"),
        ("1 unit", "sigmoid"),
    ]
    assert [wire.shape for wire in wires(stack)] == ["16×4", "16×8", "16×4", "16×1"]
    assert child(stack, Card, "network.input").facts == ("parity-4.csv", "b3 b2 b1 b0")
    loss = child(stack, Card, "network.loss")
    assert (loss.title, loss.facts) == ("Loss: mean squared error", ("target: parity", "16×1"))
    assert stack.header.detail == "73 parameters"


def test_cards_stand_below_each_other_in_order(stack: NetworkStack) -> None:
    tops = [stack.body.card(identity).y() for identity in stack.body.identities]
    ends = [child(stack, Card, name).y() for name in ("network.input", "network.loss")]
    assert [ends[0], *tops, ends[1]] == sorted([ends[0], *tops, ends[1]])


def test_without_numbers_the_header_counts_nothing(stack: NetworkStack) -> None:
    stack.set_network(replace(PARITY, parameters=1))
    assert stack.header.detail == "1 parameter"
    stack.set_network(NetworkView())
    assert stack.header.detail == ""


def test_an_empty_stack_says_how_to_begin(stack: NetworkStack) -> None:
    small = wires(stack)[0].height()
    stack.set_network(NetworkView())
    settle()
    assert stack.body.identities == ()
    (wire,) = wires(stack)
    assert wire.height() > 2 * small
    assert child(stack, Card, "network.input").facts[0] == "no data yet"
    stack.set_network(PARITY)
    settle()
    assert wires(stack)[0].height() == small


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
    assert wires(stack)[2].shape == "16×5"


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
    asked: list[tuple[str, Place]] = []
    stack.move_requested.connect(lambda identity, place: asked.append((identity, place)))
    type_keys(qtbot, stack, Key.Key_Up, ALT)
    type_keys(qtbot, stack, Key.Key_Down, ALT)
    assert asked == [("layer-2", Place(0)), ("layer-2", Place(2))]
    assert judge.asked == asked


def test_moving_stops_at_the_ends(qtbot: QtBot, stack: NetworkStack) -> None:
    stack.select("layer-1")
    with qtbot.assertNotEmitted(stack.move_requested):
        type_keys(qtbot, stack, Key.Key_Up, ALT)


def test_insert_asks_for_a_dense_layer_below(qtbot: QtBot, stack: NetworkStack) -> None:
    with qtbot.waitSignal(stack.insert_requested) as asked:
        type_keys(qtbot, stack, Key.Key_Insert)
    assert asked.args == ["dense.v1", Place(3)]
    stack.select("layer-1")
    with qtbot.waitSignal(stack.insert_requested) as asked:
        type_keys(qtbot, stack, Key.Key_Insert)
    assert asked.args == ["dense.v1", Place(1)]


def test_a_key_that_does_not_fit_is_refused_in_words_at_its_place(
    qtbot: QtBot, stack: NetworkStack, judge: Judge
) -> None:
    judge.verdict = DropVerdict(False, "the last layer must make 1 number")
    stack.select("layer-3")
    with qtbot.assertNotEmitted(stack.insert_requested):
        type_keys(qtbot, stack, Key.Key_Insert)
    assert [wire.verdict for wire in wires(stack)] == [None, None, None, judge.verdict]
    stack.set_network(replace(PARITY, parameters=74))
    assert not any(wire.verdict for wire in wires(stack))


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
