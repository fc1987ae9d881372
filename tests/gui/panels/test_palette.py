"""The palette: a chip for each kind, added by double click and key, dragged with the right contents."""

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QPixmap
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from flux_studio.gui.panels import palette
from flux_studio.gui.panels.palette import LayerPalette
from flux_studio.gui.widgets.layer_drag import DraggedLayer
from flux_studio.project.catalogue import LAYER_KINDS
from tests.gui.shown import child, settle, shown, themed


@pytest.fixture
def panel(qtbot: QtBot) -> LayerPalette:
    themed()
    return shown(qtbot, LayerPalette(), 235, 200)


@pytest.fixture
def chip(panel: LayerPalette) -> QWidget:
    return child(panel, QWidget, "palette.dense.v1")


def test_every_kind_of_the_catalogue_has_a_chip_that_explains_it(panel: LayerPalette) -> None:
    for kind in LAYER_KINDS.values():
        chip = child(panel, QWidget, f"palette.{kind.kind}")
        for words in (kind.title, kind.summary, kind.formula):
            assert words in chip.toolTip()
        assert chip.accessibleName() == f"{kind.title} layer"


def test_a_double_click_adds(qtbot: QtBot, panel: LayerPalette, chip: QWidget) -> None:
    with qtbot.waitSignal(panel.layer_requested) as asked:
        qtbot.mouseDClick(chip, Qt.MouseButton.LeftButton)
    assert asked.args == ["dense.v1"]


@pytest.mark.parametrize("key", [Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space])
def test_a_key_adds(qtbot: QtBot, panel: LayerPalette, chip: QWidget, key: Qt.Key) -> None:
    with qtbot.waitSignal(panel.layer_requested) as asked:
        qtbot.keyClick(chip, key)
    assert asked.args == ["dense.v1"]


def test_a_single_click_adds_nothing(qtbot: QtBot, panel: LayerPalette, chip: QWidget) -> None:
    with qtbot.assertNotEmitted(panel.layer_requested):
        qtbot.mouseClick(chip, Qt.MouseButton.LeftButton)


def test_arrow_keys_go_round_the_chips(qtbot: QtBot, panel: LayerPalette, chip: QWidget) -> None:
    chip.setFocus()
    for _ in LAYER_KINDS:
        qtbot.keyClick(panel.focusWidget(), Qt.Key.Key_Right)
    assert panel.focusWidget() is chip
    qtbot.keyClick(chip, Qt.Key.Key_Left)
    assert panel.focusWidget().objectName() == f"palette.{list(LAYER_KINDS)[-1]}"


def test_dragging_carries_the_kind_and_a_picture(
    qtbot: QtBot, panel: LayerPalette, chip: QWidget, monkeypatch: pytest.MonkeyPatch
) -> None:
    carried: list[tuple[DraggedLayer, QPixmap]] = []
    monkeypatch.setattr(palette, "start_drag", lambda owner, layer, picture: carried.append((layer, picture)))
    qtbot.mousePress(chip, Qt.MouseButton.LeftButton, pos=QPoint(5, 5))
    qtbot.mouseMove(chip, QPoint(7, 6))
    assert carried == []
    qtbot.mouseMove(chip, QPoint(30, 20))
    qtbot.mouseRelease(chip, Qt.MouseButton.LeftButton)
    assert [layer for layer, _ in carried] == [DraggedLayer("dense.v1", standing=False)]
    assert carried[0][1].size() == chip.size()


def test_chips_wrap_instead_of_being_cut(qtbot: QtBot) -> None:
    themed()
    kinds = [*LAYER_KINDS.values()] * 5
    panel = shown(qtbot, LayerPalette(kinds), 235, 400)
    chips = [chip for chip in panel.findChildren(QWidget) if chip.objectName().startswith("palette.")]
    assert len(chips) == len(kinds)
    places = [chip.geometry() for chip in chips]
    assert len({place.top() for place in places}) > 1
    assert all(place.right() < 235 - 8 for place in places)
    assert not any(one.intersects(other) for n, one in enumerate(places) for other in places[:n])
    narrow = panel.heightForWidth(235)
    assert panel.heightForWidth(800) < narrow
    panel.resize(800, 400)
    settle()
    assert len({chip.geometry().top() for chip in chips}) < len({place.top() for place in places})
