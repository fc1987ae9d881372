"""A network in a line, ``lstm:16,dropout:20,residual(8:tanh,norm),3:softmax``, read and written; optimizers likewise.

Layers stand with commas between them, from the first to the last. A layer is a kind and its settings with colons
between them; a Dense layer begins with its units and an activation is its own word, so that their kinds can be left
out. A number is the kind's first setting, a word belongs to the setting that offers it, and ``name=value`` is any
setting. Layers inside a block stand in parentheses behind it. Kinds and settings are those of the catalogue.
``adam:0.01:beta_1=0.95`` and ``cosine:2000:floor=0.1`` follow the same rules.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NoReturn

import msgspec

from flux_studio.data.generators.catalogue import GENERATORS
from flux_studio.data.generators.kinds import GeneratorKind
from flux_studio.data.table import quoted
from flux_studio.engine.recording import below
from flux_studio.engine.updating import SCHEDULES, UpdateRule
from flux_studio.errors import DataError, SpecificationError
from flux_studio.project.catalogue import LAYER_KINDS, layer_kind
from flux_studio.project.defaults import usual_optimizer, usual_schedule
from flux_studio.project.kinds import Field, LayerKind
from flux_studio.project.specification import (
    LayerSpecification,
    OptimizerSpecification,
    ScheduleSpecification,
    Setting,
)
from flux_studio.project.stack import DEEPEST

_SELF_EVIDENT = ("dense.v1", "activation.v1")
"""Kinds whose word can be left out: what begins with a value of their first setting is one of them."""
_KIND_BY_WORD = {word: kind for kind in LAYER_KINDS.values() for word in kind.words}
_BLOCKS = tuple(kind for kind in LAYER_KINDS.values() if kind.inside is not None)
_MOST_DIGITS = 15


def read_layers(text: str, usual: Mapping[str, Setting] | None = None) -> tuple[LayerSpecification, ...]:
    """The layers that ``text`` names; :class:`SpecificationError` tells the part that is wrong and what is right.

    ``usual`` has settings, by name, for the layers that have such a setting and do not say it themselves.
    """
    return _Reader(text, usual or {}).layers()


def write_layers(layers: tuple[LayerSpecification, ...]) -> str:
    """The layers in a line, from which :func:`read_layers` makes the same; what is usual is left out."""
    return ",".join(_written(layer) for layer in layers)


def read_usual(name: str, text: str) -> dict[str, Setting]:
    """A setting for all layers that have it, for :func:`read_layers`."""
    setting = next(each for kind in LAYER_KINDS.values() for each in kind.fields if each.name == name)
    return {name: _value(setting, text)}


def read_optimizer(text: str, before: OptimizerSpecification) -> OptimizerSpecification:
    """The optimizer that ``text`` names, with what stays of the one before: schedule, penalties, clipping."""
    word, *rest = _pieces(text)
    kind = UpdateRule(_plain(word)).kind
    numbers = _numbers(rest, ("learning_rate", *kind.settings), kind.title)
    usual = usual_optimizer(kind.name, before)
    rate = numbers.pop("learning_rate", usual.learning_rate)
    return msgspec.structs.replace(usual, learning_rate=rate, settings=numbers)


def read_schedule(text: str, iterations: int, warm_up: int) -> ScheduleSpecification:
    """The schedule that ``text`` names; what it does not say suits a run of so many iterations."""
    word, *rest = _pieces(text)
    kind = _plain(word)
    UpdateRule(schedule=kind).check()
    numbers = _numbers(rest, SCHEDULES[kind].fields, f"the schedule {SCHEDULES[kind].title}")
    return msgspec.structs.replace(usual_schedule(kind, iterations, warm_up), **numbers)


def read_generator(text: str) -> tuple[GeneratorKind, dict[str, float]]:
    """The generator and the settings that ``text`` names: ``moons:rows=500:noise=0.2:seed=1``."""
    word, *rest = _pieces(text)
    kind = GENERATORS.get(_plain(word))
    if kind is None:
        known = f"choose one of {', '.join(GENERATORS)}{_nearest(word, GENERATORS)}"
        raise SpecificationError(f"there is no generator {quoted(word)}; {known}")
    numbers = _numbers(rest, tuple(each.name for each in kind.settings), f"the generator {kind.title}")
    try:
        kind.complete(numbers)
    except DataError as error:
        raise SpecificationError(str(error)) from error
    return kind, numbers


@dataclass
class _Reader:
    """Goes through the text once; blocks in blocks are calls in calls, so their depth is limited."""

    text: str
    usual: Mapping[str, Setting]
    _tokens: list[str] = field(init=False)

    def __post_init__(self) -> None:
        # Words and signs take turns; at the end stands a word.
        self._tokens = re.split(r"([(),])", self.text)[::-1]

    def layers(self, block: str = "", number: str = "", depth: int = 1) -> tuple[LayerSpecification, ...]:
        """The layers up to the end of the block, or of the text."""
        made: list[LayerSpecification] = []
        while True:
            place = len(made) + 1
            identity, count = below(block, str(place)) if block else f"layer-{place}", f"{number}{place}"
            head, sign = self._next()
            if not head:
                _refuse(f"layer {count}", self._nothing(sign, is_first=bool(block) and place == 1))
            where = f"layer {count}, {quoted(head)}"
            try:
                kind, settings = _kind_and_settings(head)
            except SpecificationError as error:
                raise SpecificationError(f"{where}: {error}") from error
            inside: tuple[LayerSpecification, ...] = ()
            if sign == "(" or kind.inside is not None:
                _check_block(kind, sign, depth, where)
                inside = self.layers(identity, f"{count}.", depth + 1)
                sign = self._behind_block(where)
            usual = {each.name: self.usual[each.name] for each in kind.fields if each.name in self.usual}
            complete = kind.complete({**usual, **settings})
            made.append(LayerSpecification(identity, kind.kind, complete, inside))
            if sign != ",":
                _check_end(sign, block, where)
                return tuple(made)

    def _behind_block(self, where: str) -> str:
        """The sign behind a block's parenthesis."""
        word, sign = self._next()
        if word or sign == "(":
            _refuse(where, f"{quoted(word or sign)} cannot stand behind its ): write a comma between")
        return sign

    def _next(self) -> tuple[str, str]:
        """The word that comes now and the sign behind it; at the end there is none."""
        word = self._tokens.pop() if self._tokens else ""
        return word.strip(), self._tokens.pop() if self._tokens else ""

    @staticmethod
    def _nothing(sign: str, is_first: bool) -> str:
        if sign == "(":
            return f"a ( belongs behind the word of a block, such as {_block_example()}"
        if sign == ")" and is_first:
            return f"a block needs a layer inside, such as {_block_example()}"
        return "nothing is written there; write a layer, such as 16:tanh, or take a comma away"


def _check_block(kind: LayerKind, sign: str, depth: int, where: str) -> None:
    if sign != "(":
        _refuse(where, f"write the layers inside it in parentheses, such as {_block_example()}")
    if kind.inside is None:
        _refuse(where, f"{_a(kind)} layer holds no other layers; {_block_example()} does")
    if depth == DEEPEST:
        _refuse(where, f"blocks can stand in each other at most {DEEPEST} deep")


def _check_end(sign: str, block: str, where: str) -> None:
    if sign == ")" and not block:
        _refuse(where, "the ) behind it closes nothing; take it away")
    if not sign and block:
        _refuse(where, "it stands in a block that is never closed; write ) behind the block's last layer")


def _kind_and_settings(text: str) -> tuple[LayerKind, dict[str, Setting]]:
    first, *rest = _pieces(text)
    kind = _KIND_BY_WORD.get(_plain(first))
    if kind is None:
        kind = next((each for each in map(layer_kind, _SELF_EVIDENT) if _takes(each.fields[0], first)), None)
        rest.insert(0, first)
    if kind is None:
        activations = (choice.value for choice in layer_kind("activation.v1").fields[0].choices)
        raise SpecificationError(
            f"{quoted(first)} begins no layer; write units (16:tanh), an activation (tanh) or a kind: "
            f"{', '.join(each.words[0] for each in LAYER_KINDS.values())}"
            f"{_nearest(first, (*_KIND_BY_WORD, *activations))}"
        )
    settings: dict[str, Setting] = {}
    for piece in rest:
        name, value = _named(piece)
        setting = _by_name(kind, name) if name else _by_value(kind, value, settings)
        if setting.name in settings:
            others = [each.name for each in kind.fields if each.name not in settings and _takes(each, value)]
            raise _set_twice(piece, setting.name, others)
        settings[setting.name] = _value(setting, value)
    return kind, settings


def _by_name(kind: LayerKind, name: str) -> Field:
    for setting in kind.fields:
        if setting.name == name:
            return setting
    raise SpecificationError(f"{_a(kind)} layer has no setting {quoted(name)}; {_known(kind, kind.fields)}")


def _by_value(kind: LayerKind, value: str, settings: Mapping[str, Setting]) -> Field:
    """The setting that a value without a name belongs to."""
    for setting in kind.fields:
        if _takes(setting, value) and (setting.choices or setting is kind.fields[0]):
            return setting
    alike = tuple(each for each in kind.fields if bool(each.choices) != _is_number(value)) or kind.fields
    offered = (choice.value for each in alike for choice in each.choices)
    raise SpecificationError(
        f"{quoted(value)} fits no setting of {_a(kind)} layer; {_known(kind, alike)}{_nearest(value, offered)}"
    )


def _takes(setting: Field, value: str) -> bool:
    """Whether a value looks like one of this setting; a number may still be out of range."""
    return _plain(value) in values(setting) if setting.choices else _is_number(value)


def _is_number(text: str) -> bool:
    return re.match(r"[-+.]*[0-9]", text) is not None


def _value(setting: Field, text: str) -> Setting:
    value: Setting = _plain(text) if setting.choices else text
    if not setting.choices and re.fullmatch(r"-?[0-9]+", text):
        value = int(text[:_MOST_DIGITS])  # what has more digits is out of every range
    if sentence := setting.refusal(value):
        raise SpecificationError(sentence)
    return value


def values(setting: Field) -> tuple[str, ...]:
    """The words that a setting offers; of a number those of its range."""
    if setting.choices:
        return tuple(choice.value for choice in setting.choices)
    zero = f" (0: {setting.zero})" if setting.zero else ""
    return (f"{setting.minimum} to {setting.maximum:,}{zero}",)


def _known(kind: LayerKind, fields: tuple[Field, ...]) -> str:
    if not kind.fields:
        return "it has none"
    return "; ".join(f"{each.name} is {' | '.join(values(each))}" for each in fields)


def _a(kind: LayerKind) -> str:
    article = "an" if kind.title[0] in "AEIO" or kind.title in ("RNN", "LSTM") else "a"
    return f"{article} {kind.title}"


def _block_example() -> str:
    return " or ".join(f"{kind.words[0]}(8:tanh,norm)" for kind in _BLOCKS)


def _refuse(where: str, why: str) -> NoReturn:
    raise SpecificationError(f"{where}: {why}")


def _written(layer: LayerSpecification) -> str:
    kind = layer_kind(layer.kind)
    parts = []
    for setting, value in zip(kind.fields, kind.complete(layer.settings).values(), strict=True):
        # The first setting and the activation are what a layer is known by, even where they are the usual ones.
        is_first = setting is kind.fields[0]
        if value == setting.default and not is_first and setting.name != "activation":
            continue
        bare = is_first or (setting.choices and _by_value(kind, str(value), {}) is setting)
        parts.append(str(value) if bare else f"{setting.name}={value}")
    if kind.kind not in _SELF_EVIDENT:
        parts.insert(0, kind.words[0])
    return ":".join(parts) + (f"({write_layers(layer.layers)})" if kind.inside is not None else "")


def _pieces(text: str) -> list[str]:
    """What stands between colons; :class:`SpecificationError` where nothing does."""
    found = [piece.strip() for piece in text.split(":")]
    if len(found) > 1 and "" in found:
        where = "behind a colon" if found[0] else "in front of the colon"
        raise SpecificationError(f"nothing stands {where}: write what belongs there, or take the colon away")
    return found


def _named(piece: str) -> tuple[str, str]:
    """Name and value of ``name=value``; the name is empty where there is none."""
    name, equals, value = (part.strip() for part in piece.rpartition("="))
    if equals and not (name and value):
        raise SpecificationError(f"{quoted(piece)} is not NAME=VALUE")
    return _plain(name), value


def _set_twice(piece: str, name: str, others: Sequence[str]) -> SpecificationError:
    named = " | ".join(f"{other}={piece}" for other in others)
    advice = f", or say what it is: {named}" if named and "=" not in piece else ""
    return SpecificationError(f"{quoted(piece)} sets {name} a second time; take one away{advice}")


def _plain(word: str) -> str:
    """A word as files have it: people may write capitals, and dashes for underscores."""
    return word.casefold().replace("-", "_")


def _nearest(word: str, known: Iterable[str]) -> str:
    """``; did you mean 'norm'?`` where a known word is close to this one."""
    close = difflib.get_close_matches(_plain(word), list(known), n=1)
    return f"; did you mean {close[0]!r}?" if close else ""


def _numbers(parts: list[str], names: Sequence[str], title: str) -> dict[str, float]:
    """Numbers by name; one without a name is the first."""
    numbers: dict[str, float] = {}
    for part in parts:
        name, value = _named(part)
        name = name or next(iter(names), "")
        if name not in names:
            known = f"it has {', '.join(names)}" if names else "it has none"
            raise SpecificationError(
                f"{quoted(part)} fits no setting of {title}; {known}{_nearest(name, names)}"
            )
        if name in numbers:
            raise _set_twice(part, name, [other for other in names if other not in numbers])
        try:
            numbers[name] = float(value)
        except ValueError as error:
            raise SpecificationError(f"{name} must be a number, not {quoted(value)}") from error
    return numbers
