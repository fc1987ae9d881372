"""From a project and the shapes of its matrices to the rows of the wall, and to the labels beside a matrix."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from flux_studio.engine.losses import make_loss
from flux_studio.engine.matrices import (
    DENSE_MATRICES,
    LOSS_MATRICES,
    LSTM_STEP_MATRICES,
    MATRIX_KINDS,
    RNN_STEP_MATRICES,
    UPDATE_MATRICES,
    MatrixKind,
    state_matrices,
    state_of,
)
from flux_studio.engine.recording import NETWORK, below
from flux_studio.engine.updating import OPTIMIZERS
from flux_studio.gui.widgets.wall_rows import WallMatrix, WallRow
from flux_studio.project.catalogue import arriving, detail, layer_kind, outputs, reads, titled, titles
from flux_studio.project.project import Project
from flux_studio.project.specification import LayerSpecification
from flux_studio.training.events import MatrixKey

Shape = tuple[int, int]

_NUMBERED_PART = re.compile(r"(?P<word>[a-z]+)-(?P<number>\d+)")
_OF_PARTS = (DENSE_MATRICES, RNN_STEP_MATRICES, LSTM_STEP_MATRICES)


def wall_rows(project: Project, shapes: Mapping[MatrixKey, Shape]) -> tuple[WallRow, ...]:
    """A row for each layer with its parts inside, then the loss and the optimizer: every matrix there is."""
    rows = _Rows(project, shapes)
    layers = [rows.layer(layer, "") for layer in project.specification.layers]
    return (*layers, rows.loss(), rows.optimizer())


def is_of_rows(key: MatrixKey) -> bool:
    """Whether a matrix has a row for each sample that is looked at."""
    kind = MATRIX_KINDS.get(key[1])
    return kind is not None and kind.shape.startswith("N")


class _Rows:
    """Makes the rows of one project."""

    def __init__(self, project: Project, shapes: Mapping[MatrixKey, Shape]) -> None:
        self._specification = project.specification
        self._titles = titles(project.specification)
        self._arriving = arriving(project.specification, project.dataset().inputs.shape[1])
        self._optimizer = OPTIMIZERS[project.specification.optimizer.kind]
        self._states = state_matrices(self._optimizer.update)
        self._state_kinds = {
            made.name: made
            for kind in MATRIX_KINDS.values()
            for made in (state_of(kind, state) for state in self._states)
        }
        self._own: dict[str, dict[str, Shape]] = {}
        self._kept: dict[str, dict[str, Shape]] = {}
        for (owner, name), shape in shapes.items():
            (self._kept if name in self._state_kinds else self._own).setdefault(owner, {})[name] = shape

    def layer(self, layer: LayerSpecification, around: str) -> WallRow:
        """The row of a layer that stands in the block of title ``around``, or in the stack."""
        identity, title = layer.identity, self._titles[layer.identity]
        inputs = self._arriving[identity]
        passing = f"{inputs.columns:,} → {outputs(layer, inputs).columns:,}"
        words = [passing, *filter(None, [reads(layer, inputs), detail(layer)])]
        inner = [self.layer(each, title) for each in layer.layers]
        known = {each.identity for each in layer.layers}
        parts, pages, word = self._parts(identity, known)
        return WallRow(
            identity=identity,
            title=_inside(title, around),
            subtitle=" · ".join(words),
            matrices=self._matrices(identity, title, layer_kind(layer.kind).matrices),
            rows=(*inner, *parts),
            pages=pages,
            page=word,
        )

    def loss(self) -> WallRow:
        """What lies between the outputs and the cost."""
        matrices = self._matrices(NETWORK, "Loss", LOSS_MATRICES)
        return WallRow("loss", "Loss", make_loss(self._specification.loss).symbol, matrices)

    def optimizer(self) -> WallRow:
        """What an update works with; what it keeps for each layer is folded away."""
        title = "Optimizer"
        matrices = self._matrices(NETWORK, title, (*UPDATE_MATRICES, *self._states))
        rows = tuple(self._state(owner, kept) for owner, kept in self._kept.items())
        return WallRow("optimizer", title, self._optimizer.title, matrices, rows, folded=True)

    def _state(self, owner: str, kept: Mapping[str, Shape]) -> WallRow:
        title = self._title(owner)
        matrices = tuple(
            WallMatrix((owner, name), self._state_kinds[name], shape, title) for name, shape in kept.items()
        )
        return WallRow(f"optimizer/{owner}", title, "", matrices)

    def _parts(self, identity: str, known: Iterable[str]) -> tuple[list[WallRow], tuple[WallRow, ...], str]:
        """The parts of a layer beside those layers that a person put inside; numbered ones are pages."""
        prefix = below(identity, "")
        names = dict.fromkeys(
            owner.removeprefix(prefix).partition("/")[0] for owner in self._own if owner.startswith(prefix)
        )
        rows, pages, word = [], [], ""
        for name in names:
            if below(identity, name) in known:
                continue
            row = self._part(below(identity, name), self._title(identity))
            if numbered := _NUMBERED_PART.fullmatch(name):
                word = numbered["word"]
                pages.append((int(numbered["number"]), row))
            else:
                rows.append(row)
        return rows, tuple(row for _, row in sorted(pages, key=lambda each: each[0])), word

    def _part(self, identity: str, around: str) -> WallRow:
        title = self._title(identity)
        weights = self._own.get(identity, {}).get("weights_matrix")
        rows, pages, word = self._parts(identity, ())
        return WallRow(
            identity=identity,
            title=_inside(title, around),
            subtitle=f"{weights[0]:,} → {weights[1]:,}" if weights else "",
            matrices=self._matrices(identity, title, _kinds_of_part(self._own.get(identity, {}))),
            rows=tuple(rows),
            pages=pages,
            page=word,
        )

    def _matrices(self, owner: str, title: str, kinds: Iterable[MatrixKind]) -> tuple[WallMatrix, ...]:
        """Those of the kinds that the owner has."""
        own = self._own.get(owner, {})
        return tuple(
            WallMatrix((owner, kind.name), kind, own[kind.name], title) for kind in kinds if kind.name in own
        )

    def _title(self, identity: str) -> str:
        return titled(self._titles, identity)


def _kinds_of_part(names: Mapping[str, Shape]) -> Iterable[MatrixKind]:
    """What a part of a layer can own: that of a dense layer, or of a step, whichever has all of its names."""
    return next(kinds for kinds in _OF_PARTS if set(names) <= {kind.name for kind in kinds})


def labels(
    project: Project, matrix: WallMatrix, shape: Shape, samples: Sequence[str]
) -> tuple[Sequence[str], Sequence[str]]:
    """What stands beside the rows and above the columns of a matrix: samples, inputs, neurons or targets.

    ``samples`` are the names of the training rows that batch matrices show, ``shape`` how large it is just now.
    """
    known = project.dataset().preprocessor
    first, last = _ends(project, matrix.key[0])
    letters = matrix.kind.shape.partition(" or ")[0].split("×")

    def names(letter: str, count: int) -> Sequence[str]:
        match letter:
            case "N":
                return samples
            case "I" | "T·I":
                return (
                    known.input_names if first and count == len(known.input_names) else _numbered("h", count)
                )
            case "O":
                return (
                    known.target_names if last and count == len(known.target_names) else _numbered("n", count)
                )
            case "P":
                return _numbered("θ", count)
            case "1":
                return (matrix.kind.symbol.removeprefix("∂C/∂"),)
            case _:
                return _numbered("n", count)

    rows, columns = (names(letter, count) for letter, count in zip(letters, shape, strict=True))
    return rows, columns


def _ends(project: Project, identity: str) -> tuple[bool, bool]:
    """Whether the data's columns come into a layer or a part of one, and whether what it hands on are the outputs."""
    specification, first, last, around = project.specification, True, True, ""
    for part in identity.split("/"):
        around = below(around, part) if around else part
        siblings = [layer.identity for layer in specification.inside(around.rpartition("/")[0])]
        if around not in siblings:
            break
        first, last = first and around == siblings[0], last and around == siblings[-1]
    return first, last


def _inside(title: str, around: str) -> str:
    """A title without that of the layer around."""
    return title.removeprefix(f"{around} · ")


def _numbered(letter: str, count: int) -> tuple[str, ...]:
    return tuple(f"{letter}{number}" for number in range(count))
