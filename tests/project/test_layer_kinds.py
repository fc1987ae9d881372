"""Every kind of layer in a project: trained, saved, opened again, checked by the command line; blocks in blocks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from flux_studio import cli
from flux_studio.errors import FluxError, SpecificationError
from flux_studio.project import files
from flux_studio.project.catalogue import LAYER_KINDS, layer_kind, titles, widths
from flux_studio.project.project import Project
from flux_studio.project.specification import LayerSpecification
from flux_studio.project.stack import DEEPEST
from flux_studio.training.session import Session
from tests.project.projects import ACTIVATION, DENSE, project_of, table

ROWS = table(
    "a,b,species\n"
    + "".join(f"{i % 3 + i / 50:.2f},{(i * i) % 7 / 7:.3f},{'xyz'[i % 3]}\n" for i in range(30))
)
RESIDUAL = layer_kind("residual.v1")


def project(*middle: LayerSpecification, **settings: Any) -> Project:
    """Those layers between two dense ones, on three classes."""
    layers = (
        DENSE.new("layer-1", units=4, activation="tanh"),
        *middle,
        DENSE.new("layer-9", units=3, activation="softmax"),
    )
    return project_of(ROWS, layers, kind="category", loss="cross_entropy", validation=0.2, **settings)


def trained(project: Project, iterations: int = 20) -> Project:
    session = Session(project, "reference")
    for _ in session.train(iterations):
        pass
    return project.with_run(session.run())


def nested(depth: int) -> LayerSpecification:
    """Residual blocks in each other, with a dense layer in the innermost."""

    def block(identity: str, left: int) -> LayerSpecification:
        inner = f"{identity}/1"
        inside = block(inner, left - 1) if left else DENSE.new(inner, units=3)
        return LayerSpecification(identity, RESIDUAL.kind, {}, (inside,))

    return block("layer-2", depth)


@pytest.mark.parametrize("kind", LAYER_KINDS)
def test_each_kind_trains_is_saved_and_passes_the_check(
    kind: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made = trained(project(layer_kind(kind).new("layer-2")))
    path = tmp_path / "made.flux"
    files.save(made, path)
    opened = files.load(path)
    assert opened.specification == made.specification
    assert opened.run is not None
    assert made.run is not None
    assert opened.run.parameters.keys() == made.run.parameters.keys()
    for key, value in made.run.parameters.items():
        np.testing.assert_array_equal(opened.run.parameters[key], value)
    assert cli.main(["check", str(path)]) == 0
    told = capsys.readouterr().out
    assert told.splitlines()[-1] == "every gradient agrees with finite differences"
    assert told.count("ok ") == len(made.run.parameters)


@pytest.mark.parametrize("kind", LAYER_KINDS)
def test_each_kind_names_its_matrices(kind: str) -> None:
    row = layer_kind(kind)
    network = project(row.new("layer-2")).network("reference")
    own = {name for identity, name in network.program.matrices if identity == "layer-2"}
    assert own == {each.name for each in row.matrices}


def test_dropout_is_the_same_in_both_executors_and_after_a_pause() -> None:
    middle = layer_kind("dropout.v1").new("layer-2", percent=50)
    at_once = trained(project(middle), 30).run
    in_parts = trained(trained(project(middle), 11), 30).run
    assert at_once is not None
    assert in_parts is not None
    for key, value in at_once.parameters.items():
        np.testing.assert_array_equal(in_parts.parameters[key], value)
    losses = []
    for executor in ("reference", "compiled"):
        network = project(middle).network(executor)  # type: ignore[arg-type]
        network.rest()
        losses.append(np.empty(25, network.dtype))
        network.iterate(losses[-1])
    np.testing.assert_allclose(losses[0], losses[1], rtol=1e-4)
    other = trained(project(middle, seed=1), 30).run
    assert other is not None
    assert (other.curve.points().low != at_once.curve.points().low).any()


def test_parts_and_layers_inside_have_titles_of_their_own() -> None:
    block = LayerSpecification(
        "layer-2",
        RESIDUAL.kind,
        {},
        (DENSE.new("layer-2/1"), ACTIVATION.new("layer-2/5"), DENSE.new("layer-2/2")),
    )
    named = titles(project(block, layer_kind("gated_linear.v1").new("layer-3")).specification)
    assert named == {
        "layer-1": "Dense 1",
        "layer-2": "Residual 1",
        "layer-2/skip": "Residual 1 · skip",
        "layer-2/1": "Residual 1 · Dense 1",
        "layer-2/5": "Residual 1 · Activation 1",
        "layer-2/2": "Residual 1 · Dense 2",
        "layer-3": "Gated linear 1",
        "layer-3/value": "Gated linear 1 · value",
        "layer-3/gate": "Gated linear 1 · gate",
        "layer-9": "Dense 2",
    }


def test_every_parameter_belongs_to_a_layer_with_a_title() -> None:
    made = project(nested(2), layer_kind("gated_linear.v1").new("layer-3"))
    owners = {identity for identity, _ in made.network("reference").parameters()}
    assert owners <= set(titles(made.specification))
    assert "layer-2/1/1/1" in owners
    assert "layer-2/1/1/skip" in owners


def test_a_copy_under_another_identity_takes_all_that_is_inside() -> None:
    copy = nested(2).renamed("layer-30")
    assert copy.layers[0].identity == "layer-30/1"
    assert copy.layers[0].layers[0].layers[0].identity == "layer-30/1/1/1"
    project(nested(2), copy).check()


def test_widths_run_through_blocks() -> None:
    made = project(nested(1), layer_kind("gated_linear.v1").new("layer-3", units=7))
    assert widths(made.specification, 2) == (2, 4, 3, 7, 3)


def test_start_weights_inside_do_not_depend_on_other_layers() -> None:
    def block(*inside: LayerSpecification) -> LayerSpecification:
        return LayerSpecification("layer-2", RESIDUAL.kind, {}, inside)

    one = project(block(DENSE.new("layer-2/1", units=4))).network("reference").parameters()
    more = block(
        DENSE.new("layer-2/1", units=4), ACTIVATION.new("layer-2/2"), DENSE.new("layer-2/3", units=4)
    )
    other = project(more).network("reference").parameters()
    for key, value in one.items():
        np.testing.assert_array_equal(other[key], value)


def test_blocks_of_any_depth_that_is_allowed_are_saved_and_opened(tmp_path: Path) -> None:
    made = project(nested(DEEPEST - 2))
    made.check()
    files.save(made, tmp_path / "deep.flux")
    assert files.load(tmp_path / "deep.flux").specification == made.specification


def test_layers_without_others_inside_are_written_as_before() -> None:
    assert b'"layers"' not in msgspec.json.encode(DENSE.new("layer-1"))


def block(*inside: LayerSpecification) -> LayerSpecification:
    return LayerSpecification("layer-2", RESIDUAL.kind, {}, inside)


WRONG: list[tuple[LayerSpecification, str]] = [
    (block(), "Residual 1 has no layers inside: drag a Dense layer into it"),
    (block(DENSE.new("layer-2/1", units=0)), "Residual 1 · Dense 1: units must be a whole number"),
    (block(LayerSpecification("layer-2/1", "conv.v1")), "'conv.v1' is not known"),
    (block(DENSE.new("layer-3")), "inside 'layer-2' cannot have the identity 'layer-3'"),
    (block(DENSE.new("layer-2/")), "cannot have the identity 'layer-2/'"),
    (block(DENSE.new("layer-2/skip")), "cannot have the identity 'layer-2/skip'"),
    (
        block(DENSE.new("layer-2/1"), DENSE.new("layer-2/1")),
        "two layers of the network have the same identity",
    ),
    (DENSE.new("layer/2"), "a layer of the network cannot have the identity 'layer/2'"),
    (
        LayerSpecification("layer-2", DENSE.kind, {}, (DENSE.new("layer-2/1"),)),
        "Dense 2: a Dense layer holds no other layers",
    ),
    (nested(DEEPEST), f"at most {DEEPEST} deep"),
    (layer_kind("dropout.v1").new("layer-2", percent=100), "% left out must be a whole number from 0 to 95"),
]


@pytest.mark.parametrize(("middle", "reason"), WRONG)
def test_what_cannot_be_is_refused_in_one_line(middle: LayerSpecification, reason: str) -> None:
    with pytest.raises(SpecificationError) as caught:
        project(middle).check()
    assert reason in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_file_with_an_empty_block_opens_and_says_what_it_lacks(tmp_path: Path) -> None:
    files.save(project(block()), tmp_path / "empty.flux")
    with pytest.raises(FluxError, match="no layers inside"):
        files.load(tmp_path / "empty.flux").check()
