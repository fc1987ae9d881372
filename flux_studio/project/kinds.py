"""What the catalogue knows of a kind of layer: its words, its settings, how wide it is and how it is built."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from flux_studio.engine.layers import Layer
from flux_studio.engine.matrices import MatrixKind
from flux_studio.errors import SpecificationError
from flux_studio.project.specification import LayerSpecification, Setting

Streams = Callable[[str], np.random.Generator]
"""The randomness of a layer, by its identity."""


@dataclass(frozen=True)
class Choice:
    """One value of a field that offers a list: the value kept in the file and the word shown to people."""

    value: str
    title: str


@dataclass(frozen=True)
class Field:
    """One setting of a kind. A field with ``choices`` takes one of them; without, a whole number in its range.

    ``zero`` is the word for 0, where it means that nothing is asked for.
    """

    name: str
    title: str
    default: Setting
    minimum: int = 0
    maximum: int = 0
    choices: tuple[Choice, ...] = ()
    zero: str = ""

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
class Passing:
    """What passes from one layer to the next: how many numbers a row, and how many steps of a sequence they are."""

    columns: int
    steps: int = 1


def as_wide(layer: LayerSpecification, passing: Passing) -> Passing:
    """What a layer hands on that hands on as many columns as come in."""
    return passing


def nothing_to_say(layer: LayerSpecification, passing: Passing) -> str:
    """For kinds that take any number of columns."""
    return ""


@dataclass(frozen=True)
class LayerKind:
    """A kind of layer: how it is called, explained, set and built."""

    kind: str
    title: str
    summary: str
    formula: str
    matrices: tuple[MatrixKind, ...]
    """What the layer itself owns, in the order in which it is shown; parts own what their kinds own."""
    build: Callable[[LayerSpecification, Passing, Streams], Layer]
    """The engine's layer, from its specification, what comes in and the randomness of each layer."""
    fields: tuple[Field, ...] = ()
    outputs: Callable[[LayerSpecification, Passing], Passing] = as_wide
    """What a layer hands on, from its specification and what comes in."""
    reads: Callable[[LayerSpecification, Passing], str] = nothing_to_say
    """How a layer reads what comes in, in a few words, where that is not all of it at once."""
    refuses: Callable[[LayerSpecification, Passing], str] = nothing_to_say
    """Why a layer cannot take what comes in, and what to do; empty when it can."""
    parts: tuple[str, ...] = ()
    """The parts that every layer of this kind may have, beside layers that a person puts inside."""
    blocks: tuple[str, ...] = ()
    """What stands side by side in the columns of the weights, each as wide as the layer; empty where one thing does."""
    inside: Callable[[str], tuple[LayerSpecification, ...]] | None = None
    """The layers inside a new one, from its identity; ``None`` for kinds that hold no layers."""
    short: str = ""
    """A shorter word for it where a network is written in a line."""

    @property
    def words(self) -> tuple[str, ...]:
        """How it is called where a network is written in a line, the shortest first: ``norm``, ``layer_norm``."""
        return tuple(filter(None, (self.short, self.kind.rpartition(".")[0])))

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
        inside = () if self.inside is None else self.inside(identity)
        return LayerSpecification(identity, self.kind, self.complete(settings), inside)
