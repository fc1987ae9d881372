"""A trained project and the bytes of its file, made once."""

from __future__ import annotations

import pytest

from flux_studio.project.project import Project
from tests.project.saved import saved, trained


@pytest.fixture(scope="session")
def project() -> Project:
    return trained()


@pytest.fixture(scope="session")
def good(project: Project, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The bytes of a valid file."""
    return saved(project, tmp_path_factory.mktemp("good") / "good.flux")
