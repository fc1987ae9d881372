"""Losses and endings that make no sense together are refused in one line."""

from __future__ import annotations

import pytest

from flux_studio.errors import DataError, FluxError, SpecificationError
from flux_studio.project.project import Project
from flux_studio.project.stack import with_loss
from tests.project.projects import ACTIVATION, number_project, project_of, stack, table

CLASSES = table("a,species\n1,x\n2,y\n3,z\n4,x\n")


def classes(units: int, activation: str, loss: str) -> Project:
    return project_of(CLASSES, stack((5, "tanh"), (units, activation)), kind="category", loss=loss)


@pytest.mark.parametrize(
    ("activation", "loss"),
    [
        ("softmax", "cross_entropy"),
        ("sigmoid", "bce"),
        ("softmax", "mse"),
        ("sigmoid", "mse"),
        ("identity", "mse"),
    ],
)
def test_what_belongs_together_can_be_trained(activation: str, loss: str) -> None:
    network = classes(3, activation, loss).network("reference")
    first = network.rest()
    assert first > 0


def test_an_activation_layer_ends_a_network_as_well() -> None:
    layers = (*stack((5, "tanh"), (3, "identity")), ACTIVATION.new("layer-3", activation="softmax"))
    project_of(CLASSES, layers, kind="category", loss="cross_entropy").check()


WRONG: list[tuple[Project, type[FluxError], str]] = [
    (
        classes(3, "sigmoid", "cross_entropy"),
        SpecificationError,
        "cross-entropy needs softmax at the end of the network, but Dense 2 ends in sigmoid: "
        "let it end in softmax, or choose another loss",
    ),
    (classes(3, "softmax", "bce"), SpecificationError, "needs sigmoid at the end of the network"),
    (number_project(loss="cross_entropy"), SpecificationError, "needs softmax at the end"),
    (
        project_of(table("a,y\n1,2\n2,5\n"), stack((1, "sigmoid")), loss="bce"),
        DataError,
        "binary cross-entropy needs targets between 0 and 1, but that of row 1, output 1 is 2",
    ),
    (
        project_of(table("a,y\n1,0\n2,1\n"), stack((1, "softmax")), loss="cross_entropy"),
        DataError,
        "there is a single output: use binary cross-entropy",
    ),
    (
        project_of(table("a,y\n1,0\n2,1\n"), stack((1, "softmax"))),
        SpecificationError,
        "Dense 1 has a single output, and softmax makes 1 of it whatever comes in: choose sigmoid",
    ),
]


@pytest.mark.parametrize(("project", "kind", "reason"), WRONG)
def test_what_makes_no_sense_is_refused_in_one_line(
    project: Project, kind: type[FluxError], reason: str
) -> None:
    for attempt in (project.check, lambda: project.network("reference")):
        with pytest.raises(kind) as caught:
            attempt()
        assert reason in str(caught.value)
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("before", "loss", "after"),
    [
        ("sigmoid", "cross_entropy", "softmax"),
        ("softmax", "bce", "sigmoid"),
        ("softmax", "mse", "softmax"),
        ("softmax", "cross_entropy", "softmax"),
    ],
)
def test_another_loss_brings_the_ending_that_it_needs(before: str, loss: str, after: str) -> None:
    changed = with_loss(classes(3, before, "mse").specification, loss)
    assert changed.loss == loss
    assert [layer.settings["activation"] for layer in changed.layers] == ["tanh", after]


def test_another_loss_at_an_activation_layer_and_without_layers() -> None:
    layers = (*stack((3, "identity")), ACTIVATION.new("layer-2", activation="tanh"))
    changed = with_loss(project_of(CLASSES, layers, kind="category").specification, "cross_entropy")
    assert [layer.settings["activation"] for layer in changed.layers] == ["identity", "softmax"]
    assert with_loss(changed.replace(layers=()), "bce").loss == "bce"
