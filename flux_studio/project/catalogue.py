"""The catalogue: everything a project can be made of, one row a kind.

It drives the palette, the property editors, the loader and the command line. A new layer kind is one class in
the engine and one row here.
"""

from __future__ import annotations

from collections.abc import Mapping

from flux_studio.engine.initializers import INITIALIZERS
from flux_studio.engine.layers import (
    GATES,
    LSTM,
    RNN,
    Activation,
    Dense,
    Dropout,
    GatedLinear,
    Layer,
    LayerNorm,
    Residual,
)
from flux_studio.engine.matrices import (
    ACTIVATION_MATRICES,
    DENSE_MATRICES,
    DROPOUT_MATRICES,
    GATED_LINEAR_MATRICES,
    LAYER_NORM_MATRICES,
    RECURRENT_MATRICES,
    RESIDUAL_MATRICES,
)
from flux_studio.engine.operations import ACTIVATIONS
from flux_studio.engine.recording import below
from flux_studio.errors import SpecificationError
from flux_studio.project.kinds import Choice, Field, LayerKind, Passing, Streams
from flux_studio.project.specification import LayerSpecification, Setting, Specification

MAXIMUM_UNITS = 4_096
MAXIMUM_PERCENT = 95


def _settings(layer: LayerSpecification) -> Mapping[str, Setting]:
    return layer_kind(layer.kind).complete(layer.settings)


def _units(layer: LayerSpecification, passing: Passing) -> Passing:
    return Passing(int(_settings(layer)["units"]))


def _dense(layer: LayerSpecification, passing: Passing, streams: Streams) -> Layer:
    settings = _settings(layer)
    return Dense(
        passing.columns,
        int(settings["units"]),
        activation=str(settings["activation"]),
        initializer=str(settings["initializer"]),
        generator=streams(layer.identity),
    )


def _activation(layer: LayerSpecification, passing: Passing, streams: Streams) -> Layer:
    return Activation(str(_settings(layer)["activation"]))


def _dropout(layer: LayerSpecification, passing: Passing, streams: Streams) -> Layer:
    return Dropout(int(_settings(layer)["percent"]) / 100, generator=streams(layer.identity))


def _layer_norm(layer: LayerSpecification, passing: Passing, streams: Streams) -> Layer:
    return LayerNorm(passing.columns)


def _gated_linear(layer: LayerSpecification, passing: Passing, streams: Streams) -> Layer:
    settings = _settings(layer)
    return GatedLinear(
        passing.columns,
        int(settings["units"]),
        initializer=str(settings["initializer"]),
        generator=streams(layer.identity),
    )


def _residual(layer: LayerSpecification, passing: Passing, streams: Streams) -> Layer:
    made, inside = [], passing
    for inner in layer.layers:
        made.append(build(inner, inside, streams))
        inside = outputs(inner, inside)
    names = [inner.identity.removeprefix(below(layer.identity, "")) for inner in layer.layers]
    return Residual(passing.columns, made, names=names, generator=streams(below(layer.identity, "skip")))


def _residual_outputs(layer: LayerSpecification, passing: Passing) -> Passing:
    for inner in layer.layers:
        passing = outputs(inner, passing)
    return passing


def _rnn(layer: LayerSpecification, passing: Passing, streams: Streams) -> Layer:
    settings = _settings(layer)
    return RNN(
        passing.columns // _steps(layer, passing),
        int(settings["units"]),
        str(settings["activation"]),
        all_steps=settings["returns"] == "all",
        initializer=str(settings["initializer"]),
        generator=streams(layer.identity),
    )


def _lstm(layer: LayerSpecification, passing: Passing, streams: Streams) -> Layer:
    settings = _settings(layer)
    return LSTM(
        passing.columns // _steps(layer, passing),
        int(settings["units"]),
        all_steps=settings["returns"] == "all",
        initializer=str(settings["initializer"]),
        generator=streams(layer.identity),
    )


def _steps(layer: LayerSpecification, passing: Passing) -> int:
    """How many steps a sequence layer reads: as many as it is set to, or as the data have, or one a column."""
    return int(_settings(layer)["steps"]) or (passing.steps if passing.steps > 1 else passing.columns)


def _sequence_outputs(layer: LayerSpecification, passing: Passing) -> Passing:
    settings = _settings(layer)
    steps = _steps(layer, passing) if settings["returns"] == "all" else 1
    return Passing(int(settings["units"]) * steps, steps)


def _sequence_reads(layer: LayerSpecification, passing: Passing) -> str:
    steps = _steps(layer, passing)
    each = passing.columns // steps
    return f"{steps:,} step{'' if steps == 1 else 's'} of {each:,}"


def _sequence_refuses(layer: LayerSpecification, passing: Passing) -> str:
    steps, columns = _steps(layer, passing), passing.columns
    if columns % steps == 0:
        return ""
    known = [number for number in range(1, columns + 1) if columns % number == 0]
    return (
        f"{columns:,} {'column' if columns == 1 else 'columns'} cannot be read as {steps:,} steps of as many each: "
        f"choose {_listed(known)} steps"
    )


def _listed(numbers: list[int]) -> str:
    """Some numbers in words: ``1, 2 or 4``, of many those at both ends."""
    words = [f"{number:,}" for number in numbers]
    words = words if len(words) < 7 else [*words[:3], "…", *words[-2:]]
    return " or ".join(filter(None, (", ".join(words[:-1]), words[-1])))


_UNITS = Field("units", "units", 8, minimum=1, maximum=MAXIMUM_UNITS)
_ACTIVATION_CHOICES = tuple(Choice(name, activation.title) for name, activation in ACTIVATIONS.items())
_INITIALIZER = Field(
    "initializer",
    "start weights",
    "xavier_uniform",
    choices=tuple(Choice(name, initializer.title) for name, initializer in INITIALIZERS.items()),
)

_DENSE = LayerKind(
    kind="dense.v1",
    title="Dense",
    summary="Every neuron looks at every input: a weighted sum, a bias and an activation.",
    formula="h = h(x·w + b)",
    matrices=DENSE_MATRICES,
    build=_dense,
    fields=(
        _UNITS,
        Field("activation", "activation", "leaky_relu", choices=_ACTIVATION_CHOICES),
        _INITIALIZER,
    ),
    outputs=_units,
)

_ACTIVATION = LayerKind(
    kind="activation.v1",
    title="Activation",
    summary="Bends each number on its own (softmax: each row); it has nothing to learn.",
    formula="h = h(a)",
    matrices=ACTIVATION_MATRICES,
    build=_activation,
    fields=(Field("activation", "activation", "tanh", choices=_ACTIVATION_CHOICES),),
)

_DROPOUT = LayerKind(
    kind="dropout.v1",
    title="Dropout",
    summary="While training, leaves out some numbers at random and lets the others grow to make up for them.",
    formula="h = x ⊙ m",
    matrices=DROPOUT_MATRICES,
    build=_dropout,
    fields=(Field("percent", "% left out", 20, minimum=0, maximum=MAXIMUM_PERCENT),),
)

_LAYER_NORM = LayerKind(
    kind="layer_norm.v1",
    title="Layer norm",
    summary="Brings every row to mean 0 and variance 1, then to a scale and a shift that are learned.",
    formula="h = γ ⊙ (x − μ)/√(σ² + ε) + β",
    matrices=LAYER_NORM_MATRICES,
    build=_layer_norm,
    short="norm",
)

_GATED_LINEAR = LayerKind(
    kind="gated_linear.v1",
    title="Gated linear",
    summary="Multiplies one weighted sum by another that says, between 0 and 1, how much of it may pass.",
    formula="h = (x·w₁ + b₁) ⊙ σ(x·w₂ + b₂)",
    matrices=GATED_LINEAR_MATRICES,
    build=_gated_linear,
    fields=(_UNITS, _INITIALIZER),
    outputs=_units,
    parts=("value", "gate"),
    short="gated",
)

_RESIDUAL = LayerKind(
    kind="residual.v1",
    title="Residual",
    summary="A block of layers with a way past them: what comes in is added to what they make of it.",
    formula="h = F(x) + x",
    matrices=RESIDUAL_MATRICES,
    build=_residual,
    outputs=_residual_outputs,
    parts=("skip",),
    inside=lambda identity: (_DENSE.new(below(identity, "1")),),
)

_SEQUENCE_FIELDS = (
    Field("returns", "hands on", "last", choices=(Choice("last", "last step"), Choice("all", "all steps"))),
    Field("steps", "steps", 0, minimum=0, maximum=MAXIMUM_UNITS, zero="as they come"),
    _INITIALIZER,
)

_RNN = LayerKind(
    kind="rnn.v1",
    title="RNN",
    summary="Reads a sequence step by step and remembers: each step also sees what the step before has made.",
    formula="hₜ = h(xₜ·w + hₜ₋₁·u + b)",
    matrices=RECURRENT_MATRICES,
    build=_rnn,
    fields=(
        _UNITS,
        Field(
            "activation", "activation", "tanh", choices=(Choice("tanh", "tanh"), Choice("sigmoid", "sigmoid"))
        ),
        *_SEQUENCE_FIELDS,
    ),
    outputs=_sequence_outputs,
    reads=_sequence_reads,
    refuses=_sequence_refuses,
)

_LSTM = LayerKind(
    kind="lstm.v1",
    title="LSTM",
    summary="Reads a sequence step by step; gates decide what its cells forget, take in and show.",
    formula="cₜ = f ⊙ cₜ₋₁ + i ⊙ g;  hₜ = o ⊙ tanh cₜ",
    matrices=RECURRENT_MATRICES,
    build=_lstm,
    fields=(_UNITS, *_SEQUENCE_FIELDS),
    blocks=GATES,
    outputs=_sequence_outputs,
    reads=_sequence_reads,
    refuses=_sequence_refuses,
)

_ALL_KINDS = (_DENSE, _ACTIVATION, _DROPOUT, _LAYER_NORM, _GATED_LINEAR, _RESIDUAL, _RNN, _LSTM)
LAYER_KINDS: dict[str, LayerKind] = {kind.kind: kind for kind in _ALL_KINDS}


def layer_kind(kind: str) -> LayerKind:
    """The catalogue row of a kind; :class:`SpecificationError` if there is none."""
    if kind not in LAYER_KINDS:
        raise SpecificationError(f"layer kind {kind!r} is not known; known kinds: {', '.join(LAYER_KINDS)}")
    return LAYER_KINDS[kind]


def build(layer: LayerSpecification, passing: Passing, streams: Streams) -> Layer:
    """The engine's layer, with all that is inside it."""
    return layer_kind(layer.kind).build(layer, passing, streams)


def outputs(layer: LayerSpecification, passing: Passing) -> Passing:
    """What the layer hands on, of what comes in."""
    return layer_kind(layer.kind).outputs(layer, passing)


def reads(layer: LayerSpecification, passing: Passing) -> str:
    """How the layer reads what comes in, such as ``8 steps of 2``; empty where it is all at once."""
    return layer_kind(layer.kind).reads(layer, passing)


def detail(layer: LayerSpecification) -> str:
    """What tells this layer from others of its kind and width, in a word or two; empty where there is nothing."""
    settings = _settings(layer)
    if "activation" in settings:
        return ACTIVATIONS[str(settings["activation"])].title
    return f"{settings['percent']} % left out" if "percent" in settings else ""


def titles(specification: Specification) -> dict[str, str]:
    """What people call each layer and each part, by identity.

    ``Dense 1``, ``Dense 2``, ``Activation 1``, counted by kind; inside a block ``Residual 1 · Dense 1``.
    """
    return _titles(specification.layers, "")


def _titles(layers: tuple[LayerSpecification, ...], prefix: str) -> dict[str, str]:
    counts: dict[str, int] = {}
    named: dict[str, str] = {}
    for layer in layers:
        row = layer_kind(layer.kind)
        counts[row.title] = counts.get(row.title, 0) + 1
        title = named[layer.identity] = f"{prefix}{row.title} {counts[row.title]}"
        named.update({below(layer.identity, part): f"{title} · {part}" for part in row.parts})
        named.update(_titles(layer.layers, f"{title} · "))
    return named


def titled(named: Mapping[str, str], identity: str) -> str:
    """The title of a layer or of any part of one, by those of :func:`titles`: ``LSTM 1 · step 3``."""
    if identity in named:
        return named[identity]
    around, _, part = identity.rpartition("/")
    return f"{titled(named, around)} · {part.replace('-', ' ')}" if around else identity


def widths(specification: Specification, n_inputs: int, block: str = "") -> tuple[int, ...]:
    """Numbers that pass between the layers of the stack, or of a block: what comes in, then the outputs of each."""
    passing = [arriving(specification, n_inputs)[block]]
    for layer in specification.inside(block):
        passing.append(outputs(layer, passing[-1]))
    return tuple(each.columns for each in passing)


def arriving(specification: Specification, n_inputs: int) -> dict[str, Passing]:
    """What comes into each layer, also inside blocks, by identity; into the stack by ``""``."""
    start = Passing(n_inputs, specification.data.window)
    found = {"": start}
    _arrive(specification.layers, start, found)
    return found


def _arrive(layers: tuple[LayerSpecification, ...], passing: Passing, found: dict[str, Passing]) -> None:
    for layer in layers:
        found[layer.identity] = passing
        _arrive(layer.layers, passing, found)
        passing = outputs(layer, passing)


__all__ = [
    "LAYER_KINDS",
    "MAXIMUM_UNITS",
    "Choice",
    "Field",
    "LayerKind",
    "Passing",
    "arriving",
    "build",
    "detail",
    "layer_kind",
    "outputs",
    "reads",
    "titled",
    "titles",
    "widths",
]
