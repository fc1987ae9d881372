"""The catalogue: what a layer may be set to, what layers are called, and how wide they are."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flux_studio.engine import Activation, Dense
from flux_studio.engine.operations import ACTIVATIONS
from flux_studio.errors import SpecificationError
from flux_studio.project.catalogue import (
    LAYER_KINDS,
    MAXIMUM_UNITS,
    Passing,
    arriving,
    build,
    layer_kind,
    outputs,
    reads,
    titled,
    titles,
    widths,
)
from flux_studio.project.specification import Setting
from tests.project.projects import ACTIVATION, DENSE, number_project, stack


@pytest.mark.parametrize("kind", LAYER_KINDS.values(), ids=LAYER_KINDS)
def test_every_kind_is_complete_and_its_defaults_are_right(kind: object) -> None:
    row = LAYER_KINDS[kind.kind]  # type: ignore[attr-defined]
    assert row.title
    assert row.summary.endswith(".")
    assert row.formula
    row.check({}, "here")
    layer = row.new("layer-5")
    assert layer.kind == row.kind
    assert set(layer.settings) == {field.name for field in row.fields}
    passing = Passing(3)
    built = build(layer, passing, _stream)
    columns = outputs(layer, passing).columns
    assert built.forward(_rows(3)).shape == (2, columns) == (2, built.outputs(3))


def _stream(identity: str) -> np.random.Generator:
    return np.random.default_rng(0)


def _rows(columns: int) -> object:
    from flux_studio.engine import Tensor

    return Tensor(np.ones((2, columns)))


@pytest.mark.parametrize(
    ("settings_", "reason"),
    [
        ({"units": 0}, "units must be a whole number from 1 to 4,096, not 0"),
        ({"units": -3}, "not -3"),
        ({"units": 1_000_000}, "not 1000000"),
        ({"units": 2.5}, "not 2.5"),
        ({"units": True}, "not True"),
        ({"units": "eight"}, "not 'eight'"),
        (
            {"activation": "lrelu"},
            "activation 'lrelu' is not known; choose one of identity, relu, leaky_relu",
        ),
        ({"activation": 3}, "activation 3 is not known"),
        ({"initializer": "he"}, "start weights 'he' is not known"),
        ({"bias": 1}, "a Dense layer has no setting 'bias'"),
    ],
)
def test_settings_that_cannot_be_are_refused_in_one_line(settings_: dict[str, Setting], reason: str) -> None:
    with pytest.raises(SpecificationError) as caught:
        DENSE.check(settings_, "Dense 2")
    assert str(caught.value).startswith("Dense 2: ")
    assert reason in str(caught.value)
    assert "\n" not in str(caught.value)


@settings(max_examples=50, deadline=None, derandomize=True)
@given(st.integers())
def test_units_in_their_range_pass_and_no_others(units: int) -> None:
    if 1 <= units <= MAXIMUM_UNITS:
        DENSE.check({"units": units}, "here")
    else:
        with pytest.raises(SpecificationError):
            DENSE.check({"units": units}, "here")


def test_every_activation_can_be_chosen() -> None:
    for name in ACTIVATIONS:
        DENSE.check({"activation": name}, "here")
        ACTIVATION.check({"activation": name}, "here")


def test_an_unknown_kind_names_the_known_ones() -> None:
    with pytest.raises(
        SpecificationError, match=r"'dense\.v9' is not known; known kinds: dense\.v1, activation\.v1"
    ):
        layer_kind("dense.v9")


def test_layers_are_counted_by_their_kind() -> None:
    specification = number_project().specification.replace(
        layers=(DENSE.new("x"), ACTIVATION.new("y"), DENSE.new("z"), ACTIVATION.new("w"))
    )
    assert titles(specification) == {"x": "Dense 1", "y": "Activation 1", "z": "Dense 2", "w": "Activation 2"}


def test_widths_run_through_the_stack() -> None:
    layers = (*stack((8, "tanh"), (5, "relu")), ACTIVATION.new("layer-9"))
    specification = number_project().specification.replace(layers=layers)
    assert widths(specification, 4) == (4, 8, 5, 5)
    assert widths(specification.replace(layers=()), 4) == (4,)


def test_settings_reach_the_layer() -> None:
    dense = build(DENSE.new("a", units=3, activation="gelu", initializer="zeros"), Passing(2), _stream)
    assert isinstance(dense, Dense)
    assert dense.activation == "gelu"
    assert dense.linear.weight.shape == (2, 3)
    assert not dense.linear.weight.data.any()
    activation = build(ACTIVATION.new("a", activation="elu"), Passing(2), _stream)
    assert isinstance(activation, Activation)
    assert activation.activation == "elu"


@pytest.mark.parametrize("kind", ["rnn.v1", "lstm.v1"])
def test_a_sequence_layer_reads_the_steps_it_is_given_or_set_to(kind: str) -> None:
    row = layer_kind(kind)
    as_they_come, two = row.new("a", units=5), row.new("a", units=5, steps=2, returns="all")
    assert reads(as_they_come, Passing(12, steps=4)) == "4 steps of 3"
    assert reads(as_they_come, Passing(12)) == "12 steps of 1"
    assert reads(two, Passing(12, steps=4)) == "2 steps of 6"
    assert outputs(as_they_come, Passing(12, steps=4)) == Passing(5)
    assert outputs(two, Passing(12)) == Passing(10, steps=2)
    made = build(two, Passing(12), _stream)
    assert made.forward(_rows(12)).shape == (2, 10)  # type: ignore[attr-defined]


def test_a_sequence_layer_says_which_steps_there_can_be() -> None:
    row = layer_kind("lstm.v1")
    assert row.refuses(row.new("a"), Passing(7)) == ""
    said = row.refuses(row.new("a", steps=5), Passing(12))
    assert said == "12 columns cannot be read as 5 steps of as many each: choose 1, 2, 3, 4, 6 or 12 steps"
    many = row.refuses(row.new("a", steps=7), Passing(64))
    assert many.endswith("choose 1, 2, 4, 8, 16, 32 or 64 steps") or many.endswith(
        "choose 1, 2, 4, …, 32 or 64 steps"
    )


def test_what_comes_into_a_stack_on_windows_is_a_sequence() -> None:
    project = number_project()
    specification = project.specification
    data = msgspec.structs.replace(specification.data, window=4)
    kinds = (("lstm.v1", {"units": 3, "returns": "all"}), ("activation.v1", {}), ("rnn.v1", {"units": 2}))
    layers = tuple(
        layer_kind(kind).new(f"layer-{number}", **values)
        for number, (kind, values) in enumerate(kinds, start=1)
    )
    found = arriving(specification.replace(data=data, layers=layers), 8)
    assert found[""] == found["layer-1"] == Passing(8, steps=4)
    assert found["layer-2"] == found["layer-3"] == Passing(12, steps=4)


def test_a_part_is_told_by_the_title_of_what_it_is_part_of() -> None:
    named = {"layer-1": "RNN 1", "layer-2/skip": "Residual 1 · skip"}
    assert titled(named, "layer-1/step-3") == "RNN 1 · step 3"
    assert titled(named, "layer-1/step-3/gate") == "RNN 1 · step 3 · gate"
    assert titled(named, "layer-2/skip") == "Residual 1 · skip"
    assert titled(named, "layer-9") == "layer-9"
