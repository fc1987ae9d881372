"""A picture of the real window, made without anybody at the screen."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QEventLoop, QTimer

from flux_studio.errors import ExportError
from flux_studio.gui.app import make_application
from flux_studio.gui.main_window import MainWindow
from flux_studio.gui.settings import Settings
from flux_studio.gui.theme import THEMES, look
from flux_studio.project import files

_PATIENCE_MS = 120_000


class NoSettings(Settings):
    """The first layout, whatever the person has made of theirs."""

    def layout(self) -> None:
        return None


def save_picture(file: Path, out: Path, size: tuple[int, int], theme: str) -> None:
    """Open a project, wait until its matrices are shown, and write the window as PNG."""
    project = files.load(file)
    make_application()
    look.apply(THEMES[theme])
    window = MainWindow(project, file, settings=NoSettings())
    window.resize(*size)
    window.show()
    window.reset_layout()
    loop = QEventLoop()
    window.frame_shown.connect(loop.quit)
    window.workbench.troubled.connect(lambda text: loop.quit() if text else None)
    QTimer.singleShot(_PATIENCE_MS, loop.quit)
    window.begin()
    loop.exec()
    # The layout settles with the events that the first frame caused.
    QTimer.singleShot(150, loop.quit)
    loop.exec()
    picture = window.grab()
    window.trainer.close()
    window.deleteLater()
    if not picture.save(str(out), "PNG"):
        raise ExportError(f"{out}: the picture cannot be written there")
