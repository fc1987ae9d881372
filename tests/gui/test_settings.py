"""Settings: an INI file of their own; what is broken in there is as if it were not there."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import QByteArray, QSettings
from pytestqt.qtbot import QtBot

from flux_studio.gui.main_window import MainWindow
from flux_studio.gui.settings import LAYOUT_VERSION, Settings
from flux_studio.gui.theme import DARK, LIGHT
from tests.gui.shown import settle, themed
from tests.gui.windows import Answers, discard, sample


@pytest.fixture(autouse=True)
def place(qtbot: QtBot, tmp_path: Path) -> Path:
    """The INI file that this test's settings are kept in."""
    QSettings.setPath(QSettings.Format.IniFormat, QSettings.Scope.UserScope, str(tmp_path))
    return tmp_path / "flux-studio" / "flux-studio.ini"


def kept(settings: Settings) -> None:
    settings._store.sync()


def window_with(qtbot: QtBot) -> MainWindow:
    themed()
    window = MainWindow(sample("xor"), dialogs=Answers())
    qtbot.addWidget(window, before_close_func=discard)
    window.show()
    settle()
    return window


def test_first_there_is_nothing(place: Path) -> None:
    settings = Settings()
    assert settings.theme is LIGHT
    assert settings.folder == str(Path.home())
    assert settings.layout() is None
    assert not place.exists()


def test_what_is_set_is_there_the_next_time(place: Path, tmp_path: Path) -> None:
    settings = Settings()
    settings.theme = DARK
    settings.folder = str(tmp_path / "a folder, with ünlauts")
    settings.set_layout(QByteArray(b"\0\1geometry"), QByteArray(b"\xff\0state"))
    kept(settings)
    assert place.is_file()
    again = Settings()
    assert again.theme is DARK
    assert again.folder == str(tmp_path / "a folder, with ünlauts")
    assert again.layout() == (QByteArray(b"\0\1geometry"), QByteArray(b"\xff\0state"))


@pytest.mark.parametrize(
    "content",
    [
        b"\0\1\2\3 not an ini file at all \xff\xfe",
        b"[General]\ntheme=purple\nfolder=\ngeometry=\nstate=\nlayout_version="
        + str(LAYOUT_VERSION).encode(),
        b"[General]\ntheme=@ByteArray(\ngeometry=@Invalid()\nstate=5\nlayout_version=1\n",
        b"[General]\ntheme=a, b\ngeometry=x, y\nstate=z, w\nlayout_version=1\n",
        b"[General]\nlayout_version=1\ngeometry=@ByteArray(nonsense)\nstate=@ByteArray(nonsense)\n",
        b"[Gen",
        b"",
    ],
)
def test_a_broken_file_is_ignored(qtbot: QtBot, place: Path, content: bytes) -> None:
    place.parent.mkdir(parents=True)
    place.write_bytes(content)
    assert Settings().theme is LIGHT
    assert isinstance(Settings().folder, str)
    window = window_with(qtbot)
    assert all(
        window.docks[name].isVisible() for name in ("layers", "network", "matrices", "focus", "loss", "data")
    )
    assert window.width() >= window.minimumWidth()
    assert (
        window.docks["layers"].width() < window.docks["matrices"].width()
    )  # the first layout, in its shares
    assert window.close()
    assert Settings().layout() is not None  # and it is whole again


def test_another_arrangement_of_docks_is_not_restored(place: Path) -> None:
    settings = Settings()
    settings.set_layout(QByteArray(b"g"), QByteArray(b"s"))
    settings._store.setValue("layout_version", str(LAYOUT_VERSION + 1))
    assert settings.layout() is None


def test_the_layout_comes_back_in_the_next_window(qtbot: QtBot) -> None:
    first = window_with(qtbot)
    first.resize(first.minimumWidth(), 650)
    first.docks["data"].hide()
    first.docks["loss"].setFloating(True)
    settle()
    assert first.close()
    second = window_with(qtbot)
    assert not second.docks["data"].isVisible()
    assert second.docks["loss"].isFloating()
    assert second.docks["matrices"].isVisible()
    assert (second.width(), second.height()) == (first.minimumWidth(), 650)


def test_a_window_that_was_not_left_remembers_nothing(qtbot: QtBot) -> None:
    window = window_with(qtbot)
    window.workbench.change_layer("layer-1", "units", 5)
    window.dialogs.answer = "cancel"
    assert not window.close()
    assert Settings().layout() is None
