"""Actions: one table for menus, keys and tips; each can be triggered at any time without an error."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QMainWindow, QMenu
from pytestqt.qtbot import QtBot

from flux_studio import locations
from flux_studio.gui.actions import ACTIONS, SUBMENUS, build_menus
from flux_studio.gui.main_window import MainWindow
from flux_studio.gui.theme import LIGHT, look
from tests.gui.shown import settle
from tests.gui.windows import open_window, sample, until

SAMPLES = [path.stem for path in locations.samples()]
NAMES = [row.name for row in ACTIONS if row.name not in ("", *SUBMENUS)]


@pytest.fixture
def menus(qtbot: QtBot) -> tuple[QMainWindow, dict[str, QAction], dict[str, QMenu], list[str]]:
    window, called = QMainWindow(), []
    qtbot.addWidget(window)
    callbacks = {name: lambda name=name: called.append(name) for name in NAMES}
    return window, *build_menus(window, callbacks), called


def test_names_are_unique_and_say_their_menu() -> None:
    named = [row for row in ACTIONS if row.name]
    assert len({row.name for row in named}) == len(named)
    assert all(row.name.startswith(row.menu.lower() + ".") for row in named)
    assert all(row.words and row.meaning for row in named)


def test_no_two_actions_share_their_keys() -> None:
    keys = Counter(QKeySequence(row.keys).toString() for row in ACTIONS if row.keys)
    assert [key for key, count in keys.items() if count > 1] == []
    assert "" not in keys  # all of them are keys that Qt knows


def test_menus_are_those_of_the_table_in_its_order(
    menus: tuple[QMainWindow, dict[str, QAction], dict[str, QMenu], list[str]],
) -> None:
    window, actions, submenus, _ = menus
    titles = [action.text().replace("&", "") for action in window.menuBar().actions()]
    assert titles == list(dict.fromkeys(row.menu for row in ACTIONS))
    assert set(actions) == set(NAMES)
    assert set(submenus) == set(SUBMENUS)
    for title in titles:
        menu = window.findChild(QMenu, f"menu.{title.lower()}")
        rows = [row for row in ACTIONS if row.menu == title]
        shown = [action.text().partition("\t")[0] for action in menu.actions()]
        assert shown == [row.words for row in rows]
        assert [action.isSeparator() for action in menu.actions()] == [not row.name for row in rows]


def test_each_action_calls_its_own(
    menus: tuple[QMainWindow, dict[str, QAction], dict[str, QMenu], list[str]],
) -> None:
    _, actions, _, called = menus
    for action in actions.values():
        action.trigger()
    assert called == list(actions)


def test_actions_have_tips_keys_and_stable_names(
    menus: tuple[QMainWindow, dict[str, QAction], dict[str, QMenu], list[str]],
) -> None:
    _, actions, _, _ = menus
    for row in ACTIONS:
        if row.name in actions:
            action = actions[row.name]
            assert action.objectName() == f"action.{row.name}"
            assert action.toolTip() == action.statusTip() == row.meaning
            assert action.shortcut() == QKeySequence(row.keys)
            assert action.isCheckable() == row.checkable
            assert action.icon().isNull() == (not row.icon)


def rest(qtbot: QtBot, window: MainWindow) -> None:
    """Let what was asked for happen."""
    settle()
    until(qtbot, lambda: not window.trainer.busy)
    settle()


@pytest.mark.parametrize(
    ("name", "running"),
    [
        *(pytest.param(name, False, id=f"{name}-resting") for name in SAMPLES),
        # One of each sort: a small one, a series, mini-batches.
        *(
            pytest.param(name, True, id=f"{name}-training")
            for name in ("parity-4", "mackey-glass", "optdigits")
        ),
    ],
)
def test_every_action_on_every_sample(qtbot: QtBot, tmp_path: Path, name: str, running: bool) -> None:
    window = open_window(qtbot, sample(name))
    table = locations.sample(f"{name}.csv")
    window.dialogs.path = table if table.exists() else locations.sample("iris.csv")
    window.dialogs.out = tmp_path / "out.json"
    for action in NAMES:
        if action == "file.quit":
            continue
        if running and not window.trainer.running and window.trainer.ready is not None:
            window.workbench.toggle_training()
        window.actions_by_name[action].trigger()
        rest(qtbot, window)
        assert "inside Flux Studio" not in window.trouble.text, action
        window.stack.select(window.workbench.specification.layers[0].identity)
    assert look.theme is not LIGHT
    window.actions_by_name["view.dark"].trigger()
    window.actions_by_name["file.quit"].trigger()
    assert not window.isVisible()


@pytest.mark.parametrize("answers", ["nothing", "cancel"])
def test_every_action_when_the_person_thinks_better_of_it(qtbot: QtBot, answers: str) -> None:
    window = open_window(qtbot, sample("xor"))
    window.workbench.change_layer("layer-1", "units", 5)
    rest(qtbot, window)
    window.dialogs.answer = "cancel"
    before = window.document.project
    for action in (
        "file.new",
        "file.open",
        "file.save",
        "file.save_as",
        "file.export",
        "file.worked_example",
        "file.predict",
        "file.quit",
    ):
        window.actions_by_name[action].trigger()
        assert window.document.project is before
        assert window.isVisible()
        assert window.document.modified
        assert window.trouble.text == ""


def test_every_action_on_an_empty_network(qtbot: QtBot, tmp_path: Path) -> None:
    window = open_window(qtbot, sample("xor"))
    window.dialogs.out = tmp_path / "out.flux"
    for action in NAMES:
        if action in ("file.new", "file.open", "file.quit"):
            continue
        while window.workbench.specification.layers:
            window.workbench.delete_layer(window.workbench.specification.layers[0].identity)
        window.actions_by_name[action].trigger()
        rest(qtbot, window)
    if look.theme is not LIGHT:
        window.actions_by_name["view.dark"].trigger()
    assert window.isVisible()
