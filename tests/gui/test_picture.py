"""A picture of the window: of the size that was asked for, in both themes, or one line that says why not."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtGui import QColor, QImage
from pytestqt.qtbot import QtBot

from flux_studio.cli import main
from flux_studio.errors import ExportError, FluxError
from flux_studio.gui import worker
from flux_studio.gui.main_window import MainWindow
from flux_studio.gui.picture import save_picture
from flux_studio.gui.settings import Settings
from flux_studio.gui.theme import DARK, LIGHT, THEMES, Theme, look
from flux_studio.locations import sample
from flux_studio.project import files
from tests.gui.windows import open_window
from tests.gui.windows import sample as sample_project


@pytest.fixture(autouse=True)
def light(qtbot: QtBot):
    """Leave the theme as it is found."""
    yield
    if look.theme is not LIGHT:
        look.apply(LIGHT)


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=lambda theme: theme.name)
@pytest.mark.parametrize("size", [(1600, 1000), (1280, 720)])
def test_it_has_the_size_and_the_theme_that_were_asked_for(
    tmp_path: Path, theme: Theme, size: tuple[int, int]
) -> None:
    out = tmp_path / "window.png"
    save_picture(sample("parity-4.flux"), out, size, theme.name)
    assert out.read_bytes().startswith(b"\x89PNG\r\n\x1a\n")
    picture = QImage(str(out))
    assert (picture.width(), picture.height()) == size
    # The menu bar's far end is bare, and of the colour of surfaces.
    assert picture.pixelColor(size[0] - 5, 5) == QColor(theme.surface)


def test_the_command_line_makes_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "window.png"
    words = ["screenshot", str(sample("xor.flux")), str(out), "--size", "1300x750", "--theme", "dark"]
    assert main(words) == 0
    assert capsys.readouterr().out == f"{out}: 1300×750\n"
    picture = QImage(str(out))
    assert (picture.width(), picture.height()) == (1300, 750)
    assert picture.pixelColor(1295, 5) == QColor(DARK.surface)


def test_matrices_are_on_it(tmp_path: Path) -> None:
    """Many different tones: the matrices are painted, not only the panels' words."""
    save_picture(sample("parity-4.flux"), tmp_path / "window.png", (1600, 1000), "light")
    picture = QImage(str(tmp_path / "window.png"))
    warm = cold = 0
    for x in range(260, 1260, 2):
        for y in range(90, 400, 2):
            colour = picture.pixelColor(x, y)
            warm += colour.red() > colour.blue() + 60
            cold += colour.blue() > colour.red() + 60
    assert warm > 1000
    assert cold > 1000


def test_a_trained_project_shows_where_it_stands(tmp_path: Path) -> None:
    """A picture of another state is another picture."""
    trained = tmp_path / "trained.flux"
    assert main(["train", str(sample("parity-4.flux")), "--save", str(trained)]) == 0
    save_picture(trained, tmp_path / "a.png", (1280, 720), "light")
    save_picture(sample("parity-4.flux"), tmp_path / "b.png", (1280, 720), "light")
    assert QImage(str(tmp_path / "a.png")) != QImage(str(tmp_path / "b.png"))


def test_it_leaves_the_persons_settings_alone_and_is_not_led_by_them(qtbot: QtBot, tmp_path: Path) -> None:
    save_picture(sample("xor.flux"), tmp_path / "plain.png", (1280, 720), "light")
    window = open_window(qtbot, sample_project("xor"))
    window.docks["data"].hide()
    assert window.close()
    before = Settings().layout()
    assert before is not None
    save_picture(sample("xor.flux"), tmp_path / "again.png", (1280, 720), "light")
    assert Settings().layout() == before
    assert Settings().theme is LIGHT
    assert QImage(str(tmp_path / "plain.png")) == QImage(str(tmp_path / "again.png"))


@pytest.mark.parametrize("theme", sorted(THEMES))
def test_a_broken_project_gives_one_line(tmp_path: Path, theme: str) -> None:
    broken = tmp_path / "broken.flux"
    broken.write_bytes(sample("iris.flux").read_bytes()[:900])
    with pytest.raises(FluxError, match=r"broken\.flux: this is not a whole \.flux file") as told:
        save_picture(broken, tmp_path / "p.png", (1280, 720), theme)
    assert "\n" not in str(told.value)
    assert not (tmp_path / "p.png").exists()


def test_a_project_that_cannot_be_trained_gives_its_reason(tmp_path: Path) -> None:
    project = sample_project("parity-4")
    wrong = project.with_specification(project.specification.change_layer("layer-3", units=2))
    files.save(wrong, tmp_path / "wrong.flux")
    with pytest.raises(FluxError, match="give the last layer 1 unit"):
        save_picture(tmp_path / "wrong.flux", tmp_path / "p.png", (1280, 720), "light")


def test_an_engine_that_fails_gives_its_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise MemoryError("no room")

    monkeypatch.setattr(worker, "Session", fail)
    with pytest.raises(ExportError, match=r"MemoryError\('no room'\)"):
        save_picture(sample("xor.flux"), tmp_path / "p.png", (1280, 720), "light")
    assert not (tmp_path / "p.png").exists()
    capfd.readouterr()


def test_smaller_than_the_window_can_be(tmp_path: Path) -> None:
    with pytest.raises(
        ExportError, match=r"the window is at least .*; ask for a larger picture than 300×200"
    ):
        save_picture(sample("xor.flux"), tmp_path / "p.png", (300, 200), "light")


def test_a_place_that_cannot_be_written(tmp_path: Path) -> None:
    with pytest.raises(ExportError, match=r"p\.png: the picture cannot be written there"):
        save_picture(sample("xor.flux"), tmp_path / "nowhere" / "p.png", (1280, 720), "light")


def test_no_window_stays_behind(tmp_path: Path) -> None:
    from PySide6.QtCore import QCoreApplication, QEvent
    from PySide6.QtWidgets import QApplication

    save_picture(sample("xor.flux"), tmp_path / "p.png", (1280, 720), "light")
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
    assert not [one for one in QApplication.topLevelWidgets() if isinstance(one, MainWindow)]
