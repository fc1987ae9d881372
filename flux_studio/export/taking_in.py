"""Weights from elsewhere into a network of matching shapes: what of a file could go where, and the project that has it.

Our own files have our names. PyTorch's are known by theirs: it keeps weights transposed (``weight``, O×I), biases as
vectors, and of a recurrent layer ``weight_ih_l0`` and ``weight_hh_l0`` with two biases, an LSTM's gates in the order
input, forget, candidate, output. Where a square matrix has another name, nobody can tell whether it is transposed,
and that is asked.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from flux_studio.data.table import listed, quoted
from flux_studio.engine.layers import GATES, everything_learned
from flux_studio.engine.operations import shape_text
from flux_studio.engine.operations.base import Array, Shape
from flux_studio.engine.slots import MatrixKey
from flux_studio.errors import ExportError
from flux_studio.export.archives import full_name
from flux_studio.export.flow import word
from flux_studio.export.subject import weights
from flux_studio.export.torch_script import GATES_IN_TORCH
from flux_studio.export.weight_files import WeightFile, open_weights
from flux_studio.project.catalogue import layer_kind, titled, titles
from flux_studio.project.project import Project, Run, make_layers
from flux_studio.project.specification import LayerSpecification

_NAMED = r"\w+_matrix|(weight|bias)(_[ih]h_l\d+)?"


@dataclass(frozen=True)
class Source:
    """What of a file is taken for a parameter."""

    names: tuple[str, ...]
    """One array as a rule; of several, such as PyTorch's two biases, the sum is taken."""
    turned: bool | None = False
    """Whether rows and columns change places; ``None`` where that cannot be told and must be said."""
    reordered: bool = False
    """Whether the blocks of an LSTM are in PyTorch's order."""


@dataclass(frozen=True)
class Match:
    """One parameter of the network beside what the file has for it."""

    key: MatrixKey
    title: str
    """Whose it is: ``Dense 1``."""
    shape: Shape
    source: Source | None
    """What fits; ``None`` where nothing does, and the parameter stays as it is."""
    found: tuple[int, ...] = ()
    """The shape of the source in the file."""

    @property
    def words(self) -> str:
        """What is done, in a few words."""
        if self.source is None:
            return "nothing fits; it stays as it is"
        if self.source.turned is None:
            return "fits either way: say whether it is transposed"
        done = [
            "transposed" if self.source.turned else "",
            "gates reordered" if self.source.reordered else "",
            "added up" if len(self.source.names) > 1 else "",
        ]
        return ", ".join(filter(None, done)) or "as it is"


@dataclass(frozen=True)
class Comparison:
    """A network beside a file: a record for each parameter, and what of the file goes nowhere."""

    matches: tuple[Match, ...]
    unused: tuple[tuple[str, tuple[int, ...]], ...]

    @property
    def mapping(self) -> dict[MatrixKey, Source]:
        """What would be taken."""
        return {match.key: match.source for match in self.matches if match.source is not None}

    @property
    def arrays(self) -> dict[str, tuple[int, ...]]:
        """What is in the file, by name: what goes somewhere, then what goes nowhere."""
        used = {name: match.found for match in self.matches if match.source for name in match.source.names}
        return used | dict(self.unused)

    def choices(self, match: Match) -> tuple[Source, ...]:
        """What could be taken for a parameter: what was found for it, and every array that fits, either way round."""
        found = [] if match.source is None or match.source.turned is None else [match.source]
        for name, shape in self.arrays.items():
            if shape == match.shape or (len(shape) < 2 and match.shape == (1, math.prod(shape))):
                found.append(Source((name,)))
            if len(shape) == 2 and shape[::-1] == match.shape and max(shape) > 1:
                found.append(Source((name,), True))
        return tuple(dict.fromkeys(found))


def holds_weights(path: Path | str) -> bool:
    """Whether a file has arrays that are called as ours or PyTorch's weights are; a table in a file has other names."""
    try:
        names = open_weights(path).shapes
    except ExportError:
        return False
    return any(re.fullmatch(_NAMED, name.rpartition(".")[2]) for name in names)


def compare(project: Project, path: Path | str) -> Comparison:
    """What of the file would go where; nothing is taken yet. :class:`ExportError` for a file that cannot be read."""
    return _compare(project, open_weights(path))


def take_in(project: Project, path: Path | str, mapping: Mapping[MatrixKey, Source] | None = None) -> Project:
    """The project with the file's weights as those it begins with, at iteration 0.

    Without ``mapping`` what :func:`compare` has found is taken. Parameters that have no source stay as they are.
    :class:`ExportError` where nothing fits, where it must be said whether a matrix is transposed, and for numbers that
    are not finite.
    """
    file = open_weights(path)
    comparison = _compare(project, file)
    chosen = dict(comparison.mapping if mapping is None else mapping)
    if not chosen:
        raise ExportError(f"{file.path}: nothing in it fits this network; see the shapes beside each other")
    own = {key: array.copy() for key, array in weights(project).items()}
    for key, source in chosen.items():
        if key not in own:
            raise ExportError(f"the network has no parameter {quoted(full_name(key))}")
        own[key] = _taken(file, source, own[key], full_name(key))
    return project.with_run(Run.at_start(own))


def chosen(
    comparison: Comparison, taken: Sequence[str] = (), transposed: str | None = None
) -> dict[MatrixKey, Source]:
    """What is to be taken: what was found, changed by ``PARAMETER=ARRAY`` words and by how square matrices lie."""
    mapping = comparison.mapping
    keys = {full_name(match.key): match.key for match in comparison.matches}
    shapes = {match.key: match.shape for match in comparison.matches}
    arrays = comparison.arrays
    for each in taken:
        name, _, array = each.partition("=")
        if name not in keys:
            raise ExportError(f"the network has no parameter {quoted(name)}; it has {listed(keys)}")
        if array not in arrays:
            raise ExportError(f"there is no array {quoted(array)} in the file; it has {listed(arrays)}")
        shape, found = shapes[keys[name]], arrays[array]
        either = found == shape and shape[0] == shape[1] > 1
        turned = None if either else found != shape and found == shape[::-1]
        mapping[keys[name]] = Source((array,), turned)
    if transposed is not None:
        for key, source in mapping.items():
            if source.turned is None:
                mapping[key] = replace(source, turned=transposed == "yes")
    return mapping


def lines(comparison: Comparison, mapping: Mapping[MatrixKey, Source]) -> Iterator[str]:
    """The comparison as a table of text: each parameter, its shape, what is taken for it and how."""
    rows = [("parameter", "shape", "in the file", "")]
    for match in comparison.matches:
        shown = replace(match, source=mapping.get(match.key))
        names = " + ".join(map(_on_a_line, shown.source.names)) if shown.source else "–"
        rows.append((full_name(match.key), shape_text(match.shape), names, shown.words))
    rows += [
        ("–", "×".join(map(str, shape)), _on_a_line(name), "goes nowhere")
        for name, shape in comparison.unused
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    for row in rows:
        cells = [f"{cell:<{width}}" for cell, width in zip(row, widths, strict=False)]
        yield "  ".join((*cells, row[3])).rstrip()


def _on_a_line(name: str) -> str:
    return "".join(sign if sign.isprintable() else "·" for sign in name)


def _taken(file: WeightFile, source: Source, place: Array, name: str) -> Array:
    for each in source.names:
        if each not in file.shapes:
            raise ExportError(f"{file.path}: there is no array {quoted(each)} in it")
    if source.turned is None:
        raise ExportError(
            f"{file.path}: {quoted(source.names[0])} fits {name} either way: say whether it is transposed"
        )
    values = np.zeros(place.shape)
    for each in source.names:
        part = file.load(each).astype(np.float64)
        part = part.reshape(1, -1) if part.ndim < 2 else part
        part = part.T if source.turned else part
        if part.shape != place.shape:
            shape = "×".join(map(str, part.shape))
            raise ExportError(
                f"{file.path}: {quoted(each)} is {shape}, but {name} is {shape_text(place.shape)}"
            )
        values += part
    if source.reordered:
        blocks = np.split(values, len(GATES), axis=1)
        values = np.hstack([blocks[GATES_IN_TORCH.index(gate)] for gate in GATES])
    with np.errstate(over="ignore"):
        made = np.ascontiguousarray(values.astype(place.dtype))
    if not np.isfinite(made).all():
        raise ExportError(f"{file.path}: {quoted(source.names[0])} holds a number that is not finite")
    return made


def _compare(project: Project, file: WeightFile) -> Comparison:
    specification = project.specification
    named = titles(specification)
    lstms = {each.identity for each in _everything(specification.layers) if layer_kind(each.kind).blocks}
    layers = make_layers(specification, project.dataset().inputs.shape[1])
    shapes: dict[MatrixKey, Shape] = {
        key: learned.tensor.shape
        for identity, layer in layers
        for key, learned in everything_learned(identity, layer)
    }
    search = _Search(file.shapes, {identity: _words(titled(named, identity)) for identity, _ in shapes})
    matches = []
    for key, shape in shapes.items():
        if (source := search.own(key, shape)) is not None:
            matches.append(Match(key, titled(named, key[0]), shape, source, file.shapes[source.names[0]]))
        else:
            matches.append(Match(key, titled(named, key[0]), shape, None))
    for place, match in enumerate(matches):
        if match.source is None:
            source = search.foreign(match.key, match.shape, match.key[0] in lstms)
            if source is not None:
                matches[place] = replace(match, source=source, found=file.shapes[source.names[0]])
    return Comparison(
        tuple(matches), tuple((name, shape) for name, shape in file.shapes.items() if name in search.free)
    )


def _everything(layers: Sequence[LayerSpecification]) -> list[LayerSpecification]:
    return [each for layer in layers for each in (layer, *_everything(layer.layers))]


def _words(title: str) -> list[str]:
    """A layer's title as our own PyTorch scripts have it in names: ``residual_1``, ``dense_1``."""
    return [word(part.lower()) for part in title.split("·")]


class _Search:
    """Finds arrays by name and shape; each is taken once, in the order in which people count.

    Where the modules of a file are called as ours are in PyTorch, they go where they came from.
    """

    def __init__(self, shapes: Mapping[str, tuple[int, ...]], words: Mapping[str, list[str]]) -> None:
        self.shapes, self.words = shapes, words
        self._known = {each for own in words.values() for each in own}
        self.free = sorted(shapes, key=_counted)
        self._prefixes: dict[str, str] = {}
        """Of a layer: what its arrays' names begin with."""

    def own(self, key: MatrixKey, shape: Shape) -> Source | None:
        """The array of our own name."""
        name = full_name(key)
        if name in self.free and self._fits(name, shape):
            return self._take(name)
        return None

    def foreign(self, key: MatrixKey, shape: Shape, is_lstm: bool) -> Source | None:
        """An array that fits, one of PyTorch's by its name."""
        layer, matrix = key
        turned = shape[::-1]
        if matrix == "weights_matrix":
            return (
                self._first(layer, "weight_ih_l0", turned, turned=True, reordered=is_lstm)
                or self._first(layer, "weight", turned, turned=True)
                or self._plain(layer, shape)
            )
        if matrix == "recurrent_weights_matrix":
            return self._first(layer, "weight_hh_l0", turned, turned=True, reordered=is_lstm) or self._plain(
                layer, shape
            )
        if matrix == "gain_matrix":
            return self._first(layer, "weight", shape) or self._plain(layer, shape)
        if matrix == "bias_matrix":
            both = self._first(layer, "bias_ih_l0", shape, reordered=is_lstm)
            if both is not None:
                other = both.names[0].removesuffix("bias_ih_l0") + "bias_hh_l0"
                if other in self.free and self._fits(other, shape):
                    self.free.remove(other)
                    return replace(both, names=(*both.names, other))
                return both
        return self._first(layer, "bias", shape) or self._plain(layer, shape)

    def _first(
        self, layer: str, last: str, shape: Shape, *, turned: bool = False, reordered: bool = False
    ) -> Source | None:
        """The first array of PyTorch's name ``last`` that has the shape, of the same module as the layer's others."""
        prefix = self._prefixes.get(layer)
        for name in sorted(self.free, key=lambda name: self._named(name) != self.words[layer]):
            own, _, end = name.rpartition(".")
            if end == last and self._fits(name, shape) and prefix in (None, own):
                self._prefixes[layer] = own
                return self._take(name, turned, reordered)
        return None

    def _plain(self, layer: str, shape: Shape) -> Source | None:
        """The first array of any other name; a square one may be either way."""
        for name in self.free:
            if name.rpartition(".")[2] in ("weight", "bias") and len(self.shapes[name]) == 2:
                continue
            if self._fits(name, shape):
                square = shape[0] == shape[1] > 1
                return self._take(name, None if square else False)
        for name in self.free:
            if len(self.shapes[name]) == 2 and self._fits(name, shape[::-1]):
                return self._take(name, True)
        return None

    def _named(self, name: str) -> list[str]:
        """Which layer of ours a name speaks of."""
        return [part for part in name.split(".") if part in self._known]

    def _fits(self, name: str, shape: Shape) -> bool:
        found = self.shapes[name]
        return found == shape or (len(found) < 2 and shape == (1, int(np.prod(found, dtype=np.int64))))

    def _take(self, name: str, turned: bool | None = False, reordered: bool = False) -> Source:
        self.free.remove(name)
        return Source((name,), turned, reordered)


def _counted(name: str) -> list[tuple[int, str]]:
    """Names in the order in which people count: ``2.weight`` before ``10.weight``."""
    return [(int(part), "") if part.isdigit() else (-1, part) for part in re.split(r"(\d+)", name)]
