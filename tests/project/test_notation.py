"""A network in a line: each kind and setting is read, written back the same, and what is wrong is named."""

from __future__ import annotations

from typing import Any

import hypothesis
import msgspec
import pytest
from hypothesis import strategies as st

from flux_studio.engine.updating import OPTIMIZERS, SCHEDULES
from flux_studio.errors import SpecificationError
from flux_studio.project.catalogue import LAYER_KINDS
from flux_studio.project.defaults import usual_schedule
from flux_studio.project.kinds import Field
from flux_studio.project.notation import (
    read_layers,
    read_optimizer,
    read_schedule,
    read_usual,
    write_layers,
)
from flux_studio.project.specification import (
    LayerSpecification,
    OptimizerSpecification,
    ScheduleSpecification,
    Setting,
)
from flux_studio.project.stack import DEEPEST

EVERY = [(kind, field) for kind in LAYER_KINDS.values() for field in kind.fields]
BEFORE = OptimizerSpecification("sgd", 0.3, {}, ScheduleSpecification("cosine"), 0.1, 0.2, 3.0, 4.0)


def some_values(field: Field) -> list[Setting]:
    if field.choices:
        return [choice.value for choice in field.choices]
    return [field.minimum, field.minimum + 1, field.maximum]


def stacks(depth: int = DEEPEST) -> st.SearchStrategy[tuple[LayerSpecification, ...]]:
    """Any layers with any settings, also in blocks; their identities are those of their places."""

    def layer(kind: Any) -> st.SearchStrategy[LayerSpecification]:
        settings = st.fixed_dictionaries(
            {field.name: st.sampled_from(some_values(field)) for field in kind.fields}
        )
        inside = st.just(()) if kind.inside is None else stacks(depth - 1)
        return st.builds(LayerSpecification, st.just("?"), st.just(kind.kind), settings, inside)

    kinds = [kind for kind in LAYER_KINDS.values() if kind.inside is None or depth > 1]
    one = st.sampled_from(kinds).flatmap(layer)
    return st.lists(one, min_size=1, max_size=4 if depth == DEEPEST else 2).map(tuple)


def placed(layers: tuple[LayerSpecification, ...], prefix: str = "layer-") -> tuple[LayerSpecification, ...]:
    return tuple(
        msgspec.structs.replace(
            layer, identity=f"{prefix}{number}", layers=placed(layer.layers, f"{prefix}{number}/")
        )
        for number, layer in enumerate(layers, start=1)
    )


@hypothesis.given(stacks())
def test_layers_are_written_and_read_back_the_same(layers: tuple[LayerSpecification, ...]) -> None:
    layers = placed(layers)
    assert read_layers(write_layers(layers)) == layers


@hypothesis.given(stacks())
def test_a_line_is_read_and_written_back_the_same(layers: tuple[LayerSpecification, ...]) -> None:
    line = write_layers(layers)
    assert write_layers(read_layers(line)) == line
    assert write_layers(read_layers(f" {line.replace(':', ' : ').replace('(', ' ( ').upper()} ")) == line


@pytest.mark.parametrize(("kind", "field"), EVERY)
def test_each_setting_of_each_kind_has_a_name_and_a_place(kind: Any, field: Field) -> None:
    for value in some_values(field):
        for word in kind.words:
            (layer,) = read_layers(f"{word}:{field.name}={value}")
            assert (layer.kind, layer.settings) == (kind.kind, kind.complete({field.name: value}))
        if field.choices or field is kind.fields[0]:
            assert read_layers(f"{word}:{value}") == (layer,)


def test_words_mean_one_thing() -> None:
    words = [word for kind in LAYER_KINDS.values() for word in kind.words]
    offered = {choice.value for _, field in EVERY for choice in field.choices}
    assert len(words) == len(set(words))
    assert not offered & set(words)
    assert not [
        word for word in offered | set(words) if not word.replace("_", "").isalnum() or word[0].isdigit()
    ]


@pytest.mark.parametrize(
    ("line", "written"),
    [
        ("16:tanh,8:swish,3:softmax", "16:tanh,8:swish,3:softmax"),
        ("8", "8:leaky_relu"),
        ("dense:8:tanh:xavier_uniform", "8:tanh"),
        ("tanh:", None),
        ("activation:tanh", "tanh"),
        ("layer-norm, gated-linear : 4", "norm,gated:4"),
        ("lstm", "lstm:8"),
        ("lstm:16:returns=all:steps=4", "lstm:16:all:steps=4"),
        ("rnn:all:he-normal:8:sigmoid", "rnn:8:sigmoid:all:he_normal"),
        ("residual( residual(8), norm ),1", "residual(residual(8:leaky_relu),norm),1:leaky_relu"),
    ],
)
def test_what_is_written(line: str, written: str | None) -> None:
    if written is None:
        with pytest.raises(SpecificationError):
            read_layers(line)
    else:
        assert write_layers(read_layers(line)) == written


def test_layers_inside_have_identities_of_their_places() -> None:
    (_, block) = read_layers("8,residual(8,residual(8,tanh))")
    assert [layer.identity for layer in block.layers] == ["layer-2/1", "layer-2/2"]
    assert [layer.identity for layer in block.layers[1].layers] == ["layer-2/2/1", "layer-2/2/2"]


def test_usual_settings_are_for_layers_that_have_them_and_do_not_say_them() -> None:
    layers = read_layers("8,dropout,gated:4:zeros,residual(lstm:2)", read_usual("initializer", "He-Normal"))
    assert (
        write_layers(layers) == "8:leaky_relu:he_normal,dropout:20,gated:4:zeros,residual(lstm:2:he_normal)"
    )
    with pytest.raises(
        SpecificationError, match="start weights 'he' is not known; choose one of xavier_uniform"
    ):
        read_usual("initializer", "he")


def test_blocks_stand_in_blocks_only_so_deep() -> None:
    deepest = DEEPEST - 1
    assert read_layers("residual(" * deepest + "8" + ")" * deepest)
    for depth in (DEEPEST, 100_000):
        with pytest.raises(SpecificationError, match=f"in each other at most {DEEPEST} deep"):
            read_layers("residual(" * depth + "8" + ")" * depth)


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("", "layer 1: nothing is written there; write a layer, such as 16:tanh"),
        ("8,,3", "layer 2: nothing is written there"),
        ("8,", "layer 2: nothing is written there"),
        ("8,residual(8,)", "layer 2.2: nothing is written there"),
        ("8:", "layer 1, '8:': nothing stands behind a colon"),
        ("8::tanh", "layer 1, '8::tanh': nothing stands behind a colon"),
        (":8", "layer 1, ':8': nothing stands in front of the colon"),
        ("8,nrm", "layer 2, 'nrm': 'nrm' begins no layer; write units (16:tanh), an activation (tanh) or a kind"),
        ("nrm", "did you mean 'norm'?"),
        ("sigmod", "did you mean 'sigmoid'?"),
        ("²", "'²' begins no layer"),
        ("0", "layer 1, '0': units must be a whole number from 1 to 4,096, not 0"),
        ("4.5", "units must be a whole number from 1 to 4,096, not '4.5'"),
        ("8 tanh", "units must be a whole number from 1 to 4,096, not '8 tanh'"),
        ("9" * 9_999, "units must be a whole number from 1 to 4,096, not 9"),
        ("lstm:8:steps=-1", "steps must be a whole number from 0 to 4,096, not -1"),
        ("dropout:96", "% left out must be a whole number from 0 to 95, not 96"),
        ("dropout:tanh", "'tanh' fits no setting of a Dropout layer; percent is 0 to 95"),
        ("norm:8", "'8' fits no setting of a Layer norm layer; it has none"),
        ("tanh:8", "'8' fits no setting of an Activation layer; activation is identity | relu"),
        ("8:tahn", "'tahn' fits no setting of a Dense layer; activation is identity | relu"),
        ("8:tahn", "did you mean 'tanh'?"),
        ("lstm:8:tanh", "'tanh' fits no setting of an LSTM layer; returns is last | all; initializer is"),
        ("rnn:8:activation=relu", "activation 'relu' is not known; choose one of tanh, sigmoid"),
        ("lstm:8:4", "'4' sets units a second time; take one away, or say what it is: steps=4"),
        ("8:tanh:relu", "'relu' sets activation a second time; take one away"),
        ("8:units=9", "'units=9' sets units a second time"),
        ("lstm:8:step=4", "an LSTM layer has no setting 'step'; units is 1 to 4,096; returns is last | all"),
        ("8:units=", "'units=' is not NAME=VALUE"),
        ("8:=9", "'=9' is not NAME=VALUE"),
        ("residual", "layer 1, 'residual': write the layers inside it in parentheses, such as residual("),
        ("residual:8(8)", "'8' fits no setting of a Residual layer; it has none"),
        ("residual()", "layer 1.1: a block needs a layer inside, such as residual("),
        ("8,residual(8,tanh", "layer 2.2, 'tanh': it stands in a block that is never closed; write )"),
        ("8),3", "layer 1, '8': the ) behind it closes nothing; take it away"),
        ("residual(8))", "layer 1, 'residual': the ) behind it closes nothing"),
        ("residual(8)3", "layer 1, 'residual': '3' cannot stand behind its ): write a comma between"),
        ("residual(8)(8)", "layer 1, 'residual': '(' cannot stand behind its )"),
        ("(8)", "layer 1: a ( belongs behind the word of a block, such as residual("),
        ("8,norm(8)", "layer 2, 'norm': a Layer norm layer holds no other layers; residual("),
        ("residual(8,residual(8:foo))", "layer 1.2.1, '8:foo': 'foo' fits no setting"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named(line: str, told: str) -> None:
    with pytest.raises(SpecificationError) as raised:
        read_layers(line)
    assert told in str(raised.value)
    assert len(str(raised.value)) < 400


@hypothesis.given(st.text("8atnhresidulbo()=,:.- _", max_size=40))
def test_any_text_is_read_or_refused(line: str) -> None:
    try:
        layers = read_layers(line)
    except SpecificationError:
        return
    assert read_layers(write_layers(layers)) == layers


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_each_setting_of_each_optimizer(name: str) -> None:
    kind = OPTIMIZERS[name]
    plain = msgspec.structs.replace(BEFORE, kind=name, learning_rate=kind.learning_rate)
    assert read_optimizer(name, BEFORE) == plain
    assert read_optimizer(f"{name.upper()} : 0.25", BEFORE) == msgspec.structs.replace(
        plain, learning_rate=0.25
    )
    assert read_optimizer(f"{name}:learning_rate=1e-3", BEFORE).learning_rate == 1e-3
    for number, setting in enumerate(kind.settings, start=2):
        read = read_optimizer(f"{name}:0.1:{setting}=0.{number}", BEFORE)
        assert read.settings == {setting: number / 10}


@pytest.mark.parametrize("name", SCHEDULES)
def test_each_setting_of_each_schedule(name: str) -> None:
    usual = usual_schedule(name, 4_000, 100)
    assert read_schedule(name, 4_000, 100) == usual
    for number, setting in enumerate(SCHEDULES[name].fields, start=2):
        changed = msgspec.structs.replace(usual, **{setting: number / 10})
        assert read_schedule(f"{name}:{setting}=0.{number}", 4_000, 100) == changed
        if number == 2:
            assert read_schedule(f"{name}:0.2", 4_000, 100) == changed


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "optimizer '' is not known; choose one of sgd"),
        ("sgd:", "nothing stands behind a colon"),
        ("sgd:fast", "learning_rate must be a number, not 'fast'"),
        ("sgd:0.1:beta_1=0.5", "'beta_1=0.5' fits no setting of SGD; it has learning_rate"),
        ("momentum:0.1:beta=0.5", "it has learning_rate, beta_1; did you mean 'beta_1'?"),
        ("momentum:0.1:0.5", "'0.5' sets learning_rate a second time; take one away, or say what it is: beta_1=0.5"),
    ],
)  # fmt: skip
def test_what_is_wrong_in_an_optimizer(text: str, told: str) -> None:
    with pytest.raises(SpecificationError) as raised:
        read_optimizer(text, BEFORE)
    assert told in str(raised.value)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("sine", "schedule 'sine' is not known; choose one of constant, step"),
        ("constant:3", "'3' fits no setting of the schedule constant; it has none"),
        ("cosine:factor=0.1", "fits no setting of the schedule cosine; it has period, floor"),
        (
            "step:0.1:50",
            "'50' sets factor a second time; take one away, or say what it is: period=50",
        ),
        ("step:factor=x", "factor must be a number, not 'x'"),
    ],
)
def test_what_is_wrong_in_a_schedule(text: str, told: str) -> None:
    with pytest.raises(SpecificationError) as raised:
        read_schedule(text, 100, 0)
    assert told in str(raised.value)
