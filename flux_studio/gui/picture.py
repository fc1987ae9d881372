"""A picture of the real window, made without anybody at the screen."""

from __future__ import annotations

import os
from pathlib import Path

from PySide6.QtCore import QEventLoop, QTimer
from PySide6.QtGui import QPixmap

from flux_studio.errors import ExportError
from flux_studio.gui.app import make_application
from flux_studio.gui.main_window import MainWindow
from flux_studio.gui.settings import Settings
from flux_studio.gui.theme import THEMES, look
from flux_studio.gui.typesetting import typesetter
from flux_studio.project import files

_PATIENCE_MS = 120_000
_SETTLING_MS = 150


class NoSettings(Settings):
    """The first layout, whatever the person has made of theirs."""

    def layout(self) -> None:
        return None


def save_picture(file: Path, out: Path, size: tuple[int, int], theme: str) -> None:
    """Open a project, wait until its matrices are shown, and write the window as PNG."""
    project = files.load(file)
    project.check()
    # On a real screen, the desktop would have its say about the window's size.
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    make_application()
    look.apply(THEMES[theme])
    window = MainWindow(project, file, settings=NoSettings())
    try:
        picture = _picture(window, size)
    finally:
        window.trainer.close()
        window.deleteLater()
    if not picture.save(str(out), "PNG"):
        raise ExportError(f"{out}: the picture cannot be written there; choose another place")


def _picture(window: MainWindow, size: tuple[int, int]) -> QPixmap:
    window.resize(*size)
    if window.size().toTuple() != size:
        least = "×".join(map(str, window.minimumSize().toTuple()))
        raise ExportError(
            f"the window is at least {least}; ask for a larger picture than {size[0]}×{size[1]}"
        )
    typesetter.wait()
    window.show()
    window.reset_layout()
    troubles: list[str] = []
    loop = QEventLoop()
    window.frame_shown.connect(loop.quit)
    window.workbench.troubled.connect(troubles.append)
    window.workbench.troubled.connect(loop.quit)
    patience = QTimer(loop, singleShot=True, interval=_PATIENCE_MS)
    patience.timeout.connect(loop.quit)
    patience.start()
    window.begin()
    loop.exec()
    if troubles:
        raise ExportError(troubles[-1])
    # The layout settles with the events that the first frame caused.
    patience.start(_SETTLING_MS)
    loop.exec()
    if (focused := window.focusWidget()) is not None:
        focused.clearFocus()  # a ring around this or that button means nothing on paper
    return window.grab()
