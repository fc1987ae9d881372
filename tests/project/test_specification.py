"""Edits of a specification: each is a copy, and every layer keeps its identity."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flux_studio.errors import SpecificationError
from flux_studio.project.catalogue import layer_kind
from flux_studio.project.specification import LayerSpecification, Place, Specification
from flux_studio.project.stack import check_identities
from tests.project.projects import ACTIVATION, DENSE, number_project, stack

RESIDUAL = layer_kind("residual.v1")


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


def nested() -> Specification:
    """layer-1, layer-2 (a block of 1 and the block 2, which holds 1), layer-3."""
    deep = LayerSpecification("layer-2/2", "residual.v1", {}, (DENSE.new("layer-2/2/1", units=6),))
    block = LayerSpecification("layer-2", "residual.v1", {}, (DENSE.new("layer-2/1"), deep))
    first, _, last = specification().layers
    return specification().replace(layers=(first, block, last))


def all_identities(changed: Specification) -> list[str]:
    return [layer.identity for _, layer in changed.everywhere()]


class TestInsideBlocks:
    def test_layers_are_found_everywhere(self) -> None:
        assert list(nested().everywhere()) == [
            (nested().place(identity), nested().layer(identity)) for identity in all_identities(nested())
        ]
        assert nested().place("layer-2/2/1") == Place(0, "layer-2/2")
        assert nested().layer("layer-2/2/1").settings["units"] == 6
        assert [layer.identity for layer in nested().inside("layer-2")] == ["layer-2/1", "layer-2/2"]

    def test_insert_remove_and_change(self) -> None:
        before = nested()
        new = before.new_identity("layer-2/2")
        assert new == "layer-2/2/2"
        edited = before.insert_layer(Place(0, "layer-2/2"), ACTIVATION.new(new))
        assert [layer.identity for layer in edited.inside("layer-2/2")] == [new, "layer-2/2/1"]
        assert all_identities(edited.remove_layer(new)) == all_identities(before)
        assert edited.change_layer(new, activation="relu").layer(new).settings["activation"] == "relu"
        assert edited.layer("layer-1") is before.layer("layer-1")
        assert edited.remove_layer("layer-2/1").layer("layer-2/2") is edited.layer("layer-2/2")

    @pytest.mark.parametrize(
        ("identity", "place", "order"),
        [
            ("layer-1", Place(1, "layer-2"), "layer-2 layer-2/1 layer-2/3 layer-2/2 layer-2/2/1 layer-3"),
            ("layer-2/2", Place(3), "layer-1 layer-2 layer-2/1 layer-3 layer-4 layer-4/1"),
            ("layer-2/2/1", Place(0, "layer-2"), "layer-1 layer-2 layer-2/3 layer-2/1 layer-2/2 layer-3"),
            ("layer-2/2", Place(0, "layer-2"), "layer-1 layer-2 layer-2/2 layer-2/2/1 layer-2/1 layer-3"),
            ("layer-2", Place(2), "layer-1 layer-3 layer-2 layer-2/1 layer-2/2 layer-2/2/1"),
        ],
    )
    def test_move(self, identity: str, place: Place, order: str) -> None:
        moved = nested().move_layer(identity, place)
        assert all_identities(moved) == order.split()
        check_identities(moved)
        there = moved.inside(place.block)[place.position]
        assert there.settings == nested().layer(identity).settings

    def test_a_block_cannot_stand_inside_itself(self) -> None:
        for place in (Place(0, "layer-2"), Place(0, "layer-2/2")):
            with pytest.raises(SpecificationError, match="a block cannot stand inside itself"):
                nested().move_layer("layer-2", place)

    @settings(max_examples=80, deadline=None, derandomize=True)
    @given(st.data())
    def test_whatever_is_edited_no_two_layers_have_one_identity(self, data: st.DataObject) -> None:
        edited = nested()
        for _ in range(data.draw(st.integers(1, 8))):
            blocks = ["", *(each.identity for _, each in edited.everywhere() if each.kind == "residual.v1")]
            block = data.draw(st.sampled_from(blocks))
            known = all_identities(edited)
            match data.draw(st.sampled_from(["insert", "remove", "move"])):
                case "insert":
                    place = Place(data.draw(st.integers(0, len(edited.inside(block)))), block)
                    edited = edited.insert_layer(place, RESIDUAL.new(edited.new_identity(block)))
                case "remove" if known:
                    edited = edited.remove_layer(data.draw(st.sampled_from(known)))
                case "move" if known:
                    identity = data.draw(st.sampled_from(known))
                    if not f"{block}/".startswith(f"{identity}/"):
                        rest = [each for each in edited.inside(block) if each.identity != identity]
                        place = Place(data.draw(st.integers(0, len(rest))), block)
                        edited = edited.move_layer(identity, place)
            check_identities(edited)
