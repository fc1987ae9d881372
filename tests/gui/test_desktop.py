"""What the system reads to open projects by a double-click: the desktop entry, the file type, the icon."""

from __future__ import annotations

import configparser
import shutil
import subprocess
from pathlib import Path
from xml.etree import ElementTree

import pytest
from PySide6.QtSvg import QSvgRenderer

from flux_studio.locations import resource, sample
from flux_studio.project import files

ENTRY = resource("desktop", "flux-studio.desktop")
TYPES = resource("desktop", "flux-studio.xml")
SPACE = "{http://www.freedesktop.org/standards/shared-mime-info}"


def test_the_entry_starts_the_command_with_the_file() -> None:
    parser = configparser.ConfigParser(interpolation=None)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read(ENTRY, encoding="utf-8")
    entry = parser["Desktop Entry"]
    assert entry["Exec"] == "flux-studio %f"
    assert entry["MimeType"] == f"{files.MIMETYPE};"
    assert entry["Icon"] == ENTRY.stem


def test_the_magic_is_how_our_files_begin() -> None:
    kind = ElementTree.parse(TYPES).getroot().find(f"{SPACE}mime-type")
    assert kind is not None
    assert kind.attrib["type"] == files.MIMETYPE
    outer = kind.find(f"{SPACE}magic/{SPACE}match")
    assert outer is not None
    begin = sample("parity-4.flux").read_bytes()[:100]
    for match in (outer, outer[0]):
        value = match.attrib["value"].encode().decode("unicode_escape").encode("latin-1")
        offset = int(match.attrib["offset"])
        assert begin[offset : offset + len(value)] == value


@pytest.mark.parametrize("tool", ["desktop-file-validate", "update-mime-database"])
def test_the_systems_own_tools_agree(tool: str, tmp_path: Path) -> None:
    if shutil.which(tool) is None:
        return
    if tool == "desktop-file-validate":
        command = [tool, str(ENTRY)]
    else:
        (tmp_path / "packages").mkdir()
        shutil.copy(TYPES, tmp_path / "packages")
        command = [tool, str(tmp_path)]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_icon_is_a_drawing(qapp: object) -> None:
    assert QSvgRenderer(str(resource("desktop", "flux-studio.svg"))).isValid()
