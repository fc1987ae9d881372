"""Dragging over the network stack: where a layer would land, what is said there, and what letting go asks for."""

import pytest
from PySide6.QtCore import QMimeData, QPoint, Qt, QUrl
from PySide6.QtWidgets import QScrollArea
from pytestqt.qtbot import QtBot

from flux_studio.gui.panels import network as network_panel
from flux_studio.gui.panels.network import DropVerdict, NetworkStack
from flux_studio.gui.widgets.layer_drag import KIND_MIME, LAYER_MIME, DraggedLayer
from flux_studio.project.specification import Place
from tests.gui.drag import drag_away, drag_drop, drag_on, drag_over
from tests.gui.panels.networks import PARITY, dense, network, wires
from tests.gui.panels.test_network import Judge
from tests.gui.shown import child, settle, shown, themed

CHIP = DraggedLayer("dense.v1", standing=False).to_mime


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


def at_wire(stack: NetworkStack, place: int) -> QPoint:
    wire = wires(stack)[place]
    return wire.mapTo(stack, wire.rect().center())


def standing(identity: str) -> QMimeData:
    return DraggedLayer(identity, standing=True).to_mime()


def test_what_is_dragged_is_read_back() -> None:
    for layer in (DraggedLayer("dense.v1", standing=False), DraggedLayer("layer-1", standing=True)):
        assert DraggedLayer.from_mime(layer.to_mime()) == layer
    assert DraggedLayer.from_mime(QMimeData()) is None
    assert (CHIP().formats(), standing("a").formats()) == ([KIND_MIME], [LAYER_MIME])


@pytest.mark.parametrize("place", [0, 1, 2, 3])
def test_a_chip_is_inserted_where_it_is_dropped(
    qtbot: QtBot, stack: NetworkStack, judge: Judge, place: int
) -> None:
    with qtbot.waitSignal(stack.insert_requested) as asked:
        assert drag_drop(stack, CHIP(), at_wire(stack, place))
    assert asked.args == ["dense.v1", Place(place)]
    assert set(judge.asked) == {("dense.v1", Place(place))}
    assert not any(wire.verdict for wire in wires(stack))


def test_the_place_under_the_pointer_opens_and_says_what_would_happen(
    stack: NetworkStack, judge: Judge
) -> None:
    closed = wires(stack)[1].height()
    below = stack.body.card("layer-2").y()
    assert drag_over(stack, CHIP(), at_wire(stack, 1))
    settle()
    assert [wire.verdict for wire in wires(stack)] == [None, judge.verdict, None, None]
    assert wires(stack)[1].height() > 2 * closed
    assert stack.body.card("layer-2").y() > below
    drag_away(stack)
    settle()
    assert not any(wire.verdict for wire in wires(stack))
    assert stack.body.card("layer-2").y() == below


def test_the_opened_place_does_not_flutter(stack: NetworkStack) -> None:
    """What opens moves the cards below; the same pointer must still mean the same place."""
    for y in range(20, stack.height(), 7):
        drag_over(stack, CHIP(), QPoint(100, y))
        settle()
        first = [wire.verdict is not None for wire in wires(stack)]
        drag_on(stack, CHIP(), QPoint(100, y))
        settle()
        assert [wire.verdict is not None for wire in wires(stack)] == first, y
        drag_away(stack)
        settle()


def test_a_drop_that_does_not_fit_is_refused_with_the_reason(
    qtbot: QtBot, stack: NetworkStack, judge: Judge
) -> None:
    judge.verdict = DropVerdict(False, "parity needs 1 number, this makes 8")
    assert not drag_over(stack, CHIP(), at_wire(stack, 3))
    assert wires(stack)[3].verdict == judge.verdict
    with qtbot.assertNotEmitted(stack.insert_requested):
        assert not drag_drop(stack, CHIP(), at_wire(stack, 3))
    assert not any(wire.verdict for wire in wires(stack))


@pytest.mark.parametrize(
    ("identity", "place", "position"),
    [
        ("layer-1", 2, 1),
        ("layer-1", 3, 2),
        ("layer-2", 0, 0),
        ("layer-2", 3, 2),
        ("layer-3", 1, 1),
        ("layer-3", 0, 0),
    ],
)
def test_a_card_moves_to_a_position_counted_without_it(
    qtbot: QtBot, stack: NetworkStack, judge: Judge, identity: str, place: int, position: int
) -> None:
    with qtbot.waitSignal(stack.move_requested) as asked:
        assert drag_drop(stack, standing(identity), at_wire(stack, place))
    assert asked.args == [identity, Place(position)]
    assert set(judge.asked) == {(identity, Place(position))}


@pytest.mark.parametrize("place", [1, 2])
def test_a_card_dropped_beside_itself_stays_without_a_word(
    qtbot: QtBot, stack: NetworkStack, judge: Judge, place: int
) -> None:
    with qtbot.assertNotEmitted(stack.move_requested):
        assert drag_drop(stack, standing("layer-2"), at_wire(stack, place))
    assert judge.asked == []


def test_files_and_strange_layers_are_left_to_the_window(stack: NetworkStack) -> None:
    files = QMimeData()
    files.setUrls([QUrl.fromLocalFile("data.csv")])
    assert not drag_over(stack, files, at_wire(stack, 1))
    assert not drag_over(stack, standing("layer-99"), at_wire(stack, 1))
    assert not any(wire.verdict for wire in wires(stack))


def test_a_drop_on_the_header_or_below_the_loss_means_the_ends(qtbot: QtBot, stack: NetworkStack) -> None:
    with qtbot.waitSignal(stack.insert_requested) as asked:
        drag_drop(stack, CHIP(), QPoint(50, 5))
    assert asked.args == ["dense.v1", Place(0)]
    with qtbot.waitSignal(stack.insert_requested) as asked:
        drag_drop(stack, CHIP(), QPoint(50, stack.height() - 60))
    assert asked.args == ["dense.v1", Place(3)]


def test_a_drop_on_an_empty_stack(qtbot: QtBot, stack: NetworkStack) -> None:
    stack.set_network(network())
    settle()
    with qtbot.waitSignal(stack.insert_requested) as asked:
        drag_drop(stack, CHIP(), at_wire(stack, 0))
    assert asked.args == ["dense.v1", Place(0)]


def test_an_update_ends_the_drag(stack: NetworkStack) -> None:
    drag_over(stack, CHIP(), at_wire(stack, 1))
    stack.set_network(network(dense(1)))
    assert not any(wire.verdict for wire in wires(stack))


def test_holding_near_an_edge_scrolls_until_the_end(qtbot: QtBot, stack: NetworkStack) -> None:
    stack.set_network(network(*(dense(number) for number in range(1, 21))))
    settle()
    bar = child(stack, QScrollArea, "network.stack").verticalScrollBar()
    assert bar.maximum() > 200

    def open_place() -> int:
        (place,) = (place for place, wire in enumerate(wires(stack)) if wire.verdict)
        return place

    drag_over(stack, CHIP(), QPoint(100, stack.height() - 2))
    first = open_place()
    qtbot.waitUntil(lambda: bar.value() > 150)
    assert open_place() > first
    drag_on(stack, CHIP(), QPoint(100, stack.height() // 2))
    settle()
    resting = bar.value()
    drag_on(stack, CHIP(), QPoint(100, stack.header.height() + 1))
    qtbot.waitUntil(lambda: bar.value() < resting - 20)
    qtbot.waitUntil(lambda: bar.value() == 0)
    drag_away(stack)


def test_pulling_a_card_carries_it_and_fades_what_stays(
    qtbot: QtBot, stack: NetworkStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    card = stack.body.card("layer-2")
    carried: list[tuple[DraggedLayer, bool]] = []
    monkeypatch.setattr(
        network_panel,
        "start_drag",
        lambda owner, layer, picture: carried.append((layer, card.graphicsEffect() is not None)),
    )
    with qtbot.assertNotEmitted(stack.selected):
        qtbot.mousePress(card, Qt.MouseButton.LeftButton, pos=QPoint(20, 20))
        qtbot.mouseMove(card, QPoint(24, 60))
        qtbot.mouseRelease(card, Qt.MouseButton.LeftButton, pos=QPoint(24, 60))
    assert carried == [(DraggedLayer("layer-2", standing=True), True)]
    assert card.graphicsEffect() is None


@pytest.mark.parametrize("place", [0, 1, 2, 3, 4])
def test_the_place_opens_everywhere_after_an_insertion_too(stack: NetworkStack, place: int) -> None:
    """The box is really there, not merely meant: a wire that was laid out anew must be able to grow."""
    stack.set_network(network(dense(1), dense(4), dense(2, 4, "16×4"), dense(3, 1, "16×1")))
    settle()
    closed = wires(stack)[place].height()
    drag_over(stack, CHIP(), at_wire(stack, place))
    settle()
    assert wires(stack)[place].height() > closed + 20


def test_a_refused_key_opens_the_place_with_the_reason(
    qtbot: QtBot, stack: NetworkStack, judge: Judge
) -> None:
    stack.set_network(network(dense(1), dense(4), dense(2, 4, "16×4"), dense(3, 1, "16×1")))
    settle()
    judge.verdict = DropVerdict(False, "would end with 4 outputs; the data need 1")
    stack.select("layer-3")
    settle()
    heights = [wire.height() for wire in wires(stack)]
    stack.move_selection(-1)
    settle()
    assert max(wire.height() - before for wire, before in zip(wires(stack), heights, strict=True)) > 20
