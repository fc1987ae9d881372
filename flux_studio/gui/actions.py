"""Actions as data: one table from which menus, shortcuts and tool tips are made."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QMainWindow, QMenu

from flux_studio.gui.widgets.icons import icon


@dataclass(frozen=True)
class ActionRow:
    """One thing that can be done: its stable name, its menu, its words, keys, icon and what it means.

    An empty ``name`` draws a line in the menu.
    """

    menu: str
    name: str = ""
    words: str = ""
    keys: str = ""
    icon: str = ""
    meaning: str = ""
    checkable: bool = False
    also: str = ""
    """Keys that the stack of layers obeys while it has the focus; shown, not bound."""


ACTIONS: tuple[ActionRow, ...] = (
    ActionRow("File", "file.new", "New from Table…", "Ctrl+N", "new", "A new project for a CSV file"),
    ActionRow("File", "file.open", "Open…", "Ctrl+O", "open", "Open a project or a CSV file"),
    ActionRow("File", "file.recent", "Open Recent", meaning="Projects that were open lately"),
    ActionRow("File", "file.samples", "Samples", icon="table", meaning="Ready projects to begin with"),
    ActionRow("File", "file.welcome", "Welcome", meaning="Samples, recent projects and how to begin"),
    ActionRow("File"),
    ActionRow("File", "file.save", "Save", "Ctrl+S", "save", "Save the project with its weights"),
    ActionRow(
        "File", "file.save_as", "Save As…", "Ctrl+Shift+S", meaning="Save the project under another name"
    ),
    ActionRow(
        "File", "file.revert", "Revert to Saved", meaning="The project as its file has it; Undo takes it back"
    ),
    ActionRow("File"),
    ActionRow(
        "File", "file.export", "Export…", "Ctrl+E", "export", "The network for other tools, in nine formats"
    ),
    ActionRow(
        "File",
        "file.take_in",
        "Take in Weights…",
        meaning="Weights of an NPZ or safetensors file into this network",
    ),
    ActionRow(
        "File",
        "file.worked_example",
        "Export Worked Example…",
        meaning="The iteration that is shown, worked out step by step as a LaTeX document",
    ),
    ActionRow(
        "File", "file.predict", "Predict for a Table…", meaning="Write predictions for the rows of a CSV file"
    ),
    ActionRow("File"),
    ActionRow("File", "file.quit", "Quit", "Ctrl+Q", meaning="Close Flux Studio"),
    ActionRow("Edit", "edit.undo", "Undo", "Ctrl+Z", "undo", "Take back the last change, with its weights"),
    ActionRow("Edit", "edit.redo", "Redo", "Ctrl+Shift+Z", "redo", "Do again what was taken back"),
    ActionRow("Edit", "edit.history", "History…", "Ctrl+Alt+Z", meaning="All edits; a click goes there"),
    ActionRow("Edit"),
    ActionRow(
        "Edit", "edit.copy_matrix", "Copy Matrix", "Ctrl+Shift+C", meaning="The chosen matrix as a table"
    ),
    ActionRow(
        "Edit",
        "edit.paste_table",
        "Paste Table",
        "Ctrl+V",
        meaning="Cells copied in a spreadsheet, as data for this network",
    ),
    ActionRow("View", "view.dark", "Dark Theme", "Ctrl+Shift+D", meaning="Light or dark", checkable=True),
    ActionRow(
        "View", "view.log", "Logarithmic Loss", "Ctrl+L", meaning="Linear or logarithmic", checkable=True
    ),
    ActionRow("View", "view.panels", "Panels", meaning="Which panels are shown"),
    ActionRow("View", "view.reset", "Reset Layout", meaning="All panels back in their places"),
    ActionRow(
        "Network",
        "network.add",
        "Add Dense Layer",
        icon="add",
        meaning="Behind the selected layer",
        also="Ins",
    ),
    ActionRow(
        "Network", "network.add_activation", "Add Activation Layer", meaning="Behind the selected layer"
    ),
    ActionRow(
        "Network",
        "network.duplicate",
        "Duplicate Layer",
        icon="duplicate",
        meaning="A second layer like it",
        also="Ctrl+D",
    ),
    ActionRow(
        "Network",
        "network.delete",
        "Delete Layer",
        icon="delete",
        meaning="Remove the selected layer",
        also="Del",
    ),
    ActionRow("Network"),
    ActionRow(
        "Network", "network.up", "Move Layer Up", icon="up", meaning="Nearer to the inputs", also="Alt+Up"
    ),
    ActionRow(
        "Network",
        "network.down",
        "Move Layer Down",
        icon="down",
        meaning="Nearer to the loss",
        also="Alt+Down",
    ),
    ActionRow("Train", "train.toggle", "Train or Pause", "F5", "play", "Begin, go on or rest"),
    ActionRow(
        "Train", "train.step", "Step", "F10", "step", "By as much as the bar at the top says, then rest"
    ),
    ActionRow(
        "Train", "train.back", "Step Back", "Shift+F10", meaning="The moment before, exactly as it was"
    ),
    ActionRow("Train"),
    ActionRow(
        "Train", "train.go_to", "Go to Iteration…", "Ctrl+G", meaning="Any iteration so far, by its number"
    ),
    ActionRow(
        "Train", "train.now", "Return to Now", "F8", meaning="From an earlier moment to where training stands"
    ),
    ActionRow(
        "Train",
        "train.branch",
        "Continue from Here",
        "Shift+F8",
        meaning="Train on from the earlier moment shown",
    ),
    ActionRow(
        "Train",
        "train.memory",
        "Memory for Rewinding",
        meaning="How much the moments may take that are kept to go back to",
    ),
    ActionRow("Train"),
    ActionRow(
        "Train",
        "train.same",
        "Start Over with the Same Weights",
        "F6",
        "start-over",
        "The weights this run began with",
    ),
    ActionRow(
        "Train",
        "train.new",
        "Start Over with New Weights",
        "Shift+F6",
        meaning="Iteration 0 with other random weights",
    ),
    ActionRow(
        "Help",
        "help.report",
        "Copy Report",
        meaning="Versions and the last lines of the log, to send to whom you like",
    ),
    ActionRow("Help", "help.about", "About Flux Studio", meaning="Version and licence"),
)
SUBMENUS = ("file.recent", "file.samples", "view.panels", "train.memory")


def build_menus(
    window: QMainWindow, callbacks: Mapping[str, Callable[[], object]]
) -> tuple[dict[str, QAction], dict[str, QMenu]]:
    """Make all menus; returns the actions and the submenus that their owner fills, each by name."""
    actions: dict[str, QAction] = {}
    submenus: dict[str, QMenu] = {}
    menus: dict[str, QMenu] = {}
    for row in ACTIONS:
        if row.menu not in menus:
            menus[row.menu] = window.menuBar().addMenu(f"&{row.menu}")
            menus[row.menu].setObjectName(f"menu.{row.menu.lower()}")
            menus[row.menu].setToolTipsVisible(True)
        menu = menus[row.menu]
        if not row.name:
            menu.addSeparator()
        elif row.name in SUBMENUS:
            submenus[row.name] = menu.addMenu(row.words)
            submenus[row.name].setObjectName(f"menu.{row.name}")
        else:
            actions[row.name] = _action(window, row, callbacks[row.name])
            menu.addAction(actions[row.name])
    return actions, submenus


def _action(window: QMainWindow, row: ActionRow, callback: Callable[[], object]) -> QAction:
    action = QAction(f"{row.words}\t{row.also}" if row.also else row.words, window)
    action.setObjectName(f"action.{row.name}")
    action.setCheckable(row.checkable)
    if row.keys:
        action.setShortcut(QKeySequence(row.keys))
    if row.icon:
        action.setIcon(icon(row.icon))
    action.setToolTip(row.meaning)
    action.setStatusTip(row.meaning)
    action.triggered.connect(lambda _checked=False: callback())
    return action
