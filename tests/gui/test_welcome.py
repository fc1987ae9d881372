"""The welcome page in the real window: two clicks to a trained network, one's own data, and what was left behind."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPoint, Qt, QUrl
from PySide6.QtWidgets import QPushButton, QWidget
from pytestqt.qtbot import QtBot

from flux_studio import locations
from flux_studio.gui.autosave import Autosave
from flux_studio.gui.main_window import MainWindow
from flux_studio.gui.panels.welcome import WelcomePage
from flux_studio.gui.samples import samples
from flux_studio.gui.theme import DARK, LIGHT, look
from flux_studio.gui.welcome import _when
from flux_studio.gui.widgets.choice_card import ChoiceCard
from flux_studio.project import files
from flux_studio.project.recovery import Note, new_slot
from tests.gui.drag import drag_drop
from tests.gui.shown import child, settle
from tests.gui.windows import open_window, sample, save, until


@pytest.fixture
def window(qtbot: QtBot) -> MainWindow:
    window = open_window(qtbot, sample("xor"))
    window.welcome.show()
    settle()
    return window


def page(window: MainWindow) -> WelcomePage:
    return child(window, WelcomePage, "welcome")


def press(qtbot: QtBot, window: MainWindow, name: str) -> None:
    qtbot.mouseClick(child(window, QWidget, name), Qt.MouseButton.LeftButton)


def test_it_covers_everything_between_menu_and_status(window: MainWindow) -> None:
    area = page(window).geometry()
    assert area.top() == window.menuBar().geometry().bottom() + 1
    assert area.bottom() + 1 == window.statusBar().y()
    assert (area.left(), area.width()) == (0, window.width())
    window.resize(1400, 900)
    settle()
    assert page(window).width() == 1400
    assert page(window).geometry().bottom() + 1 == window.statusBar().y()


def test_no_dock_comes_to_lie_over_it(window: MainWindow) -> None:
    for name in ("matrices", "loss", "data", "predictions"):
        window.docks.bring(name)
    settle()
    area = page(window)
    for across in range(20, window.width(), 30):
        for down in range(area.y() + 5, area.geometry().bottom(), 15):
            found = window.childAt(across, down)
            assert found is area or area.isAncestorOf(found), (across, down, found)
    window.workbench.troubled.emit("something is wrong")
    settle()
    strip = window.trouble
    assert window.childAt(strip.geometry().center()) in (strip, *strip.findChildren(QWidget))


def test_every_sample_has_a_card_with_words_and_a_picture(qtbot: QtBot, window: MainWindow) -> None:
    cards = [each for each in page(window).findChildren(ChoiceCard) if "sample" in each.objectName()]
    assert {each.objectName().rpartition(".")[2] for each in cards} == {p.stem for p in locations.samples()}
    until(qtbot, lambda: all(each._picture is not None for each in cards))
    assert all("seconds" in each.accessibleName() for each in cards)
    first, *others = cards
    assert first.objectName() == "welcome.sample.parity-4"
    assert all(first.height() > each.height() and first.width() > each.width() for each in others)
    assert first.visibleRegion().boundingRect().size() == first.size()


def test_two_clicks_lead_to_training(qtbot: QtBot, window: MainWindow) -> None:
    with qtbot.waitSignal(window.frame_shown, timeout=20_000):
        press(qtbot, window, "welcome.sample.parity-4")
    assert not window.welcome.shown
    assert window.document.project.table.source == "parity-4.csv"
    assert window.document.path is None
    press(qtbot, window, "action.train.start")
    until(qtbot, lambda: window.trainer.iteration > 5)


def test_unsaved_work_is_asked_about_before_it_goes(qtbot: QtBot, window: MainWindow) -> None:
    window.workbench.set_learning_rate(0.25)
    window.dialogs.answer = "cancel"
    press(qtbot, window, "welcome.sample.iris")
    assert window.dialogs.asked == ["xor.flux"]
    assert window.welcome.shown
    assert window.document.project.table.source == "xor.csv"


def test_own_data_by_button_and_by_drop(qtbot: QtBot, window: MainWindow) -> None:
    window.dialogs.path = locations.sample("iris.csv")
    press(qtbot, window, "welcome.own.new")
    assert window.document.project.table.source == "iris.csv"
    assert not window.welcome.shown
    window.welcome.show()
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(locations.sample("parity-4.csv")))])
    assert drag_drop(window, mime, QPoint(600, 300))
    assert window.document.project.table.source == "parity-4.csv"
    assert not window.document.undo_stack.canUndo()  # a new project, not other data for the one below
    assert not window.welcome.shown


def test_recent_projects_show_their_pictures(qtbot: QtBot, window: MainWindow, tmp_path: Path) -> None:
    mine = tmp_path / "mine.flux"
    window.dialogs.out = mine
    window.actions_by_name["file.save_as"].trigger()
    assert window.saving.wait()
    assert files.read_part(mine, files.THUMBNAIL) is None  # the page would be no picture of the project
    window.welcome.hide()
    window.actions_by_name["file.save"].trigger()
    assert window.saving.wait()
    window.workbench.open(locations.sample("iris.flux"), as_sample=True)
    window.welcome.show()
    card = child(window, ChoiceCard, "welcome.recent.0")
    assert card.accessibleName() == f"mine. {tmp_path}. just now"
    assert card._picture is not None
    press(qtbot, window, "welcome.recent.0")
    qtbot.waitUntil(lambda: window.document.path == mine)
    mine.unlink()
    window.welcome.show()
    assert (
        window.findChild(ChoiceCard, "welcome.recent.0") is None
        or not window.findChild(ChoiceCard, "welcome.recent.0").isVisible()
    )


def test_keys_stay_on_the_page(qtbot: QtBot, window: MainWindow) -> None:
    window.activateWindow()
    first = child(window, ChoiceCard, "welcome.sample.parity-4")
    assert page(window).focusWidget() is first
    seen = []
    for _ in range(len(samples()) + 6):
        seen.append(window.focusWidget().objectName())
        qtbot.keyClick(window.focusWidget(), Qt.Key.Key_Tab)
    assert seen[0] == "welcome.sample.parity-4"
    assert all(name.startswith("welcome.") for name in seen)
    assert set(seen) == {
        *(f"welcome.sample.{each.path.stem}" for each in samples()),
        "welcome.own.new",
        "welcome.own.open",
        "welcome.close",
    }
    qtbot.keyClick(window.focusWidget(), Qt.Key.Key_Escape)
    assert not window.welcome.shown


def test_enter_opens_the_card(qtbot: QtBot, window: MainWindow) -> None:
    card = child(window, ChoiceCard, "welcome.sample.iris")
    card.setFocus()
    qtbot.keyClick(card, Qt.Key.Key_Return)
    assert window.document.project.table.source == "iris.csv"


def test_training_and_edits_from_the_menu_are_seen(qtbot: QtBot, window: MainWindow) -> None:
    window.workbench.toggle_training()
    until(qtbot, lambda: not window.welcome.shown)
    window.welcome.show()
    until(qtbot, lambda: window.trainer.iteration > 100)
    assert window.welcome.shown  # it was asked for while training went on
    window.workbench.change_layer("layer-1", "units", 5)
    assert not window.welcome.shown


def test_it_follows_the_theme(window: MainWindow) -> None:
    light = page(window).grab().toImage().pixelColor(3, 3)
    look.apply(DARK)
    dark = page(window).grab().toImage().pixelColor(3, 3)
    look.apply(LIGHT)
    assert light.name() == LIGHT.window
    assert dark.name() == DARK.window


class TestLeft:
    @pytest.fixture
    def window(self, qtbot: QtBot, tmp_path: Path) -> MainWindow:
        for title, seed in (("one.flux", 11), ("two.flux", 22)):
            slot, project = new_slot(tmp_path / "recovery"), sample("parity-4")
            marked = project.with_specification(project.specification.replace(seed=seed))
            slot.keep(marked, Note(title, None, time.time() - seed, 1234))
            slot.give_back()
        window = open_window(qtbot, sample("xor"))
        window.autosave = Autosave(window, tmp_path / "recovery")
        window.welcome.show()
        settle()
        yield window
        window.autosave.close()

    def test_is_told_and_recovered(self, qtbot: QtBot, window: MainWindow) -> None:
        from PySide6.QtWidgets import QLabel

        words = [label.text() for label in page(window).findChildren(QLabel)]
        assert "one.flux" in words
        assert "iteration 1,234 · just now · never saved" in words
        assert window.focusWidget().objectName() == "welcome.left.recover.0"
        press(qtbot, window, "welcome.left.recover.1")
        assert window.workbench.specification.seed == 22
        assert window.isWindowModified()
        assert not window.welcome.shown
        window.welcome.show()
        assert len(window.autosave.left) == 1

    def test_is_discarded_after_a_question(self, qtbot: QtBot, window: MainWindow) -> None:
        window.dialogs.answer = "cancel"
        press(qtbot, window, "welcome.left.discard.0")
        assert len(window.autosave.left) == 2
        window.dialogs.answer = "discard"
        press(qtbot, window, "welcome.left.discard.0")
        assert window.dialogs.asked == ["one.flux", "one.flux"]
        assert len(window.autosave.left) == 1
        settle()
        assert window.findChild(QPushButton, "welcome.left.recover.1") is None
        press(qtbot, window, "welcome.left.discard.0")
        settle()
        assert window.findChild(QWidget, "welcome.left") is None
        assert window.welcome.shown


def test_moments_are_told_as_people_tell_them() -> None:
    now = time.time()
    assert _when(now) == "just now"
    assert _when(now - 600) == "10 minutes ago"
    assert _when(now - 70) == "1 minute ago"
    assert _when(0.0).startswith(("1 January 1970", "31 December 1969"))
    assert " at " in _when(now - 90_000)


def test_recents_menu(qtbot: QtBot, tmp_path: Path) -> None:
    window = open_window(qtbot, sample("xor"))
    menu = window.recents._menu
    menu.aboutToShow.emit()
    assert [(each.text(), each.isEnabled()) for each in menu.actions()] == [
        ("Clear Missing", False),
        ("Clear All", False),
    ]
    for name in ("one", "two & more"):
        assert save(window, tmp_path / f"{name}.flux")
    os.unlink(tmp_path / "one.flux")
    menu.aboutToShow.emit()
    assert [(each.text(), each.isEnabled()) for each in menu.actions() if not each.isSeparator()] == [
        ("two && more.flux", True),
        ("one.flux", False),
        ("Clear Missing", True),
        ("Clear All", True),
    ]
    window.workbench.open(locations.sample("iris.flux"), as_sample=True)
    menu.actions()[0].trigger()
    assert window.document.path == tmp_path / "two & more.flux"
    next(each for each in menu.actions() if each.text() == "Clear Missing").trigger()
    assert window.settings.recents == [tmp_path / "two & more.flux"]
    next(each for each in menu.actions() if each.text() == "Clear All").trigger()
    assert window.settings.recents == []


def test_revert_goes_back_to_the_file_and_can_be_undone(qtbot: QtBot, tmp_path: Path) -> None:
    window = open_window(qtbot, sample("xor"))
    revert = window.actions_by_name["file.revert"]
    assert not revert.isEnabled()
    assert save(window, tmp_path / "mine.flux")
    assert not revert.isEnabled()
    window.workbench.change_layer("layer-1", "units", 7)
    assert revert.isEnabled()
    revert.trigger()
    assert window.workbench.specification.layer("layer-1").settings["units"] != 7
    assert not window.isWindowModified()
    assert not revert.isEnabled()
    assert window.document.undo_stack.undoText() == "Revert to saved"
    window.document.undo_stack.undo()
    assert window.workbench.specification.layer("layer-1").settings["units"] == 7
    assert window.isWindowModified()
    (tmp_path / "mine.flux").write_bytes(b"PK")
    revert.trigger()
    assert "not a whole .flux file" in window.trouble.text
    assert window.isWindowModified()
