"""Shipped files are found in a checkout and in an installed package; the cache is where the system keeps caches."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from flux_studio import locations
from flux_studio.errors import FluxError


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package folder as an installed wheel leaves it, with nothing beside it."""
    package = tmp_path / "site-packages" / "flux_studio"
    (package / "resources" / "fonts").mkdir(parents=True)
    (package / "sample_data").mkdir()
    monkeypatch.setattr(locations, "_PACKAGE", package)
    return package


def test_resources_of_a_checkout() -> None:
    assert (
        locations.resource("fonts", "LICENSES").read_text(encoding="utf-8").count("SIL Open Font License")
        >= 1
    )
    assert locations.resource("fonts", "Inter-Regular.otf").read_bytes()[:4] == b"OTTO"


def test_every_shipped_font_is_named_in_the_licences() -> None:
    text = locations.resource("fonts", "LICENSES").read_text(encoding="utf-8")
    fonts = [file.name for file in locations.resource("fonts").iterdir() if file.suffix in {".otf", ".ttf"}]
    assert len(fonts) >= 6
    assert [name for name in fonts if name not in text] == []


def test_samples_of_a_checkout_are_sorted_projects() -> None:
    found = locations.samples()
    assert list(found) == sorted(found)
    assert all(file.suffix == ".flux" and file.is_file() for file in found)
    assert locations.sample("iris.csv").is_file()


def test_an_installed_package_carries_its_own(installed: Path) -> None:
    (installed / "sample_data" / "b.flux").touch()
    (installed / "sample_data" / "a.flux").touch()
    (installed / "sample_data" / "notes.csv").touch()
    assert locations.resource("fonts") == installed / "resources" / "fonts"
    assert locations.samples() == (installed / "sample_data" / "a.flux", installed / "sample_data" / "b.flux")


def test_a_package_without_its_files_says_so(installed: Path) -> None:
    (installed / "resources" / "fonts").rmdir()
    (installed / "resources").rmdir()
    with pytest.raises(
        FluxError, match="'resources' is missing from this installation: install Flux Studio again"
    ):
        locations.resource("fonts")


def test_the_cache_can_be_put_elsewhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("FLUX_STUDIO_CACHE", str(tmp_path))
    assert locations.cache_folder() == tmp_path


@pytest.mark.parametrize(
    ("system", "variable", "value", "expected"),
    [
        ("linux", "XDG_CACHE_HOME", "caches", Path("caches", "flux-studio")),
        ("win32", "LOCALAPPDATA", "local", Path("local", "flux-studio", "cache")),
        ("linux", None, None, Path.home() / ".cache" / "flux-studio"),
        ("win32", None, None, Path.home() / "AppData" / "Local" / "flux-studio" / "cache"),
        ("darwin", None, None, Path.home() / "Library" / "Caches" / "flux-studio"),
    ],
)
def test_the_usual_place_of_the_cache(
    monkeypatch: pytest.MonkeyPatch, system: str, variable: str | None, value: str | None, expected: Path
) -> None:
    monkeypatch.setattr(sys, "platform", system)
    for name in ("FLUX_STUDIO_CACHE", "XDG_CACHE_HOME", "LOCALAPPDATA"):
        monkeypatch.delenv(name, raising=False)
    if variable and value:
        monkeypatch.setenv(variable, value)
    assert locations.cache_folder() == expected
