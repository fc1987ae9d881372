"""The catalogue: everything a project can be made of, one row a kind.

It drives the palette, the property editors, the loader and the command line. A new layer kind is one class in
the engine and one row here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from flux_studio.engine.initializers import INITIALIZERS
from flux_studio.engine.layers import Activation, Dense, Layer
from flux_studio.engine.operations import ACTIVATIONS
from flux_studio.errors import SpecificationError
from flux_studio.project.specification import LayerSpecification, Setting, Specification

MAXIMUM_UNITS = 4_096


@dataclass(frozen=True)
class Choice:
    """One value of a field that offers a list: the value kept in the file and the word shown to people."""

    value: str
    title: str


@dataclass(frozen=True)
class Field:
    """One setting of a kind. A field with ``choices`` takes one of them; without, a whole number in its range."""

    name: str
    title: str
    default: Setting
    minimum: int = 0
    maximum: int = 0
    choices: tuple[Choice, ...] = ()

    def refusal(self, value: Setting) -> str:
        """Why ``value`` cannot stand in this field, as one line; empty when it can."""
        if self.choices:
            if value in {choice.value for choice in self.choices}:
                return ""
            known = ", ".join(choice.value for choice in self.choices)
            return f"{self.title} {value!r} is not known; choose one of {known}"
        if isinstance(value, int) and not isinstance(value, bool) and self.minimum <= value <= self.maximum:
            return ""
        return f"{self.title} must be a whole number from {self.minimum} to {self.maximum:,}, not {value!r}"

    def check(self, value: Setting, where: str) -> None:
        """Raise :class:`SpecificationError` unless ``value`` can stand in this field."""
        if sentence := self.refusal(value):
            raise SpecificationError(f"{where}: {sentence}")


@dataclass(frozen=True)
class LayerKind:
    """A kind of layer: how it is called, explained, set and built."""

    kind: str
    title: str
    summary: str
    formula: str
    fields: tuple[Field, ...]
    outputs: Callable[[Mapping[str, Setting], int], int]
    """Number of outputs, from the settings and the number of inputs."""
    build: Callable[[Mapping[str, Setting], int, np.random.Generator], Layer]

    def complete(self, settings: Mapping[str, Setting]) -> dict[str, Setting]:
        """The settings with defaults for what is left out."""
        return {field.name: settings.get(field.name, field.default) for field in self.fields}

    def check(self, settings: Mapping[str, Setting], where: str) -> None:
        """Raise :class:`SpecificationError` for an unknown setting or a value out of range."""
        known = {field.name: field for field in self.fields}
        for name in settings:
            if name not in known:
                raise SpecificationError(f"{where}: a {self.title} layer has no setting {name!r}")
        for name, value in self.complete(settings).items():
            known[name].check(value, where)

    def new(self, identity: str, **settings: Setting) -> LayerSpecification:
        """A layer of this kind with defaults for what is left out."""
        return LayerSpecification(identity, self.kind, self.complete(settings))


_ACTIVATION_CHOICES = tuple(Choice(name, activation.title) for name, activation in ACTIVATIONS.items())
_INITIALIZER_CHOICES = tuple(Choice(name, initializer.title) for name, initializer in INITIALIZERS.items())

_DENSE = LayerKind(
    kind="dense.v1",
    title="Dense",
    summary="Every neuron looks at every input: a weighted sum, a bias and an activation.",
    formula="h = h(x·w + b)",
    fields=(
        Field("units", "units", 8, minimum=1, maximum=MAXIMUM_UNITS),
        Field("activation", "activation", "leaky_relu", choices=_ACTIVATION_CHOICES),
        Field("initializer", "start weights", "xavier_uniform", choices=_INITIALIZER_CHOICES),
    ),
    outputs=lambda settings, n_inputs: int(settings["units"]),
    build=lambda settings, n_inputs, generator: Dense(
        n_inputs,
        int(settings["units"]),
        activation=str(settings["activation"]),
        initializer=str(settings["initializer"]),
        generator=generator,
    ),
)

_ACTIVATION = LayerKind(
    kind="activation.v1",
    title="Activation",
    summary="Bends each number on its own; it has nothing to learn.",
    formula="h = h(a)",
    fields=(Field("activation", "activation", "tanh", choices=_ACTIVATION_CHOICES),),
    outputs=lambda settings, n_inputs: n_inputs,
    build=lambda settings, n_inputs, generator: Activation(str(settings["activation"])),
)

LAYER_KINDS: dict[str, LayerKind] = {kind.kind: kind for kind in (_DENSE, _ACTIVATION)}


def layer_kind(kind: str) -> LayerKind:
    """The catalogue row of a kind; :class:`SpecificationError` if there is none."""
    if kind not in LAYER_KINDS:
        raise SpecificationError(f"layer kind {kind!r} is not known; known kinds: {', '.join(LAYER_KINDS)}")
    return LAYER_KINDS[kind]


def titles(specification: Specification) -> dict[str, str]:
    """What people call each layer, by identity: ``Dense 1``, ``Dense 2``, ``Activation 1``, counted by kind."""
    counts: dict[str, int] = {}
    named = {}
    for layer in specification.layers:
        title = layer_kind(layer.kind).title
        counts[title] = counts.get(title, 0) + 1
        named[layer.identity] = f"{title} {counts[title]}"
    return named


def widths(specification: Specification, n_inputs: int) -> tuple[int, ...]:
    """Numbers that pass between the layers: the inputs, then the outputs of each layer in turn."""
    passing = [n_inputs]
    for layer in specification.layers:
        row = layer_kind(layer.kind)
        passing.append(row.outputs(row.complete(layer.settings), passing[-1]))
    return tuple(passing)
