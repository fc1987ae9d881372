"""Widgets on the screen for tests: in the light theme, at a size, exposed and active."""

from __future__ import annotations

from typing import TypeVar

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from flux_studio.gui.theme import LIGHT, look

W = TypeVar("W", bound=QWidget)
Q = TypeVar("Q", bound=QObject)


def themed() -> None:
    """The light theme, once for all tests that ask for it."""
    application = QApplication.instance()
    assert isinstance(application, QApplication)
    if look.theme is not LIGHT or not application.styleSheet():
        look.apply(LIGHT)


def shown(qtbot: QtBot, widget: W, width: int, height: int) -> W:
    """Show a widget that the test is done with at its end."""
    qtbot.addWidget(widget)
    widget.resize(width, height)
    with qtbot.waitActive(widget):
        widget.show()
        widget.activateWindow()
    settle()
    return widget


def settle() -> None:
    """Let all layouts and repaints that are due happen."""
    for _ in range(3):
        QApplication.processEvents()


def child(parent: QObject, kind: type[Q], name: str) -> Q:
    """The only descendant of that kind and object name."""
    found = parent.findChildren(kind, name)
    assert len(found) == 1, f"{len(found)} children are called {name!r}"
    return found[0]
