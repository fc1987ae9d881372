"""The lock holds one exact version of everything that is asked for, on every Python that is supported."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
LINES = (ROOT / ".ci" / "requirements.txt").read_text(encoding="utf-8").splitlines()
LOCK = [Requirement(line) for line in LINES if not line.startswith("#")]
PYTHONS = ["3.11", "3.12", "3.13", "3.14"]
ASKED_FOR = [
    Requirement(text)
    for text in (
        *PROJECT["build-system"]["requires"],
        *PROJECT["project"]["dependencies"],
        *PROJECT["dependency-groups"]["dev"],
    )
]


def test_the_supported_pythons_are_the_ones_checked_here() -> None:
    supported = SpecifierSet(PROJECT["project"]["requires-python"])
    assert [f"3.{minor}" for minor in range(20) if f"3.{minor}" in supported] == PYTHONS


@pytest.mark.parametrize("requirement", LOCK, ids=str)
def test_a_line_is_a_name_a_version_and_perhaps_a_marker(requirement: Requirement) -> None:
    assert [one.operator for one in requirement.specifier] == ["=="]
    assert requirement.url is None
    assert not requirement.extras


@pytest.mark.parametrize("python", PYTHONS)
def test_what_is_asked_for_is_locked_within_its_bounds(python: str) -> None:
    here = {"python_version": python, "python_full_version": f"{python}.4"}
    locked: dict[str, list[str]] = {}
    for requirement in LOCK:
        if requirement.marker is None or requirement.marker.evaluate(here):
            (exact,) = requirement.specifier
            locked.setdefault(canonicalize_name(requirement.name), []).append(exact.version)
    assert [name for name, versions in locked.items() if len(versions) > 1] == []
    for requirement in ASKED_FOR:
        (version,) = locked.get(canonicalize_name(requirement.name), ["missing"])
        assert requirement.specifier.contains(version), f"{requirement} on Python {python}: {version}"
