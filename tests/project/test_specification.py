"""Edits of a specification: each is a copy, and every layer keeps its identity."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flux_studio.errors import SpecificationError
from flux_studio.project.specification import Place, Specification
from tests.project.projects import ACTIVATION, DENSE, number_project, stack


def specification() -> Specification:
    layers = stack((8, "tanh"), (4, "relu"), (1, "identity"))
    return number_project().specification.replace(layers=layers)


def identities(changed: Specification) -> list[str]:
    return [layer.identity for layer in changed.layers]


def test_insert() -> None:
    before = specification()
    new = ACTIVATION.new("layer-9")
    assert identities(before.insert_layer(Place(1), new)) == ["layer-1", "layer-9", "layer-2", "layer-3"]
    assert identities(before.insert_layer(Place(0), new))[0] == "layer-9"
    assert identities(before.insert_layer(Place(3), new))[-1] == "layer-9"
    assert identities(before) == ["layer-1", "layer-2", "layer-3"]


def test_remove() -> None:
    assert identities(specification().remove_layer("layer-2")) == ["layer-1", "layer-3"]


@pytest.mark.parametrize(
    ("identity", "position", "order"),
    [
        ("layer-1", 2, ["layer-2", "layer-3", "layer-1"]),
        ("layer-3", 0, ["layer-3", "layer-1", "layer-2"]),
        ("layer-2", 1, ["layer-1", "layer-2", "layer-3"]),
        ("layer-1", 1, ["layer-2", "layer-1", "layer-3"]),
    ],
)
def test_move(identity: str, position: int, order: list[str]) -> None:
    before = specification()
    moved = before.move_layer(identity, Place(position))
    assert identities(moved) == order
    assert moved.layer(identity) is before.layer(identity)


def test_change() -> None:
    before = specification()
    changed = before.change_layer("layer-2", units=7)
    assert changed.layer("layer-2").settings == {**before.layer("layer-2").settings, "units": 7}
    assert before.layer("layer-2").settings["units"] == 4
    assert identities(changed) == identities(before)
    assert changed.layer("layer-1") is before.layer("layer-1")


def test_layers_are_found_by_identity() -> None:
    assert specification().place("layer-3") == Place(2)
    for edit in (
        lambda each: each.layer("layer-7"),
        lambda each: each.remove_layer("layer-7"),
        lambda each: each.move_layer("layer-7", Place(0)),
        lambda each: each.change_layer("layer-7", units=2),
    ):
        with pytest.raises(SpecificationError, match="the network has no layer 'layer-7'"):
            edit(specification())


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.data())
def test_a_new_identity_is_new_whatever_was_edited(data: st.DataObject) -> None:
    edited = specification()
    for _ in range(data.draw(st.integers(0, 8))):
        if edited.layers and data.draw(st.booleans()):
            edited = edited.remove_layer(data.draw(st.sampled_from(identities(edited))))
        else:
            position = data.draw(st.integers(0, len(edited.layers)))
            new = edited.new_identity()
            assert new not in identities(edited)
            edited = edited.insert_layer(Place(position), DENSE.new(new))
    assert len(set(identities(edited))) == len(edited.layers)


def test_a_specification_cannot_be_changed() -> None:
    with pytest.raises(AttributeError):
        specification().seed = 3  # type: ignore[misc]


def test_it_survives_json() -> None:
    before = specification()
    raw = msgspec.json.encode(before)
    assert msgspec.json.decode(raw, type=Specification) == before
    assert msgspec.json.encode(msgspec.json.decode(raw, type=Specification)) == raw
