"""The menu of the selected layer: the same requests as the keys, with the keys written beside them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QMenu

from flux_studio.gui.widgets.icons import icon
from flux_studio.project.catalogue import LAYER_KINDS

if TYPE_CHECKING:
    from flux_studio.gui.panels.network import NetworkStack

USUAL_KIND = "dense.v1"
"""What the Insert key adds."""


def open_layer_menu(stack: NetworkStack, at: QPoint) -> QMenu:
    """Open the menu of the selected layer at a point of the screen; it goes away by itself."""
    menu = QMenu(stack)
    menu.setObjectName("network.menu")
    menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    _, block = stack.body.place(stack.selection)
    siblings, beside = stack.body.column(block).identities, stack.neighbour_block()
    first, last = stack.selection == siblings[0], stack.selection == siblings[-1]

    def add(name: str, words: str, keys: str, ask: Callable[[], None], *, enabled: bool = True) -> None:
        # The keys are only written here: the stack obeys them, for it knows whether it has the focus.
        shown = QKeySequence(keys).toString(QKeySequence.SequenceFormat.NativeText)
        action = menu.addAction(icon(name.partition(".")[0]), f"{words}\t{shown}")
        action.setObjectName(f"network.menu.{name}")
        action.setEnabled(enabled)
        action.triggered.connect(ask)

    add("edit", "Change settings", "F2", stack.edit_selection)
    menu.addSeparator()
    for kind in LAYER_KINDS.values():
        keys = "Ins" if kind.kind == USUAL_KIND else ""
        add(f"add.{kind.kind}", f"Insert {kind.title} below", keys, lambda kind=kind.kind: stack.insert(kind))
    add("duplicate", "Duplicate", "Ctrl+D", stack.duplicate_selection)
    menu.addSeparator()
    add("up", "Move up", "Alt+Up", lambda: stack.move_selection(-1), enabled=not first)
    add("down", "Move down", "Alt+Down", lambda: stack.move_selection(1), enabled=not last)
    if beside:
        add("in", f"Move into {stack.body.card(beside).title}", "Alt+Right", stack.move_selection_in)
    if block:
        add("out", f"Move out of {stack.body.card(block).title}", "Alt+Left", stack.move_selection_out)
    menu.addSeparator()
    add("delete", "Delete", "Del", stack.delete_selection)
    menu.popup(at)
    return menu
