"""What a new project begins with can be trained as it is."""

from __future__ import annotations

import pytest

from flux_studio.project.defaults import fitted_to, new_project
from flux_studio.project.project import Project
from flux_studio.training.events import Finished
from flux_studio.training.session import Session
from tests.project.projects import ACTIVATION, number_table, parity_table, table

CLASSES = table("length,species\n" + "".join(f"{i % 3 + i / 100},{'xyz'[i % 3]}\n" for i in range(60)))


@pytest.mark.parametrize(
    ("new", "outputs", "activation", "validation"),
    [
        (lambda: new_project(parity_table()), 1, "sigmoid", 0),
        (lambda: new_project(number_table(60)), 1, "identity", 12),
        (lambda: new_project(CLASSES), 3, "sigmoid", 12),
        (lambda: new_project(number_table(60), targets=["a", "y"]), 2, "identity", 12),
    ],
)
def test_the_last_layer_fits_and_training_makes_the_loss_smaller(
    new: object, outputs: int, activation: str, validation: int
) -> None:
    project: Project = new()  # type: ignore[operator]
    project.check()
    last = project.specification.layers[-1]
    assert last.settings["units"] == outputs
    assert last.settings["activation"] == activation
    assert len(project.dataset().validation) == validation
    session = Session(project, "reference")
    first = session.network.loss
    events = list(session.train(200))
    assert isinstance(events[-1], Finished)
    assert session.network.loss < 0.95 * first


def test_a_new_project_depends_on_its_seed_only() -> None:
    one, other = new_project(number_table(60), seed=2), new_project(number_table(60), seed=2)
    assert one.specification == other.specification
    assert one.dataset().fingerprint == other.dataset().fingerprint


def test_fitting_changes_the_last_layer_only() -> None:
    project = new_project(CLASSES)
    specification = project.specification.change_layer(project.specification.layers[-1].identity, units=1)
    narrow = project.with_specification(specification)
    fitted = fitted_to(narrow)
    assert fitted.specification == project.specification
    assert fitted_to(project).specification == project.specification


def test_fitting_leaves_alone_what_it_cannot_fit() -> None:
    project = new_project(CLASSES)
    for layers in ((), (*project.specification.layers, ACTIVATION.new("layer-9"))):
        changed = project.with_specification(project.specification.replace(layers=layers))
        assert fitted_to(changed).specification == changed.specification
