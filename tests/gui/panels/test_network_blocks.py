"""A block in the stack: cards inside a card, that take part in everything that cards can do."""

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu
from pytestqt.qtbot import QtBot

from flux_studio.gui.panels.network import DropVerdict, LayerView, NetworkStack
from flux_studio.gui.widgets.card import Card
from flux_studio.gui.widgets.layer_drag import DraggedLayer
from flux_studio.gui.widgets.network_view import BlockView
from flux_studio.project.catalogue import layer_kind
from flux_studio.project.specification import Place
from tests.gui.drag import drag_away, drag_drop, drag_on, drag_over
from tests.gui.panels.networks import dense, network, type_keys, units_of
from tests.gui.panels.test_network import Judge
from tests.gui.shown import child, settle, shown, themed

ALT = Qt.KeyboardModifier.AltModifier
Key = Qt.Key
CHIP = DraggedLayer("dense.v1", standing=False).to_mime


def inner(identity: str, units: int = 8) -> LayerView:
    row = layer_kind("dense.v1")
    number = identity.rpartition("/")[2]
    values = row.complete({"units": units})
    title = f"Dense {number}"
    return LayerView(
        identity, title, row.kind, row.fields, values, f"16×{units}", "", f"Residual 1 · {title}"
    )


def block(identity: str, *layers: LayerView, joined: str = "F(x) + x") -> LayerView:
    title = f"Residual {identity.rpartition('-')[2]}"
    inside = BlockView(layers, "16×8", joined)
    return LayerView(identity, title, "residual.v1", (), {}, "16×8", "", title, inside)


DEEP = network(
    dense(1),
    block("layer-2", inner("layer-2/1"), block("layer-2/2", inner("layer-2/2/1")), inner("layer-2/3")),
    dense(3, 1, "16×1"),
)
ORDER = ("layer-1", "layer-2", "layer-2/1", "layer-2/2", "layer-2/2/1", "layer-2/3", "layer-3")
PLACES = [
    *(Place(position) for position in range(4)),
    *(Place(position, "layer-2") for position in range(4)),
    *(Place(position, "layer-2/2") for position in range(2)),
]


@pytest.fixture
def judge() -> Judge:
    return Judge()


@pytest.fixture
def stack(qtbot: QtBot, judge: Judge) -> NetworkStack:
    themed()
    panel = shown(qtbot, NetworkStack(judge), 235, 900)
    panel.set_network(DEEP)
    settle()
    return panel


def at_wire(stack: NetworkStack, place: Place) -> QPoint:
    wire = stack.body.wire(place)
    return wire.mapTo(stack, wire.rect().center())


def standing(identity: str) -> DraggedLayer:
    return DraggedLayer(identity, standing=True)


def test_cards_stand_inside_the_card_of_their_block(stack: NetworkStack) -> None:
    assert stack.body.identities == ORDER
    for identity in ORDER[2:6]:
        around = stack.body.card(identity.rpartition("/")[0])
        card = stack.body.card(identity)
        assert around.isAncestorOf(card)
        assert around.rect().contains(card.geometry().translated(card.parentWidget().mapTo(around, QPoint())))
        assert card.width() > 100
    assert stack.body.wire(Place(0, "layer-2")).shape == "16×8"


def test_an_empty_block_says_what_to_do(stack: NetworkStack) -> None:
    small = stack.body.wire(Place(0, "layer-2")).height()
    stack.set_network(network(block("layer-2")))
    settle()
    (wire,) = stack.body.column("layer-2").wires
    assert wire.height() > 1.8 * small
    assert "drop a layer here" in repr(vars(wire))


@pytest.mark.parametrize("place", PLACES)
def test_a_chip_is_inserted_where_it_is_dropped(
    qtbot: QtBot, stack: NetworkStack, judge: Judge, place: Place
) -> None:
    with qtbot.waitSignal(stack.insert_requested) as asked:
        assert drag_drop(stack, CHIP(), at_wire(stack, place))
    assert asked.args == ["dense.v1", place]
    assert set(judge.asked) == {("dense.v1", place)}


def test_a_chip_is_dropped_into_an_empty_block(qtbot: QtBot, stack: NetworkStack) -> None:
    stack.set_network(network(block("layer-2")))
    settle()
    with qtbot.waitSignal(stack.insert_requested) as asked:
        assert drag_drop(stack, CHIP(), at_wire(stack, Place(0, "layer-2")))
    assert asked.args == ["dense.v1", Place(0, "layer-2")]


def test_the_opened_place_does_not_flutter(stack: NetworkStack) -> None:
    def opened() -> list[Place]:
        return [place for place in PLACES if stack.body.wire(place).verdict is not None]

    for y in range(20, stack.height(), 7):
        drag_over(stack, CHIP(), QPoint(100, y))
        settle()
        first = opened()
        assert len(first) == 1
        drag_on(stack, CHIP(), QPoint(100, y))
        settle()
        assert opened() == first, y
        drag_away(stack)
        settle()


@pytest.mark.parametrize(
    ("identity", "gap", "place"),
    [
        ("layer-1", Place(1, "layer-2"), Place(1, "layer-2")),
        ("layer-2/1", Place(0), Place(0)),
        ("layer-2/1", Place(3, "layer-2"), Place(2, "layer-2")),
        ("layer-2/3", Place(0, "layer-2"), Place(0, "layer-2")),
        ("layer-2/2/1", Place(3), Place(3)),
        ("layer-2/2", Place(3), Place(3)),
        ("layer-3", Place(1, "layer-2/2"), Place(1, "layer-2/2")),
    ],
)
def test_cards_are_dragged_into_blocks_out_of_them_and_within(
    qtbot: QtBot, stack: NetworkStack, judge: Judge, identity: str, gap: Place, place: Place
) -> None:
    with qtbot.waitSignal(stack.move_requested) as asked:
        assert drag_drop(stack, standing(identity).to_mime(), at_wire(stack, gap))
    assert asked.args == [identity, place]
    assert set(judge.asked) == {(identity, place)}


def test_a_block_held_over_itself_stays_where_it_is(qtbot: QtBot, stack: NetworkStack, judge: Judge) -> None:
    for place in (Place(1, "layer-2"), Place(1, "layer-2/2")):
        with qtbot.assertNotEmitted(stack.move_requested):
            assert drag_drop(stack, standing("layer-2").to_mime(), at_wire(stack, place))
    assert judge.asked == []


def test_a_refusal_is_said_inside_the_block(stack: NetworkStack, judge: Judge) -> None:
    judge.verdict = DropVerdict(False, "blocks can stand in each other at most 8 deep")
    place = Place(1, "layer-2/2")
    assert not drag_over(stack, CHIP(), at_wire(stack, place))
    assert stack.body.wire(place).verdict == judge.verdict


def test_a_click_selects_the_innermost_card_and_its_settings_can_be_changed(
    qtbot: QtBot, stack: NetworkStack
) -> None:
    with qtbot.waitSignal(stack.selected) as told:
        qtbot.mouseClick(stack.body.card("layer-2/2/1"), Qt.MouseButton.LeftButton, pos=QPoint(20, 12))
    assert told.args == ["layer-2/2/1"]
    assert not stack.body.card("layer-2").open
    settle()
    field = units_of(stack, "layer-2/2/1")
    assert field.accessibleName() == "Residual 1 · Dense 1: units"
    with qtbot.waitSignal(stack.change_requested) as changed:
        field.setFocus()
        field.lineEdit().setText("5")
        qtbot.keyClick(field, Key.Key_Return)
    assert changed.args == ["layer-2/2/1", "units", 5]
    qtbot.mouseClick(stack.body.card("layer-2"), Qt.MouseButton.LeftButton, pos=QPoint(30, 12))
    assert stack.selection == "layer-2"


def test_arrow_keys_walk_through_blocks(qtbot: QtBot, stack: NetworkStack) -> None:
    seen = []
    stack.selected.connect(seen.append)
    for _ in ORDER:
        type_keys(qtbot, stack, Key.Key_Down)
    assert tuple(seen) == ORDER


@pytest.mark.parametrize(
    ("identity", "key", "place"),
    [
        ("layer-2/1", Key.Key_Down, Place(1, "layer-2")),
        ("layer-2/3", Key.Key_Up, Place(1, "layer-2")),
        ("layer-1", Key.Key_Down, Place(1)),
        ("layer-1", Key.Key_Right, Place(0, "layer-2")),
        ("layer-3", Key.Key_Right, Place(3, "layer-2")),
        ("layer-2/1", Key.Key_Right, Place(0, "layer-2/2")),
        ("layer-2/3", Key.Key_Left, Place(2)),
        ("layer-2/2/1", Key.Key_Left, Place(2, "layer-2")),
    ],
)
def test_keys_move_within_into_and_out_of_blocks(
    qtbot: QtBot, stack: NetworkStack, identity: str, key: Qt.Key, place: Place
) -> None:
    stack.select(identity)
    with qtbot.waitSignal(stack.move_requested) as asked:
        type_keys(qtbot, stack, key, ALT)
    assert asked.args == [identity, place]


@pytest.mark.parametrize(
    ("identity", "key"),
    [
        ("layer-2/1", Key.Key_Up),
        ("layer-2/3", Key.Key_Down),
        ("layer-1", Key.Key_Left),
        ("layer-2", Key.Key_Right),
    ],
)
def test_where_there_is_nowhere_to_go_nothing_is_asked(
    qtbot: QtBot, stack: NetworkStack, identity: str, key: Qt.Key
) -> None:
    stack.select(identity)
    with qtbot.assertNotEmitted(stack.move_requested):
        type_keys(qtbot, stack, key, ALT)


def test_a_new_layer_goes_behind_the_selected_one_or_into_an_empty_block(
    qtbot: QtBot, stack: NetworkStack
) -> None:
    for identity, place in (("layer-2/1", Place(1, "layer-2")), ("layer-2", Place(2))):
        stack.select(identity)
        with qtbot.waitSignal(stack.insert_requested) as asked:
            type_keys(qtbot, stack, Key.Key_Insert)
        assert asked.args == ["dense.v1", place]
    stack.set_network(network(block("layer-2")))
    stack.select("layer-2")
    with qtbot.waitSignal(stack.insert_requested) as asked:
        type_keys(qtbot, stack, Key.Key_Insert)
    assert asked.args == ["dense.v1", Place(0, "layer-2")]


def test_delete_and_duplicate_ask_for_the_layer_inside(qtbot: QtBot, stack: NetworkStack) -> None:
    stack.select("layer-2/2/1")
    with qtbot.waitSignal(stack.delete_requested) as asked:
        type_keys(qtbot, stack, Key.Key_Delete)
    assert asked.args == ["layer-2/2/1"]
    with qtbot.waitSignal(stack.duplicate_requested) as asked:
        type_keys(qtbot, stack, Key.Key_D, Qt.KeyboardModifier.ControlModifier)
    assert asked.args == ["layer-2/2/1"]


def test_the_menu_offers_the_ways_into_and_out_of_blocks(qtbot: QtBot, stack: NetworkStack) -> None:
    stack.select("layer-2/1")
    settle()
    stack._open_menu_at_selection()
    menu = child(stack, QMenu, "network.menu")
    into, out = (child(menu, QAction, f"network.menu.{each}") for each in ("in", "out"))
    assert into.text().startswith("Move into Residual")
    assert out.text().startswith("Move out of Residual 2")
    with qtbot.waitSignal(stack.move_requested) as asked:
        out.trigger()
    assert asked.args == ["layer-2/1", Place(2)]
    menu.close()


def test_when_a_block_goes_with_the_selection_a_neighbour_is_selected(stack: NetworkStack) -> None:
    stack.select("layer-2/2/1")
    stack.set_network(network(dense(1), dense(3, 1, "16×1")))
    settle()
    assert stack.selection in ("layer-1", "layer-3")
    assert len([card for card in stack.findChildren(Card) if card.isVisible()]) == 4


def test_deep_blocks_can_be_scrolled_to(qtbot: QtBot, stack: NetworkStack) -> None:
    view = inner("layer-2" + "/1" * 7)
    for depth in range(6, -1, -1):
        view = block("layer-2" + "/1" * depth, view)
    stack.set_network(network(view))
    settle()
    deepest = stack.body.card("layer-2" + "/1" * 7)
    assert deepest.width() >= 100
    stack.select("layer-2" + "/1" * 7)
    settle()
    place = deepest.mapTo(stack, QPoint(deepest.width() // 2, 10))
    assert stack.rect().contains(place)
