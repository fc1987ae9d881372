"""A small trained project, its file, and how two runs are compared."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from flux_studio.project import files
from flux_studio.project.project import Project, Run
from flux_studio.training.session import Session
from tests.project.projects import number_project

PNG = b"\x89PNG\r\n\x1a\n not really"


def trained(iterations: int = 25) -> Project:
    """A small project with validation rows, trained for a moment."""
    project = number_project()
    session = Session(project, "reference")
    for _ in session.train(iterations):
        pass
    return project.with_run(session.run())


def saved(project: Project, path: Path) -> bytes:
    """What saving the project with a picture writes."""
    files.save(project, path, thumbnail=PNG)
    return path.read_bytes()


def same_arrays(one: Any, other: Any) -> None:
    assert set(one) == set(other)
    for key, array in one.items():
        assert array.dtype == other[key].dtype
        np.testing.assert_array_equal(array, other[key])


def same_run(one: Run | None, other: Run | None) -> None:
    assert one is not None
    assert other is not None
    for name in ("iteration", "first_loss", "changes", "first_rate", "edits", "since"):
        assert getattr(one, name) == getattr(other, name), name
    same_arrays(one.parameters, other.parameters)
    same_arrays(one.start, other.start)
    for curve, another in ((one.curve, other.curve), (one.validation_curve, other.validation_curve)):
        assert curve is not None
        assert another is not None
        assert curve.numbers() == another.numbers()
        np.testing.assert_array_equal(curve.array(), another.array())
